# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/ms-turn: whole conversations over real connections: the lab's
client and relay, checks of libnice through them, and what answers wrongly."""
import random
import socket
import ssl
import threading
import time

import lab
import make_coturn
import msread
import msturn
import stunmsg
from ice_stream import PAUSE, Stream
from msrelay import Accepted, Client, Relay
from msturn import Session

TOPIC = "ms-turn"
BINDING = ("0x0001", "0x0011", "0x0101", "0x0111")
PEER_PORTS = iter(range(50050, 51000))


def finish(name, log, source="the log of both ends", server=None, **extra):
    """The capture as msread.py reads it, which must be what the ends say they sent."""
    reading = {k: extra.pop(k) for k in ("inner", "legs", "servers") if k in extra}
    outer = extra.pop("outer", False)   # the log has MS-TURN's messages and not those they carry
    rows, others = msread.read(lab.path(TOPIC, name + ".pcapng"), **reading)
    msread.settle(rows)
    if log is not None:
        msread.compare(name, [m for m in rows if not outer or not m["inside"] and m["type"] not in BINDING],
                       log + (server.log if server else []))
    msread.write_truth(TOPIC, name, rows, others, source, **extra)
    print("  ", len(rows), "messages,", len(others), "other units,",
          sum(m.get("state") == "unanswered" for m in rows), "unanswered")


class Sharing(Stream):
    """Application sharing through the relay, from ICE checks to media."""

    def __init__(self, client, peer_port):
        client.peer = (lab.PEER, peer_port)
        super().__init__("msice2", pair=(client, Accepted(peer_port)))
        self.turn = client

    def checks(self):
        self.client.check()
        self.server.check()
        self.client.check(use=True)

    def active(self):
        time.sleep(PAUSE)
        if self.turn.set_active() != msturn.ACTIVE:
            raise RuntimeError("no active destination")

    def media(self):
        for i in range(3):
            self.client.media(self.rtp(marker=i == 2), "rtp")
            self.server.media(self.rtp(), "rtp")
        self.client.media(self.rtcp(), "rtcp")


def whole(name, port, hellos=True, inner=True, legs=False):
    with Relay(port, hellos, inner) as relay, lab.Capture(TOPIC, name, "tcp" if legs else f"tcp port {port}"):
        c = Client(port, hellos, relay)
        if c.allocate() != msturn.ALLOCATED:
            raise RuntimeError("no allocation")
        s = Sharing(c, next(PEER_PORTS))
        s.checks()
        if inner:                      # the peer's frame comes in two pieces: two indications
            s.server.send_frames([s.rtp()], "rtp", segments=[20])
            s.client.receive()
        s.active()
        s.client.check()
        s.server.check()
        s.media()
        if inner:
            split(s)
        c.ask(c.session.again())
        c.ask(c.session.again(0))
        s.close()
        time.sleep(PAUSE)
    finish(name, s.log, server=relay, inner=inner, legs=legs, port=port, inner_length=inner,
           relay=f"{lab.SERVER}:{relay.port}")


def split(s):
    """RFC 4571 frames over several units, and several in one unit."""
    for end, other in ((s.client, s.server), (s.server, s.client)):
        end.send_frames([s.rtp(200)], "rtp", segments=[1, 50])
        other.receive()
        end.send_frames([s.rtp(30), s.rtp(31), s.rtcp()], "rtp", segments=[60])
        for _ in range(3):
            other.receive()
    (req,) = s.client.request(segments=[2, 19, 30])
    if s.server.receive() != req:
        raise RuntimeError("a check arrived changed")
    s.server.answer(req, segments=[25])
    s.client.receive()


# ---- answers that are none ---------------------------------------------------

def knock(port, data, wait=1.0):
    """Sends and tells what comes back: bytes, "closed", "reset" or nothing."""
    got = b""
    with socket.socket() as c:
        c.bind((lab.CLIENT, 0))
        c.settimeout(wait)
        c.connect((lab.SERVER, port))
        c.sendall(data)
        try:
            while True:
                more = c.recv(65536)
                if not more:
                    return got, "closed"
                got += more
        except ConnectionError:
            return got, "reset"
        except TimeoutError:
            return got, "open"


def openssl_server(port):
    crt, key = lab.certificate()
    server = lab.Process(["openssl", "s_server", "-accept", f"{lab.SERVER}:{port}", "-cert", crt, "-key", key, "-quiet",
                          "-cipher", "ALL:@SECLEVEL=0", "-legacy_renegotiation"], "s_server.log")
    lab.wait_port(port)
    return server


def gnutls_server(port):
    """It still knows the suite of the pseudo-TLS hello."""
    server = lab.Process(["gnutls-serv", "-p", str(port), "--priority",
                          "NORMAL:-VERS-ALL:+VERS-TLS1.0:+ANON-DH:+ARCFOUR-128:+MD5:%UNSAFE_RENEGOTIATION"],
                         "gnutls-serv.log")
    lab.wait_port(port)
    return server


def intercepted(name, server, cause):
    with server(443), lab.Capture(TOPIC, name, "tcp port 443"):
        got, end = knock(443, msturn.CLIENT_HELLO)
    print("  ", len(got), "bytes:", got[:16].hex(), end)
    finish(name, None, "the script; the answer is a real server's", cause="tls_intercepted", answer=cause, end=end,
           answer_bytes=len(got))


class Proxy(threading.Thread):
    """Answers the client's hello with what a real server says to a hello of the proxy's own."""

    def __init__(self, port, behind):
        super().__init__(daemon=True)
        self.listener, self.behind = socket.create_server((lab.SERVER, port)), behind
        self.server = openssl_server(behind)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join()
        self.listener.close()
        self.server.stop()

    def run(self):
        client = self.listener.accept()[0]
        client.recv(65536)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        to_server = ssl.MemoryBIO()
        engine = context.wrap_bio(ssl.MemoryBIO(), to_server, server_hostname="edge.example.org")
        try:
            engine.do_handshake()
        except ssl.SSLWantReadError:
            pass
        with socket.create_connection((lab.SERVER, self.behind)) as server:
            server.sendall(to_server.read())
            time.sleep(0.2)
            client.sendall(server.recv(65536))
        time.sleep(0.1)
        client.close()


def mismatch(name, server, port, data, bare=False, **facts):
    """A client that speaks another dialect than its server."""
    log = [{"dir": "c2s", "type": "0x" + data[i:i + 2].hex(), "id": msturn.id_of(data[i:])}
           for i in [0 if bare else data.index(msturn.SIGNATURE) - 20]]
    with server, lab.Capture(TOPIC, name, f"tcp port {port}"):
        got, end = knock(port, data)
    print("  ", len(got), "bytes:", got[:32].hex(), end)
    if msread.is_stun(got):
        log.append({"dir": "s2c", "type": "0x" + got[:2].hex(), "id": msturn.id_of(got)})
    finish(name, log, "the script; the answer is a real server's", legs=True, end=end, **facts)


def allocate_of_ms():
    return Session(time.time(), random.Random(3478)).first_allocate()


def allocate_of_rfc():
    return stunmsg.message(0x0003, b"mstun lab 62", [(stunmsg.TRANSPORT, b"\x06\0\0\0")], None, True)


MISMATCH = {"cause": "dialect_mismatch"}
CAPTURES = {
    "tls-intercepted-alert": lambda n: intercepted(n, openssl_server, "alert of OpenSSL"),
    "tls-intercepted-certificate": lambda n: intercepted(n, lambda p: Proxy(p, 4443), "certificate flight of OpenSSL"),
    "tls-intercepted-anonymous": lambda n: intercepted(n, gnutls_server, "anonymous key exchange of GnuTLS"),
    "dialect-mismatch-ms-to-coturn": lambda n: mismatch(
        n, make_coturn.turnserver(3478), 3478, msturn.unit(msturn.CONTROL, allocate_of_ms()), cause="not answered"),
    "dialect-mismatch-ms-to-tls": lambda n: mismatch(
        n, openssl_server(443), 443, msturn.unit(msturn.CONTROL, allocate_of_ms()), **MISMATCH),
    "dialect-mismatch-unframed-ms-to-coturn": lambda n: mismatch(
        n, make_coturn.turnserver(3478), 3478, allocate_of_ms(), cause="answered in the other dialect"),
    "dialect-mismatch-rfc-to-ms": lambda n: mismatch(n, Relay(443), 443, allocate_of_rfc(), True, **MISMATCH),
    "dialect-mismatch-unframed-ms-to-ms": lambda n: mismatch(n, Relay(443), 443, allocate_of_ms(), **MISMATCH),

    "tcp-443": lambda n: whole(n, 443),
    "tcp-40443": lambda n: whole(n, 40443),
    "tcp-443-all-legs": lambda n: whole(n, 443, legs=True),
    "tcp-443-no-hellos": lambda n: whole(n, 443, hellos=False),
    "tcp-443-no-inner-length": lambda n: whole(n, 443, inner=False),
}


def main(names):
    lab.need("dumpcap", "ip", "openssl", "gnutls-serv", "turnserver")
    lab.network()
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
