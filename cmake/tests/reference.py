# SPDX-License-Identifier: GPL-2.0-or-later
"""plugin/doc/reference.md, the reference of filter names, is what the plugin's fields and expert infos make it.

Names, types, labels, values and most meanings come from `tshark -G`; severities from the plugin's sources, where expert
infos are registered; advice from plugin/diagnose/findings.c, as in the findings report. test-captures/interface/reference.txt has
what is left: sections and meanings that no field says of itself, and what to do about notes.

    reference.py [--update]
"""
import re
import sys

import harness
from capture import compare
from harness import SOURCE, TestFailure, rules, tshark

PAGE = SOURCE / "plugin" / "doc" / "reference.md"
TABLE = SOURCE / "test-captures" / "interface" / "reference.txt"
SECTION = r"(?:RFC \d+(?: sections? \d[\d.]*\d?(?:(?:, | and | to )\d[\d.]*\d?)*)?|\[MS-\w+\](?: \d[\d.]*\d?(?: to \d[\d.]*\d?)?)?)"
SECTIONS = rf"{SECTION}(?:(?:, | and ){SECTION})*"
VALUES_MAX = 12  # a field with more has a list of its own
BEGINNING = """# Reference of filter names

Every field and every expert info of mstun: what a display filter, a column or `tshark -e` can name. Made from the plugin
itself by `cmake --build build/test --target update-expected`; do not edit it.

"""
MARKS = {"-": "found by mstun", "none": "none published"}  # instead of a section in reference.txt

# What a reader looks for, and the fields that he finds there: the first that fits.
CHAPTERS = [
    ("Messages", r"(type|length|cookie|id|dialect|value|attributes?)\b"),
    ("Requests and responses", r"response|time|retrans|alternate_of|unanswered_request"),
    ("Errors", r"error|att\.error|att\.unknown$"),
    ("Any attribute", r"att\.(type|length|padding|reserved|family|port|ipv|address_bytes)|addr"),
    ("Integrity and fingerprint", r"integrity|att\.(crc32|hmac)"),
    ("ICE pairs", r"pair"),
    ("Calls", r"call|mras"),
    ("TURN allocations and connections", r"turn\.|path\.|connection_id"),
    ("Framing", r"framing|tcp_frame|channel|ms\.(framing|multiplexed)|pseudo_tls|continuation"),
    ("Attributes of Microsoft", r"ms\.|att\.(ms|bandwidth|address_rp|sip|lp|magic|unknown8006)"),
    ("Other attributes", r""),
]


def fields():
    """{name: (label, type, description)}, in the order of registration; a name registered twice is one field."""
    found = {}
    for line in tshark("-G", "fields").splitlines():
        if line.startswith("F\t") and line.split("\t")[2].startswith("mstun."):
            _, label, name, kind, _, base, _, description = line.split("\t")
            base = f", {base[5:].lower()}" if base in ("BASE_HEX", "BASE_OCT") else ""
            found.setdefault(name, (label, kind[3:].lower() + base, description))
    return found


def values():
    """{field: {value: text}}; of a number that has two names the second is MS-TURN's."""
    found = {}
    for line in tshark("-G", "values").splitlines():
        kind, field, *rest = line.split("\t") if "\tmstun." in line else ("", "")
        if kind in ("V", "R", "T"):  # value, range, true and false; not units and lists' heads
            texts = found.setdefault(field, {})
            if kind == "T":
                texts.update({"1": rest[0], "0": rest[1]})
                continue
            value = f"{rest[0]} to {rest[1]}" if kind == "R" else rest[0]
            if not texts.setdefault(value, rest[-1]).startswith(rest[-1]):
                texts[value] += f" (MS-TURN: {rest[-1]})"
    return found


def table():
    """{name or beginning with *: (section, text)} of reference.txt."""
    rows = {}
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) != 3 or cells[0] in rows:
                raise TestFailure(f"{TABLE.name}:{number}: not three cells, or a second row for {cells[0]}")
            rows[cells[0]] = (cells[1], cells[2])
    return rows


def experts():
    """{name: severity} and {name: advice}, by the sources: tshark tells neither."""
    text = "\n".join(path.read_text() for path in sorted(SOURCE.glob("plugin/**/*.c")))
    text = re.sub(r'(?<!\\)"\s*\n\s*"', "", text)  # joins neighbouring strings, as a compiler does
    severity = dict(re.findall(r'\{\s*"(mstun\.[\w.]+)",\s*PI_\w+,\s*PI_(\w+),', text))
    advice = {}
    for part in text.split("[MSTUN_FINDING_")[1:]:  # the table of findings
        row = part.split("\n};")[0]
        said = dict(re.findall(r'\.(name|advice) = "((?:[^"\\]|\\.)*)"', row) + re.findall(r"\.(severity) = PI_(\w+)", row))
        if "name" in said and "severity" in said:  # a decoder registers the others itself
            severity[said["name"]] = said["severity"]
        if "name" in said and "advice" in said:
            advice[said["name"]] = said["advice"]
    return severity, advice


def in_order(known):
    """[(value, text)]; a range stands where it begins."""
    return sorted(known.items(), key=lambda pair: int(pair[0].split()[0], 0))


class Page:
    """What is known, and what is missing or superfluous."""

    def __init__(self):
        self.fields, self.values, self.table = fields(), values(), table()
        self.severity, self.advice = experts()
        self.used, self.wrong = set(), []

    def row(self, name):
        """The table's row for a field, its own or the longest beginning."""
        fits = [key for key in self.table if key == name or key.endswith("*") and name.startswith(key[:-1])]
        key = max(fits, key=lambda fit: (not fit.endswith("*"), len(fit)), default=None)
        self.used.add(key)
        return self.table.get(key, ("", "")), key == name

    def section_and_meaning(self, name):
        """By the field's own description, else by the table."""
        description = self.fields[name][2]
        at_end = re.search(rf"(?:^|, | \()({SECTIONS})\)?$|^({SECTIONS}); ", description)
        section = (at_end[1] or at_end[2]) if at_end else ""
        meaning = description.replace(at_end[0], "") if at_end else description
        (table_section, table_meaning), own = self.row(name)
        if own and (section and table_section or meaning and table_meaning):
            self.wrong.append(f"reference.txt: {name} says that itself")
        section, meaning = section or table_section, meaning or table_meaning
        if not section:
            self.wrong.append(f"{name}: no section, neither in its description nor in reference.txt")
        if not meaning:
            self.wrong.append(f"{name}: no meaning, neither in its description nor in reference.txt")
        if at_end and at_end[2]:
            meaning = meaning[:1].upper() + meaning[1:]
        return MARKS.get(section, section), meaning

    def field_rows(self, names):
        """A chapter's table."""
        yield "| Filter name | Type | Meaning | Specification |\n|---|---|---|---|\n"
        for name in names:
            label, kind, _ = self.fields[name]
            section, meaning = self.section_and_meaning(name)
            known = in_order(self.values.get(name, {}))
            if len(known) > VALUES_MAX:
                meaning += "; [values](#values)"
            elif known:
                meaning += ": " + "; ".join(f"{value} {text}" for value, text in known)
            yield f"| `{name}` | {kind} | **{label}**: {meaning} | {section} |\n"

    def expert_rows(self, names):
        """Those that are worst first."""
        yield "| Filter name | Severity | Meaning | What to do |\n|---|---|---|---|\n"
        order = ["ERROR", "WARN", "NOTE", "CHAT"]
        for name in sorted(names, key=lambda name: order.index(self.severity.get(name, "CHAT"))):
            if name not in self.severity:
                self.wrong.append(f"{name}: no severity found in the sources")
            advice = self.advice.get(name)
            if not advice:
                advice = self.row(name)[0][1]
            if not advice:
                self.wrong.append(f"{name}: no advice, neither in findings.c nor in reference.txt")
            yield f"| `{name}` | {self.severity.get(name, '').capitalize()} | {self.fields[name][0]} | {advice} |\n"

    def value_lists(self):
        """Of the fields that have many; fields with one list share it."""
        lists = {}
        for name, known in self.values.items():
            if len(known) > VALUES_MAX:
                lists.setdefault(tuple(in_order(known)), []).append(name)
        for known, names in lists.items():
            yield f"\n### {', '.join(f'`{name}`' for name in names)}\n\n| Value | Name |\n|---|---|\n"
            shown = "0x{:04x}" if self.fields[names[0]][1].endswith("hex") else "{}"
            yield from (f"| {shown.format(int(value, 0))} | {text} |\n" for value, text in known)

    def text(self):
        """The whole page."""
        structural = {words[0] for words in rules("interface/structural.txt")}
        expert_names = [name for name, (_, kind, _) in self.fields.items() if kind == "none" and name not in structural]
        left = [name for name in self.fields if name not in expert_names and name not in structural]
        chapters = {}
        for name in left:
            title = next(title for title, pattern in CHAPTERS if re.match(pattern, name.removeprefix("mstun.")))
            chapters.setdefault(title, []).append(name)
        page = [BEGINNING, f"{len(left)} fields:"]
        page += [f" [{title}](#{title.lower().replace(' ', '-')})," for title, _ in CHAPTERS]
        page += [f" [lists of values](#values); {len(expert_names)} [expert infos](#expert-infos).\n"]
        for title, _ in CHAPTERS:
            page += [f"\n## {title}\n\n", *self.field_rows(chapters[title])]
        page += ["\n## Expert infos\n\nEach is a filter too: `mstun.unanswered` shows the frames that have it. Those of "
                 "severity Warn and\nabove are what the findings report is about.\n\n", *self.expert_rows(expert_names)]
        page += ["\n## Values\n", *self.value_lists()]
        unused = self.table.keys() - self.used
        self.wrong += [f"reference.txt: {name} is no field, or findings.c has its advice" for name in sorted(unused)]
        return "".join(page)


def main(*options):
    """Complete first, then as it is stored."""
    page = Page()
    text = page.text()
    if page.wrong:
        raise TestFailure("\n".join(page.wrong))
    compare(PAGE, text, "--update" in options)


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
