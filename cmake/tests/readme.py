# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md and the documents show is so: output, commands, filters, and links.

    readme.py output [--update]   blocks between <!-- output: <topic>/<capture> <tshark's arguments> --> and
                                  <!-- end: output --> are the command and what tshark prints; "output, 2 lines:" has
                                  the first two only
    readme.py commands            commands of tshark, editcap, mergecap and capinfos end without an error, in their
                                  order, on a capture in the place of your.pcapng; filters compile. What goes to curl
                                  is made and not sent.
    readme.py without-media       the filter of credentials.md takes media out and leaves findings and verdicts
    readme.py names               what looks like a name of mstun is one: fields, expert infos, preferences, reports, in
                                  the manual page too, which has all preferences and reports; reports.md has all their
                                  columns and verdicts, the changelog the version
    readme.py links               files and headings that a link names are there, and so are scripts and their options
"""
import json
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

DOC = SOURCE / "plugin" / "doc"
DOCUMENTS = [SOURCE / "README.md", *sorted(DOC.glob("*.md"))]
PAGES = [*DOCUMENTS, SOURCE / "cmake" / "CONTRIBUTING.md", SOURCE / "cmake" / "package" / "OTHER-SYSTEMS.md"]

OUTPUT = re.compile(r"<!-- output(?:, (\d+) lines?)?: (.*?) -->.*?<!-- end: output -->", re.DOTALL)
MANUAL = SOURCE / "cmake" / "package" / "mstun.7.in"
README_LINES = 250
SAMPLE = "rfc6062/one-side-silent"
NAMES = ["your.pcapng", "part1.pcapng", "part2.pcapng", "inside.pcapng", "outside.pcapng", "call.pcapng", "mirror.pcapng",
         "eth0_diagnostic_logging_tcpdump00.pcap"]  # of captures, in commands
KEYS = "CLIENT_RANDOM " + 64 * "0" + " " + 96 * "0" + "\n"
TOOLS = ("tshark", "editcap", "mergecap", "capinfos")
FILTERS = ["jq", "parallel"]  # that the tests do not install
# Reads no file, or needs what a test has not: an interface, a profile of the reader's.
NOT_RUN = re.compile(r" -i | -V$| -e$| -z help$|<profile>|^tshark$")
# Names that are no field: of files, protocols, people's filters.
OTHER_NAMES = {"mstun.so", "mstun.dll", "mstun.dll.a", "mstun.expected", "mstun.att.name"}


def block(match):
    """The block anew: the command, which runs as it is printed, and its output."""
    count, (stem, *arguments) = match[1], shlex.split(match[2])
    lines = tshark(*arguments, "-r", CAPTURES / f"{stem}.pcapng").strip("\n").split("\n")
    if count and len(lines) > int(count):
        lines[int(count):] = [f"... ({len(lines) - int(count)} more lines)"]
    command = shlex.join(["tshark", *arguments, "-r", f"test-captures/{stem}.pcapng"])
    return "\n".join([match[0].split("\n", 1)[0], "", "```", f"$ {command}", *lines, "```", "", "<!-- end: output -->"])


def output(*options):
    """All blocks of a page at once: one diff."""
    total = 0
    for page in DOCUMENTS:
        text, count = OUTPUT.subn(block, page.read_text())
        total += count
        if count:
            compare(page, text, "--update" in options)
    print(f"{total} blocks")
    readme = (SOURCE / "README.md").read_text()
    if not OUTPUT.search(readme):
        raise TestFailure("README.md has no <!-- output: ... -->")
    if readme.count("\n") > README_LINES:
        raise TestFailure(f"README.md has more than {README_LINES} lines: the rest belongs into plugin/doc/")


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
            code = re.sub(r"\bcurl .*", "cat >/dev/null", code)
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


def conclusions(capture):
    """The names of findings, the verdicts of pairs, and how many media packets these have."""
    lines = tshark("-q", "-z", "mstun,findings,json", "-z", "mstun,pairs,json", "-r", capture).splitlines()
    rows = [json.loads(line) for line in lines]
    media = sum(row["left_media"] + row["right_media"] for row in rows if row["report"] == "pairs")
    return sorted(row.get("verdict") or row["finding"] for row in rows), media


def without_media():
    """On captures with media: a healthy one, MS-TURN, a pair that is lost."""
    text, = re.findall(r"-w no-media\.pcapng \\\n *-Y '(.*)'", (DOC / "credentials.md").read_text())
    with tempfile.TemporaryDirectory(prefix="mstun-readme-") as name:
        Path(name).chmod(0o777)
        for stem in ("rfc6062/connect", "ms-turn/tcp-443", "pairs/relay-consent-lost"):
            whole, cut = CAPTURES / f"{stem}.pcapng", Path(name) / "cut.pcapng"
            tshark("-r", whole, "-w", cut, "-Y", text)
            before, after = conclusions(whole), conclusions(cut)
            if after[1] * 4 > before[1] or before[0] != after[0]:  # a few share their frame with a check
                raise TestFailure(f"{stem}: {before} is {after} without media")


def known_names():
    """Of fields, expert infos, protocols and dissectors; of preferences; of reports, each a set."""
    fields = {line.split("\t")[2] for line in tshark("-G", "fields").splitlines() if line.startswith(("F", "P"))}
    preferences = set(re.findall(r"^#?(mstun\.\w+):", tshark("-G", "defaultprefs"), re.MULTILINE))
    listing = subprocess.run([*AS_NOBODY, "tshark", "-z", "help"], env=environment(PLUGIN), capture_output=True,
                             text=True, check=False)
    reports = set(re.findall(r"^ *mstun,(\w+)$", listing.stdout + listing.stderr, re.MULTILINE))
    reports = {report for report in reports if not report.endswith("_window")}  # only for Wireshark's window
    return fields, preferences, reports


def wrong_names(page, text, known):
    fields, preferences, reports = known
    for name in sorted(set(re.findall(r"(?<![\w/.])mstun\.\w+(?:\.\w+)*", text)) - fields - preferences - OTHER_NAMES):
        if not any(field.startswith(f"{name}.") for field in fields):  # "mstun.pair.forward.*" and the like
            yield f"{page.name}: there is no {name}"
    for report in sorted(set(re.findall(r"\bmstun,(\w+)", text)) - reports):
        yield f"{page.name}: there is no report mstun,{report}"


def words_of(section):
    """What the first cells of its tables name; one cell may name several."""
    cells = re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)
    return {word.strip() for cell in cells for word in cell.replace("`", "").split(",")}


def missing_in_reports():
    """Columns that a report prints, and verdicts, without a word in reports.md."""
    sections = dict(re.findall(r"^## mstun,(\w+)\n(.*?)(?=^## |\Z)", (DOC / "reports.md").read_text(),
                               re.DOTALL | re.MULTILINE))
    for report in ("findings", "pairs", "turn", "candidates"):
        source = (SOURCE / "plugin" / "report" / f"{report}.c").read_text()
        titles = set(re.findall(r'\] = \{ "\w+", "([^"]+)", ', source))
        for title in sorted(titles - words_of(sections[report])):
            yield f"reports.md: mstun,{report} has a column {title}"
    for report, field in (("pairs", "pair"), ("turn", "turn")):
        values, = re.findall(rf"^### `mstun\.{field}\.verdict`\n(.*?)(?=^#|\Z)",
                             (DOC / "reference.md").read_text(), re.DOTALL | re.MULTILINE)
        verdicts = set(re.findall(r"^\| \d+ \| (.*?) \|$", values, re.MULTILINE))
        for verdict in sorted(verdicts - words_of(sections[report])):
            yield f"reports.md: mstun,{report} has a verdict {verdict}"


def unknown_settings(manual):
    """Values of preferences that the documents or the manual page name and mstun has not. Wireshark takes them silently
    for the default."""
    text = "\n".join(page.read_text() for page in PAGES)
    settings = {(name, value.strip('"')) for name, value in re.findall(r'-o (mstun\.\w+):("[^"]+"|[\w-]+)', text)}
    for name, values in re.findall(r"^\.BR (mstun\.\w+) ?:(.*)$", manual, re.MULTILINE):
        settings |= {(name, value.strip()) for value in values.split("|")}
    source = "".join(path.read_text() for path in (SOURCE / "plugin").rglob("*.c"))
    tables = "".join(re.findall(r"enum_val_t \w+\[\] = \{(.*?)\};", source, re.DOTALL))
    values = {"TRUE", "FALSE", *re.findall(r'"([^"]+)"', tables)}
    for name, value in sorted(settings):
        if value not in values and not re.fullmatch(r"\d+-\d+", value):
            yield f"{name} has no value {value}"


def names():
    """The changelog also has names that are gone, under "Removed:"."""
    known = known_names()
    manual = MANUAL.read_text().replace("\\-", "-")
    wrong = list(wrong_names(MANUAL, manual, known))
    for page in PAGES:
        text = re.sub(r"^- Removed:.*?(?=^- |\Z)", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        wrong += wrong_names(page, text, known)
    for wanted in sorted([*known[1], *(f"mstun,{report}" for report in known[2])]):
        if not re.search(rf"{wanted}\b", manual):
            wrong.append(f"{MANUAL.name} does not have {wanted}")
    for report in sorted(known[2]):
        if f"mstun,{report} " not in (DOC / "reports.md").read_text():
            wrong.append(f"reports.md does not have mstun,{report}")
    wrong += missing_in_reports()
    wrong += unknown_settings(manual)
    version, = re.findall(r"MSTUN_VERSION ([\d.]+)", (SOURCE / "plugin" / "version.cmake").read_text())
    if f"\n## {version}" not in (DOC / "changelog.md").read_text():
        wrong.append(f"changelog.md does not have {version}")
    print(f"{len(known[0])} fields, {len(known[1])} preferences, {len(known[2])} reports")
    if wrong:
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
        for script, option in re.findall(r"\bsh ((?:cmake|test-captures)/\S+\.sh)(?: (--[\w-]+))?", page.read_text()):
            if not (SOURCE / script).exists() or (option and option not in (SOURCE / script).read_text()):
                yield f"{page.name}: there is no {script} {option}"


def links():
    if dead := list(dead_links()):
        raise TestFailure("\n".join(dead))


if __name__ == "__main__":
    harness.main({"output": output, "commands": commands, "names": names, "links": links,
                  "without-media": without_media}[sys.argv[1]], *sys.argv[2:])
