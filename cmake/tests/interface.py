# SPDX-License-Identifier: GPL-2.0-or-later
"""The names that users build on.

    golden      fields, value strings, preferences and heuristics are those of test-captures/interface/mstun.expected
    ek          no two fields become one where dots turn into underscores, as in -T ek and OpenSearch
    stun_names  each stun.* field of the built-in has its mstun.* twin, of the same kind, and built-in.md lists those
                whose name is more than the prefix away; test-captures/interface/stun-names.txt explains the rest
"""
import re
import sys

import harness
from capture import compare
from harness import NO_PLUGIN, SOURCE, TestFailure, rules, tshark

INTERFACE = SOURCE / "test-captures" / "interface"
BEGIN, END = "<!-- begin: stun-names -->", "<!-- end: stun-names -->"

# What a filter on the field looks like; fields of one kind compare alike.
KINDS = [("number", r"FT_U?INT\d+|FT_FRAMENUM|FT_BOOLEAN|FT_CHAR"), ("text", r"FT_STRINGZ?"), ("bytes", r"FT_BYTES")]


def preferences():
    """Blocks of `-G defaultprefs` that are about mstun: comment lines, then the preference."""
    blocks = tshark("-G", "defaultprefs").split("\n\n")
    return [line for block in blocks if re.search(r"^#?mstun\.", block, re.MULTILINE) for line in block.splitlines()]


def golden(*options):
    """One file, for people to read in a diff."""
    def lines(report):
        return [line for line in tshark("-G", report).splitlines() if re.search(r"\bmstun", line)]
    # Below which protocol, what, and whether that is on: behind these, Wireshark 4.2 and later have names as well.
    heuristics = ["\t".join(line.split("\t")[:3]) for line in lines("heuristic-decodes")]
    sections = {"fields": lines("fields"), "values": lines("values"), "heuristics": heuristics,
                "preferences": preferences()}
    text = "".join(f"== {title}\n" + "".join(line + "\n" for line in body) for title, body in sections.items())
    compare(INTERFACE / "mstun.expected", text, "--update" in options)


def fields(prefix, plugins):
    """Filter name to kind of value, of all fields with this prefix."""
    columns = (line.split("\t") for line in tshark("-G", "fields", plugins=plugins).splitlines())
    return {column[2]: next((kind for kind, types in KINDS if re.fullmatch(types, column[3])), column[3])
            for column in columns if column[0] == "F" and column[2].startswith(prefix)}


def ek():
    """A field that is registered twice under one name is one field."""
    names = {}
    for field in fields("mstun", harness.PLUGIN):
        names.setdefault(field.replace(".", "_").lower(), []).append(field)
    if collisions := [both for both in names.values() if len(both) > 1]:
        raise TestFailure(f"fields with one name in EK: {collisions}")
    print(f"{len(names)} fields")


def stun_names(*options):
    """The mechanical rule, m in front and underscores for dashes, and the file of exceptions to it."""
    stun, mstun = fields("stun.", NO_PLUGIN), fields("mstun.", harness.PLUGIN)
    exceptions = {words[0]: (words[1], " ".join(words[2:])) for words in rules("interface/stun-names.txt")}
    rows, wrong = [], [f"stun-names.txt: the built-in has no {field}" for field in exceptions if field not in stun]
    for field, kind in stun.items():
        twin, reason = exceptions.get(field, ("m" + field.replace("-", "_"), ""))
        if twin not in mstun:
            wrong.append(f"{field} has no twin {twin}")
        elif mstun[twin] != kind and not reason:
            wrong.append(f"{field} is {kind}, {twin} is {mstun[twin]}, and stun-names.txt gives no reason")
        if twin != "m" + field or reason:
            rows.append(f"| `{field}` | `{twin}` | {reason} |\n")
    if wrong:
        raise TestFailure("\n".join(wrong))

    page = SOURCE / "plugin" / "doc" / "built-in.md"
    before, found, rest = page.read_text().partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        raise TestFailure(f"built-in.md has no {BEGIN} ... {END}")
    table = "\n| Built-in | mstun | |\n|---|---|---|\n" + "".join(rows)
    compare(page, before + BEGIN + table + END + after, "--update" in options)


if __name__ == "__main__":
    harness.main({"golden": golden, "ek": ek, "stun_names": stun_names}[sys.argv[1]], *sys.argv[2:])
