# SPDX-License-Identifier: GPL-2.0-or-later
"""Plants one mistake per lint in a copy of the sources and expects the lint to find it."""
import json
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
    ("layers", "plugin/wire/planted.c", SPDX + '#include "../base/compat.h"\n', "not a path from plugin/"),
    ("format", "plugin/planted.c", SPDX + "int  planted;\n", "planted.c:2"),
    ("spdx", "plugin/planted.h", "int planted;\n", "planted.h: no SPDX"),
    ("spdx", "cmake/planted.sh", "#!/bin/sh\n", "planted.sh: no SPDX"),
    ("toplevel", "planted.txt", "", "planted.txt does not belong"),
    ("size", "plugin/planted.c", SPDX + "\n" * 600, "601 lines"),
    ("size", "plugin/planted.c", SPDX + "int planted(void)\n{\n" + "    ;\n" * 81 + "}\n", "planted has 81 lines"),
    ("versions", "plugin/planted.c", SPDX + "#if WIRESHARK_VERSION_MAJOR > 4\n#endif\n",
     "asks for Wireshark's version"),
    ("first_visit", "plugin/turn/planted.c", SPDX + "/* PINFO_FD_VISITED */\nint a = PINFO_FD_VISITED(pinfo);\n",
     "turn/planted.c:3: asks whether"),
    ("first_visit", "plugin/dissect/planted.c", SPDX + "bool b = pinfo->flags.in_error_pkt;\n",
     "planted.c:2: asks whether"),
    ("columns", "plugin/planted.c", SPDX + "/* " + "x" * 115 + " */\n", "planted.c:2: 121 columns"),
    ("findings", "plugin/report/planted.c", SPDX + 'bool c = strcmp(name, "mstun.one_way") == 0;\n',
     "names the finding mstun.one_way"),
    ("findings", "plugin/report/planted.c", SPDX + 'const char *d = "mstun.unanswered && tcp";\n',
     "names the finding mstun.unanswered"),
]
# lint, file to plant, its text; the lint must not complain about it
PLANTED_CLEAN = [
    ("size", "plugin/planted.c", SPDX + "void planted_register(void)\n{\n" + "    ;\n" * 81 + "}\n"),
    ("first_visit", "plugin/turn/planted.c", SPDX + "/* as PINFO_FD_VISITED */\n"),
    ("findings", "plugin/report/planted.c",
     SPDX + 'const char *e = "mstun.unanswered_request"; /* "mstun.one_way" */\n'),
]
# What compiles here and not for Windows, planted as the only file beside the plugin's headers, and what must be said of it
TABLE = """#include "base/compat.h"
int hf_planted;
static hf_register_info hf[] = { { &hf_planted, { "", "", FT_BOOLEAN, 8, TFS(&%s), 1, NULL, HFILL } } };
void mstun_compat_register(void)
{
    proto_register_field_array(-1, hf, 1);
}
"""
PLANTED_WINDOWS = [
    (TABLE % "tfs_yes_no", "planted.c:3:74: error: initializer element is not constant"),
    ("enum { PLANTED = 1u << 31 };\n", "planted.c:1:18: warning: ISO C restricts enumerator values"),
    ('#include "base/compat.h"\nconst char *mstun_a(void);\n'
     'const char *mstun_a(void)\n{\n    return wmem_strdup_printf(NULL, "%lu", (uint64_t)1);\n}\n',
     "warning: format '%lu'"),
    ('#include "base/compat.h"\nbool mstun_b(GString *b);\n'
     'bool mstun_b(GString *b)\n{\n    return g_string_replace(b, "a", "b", 0) != 0;\n}\n', "Not available before 2.68"),
]
CLEAN_WINDOWS = TABLE % "mstun_yes_no"
# Objects to plant, by room: what they say of themselves in C, and what lint_symbols.py must say
PLANTED_SYMBOLS = [
    ({"wire/a": "int high(void); int low(void) { return high(); }", "turn/b": "int high(void) { return 0; }"},
     "wire/a.c needs high of turn/b.c, a higher room"),
    ({"turn/a": "int two(void); int one(void) { return two(); }",
      "turn/b": "int one(void); int two(void) { return one(); }"},
     "a ring in turn: a.c needs two of b.c; b.c needs one of a.c"),
    ({"turn/a": "int one(void) { return 0; }"}, "there are none"),
]
# Mistakes of kinds that clang-tidy has to find: what is wrong, and the check that says so. The static analyser follows the
# value into a function that is called, and further: it is right below.
PLANTED_C = [
    ("static int deep(const int *a) { return *a; }\nstatic int middle(const int *a, int b) { return b > 3 ? deep(a) : 0; }\n"
     "int outer(int b);\nint outer(int b)\n{\n    const int *a = b > 4 ? NULL : &b;\n    return middle(a, b);\n}\n",
     "clang-analyzer-core.NullDereference"),
    ("static void may_set(int *a, int b)\n{\n    if (b) {\n        *a = b;\n    }\n}\nint outer(int b);\nint outer(int b)\n{\n"
     "    int a;\n    may_set(&a, b);\n    return a;\n}\n", "clang-analyzer-core.uninitialized.UndefReturn"),
    ("int outer(int b);\nint outer(int b)\n{\n    int a = 0;\n    for (int i = 0; i < b; i++) {\n        a += 1;\n    }\n"
     "    return b / a;\n}\n", "clang-analyzer-core.DivideZero"),
    ("int outer(int b);\nint outer(int b)\n{\n    char *a = malloc(10);\n    if (!a || b > 3) {\n        return 0;\n    }\n"
     "    free(a);\n    return 1;\n}\n", "clang-analyzer-unix.Malloc"),
    ("static void end(char *a) { free(a); }\nint outer(void);\nint outer(void)\n{\n    char *a = malloc(10);\n"
     "    if (!a) {\n        return 0;\n    }\n    a[0] = 1;\n    end(a);\n    return a[0];\n}\n", "clang-analyzer-unix.Malloc"),
    ("const int *outer(int b);\nconst int *outer(int b)\n{\n    const int *a = &b;\n    return a;\n}\n",
     "clang-analyzer-core.StackAddressEscape"),
    ("int outer(int b);\nint outer(int b)\n{\n    int a = b;\n    a = b + 1;\n    a = b + 2;\n    return a;\n}\n",
     "clang-analyzer-deadcode.DeadStores"),
    ("int outer(int b);\nint outer(int b)\n{\n    if (b)\n        b = 2;\n        b = 3;\n    return b;\n}\n",
     "readability-misleading-indentation"),
    ("int outer(const char *a);\nint outer(const char *a)\n{\n    return strcmp(a, \"b\") == -1;\n}\n",
     "bugprone-suspicious-string-compare"),
    ("int outer(int b);\nint outer(int b)\n{\n    return b && b;\n}\n", "misc-redundant-expression"),
    ("int outer(const char *a);\nint outer(const char *a)\n{\n    return atoi(a);\n}\n", "cert-err34-c"),
    ("#define TWICE(a) a + a\nint outer(int b);\nint outer(int b)\n{\n    return TWICE(b) * 2;\n}\n",
     "bugprone-macro-parentheses"),
]
CLEAN_SYMBOLS = {"wire/a": "int low(void) { return 0; }", "turn/b": "int low(void); int high(void) { return low(); }"}


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


def symbols(objects):
    """lint_symbols.py's exit code and output on a build folder with these objects."""
    with tempfile.TemporaryDirectory() as build:
        for name, text in objects.items():
            target = Path(build, "plugin/CMakeFiles/mstun.dir", name + ".c.o")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cc", "-xc", "-c", "-o", target, "-"], input=text, text=True, check=True)
        process = subprocess.run([sys.executable, HERE / "lint_symbols.py", build], capture_output=True, text=True,
                                 check=False)
    return process.returncode, process.stdout + process.stderr


def missed_symbols():
    """What lint_symbols.py does not see, and what it sees where there is nothing."""
    for objects, expected in PLANTED_SYMBOLS:
        code, output = symbols(objects)
        if code == 0 or expected not in output:
            yield f"lint_symbols missed {expected!r}: {output}"
    code, output = symbols(CLEAN_SYMBOLS)
    if code != 0:
        yield f"lint_symbols refuses calls of a lower room: {output}"


def missed_by_tidy():
    """What clang-tidy does not find, each in a file of its own."""
    with tempfile.TemporaryDirectory() as build:
        shutil.copyfile(SOURCE / ".clang-tidy", Path(build, ".clang-tidy"))
        files = [Path(build, f"planted{number}.c") for number in range(len(PLANTED_C))]
        Path(build, "compile_commands.json").write_text(json.dumps(
            [{"directory": build, "file": str(file), "command": f"cc -std=gnu11 -c {file}"} for file in files]))
        for file, (text, _) in zip(files, PLANTED_C):
            file.write_text("#include <stdlib.h>\n#include <string.h>\n" + text)
        code, output = run("tidy", SOURCE, build, *files)
        if code == 77:
            print(output.strip())
            return
        for file, (text, check) in zip(files, PLANTED_C):
            if not any(f"/{file.name}:" in line and check in line for line in output.splitlines()):
                yield f"clang-tidy missed {check!r} in\n{text}{output}"


def missed_windows():
    """What lint.windows does not see, and what it sees where there is nothing."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SOURCE / "plugin", Path(folder, "plugin"), ignore=shutil.ignore_patterns("*.c"))
        planted = Path(folder, "plugin/planted.c")
        for text, expected in [*PLANTED_WINDOWS, (CLEAN_WINDOWS, "nothing found")]:
            planted.write_text(text)
            code, output = run("windows", folder)
            if code == 77:
                print(output.strip())
                return
            if expected not in output or (code == 0) != (text == CLEAN_WINDOWS):
                yield f"windows: not {expected!r}: {output}"


def main():
    """All of the tables, and a program in place of the module, which exports too much and too little."""
    missed = [*missed_symbols(), *missed_windows(), *missed_by_tidy()]
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
        for lint, file, text in PLANTED_CLEAN:
            if "planted" in with_planted(copy, file, text, lint)[1]:
                missed.append(f"{lint} complains about {text!r} in {file}")
    code, output = run("exports", SOURCE, sys.executable)
    if code == 0 or "does not export plugin_register" not in output:
        missed.append(f"exports missed a module without entry points: {output}")
    planted = [*PLANTED, *PLANTED_C, *PLANTED_SYMBOLS, *PLANTED_WINDOWS]
    print("\n".join(missed) or f"all {len(planted) + 1} planted mistakes were found")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
