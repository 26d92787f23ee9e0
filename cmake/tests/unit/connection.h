/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A TCP connection by hand, and ICE checks on it. */
#ifndef MSTUN_UNIT_CONNECTION_H
#define MSTUN_UNIT_CONNECTION_H

#include "unit.h"

#include <epan/dissectors/packet-tcp.h>

#include "ice/pair.h"

#define UNIT_IDS_MAX 16
#define UNIT_FRAMES_MAX 64

typedef struct {
    struct tcp_analysis tcp;
    mstun_stream_t stream;
    mstun_transaction_t transactions[UNIT_IDS_MAX];
    uint32_t position_of_frame[UNIT_FRAMES_MAX]; /* by the frame's number; that of its message */
} unit_connection_t;

/** From 192.0.2.1:5000, direction 0, to 198.51.100.2:3478. number: its tcp.stream. */
void unit_connection_open(unit_connection_t *connection, uint32_t number);

/** Its last packet comes at this time, with a FIN, or a RST. */
void unit_connection_close(unit_connection_t *connection, int64_t ms);
void unit_connection_reset(unit_connection_t *connection, int64_t ms);

/**
 * Lets ice/ learn steps, one frame for each. A step is a time in ms, a direction, what it is, and the number of its
 * transaction, less than UNIT_IDS_MAX:
 *
 *   "0>c1"      at 0 ms, the client sends check 1   "n" with USE-CANDIDATE, "g" without a role
 *   "500>r1"    it sends it again
 *   "520<s1"    its success arrives                 an error: "520<e487.1"
 *   "600<m"     media from the server
 */
void unit_play_checks(unit_connection_t *connection, const char *steps);

/** The pair of a transaction in a capture that ends at this time. */
const mstun_pair_view_t *unit_pair_view(const unit_connection_t *connection, unsigned id, int64_t end_ms);

/** The attributes of a check, by its direction. kind: as in a step. */
void unit_describe_check(mstun_facts_t *facts, unsigned direction, char kind);

#endif
