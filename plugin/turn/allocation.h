/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TURN allocations (RFC 8656 section 2.2): what each message changes in them, and how they end. Others read the
 * structs; only turn/ writes them, on the first visit. */
#ifndef MSTUN_TURN_ALLOCATION_H
#define MSTUN_TURN_ALLOCATION_H

#include "turn/permission.h"
#include "turn/request.h"

#define TURN_DEFAULT_LIFETIME_S 600
#define TURN_ALLOCATION_MISMATCH 437 /* RFC 8656 section 19.13 */

/** From this message on another connection controls an allocation (RFC 8016). */
typedef struct {
    mstun_frame_pos_t pos; /* the success of the Refresh */
    const mstun_stream_t *control;
    unsigned client_direction; /* in which the client sends there */
} mstun_allocation_move_t;

struct mstun_allocation {
    mstun_allocation_t *next; /* in the order of the capture */
    mstun_endpoint_t server, client;
    mstun_endpoint_t relay, relay2; /* relay2: of the other family; both have family 0 if the making was not captured */
    const mstun_stream_t *control;  /* on which it was made */
    unsigned client_direction;      /* in which the client sends there */
    uint32_t control_stream;        /* tcp.stream */
    mstun_frame_pos_t made;         /* the Allocate success */
    nstime_t made_time;
    const char *user;  /* "name, realm" of its maker; NULL if that is no text or was not captured */
    uint8_t transport; /* IP_PROTO_TCP or IP_PROTO_UDP: of the relayed address; 0: not known */
    uint8_t family;    /* MSTUN_FAMILY_...: that the client asked for; 0: none */
    bool ms_turn;
    uint32_t lifetime; /* seconds, the last that was granted */
    nstime_t expires;
    mstun_frame_pos_t renewed;        /* the last success that set expires */
    const mstun_stream_t *renewed_on; /* its connection */
    uint32_t deleted_frame;           /* of the success to a request with lifetime 0; 0: none was seen */
    nstime_t deleted;
    uint32_t lost_frame; /* of the first 437 within its lifetime: the server no longer has it; 0: none was seen */
    nstime_t lost;
    nstime_t alive;      /* time of the last message that proves it alive, whatever its lifetime */
    bool any_permission; /* was ever asked for */
    bool lacks_connect;  /* a Connect succeeded whose request came later, or was not captured */
    bool refreshed;      /* the client wants to keep it */
    bool ending;         /* the client has asked to delete it */
    bool all_peers;      /* false: the peers of some request for permissions are not known */
    wmem_array_t *moves; /* of mstun_allocation_move_t, by frame; NULL: none */
    mstun_permission_t *permissions;
    wmem_map_t *permissions_by_ip; /* all that were asked for or missed; NULL: none */
    mstun_peer_connection_t *connections;
    mstun_allocation_t *next_of_client; /* the one before it, of the same server and client address */
    mstun_doubt_t *doubt; /* first visit: the client goes on after its end; NULL: not, as far as is known */
};

typedef enum {
    MSTUN_ALLOCATION_END_NONE, /* it is alive when the capture ends */
    MSTUN_ALLOCATION_END_DELETED,
    MSTUN_ALLOCATION_END_LOST, /* the server no longer has it, though its lifetime is not over */
    MSTUN_ALLOCATION_END_EXPIRED,
    MSTUN_ALLOCATION_END_CLOSED, /* with its control connection */
    MSTUN_ALLOCATION_END_RESET,  /* likewise, by an RST without a FIN before it */
} mstun_allocation_end_kind_t;

/** How an allocation ended. */
typedef struct {
    mstun_allocation_end_kind_t kind;
    const mstun_stream_t *control; /* the connection that controlled it last */
    unsigned client_direction;     /* in which the client sends there */
    nstime_t abs_ts;               /* zero for NONE */
} mstun_allocation_end_t;

/** First visit: what a message changes in allocations, permissions and peer connections. */
void mstun_allocation_learn(const mstun_event_t *event);

/** First visit: event's message uses the allocation of its connection. Observes that it has ended; observe_each false:
 * not again if it did so for an earlier message. */
void mstun_allocation_use(const mstun_event_t *event, bool observe_each);

/** First visit: event is an error response to a request that needs the allocation of its connection. Learns that the
 * server no longer has it. */
void mstun_allocation_refuse(const mstun_event_t *event, const mstun_turn_request_t *request);

/** First visit: the server's message proves that the allocation of its connection is alive. */
void mstun_allocation_prove(const mstun_event_t *event);

/** Calls fn for each allocation, in the order of the capture. */
void mstun_allocation_foreach(void (*fn)(mstun_allocation_t *allocation, void *data), void *data);

/** The allocation in force on event's connection at its place; NULL if none. */
const mstun_allocation_t *mstun_allocation_in_force(const mstun_event_t *event);

/** The last allocation of which a message so far made this its control connection; NULL if none. */
mstun_allocation_t *mstun_stream_allocation(const mstun_stream_t *stream);

/** The direction in which the client sends on the connection on which the allocation was made. */
unsigned mstun_allocation_client_direction(const mstun_allocation_t *allocation);

/** How the allocation ended in a capture that ends at end. */
mstun_allocation_end_t mstun_allocation_end(const mstun_allocation_t *allocation, const nstime_t *end);

/** The last allocation with this relayed address; NULL if none. */
mstun_allocation_t *mstun_allocation_of_relay(const mstun_endpoint_t *relay);

/** First visit: whether the packet goes to or comes from a relayed address that was allocated in this capture. */
bool mstun_packet_uses_relayed_address(const packet_info *pinfo);

/** What is known of a TCP connection before its bytes. */
typedef enum {
    MSTUN_EXPECTED_NOTHING,
    MSTUN_EXPECTED_TURN,  /* between the client and the server of an allocation, as data connections are */
    MSTUN_EXPECTED_RELAY, /* between a relayed address and a peer */
} mstun_expected_t;

/** First visit: whether there is an allocation so far, without which mstun_packet_expected() need not be asked. */
bool mstun_allocations_exist(void);

/** First visit: what allocations say of the packet's connection. */
mstun_expected_t mstun_packet_expected(const packet_info *pinfo);

void mstun_allocation_register(const mstun_registrar_t *reg);

#endif
