# SPDX-License-Identifier: GPL-2.0-or-later
"""A small STUN encoder and decoder, for the lab and for the tests."""
import hashlib
import hmac
import ipaddress
import struct
import zlib

COOKIE = 0x2112A442
USERNAME, INTEGRITY, ERROR_CODE, CHANNEL_NUMBER, LIFETIME = 0x06, 0x08, 0x09, 0x0C, 0x0D
PEER, DATA, REALM, NONCE, RELAYED, TRANSPORT, MAPPED = 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x20
PRIORITY, USE_CANDIDATE, CONNECTION_ID, SOFTWARE = 0x24, 0x25, 0x2A, 0x8022
CONTROLLED, CONTROLLING, FINGERPRINT, CANDIDATE, VERSION = 0x8029, 0x802A, 0x8028, 0x8054, 0x8070


def header(kind, length, tid):
    """Of a message with so many bytes of attributes."""
    return struct.pack(">HHI12s", kind, length, COOKIE, tid)


def attribute(kind, value, length=None, padding=None):
    """length and padding: None for what is right."""
    padding = bytes(-len(value) % 4) if padding is None else padding
    return struct.pack(">HH", kind, len(value) if length is None else length) + value + padding


def fingerprint_of(text):
    """The attribute at the end of a message; text: all before it, with the length that includes it."""
    return attribute(FINGERPRINT, struct.pack(">I", zlib.crc32(text) ^ 0x5354554E))


def address(host, port, pad=bytes(18)):
    """A transport address; pad: what port and address are XORed with."""
    ip = ipaddress.ip_address(host)
    raw = bytes(a ^ b for a, b in zip(struct.pack(">H", port) + ip.packed, pad))
    return struct.pack(">BB", 0, 1 if ip.version == 4 else 2) + raw


def xor_address(host, port, tid):
    pad = struct.pack(">I", COOKIE) + tid
    return address(host, port, pad[:2] + pad)


def read_xor_address(value, tid):
    pad = struct.pack(">I", COOKIE) + tid
    raw = bytes(a ^ b for a, b in zip(value[4:], pad))
    return str(ipaddress.ip_address(raw)), struct.unpack(">H", value[2:4])[0] ^ (COOKIE >> 16)


def error_code(code, reason):
    return struct.pack(">HBB", 0, code // 100, code % 100) + reason.encode()


def message(kind, tid, attributes=(), key=None, fingerprint=False):
    """attributes: (type, value) pairs; MESSAGE-INTEGRITY and FINGERPRINT are added."""
    body = b"".join(attribute(t, v) for t, v in attributes)
    if key is not None:
        text = header(kind, len(body) + 24, tid) + body
        body += attribute(INTEGRITY, hmac.new(key, text, hashlib.sha1).digest())
    if fingerprint:
        body += fingerprint_of(header(kind, len(body) + 8, tid) + body)
    return header(kind, len(body), tid) + body


def attributes_of(msg, padded=True):
    """(type, {attribute type: first value}); MS-TURN does not pad."""
    kind, length = struct.unpack(">HH", msg[:4])
    attributes, p = {}, 20
    while p + 4 <= 20 + length:
        t, n = struct.unpack(">HH", msg[p:p + 4])
        attributes.setdefault(t, msg[p + 4:p + 4 + n])
        p += 4 + n + (-n % 4 if padded else 0)
    return kind, attributes


def parse(msg):
    """(type, transaction id, {attribute type: first value})."""
    kind, attributes = attributes_of(msg)
    return kind, msg[8:20], attributes


def long_term_key(user, realm, password):
    return hashlib.md5(f"{user}:{realm}:{password}".encode()).digest()


def channel_data(channel, data):
    return struct.pack(">HH", channel, len(data)) + data + bytes(-len(data) % 4)


def framed(packet):
    return struct.pack(">H", len(packet)) + packet
