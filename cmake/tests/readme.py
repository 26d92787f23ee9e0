# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md and the documents show is so: output, commands, filters, and links.

    readme.py output [--update]   blocks between <!-- output: <topic>/<capture> <tshark's arguments> --> and
                                  <!-- end: output --> are what tshark prints
    readme.py commands            commands of tshark, editcap and mergecap end without an error, in the order in which they
                                  stand, on a capture in the place of your.pcapng; filters compile
    readme.py links               files and headings that a link names are there
"""
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import harness
import sharkd
from capture import compare
from harness import AS_NOBODY, CAPTURES, PLUGIN, SOURCE, TestFailure, environment, tshark

DOCUMENTS = [SOURCE / "README.md", *sorted((SOURCE / "plugin" / "doc").glob("*.md"))]
PAGES = [*DOCUMENTS, SOURCE / "cmake" / "CONTRIBUTING.md", SOURCE / "cmake" / "package" / "OTHER-SYSTEMS.md"]

OUTPUT = re.compile(r"<!-- output: (.*?) -->.*?<!-- end: output -->", re.DOTALL)
SAMPLE = "rfc6062/one-side-silent"
NAMES = ["your.pcapng", "part1.pcapng", "part2.pcapng", "inside.pcapng", "outside.pcapng", "call.pcapng", "mirror.pcapng",
         "eth0_diagnostic_logging_tcpdump00.pcap"]  # of captures, in commands
KEYS = "CLIENT_RANDOM " + 64 * "0" + " " + 96 * "0" + "\n"
TOOLS = ("tshark", "editcap", "mergecap")
FILTERS = ["jq", "curl", "parallel"]  # that the tests do not install
# Reads no file, or needs what a test has not: an interface, a server, a profile of the reader's.
NOT_RUN = re.compile(r" -i | -V$| -e$|<profile>|localhost|^tshark$")


def block(match):
    """The block anew."""
    stem, *arguments = shlex.split(match[1])
    output = tshark("-n", "-r", CAPTURES / f"{stem}.pcapng", *arguments)
    return f"<!-- output: {match[1]} -->\n\n```\n{output.strip(chr(10))}\n```\n\n<!-- end: output -->"


def output(*options):
    """All blocks of a page at once: one diff."""
    total = 0
    for page in DOCUMENTS:
        text, count = OUTPUT.subn(block, page.read_text())
        total += count
        if count:
            compare(page, text, "--update" in options)
    print(f"{total} blocks")
    if not OUTPUT.search((SOURCE / "README.md").read_text()):
        raise TestFailure("README.md has no <!-- output: ... -->")


def paragraphs(page):
    """Its code: paragraphs of indented lines without comments, and what stands between backquotes."""
    text = OUTPUT.sub("", page.read_text())
    text = re.sub(r"<!-- .*? -->|^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for paragraph in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE):
        yield re.sub(r"^(    #.*\n|    )", "", paragraph, flags=re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", text)


def commands_of(page):
    """Without the columns that explain a line, two spaces behind it."""
    for code in paragraphs(page):
        if code.split()[0] in TOOLS and not NOT_RUN.search(code):
            yield re.sub(r"(?<=\S)  +[^'\"|\n]*$", "", code, flags=re.MULTILINE).strip()


def run(page, command, folder):
    """None, or what is wrong."""
    shell = subprocess.run([*AS_NOBODY, "sh", "-ec", command], cwd=folder, env=environment(PLUGIN), capture_output=True,
                           text=True, stdin=subprocess.DEVNULL, check=False)
    if shell.returncode == 0 and not re.search(r"^(tshark|editcap|mergecap|jq):", shell.stderr, re.MULTILINE):
        return None
    return f"{page.name}: {command}\n    ends with {shell.returncode}: {shell.stderr.strip()}"


def filters(page):
    """The beginning of a code line, with its explanation behind it."""
    for line in "\n".join(paragraphs(page)).splitlines():
        if match := re.match(r"(mstun\b.*?)  +\S", line):
            yield match[1]
        elif re.fullmatch(r"mstun\.\S+ (==|!=|>|<) \S.*", line):
            yield line


def refusal(wireshark, page, text):
    """None, or why the filter does not compile."""
    try:
        wireshark.ask("check", filter=text)
    except TestFailure as failure:
        return f"{page.name}: {failure}"
    return None


def commands():
    """In one folder, since one command may read what another has written."""
    wrong, ran, left = [], 0, 0
    with tempfile.TemporaryDirectory(prefix="mstun-readme-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        for copy in NAMES:
            shutil.copy(CAPTURES / f"{SAMPLE}.pcapng", folder / copy)
            (folder / copy).chmod(0o666)  # commands write some of them
        (folder / "keys.log").write_text(KEYS)
        (folder / "test-captures").symlink_to(CAPTURES)
        for page in DOCUMENTS:
            for command in commands_of(page):
                if any(re.search(rf"\b{tool}\b", command) and not shutil.which(tool) for tool in FILTERS):
                    left += 1
                    continue
                ran += 1
                wrong.append(run(page, command, folder))
    told = [(page, text) for page in DOCUMENTS for text in filters(page)]
    with sharkd.Sharkd() as wireshark:
        wrong += [refusal(wireshark, page, text) for page, text in told]
    print(f"{ran} commands, {left} left for want of {', '.join(FILTERS)}; {len(told)} filters")
    if wrong := list(filter(None, wrong)):
        raise TestFailure("\n".join(wrong))


def anchors(page):
    """As GitHub and GitLab make them of headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)}


def dead_links():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
            other = page.parent / target if target else page
            if not other.exists():
                yield f"{page.name}: there is no {target}"
            elif anchor and anchor not in anchors(other):
                yield f"{page.name}: {target or page.name} has no heading #{anchor}"


def links():
    if dead := list(dead_links()):
        raise TestFailure("\n".join(dead))


if __name__ == "__main__":
    harness.main({"output": output, "commands": commands, "links": links}[sys.argv[1]], *sys.argv[2:])
