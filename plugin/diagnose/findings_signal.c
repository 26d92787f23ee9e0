/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rows of findings about signalling. */
#include "diagnose/finding.h"

/* clang-format off */
const mstun_finding_row_t mstun_signal_finding_rows[MSTUN_FINDING_FIRST_DECODED] = {
    [MSTUN_FINDING_MRAS_REFUSED] = {
        .name = "mstun.mras.refused", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "The media relay's authentication service gives no TURN credentials",
        .sentences = { "No TURN credentials for {user}: the relay's authentication service says \"{reason}\". Without "
                       "a relay, this client cannot get through a firewall",
                       "No TURN credentials for {user}: {code}. Without a relay, this client cannot get through a "
                       "firewall" },
        .advice = "Look at the Edge's authentication service (its log, its certificate towards the front end) and at "
                  "the user's policy for access from outside",
        .section = "[MS-AVEDGEA] 3.1" },
    [MSTUN_FINDING_MRAS_UNANSWERED] = {
        .name = "mstun.mras.unanswered", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "The media relay's authentication service does not answer",
        .sentences = { "No answer within {seconds} s to the request for TURN credentials for {user}: without them, "
                       "this client has no relay" },
        .advice = "Check whether the request is forwarded to the Edge (port 5062 on its internal side), and whether "
                  "the service runs there",
        .section = "[MS-AVEDGEA] 3.1" },
    [MSTUN_FINDING_CALL_POLICY] = {
        .name = "mstun.call.policy", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "A policy forbids this: nothing is wrong with the network",
        .sentences = { "{code}{component}" },
        .advice = "Change the policy, or the user's role; nothing is wrong with the network",
        .section = "[MS-OCER] 2.2.1" },
    [MSTUN_FINDING_CALL_STREAM_REFUSED] = {
        .name = "mstun.call.stream_refused", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "The other side refuses the stream",
        .sentences = { "{user} refuses the stream {media}: port 0 in its SDP" },
        .advice = "Look at the settings and policies of the side that refused it, and at codecs and encryption that "
                  "both sides must have",
        .section = "RFC 3264 section 6" },
    [MSTUN_FINDING_CALL_ICE_MISMATCH] = {
        .name = "mstun.call.ice_mismatch", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "The other side does not use ICE",
        .sentences = { "{user} refuses ICE for {media}: a device in between changed the addresses of the offer, but "
                       "not its candidates (RFC 8839 section 4.2.5)" },
        .advice = "Look for the firewall or session border controller that rewrites SDP, and switch off its inspection "
                  "of SIP",
        .section = "RFC 8839 section 4.2.5" },
    [MSTUN_FINDING_CALL_NO_RELAY] = {
        .name = "mstun.call.no_relay", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .extent = MSTUN_PER_CALL,
        .summary = "A side has no relayed candidate, and the call has no path",
        .sentences = { "{user} has no relayed candidate for {media}: this client did not reach its TURN server, was "
                       "refused there, or has none configured" },
        .advice = "Check that client's path to its TURN server: is one configured, does its name resolve, does "
                  "Allocate succeed?",
        .section = "RFC 8445 section 5.1.1" },
    [MSTUN_FINDING_CALL_NEVER_CHECKED] = {
        .name = "mstun.call.never_checked", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR,
        .extent = MSTUN_PER_CALL,
        .summary = "The call has no path, and some of its candidates were never checked",
        .sentences = { "No pair of {media} works, and {count} of {user} ({first}) were never checked: {because}" },
        .advice = "mstun,candidates lists each of them with its reason. Was the capture made where the checks pass?",
        .section = "RFC 8445 section 6" },
    [MSTUN_FINDING_CALL_NOT_CONCLUDED] = {
        .name = "mstun.call.not_concluded", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .extent = MSTUN_PER_CALL,
        .summary = "No SDP names the chosen pair (a=remote-candidates): ICE did not conclude",
        .sentences = { "No SDP of {media} has a=remote-candidates after the answer in frame {frame}: ICE did not "
                       "conclude" },
        .advice = "See in mstun,pairs and mstun,candidates which pair should have worked",
        .section = "[MS-ICE2] 3.1.4.8" },
    [MSTUN_FINDING_CALL_MEDIA_FAILED] = {
        .name = "mstun.call.media_failed", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_SILENCE,
        .extent = MSTUN_PER_CALL,
        .summary = "The call ended because no media passed",
        .sentences = { "{code}{warnings}" },
        .advice = "See in mstun,pairs, mstun,turn and mstun,candidates why the checks or the TURN server of this call "
                  "failed",
        .section = "[MS-OCER] 2.2.1" },
    [MSTUN_FINDING_CALL_FAILED] = {
        .name = "mstun.call.failed", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "A server or client says why the call failed",
        .sentences = { "{code}{component}" },
        .advice = "Look at the log of the component that says so, at this time",
        .section = "[MS-OCER] 2.2.1" },
};
/* clang-format on */
