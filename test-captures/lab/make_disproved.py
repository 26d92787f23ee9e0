# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/disproved: captures of other topics, in which a finding is right, and the later frame that disproves
it: what was refused is granted, what was silent answers. Needs no network: it only reads those captures.

    python3 make_disproved.py [capture]...

labels.json says of each where it comes from ("origin") and which finding is gone ("finding"); cmake/tests/said.py looks
at both."""
import hashlib
import json
import os
import struct
import sys

import msturn
import stunmsg
from edit import CAPTURES, Edit
from stunmsg import (CHANNEL_NUMBER, CONNECTION_ID, CONTROLLED, CONTROLLING, DATA, FINGERPRINT, INTEGRITY, LIFETIME,
                     MAPPED, NONCE, PEER, REALM, RELAYED, TRANSPORT, USE_CANDIDATE, USERNAME, channel_data, framed,
                     long_term_key, message, parse, read_xor_address, xor_address)

TOPIC = "disproved"
CLIENT, SERVER = Edit.CLIENT, Edit.SERVER

BINDING, ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND = 0x0001, 0x0003, 0x0004, 0x0008, 0x0009
CONNECT, CONNECTION_BIND, CONNECTION_ATTEMPT, DATA_INDICATION = 0x000A, 0x000B, 0x001C, 0x0017
SUCCESS, ERROR = 0x0100, 0x0110

KEY = long_term_key("lab", "example.org", "secret")
OTHERS_KEY = long_term_key("other", "example.org", "hidden")
LEFT_END, RIGHT_END = b"lab-password-of-the-left-end", b"lab-password-of-the-right-end"
HTTP = b"HTTP/1.0 204 No Content\r\n\r\n"
TCP, UDP = (TRANSPORT, bytes((6, 0, 0, 0))), (TRANSPORT, bytes((17, 0, 0, 0)))


def number(value):
    return struct.pack(">I", value)


class Story:
    """One capture that is edited, and the messages of those who speak in it."""

    def __init__(self, name, origin):
        self.edit, self.name, self.ids = Edit(origin), name, 0

    def new_id(self):
        self.ids += 1
        return hashlib.sha256(f"{self.name} {self.ids}".encode()).digest()[:12]

    def repeat(self, frame, change=(), leave_out=(), key=KEY, of=None):
        """The request in that frame once more, under a new id: with other values, or more attributes. of: its bytes, if
        the frame has more than them."""
        kind, _, attributes = parse(self.edit.message(frame) if of is None else of)
        wanted = {**attributes, **dict(change)}
        return message(kind, self.new_id(), [(t, v) for t, v in wanted.items()
                                             if t not in (INTEGRITY, FINGERPRINT, *leave_out)],
                       key, FINGERPRINT in attributes)

    def signed(self, kind, frame, *attributes):
        """A request with the credentials that are in the request of that frame."""
        given = parse(self.edit.message(frame))[2]
        return message(kind, self.new_id(), [*attributes, *((t, given[t]) for t in (USERNAME, REALM, NONCE))], KEY)

    def nonce(self, frame):
        return NONCE, parse(self.edit.message(frame))[2][NONCE]

    def granted(self, after, request, *attributes, key=KEY, pause=None):
        """The client asks, behind that frame, and the server grants it; returns the last frame."""
        asked = self.edit.send(after, CLIENT, request, pause)
        return self.edit.send(asked, SERVER, success(request, *attributes, key=key))

    def allocated(self, after, request, port, lifetime=600):
        """As granted, an Allocate."""
        frame = self.edit.frame(after)
        tid, client = request[8:20], self.edit.client_of(frame)
        server = ({frame.source, frame.destination} - {client}).pop()
        return self.granted(after, request, (RELAYED, xor_address(server[0], port, tid)),
                            (MAPPED, xor_address(*client, tid)), (LIFETIME, number(lifetime)))

    def connected(self, after, request, connection_id):
        return self.granted(after, request, (CONNECTION_ID, number(connection_id)))

    def check(self, after, who, request, mapped):
        """An ICE check and the answer to it, in frames of RFC 4571."""
        asked = self.edit.send(after, who, framed(request))
        return self.edit.send(asked, SERVER if who == CLIENT else CLIENT, answer_to_check(request, mapped))


def success(request, *attributes, key=KEY):
    kind, tid, _ = parse(request)
    return message(kind | SUCCESS, tid, attributes, key)


def answer_to_check(request, mapped, password=RIGHT_END):
    """By the end whose password that is."""
    tid = request[8:20]
    return framed(message(BINDING | SUCCESS, tid, [(MAPPED, xor_address(*mapped, tid))], password, True))


# ---- requests, challenges, refusals ----------------------------------------------------------------------------

def signed_at_last(s):
    credentials = [(USERNAME, b"lab"), (REALM, b"example.org"), s.nonce(15)]
    s.allocated(16, message(ALLOCATE, s.new_id(), [UDP, *credentials], KEY), 50099)


def right_password(s):
    s.allocated(11, s.repeat(10), 50099)


def right_user(s):
    s.granted(13, s.repeat(12, [(USERNAME, b"lab")]), (LIFETIME, number(600)))


def new_nonce(s):
    s.granted(19, s.repeat(18, [s.nonce(19)]), (LIFETIME, number(600)))


def nonce_taken(s):
    s.allocated(7, s.repeat(4, [s.nonce(6)]), 50099)


def other_channel(s):
    """The client takes another number for its peer, as RFC 8656 section 12.1 has it choose."""
    s.granted(13, s.repeat(12, [(CHANNEL_NUMBER, bytes((0x40, 0, 0, 0)))]))


def free_channel(s):
    s.granted(15, s.repeat(14, [(CHANNEL_NUMBER, bytes((0x40, 2, 0, 0)))]))


def without_unknown(s):
    s.connected(13, s.repeat(12, leave_out=(0x7777, 0x7778)), 0x0A0B0C00)


def quota_freed(s):
    s.allocated(18, s.repeat(17), 50099)


def port_freed(s):
    s.allocated(27, s.repeat(26), 50202)


def tcp_switched_on(s):
    s.allocated(9, s.repeat(8), 50099)


def allocated_after_delete(s):
    s.allocated(15, s.repeat(12), 50155)


def policy_changed(s):
    s.connected(11, s.repeat(10), 0x0A0B0C00)


def peer_listens(s):
    s.connected(15, s.repeat(12), 0x0A0B0C00)


def peer_answers(s):
    s.connected(14, s.repeat(12), 0x0A0B0C00)


def original_connect_succeeds(s):
    """The server was still working on the first copy of the request."""
    s.edit.send(17, SERVER, success(s.edit.message(12), (CONNECTION_ID, number(0x0A0B0C00))))


def answered_late(s):
    s.edit.send(50, SERVER, success(s.edit.message(43), (LIFETIME, number(0))), pause=0.5)


def redirection_followed(s):
    last = s.edit.open(9, ("192.0.2.10", 35193), ("192.0.2.99", 3478), pause=0.01)
    s.allocated(last, message(ALLOCATE, s.new_id(), [TCP]), 50099)


# ---- how connections end ---------------------------------------------------------------------------------------

def challenged(s):
    request = s.edit.message(4)
    s.edit.send(5, SERVER, message(ALLOCATE | ERROR, request[8:20], [
        (stunmsg.ERROR_CODE, stunmsg.error_code(401, "Unauthorized")), (NONCE, b"0123456789abcdef"),
        (REALM, b"example.org")]))


def answered_before_reset(s):
    s.edit.send(25, CLIENT, answer_to_check(s.edit.message(25)[2:], ("192.0.2.1", 3478), LEFT_END))


def deleted_before_kill(s):
    s.granted(13, s.signed(REFRESH, 12, (LIFETIME, number(0))), (LIFETIME, number(0)), pause=0.0006)


def refreshed(s):
    s.granted(12, s.signed(REFRESH, 10, (LIFETIME, number(600))), (LIFETIME, number(600)), pause=3)


def answered_by_edge(s):
    request = s.edit.message(4)
    s.edit.send(5, SERVER, msturn.message(msturn.REFUSED, request[4:20], [
        (msturn.ERROR_CODE, stunmsg.error_code(401, msturn.REASON_401)), (msturn.REALM, msturn.LAB_REALM),
        (msturn.NONCE, bytes(range(20)))]))


# ---- TURN: permissions, channels, data connections -------------------------------------------------------------

def data_from_peer(s):
    """The peer's answer to a check comes through the relay: it has a permission there."""
    sent = parse(s.edit.message(16))[2]
    answer = answer_to_check(sent[DATA], ("192.0.2.1", 50069))[2:]
    s.edit.send(17, SERVER, message(DATA_INDICATION, s.new_id(), [(PEER, sent[PEER]), (DATA, answer)]))


def permitted_late(s):
    peer = parse(s.edit.message(10))[2][PEER]
    s.granted(11, s.signed(CREATE_PERMISSION, 8, (PEER, peer)))


def data_though_expired(s):
    peer = parse(s.edit.message(14))[2][PEER]
    s.edit.send(14, SERVER, message(DATA_INDICATION, s.new_id(), [(PEER, peer), (DATA, b"still here")]))


def channel_from_server(s):
    """RTP of the peer's, on the channel whose binding nobody saw."""
    s.edit.send(21, SERVER, channel_data(0x4005, struct.pack(">BBHII", 0x80, 111, 7, 160, 0x1234) + bytes(30)))


def channel_though_expired(s):
    rtp = s.edit.message(26)[4:]
    s.edit.send(26, SERVER, channel_data(0x4001, rtp[:8] + number(0x55667788) + rtp[12:]))


def bound_after_all(s):
    """In time, and HTTP through it."""
    last = s.edit.open(39, ("192.0.2.10", 44605), ("192.0.2.1", 3478), pause=1)
    request = s.signed(CONNECTION_BIND, 37, (CONNECTION_ID, number(0xC77AF700)))
    bound = s.granted(last, request)
    asked = s.edit.send(bound, CLIENT, b"GET /status HTTP/1.0\r\n\r\n")
    s.edit.send(asked, SERVER, HTTP)


def announced_after_all(s):
    """The announcement is in the capture, which has it behind the bind: two interfaces, or a segment sent again."""
    bind = parse(s.edit.message(17))[2]
    tid = s.new_id()
    s.edit.send(13, SERVER, message(CONNECTION_ATTEMPT, tid, [
        (CONNECTION_ID, bind[CONNECTION_ID]), (PEER, xor_address("198.51.100.20", 50050, tid))]), pause=0.00023)


def announced_where_bytes_are_missing(s):
    """The server announces a connection before the bind, and another one behind it: the capture has only the second, in
    front of which bytes are missing."""
    sent = []
    for i in (0, 1):
        tid = s.new_id()
        sent.append(s.edit.send(13, SERVER, message(CONNECTION_ATTEMPT, tid, [
            (CONNECTION_ID, number(i)), (PEER, xor_address("198.51.100.20", 50050, tid))]), pause=(0.0001, 0.0003)[i]))
    s.edit.lose(sent[0])


def bound_late_all_the_same(s):
    s.edit.send(18, SERVER, success(s.edit.message(17)))
    s.edit.send(18, SERVER, HTTP, pause=0.0002)


def bound_again(s):
    """The server takes an id twice; HTTP comes through the first connection."""
    s.edit.send(20, SERVER, HTTP)
    s.edit.send(25, SERVER, success(s.edit.message(24)))


def bound_without_announcement(s):
    s.edit.send(18, SERVER, success(s.edit.message(17)))


def bound_by_other_user(s):
    s.edit.send(29, SERVER, success(s.edit.message(28), key=OTHERS_KEY))
    s.edit.send(29, SERVER, HTTP, pause=0.00007)


def relayed_at_last(s):
    s.edit.send(22, SERVER, HTTP, pause=0.5)


def invited_later(s):
    """The peer tries again, with a permission."""
    tid = s.new_id()
    peer = xor_address("198.51.100.20", 0, tid)
    last = s.granted(14, s.signed(CREATE_PERMISSION, 8, (PEER, peer)))
    s.edit.send(last, SERVER, message(CONNECTION_ATTEMPT, tid, [
        (CONNECTION_ID, number(0x0A0B0C00)), (PEER, xor_address("198.51.100.20", 34305, tid))]))


# ---- ICE -------------------------------------------------------------------------------------------------------

def answered_check(s):
    s.edit.send(16, SERVER, answer_to_check(s.edit.message(14)[2:], ("192.0.2.10", 42004)))


def success_after_errors(s):
    s.check(26, CLIENT, s.repeat(19, key=RIGHT_END, of=s.edit.message(19)[2:]), ("192.0.2.10", 42005))


def nominated(s):
    check = s.repeat(28, [(USE_CANDIDATE, b"")], key=RIGHT_END, of=s.edit.message(28)[2:])
    s.check(34, CLIENT, check, ("192.0.2.10", 42004))


def consent_again(s):
    s.edit.send(76, SERVER, answer_to_check(s.edit.message(75)[2:], ("192.0.2.1", 50050)))


def role_changed(s):
    check = s.edit.message(27)[2:]
    breaker = parse(check)[2][CONTROLLING]
    s.check(33, CLIENT, s.repeat(27, [(CONTROLLED, breaker)], (CONTROLLING, USE_CANDIDATE), RIGHT_END, of=check),
            ("192.0.2.10", 42002))


# name: (origin, finding that is gone, what is edited, why it is gone, what comes first now or None, what is said)
CASES = {
    "auth-no-credentials": ("tcp-turn/no-credentials", "mstun.auth.no_credentials", signed_at_last,
                            "after four challenges the client signs its Allocate, and gets its allocation", None),
    "auth-rejected": ("rfc6062/wrong-password", "mstun.auth.rejected", right_password,
                      "after two tries with a wrong password the client has the right one", None),
    "auth-other-user": ("rfc6062/wrong-credentials", "mstun.auth.rejected", right_user,
                        "after another user's Refresh (441) that of the allocation's owner has success", None),
    "auth-stale-nonce-again": ("rfc6062/stale-nonce-again", "mstun.auth.stale_nonce_again", new_nonce,
                               "after three 438 the client takes the new nonce, and its Refresh has success", None),
    "auth-not-repeated": ("tcp-turn/unknown-nonce", "mstun.auth.not_repeated", nonce_taken,
                          "the client does repeat its request with the new nonce", None),
    "refused-channel-number": ("tcp-turn/channel-bad-number", "mstun.refused", other_channel,
                               "after 400 to a number that is no channel's the client binds another one", None),
    "refused-channel-taken": ("tcp-turn/channel-other-peer", "mstun.refused", free_channel,
                              "after 400 to a channel that another peer has the client binds a free one", None),
    "unknown-attributes": ("rfc6062/unknown-attributes", "mstun.unknown_attributes", without_unknown,
                           "after 420 the client leaves the unknown attributes out, and its Connect has success", None),
    "turn-quota": ("rfc6062/quota", "mstun.turn.quota", quota_freed,
                   "after 486 the client asks again and gets its allocation", None),
    "turn-no-capacity": ("rfc6062/no-capacity", "mstun.turn.no_capacity", port_freed,
                         "after 508 the client asks again and gets its allocation", None),
    "turn-no-tcp-relay": ("rfc6062/no-tcp-relay", "mstun.turn.no_tcp_relay", tcp_switched_on,
                          "after 442 the client asks for a TCP relay again and gets it", None),
    "turn-allocation-mismatch": ("tcp-turn/second-allocation", "mstun.turn.allocation_mismatch", allocated_after_delete,
                                 "after 437 the client deletes its old allocation, and Allocate has success", None),
    "turn-forbidden": ("tcp-turn/connect-forbidden", "mstun.turn.forbidden", policy_changed,
                       "after 403 the same Connect has success", None),
    "turn-peer-refused": ("rfc6062/peer-refused", "mstun.turn.peer_refused", peer_listens,
                          "after 447 the peer listens, and Connect has success", None),
    "turn-peer-timeout": ("rfc6062/peer-timeout", "mstun.turn.peer_timeout", peer_answers,
                          "after 447 the peer answers, and Connect has success", None),
    "turn-connection-exists": ("tcp-turn/connect-repeated", "mstun.turn.connection_exists", original_connect_succeeds,
                               "the repetition of Connect gets 446, and then its first copy has success", None),
    "turn-redirect-failed": ("rfc6062/alternate-server", "mstun.turn.redirect_failed", redirection_followed,
                             "the client does go to the alternate server, and is served there", None),
    "unanswered": ("aioice/frozen-server", "mstun.unanswered", answered_late,
                   "the server answers the Refresh after all, before the client gives up: what is left is its silence "
                   "to the checks before", "mstun.pair.consent_lost"),
    "closed-without-response": ("uclient/closes", "mstun.closed_without_response", challenged,
                                "the server does answer, with a challenge, before it closes",
                                "mstun.auth.no_credentials"),
    "connection-reset": ("pairs/relay-reset", "mstun.connection.reset", answered_before_reset,
                         "the check is answered before the connection is reset", None),
    "turn-control-closed": ("tcp-turn/killed", "mstun.turn.control_closed", deleted_before_kill,
                            "the client deletes its allocation before the server resets the control connection", None),
    "turn-allocation-expired": ("tcp-turn/expired", "mstun.turn.allocation_expired", refreshed,
                                "the allocation is refreshed in time, for 600 s, and the server resets it all the same",
                                "mstun.turn.control_closed"),
    "ms-dialect-mismatch": ("ms-turn/dialect-mismatch-unframed-ms-to-ms", "mstun.ms.dialect_mismatch", answered_by_edge,
                            "the Edge answers MS-TURN without framing, with a challenge", "mstun.auth.no_credentials"),
    "turn-permission-missing": ("pairs/relay-no-permission", "mstun.turn.permission_missing", data_from_peer,
                                "the peer's answer comes through the relay, so it has a permission; it makes no checks",
                                "mstun.one_way"),
    "turn-permission-late": ("rfc6062/permission-missing-udp", "mstun.turn.permission_missing", permitted_late,
                             "the permission is created right behind the data that needs it", None),
    "turn-permission-expired": ("rfc6062/permission-expired-made", "mstun.turn.permission_expired", data_though_expired,
                                "data of the peer comes through the relay, so its permission has not expired", None),
    "turn-channel-unbound": ("tcp-turn/channel-unbound", "mstun.turn.channel_unbound", channel_from_server,
                             "the server sends data on the channel, so it is bound", None),
    "turn-channel-expired": ("reported/channel-expired", "mstun.turn.channel_expired", channel_though_expired,
                             "the server sends data on the channel, so its binding has not expired", None),
    "turn-bind-missing": ("pairs/relay-bind-never", "mstun.turn.bind_missing", bound_after_all,
                          "the announced connection is bound a second later", None),
    "turn-bind-unknown-id": ("rfc6062/bind-unknown-id", "mstun.turn.bind_unknown_id", announced_after_all,
                             "the server did announce the id, in a segment that was captured behind the bind",
                             "mstun.closed_without_response"),
    "turn-bind-gap": ("rfc6062/bind-unknown-id", "mstun.turn.bind_unknown_id", announced_where_bytes_are_missing,
                      "bytes of the server's are missing before the bind, which may have announced the id",
                      "mstun.closed_without_response"),
    "turn-bind-late": ("tcp-turn/bind-late", "mstun.turn.bind_late", bound_late_all_the_same,
                       "the server accepts the ConnectionBind after 34 s", None),
    "turn-bind-again": ("rfc6062/bind-twice", "mstun.turn.bind_again", bound_again,
                        "the server accepts the second ConnectionBind with one id", None),
    "turn-bind-unannounced": ("rfc6062/bind-unknown-id", "mstun.turn.bind_unknown_id", bound_without_announcement,
                              "the server accepts the id, so it has announced it", None),
    "turn-bind-other-user": ("tcp-turn/bind-other-user", "mstun.turn.bind_other_user", bound_by_other_user,
                             "the server accepts another user's ConnectionBind", None),
    "turn-nothing-relayed": ("rfc6062/nothing-relayed", "mstun.turn.nothing_relayed", relayed_at_last,
                             "HTTP comes through the data connection after half a second", None),
    "turn-peer-without-permission": ("tcp-turn/uninvited", "mstun.turn.peer_without_permission", invited_later,
                                     "the peer gets a permission, and connects", None),
    "ice-one-way": ("pairs/host-password-dropped", "mstun.one_way", answered_check,
                    "the last check is answered, so both directions work", None),
    "ice-rejected": ("pairs/host-refused", "mstun.pair.rejected", success_after_errors,
                     "after three errors a check has success", None),
    "ice-not-nominated": ("pairs/host-never-nominated", "mstun.pair.not_nominated", nominated,
                          "the pair is nominated with its last check", None),
    "ice-consent-lost": ("pairs/relay-consent-lost", "mstun.pair.consent_lost", consent_again,
                         "the last consent check is answered", None),
    "ice-role-conflict": ("pairs/host-conflict-unresolved", "mstun.role_conflict", role_changed,
                          "after 487 the left end changes its role, and its check has success", None),
}


def make(name):
    origin, _, change, _, _ = CASES[name]
    story = Story(name, origin)
    change(story)
    story.edit.write(TOPIC, name)


def label(name):
    origin, finding, _, cause, first = CASES[name]
    words = {"with_passwords": PASSWORDS[name]} if name in PASSWORDS else {}
    words |= {"credentials": SWAPPED} if name == "ice-not-nominated" else {}
    return {"healthy": first is None, "cause": cause, "origin": origin, "finding": finding, "expected_finding": first,
            "says": SAYS.get(name, ["^no findings$"] if first is None else []),
            "never": [finding.replace(".", r"\.") + r"\b(?!\.)"], **words}


# What who knows the passwords must be told; of one capture, who took each end's password for the other's.
SWAPPED = [f'"ufrag","{ufrag}","","text","{password.decode()}",""'
           for ufrag, password in (("LfLg", RIGHT_END), ("RfRg", LEFT_END))]
PASSWORDS = {"auth-rejected": [r"^note +mstun\.integrity\.bad"],
             "turn-bind-other-user": [r"look at the password that 192\.0\.2\.1, which answers"],
             "ice-not-nominated": ["What happened: .*this check is signed with its sender's own ice-pwd",
                                   "this response is signed with the requester's password"]}

# What must be said now: where something is left to say, that.
SAYS = {
    "unanswered": [r"3 checks .*to 198\.51\.100\.20:56417.*no response"],
    "turn-permission-missing": [r"198\.51\.100\.20:52558 sends no checks"],
    "turn-bind-unknown-id": [r"without answering"],
    "ms-dialect-mismatch": [r"never answers the challenge"],
    "turn-allocation-expired": [r"reset the control connection of a living allocation"],
    "closed-without-response": [r"never answers the challenge"],
}


def main(names):
    os.makedirs(os.path.join(CAPTURES, TOPIC), exist_ok=True)
    for name in names or CASES:
        make(name)
    with open(os.path.join(CAPTURES, TOPIC, "labels.json"), "w", encoding="utf-8") as f:
        f.write(json.dumps({name: label(name) for name in sorted(CASES)}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
