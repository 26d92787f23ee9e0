# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/no-stun: other protocols, real ones wherever it is cheap, and
made-up bytes that look like STUN and are not. No message in any of them."""
import os
import random
import shutil
import socket
import struct
import subprocess
import threading
import time

import lab
import msturn
from stunmsg import MAPPED, SOFTWARE, USERNAME, message, xor_address
from tcpscript import Message, Script

TOPIC = "no-stun"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}


def done(name, **extra):
    lab.write_truth(TOPIC, name, [], "there is no STUN in it", **extra)


def scratch(*parts):
    p = os.path.join(lab.SCRATCH, *parts)
    os.makedirs(os.path.dirname(p), exist_ok=True)
    return p


# ---- HTTP -------------------------------------------------------------------

def http(name, port):
    with open(scratch("www", "index.html"), "w", encoding="utf-8") as f:
        f.write("<html><body>" + "a page for the lab\n" * 60 + "</body></html>\n")
    with lab.Process(["python3", "-m", "http.server", "-b", lab.SERVER, "-d", scratch("www"), str(port)]):
        lab.wait_port(port)
        with lab.Capture(TOPIC, name):
            url = f"http://{lab.SERVER}:{port}/"
            subprocess.run(["curl", "-s", "--interface", lab.CLIENT, url, url + "none"], timeout=10, **QUIET)
    done(name)


def stun_bodies():
    tid = b"not a STUN!!"
    return [message(0x0001, tid, [(USERNAME, b"a:b"), (SOFTWARE, b"inside HTTP")], b"key", True),
            message(0x0101, tid, [(MAPPED, xor_address(lab.CLIENT, 4000, tid))], b"key", True),
            message(0x0003, tid, [], None, False)]


def http_body(name, port, chunked, framed=False):
    """A download whose body is STUN messages, each in a segment of its own."""
    bodies = [struct.pack(">H", len(b)) + b if framed else b for b in stun_bodies()]

    def serve(listener):
        s = listener.accept()[0]
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.recv(65536)
        how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {sum(map(len, bodies))}"
        s.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{how}\r\n\r\n".encode())
        for b in bodies:
            time.sleep(0.05)
            if chunked:
                s.sendall(b"%x\r\n" % len(b))
                time.sleep(0.05)
            s.sendall(b)
            if chunked:
                time.sleep(0.05)
                s.sendall(b"\r\n")
        if chunked:
            s.sendall(b"0\r\n\r\n")
        time.sleep(0.1)
        s.close()

    with socket.create_server((lab.SERVER, port)) as listener:
        t = threading.Thread(target=serve, args=(listener,))
        t.start()
        with lab.Capture(TOPIC, name):
            subprocess.run(["curl", "-s", "-m", "10", "--interface", lab.CLIENT, f"http://{lab.SERVER}:{port}/x"],
                           timeout=20, **QUIET)
            t.join()
    done(name)


# ---- TLS --------------------------------------------------------------------

def tls(name, port, version, keys=False):
    cert, key = scratch("tls", "cert.pem"), scratch("tls", "key.pem")
    if not os.path.exists(cert):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "3650",
                        "-subj", "/CN=lab.example.org", "-keyout", key, "-out", cert], **QUIET)
    log = lab.path(TOPIC, name + ".keys") if keys else scratch("tls", name + ".keys")
    if os.path.exists(log):
        os.remove(log)
    with lab.Process(["openssl", "s_server", "-accept", f"{lab.SERVER}:{port}", "-cert", cert, "-key", key,
                      f"-{version}", "-www", "-quiet", "-keylogfile", log]):
        lab.wait_port(port)
        time.sleep(0.3)
        open(log, "w", encoding="ascii").close()
        with lab.Capture(TOPIC, name):
            subprocess.run(["openssl", "s_client", "-connect", f"{lab.SERVER}:{port}", "-bind", lab.CLIENT + ":0",
                            "-quiet", "-servername", "lab.example.org"], input=b"GET / HTTP/1.0\r\n\r\n", timeout=10,
                           **QUIET)
    done(name)


def tls10(name, port):
    """GnuTLS in TLS 1.0 without extensions: its ServerHello has a record of its own, whose first 11 bytes are those of
    libjingle's pseudo-SSL."""
    cert, key = scratch("tls10", "cert.pem"), scratch("tls10", "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
                    "-subj", "/CN=lab.example.org", "-keyout", key, "-out", cert], **QUIET)
    old = "NONE:+VERS-TLS1.0:+RSA:+AES-128-CBC:+SHA1:+COMP-NULL:+SIGN-ALL:%NO_EXTENSIONS"
    with lab.Process(["gnutls-serv", "--http", "-p", str(port), "--x509certfile", cert, "--x509keyfile", key,
                      "--priority", old, "-q"]):
        lab.wait_port(port)
        with lab.Capture(TOPIC, name):
            subprocess.run(["gnutls-cli", "--insecure", "--priority", old, "-p", str(port), lab.SERVER],
                           input=b"GET / HTTP/1.0\r\n\r\n", timeout=10, **QUIET)
    done(name)


def near_hellos(name, port):
    """The hellos of pseudo-TLS and pseudo-SSL, each with one of its fixed bytes changed: real ones might look so."""
    def but(hello, at):
        return hello[:at] + bytes([hello[at] ^ 1]) + hello[at + 1:]

    server = msturn.server_hello(random.Random(443))
    pairs = [(but(msturn.GOOGLE_CLIENT_HELLO, at), but(msturn.GOOGLE_SERVER_HELLO, other))
             for at, other in ((71, 78), (60, 40), (20, 15), (5, 12))]
    pairs += [(but(msturn.CLIENT_HELLO, at), but(server, other)) for at, other in ((46, 77), (45, 79), (49, 82))]
    frames, start, scripts = [], 1700000000.0, []
    for i, (hello, response) in enumerate(pairs):
        scripts.append(conversation(port, [("c2s", hello), ("s2c", response), ("c2s", b"\x15\3\1\0\2\2\x28")], frames,
                                    start, 40000 + i))
        start = scripts[-1].time
    scripts[0].write(TOPIC, name, "hellos with one fixed byte changed", scripts)


# ---- SSH, SMB, DNS ----------------------------------------------------------

def ssh(name, port):
    for kind, f in (("host", "hostkey"), ("user", "userkey")):
        if not os.path.exists(scratch("ssh", f)):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", kind, "-f", scratch("ssh", f)],
                           check=True)
    shutil.copy(scratch("ssh", "userkey.pub"), scratch("ssh", "authorized"))
    os.makedirs("/run/sshd", exist_ok=True)
    with lab.Process([shutil.which("sshd", path="/usr/sbin:/sbin"), "-D", "-e", "-f", "/dev/null", "-p", str(port),
                      "-h", scratch("ssh", "hostkey"), "-o", f"ListenAddress={lab.SERVER}", "-o", "StrictModes=no",
                      "-o", f"AuthorizedKeysFile={scratch('ssh', 'authorized')}", "-o", "PidFile=none"], "sshd.log"):
        lab.wait_port(port)
        with lab.Capture(TOPIC, name):
            subprocess.run(["ssh", "-F", "/dev/null", "-b", lab.CLIENT, "-p", str(port),
                            "-i", scratch("ssh", "userkey"), "-o", "StrictHostKeyChecking=no",
                            "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
                            f"root@{lab.SERVER}", "echo hello from the lab"], timeout=20, stdin=subprocess.DEVNULL,
                           **QUIET)
    done(name)


def smb(name):
    base = scratch("smb", "share", "file.txt")
    with open(base, "w", encoding="utf-8") as f:
        f.write("a file for the lab\n" * 20)
    conf = scratch("smb", "smb.conf")
    dirs = "".join(f" {k} directory = {scratch('smb', 'state', 'x')[:-2]}\n" for k in
                   ("private", "lock", "state", "cache", "pid"))
    with open(conf, "w", encoding="utf-8") as f:
        f.write(f"[global]\n interfaces = {lab.SERVER}/32\n bind interfaces only = yes\n smb ports = 445\n"
                f" netbios name = LAB\n server string = lab\n"
                f" map to guest = Bad User\n log file = {scratch('smb', 'log')}\n{dirs}"
                f"[share]\n path = {os.path.dirname(base)}\n guest ok = yes\n read only = yes\n")
    with lab.Process(["smbd", "-F", "--no-process-group", "-s", conf], "smbd.log"):
        lab.wait_port(445, 20)
        with lab.Capture(TOPIC, name):
            subprocess.run(["smbclient", "-N", "-s", conf, f"//{lab.SERVER}/share", "-c",
                            f"ls; get file.txt {scratch('smb', 'got.txt')}"], timeout=30, **QUIET)
    done(name)


def dns(name):
    def query(s, text, kind):
        labels = b"".join(bytes([len(p)]) + p.encode() for p in text.split("."))
        q = struct.pack(">HHHHHH", 0x2112, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)
        s.sendall(struct.pack(">H", len(q)) + q)
        n = struct.unpack(">H", s.recv(2))[0]
        s.recv(n)

    with lab.Process(["dnsmasq", "-k", "-C", "/dev/null", "-a", lab.SERVER, "--bind-interfaces", "-R", "-h",
                      "-u", "root", "--address=/lab.example.org/192.0.2.1",
                      "--txt-record=lab.example.org,a text"], "dnsmasq.log"):
        lab.wait_port(53)
        with lab.Capture(TOPIC, name):
            with socket.create_connection((lab.SERVER, 53), source_address=(lab.CLIENT, 0)) as s:
                s.settimeout(5)
                query(s, "lab.example.org", 1)
                query(s, "lab.example.org", 16)
                query(s, "none.example.org", 28)
    done(name)


# ---- scripts ----------------------------------------------------------------

def conversation(port, turns, frames=None, start=1700000000.0, client_port=40000):
    s = Script(f"{lab.CLIENT}:{client_port}", f"{lab.SERVER}:{port}", start=start, frames=frames)
    s.open()
    for d, data in turns:
        s.send(d, [Message(data)])
    s.close()
    return s


def sip(name):
    def msg(first, cseq, body=""):
        return (f"{first}\r\nVia: SIP/2.0/TCP {lab.CLIENT}:40000;branch=z9hG4bK{cseq}\r\nMax-Forwards: 70\r\n"
                f"From: <sip:a@example.org>;tag=1\r\nTo: <sip:b@example.org>\r\nCall-ID: lab@{lab.CLIENT}\r\n"
                f"CSeq: {cseq}\r\nContact: <sip:a@{lab.CLIENT}:40000;transport=tcp>\r\n"
                + ("Content-Type: application/sdp\r\n" if body else "")
                + f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
    sdp = (f"v=0\r\no=- 1 1 IN IP4 {lab.CLIENT}\r\ns=-\r\nc=IN IP4 {lab.CLIENT}\r\nt=0 0\r\n"
           "m=applicationsharing 42000 TCP/RTP/SAVP 127\r\na=ice-ufrag:LfLg\r\na=rtpmap:127 x-data/90000\r\n")
    to = f"sip:b@{lab.SERVER}"
    s = conversation(5060, [
        ("c2s", msg(f"OPTIONS {to} SIP/2.0", "1 OPTIONS")), ("s2c", msg("SIP/2.0 200 OK", "1 OPTIONS")),
        ("c2s", msg(f"INVITE {to} SIP/2.0", "2 INVITE", sdp)), ("s2c", msg("SIP/2.0 180 Ringing", "2 INVITE")),
        ("s2c", msg("SIP/2.0 200 OK", "2 INVITE", sdp)), ("c2s", msg(f"ACK {to} SIP/2.0", "2 ACK")),
        ("c2s", b"\r\n\r\n"), ("s2c", b"\r\n"),
        ("c2s", msg(f"BYE {to} SIP/2.0", "3 BYE")), ("s2c", msg("SIP/2.0 200 OK", "3 BYE"))])
    s.write(TOPIC, name, "SIP over TCP")


def rdp(name):
    def tpkt(x):
        return struct.pack(">BBH", 3, 0, len(x) + 4) + x
    cookie = b"Cookie: mstshash=lab\r\n"
    nego = bytes.fromhex("0100080000000000")
    cr = tpkt(bytes([6 + len(cookie) + len(nego)]) + bytes.fromhex("e00000000000") + cookie + nego)
    cc = tpkt(bytes.fromhex("0ed000001234000200080000000000"))
    data = bytes.fromhex("02f080")
    s = conversation(3389, [("c2s", cr), ("s2c", cc), ("c2s", tpkt(data + bytes.fromhex("0401000100"))),
                            ("c2s", tpkt(data + b"\x28")), ("s2c", tpkt(data + bytes.fromhex("2e000011"))),
                            ("c2s", tpkt(data + bytes.fromhex("38000503eb")))])
    s.write(TOPIC, name, "RDP's first messages (TPKT, X.224, MCS)")


def random_bytes(name):
    rng, frames, start = random.Random(62), [], 1700000000.0
    scripts = []
    for i, port in enumerate((3478, 443, 5349, 5060, 40404, 3389, 80)):
        turns = [(rng.choice(("c2s", "s2c")), bytes(rng.randrange(256) for _ in range(rng.randrange(1, 400))))
                 for _ in range(14)]
        # a segment that begins as STUN may is a coin toss at one in 2**34: none here
        scripts.append(conversation(port, turns, frames, start, 40000 + i))
        start = scripts[-1].time
    scripts[0].write(TOPIC, name, "bytes of a random generator with seed 62 on ports of ours and others", scripts)


COOKIE = b"\x21\x12\xa4\x42"


def look_alikes(port):
    """(what, bytes): none of these is STUN for this project or for Wireshark."""
    tid = b"0123456789ab"
    yield "the cookie alone", COOKIE
    for at in (0, 1, 2, 3, 5, 7, 8, 12, 16, 20, 33):
        yield f"the cookie at {at}", (b"\0\x01\0\x08" * 9)[:at] + COOKIE + tid + bytes(24)
    for first in (0x80, 0xC0):
        yield f"type with top bits {first:02x}", bytes([first, 1, 0, 8]) + COOKIE + tid + bytes(8)
    for first in (0x41, 0x81, 0xC1):
        yield f"framed type with top bits {first:02x}", b"\0\x1c" + bytes([first, 1, 0, 8]) + COOKIE + tid + bytes(8)
    yield "length 4093, no multiple of 4, beyond the segment", b"\0\x01\x0f\xfd" + COOKIE + tid + bytes(30)
    yield "length 41 in a segment of 60 bytes", b"\0\x01\0\x29" + COOKIE + tid + bytes(40)
    yield "framed, STUN length 4093", b"\0\x40\0\x01\x0f\xfd" + COOKIE + tid + bytes(42)
    yield "framed, both lengths beyond the segment, no multiple of 4", \
        b"\x20\x13\0\x01\x1f\xff" + COOKIE + tid + bytes(9)
    yield "STUN behind a 4-byte length", b"\0\0\0\x1c\0\x01\0\x08" + COOKIE + tid + bytes(8)
    yield "STUN behind a 3-byte head", b"\x17\0\x1c\0\x01\0\x08" + COOKIE + tid + bytes(8)
    yield "STUN behind text", b"DATA 28\r\n" + message(0x0001, tid, [(SOFTWARE, b"text")])
    yield "RFC 4571 with media only", b"".join(
        struct.pack(">H", 32) + struct.pack(">BBHII", 0x80, 0x7F, i, 0, 7) + bytes(20) for i in range(3))
    yield "RFC 4571 null frames", bytes(8)
    if port != 3478:      # there Wireshark's own dissector takes these for ChannelData
        yield "type with top bits 40", b"\x40\x01\0\x08" + COOKIE + tid + bytes(8)
        yield "ChannelData without STUN before", b"\x40\x01\0\x05hello\0\0\0" + b"\x40\x01\0\x04four"
        yield "0xFF10 without STUN before", b"\xff\x10\0\x10" + bytes(8) + b"\x80\xc9\0\x01\0\0\0\x07"
    yield "MS framing without the Magic Cookie", b"\x02\0\0\x1c\0\x03\0\x08" + b"x" * 24
    yield "the Magic Cookie attribute at the start", b"\0\x0f\0\x04\x72\xc6\x4b\xc6" + bytes(40)
    yield "RFC 3489 type, attributes that do not fit", b"\0\x01\0\x10" + b"q" * 16 + b"\0\x06\0\x40" + b"z" * 12
    yield "RFC 3489 type, unknown attribute", b"\0\x01\0\x08" + b"q" * 16 + b"\x7a\x7b\0\x04abcd"


def near_rfc3489(_port):
    """Messages of RFC 3489, which has no cookie, with one thing wrong that a strict reader sees."""
    def classic(kind, body, length=None):
        return struct.pack(">HH", kind, len(body) if length is None else length) + b"0123456789abcdef" + body

    request, mapped = b"\0\3\0\4\0\0\0\6", b"\0\1\0\x08\0\1\x9c\x40\xc0\0\2\x0a"
    good = classic(0x0001, request)
    for what, data in (
            ("no attribute", classic(0x0001, b"")), ("a byte too many", good + b"\0"),
            ("a byte too few", classic(0x0001, request, 9)), ("type 0x0005", classic(0x0005, request)),
            ("an indication", classic(0x0011, request)), ("type 0x0008", classic(0x0008, request)),
            ("an address of 12 bytes", classic(0x0101, b"\0\1\0\x0c" + bytes(12))),
            ("a known and an unknown attribute", classic(0x0001, request + b"\x7a\x7b\0\4abcd")),
            ("no attribute of RFC 3489", classic(0x0001, b"\0\x24\0\4abcd")),
            ("an attribute that ends too late", classic(0x0101, mapped + b"\0\4\0\x09" + bytes(8))),
            ("three bytes behind the attributes", classic(0x0101, mapped + b"\0\0\0"))):
        yield what, data
        if what != "a byte too many":
            yield what + ", framed", struct.pack(">H", len(data)) + data
    yield "framed, the frame a byte longer", struct.pack(">H", len(good) + 1) + good + b"\0"
    yield "framed, the frame longer than the segment", struct.pack(">H", len(good) + 1) + good
    yield "behind a 4-byte length", struct.pack(">I", len(good)) + good


def look_alike(name, port, kinds=look_alikes):
    frames, start, scripts = [], 1700000000.0, []
    for i, (_, data) in enumerate(kinds(port)):
        turns = [("c2s", data), ("s2c", b"not STUN: %d\r\n" % i), ("s2c", data)]
        scripts.append(conversation(port, turns, frames, start, 40000 + i))
        start = scripts[-1].time
    scripts[0].write(TOPIC, name, "; ".join(f"{40000 + i}: {w}" for i, (w, _) in enumerate(kinds(port))), scripts)


def header_inside(name):
    """In the middle of connections of a port's owner, segments with a whole STUN header and no STUN message."""
    frames, start, scripts, tid = [], 1700000000.0, [], b"0123456789ab"
    for i, (port, banner) in enumerate(((22, b"SSH-2.0-lab\r\n"), (23, b"login: "), (25, b"220 lab ESMTP\r\n"),
                                        (6667, b"NOTICE * :lab\r\n"))):
        turns = [("s2c", banner), ("c2s", banner)]
        for data in (b"\x3a\xbc\0\x08" + COOKIE + tid + bytes(8), b"\0\x01\0\x08" + COOKIE + tid + b"\0\x06\0\x40zzzz",
                     b"\0\x01\0\0" + COOKIE + tid, b"\0\x14\0\x01\0\0" + COOKIE + tid):
            turns += [("c2s", data), ("s2c", data)]
        scripts.append(conversation(port, turns, frames, start, 40000 + i))
        start = scripts[-1].time
    scripts[0].write(TOPIC, name, "STUN headers without a STUN message, in connections that have an owner", scripts)


CAPTURES = {
    "http-80": lambda n: http(n, 80),
    "http-3478": lambda n: http(n, 3478),
    "http-stun-body-80": lambda n: http_body(n, 80, False),
    "http-stun-body-18080": lambda n: http_body(n, 18080, False),
    "http-stun-body-chunked-80": lambda n: http_body(n, 80, True),
    "http-stun-body-framed-80": lambda n: http_body(n, 80, False, True),
    "tls12-443": lambda n: tls(n, 443, "tls1_2"),
    "tls13-443": lambda n: tls(n, 443, "tls1_3", keys=True),
    "tls12-5349": lambda n: tls(n, 5349, "tls1_2"),
    "tls10-gnutls-443": lambda n: tls10(n, 443),
    "tls10-gnutls-40443": lambda n: tls10(n, 40443),
    "near-hellos-443": lambda n: near_hellos(n, 443),
    "near-hellos-40443": lambda n: near_hellos(n, 40443),
    "tls13-4433": lambda n: tls(n, 4433, "tls1_3"),
    "ssh-22": lambda n: ssh(n, 22),
    "ssh-3478": lambda n: ssh(n, 3478),
    "smb-445": smb,
    "dns-53": dns,
    "sip-5060": sip,
    "rdp-3389": rdp,
    "random": random_bytes,
    "header-inside": header_inside,
    "look-alikes-40404": lambda n: look_alike(n, 40404),
    "look-alikes-3478": lambda n: look_alike(n, 3478),
    "look-alikes-443": lambda n: look_alike(n, 443),
    "near-rfc3489-40404": lambda n: look_alike(n, 40404, near_rfc3489),
    "near-rfc3489-3478": lambda n: look_alike(n, 3478, near_rfc3489),
}


def main(names):
    lab.need("dumpcap", "ip", "curl", "openssl", "sshd", "ssh", "smbd", "smbclient", "dnsmasq")
    lab.network()
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
