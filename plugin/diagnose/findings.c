/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/findings.h"

/* Read a line as "the first explains the second". A chain of them is followed to its beginning; there must be no ring. */
const mstun_cause_t mstun_causes[] = {
    /* the server says why */
    { "mstun.ms.credentials_expired", "mstun.auth.rejected", MSTUN_SAME_STREAM },
    { "mstun.ms.credentials_expired", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.auth.stale_nonce_again", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.auth.rejected", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.turn.wrong_transport", "mstun.turn.forbidden", MSTUN_SAME_STREAM },
    { "mstun.turn.wrong_transport", "mstun.turn.permission_missing", MSTUN_SAME_STREAM },
    { "mstun.turn.allocation_expired", "mstun.turn.allocation_mismatch", MSTUN_SAME_STREAM },
    { "mstun.turn.allocation_expired", "mstun.connection.reset", MSTUN_SAME_ALLOCATION },
    { "mstun.turn.allocation_expired", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.turn.allocation_mismatch", "mstun.turn.forbidden", MSTUN_SAME_STREAM },
    { "mstun.turn.connection_exists", "mstun.turn.nothing_relayed", MSTUN_SAME_ALLOCATION },
    /* the data connection */
    { "mstun.turn.bind_late", "mstun.turn.bind_rejected", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_late", "mstun.connection.reset", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_late", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_unknown_id", "mstun.turn.bind_rejected", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_unknown_id", "mstun.connection.reset", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_unknown_id", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_again", "mstun.turn.bind_rejected", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_again", "mstun.connection.reset", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_again", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.turn.bind_again", "mstun.turn.nothing_relayed", MSTUN_SAME_ALLOCATION },
    { "mstun.turn.bind_rejected", "mstun.connection.reset", MSTUN_SAME_STREAM },
    /* the way to the peer */
    { "mstun.turn.peer_refused", "mstun.one_way", MSTUN_SAME_PEER },
    { "mstun.turn.peer_refused", "mstun.unanswered", MSTUN_SAME_PEER },
    { "mstun.turn.peer_timeout", "mstun.one_way", MSTUN_SAME_PEER },
    { "mstun.turn.peer_timeout", "mstun.unanswered", MSTUN_SAME_PEER },
    { "mstun.turn.forbidden", "mstun.turn.permission_missing", MSTUN_SAME_STREAM },
    { "mstun.turn.permission_missing", "mstun.one_way", MSTUN_SAME_STREAM },
    { "mstun.turn.permission_missing", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.turn.permission_expired", "mstun.pair.consent_lost", MSTUN_SAME_STREAM },
    { "mstun.turn.permission_expired", "mstun.one_way", MSTUN_SAME_STREAM },
    { "mstun.turn.permission_expired", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.turn.no_permission", "mstun.turn.bind_missing", MSTUN_SAME_ALLOCATION },
    /* the connection itself */
    { "mstun.ms.tls_intercepted", "mstun.connection.reset", MSTUN_SAME_STREAM },
    { "mstun.ms.dialect_mismatch", "mstun.connection.reset", MSTUN_SAME_STREAM },
    { "mstun.ms.dialect_mismatch", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.ms.tls_intercepted", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.connection.reset", "mstun.pair.consent_lost", MSTUN_SAME_STREAM },
    { "mstun.connection.reset", "mstun.pair.not_nominated", MSTUN_SAME_STREAM },
    { "mstun.connection.reset", "mstun.one_way", MSTUN_SAME_STREAM },
    { "mstun.connection.reset", "mstun.unanswered", MSTUN_SAME_STREAM },
    /* a message that its receiver cannot accept */
    { "mstun.unknown_attributes", "mstun.pair.rejected", MSTUN_SAME_STREAM },
    { "mstun.att.crc32.bad", "mstun.one_way", MSTUN_SAME_STREAM },
    { "mstun.att.crc32.bad", "mstun.unanswered", MSTUN_SAME_STREAM },
    { "mstun.integrity.bad", "mstun.auth.rejected", MSTUN_SAME_STREAM },
    { "mstun.integrity.bad", "mstun.pair.rejected", MSTUN_SAME_STREAM },
    { "mstun.integrity.bad", "mstun.one_way", MSTUN_SAME_STREAM },
    { "mstun.integrity.bad", "mstun.unanswered", MSTUN_SAME_STREAM },
    /* the pair */
    { "mstun.role_conflict", "mstun.unanswered", MSTUN_SAME_PAIR },
    { "mstun.pair.rejected", "mstun.auth.rejected", MSTUN_SAME_STREAM },
    { "mstun.pair.rejected", "mstun.unanswered", MSTUN_SAME_PAIR },
    { "mstun.pair.consent_lost", "mstun.unanswered", MSTUN_SAME_PAIR },
    { "mstun.pair.not_nominated", "mstun.unanswered", MSTUN_SAME_PAIR },
    { "mstun.one_way", "mstun.unanswered", MSTUN_SAME_PAIR },
};

const unsigned mstun_cause_count = array_length(mstun_causes);

enum { SERVER_SAYS = 1, CONNECTION, MESSAGE, PAIR_REFUSED, PAIR, SILENCE };

static const mstun_finding_t advices[] = {
    { "mstun.auth.rejected", SERVER_SAYS, false,
      "Compare the TURN user, password and realm of the client with the server's; credentials from MRAS have an end" },
    { "mstun.auth.stale_nonce_again", SERVER_SAYS, false,
      "See whether the requests reach one server: nodes behind a load balancer do not share nonces" },
    { "mstun.turn.no_tcp_relay", SERVER_SAYS, false,
      "Switch TCP relaying on at the server: on Expressway, X8.9 or newer with TCP TURN" },
    { "mstun.turn.forbidden", SERVER_SAYS, false,
      "Look at the server's rules for peers (private addresses, loopback) and at the allocation's transport" },
    { "mstun.turn.quota", SERVER_SAYS, false, "See whether old allocations are deleted, or enlarge the user's quota" },
    { "mstun.turn.no_capacity", SERVER_SAYS, false, "Enlarge the server's relay port range, or see who uses it up" },
    { "mstun.turn.allocation_mismatch", SERVER_SAYS, false,
      "Look for what ended the allocation: mstun,turn has its lifetime and its connection" },
    { "mstun.turn.allocation_expired", SERVER_SAYS, false,
      "See why the client sent no Refresh in time: was its control connection alive?" },
    { "mstun.turn.wrong_transport", SERVER_SAYS, false,
      "Let the client allocate with the REQUESTED-TRANSPORT of what it sends afterwards" },
    { "mstun.turn.connection_exists", SERVER_SAYS, false,
      "Look for the first Connect to this peer, and for two calls that use one address" },
    { "mstun.turn.peer_refused", SERVER_SAYS, false,
      "See whether the peer still listens on that address: was its candidate released, or is it another host's?" },
    { "mstun.turn.peer_timeout", SERVER_SAYS, false,
      "Capture at the server's outer interface: is its SYN to the peer answered? If not, open the firewall for TCP from "
      "the relay's port range to the peer's" },
    { "mstun.turn.bind_rejected", SERVER_SAYS, false,
      "See whether the ConnectionBind reached the server that announced the connection, within 30 s" },
    { "mstun.turn.bind_unknown_id", SERVER_SAYS, false,
      "Compare the id with those announced: is it another server's, behind a load balancer?" },
    { "mstun.turn.bind_late", SERVER_SAYS, false, "See what held the client up between the announcement and the bind" },
    { "mstun.turn.bind_again", SERVER_SAYS, false, "One announced connection is good for one bind: see who sent both" },
    { "mstun.turn.bind_missing", SERVER_SAYS, true,
      "See whether the client opens a second connection to the server's address and port, and whether a firewall allows "
      "it" },
    { "mstun.turn.permission_missing", SERVER_SAYS, false,
      "Look for a CreatePermission with this peer's address: was it sent, and was it answered?" },
    { "mstun.turn.permission_expired", SERVER_SAYS, false, "See why the client did not renew it within 300 s" },
    { "mstun.turn.no_permission", SERVER_SAYS, true, "See whether signalling gave the client the peer's candidates" },
    { "mstun.unknown_attributes", SERVER_SAYS, false,
      "The sender and the receiver speak different dialects: see which product and mode each of them has" },
    { "mstun.ms.tls_intercepted", SERVER_SAYS, false,
      "Exempt the server's address from TLS inspection, or send the client past the proxy" },
    { "mstun.ms.dialect_mismatch", SERVER_SAYS, true,
      "Compare the client's kind of TURN server (Edge or IETF TURN), address and port with what stands there" },
    { "mstun.ms.credentials_expired", SERVER_SAYS, false, "Have the client get new credentials from MRAS" },
    { "mstun.connection.reset", CONNECTION, true,
      "Capture at both ends: only if the RST leaves one of them did a program send it, else a device in between did" },
    { "mstun.turn.nothing_relayed", CONNECTION, true,
      "Capture on the leg between server and peer: does the peer know that it is to speak first?" },
    { "mstun.integrity.bad", MESSAGE, false, "Compare the password with that of the other side" },
    { "mstun.role_conflict", PAIR_REFUSED, true,
      "See which side signalling made the offerer, and why the side that got the 487 does not change its role" },
    { "mstun.pair.rejected", PAIR_REFUSED, true,
      "401 or 431: compare the ice-pwd that each side was given for the other; else read the response" },
    { "mstun.pair.consent_lost", PAIR, true, "See what happened to the silent side and its network at this time" },
    { "mstun.pair.not_nominated", PAIR, true,
      "Look at the controlling side's signalling: the network is good, its agent chose nothing" },
    { "mstun.one_way", PAIR, true,
      "Capture at the silent side: do the checks arrive? If they do, compare ice-ufrag and ice-pwd, if not, look for the "
      "firewall that lets one direction pass" },
    { "mstun.unanswered", SILENCE, true,
      "Capture at the side that is asked: does the request arrive? If it does, its program drops it (ufrag, password, "
      "dialect), if not, the network does" },
};

const mstun_finding_t *mstun_finding_of(const char *name)
{
    static const mstun_finding_t other = { "", MESSAGE, false,
                                           "Open the frame: it shows where the message is not what the RFC asks for" };

    for (size_t i = 0; i < array_length(advices); i++) {
        if (strcmp(advices[i].name, name) == 0) {
            return &advices[i];
        }
    }
    return &other;
}
