# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/libnice: two libnice agents (ice_pair.c) over ICE-TCP."""
import os
import subprocess

import count
import lab

TOPIC = "libnice"


def old_fingerprint(name):
    """True if a second copy of a check differs from the first: the old CRC
    table gives another FINGERPRINT in about a third of all messages."""
    first = {}
    for u in count.units(lab.path(TOPIC, name + ".pcapng")):
        if u["kind"] == "rfc4571" and first.setdefault((u["dir"], u["bytes"][:20]), u["bytes"]) != u["bytes"]:
            return True
    return False


def make(name, *args):
    capture(name, *args)
    for _ in range(30):
        if name != "oc2007r2" or old_fingerprint(name):
            break
        capture(name, *args)
    report(name, *args)


def capture(name, *args):
    with lab.Capture(TOPIC, name):
        r = subprocess.run([os.path.join(lab.SCRATCH, "ice_pair"), *args], capture_output=True, text=True, timeout=30,
                           check=False)
    with open(os.path.join(lab.SCRATCH, name + ".log"), "w", encoding="utf-8") as f:
        f.write(r.stdout + r.stderr)


def report(name, *args):
    with open(os.path.join(lab.SCRATCH, name + ".log"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    agents = [line for line in lines if " pair " in line or " got " in line and "bytes" not in line]
    msgs = lab.truth_from_streams(TOPIC, name, arguments=" ".join(args), agents_say=agents)
    print("  ", len(msgs), "messages,", sum(m["answered"] is False for m in msgs), "unanswered;", "; ".join(agents))


A, B = lab.CLIENT, lab.PEER
CAPTURES = {
    "rfc5245": ("rfc5245", "aggressive", "control", A, B, "4"),
    "rfc5245-regular": ("rfc5245", "regular", "control", A, B, "4"),
    "rfc5245-conflict": ("rfc5245", "aggressive", "conflict", A, B, "2"),
    "rfc5245-wrong-password": ("rfc5245", "aggressive", "control", A, B, "2", "wrong-password"),
    "rfc5245-ipv6": ("rfc5245", "aggressive", "control", lab.CLIENT6, lab.SERVER6, "4"),
    "oc2007r2": ("oc2007r2", "aggressive", "control", A, B, "4"),
    "oc2007r2-conflict": ("oc2007r2", "aggressive", "conflict", A, B, "2"),
    "oc2007r2-wrong-password": ("oc2007r2", "aggressive", "control", A, B, "2", "wrong-password"),
}


def main(names):
    lab.need("dumpcap", "ip", "cc")
    lab.network()
    for name, args in lab.chosen(CAPTURES, names).items():
        make(name, *args)
