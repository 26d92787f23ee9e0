/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A new finding is a row here, a line in the evaluator of its subject, and a capture. */
#include "diagnose/finding.h"

#include <epan/expert.h>

/* clang-format off */
static const mstun_finding_t findings[MSTUN_FINDING_COUNT] = {
    /* ---- requests ---- */
    [MSTUN_FINDING_UNANSWERED] = {
        .name = "mstun.unanswered", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_SILENCE,
        .deferred = true,
        .summary = "Request without response",
        .sentences = { "This request was not answered: {reason}" },
        .advice = "Capture at the side that is asked: does the request arrive? If it does, its program drops it (ufrag, "
                  "password, dialect), if not, the network does",
        .section = "RFC 8489 section 6.2" },
    [MSTUN_FINDING_PENDING] = {
        .name = "mstun.pending", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .deferred = true,
        .summary = "No response in the capture, which ends too soon after this request to tell",
        .section = "RFC 8489 section 6.2" },
    [MSTUN_FINDING_HALF_CAPTURED] = {
        .name = "mstun.half_captured", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .deferred = true,
        .summary = "No response in the capture, which holds no packet of the other direction at all: capture both "
                   "directions" },
    [MSTUN_FINDING_OVERDUE] = {
        .name = "mstun.overdue", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .summary = "An earlier request has no response",
        .sentences = { "The request in frame {frame} has no response up to here" },
        .section = "RFC 8489 section 6.2.2" },
    [MSTUN_FINDING_NO_REQUEST] = {
        .name = "mstun.no_request", .group = PI_SEQUENCE, .severity = PI_CHAT, .rank = MSTUN_RANK_SILENCE,
        .summary = "No request to this response in the capture, which may have begun after it",
        .section = "RFC 8489 section 6.3" },
    [MSTUN_FINDING_CONNECTION_RESET] = {
        .name = "mstun.connection.reset", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .deferred = true,
        .summary = "The connection was reset while this request was open: the side that sent the RST refuses what it got, "
                   "or a firewall between them does",
        .advice = "Capture at both ends: only if the RST leaves one of them did a program send it, else a device in "
                  "between did",
        .section = "RFC 8489 section 6.2.2" },
    [MSTUN_FINDING_UNKNOWN_ATTRIBUTES] = {
        .name = "mstun.unknown_attributes", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The receiver does not know attributes",
        .sentences = { "The receiver does not know these attributes and refused the message: {attributes}" },
        .advice = "The sender and the receiver speak different dialects: see which product and mode each of them has",
        .section = "RFC 8489 section 6.3.1" },

    /* ---- authentication ---- */
    [MSTUN_FINDING_CHALLENGE] = {
        .name = "mstun.auth.challenge", .group = PI_RESPONSE_CODE, .severity = PI_CHAT, .rank = MSTUN_RANK_STATED,
        .summary = "The server asks for credentials: the normal answer to a first request without them",
        .section = "RFC 8489 section 9.2.3" },
    [MSTUN_FINDING_AUTH_REJECTED] = {
        .name = "mstun.auth.rejected", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The server refuses the credentials",
        .sentences = {
            "The server refuses the credentials ({code}): check user name, password and realm of the TURN client",
            "The server refuses the credentials ({code}): check user name, password and realm of the TURN client, which "
            "must be those that made the allocation" },
        .advice = "Compare the TURN user, password and realm of the client with the server's; credentials from MRAS have "
                  "an end",
        .section = "RFC 8489 section 9.2.4" },
    [MSTUN_FINDING_STALE_NONCE] = {
        .name = "mstun.auth.stale_nonce", .group = PI_RESPONSE_CODE, .severity = PI_NOTE, .rank = MSTUN_RANK_STATED,
        .summary = "The nonce is too old: the client repeats its request with the new one",
        .section = "RFC 8489 section 9.2.4" },
    [MSTUN_FINDING_STALE_NONCE_AGAIN] = {
        .name = "mstun.auth.stale_nonce_again", .group = PI_RESPONSE_CODE, .severity = PI_WARN,
        .rank = MSTUN_RANK_STATED,
        .summary = "Stale nonce again: the client does not take the new nonce, or requests go to servers that do not share "
                   "them",
        .advice = "See whether the requests reach one server: nodes behind a load balancer do not share nonces",
        .section = "RFC 8489 section 9.2.4" },
    [MSTUN_FINDING_INTEGRITY_BAD] = {
        .name = "mstun.integrity.bad", .group = PI_SECURITY, .severity = PI_WARN, .rank = MSTUN_RANK_MESSAGE,
        .summary = "MESSAGE-INTEGRITY does not fit the credentials: the key differs, or the message was changed on the way",
        .sentences = { "MESSAGE-INTEGRITY does not fit credentials row {row}{more}: {reason}; {where}" },
        .advice = "Compare the password with that of the other side",
        .section = "RFC 8489 section 9" },

    /* ---- TURN: what the server says ---- */
    [MSTUN_FINDING_NO_TCP_RELAY] = {
        .name = "mstun.turn.no_tcp_relay", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The server does not offer this transport for its relay: TCP TURN is switched off there, or its release "
                   "is too old (Expressway before X8.9)",
        .advice = "Switch TCP relaying on at the server: on Expressway, X8.9 or newer with TCP TURN",
        .section = "RFC 6062 section 5.1" },
    [MSTUN_FINDING_FORBIDDEN] = {
        .name = "mstun.turn.forbidden", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The server's policy bars this peer address, or the allocation is of the wrong kind for this request",
        .sentences = { "There is no allocation on this control connection",
                       "The allocation is of the other kind: Connect is for TCP, channels are for UDP",
                       "The server's policy bars this peer address" },
        .advice = "Look at the server's rules for peers (private addresses, loopback) and at the allocation's transport",
        .section = "RFC 8656 section 10.2" },
    [MSTUN_FINDING_QUOTA] = {
        .name = "mstun.turn.quota", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "This user has as many allocations as the server allows: old ones were not deleted, or the quota is too "
                   "small",
        .advice = "See whether old allocations are deleted, or enlarge the user's quota",
        .section = "RFC 8656 section 7.2" },
    [MSTUN_FINDING_NO_CAPACITY] = {
        .name = "mstun.turn.no_capacity", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The server has no relay port left: enlarge its port range",
        .advice = "Enlarge the server's relay port range, or see who uses it up",
        .section = "RFC 8656 section 7.2" },
    [MSTUN_FINDING_ALLOCATION_MISMATCH] = {
        .name = "mstun.turn.allocation_mismatch", .group = PI_RESPONSE_CODE, .severity = PI_WARN,
        .rank = MSTUN_RANK_STATED,
        .summary = "No allocation on this control connection (expired, or the connection was made anew), or one already "
                   "where a new one is asked for",
        .sentences = {
            "This control connection has an allocation already: the client asks for a second one",
            "No allocation on this control connection: it expired, was deleted, or the connection was made anew" },
        .advice = "Look for what ended the allocation: mstun,turn has its lifetime and its connection",
        .section = "RFC 8656 section 7.2" },
    [MSTUN_FINDING_PEER_REFUSED] = {
        .name = "mstun.turn.peer_refused", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The peer refused the server's connection",
        .sentences = { "The server was refused by the peer after {seconds} s: the peer's port is closed, its candidate "
                       "already released, or its address is wrong" },
        .advice = "See whether the peer still listens on that address: was its candidate released, or is it another "
                  "host's?",
        .section = "RFC 6062 section 5.2" },
    [MSTUN_FINDING_PEER_TIMEOUT] = {
        .name = "mstun.turn.peer_timeout", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The peer did not answer the server's connection",
        .sentences = { "The server got no answer from the peer in {seconds} s: a firewall between relay and peer drops the "
                       "connection, or the peer's address is wrong" },
        .advice = "Capture at the server's outer interface: is its SYN to the peer answered? If not, open the firewall for "
                  "TCP from the relay's port range to the peer's",
        .section = "RFC 6062 section 5.2" },
    [MSTUN_FINDING_CONNECTION_EXISTS] = {
        .name = "mstun.turn.connection_exists", .group = PI_RESPONSE_CODE, .severity = PI_WARN,
        .rank = MSTUN_RANK_STATED,
        .summary = "There is a connection to this peer already: the client asked for it twice",
        .advice = "Look for the first Connect to this peer, and for two calls that use one address",
        .section = "RFC 6062 section 5.2" },
    [MSTUN_FINDING_BIND_REJECTED] = {
        .name = "mstun.turn.bind_rejected", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The server refuses the ConnectionBind: it does not know the id (30 s passed, the peer has gone), or "
                   "this is not the server that gave it (a load balancer)",
        .advice = "See whether the ConnectionBind reached the server that announced the connection, within 30 s",
        .section = "RFC 6062 section 5.4" },
    [MSTUN_FINDING_ALTERNATE_SERVER] = {
        .name = "mstun.turn.alternate_server", .group = PI_RESPONSE_CODE, .severity = PI_NOTE, .rank = MSTUN_RANK_STATED,
        .summary = "The server sends the client to another one, which must be reachable too",
        .section = "RFC 8489 section 10" },

    /* ---- TURN: what the client does ---- */
    [MSTUN_FINDING_BIND_LATE] = {
        .name = "mstun.turn.bind_late", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "ConnectionBind comes too late",
        .sentences = { "ConnectionBind comes {seconds} s after the connection was announced; the server closes it after "
                       "30 s" },
        .advice = "See what held the client up between the announcement and the bind",
        .section = "RFC 6062 section 5.4" },
    [MSTUN_FINDING_BIND_AGAIN] = {
        .name = "mstun.turn.bind_again", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "ConnectionBind with an id that is bound already",
        .sentences = { "The connection with this id was bound already in frame {frame}: an id is good for one "
                       "ConnectionBind" },
        .advice = "One announced connection is good for one bind: see who sent both",
        .section = "RFC 6062 section 5.4" },
    [MSTUN_FINDING_BIND_UNKNOWN_ID] = {
        .name = "mstun.turn.bind_unknown_id", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "ConnectionBind with an id that this server never announced to this client",
        .advice = "Compare the id with those announced: is it another server's, behind a load balancer?",
        .section = "RFC 6062 section 5.4" },
    [MSTUN_FINDING_BIND_MISSING] = {
        .name = "mstun.turn.bind_missing", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .deferred = true,
        .summary = "Announced connection without ConnectionBind",
        .sentences = { "No ConnectionBind with id {id} followed in 30 s: the client did not open a second connection to "
                       "the server, or a firewall or load balancer kept it away" },
        .advice = "See whether the client opens a second connection to the server's address and port, and whether a "
                  "firewall allows it",
        .section = "RFC 6062 section 5.4" },
    [MSTUN_FINDING_PERMISSION_EXPIRED] = {
        .name = "mstun.turn.permission_expired", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The permission for the peer is over",
        .sentences = { "The permission for this peer was over {seconds} s ago (it lasts for 300 s): the server drops what "
                       "is sent, and a new CreatePermission is due" },
        .advice = "See why the client did not renew it within 300 s",
        .section = "RFC 8656 section 9" },
    [MSTUN_FINDING_PERMISSION_MISSING] = {
        .name = "mstun.turn.permission_missing", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "No permission for the peer",
        .sentences = { "No CreatePermission for this peer: the server drops what is sent to it" },
        .advice = "Look for a CreatePermission with this peer's address: was it sent, and was it answered?",
        .section = "RFC 8656 section 11.2" },
    [MSTUN_FINDING_NO_PERMISSION] = {
        .name = "mstun.turn.no_permission", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_STATED,
        .deferred = true,
        .summary = "No permission was ever created on this allocation: every peer that connects to it is sent away at once",
        .advice = "See whether signalling gave the client the peer's candidates",
        .section = "RFC 6062 section 5.3" },
    [MSTUN_FINDING_WRONG_TRANSPORT] = {
        .name = "mstun.turn.wrong_transport", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "Request for the other kind of allocation",
        .sentences = {
            "The allocation relays TCP, where Send and channels do not exist: Connect and ConnectionBind carry data there",
            "The allocation relays UDP, where Connect does not exist: allocate with REQUESTED-TRANSPORT TCP" },
        .advice = "Let the client allocate with the REQUESTED-TRANSPORT of what it sends afterwards",
        .section = "RFC 6062 section 4.1" },
    [MSTUN_FINDING_ALLOCATION_EXPIRED] = {
        .name = "mstun.turn.allocation_expired", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "The allocation's lifetime is over",
        .sentences = {
            "The allocation's lifetime was over {seconds} s ago and no Refresh had renewed it",
            "No Refresh followed in the lifetime of {seconds} s, and the server reset the connection when it was over" },
        .advice = "See why the client sent no Refresh in time: was its control connection alive?",
        .section = "RFC 8656 section 8" },
    [MSTUN_FINDING_NOTHING_RELAYED] = {
        .name = "mstun.turn.nothing_relayed", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .deferred = true,
        .summary = "The data connection was bound and nothing ever came through, either way: look at both ends of the leg "
                   "between server and peer",
        .advice = "Capture on the leg between server and peer: does the peer know that it is to speak first?",
        .section = "RFC 6062 section 5.5" },

    /* ---- Microsoft's dialects ---- */
    [MSTUN_FINDING_DIALECT_MISMATCH] = {
        .name = "mstun.ms.dialect_mismatch", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .deferred = true,
        .summary = "Client and server speak different dialects: MS-TURN and IETF TURN",
        .sentences = { "The client speaks {dialect} and the server answers in {answer} (frame {frame}): it is {server}. "
                       "Check which server the client is configured for",
                       "The client speaks {dialect} and the server closes without an answer{guess}" },
        .advice = "Compare the client's kind of TURN server (Edge or IETF TURN), address and port with what stands there",
        .section = "[MS-TURN] 3.1.10" },
    [MSTUN_FINDING_TLS_INTERCEPTED] = {
        .name = "mstun.ms.tls_intercepted", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "A pseudo-TLS hello was answered with real TLS: a proxy or TLS inspection stands between client and "
                   "Edge, or this is no Edge",
        .advice = "Exempt the server's address from TLS inspection, or send the client past the proxy",
        .section = "[MS-TURN] 2.1" },
    [MSTUN_FINDING_MS_SEQUENCE_GAP] = {
        .name = "mstun.ms.sequence_gap", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_MESSAGE,
        .summary = "The sequence number does not follow the one before, [MS-TURN] 2.2.2.21",
        .sentences = { "{count} sequence number(s) before this one are not in the capture: requests were lost, or went "
                       "another way",
                       "The sequence number is not above {count}, which was there already: reordered or replayed, and the "
                       "server may drop it without an answer" },
        .section = "[MS-TURN] 2.2.2.21" },

    /* ---- ICE ---- */
    [MSTUN_FINDING_ONE_WAY] = {
        .name = "mstun.one_way", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR, .deferred = true,
        .summary = "ICE checks have success in one direction only",
        .sentences = {
            "One way: {receiver} answers none of {count} checks from {sender}, but its own are answered: it drops them "
            "(compare USERNAME and ice-pwd), or a firewall lets only one direction pass",
            "One way: {sender} sends no checks, but those from {receiver} are answered: it does not have this candidate "
            "(compare what was signalled), or a firewall drops what it begins" },
        .advice = "Capture at the silent side: do the checks arrive? If they do, compare ice-ufrag and ice-pwd, if not, "
                  "look for the firewall that lets one direction pass",
        .section = "RFC 8445 section 7" },
    [MSTUN_FINDING_PAIR_REJECTED] = {
        .name = "mstun.pair.rejected", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR_REFUSED,
        .deferred = true,
        .summary = "ICE checks are answered with an error that no later success resolves",
        .sentences = { "Rejected: {receiver} answers the checks from {sender} with {code}, and no later one has success; "
                       "compare {what}" },
        .advice = "401 or 431: compare the ice-pwd that each side was given for the other; else read the response",
        .section = "RFC 8445 section 7.2.5.2.4" },
    [MSTUN_FINDING_NOT_NOMINATED] = {
        .name = "mstun.pair.not_nominated", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR,
        .deferred = true,
        .summary = "Checks are answered in both directions, but nobody sent USE-CANDIDATE before it was over: not the "
                   "network, but signalling or the controlling agent. See why it gave up (SIP trace)",
        .sentences = { "Checks are answered in both directions, but the nomination in frame {frame} is not: no pair is in "
                       "use. See whether it reached {receiver}" },
        .advice = "Look at the controlling side's signalling: the network is good, its agent chose nothing",
        .section = "RFC 8445 section 8.1.1" },
    [MSTUN_FINDING_CONSENT_LOST] = {
        .name = "mstun.pair.consent_lost", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR,
        .deferred = true,
        .summary = "A pair that worked no longer answers (RFC 7675)",
        .sentences = { "Consent lost: the pair worked, and from here on {receiver} answers none of {count} checks. It is "
                       "gone, or the way to it is: see what its network did at this time (RFC 7675)" },
        .advice = "See what happened to the silent side and its network at this time",
        .section = "RFC 7675 section 5.1" },
    [MSTUN_FINDING_ROLE_CONFLICT] = {
        .name = "mstun.role_conflict", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_PAIR_REFUSED,
        .deferred = true,
        .summary = "Both sides claim the same role, and no check resolves it",
        .sentences = { "Role conflict: {count} times 487 to the checks from {sender}, and no later one has success. Both "
                       "sides claim to be {role}: it should have changed its role (RFC 8445 section 7.2.5.1)" },
        .advice = "See which side signalling made the offerer, and why the side that got the 487 does not change its role",
        .section = "RFC 8445 section 7.2.5.1" },
    [MSTUN_FINDING_ROLE_CONFLICT_RESOLVED] = {
        .name = "mstun.role_conflict.resolved", .group = PI_RESPONSE_CODE, .severity = PI_NOTE,
        .rank = MSTUN_RANK_PAIR_REFUSED,
        .summary = "Both sides claimed the same role; one changed it, and a later check has success",
        .section = "RFC 8445 section 7.2.5.1" },

    /* ---- expert infos of the decoders: names and advice only ---- */
    [MSTUN_FINDING_CREDENTIALS_EXPIRED] = {
        .name = "mstun.ms.credentials_expired", .rank = MSTUN_RANK_STATED,
        .advice = "Have the client get new credentials from MRAS" },
    [MSTUN_FINDING_CRC32_BAD] = {
        .name = "mstun.att.crc32.bad", .rank = MSTUN_RANK_MESSAGE,
        .advice = "Open the frame: it shows where the message is not what the RFC asks for" },
    [MSTUN_FINDING_MALFORMED] = {
        .rank = MSTUN_RANK_MESSAGE,
        .advice = "Open the frame: it shows where the message is not what the RFC asks for" },
};

#define EXPLAINS(cause, consequence, relation)                                                                         \
    { MSTUN_FINDING_##cause, MSTUN_FINDING_##consequence, MSTUN_SAME_##relation }

/* Read a line as "the first explains the second". */
const mstun_explanation_t mstun_explanations[] = {
    /* the server says why */
    EXPLAINS(CREDENTIALS_EXPIRED, AUTH_REJECTED, STREAM),
    EXPLAINS(CREDENTIALS_EXPIRED, UNANSWERED, STREAM),
    EXPLAINS(STALE_NONCE_AGAIN, UNANSWERED, STREAM),
    EXPLAINS(AUTH_REJECTED, UNANSWERED, STREAM),
    EXPLAINS(WRONG_TRANSPORT, FORBIDDEN, STREAM),
    EXPLAINS(WRONG_TRANSPORT, PERMISSION_MISSING, STREAM),
    EXPLAINS(ALLOCATION_EXPIRED, ALLOCATION_MISMATCH, STREAM),
    EXPLAINS(ALLOCATION_EXPIRED, CONNECTION_RESET, ALLOCATION),
    EXPLAINS(ALLOCATION_EXPIRED, UNANSWERED, STREAM),
    EXPLAINS(ALLOCATION_MISMATCH, FORBIDDEN, STREAM),
    EXPLAINS(CONNECTION_EXISTS, NOTHING_RELAYED, ALLOCATION),
    /* the data connection */
    EXPLAINS(BIND_LATE, BIND_REJECTED, STREAM),
    EXPLAINS(BIND_LATE, CONNECTION_RESET, STREAM),
    EXPLAINS(BIND_LATE, UNANSWERED, STREAM),
    EXPLAINS(BIND_UNKNOWN_ID, BIND_REJECTED, STREAM),
    EXPLAINS(BIND_UNKNOWN_ID, CONNECTION_RESET, STREAM),
    EXPLAINS(BIND_UNKNOWN_ID, UNANSWERED, STREAM),
    EXPLAINS(BIND_AGAIN, BIND_REJECTED, STREAM),
    EXPLAINS(BIND_AGAIN, CONNECTION_RESET, STREAM),
    EXPLAINS(BIND_AGAIN, UNANSWERED, STREAM),
    EXPLAINS(BIND_AGAIN, NOTHING_RELAYED, ALLOCATION),
    EXPLAINS(BIND_REJECTED, CONNECTION_RESET, STREAM),
    /* the way to the peer */
    EXPLAINS(PEER_REFUSED, ONE_WAY, PEER),
    EXPLAINS(PEER_REFUSED, UNANSWERED, PEER),
    EXPLAINS(PEER_TIMEOUT, ONE_WAY, PEER),
    EXPLAINS(PEER_TIMEOUT, UNANSWERED, PEER),
    EXPLAINS(FORBIDDEN, PERMISSION_MISSING, STREAM),
    EXPLAINS(PERMISSION_MISSING, ONE_WAY, STREAM),
    EXPLAINS(PERMISSION_MISSING, UNANSWERED, STREAM),
    EXPLAINS(PERMISSION_EXPIRED, CONSENT_LOST, STREAM),
    EXPLAINS(PERMISSION_EXPIRED, ONE_WAY, STREAM),
    EXPLAINS(PERMISSION_EXPIRED, UNANSWERED, STREAM),
    EXPLAINS(NO_PERMISSION, BIND_MISSING, ALLOCATION),
    /* the connection itself */
    EXPLAINS(TLS_INTERCEPTED, CONNECTION_RESET, STREAM),
    EXPLAINS(DIALECT_MISMATCH, CONNECTION_RESET, STREAM),
    EXPLAINS(DIALECT_MISMATCH, UNANSWERED, STREAM),
    EXPLAINS(TLS_INTERCEPTED, UNANSWERED, STREAM),
    EXPLAINS(CONNECTION_RESET, CONSENT_LOST, STREAM),
    EXPLAINS(CONNECTION_RESET, NOT_NOMINATED, STREAM),
    EXPLAINS(CONNECTION_RESET, ONE_WAY, STREAM),
    EXPLAINS(CONNECTION_RESET, UNANSWERED, STREAM),
    /* a message that its receiver cannot accept */
    EXPLAINS(UNKNOWN_ATTRIBUTES, PAIR_REJECTED, STREAM),
    EXPLAINS(CRC32_BAD, ONE_WAY, STREAM),
    EXPLAINS(CRC32_BAD, UNANSWERED, STREAM),
    EXPLAINS(INTEGRITY_BAD, AUTH_REJECTED, STREAM),
    EXPLAINS(INTEGRITY_BAD, PAIR_REJECTED, STREAM),
    EXPLAINS(INTEGRITY_BAD, ONE_WAY, STREAM),
    EXPLAINS(INTEGRITY_BAD, UNANSWERED, STREAM),
    /* the pair */
    EXPLAINS(ROLE_CONFLICT, UNANSWERED, PAIR),
    EXPLAINS(PAIR_REJECTED, AUTH_REJECTED, STREAM),
    EXPLAINS(PAIR_REJECTED, UNANSWERED, PAIR),
    EXPLAINS(CONSENT_LOST, UNANSWERED, PAIR),
    EXPLAINS(NOT_NOMINATED, UNANSWERED, PAIR),
    EXPLAINS(ONE_WAY, UNANSWERED, PAIR),
};
/* clang-format on */

const unsigned mstun_explanation_count = array_length(mstun_explanations);

const mstun_finding_t *mstun_finding_of(mstun_finding_id_t id)
{
    return &findings[id];
}

bool mstun_finding_explains(mstun_finding_id_t id)
{
    for (unsigned i = 0; i < mstun_explanation_count; i++) {
        if (mstun_explanations[i].cause == id) {
            return true;
        }
    }
    return false;
}
