# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts what a run of tshark executes, by callgrind: the same on a busy machine, but for the seeds of hashes.

Every run is that of a user without any configuration, whose home is the given folder; it has to be open for everybody."""
import re
import subprocess

from harness import AS_NOBODY, TestFailure, environment

# The plugin's functions that Wireshark calls: with all that they call, what is executed inside of it.
PLUGIN_OWN = ("dissect_tcp", "heur_tcp", "dissect_wrapped")


def run(capture, arguments, plugins, home):
    """callgrind's file about one run of tshark."""
    result = home / "callgrind.out"
    result.unlink(missing_ok=True)
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={result}", "tshark", "-n", "-r", str(capture),
               *arguments]
    ended = subprocess.run(AS_NOBODY + command, env=environment(plugins, home), cwd=home, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if ended.returncode != 0:
        raise TestFailure(f"{' '.join(command)}\nended with {ended.returncode} and said:\n"
                          + ended.stderr.decode(errors="replace"))
    return result


def total(result):
    """Instructions of the whole run."""
    return int(re.search(r"^totals: (\d+)$", result.read_text(errors="replace"), re.M)[1])


def of_functions(result, names):
    """Instructions of these functions, each with all that it calls, added up."""
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--show-percs=no", result],
                          check=True, capture_output=True, text=True).stdout
    functions = {}
    for count, name in re.findall(r"^\s*([\d,]+)\s+\S*?:([\w@.']+)(?: \[.*\])?$", text, re.M):
        functions[name] = max(functions.get(name, 0), int(count.replace(",", "")))
    return sum(functions.get(name, 0) for name in names)
