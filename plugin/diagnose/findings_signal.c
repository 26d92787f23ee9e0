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
                       "a relay it reaches nobody through a firewall",
                       "No TURN credentials for {user}: {code}. Without a relay it reaches nobody through a "
                       "firewall" },
        .advice = "Look at the Edge's authentication service (its log, its certificate towards the front end) and at "
                  "the user's policy for access from outside",
        .section = "[MS-AVEDGEA] 3.1" },
    [MSTUN_FINDING_MRAS_UNANSWERED] = {
        .name = "mstun.mras.unanswered", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "The media relay's authentication service does not answer",
        .sentences = { "No answer to the request for TURN credentials of {user} in {seconds} s: without them it has no "
                       "relay" },
        .advice = "Is the request forwarded to the Edge (port 5062 of its inner side), and is the service running "
                  "there?",
        .section = "[MS-AVEDGEA] 3.1" },
    [MSTUN_FINDING_CALL_POLICY] = {
        .name = "mstun.call.policy", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "A policy forbids it: nothing is wrong with the network",
        .sentences = { "{code}{component}" },
        .advice = "Change the policy, or the user's role; nothing is wrong with the network",
        .section = "[MS-OCER] 2.2.1" },
    [MSTUN_FINDING_CALL_STREAM_REFUSED] = {
        .name = "mstun.call.stream_refused", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "The other side refuses the stream",
        .sentences = { "The stream {media} is refused by {user}: port 0 in its description" },
        .advice = "The answerer knows why: its settings, its policy, or a codec or encryption that both must have",
        .section = "RFC 3264 section 6" },
    [MSTUN_FINDING_CALL_ICE_MISMATCH] = {
        .name = "mstun.call.ice_mismatch", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "The other side does without ICE",
        .sentences = { "ICE for {media} is refused by {user}: a device in between has changed the addresses of the "
                       "offer, but not its candidates (RFC 8839 section 4.2.5)" },
        .advice = "Look for the firewall or border controller that rewrites SDP: switch off its inspection of SIP",
        .section = "RFC 8839 section 4.2.5" },
    [MSTUN_FINDING_CALL_NO_RELAY] = {
        .name = "mstun.call.no_relay", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .extent = MSTUN_PER_CALL,
        .summary = "A side has no relayed candidate, and the call has no path",
        .sentences = { "No relayed candidate of {user} for {media}: it did not reach its TURN server, was refused "
                       "there, or has none configured" },
        .advice = "Look at that client's way to its TURN server: is one configured, is its name resolved, does "
                  "Allocate succeed?",
        .section = "RFC 8445 section 5.1.1" },
    [MSTUN_FINDING_CALL_NEVER_CHECKED] = {
        .name = "mstun.call.never_checked", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR,
        .extent = MSTUN_PER_CALL,
        .summary = "The call has no path, and candidates of it were never checked",
        .sentences = { "No pair of {media} works, and {count} of {user} ({first}) were never checked: {because}" },
        .advice = "mstun,candidates has each of them with its reason. Was the capture made where the checks pass?",
        .section = "RFC 8445 section 6" },
    [MSTUN_FINDING_CALL_NOT_CONCLUDED] = {
        .name = "mstun.call.not_concluded", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .extent = MSTUN_PER_CALL,
        .summary = "No description names the chosen pair (a=remote-candidates): ICE did not conclude",
        .sentences = { "No description of {media} has a=remote-candidates after the answer in frame {frame}: ICE did "
                       "not conclude" },
        .advice = "See which pair should have worked: mstun,pairs and mstun,candidates",
        .section = "[MS-ICE2] 3.1.4.8" },
    [MSTUN_FINDING_CALL_MEDIA_FAILED] = {
        .name = "mstun.call.media_failed", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_SILENCE,
        .extent = MSTUN_PER_CALL,
        .summary = "The call ended because no media passed",
        .sentences = { "{code}{warnings}" },
        .advice = "The checks and the TURN server of this call tell why: mstun,pairs, mstun,turn and mstun,candidates",
        .section = "[MS-OCER] 2.2.1" },
    [MSTUN_FINDING_CALL_FAILED] = {
        .name = "mstun.call.failed", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_CALL,
        .summary = "A server or client says why the call failed",
        .sentences = { "{code}{component}" },
        .advice = "Look into the log of the component that says so, at this time",
        .section = "[MS-OCER] 2.2.1" },
};
/* clang-format on */
