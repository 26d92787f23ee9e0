# SPDX-License-Identifier: GPL-2.0-or-later
"""What other decoders of STUN, Wireshark's own among them, read wrongly or not at all is read rightly.

    others_wrong.py [function...]

One function for each, which reads fields of a capture with tshark -2 and compares them with what the specification says.
"""
import sys

import harness
import wireshark
from harness import CAPTURES, TestFailure, decode, tshark


def fields(capture, where, *names, options=()):
    """The fields of the frames that the display filter names: [[value, ...], ...], several values joined by commas."""
    path = next(path for path in CAPTURES.glob(capture + ".pcap*") if path.stem == capture.split("/")[1])
    columns = [argument for name in names for argument in ("-e", name)]
    output = decode(path, "-2", "-Y", where, *options, "-T", "fields", "-E", "aggregator=,", *columns)
    return [line.split("\t") for line in wireshark.reworded(output).splitlines()]


def same(what, read, right):
    """Fails if tshark's reading is not the right one."""
    if read != right:
        raise TestFailure(f"{what}: {read}, should be {right}")


def ms_turn_framing():
    """[MS-TURN] 2.1, 2.1.4, 2.2.3: pseudo-TLS hands over to units of type 0x02 and 0x03, 0xFF10 carries packets."""
    same("hellos", fields("ms-turn/tcp-443", "mstun.pseudo_tls", "mstun.pseudo_tls"), [["1"], ["2"]])
    same("units", fields("vectors/ms-framing", "mstun", "mstun.ms.framing.type", "mstun.type", "rtp.p_type", "rtcp.pt"),
         [["0x02", "0x0003", "", ""], ["0x02", "0x0004,0x0001", "", ""], ["0x03", "", "127", ""], ["0x03", "", "127", ""],
          ["", "", "", "201"]])


def unpadded_by_evidence():
    """[MS-TURN] 2.2.2: no padding where the Magic Cookie stands first, and nobody sets a preference."""
    same("401", fields("vectors/ms-turn", "frame.number == 2", "mstun.dialect", "mstun.error.reason", "mstun.att.realm",
                       "_ws.malformed"),
         [["4", "The request did not contain a Message-Integrity attribute", '"rtcmedia"', ""]])


def ms_turn_type_names():
    """[MS-TURN] 2.2.1: 0x0004 is no Refresh, 0x0006 no Send, 0x0115 no error, whatever their ids begin with."""
    def info(capture, where):
        return {row[0].split(" peer:")[0] for row in fields(capture, where, "_ws.col.Info")}

    same("0x0004", info("vectors/ms-turn", "mstun.type == 0x0004"), {"Send Request"})
    same("0x0006", info("vectors/ms-turn", "mstun.type == 0x0006"), {"Set Active Destination Request"})
    same("0x0115", info("vectors/ms-turn", "mstun.type == 0x0115"), {"Data Indication"})
    same("0x0115 with a cookie", info("ms-turn/data-indication-cookie", "mstun.id[0:4] == 21:12:a4:42 && mstun.type == 0x0115"),
         {"Data Indication"})


def remote_address_is_plain():
    """[MS-TURN] 2.2.2.11: 0x0012 is not XORed, with the cookie of RFC 5389 in the id as well."""
    same("0x0012", fields("ms-turn/data-indication-cookie", "mstun.id[0:4] == 21:12:a4:42 && mstun.type == 0x0115",
                          "mstun.att.ipv4", "mstun.att.port")[0], ["198.51.100.20", "50050"])


def short_sequence_number():
    """0x8050 has 24 bytes ([MS-TURN] 2.2.2.21) or, in what Teams sends, the number alone."""
    same("0x8050", fields("ms-turn/tcp-443-no-hellos", "mstun.att.ms.sequence_number && !mstun.att.ms.connection_id",
                          "mstun.att.ms.sequence_number", "_ws.malformed"), [["2", ""], ["3", ""]])


def bandwidth_amounts():
    """[MS-TURNBWM] 2.2.3: minimum send, maximum send, minimum receive, maximum receive."""
    amount = "mstun.att.bandwidth_rsv_amount."
    same("0x8058", fields("vectors/ms-turnbwm", amount + "misb", *(amount + name for name in ("misb", "masb", "mirb", "marb"))),
         [["64", "128", "64", "128"]])


def candidate_identifier():
    """[MS-ICE2] 2.2.2: text of any length, filled with zeros in the older format."""
    same("0x8054", fields("vectors/ms-ice2-check", "mstun.att.ms.foundation", "mstun.att.length", "mstun.att.ms.foundation"),
         [["9,4,8,1,4,20,4", "2"], ["12,4,8,4,4,20,4", "2"]])


def rfc4571_anywhere():
    """RFC 4571 section 2: a connection may begin with media, and checks begin anywhere in a segment."""
    same("RTP first", fields("ms-ice2/media-first", "rtp && mstun", "mstun.framing")[0], ["2"])
    rows = fields("tcp/rfc4571-media-first", "mstun", "mstun.type", "rtp.seq")
    same("media before the first check", any(types and seq for types, seq in rows), True)


def ice_behind_connection_bind():
    """RFC 6062 section 5.4: behind the ConnectionBind's success comes the peer's data, in the same segment too."""
    same("0x010b, 0x0001", fields("vectors/connection-bind", "frame.number == 2", "mstun.type"), [["0x010b,0x0001"]])


def channel_data():
    """RFC 8656 sections 12 and 12.5: padded to fours on TCP, and no channels from 0x8000 on."""
    same("padding", fields("vectors/channel-data", "mstun.channel", "mstun.channel", "mstun.channel.padding"),
         [["0x4001,0x4001", "000000,00"]])
    same("0xc001", fields("vectors/channel-reserved", "frame.number == 2", "mstun.channel", "mstun.continuation"),
         [["", "c001000468656c6c"]])


def password_algorithms():
    """RFC 8489 section 14.11: parameters that fit are no mistake, parameters that do not are one."""
    same("0x8002", fields("vectors/attributes-stun", "mstun.att.pw_alg_data", "mstun.att.pw_alg", "mstun.att.pw_alg_data",
                          "mstun.att.pw_alg_length")[0][1:], ["aabbcc", ""])
    same("too long", {row[0] for row in fields("broken/pw-alg-length", "mstun", "mstun.att.pw_alg_length")}, {"1"})


def icmp():
    """RFC 8656 section 18.13: 16 bits reserved, 7 of type, 9 of code."""
    same("0x8004", fields("vectors/attributes-turn", "mstun.att.icmp.type", "mstun.att.icmp.type", "mstun.att.icmp.code"),
         [["3", "3"]])


def fingerprint_and_sha256():
    """[MS-ICE2] 3.1.4.8.2: an altered CRC table is not a bad FINGERPRINT; RFC 8489 section 14.6: 0x001C is an HMAC."""
    same("legacy", fields("vectors/legacy-fingerprint", "mstun", "mstun.att.crc32.status"), [["5"]])
    same("0x001c", fields("vectors/rfc8489-sha256-request", "mstun", "mstun.att.hmac")[0][0][:8], "b5c7bf00")


def second_format():
    """[MS-ICE2] 3.1.4.8.2: the second copy of a check, in the older format, is no retransmission."""
    same("copies", fields("vectors/ms-ice2-check", "mstun.type == 0x0001", "mstun.alternate_of", "mstun.retransmission_of"),
         [["", ""], ["1", ""]])


def classic_stun():
    """RFC 3489 section 11.1: 0x0112 is the Shared Secret Error Response; [MS-TURN] 2.2.2.16: 0x8020 is XORed, IPv6 too."""
    same("0x0112", fields("ms-turn/rfc3489-tcp", "mstun.type == 0x0112", "_ws.col.Info"),
         [["Shared Secret Error Response 433 Use TLS"]])
    same("0x8020", "2001:db8::10" in fields("ms-turn/ipv6", "mstun.type == 0x0113", "mstun.att.ipv6")[0][0].split(","), True)


def filter_names():
    """A name is spelled as the specification spells the thing."""
    names = {line.split("\t")[2] for line in tshark("-G", "fields").splitlines() if "\tmstun.att.lp." in line}
    same("Location Profile", names, {"mstun.att.lp.peer_location", "mstun.att.lp.self_location", "mstun.att.lp.federation"})


def several_messages_in_a_segment():
    """RFC 8489 section 6.2.2: TCP knows no messages; a segment may hold any number of them."""
    same("segment", fields("tcp/bare-coalesced", "mstun", "mstun.type")[0], ["0x0003,0x0003,0x0009,0x0004,0x0001"])


def implementation_version():
    """[MS-ICE2] 2.2.2: 0x8070 is a number."""
    same("0x8070", {row[0] for row in fields("ms-ice2/healthy", "mstun.type == 0x0001", "mstun.att.ms.version.ice")}, {"2"})


def bandwidth_flags():
    """[MS-TURNBWM] 2.2.8: the answer is there whether its V is set or clear; 2.2.7: the last byte is the federation."""
    same("V", fields("vectors/attributes-ms", "mstun.att.address_rp.valid", "mstun.att.address_rp.valid",
                     "mstun.att.address_rp.masb"), [["1,0", "256,0"]])
    same("federation", {row[0] for row in fields("ms-turn/bandwidth", "mstun.att.lp.federation", "mstun.att.lp.federation")},
         {"1"})


def integrity():
    """RFC 5769 section 2.1: MESSAGE-INTEGRITY is verified, with the password that was published."""
    row = 'uat:mstun_credentials:"ufrag","evtj","","text","VOkJxbRl1RmTxUk/WvJxBt",""'
    same("RFC 5769", fields("vectors/rfc5769-request", "mstun", "mstun.integrity.status", options=("-o", row)), [["1"]])


CHECKS = [ms_turn_framing, unpadded_by_evidence, ms_turn_type_names, remote_address_is_plain, short_sequence_number,
          bandwidth_amounts, candidate_identifier, rfc4571_anywhere, ice_behind_connection_bind, channel_data,
          password_algorithms, icmp, fingerprint_and_sha256, second_format, classic_stun, filter_names,
          several_messages_in_a_segment, implementation_version, bandwidth_flags, integrity]


def main(*names):
    """All of them, so that one run tells everything."""
    failures = []
    for check in CHECKS:
        if names and check.__name__ not in names:
            continue
        try:
            check()
        except TestFailure as failure:
            failures.append(f"{check.__name__}: {failure}")
    print(f"{len(CHECKS)} checks, {len(failures)} failed")
    if failures:
        raise TestFailure("\n".join(failures))


harness.main(main, *sys.argv[1:])
