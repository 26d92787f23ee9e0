/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A new finding is a row here (of ICE: in findings_ice.c), a line in the evaluator of its subject, and a capture. */
#include "diagnose/finding.h"

/* clang-format off */
static const mstun_finding_row_t rows[MSTUN_FINDING_COUNT] = {
    /* ---- requests ---- */
    [MSTUN_FINDING_UNANSWERED] = {
        .name = "mstun.unanswered", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_SILENCE,
        .extent = MSTUN_PER_SERVER,
        .summary = "Request without response",
        .sentences = { "{receiver} does not answer this {request}: {reason}{hint}",
                       "This {request} got no response: {cut}" },
        .advice = "Capture at the side that is asked. If the request arrives, its program drops it (ufrag, password, "
                  "dialect); if not, the network does",
        .section = "RFC 8489 section 6.2" },
    [MSTUN_FINDING_PENDING] = {
        .name = "mstun.pending", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .summary = "No response in the capture, which ends too soon after this request to tell",
        .section = "RFC 8489 section 6.2" },
    [MSTUN_FINDING_ABANDONED] = {
        .name = "mstun.abandoned", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .summary = "No response, but no harm done",
        .sentences = { "No response to this check; its ICE session works without it",
                       "No response: the request was in flight when the connection was closed",
                       "No response to this check: the finding of its pair says what is wrong" },
        .section = "RFC 8489 section 6.2" },
    [MSTUN_FINDING_HALF_CAPTURED] = {
        .name = "mstun.half_captured", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .summary = "The response may only be missing from the capture",
        .sentences = { "There is no response in the capture, but {reason}: capture both directions completely" },
        .section = "RFC 8489 section 6.2" },
    [MSTUN_FINDING_OVERDUE] = {
        .name = "mstun.overdue", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_SILENCE,
        .summary = "An earlier request has no response",
        .sentences = { "The request in frame {frame} has had no response so far" },
        .section = "RFC 8489 section 6.2.2" },
    [MSTUN_FINDING_NO_REQUEST] = {
        .name = "mstun.no_request", .group = PI_SEQUENCE, .severity = PI_CHAT, .rank = MSTUN_RANK_SILENCE,
        .summary = "No request for this response in the capture, which may have begun after it",
        .sentences = { "No request for this response in the capture, which has the connection from its beginning: the "
                       "request is in bytes that could not be decoded, or there was none" },
        .section = "RFC 8489 section 6.3" },
    [MSTUN_FINDING_CONNECTION_RESET] = {
        .name = "mstun.connection.reset", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .summary = "The connection was reset while this request was open: the side that sent the RST rejected what it "
                   "received, or a firewall in between did",
        .advice = "Capture at both ends: only if the RST leaves one of them did a program send it, else a device in "
                  "between did",
        .section = "RFC 8489 section 6.2.2" },
    [MSTUN_FINDING_CLOSED_WITHOUT_RESPONSE] = {
        .name = "mstun.closed_without_response", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The server closed the connection without answering the request",
        .sentences = { "The server {how} the connection {seconds} s after this {request}, without answering: it does "
                       "not accept the message, does not serve this client, or is not the kind of server that the "
                       "client expects (a Microsoft Edge and a TLS port react like this to plain TURN)" },
        .advice = "Check which server listens on this address and port, and its log: overloaded, barred client, TLS "
                  "only, or a Microsoft Edge, which wants MS-TURN",
        .section = "RFC 8489 section 6.2.2" },
    [MSTUN_FINDING_TCP_UNACKNOWLEDGED] = {
        .name = "mstun.tcp_unacknowledged", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .extent = MSTUN_PER_SERVER,
        .summary = "The other host no longer acknowledges anything",
        .sentences = { "{sender} sent these {len} bytes {count} times in {seconds} s, and {receiver} acknowledged "
                       "nothing from here on: the path between them is dead, or the host is gone",
                       "{sender} sent these {len} bytes {count} times in {seconds} s, and {receiver} never "
                       "acknowledged them, though smaller packets behind them arrived: packets of this size do not get "
                       "through" },
        .advice = "Look for what silently broke the path: a NAT or firewall that forgot the connection, a route, "
                  "an MTU whose ICMP messages are dropped",
        .section = "RFC 9293 section 3.8.3" },
    [MSTUN_FINDING_REFUSED] = {
        .name = "mstun.refused", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_PEER,
        .summary = "The request was refused, and no later one succeeded",
        .sentences = { "{request} is refused: {answer}{reason}" },
        .advice = "Compare the request with what the server's words ask for, and check the server's log at this time",
        .section = "RFC 8489 section 6.3.4" },
    [MSTUN_FINDING_UNKNOWN_ATTRIBUTES] = {
        .name = "mstun.unknown_attributes", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The receiver does not know attributes",
        .sentences = { "The receiver does not know these attributes and refused the message: {attributes}" },
        .advice = "Sender and receiver speak different dialects: check which product and mode each of them is",
        .section = "RFC 8489 section 6.3.1" },
    [MSTUN_FINDING_HARMLESS] = {
        .name = "mstun.harmless", .group = PI_RESPONSE_CODE, .severity = PI_NOTE, .rank = MSTUN_RANK_MESSAGE,
        .summary = "A refusal or deviation that did no harm: a later success made up for it" },

    /* ---- authentication ---- */
    [MSTUN_FINDING_CHALLENGE] = {
        .name = "mstun.auth.challenge", .group = PI_RESPONSE_CODE, .severity = PI_CHAT, .rank = MSTUN_RANK_STATED,
        .summary = "The server asks for credentials: the normal answer to a first request without them",
        .section = "RFC 8489 section 9.2.3" },
    [MSTUN_FINDING_AUTH_REJECTED] = {
        .name = "mstun.auth.rejected", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The server refuses the credentials",
        .sentences = {
            "The server refuses the credentials ({code}{phrase}): check user name, password and realm of the TURN "
            "client",
            "The server refuses the credentials ({code}{phrase}): the client uses realm \"{realm}\", but the challenge "
            "says \"{challenge}\"",
            "The server refuses the credentials ({code}{phrase}): the time in user name \"{user}\" ({time}) had passed "
            "{ago} before",
            "The server refuses the access token ({code}{phrase}): check that it is for this server, has not expired, "
            "and that both know the key whose id (kid) is \"{user}\" (RFC 7635)",
            "The server refuses the nonce with {code}{phrase} where 438 is due: user \"{user}\" was accepted before, "
            "and a new nonce comes with the response",
            "The server refuses the credentials ({code}{phrase}): the allocation was made by {owner}, the request by "
            "{requester}",
            "The server refuses the credentials ({code}{phrase}), but the request fits credentials row {row}: the "
            "server has another key for this user (password, realm or shared secret)" },
        .advice = "Compare the TURN user, password and realm of the client with the server's; credentials from MRAS "
                  "expire",
        .section = "RFC 8489 section 9.2.4" },
    [MSTUN_FINDING_STALE_NONCE] = {
        .name = "mstun.auth.stale_nonce", .group = PI_RESPONSE_CODE, .severity = PI_NOTE, .rank = MSTUN_RANK_STATED,
        .summary = "The nonce is too old: the client repeats its request with the new one",
        .sentences = { "The nonce is too old: the client repeats its request with the new one",
                       "The server answers a stale nonce with {code}{phrase} where 438 is due; the client went on with "
                       "the new nonce",
                       "The nonce is too old, and the client does not repeat its last Refresh before it leaves" },
        .section = "RFC 8489 section 9.2.4" },
    [MSTUN_FINDING_STALE_NONCE_AGAIN] = {
        .name = "mstun.auth.stale_nonce_again", .group = PI_RESPONSE_CODE, .severity = PI_WARN,
        .rank = MSTUN_RANK_STATED, .extent = MSTUN_PER_SERVER,
        .summary = "Stale nonce again: the client does not use the new nonce, or requests go to servers that do not "
                   "share nonces",
        .sentences = { "Stale nonce again: the client repeats its request with the old nonce instead of the new one",
                       "Stale nonce again: the server refuses the nonce that it has just issued. Requests may go to "
                       "several servers that do not share nonces" },
        .advice = "Check whether the requests reach one server: nodes behind a load balancer do not share nonces",
        .section = "RFC 8489 section 9.2.4" },
    [MSTUN_FINDING_NO_CREDENTIALS] = {
        .name = "mstun.auth.no_credentials", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The client does not answer the challenge",
        .sentences = { "The client never answers the challenge with credentials: {requests}" },
        .advice = "Check whether the client has a TURN user and password at all, and why it stops at the challenge",
        .section = "RFC 8489 section 9.2.3" },
    [MSTUN_FINDING_NOT_REPEATED] = {
        .name = "mstun.auth.not_repeated", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The client does not repeat its request with the new nonce",
        .sentences = { "The server wants a new nonce (438), and the client does not try again with the one it received",
                       "The server does not know the request's nonce (438), which it never gave to this client, and "
                       "the client does not try again with the new one" },
        .advice = "See why the client stops here: it must repeat the request with the nonce of the response",
        .section = "RFC 8489 section 9.2.5" },
    [MSTUN_FINDING_INTEGRITY_BAD] = {
        .name = "mstun.integrity.bad", .group = PI_SECURITY, .severity = PI_WARN, .rank = MSTUN_RANK_MESSAGE,
        .summary = "MESSAGE-INTEGRITY does not fit the credentials: the key differs, or the message was changed on the "
                   "way",
        .sentences = { "MESSAGE-INTEGRITY does not fit {row}{more}: {reason}; {where}",
                       "MESSAGE-INTEGRITY fits {other}, which is for another user, and not {row}: "
                       "{where}",
                       "MESSAGE-INTEGRITY fits {other}: this check is signed with its sender's own "
                       "ice-pwd and not with that of the receiver (RFC 8445 section 7.2.2)",
                       "MESSAGE-INTEGRITY fits {other}: this response is signed with the requester's "
                       "password and not with that of the request (RFC 8489 section 9.1.4)",
                       "The password is right ({row}), but MESSAGE-INTEGRITY is made over a wrong "
                       "message length: it must be that of a message that ends with this attribute (RFC 8489 section "
                       "14.5)",
                       "The password is right ({row}), but it is used as the key itself: where REALM "
                       "and NONCE are, the key is MD5(user:realm:password) (RFC 8489 section 9.2.2)",
                       "The password is right ({row}), but the key is made with {hash}, and "
                       "PASSWORD-ALGORITHM says {algorithm} (RFC 8489 section 9.2.2)",
                       "The password is right ({row}), but MESSAGE-INTEGRITY is computed as in "
                       "{variant}, which a receiver of RFC 5389 or later refuses" },
        .advice = "Compare the password with that of the other side",
        .section = "RFC 8489 section 9" },

    /* ---- bytes that are not messages, and other protocols ---- */
    [MSTUN_FINDING_NOT_A_MESSAGE] = {
        .name = "mstun.not_a_message", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "Bytes that are not a STUN message, on a connection without gaps",
        .sentences = { "{sender} sent {count} bytes that are not a STUN message ({text}); no segment is missing, so "
                       "this is what it wrote" },
        .advice = "Look at the sender: a proxy, a client that sends application data without TURN's framing, or a "
                  "bug in its program",
        .section = "RFC 8489 section 6.2.2" },
    [MSTUN_FINDING_CHANNEL_DATA_UNPADDED] = {
        .name = "mstun.channel.unpadded", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "ChannelData on TCP is not padded to a multiple of four bytes",
        .sentences = { "{sender} does not pad ChannelData to a multiple of four bytes, which TCP requires ({count} of "
                       "them): the receiver loses its place in the stream" },
        .advice = "The sender treats TCP like UDP: have its TURN implementation corrected",
        .section = "RFC 8656 section 12.5" },
    [MSTUN_FINDING_CHANNEL_DATA_SHORT] = {
        .name = "mstun.channel.short", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "ChannelData is shorter than its length says",
        .sentences = { "{sender} announces {announced} bytes of ChannelData and sends {count}: the receiver loses its "
                       "place in the stream" },
        .advice = "The sender's write was cut short (a full socket buffer that it does not handle): look at its "
                  "program",
        .section = "RFC 8656 section 12.4" },
    [MSTUN_FINDING_CHANNEL_DATA_INCOMPLETE] = {
        .name = "mstun.channel.incomplete", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "ChannelData that was never completed",
        .sentences = { "{sender} announces {announced} bytes of ChannelData, of which {count} came: everything after "
                       "them waits for the rest" },
        .advice = "The length is wrong: look at the program of the sender",
        .section = "RFC 8656 section 12.4" },
    [MSTUN_FINDING_PADDING_COUNTED] = {
        .name = "mstun.channel.padding_counted", .group = PI_PROTOCOL, .severity = PI_NOTE, .rank = MSTUN_RANK_MESSAGE,
        .extent = MSTUN_PER_STREAM,
        .summary = "The length of ChannelData counts the padding",
        .sentences = { "{count} zero bytes follow the record inside: {sender} counts ChannelData's padding in its "
                       "length" },
        .advice = "Have the sender's TURN implementation corrected: the padding is not part of the length",
        .section = "RFC 8656 section 12.5" },
    [MSTUN_FINDING_OTHER_PROTOCOL] = {
        .name = "mstun.other_protocol", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The answer to STUN is another protocol",
        .sentences = { "{sender} answers STUN with HTTP ({text}): a web server or proxy listens there, not a STUN or "
                       "TURN server",
                       "{sender} answers STUN with TLS: this port wants TLS (a turns: or stuns: address)" },
        .advice = "Check the address and port that the client is configured with, and whether it must use TLS",
        .section = "RFC 8489 section 6.2.3" },

    /* ---- TURN: what the server says ---- */
    [MSTUN_FINDING_NO_TCP_RELAY] = {
        .name = "mstun.turn.no_tcp_relay", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The server does not offer this transport for its relay: TCP TURN is switched off there, or its "
                   "release is too old (Expressway before X8.9)",
        .sentences = { "{request} is refused: {answer}. TCP relaying is switched off at the server, or its release is "
                       "too old for it (Expressway before X8.9)" },
        .advice = "Switch on TCP relaying at the server: on Expressway, X8.9 or newer with TCP TURN",
        .section = "RFC 6062 section 5.1" },
    [MSTUN_FINDING_NO_UDP_RELAY] = {
        .name = "mstun.turn.no_udp_relay", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The server does not relay UDP",
        .sentences = { "{request} is refused: {answer}. UDP relaying is switched off at the server" },
        .advice = "Switch on UDP relaying at the server, or have the client ask for a TCP relay",
        .section = "RFC 8656 section 7.2" },
    [MSTUN_FINDING_FAMILY_REFUSED] = {
        .name = "mstun.turn.address_family", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_PEER,
        .summary = "The server refuses the address family",
        .sentences = { "{request} is refused: {answer}{reason}",
                       "The client asks for an {family} relay and the server gives it another one, {relay}" },
        .advice = "Have the client ask for a relay of the peer's family (REQUESTED-ADDRESS-FAMILY), or give the server "
                  "an address of that family",
        .section = "RFC 8656 section 7.2" },
    [MSTUN_FINDING_FORBIDDEN] = {
        .name = "mstun.turn.forbidden", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_PEER,
        .summary = "The server's policy bars this peer address, or the allocation is of the wrong kind for this "
                   "request",
        .sentences = { "{request} is refused: {answer}. The allocation is of the other kind: Connect is for TCP, "
                       "channels are for UDP",
                       "{request} is refused: {answer}. The server's policy bars this peer address",
                       "{request} is refused: {answer}. The server's policy bars this client or user" },
        .advice = "Look at the server's rules for peers (private addresses, loopback) and at the allocation's "
                  "transport",
        .section = "RFC 8656 section 10.2" },
    [MSTUN_FINDING_QUOTA] = {
        .name = "mstun.turn.quota", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "This user has as many allocations as the server allows: old ones were not deleted, or the quota is "
                   "too small",
        .sentences = { "{request} is refused: {answer}. This user has as many allocations as the server allows: old "
                       "ones were not deleted, or the quota is too small" },
        .advice = "See whether old allocations are deleted, or raise the user's quota",
        .section = "RFC 8656 section 7.2" },
    [MSTUN_FINDING_NO_CAPACITY] = {
        .name = "mstun.turn.no_capacity", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The server has no relay port left: enlarge its port range",
        .sentences = { "{request} is refused: {answer}. The server has no relay port left" },
        .advice = "Enlarge the server's relay port range, or see who uses it up",
        .section = "RFC 8656 section 7.2" },
    [MSTUN_FINDING_ALLOCATION_MISMATCH] = {
        .name = "mstun.turn.allocation_mismatch", .group = PI_RESPONSE_CODE, .severity = PI_WARN,
        .rank = MSTUN_RANK_STATED, .extent = MSTUN_PER_SERVER,
        .summary = "The server has no allocation on this control connection, or one already where a new one is asked "
                   "for",
        .sentences = { "{request} is refused: {answer}{reason}" },
        .advice = "Look for what ended the allocation: mstun,turn has its lifetime and its connection",
        .section = "RFC 8656 section 7.2" },
    [MSTUN_FINDING_PEER_REFUSED] = {
        .name = "mstun.turn.peer_refused", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_PEER,
        .summary = "The peer refused the server's connection",
        .sentences = { "The server was refused by {peer} after {seconds} s: the peer's port is closed, its candidate "
                       "already released, or its address is wrong" },
        .advice = "See whether the peer still listens on that address: was its candidate released, or is it another "
                  "host's?",
        .section = "RFC 6062 section 5.2" },
    [MSTUN_FINDING_PEER_TIMEOUT] = {
        .name = "mstun.turn.peer_timeout", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_PEER,
        .summary = "The peer did not answer the server's connection",
        .sentences = { "The server got no answer from {peer} in {seconds} s: a firewall between relay and peer drops "
                       "the connection, or the peer's address is wrong" },
        .advice = "Capture at the server's outer interface: is its SYN to the peer answered? If not, open the firewall "
                  "for TCP from the relay's port range to the peer's",
        .section = "RFC 6062 section 5.2" },
    [MSTUN_FINDING_CONNECTION_EXISTS] = {
        .name = "mstun.turn.connection_exists", .group = PI_RESPONSE_CODE, .severity = PI_WARN,
        .rank = MSTUN_RANK_STATED, .extent = MSTUN_PER_PEER,
        .summary = "There is a connection to this peer already: the client asked for it twice",
        .sentences = { "{request} is refused: {answer}{reason}" },
        .advice = "Look for the first Connect to this peer, and for two calls that use one address",
        .section = "RFC 6062 section 5.2" },
    [MSTUN_FINDING_BIND_REJECTED] = {
        .name = "mstun.turn.bind_rejected", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The server refuses the ConnectionBind: it does not know the id (30 s passed, the peer has gone), "
                   "or this is not the server that gave it (a load balancer)",
        .sentences = { "{request} is refused: {answer}. The server does not know the id (30 s passed, the peer has "
                       "gone), or another server gave it (a load balancer){reason}" },
        .advice = "Check whether the ConnectionBind reached the server that announced the connection, within 30 s",
        .section = "RFC 6062 section 5.4" },
    [MSTUN_FINDING_ALTERNATE_SERVER] = {
        .name = "mstun.turn.alternate_server", .group = PI_RESPONSE_CODE, .severity = PI_NOTE,
        .rank = MSTUN_RANK_STATED,
        .summary = "The server redirects the client to another one, which must be reachable too",
        .sentences = { "The server redirects the client to {server}, which must be reachable too" },
        .section = "RFC 8489 section 10" },
    [MSTUN_FINDING_REDIRECT_FAILED] = {
        .name = "mstun.turn.redirect_failed", .group = PI_RESPONSE_CODE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The client does not get to the alternate server",
        .sentences = { "The server sends the client to {server} (300), but the client opens no connection to it: it "
                       "does not follow redirections, or its way there was not captured",
                       "The server sends the client to {server} (300), which does not accept the client's connection",
                       "The server sends the client away (300) without an ALTERNATE-SERVER to go to" },
        .advice = "Check whether the client follows 300, and whether the alternate server is reachable on TCP from "
                  "where the client is",
        .section = "RFC 8489 section 10" },

    /* ---- TURN: what the client does ---- */
    [MSTUN_FINDING_BIND_LATE] = {
        .name = "mstun.turn.bind_late", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "ConnectionBind comes too late",
        .sentences = { "ConnectionBind comes {seconds} s after the connection was announced; the server closes it "
                       "after 30 s" },
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
    [MSTUN_FINDING_BIND_OTHER_USER] = {
        .name = "mstun.turn.bind_other_user", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "ConnectionBind with credentials of another user",
        .sentences = { "ConnectionBind with credentials of {user}, but the id was announced in frame {frame} to the "
                       "allocation of {owner}: the server refuses it" },
        .advice = "The data connection must use the credentials that made the allocation",
        .section = "RFC 6062 section 5.4" },
    [MSTUN_FINDING_BIND_MISSING] = {
        .name = "mstun.turn.bind_missing", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "Announced connection without ConnectionBind",
        .sentences = { "No ConnectionBind with id {id} (peer {peer}) followed in 30 s: the client did not open a "
                       "second connection to the server, or a firewall or load balancer kept it away" },
        .advice = "See whether the client opens a second connection to the server's address and port, and whether a "
                  "firewall allows it",
        .section = "RFC 6062 section 5.4" },
    [MSTUN_FINDING_PERMISSION_EXPIRED] = {
        .name = "mstun.turn.permission_expired", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_PEER,
        .summary = "The permission for the peer has expired",
        .sentences = { "The permission for {peer} expired {seconds} s before (it lasts for 300 s): the server drops "
                       "what is sent; a new CreatePermission is due" },
        .advice = "See why the client did not renew it within 300 s",
        .section = "RFC 8656 section 9" },
    [MSTUN_FINDING_PERMISSION_MISSING] = {
        .name = "mstun.turn.permission_missing", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_PEER,
        .summary = "No permission for the peer",
        .sentences = { "No CreatePermission or ChannelBind for {peer}: the server drops what is sent to it",
                       "The permission for {peer} was refused in frame {frame}: the server drops what is sent to it" },
        .advice = "Look for a CreatePermission with this peer's address: was it sent, and was it answered?",
        .section = "RFC 8656 section 11.2" },
    [MSTUN_FINDING_NO_PERMISSION] = {
        .name = "mstun.turn.no_permission", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_STATED,
        .summary = "No permission was ever created on this allocation: every peer that connects to it is disconnected "
                   "at once",
        .advice = "See whether signalling gave the client the peer's candidates",
        .section = "RFC 6062 section 5.3" },
    [MSTUN_FINDING_CHANNEL_UNBOUND] = {
        .name = "mstun.turn.channel_unbound", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "ChannelData on a channel that is not bound",
        .sentences = { "Channel {channel} is not bound: no ChannelBind for it succeeded, so the server drops its "
                       "data ({count} messages)",
                       "Channel {channel} is not bound: its ChannelBind was refused in frame {frame}, so the server "
                       "drops its data ({count} messages)" },
        .advice = "Look for the ChannelBind of this channel: was it sent, and was it answered?",
        .section = "RFC 8656 section 12.6" },
    [MSTUN_FINDING_CHANNEL_EXPIRED] = {
        .name = "mstun.turn.channel_expired", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "ChannelData on a channel whose binding has expired",
        .sentences = { "The binding of channel {channel} expired {seconds} s before (it lasts for 600 s, and was last "
                       "renewed in frame {frame}): the server drops its data ({count} messages)" },
        .advice = "Check why the client did not send ChannelBind again within 600 s",
        .section = "RFC 8656 section 12" },
    [MSTUN_FINDING_WRONG_TRANSPORT] = {
        .name = "mstun.turn.wrong_transport", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "Request for the other kind of allocation",
        .sentences = {
            "The allocation relays TCP, where Send and channels do not exist: Connect and ConnectionBind carry data "
            "there",
            "The allocation relays UDP, where Connect does not exist: allocate with REQUESTED-TRANSPORT TCP" },
        .advice = "Let the client allocate with the REQUESTED-TRANSPORT of what it sends afterwards",
        .section = "RFC 6062 section 4.1" },
    [MSTUN_FINDING_ALLOCATION_EXPIRED] = {
        .name = "mstun.turn.allocation_expired", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_STREAM,
        .summary = "The allocation's lifetime has passed",
        .sentences = {
            "The allocation expired {seconds} s before: no Refresh had renewed it",
            "No Refresh followed in the lifetime of {seconds} s, and the server closed the connection when it had "
            "passed",
            "The client uses the allocation that it deleted itself in frame {frame}" },
        .advice = "See why the client sent no Refresh in time: was its control connection alive?",
        .section = "RFC 8656 section 8" },
    [MSTUN_FINDING_ALLOCATION_LOST] = {
        .name = "mstun.turn.allocation_lost", .group = PI_RESPONSE_CODE, .severity = PI_WARN,
        .rank = MSTUN_RANK_STATED, .extent = MSTUN_PER_SERVER,
        .summary = "The server no longer has the allocation, though its lifetime has not passed",
        .sentences = { "{request} is refused: {answer} while {seconds} s of the lifetime granted in frame {frame} "
                       "were left: the server no longer has the allocation (it was restarted, or another "
                       "server answers)",
                       "{request} is refused: {answer} while {seconds} s of the lifetime granted in frame {frame} "
                       "were left" },
        .advice = "See whether the server was restarted at this time, or a load balancer sends the client's packets to "
                  "another one; the client must make a new allocation",
        .section = "RFC 8656 section 8" },
    [MSTUN_FINDING_CONTROL_CLOSED] = {
        .name = "mstun.turn.control_closed", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .extent = MSTUN_PER_SERVER,
        .summary = "The control connection of a living allocation was closed by the server",
        .sentences = { "The server {how} the control connection of a living allocation (relayed address {relay}, "
                       "{seconds} s of its lifetime were left): everything that it relays ends" },
        .advice = "Look at the server at this time: was it restarted, did it crash, or did a firewall end the "
                  "connection?",
        .section = "RFC 8656 section 7.3" },
    [MSTUN_FINDING_SERVER_SILENT] = {
        .name = "mstun.turn.server_silent", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .extent = MSTUN_PER_SERVER,
        .summary = "The server's program no longer answers, though its TCP still acknowledges",
        .sentences = { "From frame {frame} on the program of the server {server} no longer answers, though its TCP "
                       "still acknowledges: {requests} to it (frame {own_frame}) and {through} through it have no "
                       "answer, and it relays nothing" },
        .advice = "Look at the server at this time: did its program hang, or was it stopped? The peers behind it need "
                  "not be at fault",
        .section = "RFC 8489 section 6.2.2" },
    [MSTUN_FINDING_NOTHING_RELAYED] = {
        .name = "mstun.turn.nothing_relayed", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .extent = MSTUN_PER_SERVER,
        .summary = "The data connection was bound and nothing ever came through, either way: look at both ends of the "
                   "leg between server and peer",
        .advice = "Capture on the leg between server and peer: does the peer know that it is to speak first?",
        .section = "RFC 6062 section 5.5" },
    [MSTUN_FINDING_PEER_DATA_LOST] = {
        .name = "mstun.turn.peer_data_lost", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_CONNECTION,
        .extent = MSTUN_PER_PEER,
        .summary = "Bytes that the peer sent before the ConnectionBind were lost",
        .sentences = { "{count} of the {total} bytes that {peer} sent never came out of the data connection: the "
                       "server did not keep what came before the ConnectionBind succeeded in frame {frame}" },
        .advice = "The server must buffer what the peer sends before the bind (RFC 6062 section 5.3): update it, or "
                  "have the client bind sooner",
        .section = "RFC 6062 section 5.3" },
    [MSTUN_FINDING_PEER_WITHOUT_PERMISSION] = {
        .name = "mstun.turn.peer_without_permission", .group = PI_SEQUENCE, .severity = PI_WARN,
        .rank = MSTUN_RANK_CONNECTION, .extent = MSTUN_PER_PEER,
        .summary = "A peer without permission connected to the relayed address",
        .sentences = { "{peer} connects to the relayed address {relay} without a permission (frame {frame}): the "
                       "server closes the connection" },
        .advice = "Check whether the client created a permission for this address before the peer connected",
        .section = "RFC 6062 section 5.3" },
    [MSTUN_FINDING_OTHER_RELAYED_PORT] = {
        .name = "mstun.turn.other_relayed_port", .group = PI_SEQUENCE, .severity = PI_WARN,
        .rank = MSTUN_RANK_CONNECTION,
        .extent = MSTUN_PER_PEER,
        .summary = "The server connects to the peer from another port than the relayed one",
        .sentences = { "The server connects to {peer} from {source}, but the relayed address is {relay}: firewall "
                       "rules and candidates for the relayed port do not match this connection" },
        .advice = "The server must connect from the relayed address (RFC 6062 section 5.2): check its configuration",
        .section = "RFC 6062 section 5.2" },

    /* ---- Microsoft's dialects ---- */
    [MSTUN_FINDING_DIALECT_MISMATCH] = {
        .name = "mstun.ms.dialect_mismatch", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "Client and server speak different dialects: MS-TURN and IETF TURN",
        .sentences = { "The client speaks {dialect} and the server answers in {answer} (frame {frame}): it is "
                       "{server}. Check which server the client is configured for",
                       "The client speaks {dialect} and the server closes without an answer{guess}" },
        .advice = "Compare the kind of TURN server that the client expects (Edge or IETF TURN), and its address and "
                  "port, with what is there",
        .section = "[MS-TURN] 3.1.10" },
    [MSTUN_FINDING_TLS_INTERCEPTED] = {
        .name = "mstun.ms.tls_intercepted", .group = PI_PROTOCOL, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .summary = "A pseudo-TLS hello was answered with real TLS: a proxy or TLS inspection is between client and "
                   "Edge, or this is not an Edge",
        .advice = "Exempt the server's address from TLS inspection, or let the client bypass the proxy",
        .section = "[MS-TURN] 2.1" },
    [MSTUN_FINDING_PSEUDO_TLS_FAILED] = {
        .name = "mstun.ms.pseudo_tls_failed", .group = PI_SEQUENCE, .severity = PI_WARN, .rank = MSTUN_RANK_STATED,
        .extent = MSTUN_PER_SERVER,
        .summary = "The pseudo-TLS hello was not answered",
        .sentences = { "The pseudo-TLS ClientHello was answered with a RST: a firewall or proxy that checks protocols "
                       "refuses it, or no Edge listens there",
                       "The pseudo-TLS ClientHello got no answer in {seconds} s: a firewall or proxy that checks "
                       "protocols drops it, or no Edge listens there" },
        .advice = "Exempt the server's address from protocol inspection on port 443, and check the address",
        .section = "[MS-TURN] 2.1" },
    [MSTUN_FINDING_MS_SEQUENCE_GAP] = {
        .name = "mstun.ms.sequence_gap", .group = PI_SEQUENCE, .severity = PI_NOTE, .rank = MSTUN_RANK_MESSAGE,
        .summary = "The sequence number does not follow the one before, [MS-TURN] 2.2.2.21",
        .sentences = { "{count} sequence number(s) before this one are not in the capture: requests were lost, or went "
                       "another way",
                       "The sequence number is not above {count}, which was used before: reordered or replayed, and "
                       "the server may drop it without an answer" },
        .section = "[MS-TURN] 2.2.2.21" },

    /* ---- expert infos of the decoders: names and advice only ---- */
    [MSTUN_FINDING_CREDENTIALS_EXPIRED] = {
        .name = "mstun.ms.credentials_expired", .rank = MSTUN_RANK_STATED, .extent = MSTUN_PER_STREAM,
        .advice = "Have the client get new credentials from MRAS" },
    [MSTUN_FINDING_CRC32_BAD] = {
        .name = "mstun.att.crc32.bad", .rank = MSTUN_RANK_MESSAGE, .extent = MSTUN_PER_STREAM,
        .advice = "Open the frame: it shows where the message deviates from the RFC" },
    [MSTUN_FINDING_MALFORMED] = {
        .rank = MSTUN_RANK_MESSAGE, .extent = MSTUN_PER_STREAM,
        .advice = "Open the frame: it shows where the message deviates from the RFC" },
};
/* clang-format on */

const mstun_finding_row_t *mstun_finding_row(mstun_finding_id_t id)
{
    if (id >= MSTUN_FINDING_FIRST_OF_SIGNALLING && id < MSTUN_FINDING_FIRST_DECODED) {
        return &mstun_signal_finding_rows[id];
    }
    return id >= MSTUN_FINDING_FIRST_OF_ICE && id < MSTUN_FINDING_FIRST_DECODED ? &mstun_ice_finding_rows[id]
                                                                                : &rows[id];
}
