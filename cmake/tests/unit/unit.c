/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

#include "attr/attr.h"
#include "conversation/tcp_connections.h"
#include "diagnose/diagnose.h"
#include "ice/pair.h"
#include "message/fingerprint.h"
#include "turn/peer_connection.h"

#define GUARDED_MAX 65536
#define ROUTINES_MAX 16
#define HEX_PER_LINE_MAX 16

/* In place of libwireshark's, which need epan_init(): 0.3 s, and other arguments in each version. */

void proto_register_field_array(const int parent _U_, hf_register_info *hf _U_, const int count _U_)
{
}

void proto_register_subtree_array(int *const *indices _U_, const int count _U_)
{
}

void expert_register_field_array(expert_module_t *module _U_, ei_register_info *ei _U_, const int count _U_)
{
}

header_field_info *proto_registrar_get_nth(unsigned hfindex _U_)
{
    return NULL;
}

int proto_registrar_get_id_byname(const char *name _U_)
{
    return -1;
}

int proto_get_id_by_filter_name(const char *name _U_)
{
    return -1;
}

static void (*init_routines[ROUTINES_MAX])(void);
static void (*cleanup_routines[ROUTINES_MAX])(void);

static void add_routine(void (**routines)(void), void (*routine)(void))
{
    unsigned i = 0;

    while (routines[i]) {
        i++;
    }
    g_assert_cmpuint(i, <, ROUTINES_MAX - 1);
    routines[i] = routine;
}

void register_init_routine(void (*routine)(void))
{
    add_routine(init_routines, routine);
}

void register_cleanup_routine(void (*routine)(void))
{
    add_routine(cleanup_routines, routine);
}

/* All packets are of one connection, which is in no table. */

static conversation_t conversation;

conversation_t *find_or_create_conversation(packet_info *pinfo _U_)
{
    return &conversation;
}

conversation_t *find_conversation_pinfo(packet_info *pinfo _U_, const unsigned options _U_)
{
    return NULL;
}

void conversation_add_proto_data(conversation_t *of _U_, const int proto _U_, void *data _U_)
{
}

wmem_map_t *get_conversation_hashtables(void)
{
    return wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
}

uint32_t get_tcp_stream_count(void)
{
    return 0;
}

static void append(unit_bytes_t *to, uint8_t byte)
{
    g_assert_cmpuint(to->len, <, sizeof to->bytes);
    to->bytes[to->len++] = byte;
}

static void append_hex(unit_bytes_t *to, const char *hex)
{
    while (*hex) {
        if (g_ascii_isspace(*hex)) {
            hex++;
        } else if (*hex == '\'') {
            for (hex++; *hex != '\''; hex++) {
                append(to, (uint8_t)*hex);
            }
            hex++;
        } else {
            int high = g_ascii_xdigit_value(hex[0]), low = g_ascii_xdigit_value(hex[1]);

            g_assert_true(high >= 0 && low >= 0);
            append(to, (uint8_t)(high << 4 | low));
            hex += 2;
        }
    }
}

unit_bytes_t unit_hex(const char *hex)
{
    unit_bytes_t result = { 0 };

    append_hex(&result, hex);
    return result;
}

/* Lines as "0010  fa 87 df"; a packet begins where the offset is 0. */
unit_bytes_t unit_vector(const char *name, unsigned number)
{
    char *path = g_strdup_printf("%s/%s.hex", MSTUN_VECTORS, name), *text = NULL;
    unit_bytes_t result = { 0 };
    unsigned packets = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    char **lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (g_ascii_isxdigit(**line) && strlen(*line) > 6 && (*line)[4] == ' ') {
            packets += g_str_has_prefix(*line, "0000 ") ? 1 : 0;
            if (packets == number + 1) {
                append_hex(&result, *line + 4);
            }
        }
    }
    g_assert_cmpuint(result.len, >, 0);
    g_strfreev(lines);
    g_free(text);
    g_free(path);
    return result;
}

unit_bytes_t unit_join(const unit_bytes_t *first, const unit_bytes_t *second)
{
    unit_bytes_t result = *first;

    for (uint32_t i = 0; i < second->len; i++) {
        append(&result, second->bytes[i]);
    }
    return result;
}

const uint8_t *unit_guarded(const uint8_t *bytes, uint32_t len)
{
    static uint8_t *end;

    if (!end) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        uint8_t *memory =
            (uint8_t *)mmap(NULL, GUARDED_MAX + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        g_assert_true(memory != MAP_FAILED && mprotect(memory + GUARDED_MAX, page, PROT_NONE) == 0);
        end = memory + GUARDED_MAX;
    }
    g_assert_cmpuint(len, <=, GUARDED_MAX);
    memset(end - GUARDED_MAX, 0xEE, GUARDED_MAX - len);
    memcpy(end - len, bytes, len);
    return end - len;
}

tvbuff_t *unit_tvb(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    return tvb_new_real_data(unit_guarded(bytes, captured), captured, (int)reported);
}

uint32_t unit_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u; /* Numerical Recipes' generator; its upper bits are the better ones */
    return *state >> 8;
}

static uint32_t packets; /* in the file */

void unit_new_file(void)
{
    packets = 0;
    for (unsigned i = 0; cleanup_routines[i]; i++) {
        cleanup_routines[i]();
    }
    wmem_leave_scope(wmem_file_scope());
    wmem_enter_scope(wmem_file_scope());
    for (unsigned i = 0; init_routines[i]; i++) {
        init_routines[i]();
    }
}

nstime_t unit_time(int64_t ms)
{
    return (nstime_t){ .secs = (time_t)(ms / 1000), .nsecs = (int)(ms % 1000 * 1000000) };
}

packet_info unit_packet(int64_t ms)
{
    static const uint8_t client[] = { 192, 0, 2, 1 }, server[] = { 198, 51, 100, 2 };
    static frame_data frame;
    packet_info pinfo = { .fd = &frame, .num = ++packets, .ptype = PT_TCP, .srcport = 5000, .destport = 3478 };

    pinfo.pool = wmem_file_scope();
    pinfo.abs_ts = unit_time(ms);
    set_address(&pinfo.src, AT_IPv4, sizeof client, client);
    set_address(&pinfo.dst, AT_IPv4, sizeof server, server);
    return pinfo;
}

/* As plugin.c does, the modules that the tests need: the rows of the attributes, and maps. */
static void register_modules(void)
{
    static const mstun_register_fn modules[] = {
        mstun_attr_decode_register,     mstun_attr_address_register,    mstun_attr_error_register,
        mstun_attr_auth_register,       mstun_attr_stun_register,       mstun_attr_turn_register,
        mstun_attr_ice_register,        mstun_attr_ms_register,         mstun_attr_ms_bwm_register,
        mstun_fingerprint_register,     mstun_stream_register,          mstun_transaction_register,
        mstun_allocation_register,      mstun_peer_connection_register, mstun_pair_register,
        mstun_tcp_connections_register, mstun_diagnose_register,
    };
    static const mstun_registrar_t nowhere = { .proto = -1 };

    for (unsigned i = 0; i < array_length(modules); i++) {
        modules[i](&nowhere);
    }
}

int main(int argc, char **argv)
{
    g_setenv("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple", TRUE); /* so that a sanitizer sees each block's end */
    g_test_init(&argc, &argv, NULL);
    wmem_init_scopes();
    wmem_enter_scope(wmem_file_scope());
    register_modules();
    unit_add_wire();
    unit_add_framing();
    unit_add_message();
    unit_add_auth();
    unit_add_ice();
    unit_add_signal();
    unit_add_findings();
    unit_add_diagnose();
    return g_test_run();
}
