# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin costs, as ratios to the same run without it or with Wireshark's own dissector for STUN.

    bench.py <plugin folder> [quick]

Instructions are callgrind's, with the start-up of a one-packet run taken off: they are the same on a busy machine.
`own` is what is executed inside the dissector, of the plugin or the built-in; `run` all of tshark. Memory and CPU time
come from runs without callgrind (not with "quick").
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import traffic

PACKETS = 1000
REPORTS = [word for name in ("tree", "srt", "pairs", "turn", "findings") for word in ("-z", f"mstun,{name}")]
BUILT_IN = ["--disable-protocol", "mstun"]
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []

# A run: name, capture, arguments with the plugin, arguments of what it is compared with (None: no plugin), the functions
# that are a dissector's own, and the most that the ratios (own, run) shall be.
PLUGIN_OWN, BUILT_IN_OWN = ("dissect_tcp", "heur_tcp", "dissect_wrapped"), ("tcp_dissect_pdus",)
RUNS = [
    ("other TCP", "other", [], None, None, 1.010),
    ("TLS on 443", "tls", [], None, None, None),
    ("checks, another field filtered", "checks", ["-Y", "tcp.port == 1"], BUILT_IN, 0.80, None),
    ("checks, packet list", "checks", [], BUILT_IN, 0.80, None),
    ("checks, -T fields of two", "checks", ["-T", "fields", "-e", "mstun.type", "-e", "mstun.id"],
     [*BUILT_IN, "-T", "fields", "-e", "stun.type", "-e", "stun.id"], None, 0.90),
    ("checks, -V", "checks", ["-V"], BUILT_IN, None, 1.00),
    ("checks, five reports", "checks", ["-q", *REPORTS], ["-q", "-z", "io,stat,0"], None, 1.20),
    ("RFC 6062, packet list", "turn", [], BUILT_IN, None, None),
]


class Bench:
    """Captures and results in a folder that the unprivileged user can use."""

    def __init__(self, plugin, work):
        self.work, self.plugin = Path(work), plugin
        self.none = self.work / "none"
        self.none.mkdir()
        os.chmod(work, 0o777)

    def capture(self, kind, packets):
        """Its path; made once."""
        path = self.work / f"{kind}-{packets}.pcap"
        if not path.exists():
            traffic.make(kind, packets, path)
        return path

    def command(self, capture, arguments, plugin, before=()):
        """tshark as a user without any configuration runs it."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.work), "LC_ALL": "C", "TZ": "UTC",
               "WIRESHARK_CONFIG_DIR": str(self.work / "config"),
               "WIRESHARK_PLUGIN_DIR": str(self.plugin if plugin else self.none)}
        return [*AS_NOBODY, *before, "tshark", "-n", "-r", str(capture), *arguments], env

    def profile(self, capture, arguments, plugin):
        """Instructions of one run: of all of it, and by function with all that it calls."""
        out = self.work / "callgrind.out"
        out.unlink(missing_ok=True)
        command, env = self.command(capture, arguments, plugin, ["valgrind", "--tool=callgrind", "--log-file=/dev/null",
                                                                f"--callgrind-out-file={out}"])
        subprocess.run(command, env=env, cwd=self.work, check=True, stdout=subprocess.DEVNULL)
        text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--show-percs=no", out],
                              check=True, capture_output=True, text=True).stdout
        functions = {}
        for count, name in re.findall(r"^\s*([\d,]+)\s+\S*?:([\w@.']+)(?: \[.*\])?$", text, re.M):
            functions[name] = max(functions.get(name, 0), int(count.replace(",", "")))
        total = int(re.search(r"^\s*([\d,]+)\s+PROGRAM TOTALS", text, re.M)[1].replace(",", ""))
        return total, functions

    def cost(self, kind, arguments, plugin, own):
        """Instructions per packet: of the run, and of the dissector's own functions together."""
        one, _ = self.profile(self.capture(kind, 1), arguments, plugin)
        all_of_it, functions = self.profile(self.capture(kind, PACKETS), arguments, plugin)
        return (all_of_it - one) / (PACKETS - 1), sum(functions.get(name, 0) for name in own) / PACKETS

    def resources(self, kind, packets, arguments, plugin):
        """CPU seconds and peak memory in bytes."""
        command, env = self.command(self.capture(kind, packets), arguments, plugin)
        process = subprocess.Popen(command, env=env, cwd=self.work, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def ratio(one, other, limit):
    """As text, with what it shall be."""
    if not other:
        return "-"
    return f"{one / other:.3f}" + (f" (<= {limit:.2f}{'' if one / other <= limit else ', MISSED'})" if limit else "")


def instructions(bench):
    """The table of runs."""
    print(f"Instructions per packet, {PACKETS} packets\n")
    print(f"{'run':32} {'whole run':>10} {'compared':>9} {'ratio':22} {'own':>7} {'compared':>9} ratio")
    for name, kind, arguments, against, own_limit, run_limit in RUNS:
        run, own = bench.cost(kind, arguments, True, PLUGIN_OWN)
        if against is None:
            other_run, other_own = bench.cost(kind, arguments, False, ())
        else:
            same = [] if "-T" in against or "-z" in against else arguments
            other_run, other_own = bench.cost(kind, [*against, *same], True, BUILT_IN_OWN)
        print(f"{name:32} {run:10.0f} {other_run:9.0f} {ratio(run, other_run, run_limit):22} {own:7.0f} "
              f"{other_own:9.0f} {ratio(own, other_own, own_limit)}", flush=True)


def state(bench):
    """Memory per transaction, and CPU per packet from 10k to 1M packets."""
    print("\nState: peak memory beyond a run that knows no STUN, per transaction; CPU per packet, 1M against 10k packets")
    neither = ["--disable-protocol", "mstun", "--disable-protocol", "stun"]
    for name, kind, per_packet in (("all answered", "checks", 0.5), ("all open", "open", 1), ("100k connections", "many", 0.5)):
        for who, arguments in (("mstun", []), ("built-in", BUILT_IN)):
            short_cpu = min(bench.resources(kind, 10000, arguments, True)[0] for _ in range(3))
            start_cpu = min(bench.resources(kind, 1, arguments, True)[0] for _ in range(3))
            cpu, memory = bench.resources(kind, 1000000, arguments, True)
            _, floor = bench.resources(kind, 1000000, neither, True)
            flat = (cpu - start_cpu) / 100 / max(short_cpu - start_cpu, 1e-9)
            print(f"{name:18} {who:9} {(memory - floor) / (1000000 * per_packet):6.0f} bytes, peak {memory >> 20} MB, "
                  f"CPU {cpu:.1f} s, per packet {flat:.2f} of that at 10k", flush=True)


def main(plugin, how=""):
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="mstun-bench-") as work:
        bench = Bench(plugin, work)
        instructions(bench)
        if how != "quick":
            state(bench)


if __name__ == "__main__":
    main(*sys.argv[1:])
