# SPDX-License-Identifier: GPL-2.0-or-later
"""An encoder for MS-TURN: 16-byte ids, the Magic Cookie attribute first, no
padding anywhere, MESSAGE-INTEGRITY of 32 bytes (MS-Version 3 and later) or 20."""
import hashlib
import hmac
import ipaddress
import random
import struct

import count
import stunmsg
from stunmsg import address, error_code

ALLOCATE, ALLOCATED, REFUSED = 0x0003, 0x0103, 0x0113
SEND, DATA_INDICATION = 0x0004, 0x0115
SET_ACTIVE, ACTIVE, ACTIVE_REFUSED = 0x0006, 0x0106, 0x0116
NAMES = {ALLOCATE: "Allocate request", ALLOCATED: "Allocate success", REFUSED: "Allocate error", SEND: "Send request",
         0x0104: "Send success",
         DATA_INDICATION: "Data indication", SET_ACTIVE: "Set Active Destination request",
         ACTIVE: "Set Active Destination success", ACTIVE_REFUSED: "Set Active Destination error"}

MAPPED, USERNAME, INTEGRITY, ERROR_CODE, LIFETIME, ALTERNATE, MAGIC = 0x01, 0x06, 0x08, 0x09, 0x0D, 0x0E, 0x0F
BANDWIDTH, DESTINATION, REMOTE, DATA, NONCE, REALM = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15
UNNAMED, VERSION, XOR_MAPPED, SOFTWARE, APP_ID = 0x8006, 0x8008, 0x8020, 0x8022, 0x8037
SEQUENCE, QUALITY, SESSION = 0x8050, 0x8055, 0x8095

CONTROL, END_TO_END = 2, 3
COOKIE = bytes.fromhex("2112a442")
MAGIC_VALUE = bytes.fromhex("72c64bc6")
SIGNATURE = bytes.fromhex("000f0004") + MAGIC_VALUE

CLIENT_HELLO = bytes.fromhex("160301002d010000290301"
                             "c1fcd5a36d93dd7e0b45673fec7985fbbc3fd660c2ce8485081b8121bcaa10fb" "00000200180100")
# libjingle's pseudo-SSL, which libnice has too
GOOGLE_CLIENT_HELLO = bytes.fromhex(
    "8046010301002d000000100100800300800700c00600400200800400800000""0400feff00000a00fefe00000900006400006200000300"
    "0006" "1f170ca62f0078fc46552eb18339f1ea")
GOOGLE_SERVER_HELLO = bytes.fromhex(
    "160301004a020000460301" "428545a727a95da0b3c5e753da482b3fc65aca89c15852a1783c5b174600853f"
    "20" "0ed306725b5b1b5f15ac13f988539d9be83d7b0c30326e384da27557416c345c" "000400")


def server_hello(rng=random):
    """Random and session id differ from server to server."""
    return (bytes.fromhex("160301004e020000460301") + rng.randbytes(32) + b"\x20" + rng.randbytes(32)
            + bytes.fromhex("0018000e000000"))


def attribute(kind, value):
    return stunmsg.attribute(kind, value, padding=b"")


def read_address(value):
    return str(ipaddress.ip_address(value[4:])), struct.unpack(">H", value[2:4])[0]


def xor_address(host, port, tid):
    """The pad is the transaction id, whatever it begins with."""
    return address(host, port, tid[:2] + tid)


def number(value):
    return struct.pack(">I", value)


def unit(kind, data):
    """MS-TURN's framing on TCP."""
    return struct.pack(">BBH", kind, 0, len(data)) + data


def filled(text):
    return text + bytes(-len(text) % 64)


def integrity(text, key, length):
    return hmac.new(key, filled(text), hashlib.sha256 if length == 32 else hashlib.sha1).digest()


def message(kind, tid, attributes=(), key=None, length=32):
    body = SIGNATURE + b"".join(attribute(t, v) for t, v in attributes)
    head = struct.pack(">HH", kind, len(body) + (4 + length if key else 0)) + tid
    if key:
        body += attribute(INTEGRITY, integrity(head + body, key, length))
    return head + body


def parse(msg):
    """(type, 16-byte id, {attribute type: first value})."""
    kind, attributes = stunmsg.attributes_of(msg, padded=False)
    return kind, msg[4:20], attributes


def key_sha256(user, realm, nonce, password):
    k = hmac.new(nonce, password, hashlib.sha256).digest()
    return hmac.new(k, b"\x01TURN\x00" + user + realm + b"\x00\x00\x01\x00", hashlib.sha256).digest()


def key_md5(user, realm, password):
    return hashlib.md5(b":".join((user, realm.strip(b'"'), password))).digest()


def token(expires):
    """A USERNAME as the Edge's authentication service gives it out; expires in seconds since 1970."""
    filetime = (int(expires) + 11644473600) * 10_000_000
    body = struct.pack(">BBHII", 2, 0, 36, filetime & 0xFFFFFFFF, filetime >> 32) + bytes(range(0x10, 0x24)) + bytes(4)
    return body + hmac.new(b"the lab's token key", body, hashlib.sha1).digest()


PASSWORD = bytes.fromhex("c352d5ba2787a9b134b3b64cbc7d982406a01ef0")
LAB_REALM = b'"rtcmedia"'
REASON_401 = "The request did not contain a Message-Integrity attribute"


class Session:
    """Writes the messages of one allocation, both sides' of it. rng gives ids and nonces."""

    def __init__(self, expires, rng, version=6, app_id=2):
        self.user, self.password, self.realm = token(expires), PASSWORD, LAB_REALM
        self.rng, self.version, self.app_id = rng, number(version), number(app_id)
        self.nonce, self.session = rng.randbytes(20), rng.randbytes(8)
        self.connection, self.sequence = rng.randbytes(20), 0
        self.length = 32 if version >= 3 else 20

    def id(self):
        return COOKIE + self.rng.randbytes(12)

    def key(self):
        if self.length == 32:
            return key_sha256(self.user, self.realm, self.nonce, self.password)
        return key_md5(self.user, self.realm, self.password)

    def sequenced(self):
        self.sequence += 1
        return SEQUENCE, self.connection + number(self.sequence)

    # the client's

    def first_allocate(self, stream=4, quality=1):
        return message(ALLOCATE, self.id(), [
            (APP_ID, self.app_id), (VERSION, self.version), (UNNAMED, number(1)), (BANDWIDTH, number(12000)),
            (QUALITY, struct.pack(">HH", stream, quality))])

    def allocate(self, more=()):
        auth = [(NONCE, self.nonce), (REALM, self.realm), (USERNAME, self.user)]
        return message(ALLOCATE, self.id(), [(VERSION, self.version), *more, (SESSION, self.session), *auth],
                       self.key(), self.length)

    def again(self, lifetime=None, short=True):
        """A refresh, or with lifetime 0 the end; 0x8050 in its short form holds the number alone."""
        kind, value = self.sequenced()
        life = [] if lifetime is None else [(LIFETIME, number(lifetime))]
        auth = [(NONCE, self.nonce), (REALM, self.realm), (USERNAME, self.user)]
        return message(ALLOCATE, self.id(), [(VERSION, self.version), (kind, value[20:] if short else value), *life,
                                             *auth], self.key(), self.length)

    def send(self, peer, data):
        return message(SEND, self.id(), [(VERSION, self.version), (USERNAME, self.user), (DESTINATION, address(*peer)),
                                         (DATA, data)], self.key(), self.length)

    def set_active(self, peer):
        return message(SET_ACTIVE, self.id(), [(VERSION, self.version), (USERNAME, self.user),
                                               (DESTINATION, address(*peer)), self.sequenced()], self.key(),
                       self.length)

    # the server's

    def challenge(self, request, server, relay, client):
        tid = request[4:20]
        return message(REFUSED, tid, [
            (VERSION, self.version), (ERROR_CODE, error_code(401, REASON_401)), (ALTERNATE, address(*server)),
            (NONCE, self.nonce), (REALM, self.realm), (MAPPED, address(*relay)), (SESSION, self.session),
            (XOR_MAPPED, xor_address(*client, tid))])

    def refuse(self, request, code, reason, kind=REFUSED):
        return message(kind, request[4:20], [(VERSION, self.version), (ERROR_CODE, error_code(code, reason))])

    def allocated(self, request, relay, client, lifetime=60):
        tid = request[4:20]
        return message(ALLOCATED, tid, [
            (LIFETIME, number(lifetime)), (MAPPED, address(*relay)), (VERSION, self.version),
            (XOR_MAPPED, xor_address(*client, tid)), (SEQUENCE, self.connection + number(0)), (SOFTWARE, b"2.0.1.211"),
            (BANDWIDTH, number(12000))], self.key(), self.length)

    def refreshed(self, request, lifetime=60):
        return message(ALLOCATED, request[4:20], [(LIFETIME, number(lifetime)), (VERSION, self.version)], self.key(),
                       self.length)

    def data(self, peer, data):
        """The indication's id has no RFC 5389 cookie, it has no MESSAGE-INTEGRITY."""
        return message(DATA_INDICATION, self.rng.randbytes(16), [(REMOTE, address(*peer)), (DATA, data)])

    def active(self, request):
        return message(ACTIVE, request[4:20], [(VERSION, self.version)], self.key(), self.length)


def is_ms(msg):
    return msg[20:28] == SIGNATURE


def name(msg):
    kind = struct.unpack(">H", msg[:2])[0]
    return NAMES.get(kind, f"0x{kind:04x}") if is_ms(msg) else count.type_name(kind)


def id_of(msg):
    """All 16 bytes, or the 12 behind RFC 5389's cookie."""
    return (msg[4:20] if is_ms(msg) or msg[4:8] != COOKIE else msg[8:20]).hex()


assert message(ALLOCATE, bytes(range(16)), [], key_sha256(b"user", b"realm", b"nonce", b"pass")).hex().endswith(
    "890e90e0fee6ed6fa33ac97ea00476162795e25a607386cc9817fa6ed8d2cd14")
