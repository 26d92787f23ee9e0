# SPDX-License-Identifier: GPL-2.0-or-later
"""An exception in another dissector ends the packet that it was given, and nothing else.

    exceptions.py <throw/mstun-throw.so>

At each hand-over of the plugin, to each dissector that it names, throw.c throws in its place or behind it, and leaves
packet_info spoilt. All layers of mstun, in this frame and behind it, are those of the same run without exceptions, and so
are the reports: what is counted, whose it is, and where the next unit begins do not depend on what media is.
"""
import json
import re
import shutil
import subprocess
import sys

import harness
from harness import PLUGIN, STAGE, TestFailure, tshark

# hand-over: captures that have it, with messages behind it
HAND_OVERS = {
    "rtp": ["ms-ice2/healthy", "rfc6062/segments", "ms-turn/tcp-443", "tcp/rfc4571-coalesced"],
    "rtcp": ["ms-ice2/healthy", "rfc6062/connect", "ms-ice2/media-first"],
    "dtls": ["ms-ice2/media-first", "rfc6062/connect-all-legs", "reported/sped"],
    "tls": ["ms-turn/tcp-443", "ms-turn/tls-intercepted-alert", "reported/stun-answered-by-tls-alert"],
    "http": ["reported/stun-answered-by-http"],
    "heuristics": ["coturn/channels-3478", "coturn/send-data-3478"],
    "data": ["coturn/channels-3478", "coturn/tcp-relay-3478"],
    "ports": ["rfc6062/not-stun", "rfc6062/tls"],
}
# Of epan/exceptions.h: what was captured in part, what is malformed, a dissector's bug, what cannot be reassembled
BOUNDS, REPORTED_BOUNDS, BUG, REASSEMBLY = 1, 3, 6, 9
SHOWN = ("_ws.malformed", "_ws.short", "_ws.unreassembled")
REPORTS = [word for report in ("turn", "pairs", "findings") for word in ("-z", f"mstun,{report}")]
# Of what SIP has handed to us (entry/signalling.c): the exception is SIP's, as it is without us, and ends nothing of ours.
PASSED_ON = {"call_dissector_with_data"}
CALLS = {"call_dissector", "call_dissector_only", "call_data_dissector", "dissector_try_heuristic", "decode_tcp_ports"}


def check_calls():
    """throw.c knows every function by which the plugin calls a dissector."""
    (plugin,) = PLUGIN.glob("*/epan/mstun.so")
    symbols = subprocess.run(["nm", "-D", "--undefined-only", plugin], capture_output=True, text=True, check=True).stdout
    called = set(re.findall(r"\bU (call_\w*dissector\w*|dissector_try_\w+|decode_\w+_ports|heur_dissector_try\w*)", symbols))
    known = CALLS | PASSED_ON
    if called != known:
        raise TestFailure(f"exceptions.py does not know {called - known}; not called: {known - called}")


def layers(path, **thrown):
    """mstun's layers of each frame in two passes, and how many marks of exceptions there are."""
    text = tshark("-n", "-2", "-r", path, "-T", "json", "-J", " ".join(["mstun", *SHOWN]), **thrown)
    frames = [dict(dict(packet)["_source"])["layers"] for packet in json.loads(text, object_pairs_hook=list)]
    marks = sum(protocol in SHOWN for frame in frames for protocol, _ in frame)
    return [[tree for protocol, tree in frame if protocol == "mstun"] for frame in frames], marks


def check(hand_over, capture, library):
    """One hand-over in one capture, with several exceptions."""
    (path,) = (found for found in (STAGE / "captures").glob(f"{capture}.pcap*"))
    usual, usual_marks = layers(path)
    reports = tshark("-n", "-q", "-r", path, *REPORTS)
    for what, late in ((BOUNDS, False), (REPORTED_BOUNDS, True), (BUG, False), (REASSEMBLY, True)):
        if late and hand_over == "heuristics":  # which take nothing here
            continue
        thrown = {"LD_PRELOAD": str(library), "MSTUN_THROW_AT": hand_over, "MSTUN_THROW_WHAT": str(what),
                  "WIRESHARK_LOG_LEVEL": "critical"}
        if late:
            thrown["MSTUN_THROW_LATE"] = "1"
        trees, marks = layers(path, **thrown)
        when = f"{capture}: exception {what} {'behind' if late else 'in place of'} {hand_over}"
        if marks <= usual_marks:
            raise TestFailure(f"{when}: not thrown")
        for number, (usual_trees, frame_trees) in enumerate(zip(usual, trees), 1):
            if usual_trees != frame_trees:
                raise TestFailure(f"{when}: frame {number} has other layers:\n{usual_trees}\n{frame_trees}")
        changed = tshark("-n", "-q", "-r", path, *REPORTS, **thrown)
        if reports != changed:
            raise TestFailure(f"{when}: reports differ:\n{reports}\n{changed}")


def main(built):
    """All hand-overs."""
    check_calls()
    library = STAGE / "mstun-throw.so"
    shutil.copyfile(built, library)
    library.chmod(0o755)
    failures = []
    for hand_over, of_it in HAND_OVERS.items():
        for capture in of_it:
            try:
                check(hand_over, capture, library)
            except TestFailure as failure:
                failures.append(str(failure))
    print(f"{sum(map(len, HAND_OVERS.values()))} captures of {len(HAND_OVERS)} hand-overs, {len(failures)} failures")
    if failures:
        raise TestFailure("\n".join(failures))


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
