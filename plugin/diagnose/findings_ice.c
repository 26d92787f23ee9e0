/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rows of findings about ICE. */
#include "diagnose/finding.h"

/* clang-format off */
const mstun_finding_row_t mstun_ice_finding_rows[MSTUN_FINDING_FIRST_DECODED] = {
    [MSTUN_FINDING_ONE_WAY] = {
        .name = "mstun.one_way", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR,
        .extent = MSTUN_PER_PAIR,
        .summary = "ICE checks succeed in one direction only",
        .sentences = {
            "{pair}, but its own are answered: it drops them (compare USERNAME and ice-pwd), or a firewall lets only "
            "one direction pass",
            "{pair}, though its TCP acknowledged them: the program there drops them (compare USERNAME and ice-pwd)",
            "{pair}: its TCP did not acknowledge them, so they were lost on the way",
            "{pair}, but those from {receiver} are answered: it does not have this candidate (compare what was "
            "signalled), or a firewall drops what it sends first",
            "{pair}" },
        .advice = "Capture at the silent side: do the checks arrive? If they do, compare ice-ufrag and ice-pwd; if "
                  "not, look for the firewall that lets only one direction pass",
        .section = "RFC 8445 section 7" },
    [MSTUN_FINDING_PAIR_REJECTED] = {
        .name = "mstun.pair.rejected", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR_REFUSED,
        .extent = MSTUN_PER_PAIR,
        .summary = "ICE checks are answered with an error that no later success resolves",
        .sentences = {
            "{pair}, and no later one succeeds: compare the ice-pwd that each side was given for the other",
            "{pair}, and no later one succeeds: compare the request with what the response says",
            "{pair}: the last one has no {missing}, which every check must have (RFC 8445 section 7.2.2)" },
        .advice = "401 or 431: compare the ice-pwd that each side was given for the other; else read the response",
        .section = "RFC 8445 section 7.2.5.2.4" },
    [MSTUN_FINDING_NOT_NOMINATED] = {
        .name = "mstun.pair.not_nominated", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR,
        .extent = MSTUN_PER_PAIR,
        .summary = "Checks are answered in both directions, but nobody sent USE-CANDIDATE before the call ended: not "
                   "the network, but signalling or the controlling agent. See why it gave up (SIP trace)",
        .sentences = {
            "{pair}, though checks are answered in both directions: not the network, but signalling or the controlling "
            "agent. See why it gave up (SIP trace)",
            "{pair}, though checks are answered in both directions: no pair is in use. See whether it reached "
            "{nominee}" },
        .advice = "Look at the controlling side's signalling: the network is fine, but its agent chose no pair",
        .section = "RFC 8445 section 8.1.1" },
    [MSTUN_FINDING_CONSENT_LOST] = {
        .name = "mstun.pair.consent_lost", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR,
        .extent = MSTUN_PER_PAIR,
        .summary = "A pair that worked no longer answers (RFC 7675)",
        .sentences = {
            "{pair}: it is gone, or the path to it is. See what its network did at this time (RFC 7675)",
            "{pair}, though its TCP acknowledged them: the program there hangs, or has ended (RFC 7675)",
            "{pair}: its TCP did not acknowledge them, the path to it is gone. See what its network did at this "
            "time (RFC 7675)",
            "{pair}, though media from it goes on: the network is fine, but its agent no longer answers "
            "(RFC 7675)",
            "{pair}" },
        .advice = "See what happened to the silent side and its network at this time",
        .section = "RFC 7675 section 5.1" },
    [MSTUN_FINDING_ROLE_CONFLICT] = {
        .name = "mstun.role_conflict", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR_REFUSED,
        .extent = MSTUN_PER_PAIR,
        .summary = "Both sides claim the same role, and no check resolves it",
        .sentences = {
            "{pair}: one of them must answer 487 (RFC 8445 section 7.3.1.1)",
            "{pair}: it must take the other role and check again (RFC 8445 section 7.2.5.1)" },
        .advice = "See which side signalling made the offerer, and why the side that got the 487 does not change its "
                  "role",
        .section = "RFC 8445 section 7.2.5.1" },
    [MSTUN_FINDING_ROLE_CONFLICT_RESOLVED] = {
        .name = "mstun.role_conflict.resolved", .group = PI_RESPONSE_CODE, .severity = PI_NOTE,
        .rank = MSTUN_RANK_PAIR_REFUSED,
        .summary = "Both sides claimed the same role; one changed it, and a later check succeeded",
        .section = "RFC 8445 section 7.2.5.1" },
    [MSTUN_FINDING_RESPONSES_IGNORED] = {
        .name = "mstun.pair.responses_ignored", .group = PI_SEQUENCE, .severity = PI_WARN,
        .rank = MSTUN_RANK_PAIR_REFUSED,
        .extent = MSTUN_PER_PAIR,
        .summary = "Checks are answered, but the sender does not accept the responses",
        .sentences = {
            "{pair}: it does not accept the responses, compare the ice-pwd that it was given",
            "{pair}" },
        .advice = "Compare the ice-pwd that the sender was given for the other side: a response that it cannot verify "
                  "is silently dropped",
        .section = "RFC 8445 section 7.2.5" },
};
/* clang-format on */
