# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes all captures as inputs of the fuzz target (target.c describes the form), and its dictionary.

    seeds.py <folder of captures> <folder for inputs> <dictionary> [<n>: every n-th capture]

Captures of any encapsulation that tshark reads: TCP and UDP payloads come from tshark's own fields, so that nothing is
parsed twice. A capture of many packets becomes several inputs.
"""
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from harness import NO_PLUGIN, tshark

PACKETS_PER_INPUT = 64
PAYLOAD_MAX = 1400
PORTS = {50000: 0, 3478: 1, 443: 2, 5060: 3, 40123: 4, 5349: 5, 80: 6, 40443: 4}
UDP, TCP, ODD, TLS = 0, 1, 2, 3
ODD_FIN, ODD_RESET, ODD_SYN = 2, 3, 6

# Cookies, types, attributes and framing headers, each as it stands on the wire.
TOKENS = """2112a442 72c64bc6 000f000472c64bc6 00010000 01010000 0111 0003 0103 0113 0004 0104 0006 0106 0116 0115 0016
0017 0008 0108 0009 000a 010a 000b 010b 001c 0200 0300 02000014 0300001a ff10 4000 7ffe 8028000400000000 80280004
00060004 0008001400000000 00080014 001c0020 00090004 000004010000 00140004 00150004 0012000800010000 0016000800010000
0020000800010000 00130014 00190004 06000000 002a0004 000c0004 000d0004 00250000 00240004 8029000800000000 802a0008
80700004 80540004 80500018 80500004 80950008 80080004 80550004 80680004 8058 0014 006c0001 160301002d010000
160301004e0200004603 802c0103010003 807f 80c8 16fefd""".split()
# Signalling, as it is written.
WORDS = ["a=candidate:", "a=ice-ufrag:", "a=ice-pwd:", "a=remote-candidates:", "a=x-candidate-ipv6:", " typ relay raddr ",
         " tcptype passive", "TCP-ACT", "TCP-PASS", "m=audio ", "a=group:BUNDLE ", "application/sdp", "Call-ID: ",
         "ms-diagnostics: ", "ms-client-diagnostics: ", ";reason=", "ICEWarn=0x", "<credentials>", "<username>",
         "<password>", "<mediaRelay>", "reasonPhrase=", "application/msrtc-media-relay-auth+xml"]


def payloads(capture):
    """(protocol, source, destination, stream, flags, payload) of each packet."""
    fields = ["tcp.srcport", "tcp.dstport", "tcp.stream", "tcp.flags", "tcp.payload", "udp.srcport", "udp.dstport",
              "udp.stream", "udp.payload"]
    columns = [argument for field in fields for argument in ("-e", field)]
    output = tshark("-n", "-r", capture, "-T", "fields", "-E", "occurrence=f", *columns, plugins=NO_PLUGIN)
    for line in output.splitlines():
        row = line.split("\t")
        if row[0]:
            yield TCP, int(row[0]), int(row[1]), int(row[2]), int(row[3], 16), bytes.fromhex(row[4])
        elif row[5]:
            yield UDP, int(row[5]), int(row[6]), int(row[7]), 0, bytes.fromhex(row[8])


def record(packet, first_source):
    """One packet as the target reads it."""
    protocol, source, destination, stream, flags, payload = packet
    direction = int(first_source.setdefault((protocol, stream), source) != source)
    connection = PORTS.get(source, PORTS.get(destination, stream % 7))
    kind, odd = protocol, 0
    if protocol == TCP and flags & 0x07:
        kind = ODD
        odd = ODD_FIN if flags & 1 else ODD_SYN if flags & 2 else ODD_RESET
    payload = payload[:PAYLOAD_MAX]
    return struct.pack(">BH", kind << 6 | direction << 5 | connection << 2, odd << 13 | len(payload)) + payload


def main(captures, inputs, dictionary, every="1"):
    """All of it."""
    Path(inputs).mkdir(parents=True, exist_ok=True)
    count = 0
    for capture in sorted(Path(captures).glob("*/*.pcap*"))[::int(every)]:
        first_source = {}
        # An acknowledgement says nothing here.
        records = [record(packet, first_source) for packet in payloads(capture) if packet[5] or packet[4] & 0x07]
        for start in range(0, min(len(records), 10 * PACKETS_PER_INPUT), PACKETS_PER_INPUT):
            name = f"{capture.parent.name}-{capture.stem}-{start}"
            (Path(inputs) / name).write_bytes(b"".join(records[start:start + PACKETS_PER_INPUT]))
            count += 1
    tokens = [bytes.fromhex(token) for token in TOKENS] + [word.encode() for word in WORDS]
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in tokens]
    Path(dictionary).write_text("".join(lines), encoding="ascii")
    print(f"{count} inputs")


if __name__ == "__main__":
    main(*sys.argv[1:])
