# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls: what signalling says is joined with STUN as the lab knows it.

    joined    each STUN message of a call names it, and no other one; each code of a header is read; MESSAGE-INTEGRITY is
              good in both directions without any typed credential, or bad where the lab says so, and never otherwise
    report    mstun,candidates has the candidates that the agents say they have, and no others; those that the agents have
              chosen are nominated; those that nobody was told of are never checked, and a reason is given
    secrets   no password of the signalling is in a field of ours or in a report
    off       with the preference off nothing is verified; with mstun disabled, everything is as it is without the plugin
    lua       a dissector of the user's for application/sdp is called, and the calls are read all the same

The truth of a capture says which calls, candidates, codes and secrets there are: lab/make_signalling.py writes it from what
the agents say of themselves.
"""
import json
import sys
from collections import Counter

import harness
from harness import CAPTURES, NO_PLUGIN, SOURCE, STAGE, TestFailure, captures, decode, each, fields, name, tshark

GOOD, BAD, UNVERIFIED = "1", "0", "2"
CALL = ["mstun.call.id", "mstun.call.from", "mstun.call.to", "mstun.call.media"]
TYPES = {"host": "1", "srflx": "2", "prflx": "3", "relay": "4"}
REPORTS = [word for report in ("pairs", "turn", "findings", "candidates") for word in ("-z", f"mstun,{report},json")]


def truth_of(capture):
    return json.loads((SOURCE / "test-captures" / f"{name(capture)}.truth.json").read_text())


def options(capture):
    """The preferences that its truth asks for."""
    return [word for option in truth_of(capture).get("options", []) for word in ("-o", option)]


def expect(what, found, wanted):
    if found != wanted:
        raise TestFailure(f"{what}: {found}, should be {wanted}")


def frames_with_checks(truth):
    return {message["frame"] for message in truth["messages"] if message["type"] in ("0x0001", "0x0101", "0x0111")}


def calls_of(capture, truth):
    """Frames of STUN name the call that the lab made, and its people and stream."""
    found = {int(row["frame.number"]): row for row in fields(capture, ["frame.number", *CALL], "-Y", "mstun", *options(capture))}
    for call in truth["calls"]:
        for frame in sorted(frames_with_checks(truth)):
            if not truth.get("joined", True):
                expect(f"frame {frame}, calls", found[frame]["mstun.call.id"], "")
                continue
            for field, key in zip(CALL, ("id", "from", "to", "media")):
                expect(f"frame {frame}, {field}", set(found[frame][field].split(",")), {call[key]})
    signalled = {value for row in fields(capture, ["mstun.call.id"], "-Y", "sip or http", *options(capture)) for value in
                 row["mstun.call.id"].split(",") if value}
    expect("calls of SIP", signalled, {call["id"] for call in truth["calls"]})


def types_of(capture, truth):
    """The candidates' types are those that the SDP has."""
    told = {TYPES[candidate["type"]] for call in truth["calls"] for side in call["sides"] if side
            for candidate in side["candidates"]}
    names = ["mstun.call.source_type", "mstun.call.destination_type"]
    for row in fields(capture, ["frame.number", *names], "-Y", "mstun.call.source_type", *options(capture)):
        for field in names:
            if not set(filter(None, row[field].split(","))) <= told:
                raise TestFailure(f"frame {row['frame.number']}, {field}: {row[field]}, of {sorted(told)}")


def integrity_of(capture, truth):
    """Statuses of all HMACs, and whose direction they are of."""
    rows = fields(capture, ["frame.number", "ip.src", "tcp.srcport", "udp.srcport", "mstun.integrity.status", "mstun.integrity.key_frame"], "-Y",
                  "mstun.integrity.status", *options(capture))
    statuses = Counter(status for row in rows for status in row["mstun.integrity.status"].split(","))
    wanted = {"good": GOOD, "bad": BAD, "unverified": UNVERIFIED}[truth["integrity"]]
    if truth.get("lost"):  # the offer is not complete in the capture, and so is no key of the caller
        expect("statuses", set(statuses), {GOOD, UNVERIFIED})
        return statuses
    if truth["messages"] or options(capture):
        expect("statuses", set(statuses), {wanted})
    if wanted == UNVERIFIED:
        return statuses
    if (truth["messages"] or options(capture)) and truth["healthy"]:
        expect("senders", len({(row["ip.src"], row["tcp.srcport"], row["udp.srcport"]) for row in rows}) >= 2, True)
    for row in rows:
        expect(f"keys in frame {row['frame.number']}", len(row["mstun.integrity.key_frame"].split(",")),
               len(row["mstun.integrity.status"].split(",")))
    return statuses


def joined():
    def check(capture):
        truth = truth_of(capture)
        calls_of(capture, truth)
        types_of(capture, truth)
        statuses = integrity_of(capture, truth)
        codes = [int(row["mstun.call.diagnostics"]) for row in
                 fields(capture, ["mstun.call.diagnostics"], "-Y", "mstun.call.diagnostics")]
        expect("codes", codes, [code for call in truth["calls"] for _, code in call["codes"]])
        malformed = fields(capture, ["mstun.call.malformed"], "-Y", "mstun.call.malformed")
        expect("lines that cannot be read", sum(len(row["mstun.call.malformed"].split(",")) for row in malformed),
               truth.get("malformed", 0))
        print(f"{name(capture):30} {len(truth['calls'])} calls, HMACs: {dict(statuses)}, codes: {codes}")
    each(captures("signalling/*"), check)


def key(row):
    port = row["port"] if "port" in row else int(row["address"].rsplit(":", 1)[1])
    address = row["address"] if "port" in row else row["address"].rsplit(":", 1)[0]
    return row["component"], row["type"], row["transport"], address, port


def report():
    def check(capture):
        truth = truth_of(capture)
        rows = [json.loads(line) for line in decode(capture, *options(capture), "-q", "-z", "mstun,candidates,json").splitlines()]
        for call in truth["calls"] if truth.get("joined", True) and not truth.get("lost") else ():
            for name_, side in zip((call["from"], call["to"]), call["sides"]):
                told = sorted(key(candidate) for candidate in side["candidates"]) if side else []
                found = sorted(key(row) for row in rows if row["call"] == call["id"] and row["side"] == name_)
                if side:
                    expect(f"candidates of {name_}", found, told)
        if "never_checked" in truth:
            found = {row["address"] for row in rows if row["verdict"] == "never checked"}
            expect("never checked", found if truth["healthy"] else found & set(truth["never_checked"]),
                   set(truth["never_checked"]))
        if truth.get("selected") and not truth.get("lost"):
            nominated = {row["address"] for row in rows if row["verdict"] == "nominated"}
            expect("chosen and nominated", {address for address in truth["selected"] if address in nominated} != set(), True)
        for row in rows:
            expect("a reason", bool(row["because"]), row["verdict"] == "never checked")
        print(f"{name(capture):30} {Counter(row['verdict'] for row in rows)}")
    each(captures("signalling/*"), check)


def own_fields():
    """Names of all fields of ours that are about calls and keys."""
    names = [line.split("\t")[2] for line in tshark("-G", "fields").splitlines() if line.startswith("F\t")]
    return [field for field in names if field.startswith(("mstun.call", "mstun.mras", "mstun.integrity"))]


def secrets():
    ours = [word for field in own_fields() for word in ("-e", field)]

    def check(capture):
        text = (decode(capture, *options(capture), "-2", "-T", "fields", *ours)
                + decode(capture, *options(capture), "-q", *REPORTS))
        trees = json.dumps(harness.mstun_trees(capture, "-2"))
        for secret in truth_of(capture)["secrets"]:
            if secret in text + trees:
                raise TestFailure(f"the secret {secret} is shown")
    each(captures("signalling/*"), check)


def off():
    def check(capture):
        rows = fields(capture, ["mstun.integrity.status"], "-Y", "mstun.integrity.status", "-o",
                      "mstun.signalled_keys:FALSE")
        if {status for row in rows for status in row["mstun.integrity.status"].split(",")} - {UNVERIFIED}:
            raise TestFailure("something is verified with the preference off")
        disabled = decode(capture, "-V", "--disable-protocol", "mstun")
        if disabled != decode(capture, "-V", plugins=NO_PLUGIN):
            raise TestFailure("--disable-protocol mstun is not what it is without the plugin")
    each(captures("signalling/*"), check)


LUA = """
local p = Proto("users_own", "A dissector of the user's")
p.fields = { ProtoField.uint32("users_own.len", "Length") }
function p.dissector(tvb, pinfo, tree)
    tree:add(p, tvb()):add(p.fields[1], tvb:len())
    return tvb:len()
end
DissectorTable.get("media_type"):add("application/sdp", p)
"""


def lua():
    script = STAGE / "users-own.lua"
    script.write_text(LUA)
    script.chmod(0o644)
    capture = CAPTURES / "signalling" / "healthy.pcapng"
    output = tshark("-n", "-2", "-r", capture, "-X", f"lua_script:{script}", "-T", "fields", "-e", "frame.number", "-e",
                    "users_own.len", "-e", "mstun.call.id", "-Y", "users_own or mstun")
    rows = [line.split("\t") for line in output.splitlines()]
    (call,) = truth_of(capture)["calls"]
    expect("bodies that the user's dissector has shown", sum(bool(row[1]) for row in rows), 4)
    expect("calls", {row[2] for row in rows if row[1]}, {call["id"]})


if __name__ == "__main__":
    harness.main({"joined": joined, "report": report, "secrets": secrets, "off": off, "lua": lua}[sys.argv[1]])
