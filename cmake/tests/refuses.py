# SPDX-License-Identifier: GPL-2.0-or-later
"""In a Wireshark that keeps its insides elsewhere than base/compat knows, the plugin says so in one sentence and leaves
Wireshark alone, as if it were not there: it never loses findings in silence.

The other Wireshark is this one with a function in front of it that asks nobody for a frame's block.
"""
import subprocess
import tempfile
from pathlib import Path

import harness
from harness import AS_NOBODY, CAPTURES, NO_PLUGIN, PLUGIN, STAGE, TestFailure, environment, tshark

OTHER = "void *epan_get_modified_block(void *session, void *frame) { (void)session; (void)frame; return 0; }\n"
CAPTURE = CAPTURES / "rfc6062/connect.pcapng"
SENTENCE = "is not loaded: this Wireshark ("


def in_other_wireshark(library, *arguments):
    """tshark's output and what it complains about."""
    run = subprocess.run([*AS_NOBODY, "tshark", *map(str, arguments)], env=environment(PLUGIN, LD_PRELOAD=str(library)),
                         cwd=STAGE, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise TestFailure(f"tshark {arguments[0]} ended with {run.returncode}: {run.stderr}")
    return run.stdout, run.stderr


def main():
    """One sentence, no protocol, and the output of a Wireshark without the plugin."""
    harness.require_plugin()
    with tempfile.TemporaryDirectory(dir=STAGE) as folder:
        Path(folder).chmod(0o755)
        library = Path(folder, "other.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", library], input=OTHER, text=True, check=True)
        protocols, said = in_other_wireshark(library, "-G", "protocols")
        if any("mstun" in line.split("\t") for line in protocols.splitlines()):
            raise TestFailure("the protocol is registered all the same")
        if said.count("mstun") != 2 or said.count(SENTENCE) != 1 or "Please install the mstun made for it." not in said:
            raise TestFailure(f"not one clear sentence, but: {said}")
        output, _ = in_other_wireshark(library, "-n", "-r", CAPTURE, "-V")
    if output != tshark("-n", "-r", CAPTURE, "-V", plugins=NO_PLUGIN):
        raise TestFailure("it decodes otherwise than without the plugin")
    print(said.strip())


harness.main(main)
