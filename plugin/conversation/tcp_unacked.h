/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What one host sent and the other never acknowledged, as TCP's analysis has it when the capture ends. */
#ifndef MSTUN_CONVERSATION_TCP_UNACKED_H
#define MSTUN_CONVERSATION_TCP_UNACKED_H

#include "base/compat.h"

struct tcp_analysis;

typedef struct {
    uint32_t frame;    /* that sent it first */
    uint32_t position; /* its sequence number, relative */
    uint32_t len;
    unsigned count; /* how often it was sent */
    nstime_t first, last;
    bool smaller_arrived; /* the other host has a smaller segment behind it (SACK, RFC 2018) */
} mstun_tcp_unacked_t;

/**
 * The first data of a direction that was never acknowledged. False if there is none, or if TCP's analysis stopped
 * counting. Proves something only where the other direction was captured (mstun_tcp_is_uncaptured()).
 */
bool mstun_tcp_first_unacked(const struct tcp_analysis *tcp, unsigned direction, mstun_tcp_unacked_t *unacked);

/** Whether the last packet of the other direction has a SACK of the byte before the raw sequence number end. */
bool mstun_tcp_has_sack(const struct tcp_analysis *tcp, unsigned direction, uint32_t end);

#endif
