# SPDX-License-Identifier: GPL-2.0-or-later
"""quickstart.sh where it cannot do its work: it says so, says what to do instead, and has installed and changed nothing.

    python3 quickstart.py

A system is pretended: its uname, and of its commands only those that are listed here; none of the host's is in PATH. What
belongs to each system is in SYSTEMS: what its commands print, and what quickstart.sh has to say. "The zip" and "the
instructions" must be there: the name of the zip's script, and a file that exists."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import harness
from harness import SOURCE, TestFailure

COMMANDS = "sh sed tr fold id dirname basename cat grep date mktemp rm mkdir awk tail sleep kill printf env ls stty cut".split()
NEEDS_ZIP = ["mstun-*-windows-x64.zip", "install.cmd", "cmake/package/windows.sh"]
INSTRUCTIONS = "cmake/package/OTHER-SYSTEMS.md"
ELSEWHERE = "cmake -S . -B build -G Ninja"
WSL = "5.15.167.4-microsoft-standard-WSL2"
# Debian's commands, on a system that lacks all packages; "apt-cache policy" is what differs.
APT = {"dpkg-query": "exit 1", "apt-get": "echo \"$*\" >>\"$CALLS\""}


def candidate(version):
    """apt, where the only wireshark-dev is of this version."""
    return {**APT, "apt-cache": f"echo '  Candidate: {version}'"}


# Name: what uname -s and -r print, other commands, what has to be said.
SYSTEMS = {
    "WSL with Debian": ("Linux", WSL, candidate("(none)"), ["Linux inside Windows (WSL)", *NEEDS_ZIP, "do not offer wireshark-dev"]),
    "WSL without apt": ("Linux", WSL, {}, ["Linux inside Windows (WSL)", *NEEDS_ZIP, ELSEWHERE, INSTRUCTIONS]),
    "Git Bash on Windows": ("MINGW64_NT-10.0-22631", "3.4.10", {}, ["On Windows, take", *NEEDS_ZIP, INSTRUCTIONS]),
    "Fedora, Arch and others": ("Linux", "6.11.4-301.fc41.x86_64", {}, ["apt-get, which is not here", "dnf install", "pacman -S",
                                                                        ELSEWHERE, INSTRUCTIONS]),
    "macOS": ("Darwin", "24.1.0", {}, ["macOS does not have", "brew install", ELSEWHERE, INSTRUCTIONS]),
    "FreeBSD": ("FreeBSD", "14.1-RELEASE", {}, ["this is FreeBSD", ELSEWHERE, INSTRUCTIONS]),
    "Ubuntu 22.04": ("Linux", "5.15.0-25-generic", candidate("3.6.2-2"), ["Wireshark 3.6.2-2", "needs 4.0 or newer", "24.04"]),
}


def pretend(folder, name, release, others):
    """Fills a folder with the commands of such a system."""
    for command in COMMANDS:
        if shutil.which(command):
            (folder / command).symlink_to(shutil.which(command))
    scripts = {"uname": f'[ "${{1-}}" = -r ] && echo {release} || echo {name}', "sudo": 'exec "$@"', **others}
    for command, text in scripts.items():
        (folder / command).write_text(f"#!{folder}/sh\n{text}\n")
        (folder / command).chmod(0o755)


def check(system, name, release, others, expected):
    """Runs it there, with a home and a temporary folder of its own."""
    with tempfile.TemporaryDirectory() as base:
        bin_folder, home, calls = Path(base, "bin"), Path(base, "home"), Path(base, "calls")
        bin_folder.mkdir()
        home.mkdir()
        pretend(bin_folder, name, release, others)
        run = subprocess.run([bin_folder / "sh", SOURCE / "cmake/quickstart.sh"], cwd=home, stdin=subprocess.DEVNULL,
                             env={"PATH": str(bin_folder), "HOME": str(home), "TMPDIR": base, "CALLS": str(calls)},
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        said = " ".join(run.stdout.split())
        print(f"== {system}\n{run.stdout.strip()}\n", flush=True)
        missing = [words for words in expected if words not in said]
        if missing or run.returncode == 0:
            raise TestFailure(f"{system}: exit code {run.returncode}, and it does not say {missing}")
        if "not found" in said or "command not" in said:
            raise TestFailure(f"{system}: a command is missing that it takes for granted")
        asked = calls.read_text() if calls.exists() else ""
        if " install" in asked or os.listdir(home):
            raise TestFailure(f"{system}: it has begun to install all the same: {asked}")


def main():
    """All of them."""
    for system, (name, release, others, expected) in SYSTEMS.items():
        check(system, name, release, others, expected)
    if not (SOURCE / INSTRUCTIONS).exists():
        raise TestFailure(f"{INSTRUCTIONS} is not there")


harness.main(main)
