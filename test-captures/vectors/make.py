#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the messages of our own making as hex for text2pcap: attributes-*.hex beside this file, which hold every
attribute that the published vectors and the worked examples do not, and ../broken/*.hex, one for each expert info.

    python3 test-captures/vectors/make.py

Lengths, XOR and FINGERPRINT are computed here; what a message means is said in the comments of the files.
"""
import struct
import sys
from pathlib import Path

VECTORS = Path(__file__).resolve().parent
sys.path.append(str(VECTORS.parent / "lab"))

import stunmsg

BROKEN = VECTORS.parent / "broken"

TURN = "-T 50000,3478 -4 192.0.2.10,203.0.113.20"
ICE = "-T 42000,50044 -4 192.0.2.10,198.51.100.99"
COOKIE = bytes.fromhex("2112a442")
MS_COOKIE = ("MAGIC-COOKIE", 0x000F, bytes.fromhex("72c64bc6"))
FINGERPRINT = "FINGERPRINT"
CLIENT, SERVER = "I", "O"  # text2pcap: I goes as the addresses stand in the first line, O the other way


def transaction(number):
    """12 bytes that are easy to find again."""
    return COOKIE + b"mstun-" + struct.pack(">HI", 0, number)


def attribute(name, kind, value, length=None, padding=None):
    """One attribute; length and padding (None: what is right) for those that are to be wrong."""
    return f"{name} (0x{kind:04x})", stunmsg.attribute(kind, value, length, padding)


def address(host, port, pad=None):
    """A transport address; pad: the 16 bytes that an XORed one is made with."""
    return stunmsg.address(host, port, pad[:2] + pad) if pad else stunmsg.address(host, port)


def message(comment, direction, kind, identity, attributes, length=None, tail=b"", framed=None):
    """A message as (comment, direction, [(what, bytes)]). attributes: (name, type, value) or what attribute() takes;
    MS-TURN's have no padding. length: of the header; tail: bytes after the message; framed: RFC 4571 length, or True."""
    pads = MS_COOKIE not in attributes
    parts = []
    for each in attributes:
        each = ("FINGERPRINT", 0x8028, bytes(4)) if each == FINGERPRINT else each
        parts.append(attribute(*each, **({} if pads else {"padding": b""})) if len(each) == 3 else attribute(*each))
    total = sum(len(part) for _, part in parts)
    parts.insert(0, ("header", struct.pack(">HH", kind, total if length is None else length) + identity))
    if FINGERPRINT in attributes:
        place = attributes.index(FINGERPRINT) + 1
        covered = b"".join(part for _, part in parts[:place])
        parts[place] = ("FINGERPRINT (0x8028)", stunmsg.fingerprint_of(covered))
    if framed is not None:
        whole = sum(len(part) for _, part in parts) if framed is True else framed
        parts.insert(0, ("RFC 4571 length", struct.pack(">H", whole)))
    if tail:
        parts.append(("after the message", tail))
    return comment, direction, parts


def write(path, about, messages, arguments=TURN):
    """One .hex file, an attribute to a line or more."""
    lines = [f"# text2pcap: {arguments}", f"# {about}"]
    for comment, direction, parts in messages:
        lines += ["", f"# {comment}", direction]
        offset = 0
        for what, content in parts:
            lines.append(f"# {what}")
            for start in range(0, len(content), 16):
                line = content[start:start + 16]
                lines.append(f"{offset:04x}  {line.hex(' ')}")
                offset += len(line)
    path.write_text("\n".join(lines) + "\n")


def attributes_stun():
    """RFC 8489, 5780, 7635, 7982 and 3489."""
    ask, probe, allocate, token, secret, old = (transaction(number) for number in range(1, 7))
    nonce = b"obMatJos2wAAAnonce-1"
    write(VECTORS / "attributes-stun.hex", "Attributes of STUN that the published vectors do not have", [
        message("RFC 5780: change both, answer to another port", CLIENT, 0x0001, ask, [
            ("CHANGE-REQUEST", 0x0003, bytes.fromhex("00000006")),
            ("RESPONSE-PORT 40000", 0x0027, struct.pack(">HH", 40000, 0)),
            ("PADDING", 0x0026, b"........"),
            ("TRANSACTION_TRANSMIT_COUNTER, sent twice", 0x8025, bytes.fromhex("00000200")),
            FINGERPRINT]),
        message("its answer", SERVER, 0x0101, ask, [
            ("MAPPED-ADDRESS", 0x0001, address("192.0.2.10", 50000)),
            ("RESPONSE-ORIGIN", 0x802B, address("203.0.113.21", 3479)),
            ("OTHER-ADDRESS", 0x802C, address("2001:db8::21", 3479)),
            ("CACHE-TIMEOUT", 0x8027, struct.pack(">I", 300)),
            ("TRANSACTION_TRANSMIT_COUNTER, answered once", 0x8025, bytes.fromhex("00000201")),
            FINGERPRINT]),
        message("what the server does not know", CLIENT, 0x0001, probe, [
            ("RESPONSE-ADDRESS", 0x0002, address("192.0.2.10", 40001)),
            ("RESPONSE-PORT as an older draft had it", 0x0027, address("192.0.2.10", 40001, probe)),
            ("ORIGIN", 0x802F, b"https://example.org"),
            FINGERPRINT]),
        message("its refusal", SERVER, 0x0111, probe, [
            ("ERROR-CODE", 0x0009, bytes.fromhex("00000414") + b"Unknown Attribute"),
            ("UNKNOWN-ATTRIBUTES", 0x000A, struct.pack(">HHH", 0x0002, 0x0027, 0x7F01)),
            FINGERPRINT]),
        message("RFC 7635: third-party authorization", CLIENT, 0x0003, allocate, [FINGERPRINT]),
        message("its challenge; the nonce says that password algorithms and anonymous names are known", SERVER, 0x0113,
                allocate, [
            ("ERROR-CODE", 0x0009, bytes.fromhex("00000401") + b"Unauthenticated"),
            ("REALM", 0x0014, b"example.org"),
            ("NONCE", 0x0015, nonce),
            ("PASSWORD-ALGORITHMS: SHA-256; MD5 with parameters", 0x8002, bytes.fromhex("00020000 00010003 aabbcc00")),
            ("THIRD-PARTY-AUTHORIZATION", 0x802E, b"auth.example.org"),
            FINGERPRINT]),
        message("with a token; the HMAC is cut to 16 bytes and is not a real one", CLIENT, 0x0003, token, [
            ("USERNAME", 0x0006, b"1700003600:kid"),
            ("REALM", 0x0014, b"example.org"),
            ("NONCE", 0x0015, nonce),
            ("ACCESS-TOKEN: nonce of 4 bytes, 8 bytes encrypted", 0x001B, bytes.fromhex("0004 01020304 a1a2a3a4a5a6a7a8")),
            ("MESSAGE-INTEGRITY-SHA256", 0x001C, bytes(range(0x40, 0x50))),
            FINGERPRINT]),
        message("sent elsewhere", SERVER, 0x0113, token, [
            ("ERROR-CODE", 0x0009, bytes.fromhex("00000300") + b"Try Alternate"),
            ("ALTERNATE-SERVER", 0x8023, address("2001:db8::22", 3478)),
            ("ALTERNATE-DOMAIN", 0x8003, b"turn2.example.org"),
            FINGERPRINT]),
        message("RFC 3489: a shared secret", CLIENT, 0x0002, secret, []),
        message("RFC 3489: name and password", SERVER, 0x0102, secret, [
            ("USERNAME", 0x0006, b"secret-name!"),
            ("PASSWORD", 0x0007, b"secret-word!")]),
        message("RFC 3489 and drafts", CLIENT, 0x0001, old, []),
        message("its answer", SERVER, 0x0101, old, [
            ("SOURCE-ADDRESS", 0x0004, address("203.0.113.20", 3478)),
            ("CHANGED-ADDRESS", 0x0005, address("203.0.113.21", 3479)),
            ("REFLECTED-FROM", 0x000B, address("192.0.2.11", 50001)),
            ("XOR-REFLECTED-FROM", 0x0028, address("192.0.2.11", 50001, old))]),
    ])


def attributes_turn():
    """RFC 8656, 8016 and drafts."""
    allocate, bind, send, data, drafts = (transaction(number) for number in range(16, 21))
    write(VECTORS / "attributes-turn.hex", "Attributes of TURN that the worked examples do not have", [
        message("Allocate", CLIENT, 0x0003, allocate, [
            ("REQUESTED-TRANSPORT UDP", 0x0019, bytes.fromhex("11000000")),
            ("REQUESTED-ADDRESS-FAMILY IPv6", 0x0017, bytes.fromhex("02000000")),
            ("EVEN-PORT, reserve the next", 0x0018, b"\x80"),
            ("DONT-FRAGMENT", 0x001A, b""),
            ("ADDITIONAL-ADDRESS-FAMILY IPv6", 0x8000, bytes.fromhex("02000000")),
            ("BANDWIDTH of old drafts", 0x0010, struct.pack(">I", 2000)),
            ("MOBILITY-TICKET, asked for", 0x8030, b""),
            FINGERPRINT]),
        message("its answer: no IPv4 address could be had", SERVER, 0x0103, allocate, [
            ("XOR-RELAYED-ADDRESS", 0x0016, address("2001:db8::20", 49152, allocate)),
            ("XOR-MAPPED-ADDRESS of old drafts", 0x8020, address("192.0.2.10", 50000, allocate)),
            ("ADDRESS-ERROR-CODE", 0x8001, bytes.fromhex("01000428") + b"Address Family not Supported"),
            ("LIFETIME", 0x000D, struct.pack(">I", 3600)),
            ("RESERVATION-TOKEN", 0x0022, bytes.fromhex("0102030405060708")),
            ("MOBILITY-TICKET", 0x8030, b"ticket"),
            FINGERPRINT]),
        message("ChannelBind", CLIENT, 0x0009, bind, [
            ("CHANNEL-NUMBER", 0x000C, bytes.fromhex("40010000")),
            ("XOR-PEER-ADDRESS", 0x0012, address("2001:db8::99", 50044, bind)),
            FINGERPRINT]),
        message("its answer", SERVER, 0x0109, bind, [FINGERPRINT]),
        message("Send", CLIENT, 0x0016, send, [
            ("XOR-PEER-ADDRESS", 0x0012, address("2001:db8::99", 50044, send)),
            ("DATA", 0x0013, b"hello"),
            FINGERPRINT]),
        message("Data: port unreachable, type 3 and code 3", SERVER, 0x0017, data, [
            ("XOR-PEER-ADDRESS", 0x0012, address("2001:db8::99", 50044, data)),
            ("ICMP", 0x8004, bytes.fromhex("00000603 00000000")),
            FINGERPRINT]),
        message("types of old drafts and products", SERVER, 0x0011, drafts, [
            ("TIMER-VAL", 0x0021, struct.pack(">I", 30)),
            ("the same type as XOR-ONLY", 0x0021, b""),
            ("CONNECT-STAT", 0x0023, struct.pack(">I", 2)),
            ("ICMP of a draft", 0x0030, bytes.fromhex("00000303")),
            ("0x8000 as MSN's mapped address", 0x8000, address("192.0.2.10", 50000)),
            ("0x8001 as libjingle's options", 0x8001, struct.pack(">I", 1)),
            FINGERPRINT]),
    ])


def attributes_ice():
    """RFC 8445, 6679, Google, Cisco, and types without a name."""
    check, others, meta = transaction(32), transaction(33), transaction(34)
    write(VECTORS / "attributes-ice.hex", "Attributes of ICE that the worked examples do not have", [
        message("a check that nominates; its HMACs are not real ones", CLIENT, 0x0001, check, [
            ("USERNAME", 0x0006, b"RfRg:LfLg"),
            ("PRIORITY: host, local preference 65535, component 2", 0x0024, bytes.fromhex("7efffffe")),
            ("USE-CANDIDATE", 0x0025, b""),
            ("ICE-CONTROLLING", 0x802A, bytes.fromhex("0123456789abcdef")),
            ("NOMINATION", 0xC001, struct.pack(">I", 7)),
            ("GOOG-NETWORK-INFO: network 3, cellular", 0xC057, struct.pack(">HH", 3, 900)),
            ("GOOG-LAST-ICE-CHECK-RECEIVED", 0xC058, transaction(31)[4:]),
            ("GOOG-MISC-INFO", 0xC059, bytes.fromhex("00010002")),
            ("GOOG-RETRANSMIT-COUNT", 0xFF00, struct.pack(">I", 1)),
            ("ECN-CHECK: ECT(0), valid", 0x802D, bytes.fromhex("00000005")),
            ("MESSAGE-INTEGRITY", 0x0008, bytes(range(0x60, 0x74))),
            ("GOOG-MESSAGE-INTEGRITY-32", 0xC060, bytes(range(0x60, 0x64))),
            FINGERPRINT]),
        message("its answer", SERVER, 0x0101, check, [
            ("XOR-MAPPED-ADDRESS", 0x0020, address("192.0.2.10", 42000, check)),
            ("ICE-CONTROLLED", 0x8029, bytes.fromhex("fedcba9876543210")),
            ("GOOG-MULTI-MAPPING", 0xFF04, b"mapping"),
            ("GOOG-LOGGING-ID", 0xFF05, b"TY_null"),
            FINGERPRINT]),
        message("types whose layout is not published", CLIENT, 0x0011, others, [
            ("no name", 0x0800, b"\x01"),
            ("no name", 0x24DF, b"\x02\x03"),
            ("no name", 0x3802, b"\x04\x05\x06"),
            ("CISCO-STUN-FLOWDATA", 0xC000, b"\x07\x08\x09\x0a"),
            ("NOMINATION's type as ENF-FLOW-DESCRIPTION", 0xC001, b"flow"[:3]),
            ("ENF-NETWORK-STATUS", 0xC002, b"\x0b"),
            ("GOOG-OBSOLETE-1", 0xC05A, b"\x0c"),
            ("GOOG-CONNECTION-ID", 0xC05B, b"\x0d"),
            ("GOOG-DELTA", 0xC05C, b"\x0e"),
            ("GOOG-DELTA-ACK", 0xC05D, b"\x0f"),
            FINGERPRINT]),
        message("Meta's types, whose layout is not published", CLIENT, 0x0001, meta, [
            ("META-REFLEXIVE-PAYLOAD", 0x4003, b"\x10"),
            ("META-PADDING", 0x4004, bytes(4)),
            ("META-RTP-PACKET", 0x4005, b"\x11"),
            ("META-TIME-INFO", 0x4006, b"\x12"),
            ("META-RESPONSE-PAYLOAD-SIZE", 0x4007, b"\x13"),
            ("META-RECEIVER-SUBSCRIPTION", 0x4021, b"\x14"),
            ("META-SENDER-SUBSCRIPTION", 0x4023, b"\x15"),
            FINGERPRINT]),
        message("its refusal, with a nonce that has NULs behind it", SERVER, 0x0111, meta, [
            ("ERROR-CODE", 0x0009, bytes.fromhex("00000401") + b"Unauthorized"),
            ("REALM", 0x0014, b"example.org"),
            ("NONCE", 0x0015, b"obMatJos2wAAAnonce-2" + bytes(4)),
            FINGERPRINT]),
    ])


def attributes_ms():
    """[MS-TURN], [MS-TURNBWM] and [MS-ICE2]; no cookie in the ids of MS-TURN, so that XOR is made with the id."""
    first, second, third = (bytes(range(start, start + 16)) for start in (0x10, 0x30, 0x50))
    check = transaction(48)
    write(VECTORS / "attributes-ms.hex", "Attributes of Microsoft that the worked examples do not have", [
        message("Allocate, sent elsewhere", CLIENT, 0x0003, first, [
            MS_COOKIE,
            ("MS-VERSION", 0x8008, struct.pack(">I", 4)),
            ("MS-SECURE-TAG", 0x8039, b"\xde\xad\xbe"),
            ("REQUESTED-ADDRESS-FAMILY IPv6", 0x0017, bytes.fromhex("02000000"))]),
        message("its answer", SERVER, 0x0113, first, [
            MS_COOKIE,
            ("ERROR-CODE", 0x0009, bytes.fromhex("00000300") + b"Try Alternate"),
            ("MS-ALTERNATE-SERVER", 0x000E, address("2001:db8::77", 443)),
            ("MS-ALTERNATE-HOST-NAME", 0x8032, b"edge2.example.com")]),
        message("refresh, in Teams' short form", CLIENT, 0x0003, second, [
            MS_COOKIE,
            ("MS-SEQUENCE-NUMBER", 0x8050, struct.pack(">I", 5)),
            ("LIFETIME", 0x000D, struct.pack(">I", 0))]),
        message("its answer", SERVER, 0x0103, second, [
            MS_COOKIE,
            ("MAPPED-ADDRESS", 0x0001, address("203.0.113.77", 50100)),
            ("MS-ALTERNATE-MAPPED-ADDRESS", 0x8090, address("2001:db8::77", 50100)),
            ("MS-XOR-MAPPED-ADDRESS", 0x8020, address("2001:db8::55", 50016, second)),
            ("LIFETIME", 0x000D, struct.pack(">I", 0))]),
        message("bandwidth: commit", CLIENT, 0x0003, third, [
            MS_COOKIE,
            ("BANDWIDTH-ADMISSION-CONTROL-MESSAGE", 0x8056, bytes.fromhex("00000001")),
            ("REMOTE-RELAY-SITE-ADDRESS", 0x805A, address("198.51.100.60", 50060, third)),
            ("LOCAL-RELAY-SITE-ADDRESS", 0x805C, address("2001:db8::61", 50061, third)),
            ("SIP-DIALOG-IDENTIFIER", 0x8061, b"dialog-1"),
            ("SIP-CALL-IDENTIFIER", 0x8062, b"call-1@example.com")]),
        message("its answer", SERVER, 0x0103, third, [
            MS_COOKIE,
            ("REMOTE-RELAY-SITE-ADDRESS-RESPONSE", 0x805E, struct.pack(">III", 0x80000000, 256, 512)),
            ("LOCAL-RELAY-SITE-ADDRESS-RESPONSE", 0x8060, struct.pack(">III", 0x7FFFFFFF, 0, 0))]),
        message("an MS-ICE2 check with what Teams adds after the nomination", CLIENT, 0x0001, check, [
            ("USERNAME", 0x0006, b"RfRg:LfLg"),
            ("no name", 0x8033, b""),
            ("no name", 0x8036, struct.pack(">I", 1)),
            ("MS-APP-ID", 0x8037, struct.pack(">I", 2)),
            ("MS-APP-ID of another length", 0x8037, b"\x03"),
            ("CANDIDATE-IDENTIFIER", 0x8054, b"7"),
            ("IMPLEMENTATION-VERSION", 0x8070, struct.pack(">I", 7)),
            FINGERPRINT]),
        message("its answer", SERVER, 0x0101, check, [
            ("XOR-MAPPED-ADDRESS", 0x0020, address("192.0.2.10", 50000, check)),
            ("IMPLEMENTATION-VERSION", 0x8070, struct.pack(">I", 2)),
            FINGERPRINT]),
    ])


SOFTWARE = ("SOFTWARE", 0x8022, b"next")  # stands behind the broken one: the walk goes on


def broken(expert, about, *messages, arguments=TURN):
    """One expert info; all messages are indications, which nobody answers."""
    write(BROKEN / f"{expert}.hex", about, messages, arguments)


def indication(attributes, **wrong):
    """A Binding Indication from the client."""
    return message("Binding Indication", CLIENT, 0x0011, transaction(64), attributes, **wrong)


def broken_values():
    """Values that do not keep to their layout."""
    broken("family-unknown", "An address family that is neither 1 nor 2",
           indication([("XOR-MAPPED-ADDRESS of family 3", 0x0020, bytes.fromhex("0003 1234 c0000201")), SOFTWARE]))
    broken("address-length", "Lengths that do not fit the family",
           indication([("MAPPED-ADDRESS, IPv4 in 20 bytes", 0x0001, bytes.fromhex("0001 1234") + bytes(16)), SOFTWARE]),
           indication([("XOR-PEER-ADDRESS, IPv6 in 8 bytes", 0x0012, bytes.fromhex("0002 1234 20010db8")), SOFTWARE]))
    broken("error-code-range", "Classes and numbers that do not exist; 274 of [MS-ICE2BWM] does",
           indication([("ERROR-CODE, class 7", 0x0009, bytes.fromhex("00000701") + b"seven"), SOFTWARE]),
           indication([("ERROR-CODE, number 100", 0x0009, bytes.fromhex("00000464") + b"hundred"), SOFTWARE]),
           indication([("ERROR-CODE 274", 0x0009, bytes.fromhex("0000024a") + b"Disable Candidate"), SOFTWARE]))
    broken("username-not-text", "A name that is no UTF-8, one with a control character, and what a check should have",
           *(indication([("USERNAME", 0x0006, name), SOFTWARE])
             for name in (b"RfR\xff:LfLg", b"RfRg:Lf\x07g", b"RfRg:LfLg")))
    broken("unknown-attributes-odd", "Half a type at the end",
           indication([("UNKNOWN-ATTRIBUTES", 0x000A, bytes.fromhex("002a 00")), SOFTWARE]))
    broken("pw-alg-length", "An algorithm whose parameters run past the attribute, and half an algorithm",
           indication([("PASSWORD-ALGORITHMS", 0x8002, bytes.fromhex("00020000 00010008 aabbccdd")), SOFTWARE]),
           indication([("PASSWORD-ALGORITHMS", 0x8002, bytes.fromhex("00020000 0001")), SOFTWARE]))
    broken("access-token-length", "A nonce that runs past the token",
           indication([("ACCESS-TOKEN", 0x001B, bytes.fromhex("0010 01020304")), SOFTWARE]))
    broken("integrity-length", "MS-TURN: an HMAC of neither SHA-1 nor SHA-256",
           message("Data Indication", SERVER, 0x0115, transaction(64), [
               MS_COOKIE, SOFTWARE, ("MESSAGE-INTEGRITY", 0x0008, bytes(24))]))
    broken("ms-sequence-length", "MS-TURN: a sequence number of neither 4 nor 24 bytes",
           message("Data Indication", SERVER, 0x0115, transaction(64), [
               MS_COOKIE, ("MS-SEQUENCE-NUMBER", 0x8050, bytes(8)), SOFTWARE]))
    broken("length-unexpected", "Lengths that the rows of four attributes refuse",
           indication([("LIFETIME of 2 bytes", 0x000D, bytes.fromhex("0258")),
                       ("USE-CANDIDATE of 4 bytes", 0x0025, bytes(4)),
                       ("ERROR-CODE of 2 bytes", 0x0009, bytes(2)),
                       ("MESSAGE-INTEGRITY-SHA256 of 18 bytes", 0x001C, bytes(18)),
                       FINGERPRINT]))


def broken_walk():
    """Attributes that do not lie as they should."""
    broken("length-beyond-message", "An attribute that says it is longer than the message",
           indication([SOFTWARE, ("NONCE", 0x0015, b"short", 500)]))
    broken("trailing-bytes", "MS-TURN: two bytes where another attribute would need four",
           message("Data Indication", SERVER, 0x0115, transaction(64), [MS_COOKIE, SOFTWARE], length=18, tail=b"\x80\x22"))
    broken("unknown-attribute", "A type that nobody knows: comprehension-required, then optional",
           indication([("nobody's", 0x7F01, b"\x01\x02"), ("nobody's", 0xFE01, b"\x03"), SOFTWARE]))
    broken("after-integrity", "An attribute behind MESSAGE-INTEGRITY, before the FINGERPRINT that may be there",
           indication([("MESSAGE-INTEGRITY", 0x0008, bytes(20)), ("PRIORITY", 0x0024, bytes.fromhex("6e0001ff")),
                       FINGERPRINT]))
    broken("after-fingerprint", "An attribute behind FINGERPRINT",
           indication([FINGERPRINT, SOFTWARE]))
    broken("crc32-bad", "A FINGERPRINT that is none",
           indication([SOFTWARE, ("FINGERPRINT", 0x8028, bytes.fromhex("01020304"))]))


def broken_frames():
    """Messages that do not fit what carries them."""
    broken("wrong-msglen", "A message of 9 bytes of attributes, which cannot be padded",
           indication([("SOFTWARE without padding", 0x8022, b"hello", None, b"")]))
    broken("short-packet", "An RFC 4571 frame that is 4 bytes shorter than its message; a whole one comes before it",
           indication([SOFTWARE, FINGERPRINT], framed=True),
           indication([SOFTWARE, ("PRIORITY", 0x0024, bytes.fromhex("6e0001ff"))], framed=32), arguments=ICE)
    broken("frame-trailing-bytes", "An RFC 4571 frame that is 3 bytes longer than its message; a whole one comes before",
           indication([SOFTWARE, FINGERPRINT], framed=True),
           indication([SOFTWARE], framed=31, tail=b"\x01\x02\x03"), arguments=ICE)
    broken("type-unknown", "A request of method 0x00d",
           message("type 0x000d", CLIENT, 0x000D, transaction(64), [SOFTWARE]))
    nested = message("", CLIENT, 0x0016, transaction(80), [("DATA", 0x0013, b"the innermost")])
    for depth in range(81, 88):
        inside = b"".join(part for _, part in nested[2])
        nested = message("Send Indication, eight times one in the other", CLIENT, 0x0016, transaction(depth),
                         [("DATA", 0x0013, inside)])
    broken("nested-too-deeply", "A message in the DATA of a message in the DATA of a message ...", nested)


if __name__ == "__main__":
    BROKEN.mkdir(exist_ok=True)
    for make in (attributes_stun, attributes_turn, attributes_ice, attributes_ms,
                 broken_values, broken_walk, broken_frames):
        make()
