# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin costs, as ratios to the same run without it or with Wireshark's own dissector for STUN.

    bench.py <plugin folder> [quick]

Instructions are callgrind's, with the start-up of a one-packet run taken off: they are the same on a busy machine.
`own` is what is executed inside the dissector, of the plugin or the built-in, and for traffic that is not ours in the
plugin's own code; `run` all of tshark. How memory and time grow with the capture takes half an hour ("quick": it is left out).
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import callgrind
import harness
import traffic
from callgrind import PLUGIN_OWN
from harness import AS_NOBODY, environment

PACKETS = 1000
REPORTS = [word for name in ("tree", "srt", "pairs", "turn", "findings") for word in ("-z", f"mstun,{name}")]
BUILT_IN, BUILT_IN_OWN = ["--disable-protocol", "mstun"], ("tcp_dissect_pdus",)
NEITHER = [*BUILT_IN, "--disable-protocol", "stun"]

# Traffic that is not ours: name, capture, and the most that own instructions and the ratio to a run without the plugin shall
# be.
REFUSALS = [("other TCP", "other", 60, 1.010), ("TLS on 443", "tls", 250, None)]

# A run: name, capture, arguments with the plugin, arguments of what it is compared with, and the most that the ratios (own,
# run) shall be.
RUNS = [
    ("checks, another field filtered", "checks", ["-Y", "tcp.port == 1"], BUILT_IN, 0.80, None),
    ("checks, packet list", "checks", [], BUILT_IN, 0.80, None),
    ("checks, type filtered", "checks", ["-Y", "mstun.type == 1"], [*BUILT_IN, "-Y", "stun.type == 1"], None, None),
    # Up to Wireshark 4.2 tshark makes the whole tree for this
    ("checks, -T fields of two", "checks", ["-T", "fields", "-e", "mstun.type", "-e", "mstun.id"],
     [*BUILT_IN, "-T", "fields", "-e", "stun.type", "-e", "stun.id"], 0.90, None),
    ("checks, -V", "checks", ["-V"], BUILT_IN, 1.00, None),
    ("checks, five reports", "checks", ["-q", *REPORTS], ["-q", "-z", "io,stat,0"], None, 1.20),
    ("RFC 6062, packet list", "turn", [], BUILT_IN, None, None),
]


class Bench:
    """Captures and results in a folder that the unprivileged user can use."""

    def __init__(self, plugins, work):
        self.work = Path(work)
        self.work.chmod(0o777)
        self.plugins = {True: plugins, False: self.work / "none"}  # with the plugin and without
        self.plugins[False].mkdir()

    def capture(self, kind, packets):
        """Its path; made once."""
        path = self.work / f"{kind}-{packets}.pcap"
        if not path.exists():
            traffic.make(kind, packets, path)
        return path

    def profile(self, kind, packets, arguments=(), plugin=True):
        """callgrind's file."""
        return callgrind.run(self.capture(kind, packets), arguments, self.plugins[plugin], self.work)

    def refused(self, kind):
        """Instructions per packet: of the run, and of the plugin's own code on average, and behind the first kilobytes of a
        connection, in which a message is looked for everywhere."""
        (start, own_start), (total, own), (_, own_twice) = (
            (callgrind.total(found), callgrind.of_object(found, "mstun.so"))
            for found in (self.profile(kind, packets) for packets in (1, PACKETS, 2 * PACKETS)))
        return (total - start) / (PACKETS - 1), (own - own_start) / (PACKETS - 1), (own_twice - own) / PACKETS

    def without(self, kind):
        """Instructions per packet of a run without the plugin."""
        start, total = (callgrind.total(self.profile(kind, packets, plugin=False)) for packets in (1, PACKETS))
        return (total - start) / (PACKETS - 1)

    def cost(self, kind, arguments, own):
        """Instructions per packet: of the run, and of the dissector's own functions together."""
        one, all_of_it = callgrind.total(self.profile(kind, 1, arguments)), self.profile(kind, PACKETS, arguments)
        return (callgrind.total(all_of_it) - one) / (PACKETS - 1), callgrind.of_functions(all_of_it, own) / PACKETS

    def resources(self, kind, packets, arguments, plugin):
        """CPU seconds and peak memory in bytes."""
        command = ["tshark", "-n", "-r", str(self.capture(kind, packets)), *arguments]
        process = subprocess.Popen(AS_NOBODY + command, env=environment(self.plugins[plugin], self.work), cwd=self.work,
                                   stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    def growth(self, kind, arguments):
        """Of a million packets: CPU seconds; per packet, against ten thousand; and peak memory. A twentieth of a second is
        what ten thousand take, beside the start-up's fifth: the least of many."""
        start, short = (min(self.resources(kind, packets, arguments, True)[0] for _ in range(10)) for packets in (1, 10000))
        cpu, memory = self.resources(kind, 1000000, arguments, True)
        return cpu, (cpu - start) / 100 / max(short - start, 1e-9), memory

    def instructions_at_ends(self, kind, arguments):
        """Instructions per packet, of a million and of ten thousand: minutes."""
        start, short, all_of_it = (callgrind.count(self.capture(kind, packets), arguments, self.plugins[True], self.work)
                                   for packets in (1, 10000, 1000000))
        return (all_of_it - start) / 1000000, (short - start) / 10000


def ratio(one, other, limit):
    """As text, with what it shall be; of a run without a dissector's own functions there is none."""
    if not other:
        return "-"
    return f"{one / other:.3f}" + (f" (<= {limit:.2f}{'' if one / other <= limit else ', MISSED'})" if limit else "")


def refusals(bench):
    """The table of traffic that is not ours."""
    print(f"Instructions per packet, {PACKETS} packets\n")
    print(f"{'not ours':32} {'whole run':>10} {'without':>9} {'ratio':22} {'own':>7} later")
    for name, kind, own_limit, run_limit in REFUSALS:
        (run, own, later), without = bench.refused(kind), bench.without(kind)
        print(f"{name:32} {run:10.0f} {without:9.0f} {ratio(run, without, run_limit):22} {own:7.0f} "
              f"{later:.0f} (<= {own_limit}{'' if later <= own_limit else ', MISSED'})", flush=True)


def instructions(bench):
    """The table of runs."""
    print(f"\n{'messages':32} {'whole run':>10} {'compared':>9} {'ratio':22} {'own':>7} {'compared':>9} ratio")
    for name, kind, arguments, against, own_limit, run_limit in RUNS:
        same = [] if {"-T", "-Y", "-z"} & set(against) else arguments
        run, own = bench.cost(kind, arguments, PLUGIN_OWN)
        other_run, other_own = bench.cost(kind, [*against, *same], BUILT_IN_OWN)
        print(f"{name:32} {run:10.0f} {other_run:9.0f} {ratio(run, other_run, run_limit):22} {own:7.0f} "
              f"{other_own:9.0f} {ratio(own, other_own, own_limit)}", flush=True)


def state(bench):
    """Memory per transaction, and instructions and CPU per packet from 10k to 1M packets."""
    print("\nState: peak memory beyond a run that knows no STUN, per transaction; per packet, 1M packets against 10k")
    for name, kind, per_packet in (("all answered", "checks", 0.5), ("all open", "open", 1), ("100k connections", "many", 0.5)):
        floor = bench.resources(kind, 1000000, NEITHER, True)[1]
        for who, arguments in (("mstun", []), ("built-in", BUILT_IN), ("neither", NEITHER)):
            cpu, growth_of_cpu, memory = bench.growth(kind, arguments)
            print(f"{name:18} {who:9} {(memory - floor) / (1000000 * per_packet):6.0f} bytes, peak {memory >> 20} MB, "
                  f"CPU {cpu:.1f} s, {growth_of_cpu:.2f} of that at 10k", end="", flush=True)
            if who != "neither":
                limit = 1.05 if who == "mstun" else None
                print(f", instructions {ratio(*bench.instructions_at_ends(kind, arguments), limit)}", end="")
            print(flush=True)


def main(plugins, how=""):
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="mstun-bench-") as work:
        bench = Bench(plugins, work)
        refusals(bench)
        instructions(bench)
        if how != "quick":
            state(bench)


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
