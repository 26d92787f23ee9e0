# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts what a run of tshark executes, by callgrind: the same each time, and on a busy machine.

Every run is that of a user without any configuration, whose home is the given folder; it has to be open for everybody.
Wireshark's hash tables are seeded by GLib's random numbers, which is worth a per cent from run to run: here these are none.
What is preloaded for that also knows when the start is over: when a capture is opened."""
import re
import subprocess

from harness import AS_NOBODY, TestFailure, environment

# The plugin's functions that Wireshark calls: with all that they call, what is executed inside of it.
PLUGIN_OWN = ("dissect_tcp", "heur_tcp", "dissect_wrapped", "dissect_behind_tcp")

PRELOADED = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <valgrind/callgrind.h>

unsigned g_random_int(void)
{
    static unsigned number = 1;

    return number = number * 1664525u + 1013904223u;
}

void *wtap_open_offline(const char *path, unsigned type, int *error, char **info, int seekable)
{
    void *(*next)(const char *, unsigned, int *, char **, int) = dlsym(RTLD_NEXT, "wtap_open_offline");

    CALLGRIND_START_INSTRUMENTATION;
    return next(path, type, error, info, seekable);
}
"""


def preloaded(home):
    """A library to load first; made once."""
    library = home / "preloaded.so"
    if not library.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-x", "c", "-o", library, "-", "-ldl"], input=PRELOADED, text=True,
                       check=True)
    return library


def valgrind(options, capture, arguments, plugins, home):
    """What valgrind says of one run of tshark."""
    command = ["env", f"LD_PRELOAD={preloaded(home)}", "valgrind", *options, "tshark", "-n", "-r", str(capture), *arguments]
    ended = subprocess.run(AS_NOBODY + command, env=environment(plugins, home), cwd=home, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if ended.returncode != 0:
        raise TestFailure(f"{' '.join(command)}\nended with {ended.returncode} and said:\n"
                          + ended.stderr.decode(errors="replace"))
    return ended.stderr.decode(errors="replace")


def run(capture, arguments, plugins, home, with_start=True):
    """callgrind's file about one run of tshark, or about what comes behind its start, in less than half the time."""
    result = home / "callgrind.out"
    result.unlink(missing_ok=True)
    valgrind(["--tool=callgrind", f"--instr-atstart={'yes' if with_start else 'no'}", f"--callgrind-out-file={result}"],
             capture, arguments, plugins, home)
    return result


def count(capture, arguments, plugins, home):
    """Instructions of one run of tshark, and nothing else: in half the time. Not to be compared with those of run."""
    said = valgrind(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"], capture, arguments, plugins,
                    home)
    return int(re.search(r"I *refs: +([\d,]+)", said)[1].replace(",", ""))


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


def of_object(result, name):
    """Instructions of a library's own code, without what it calls in others. In callgrind's format ob= names the library of
    the lines that follow (the name once, later its number), and behind calls= comes a line that is the called one's."""
    names, inside, called, count = {}, False, False, 0
    for line in result.read_text(errors="replace").splitlines():
        entry = re.match(r"(c?ob)=\((\d+)\)(?: (.*))?$", line)
        if entry:
            names.setdefault(entry[2], entry[3])
            if entry[1] == "ob":
                inside = names[entry[2]].endswith(f"/{name}")
        elif line.startswith("calls="):
            called = True
        elif re.match(r"[-+*\d]", line):
            count += int(line.split()[1]) if inside and not called else 0
            called = False
    return count
