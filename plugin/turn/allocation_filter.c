/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/allocation_filter.h"

#include "turn/peer_connection.h"

static const mstun_allocation_t *allocation_of(packet_info *pinfo)
{
    const mstun_stream_t *stream = pinfo->ptype == PT_TCP ? mstun_stream_find(pinfo) : NULL;
    const mstun_peer_connection_t *connection = stream ? mstun_stream_peer_connection(stream, pinfo) : NULL;

    if (connection) {
        return connection->allocation;
    }
    return stream ? mstun_stream_allocation(stream) : NULL;
}

static ws_bool is_valid(MSTUN_CONVERSATION_FILTER_ARGS)
{
    return allocation_of(pinfo) != NULL;
}

/* The control connection, the data connections, and whatever goes between relayed address and peers. */
static char *build(MSTUN_CONVERSATION_FILTER_ARGS)
{
    const mstun_allocation_t *allocation = allocation_of(pinfo);
    GString *filter = g_string_new(NULL);

    g_string_printf(filter, "tcp.stream == %u || mstun.turn.control_stream == %u", allocation->control_stream,
                    allocation->control_stream);
    for (unsigned i = 0; allocation->moves && i < wmem_array_get_count(allocation->moves); i++) {
        const mstun_allocation_move_t *move = (const mstun_allocation_move_t *)wmem_array_index(allocation->moves, i);

        g_string_append_printf(filter, " || tcp.stream == %u", move->control->tcp_stream);
    }
    for (const mstun_peer_connection_t *connection = allocation->connections; connection;
         connection = connection->next_in_allocation) {
        if (connection->bind_frame) {
            g_string_append_printf(filter, " || tcp.stream == %u", connection->data_stream);
        }
    }
    return g_string_free(filter, FALSE);
}

void mstun_allocation_filter_register(const mstun_registrar_t *reg _U_)
{
    mstun_register_conversation_filter("mstun", "TURN allocation", is_valid, build);
}
