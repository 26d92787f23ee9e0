# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/rfc6062, what coturn cannot be brought to: written by a script, or cut out of what coturn did."""
import itertools
import json
import struct

import lab
from make_tcp import ice, tid
from stunmsg import (CONNECTION_ID, CONTROLLED, CONTROLLING, DATA, ERROR_CODE, LIFETIME, MAPPED, NONCE, PEER, PRIORITY,
                     REALM, RELAYED, TRANSPORT, USE_CANDIDATE, USERNAME, error_code, framed, long_term_key, message,
                     xor_address)
from tcpscript import Message, Script

TOPIC = "rfc6062"
KEY = long_term_key("lab", "example.org", "secret")
AUTH = [(USERNAME, b"lab"), (REALM, b"example.org"), (NONCE, b"0123456789abcdef")]
TCP, UDP = (TRANSPORT, b"\x06\0\0\0"), (TRANSPORT, b"\x11\0\0\0")
LEFT, RIGHT = b"lab-password-of-the-left-end", b"lab-password-of-the-right-end"
OTHER_SERVER, OTHER_PEER = "192.0.2.2", "198.51.100.21"


class Made:
    """A capture in the making: connections that share its clock, and the facts for its truth."""

    def __init__(self):
        self.frames, self.scripts = [], []
        self.allocations, self.connections, self.others = [], [], []
        self.ids = itertools.count(600)
        self.pause = 0.0

    def wait(self, seconds):
        self.pause += seconds

    def now(self, script):
        """Sets the script's clock behind the last frame."""
        if self.frames:
            script.time = self.frames[-1][0] + script.step + self.pause
        self.pause = 0.0
        return script

    def tcp(self, client, server):
        n = len(self.scripts)
        script = Script(client, server, isn=(1000 + 9000 * n, 700000 + 9000 * n), frames=self.frames)
        self.scripts.append(script)
        self.now(script).open()
        return script

    def send(self, script, d, *messages, sizes=None):
        self.now(script).send(d, list(messages), sizes)

    def close(self, script):
        self.now(script).close()

    def write(self, name, what, cause="healthy", **facts):
        self.scripts[0].write(TOPIC, name, what, self.scripts, cause=cause, allocations=self.allocations,
                              connections=self.connections, other_frames=self.others, **facts)


def stun(n, kind, attributes=(), signed=True):
    m = message(kind, tid(n), attributes, KEY if signed else None)
    return Message(m, m)


class Turn:
    """The control connection of a client, and its allocation."""

    def __init__(self, made, client, server=lab.SERVER, transport=TCP, relay_port=50001, lifetime=600):
        self.made, self.client, self.server = made, client, f"{server}:3478"
        self.relay = f"{server}:{relay_port}"
        self.control = made.tcp(client, self.server)
        n = next(made.ids)
        self.request(n, 0x0003, [transport], signed=False)
        self.answer(n, 0x0113, [(ERROR_CODE, error_code(401, "Unauthorized")), *AUTH[1:]], signed=False)
        host, port = client.rsplit(":", 1)
        n = next(made.ids)
        self.request(n, 0x0003, [transport])
        self.answer(n, 0x0103, [(RELAYED, xor_address(server, relay_port, tid(n))),
                                (MAPPED, xor_address(host, int(port), tid(n))),
                                (LIFETIME, struct.pack(">I", lifetime))])
        made.allocations.append({"control": client, "server": self.server, "relay": self.relay})

    def request(self, n, kind, attributes, signed=True):
        self.made.send(self.control, "c2s", stun(n, kind, [*attributes, *(AUTH if signed else ())], signed))

    def answer(self, n, kind, attributes=(), signed=True):
        self.made.send(self.control, "s2c", stun(n, kind, attributes, signed))

    def permit(self, peer, port=0):
        n = next(self.made.ids)
        self.request(n, 0x0008, [(PEER, xor_address(peer, port, tid(n)))])
        self.answer(n, 0x0108)

    def refresh(self, seconds=600):
        n = next(self.made.ids)
        self.request(n, 0x0004, [(LIFETIME, struct.pack(">I", seconds))])
        self.answer(n, 0x0104, [(LIFETIME, struct.pack(">I", seconds))])

    def indicate(self, d, kind, peer, port, data):
        n = next(self.made.ids)
        m = stun(n, kind, [(PEER, xor_address(peer, port, tid(n))), (DATA, data)], signed=False)
        self.made.send(self.control, d, m)

    def connect(self, peer, port, cid):
        """Returns the connection's place in the truth."""
        n = next(self.made.ids)
        self.request(n, 0x000A, [(PEER, xor_address(peer, port, tid(n)))])
        self.answer(n, 0x010A, [(CONNECTION_ID, struct.pack(">I", cid))])
        return self.announced("Connect success", peer, port, cid)

    def attempt(self, peer, port, cid):
        n = next(self.made.ids)
        self.answer(n, 0x001C, [(CONNECTION_ID, struct.pack(">I", cid)), (PEER, xor_address(peer, port, tid(n)))])
        return self.announced("ConnectionAttempt", peer, port, cid)

    def announced(self, how, peer, port, cid):
        self.made.connections.append({"id": f"0x{cid:08x}", "peer": f"{peer}:{port}", "announced": how,
                                      "control": self.client, "server": self.server, "relay": self.relay})
        return self.made.connections[-1]

    def bind(self, connection, client, *behind):
        """A data connection; behind: more messages in the segment of the success."""
        data, n = self.made.tcp(client, self.server), next(self.made.ids)
        self.made.send(data, "c2s", stun(n, 0x000B, [(CONNECTION_ID, bytes.fromhex(connection["id"][2:])), *AUTH]))
        self.made.send(data, "s2c", stun(n, 0x010B), *behind)
        connection.update(data=client, bind="success")
        return data


def request(n, from_client=True, use=False):
    """A check in an RFC 4571 frame."""
    user, pwd = (b"RfRg:LfLg", RIGHT) if from_client else (b"LfLg:RfRg", LEFT)
    role = (CONTROLLING, bytes(7) + b"\x09") if from_client else (CONTROLLED, bytes(7) + b"\x07")
    nominated = [(USE_CANDIDATE, b"")] if use else []
    return ice(n, 0x0001, [(USERNAME, user), (PRIORITY, struct.pack(">I", 1862270975)), *nominated, role], pwd)


def response(n, from_client=False):
    return ice(n, 0x0101, [(MAPPED, xor_address(lab.SERVER, 50001, tid(n)))], LEFT if from_client else RIGHT)


def check(made, data, n):
    """One each way, both answered."""
    made.send(data, "c2s", request(n))
    made.send(data, "s2c", response(n))
    made.send(data, "s2c", request(n + 1, False))
    made.send(data, "c2s", response(n + 1, True))


def rtp(made, d, seq, size=60):
    packet = struct.pack(">BBHII", 0x80, 0x7F, seq, 160 * seq, 0x0A0B0C0D) + bytes((seq + i) & 255 for i in range(size))
    made.others.append([d, "rtp", len(packet)])
    return Message(framed(packet))


def end(made, *scripts):
    for script in scripts:
        made.close(script)


# ---- permissions of a UDP allocation ------------------------------------------------------------

def permission_expired(name):
    made = Made()
    turn = Turn(made, f"{lab.CLIENT}:48000", transport=UDP)
    turn.permit(lab.PEER)
    turn.indicate("c2s", 0x0016, lab.PEER, 5000, b"in time")
    turn.indicate("s2c", 0x0017, lab.PEER, 5000, b"got it")
    made.wait(200)
    turn.refresh()
    made.wait(110)
    turn.indicate("c2s", 0x0016, lab.PEER, 5000, b"too late")
    made.wait(1)
    turn.permit(lab.PEER)
    turn.indicate("c2s", 0x0016, lab.PEER, 5000, b"allowed again")
    turn.indicate("s2c", 0x0017, lab.PEER, 5000, b"got it")
    end(made, turn.control)
    made.write(name, "a Send 310 s after the peer's permission, which lasts for 300 s; then a new permission",
               "permission over, the client goes on sending")


def permission_missing_send(name):
    made = Made()
    turn = Turn(made, f"{lab.CLIENT}:48000", transport=UDP)
    turn.permit(lab.PEER)
    turn.indicate("c2s", 0x0016, lab.PEER, 5000, b"allowed")
    turn.indicate("s2c", 0x0017, lab.PEER, 5000, b"got it")
    turn.indicate("c2s", 0x0016, OTHER_PEER, 5000, b"never allowed")
    made.wait(1)
    turn.refresh()
    end(made, turn.control)
    made.write(name, f"Send to {OTHER_PEER}, permission only for {lab.PEER}", "no permission for the peer of a Send")


# ---- what begins a data connection --------------------------------------------------------------

def bound(made, *behind):
    turn = Turn(made, f"{lab.CLIENT}:48000")
    turn.permit(lab.PEER)
    connection = turn.connect(lab.PEER, 50050, 0x11223344)
    return turn, turn.bind(connection, f"{lab.CLIENT}:48001", *behind)


def half_header(name):
    """In the client's direction a segment of one byte, in the peer's the byte that the bind's success brought."""
    made = Made()
    first = request(11, False)
    turn, data = bound(made, Message(first.wire[:1]))
    rest = Message(first.wire[1:], *first.stun)
    made.send(data, "s2c", rest)
    made.send(data, "c2s", response(11, True), sizes=[1, 200])
    check(made, data, 12)
    made.send(data, "c2s", rtp(made, "c2s", 1), sizes=[2, 200])
    made.send(data, "s2c", rtp(made, "s2c", 2), sizes=[1, 200])
    end(made, data, turn.control)
    made.write(name, "relayed bytes that begin with half an RFC 4571 length in a segment")


def media_first(name, sizes=None):
    """RTP before any STUN."""
    made = Made()
    turn, data = bound(made)
    for seq in (1, 2, 3):
        made.send(data, "c2s", rtp(made, "c2s", seq), sizes=sizes)
        made.send(data, "s2c", rtp(made, "s2c", 10 + seq), sizes=sizes)
    check(made, data, 14)
    made.send(data, "c2s", rtp(made, "c2s", 4), sizes=sizes)
    end(made, data, turn.control)
    made.write(name, "a data connection that begins with RTP in RFC 4571 frames"
               + (f", in segments of {sizes[0]} bytes" if sizes else ""))


def early_peer(name):
    """The peer's first check is on its leg before the server has told the client of the peer."""
    made = Made()
    turn = Turn(made, f"{lab.CLIENT}:48000")
    turn.permit(lab.PEER)
    leg = made.tcp(f"{lab.PEER}:50051", turn.relay)
    made.send(leg, "c2s", request(14, False))
    data = turn.bind(turn.attempt(lab.PEER, 50051, 0x11223344), f"{lab.CLIENT}:48001", request(14, False))
    made.send(data, "c2s", response(14, True))
    made.send(leg, "s2c", response(14, True))
    for n in (15, 16):
        made.send(data, "c2s", request(n))
        made.send(leg, "s2c", request(n))
        made.send(leg, "c2s", response(n))
        made.send(data, "s2c", response(n))
    end(made, data, leg, turn.control)
    made.write(name, "with the leg between peer and relay, where the peer speaks before the ConnectionAttempt")


def repeat(name):
    """A client that sends its check a second time over TCP, and the server passes both on."""
    made = Made()
    turn = Turn(made, f"{lab.CLIENT}:48000")
    turn.permit(lab.PEER)
    leg = made.tcp(turn.relay, f"{lab.PEER}:50050")
    data = turn.bind(turn.connect(lab.PEER, 50050, 0x11223344), f"{lab.CLIENT}:48001")
    for _ in range(2):
        made.send(data, "c2s", request(14))
        made.send(leg, "c2s", request(14))
        made.wait(0.5)
    made.send(leg, "s2c", response(14))
    made.send(data, "s2c", response(14))
    end(made, data, leg, turn.control)
    made.write(name, "with the leg between relay and peer: a check is sent twice, byte for byte",
               repeated=[tid(14).hex()])


def same_id(name):
    """Two servers give one client the same id, and one of them gives it again later."""
    made = Made()
    here, there = Turn(made, f"{lab.CLIENT}:48000"), Turn(made, f"{lab.CLIENT}:48010", OTHER_SERVER, relay_port=50002)
    here.permit(lab.PEER)
    there.permit(OTHER_PEER)
    first, second = here.connect(lab.PEER, 50050, 7), there.connect(OTHER_PEER, 50060, 7)
    # bound in the other order
    other_data = there.bind(second, f"{lab.CLIENT}:48011")
    data = here.bind(first, f"{lab.CLIENT}:48001")
    check(made, data, 14)
    check(made, other_data, 16)
    made.send(data, "c2s", rtp(made, "c2s", 1))
    made.send(other_data, "c2s", rtp(made, "c2s", 2))
    end(made, data)
    third = here.connect(OTHER_PEER, 50070, 7)
    again = here.bind(third, f"{lab.CLIENT}:48002")
    check(made, again, 18)
    made.send(other_data, "s2c", rtp(made, "s2c", 3))
    made.send(again, "s2c", rtp(made, "s2c", 4))
    end(made, again, other_data, here.control, there.control)
    made.write(name, "two servers give the same CONNECTION-ID to one client, and one of them gives it twice")


# ---- errors that the RFCs ask for; coturn resets the connection instead -------------------------

def bind_rejected(name):
    made = Made()
    turn = Turn(made, f"{lab.CLIENT}:48000")
    turn.connect(lab.PEER, 50050, 0x11223344)
    data, n, cid = made.tcp(f"{lab.CLIENT}:48001", turn.server), next(made.ids), 0x11223345
    made.send(data, "c2s", stun(n, 0x000B, [(CONNECTION_ID, struct.pack(">I", cid)), *AUTH]))
    made.send(data, "s2c", stun(n, 0x011B, [(ERROR_CODE, error_code(400, "Bad Request"))]))
    made.connections.append({"id": f"0x{cid:08x}", "announced": "never"})
    end(made, data, turn.control)
    made.write(name, "ConnectionBind with an id the server never gave, answered with 400",
               "ConnectionBind refused: an id the server never gave")


def allocation_expired(name):
    made = Made()
    turn = Turn(made, f"{lab.CLIENT}:48000")
    made.wait(700)
    n = next(made.ids)
    turn.request(n, 0x0008, [(PEER, xor_address(lab.PEER, 0, tid(n)))])
    turn.answer(n, 0x0118, [(ERROR_CODE, error_code(437, "Allocation Mismatch"))])
    end(made, turn.control)
    made.write(name, "the client goes on 700 s after an allocation of 600 s, without Refresh, answered with 437",
               "lifetime over, the client goes on")


# ---- captures that began too late ---------------------------------------------------------------

def part(name, source, what, keep):
    """A capture without the frames for which keep(is control, number of the bind's success, number) is false."""
    truth = json.loads(open(lab.path(TOPIC, source + ".truth.json"), encoding="utf-8").read())
    control = {int(a["control"].rsplit(":", 1)[1]) for a in truth["allocations"]}
    bind = next(m["frame"] for m in truth["messages"] if m["type"] == "0x010b")
    frames, number = [], {}
    for old, frame in enumerate(lab.read_capture(TOPIC, source), 1):
        ports = struct.unpack(">HH", frame[2][34:38])       # Ethernet, IPv4 without options
        if keep(bool(control & set(ports)), bind, old):
            frames.append(frame)
            number[old] = len(frames)
    lab.write_pcapng(lab.path(TOPIC, name + ".pcapng"), frames)
    msgs = [dict(m, frame=number[m["frame"]]) for m in truth["messages"] if m["frame"] in number]
    left = ("data", "carries") + (("id", "bind") if bind in number else ())
    connections = [{"server": truth["allocations"][0]["server"], "announced": "not captured",
                    **{key: c[key] for key in left if key in c}} for c in truth["connections"]]
    lab.write_truth(TOPIC, name, msgs, f"the truth of {source}", what=what, cause="healthy", allocations=[],
                    connections=connections, other_frames=truth["other_frames"])
    print(f"{TOPIC}/{name}.pcapng: {len(frames)} frames, {len(msgs)} messages")


def without_control(is_control, _, __):
    return not is_control


def behind_bind(is_control, bind, number):
    return not is_control and number > bind


MADE = {
    "permission-expired-made": permission_expired,
    "permission-missing-made": permission_missing_send,
    "half-header-made": half_header,
    "media-first-made": media_first,
    "media-split-made": lambda n: media_first(n, [30, 100]),
    "early-peer-made": early_peer,
    "repeat-made": repeat,
    "same-id-made": same_id,
    "bind-rejected-made": bind_rejected,
    "allocation-expired-made": allocation_expired,
    "connect-without-control": lambda n: part(n, "connect", "connect without its control connection", without_control),
    "connect-without-bind": lambda n: part(n, "connect", "of connect the data connection behind its bind",
                                           behind_bind),
    "not-stun-without-control": lambda n: part(n, "not-stun", "not-stun without its control connection",
                                               without_control),
    "not-stun-without-bind": lambda n: part(n, "not-stun", "of not-stun the data connection behind its bind",
                                            behind_bind),
}


def main(names):
    for name, make in lab.chosen(MADE, names).items():
        make(name)
