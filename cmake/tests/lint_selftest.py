# SPDX-License-Identifier: GPL-2.0-or-later
"""Plants one mistake per lint in a copy of the sources and expects the lint to find it."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = Path(os.environ["MSTUN_SOURCE"])
SPDX = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"

# lint, file to plant, its text, what the lint must say
PLANTED = [
    ("layers", "plugin/wire/planted.c", SPDX + '#include "report/planted.h"\n', "higher layer"),
    ("layers", "plugin/planted/planted.c", SPDX, "not a layer"),
    ("layers", "plugin/wire/planted.c", SPDX + '#include "../compat.h"\n', "not a path from plugin/"),
    ("format", "plugin/planted.c", SPDX + "int  planted;\n", "planted.c:2"),
    ("spdx", "plugin/planted.h", "int planted;\n", "planted.h: no SPDX"),
    ("spdx", "cmake/planted.sh", "#!/bin/sh\n", "planted.sh: no SPDX"),
    ("toplevel", "planted.txt", "", "planted.txt does not belong"),
    ("size", "plugin/planted.c", SPDX + "\n" * 600, "601 lines"),
    ("size", "plugin/planted.c", SPDX + "int planted(void)\n{\n" + "    ;\n" * 81 + "}\n", "planted has 81 lines"),
    ("versions", "plugin/planted.c", SPDX + "#if WIRESHARK_VERSION_MAJOR > 4\n#endif\n", "asks for Wireshark's version"),
]
EXPECTED_CLEAN = ("plugin/planted.c", SPDX + "void planted_register(void)\n{\n" + "    ;\n" * 81 + "}\n")


def run(lint, source, *arguments):
    """Exit code and output of a lint on another source folder."""
    process = subprocess.run([sys.executable, HERE / "lint.py", lint, *arguments], capture_output=True, text=True,
                             env={**os.environ, "MSTUN_SOURCE": str(source)}, check=False)
    return process.returncode, process.stdout + process.stderr


def with_planted(copy, file, text, lint):
    """The lint's verdict on the copy with one more file."""
    path = copy / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    verdict = run(lint, copy)
    path.unlink()
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
    return verdict


def main():
    """All of the table, and a program in place of the module, which exports too much and too little."""
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns(".git", "build*", "*.pcap*"))
        (copy / "plugin/report").mkdir(exist_ok=True)
        (copy / "plugin/report/planted.h").write_text(SPDX)
        for lint, file, text, expected in PLANTED:
            code, output = with_planted(copy, file, text, lint)
            if code == 77:
                print(output.strip())
            elif code == 0 or expected not in output:
                missed.append(f"{lint} missed {expected!r} in {file}: {output}")
        code, output = with_planted(copy, *EXPECTED_CLEAN, "size")
        if "planted" in output:
            missed.append(f"size counts a registration function: {output}")
    code, output = run("exports", SOURCE, sys.executable)
    if code == 0 or "does not export plugin_register" not in output:
        missed.append(f"exports missed a module without entry points: {output}")
    print("\n".join(missed) or f"all {len(PLANTED) + 1} planted mistakes were found")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
