# SPDX-License-Identifier: GPL-2.0-or-later
"""Run by windows.sh --wine: mstun.dll in wine shows what mstun.so shows here, of every capture of the tests.

    python3 compare.py <chroot> <zip for 4.0> <zip for another version>

MSTUN_STAGE holds the plugin and the captures, as harness.py says; the chroot has wine, and tshark.exe in /srv/tshark. The zips
are installed and removed by their own scripts. Compared are the whole decoding of both passes and all reports, with the
tests' passwords, byte for byte but for the ends of lines; also of frames that were cut, whose bytes end in exceptions. Protocols
that the small tshark.exe has not are switched off here, too. The exit code is 0 only if nothing differs."""
import os
import re
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
import harness
from harness import STAGE, TestFailure

PREFIX = "/srv/wine"
DRIVE = f"{PREFIX}/drive_c"
WIRESHARK = "Program Files/Wireshark"
REPORTS = ["findings", "pairs", "turn", "srt", "tree", "findings,json", "pairs,json", "turn,json"]
TIME_ZONE = re.compile(r"^(.* Time: .*) UT$", re.MULTILINE)  # wine's name of it
# HTTP gives TLS its port, also where it is switched off.
ONLY_HERE = ["-o", "http.tls.port:1"]
NOT_UNFOLDED = {"tls", "dtls"}  # it has certificates, and nothing for them
CUT_LENGTHS = [60, 74, 90, 110]
CUT_CAPTURES = 6


class Windows:
    """Programs in wine, in the chroot."""

    def __init__(self, chroot):
        self.chroot = Path(chroot)
        self.drive = self.chroot / DRIVE.lstrip("/")
        self.tshark = rf"C:\{WIRESHARK}\tshark.exe".replace("/", "\\")

    def run(self, *command):
        """Exit code and output of a program, with lines that end as here."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "TZ": "UTC", "WINEPREFIX": PREFIX,
                       "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe="}
        # What comes on the error output may be of wine's own services, which end with the last program.
        done = subprocess.run(["chroot", self.chroot, "wine", *map(str, command)], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return done.returncode, TIME_ZONE.sub(r"\1 UTC", done.stdout.decode(errors="replace").replace("\r\n", "\n"))

    def configuration(self):
        """Wireshark's folder of the user."""
        folder, = self.drive.glob("users/*/AppData/Roaming")
        return folder / "Wireshark"

    def unpack(self, archive):
        """A zip, where a user might put it: a folder with spaces in its name. Returns its Windows name."""
        folder = self.drive / "My Downloads"
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder)
        return rf"C:\My Downloads\{archive.stem}"

    def script(self, folder, name, *arguments):
        """One of the scripts of a zip."""
        return self.run("cmd", "/c", "call", rf"{folder}\{name}", *arguments)


def expect(condition, what, said):
    """Fails with what a program said."""
    if not condition:
        raise TestFailure(f"{what}; it said:\n{said}")
    print(f"        {what}: {said.strip().splitlines()[0] if said.strip() else 'as it should be'}", flush=True)


def install(windows, archive, other):
    """The other version is refused in one sentence and leaves nothing; the right one is loaded."""
    plugin = windows.configuration() / "plugins/4.0/epan/mstun.dll"
    code, said = windows.script(windows.unpack(other), "install.cmd")
    expect(code != 0 and "would not load it" in said and "Installed" not in said, "the zip of another version is refused", said)
    expect(not list(windows.configuration().rglob("mstun.dll")), "and nothing is copied", "")
    folder = windows.unpack(archive)
    code, said = windows.script(folder, "install.cmd", r"C:\No Wireshark")
    expect(code != 0 and "There is no Wireshark in" in said, "without Wireshark it says so", said)
    key = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\Wireshark.exe"
    windows.run("reg", "add", key, "/v", "Path", "/d", r"C:\Else where\Wireshark", "/f")
    code, said = windows.script(folder, "install.cmd")
    expect(code != 0 and r"in C:\Else where\Wireshark." in said, "it looks where the registry says", said)
    windows.run("reg", "delete", key, "/f")
    code, said = windows.script(folder, "install.cmd")
    expect(code == 0 and plugin.exists() and "Installed" in said, "the right zip is installed", said)
    profile = windows.configuration() / "profiles/MS-STUN"
    expect((profile / "preferences").exists(), "with the profile", "")
    code, said = windows.script(folder, "install.cmd")
    expect(code == 0 and "stays as it is" in said, "a second time as well", said)
    _, said = windows.run(windows.tshark, "-G", "plugins")
    expect(re.search(r"^mstun\.dll\s+\d", said, re.MULTILINE), "tshark.exe lists it", said[said.find("mstun.dll"):])
    sample = windows.drive / "sample.pcapng"
    shutil.copyfile(harness.CAPTURES / "rfc6062/connect.pcapng", sample)
    code, said = windows.run(windows.tshark, "-C", "MS-STUN", "-r", r"C:\sample.pcapng", "-Y", "frame.number == 4")
    expect(code == 0 and said != windows.run(windows.tshark, "-r", r"C:\sample.pcapng", "-Y", "frame.number == 4")[1],
           "the profile's columns are shown", said)
    return folder


def remove(windows, folder):
    """What the user has changed stays, all else goes."""
    plugins = windows.configuration() / "plugins"
    profile = windows.configuration() / "profiles/MS-STUN"
    with open(profile / "preferences", "a", encoding="utf-8") as preferences:
        preferences.write("# mine\n")
    code, said = windows.script(folder, "remove.cmd")
    expect(code == 0 and not list(plugins.rglob("mstun.dll")), "remove.cmd removes the plugin", said)
    expect((profile / "preferences").exists() and "Kept" in said, "a changed profile stays", "")
    shutil.rmtree(profile)
    windows.script(folder, "install.cmd")
    code, said = windows.script(folder, "remove.cmd")
    left = [path for path in windows.configuration().rglob("*") if path.is_file() and "lab" not in path.parts]
    expect(code == 0 and not left, "one that is as it came goes", said)
    code, said = windows.script(folder, "remove.cmd")
    expect(code == 0 and "not installed" in said, "and says so when there is none", said)


def profiles(windows):
    """The profile "lab" of the tests in wine, and here with those protocols switched off that are not in tshark.exe. Returns
    the home with it, and the protocols whose trees are compared."""
    source = STAGE / "home/config/profiles/lab"
    target = windows.configuration() / "profiles/lab"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, target, dirs_exist_ok=True)

    def protocols(text):
        return {line.split("\t")[2] for line in text.splitlines() if line.count("\t") >= 2}
    here = protocols(harness.tshark("-G", "protocols"))
    there = protocols(windows.run(windows.tshark, "-G", "protocols")[1])
    lacking = sorted(here - there)
    home = STAGE / "wine-home"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(STAGE / "home", home)
    (home / "config/profiles/lab/disabled_protos").write_text("".join(f"{name}\n" for name in lacking))
    subprocess.run(["chmod", "-R", "a+rwX", home], check=True)
    print(f"        {len(there)} protocols in tshark.exe, {len(lacking)} more here, switched off", flush=True)
    return home, ",".join(sorted(here & there - NOT_UNFOLDED))


def cut_captures(folder):
    """Captures whose frames end too early: exceptions in libwireshark.dll, caught in mstun.dll."""
    folder.mkdir(exist_ok=True)
    chosen = harness.captures()[:: max(1, len(harness.captures()) // CUT_CAPTURES)][:CUT_CAPTURES]
    for capture in chosen:
        for length in CUT_LENGTHS:
            file = folder / f"{capture.stem}-{length}{capture.suffix}"
            subprocess.run(["editcap", "-s", str(length), capture, file], check=True, stderr=subprocess.DEVNULL)
            file.chmod(0o644)
            yield file


def first_difference(here, there):
    """One line of each."""
    lines = zip(here.splitlines() + ["(the end)"], there.splitlines() + ["(the end)"])
    pair = next((pair for pair in lines if pair[0] != pair[1]), ("", "only the ends of lines"))
    return f"    Linux:   {pair[0]}\n    Windows: {pair[1]}"


def main(chroot, archive, other):
    """Install, compare, remove."""
    windows = Windows(chroot)
    windows.run("wineboot", "-i")
    target = windows.drive / WIRESHARK
    target.mkdir(parents=True, exist_ok=True)
    for file in (windows.chroot / "srv/tshark").iterdir():
        shutil.copyfile(file, target / file.name)
    shutil.rmtree(windows.configuration(), ignore_errors=True)
    print(windows.run(windows.tshark, "--version")[1].splitlines()[0], flush=True)
    folder = install(windows, Path(archive), Path(other))
    home, unfolded = profiles(windows)
    arguments = ["-n", "-2", "-C", "lab", "-O", unfolded, *(word for report in REPORTS for word in ("-z", f"mstun,{report}"))]
    shutil.rmtree(windows.drive / "captures", ignore_errors=True)
    (windows.drive / "captures").mkdir()
    differ, lines = [], 0

    def both(capture):
        place = f"{capture.parent.name}-{capture.name}"
        shutil.copyfile(capture, windows.drive / "captures" / place)
        options = harness.label_options(capture)
        here = harness.tshark(*arguments, *ONLY_HERE, *options, "-r", capture, WIRESHARK_CONFIG_DIR=str(home / "config"))
        code, there = windows.run(windows.tshark, *arguments, *options, "-r", rf"C:\captures\{place}")
        return capture, here, there if code == 0 else f"exit code {code}\n{there}"
    captures = [*harness.captures(), *cut_captures(STAGE / "captures-cut")]
    captures = captures[:: int(os.environ.get("MSTUN_EVERY", "1"))]
    with ThreadPoolExecutor(2) as pool:
        for number, (capture, here, there) in enumerate(pool.map(both, captures), 1):
            lines += here.count("\n")
            if here != there:
                differ.append(capture)
                print(f"{harness.name(capture)}:\n{first_difference(here, there)}", flush=True)
            if number % 100 == 0:
                print(f"        {number} captures, {len(differ)} differ", flush=True)
    print(f"{len(captures)} captures, {lines} lines: {len(captures) - len(differ)} the same, {len(differ)} differ")
    remove(windows, folder)
    if differ:
        raise TestFailure("not all is the same")


harness.main(main, *sys.argv[1:])
