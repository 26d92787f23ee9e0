# SPDX-License-Identifier: GPL-2.0-or-later
"""Which room calls which, by the symbols of its object files. lint.py's layers looks at includes, which a declaration
of one's own gets round.

    lint_symbols.py <build folder>

A room needs nothing that is defined in one after it, and no files of a room need each other in a ring.
"""
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from lint import rank

# nm's letters for what other objects may use: code, data, constants, zeroed, common, weak
DEFINED = set("TDRBCVW")


def symbols(path):
    """The symbols that an object file defines for others, and those that it needs."""
    table = subprocess.run(["nm", "--extern-only", "--portability", path], capture_output=True, text=True, check=True)
    defined, needed = set(), set()
    for line in table.stdout.splitlines():
        name, kind = line.split()[:2]
        (defined if kind in DEFINED else needed).add(name)
    return defined, needed


def needs(folder):
    """{object: {object that it needs: one symbol}}, objects as paths in plugin/ and without what others define."""
    objects = {path.relative_to(folder): symbols(path) for path in sorted(folder.rglob("*.o"))}
    owner = {name: path for path, (defined, _) in objects.items() for name in defined}
    graph = {}
    for path, (_, needed) in objects.items():
        graph[path] = {owner[name]: name for name in sorted(needed, reverse=True) if owner.get(name, path) != path}
    return graph


def upward(graph):
    """A file needs a room after its own."""
    for path, others in graph.items():
        for other, name in others.items():
            if rank(other) > rank(path):
                yield f"{path.with_suffix('')} needs {name} of {other.with_suffix('')}, a higher room"


def rings(graph):
    """Files of one room that need each other, by way of others or not; each ring once."""
    reached = defaultdict(set)
    for start in graph:
        waiting = [start]
        while waiting:
            for other in graph[waiting.pop()]:
                if rank(other) == rank(start) and other not in reached[start]:
                    reached[start].add(other)
                    waiting.append(other)
    found = {frozenset(other for other in reached[path] if path in reached[other])
             for path in graph if path in reached[path]}
    for ring in sorted(map(sorted, found)):
        links = [f"{path.name} needs {name} of {other.name}".replace(".o", "") for path in ring
                 for other, name in graph[path].items() if other in ring]
        yield f"a ring in {ring[0].parent}: {'; '.join(links)}"


def main(build):
    """Looks at the plugin's objects in a build folder."""
    graph = needs(Path(build) / "plugin/CMakeFiles/mstun.dir")
    found = [*upward(graph), *rings(graph)]
    if not any(graph.values()):
        found.append(f"no object in {build} needs another: there are none, or nm cannot read them")
    print("\n".join(found) or f"{len(graph)} objects need nothing of a higher room")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
