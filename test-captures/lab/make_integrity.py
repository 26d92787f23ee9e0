# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/integrity: programs whose passwords are known, and published messages with MESSAGE-INTEGRITY on TCP
connections, as they were published and with one bit changed."""
import hashlib
import hmac
import re
import struct
import subprocess

import lab
import make_coturn
import make_libnice
import msturn
from stunmsg import NONCE, REALM, USERNAME, attribute, error_code, long_term_key, message
from tcpscript import Message, Script

TOPIC = "integrity"
SECRET = "a secret of the lab"
A, B = lab.CLIENT, lab.PEER


# ---- real programs ----------------------------------------------------------

def libnice(name, *args):
    make_libnice.TOPIC = TOPIC
    make_libnice.capture(name, *args)
    make_libnice.report(name, *args)


def shared_secret(name):
    """coturn makes the password of the user name; uclient does the same (-W)."""
    server = make_coturn.turnserver(3478, "--use-auth-secret", "--static-auth-secret", SECRET)
    with server, lab.Capture(TOPIC, name):
        subprocess.run(["turnutils_uclient", "-t", "-y", "-c", "-n", "2", "-m", "1", "-L", lab.CLIENT, "-u", "lab",
                        "-W", SECRET, "-p", "3478", lab.SERVER], capture_output=True, timeout=40, check=False)
    msgs = lab.truth_from_streams(TOPIC, name, server="--use-auth-secret")
    print("  ", len(msgs), "messages")


# ---- messages ---------------------------------------------------------------

def published(stem):
    """The messages of a file in vectors, one after the other."""
    with open(lab.path("vectors", stem + ".hex"), encoding="ascii") as f:
        packets = re.split(r"^[IO]\n", f.read(), flags=re.MULTILINE)[1:]
    return [bytes.fromhex("".join(re.findall(r"^[0-9a-f]{4,}  ((?:[0-9a-f]{2} ?)+)", p, re.MULTILINE)))
            for p in packets]


def conversation(number, port, turns, framing=lambda m: m):
    """turns: (direction, message)."""
    s = Script(f"{A}:{50000 + number}", f"{lab.SERVER}:{port}", isn=(1000 * number, 500000 + 1000 * number),
               start=1700000000.0 + number)
    s.open()
    for d, m in turns:
        s.send(d, [Message(framing(m), m)])
    s.close()
    return s


def nonce_told(tid, nonce, realm):
    return msturn.message(0x0113, tid, [(msturn.NONCE, nonce), (msturn.REALM, realm),
                                        (0x0009, error_code(401, "Unauthorized"))])


def rfc_turns():
    """RFC 5769 and RFC 8489: each request, with the published answers to it."""
    ask = published("rfc5769-request")[0]
    yield [("c2s", ask), ("s2c", published("rfc5769-ipv4-response")[0])]
    yield [("c2s", ask), ("s2c", published("rfc5769-ipv6-response")[0])]
    yield [("c2s", published("rfc5769-long-term-request")[0])]
    yield [("c2s", published("rfc8489-sha256-request")[0])]


def ms_turns():
    """[MS-TURN] both published Allocates, whose realm and nonce were said before; and with a name, whose nonce changes."""
    old, new = published("ms-turn-sha1")[0], published("ms-turn-sha256")[0]
    yield [("c2s", old)]
    yield [("s2c", nonce_told(new[4:20], b"nonce", b"realm")), ("c2s", new)]
    for version, length in ((2, 20), (6, 32)):
        key = {20: lambda n: msturn.key_md5(b"user", b"realm", b"pass"),
               32: lambda n: msturn.key_sha256(b"user", b"realm", n, b"pass")}[length]
        ids = [hashlib.sha256(b"integrity %d %d" % (version, i)).digest()[:16] for i in range(5)]
        head = [(msturn.VERSION, msturn.number(version))]
        auth = [(msturn.NONCE, b"first"), (msturn.REALM, b'"realm"' if version == 2 else b"realm"), (msturn.USERNAME, b"user")]
        send = [*head, (msturn.USERNAME, b"user"), (msturn.DESTINATION, msturn.address(B, 50000)), (msturn.DATA, b"data")]
        yield [("s2c", nonce_told(ids[0], b"first", auth[1][1])),
               ("c2s", msturn.message(0x0003, ids[1], [*head, *auth], key(b"first"), length)),
               ("s2c", msturn.message(0x0103, ids[1], head, key(b"first"), length)),
               ("c2s", msturn.message(0x0004, ids[2], send, key(b"first"), length)),
               ("s2c", nonce_told(ids[3], b"second", auth[1][1])),
               ("c2s", msturn.message(0x0004, ids[3], send, key(b"first"), length)),
               ("c2s", msturn.message(0x0004, ids[4], send, key(b"second"), length))]


# ---- what nobody published --------------------------------------------------

def tid(n):
    return hashlib.sha256(b"integrity of the lab %d" % n).digest()[:12]


def protected(kind, n, attributes, key, sha1=None, cut=32):
    """MESSAGE-INTEGRITY too if sha1 is given, then MESSAGE-INTEGRITY-SHA256 of cut bytes."""
    m = message(kind, tid(n), attributes, sha1)
    m = m[:2] + struct.pack(">H", len(m) - 20 + 4 + cut) + m[4:]
    return m + attribute(0x1C, hmac.new(key, m, hashlib.sha256).digest()[:cut])


def made_turns():
    """Cases of RFC 8489; one id for two users' requests; responses alone; [MS-ICE], which sends ufrags decoded."""
    sha256 = hashlib.sha256(b"lab:example.org:secret").digest()
    md5 = long_term_key("lab", "example.org", "secret")
    auth = [(USERNAME, b"lab"), (REALM, b"example.org"), (NONCE, b"0123456789abcdef")]
    algorithm = (0x1D, b"\0\2\0\0")
    other = [(USERNAME, b"other"), *auth[1:]]
    yield [("c2s", protected(0x0003, 1, [*auth, algorithm], sha256, sha1=sha256)),
           ("s2c", protected(0x0103, 1, [], sha256)),
           ("c2s", protected(0x0004, 2, auth, md5, cut=16)), ("s2c", protected(0x0104, 2, [], md5, cut=20))]
    yield [("c2s", message(0x0003, tid(3), [auth[0], (REALM, b'"example.org"'), auth[2]], md5)),
           ("s2c", message(0x0103, tid(3), [], md5)),
           ("c2s", message(0x0003, tid(4), [(USERNAME, b"stranger"), *auth[1:]], md5)),
           ("s2c", message(0x0103, tid(4), [], md5)),
           ("c2s", message(0x0003, tid(5), auth, md5)),
           ("c2s", message(0x0003, tid(5), other, long_term_key("other", "example.org", "secret2"))),
           ("s2c", message(0x0103, tid(5), [], long_term_key("other", "example.org", "secret2")))]
    yield [("s2c", message(0x0103, tid(6), [], md5)), # its request came before the capture
           ("s2c", message(0x0103, tid(7), [], b"nobody's"))]
    yield [("c2s", message(0x0001, tid(8), [(USERNAME, b"\x01left\xff:1:right:1\0\0")], b"password of MS-ICE")),
           ("s2c", message(0x0101, tid(8), [], b"password of MS-ICE"))]


def made(name, talks, what):
    scripts = []
    for number, turns in enumerate(talks):
        first = turns[0][1]
        is_ms = msturn.is_ms(first)
        scripts.append(conversation(number, 443 if is_ms else 3478, turns,
                                    (lambda m: msturn.unit(msturn.CONTROL, m)) if is_ms else lambda m: m))
    frames = [frame for s in scripts for frame in s.frames]
    lab.write_pcapng(lab.path(TOPIC, name + ".pcapng"), [(f[0], f[1], f[2]) for f in frames])
    print(f"{TOPIC}/{name}.pcapng: {len(frames)} frames; {what}")


CAPTURES = {
    "libnice-rfc5245": lambda n: libnice(n, "rfc5245", "aggressive", "control", A, B, "2"),
    "libnice-oc2007r2": lambda n: libnice(n, "oc2007r2", "aggressive", "control", A, B, "2"),
    "libnice-wrong-password": lambda n: libnice(n, "rfc5245", "aggressive", "control", A, B, "2", "wrong-password"),
    "coturn-shared-secret": shared_secret,
    "published": lambda n: made(n, [*rfc_turns(), *ms_turns()], "published messages, each on a connection"),
    "made": lambda n: made(n, made_turns(), "cases that nobody has published"),
}


def main(names):
    lab.need("dumpcap", "ip", "cc", "turnserver", "turnutils_uclient")
    lab.network()
    for name, make in CAPTURES.items():
        if not names or name in names:
            make(name)
