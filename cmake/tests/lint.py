# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules about the sources that a compiler does not check; see each function. The lint is the first argument."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = Path(os.environ.get("MSTUN_SOURCE", "."))
PLUGIN = SOURCE / "plugin"
SKIPPED = 77

# The rooms of plugin/, lowest first: a room uses itself and those before it. plugin.c is above all.
LAYERS = ["base", "wire", "attr", "message", "framing", "conversation", "auth", "turn", "ice", "signal", "diagnose", "report",
          "dissect", "entry"]
# The only files that know Wireshark's versions, and those that know on which visit of a frame they are.
KNOW_VERSIONS = {"base/compat.h", "base/compat.c"}
KNOW_VISITS = {"dissect/event.c", "base/compat.c"}
FINDINGS = sorted((PLUGIN / "diagnose").glob("findings*.c"))
MAX_COLUMNS = 120
TOP_LEVEL = {"plugin", "cmake", "test-captures", "CMakeLists.txt", "README.md", "LICENSE"}
EXPORTS = {"plugin_version", "plugin_want_major", "plugin_want_minor", "plugin_register"}
EXPORTS_OPTIONAL = {"plugin_describe"}  # unknown to Wireshark 4.0
MAX_FILE, MAX_FUNCTION = 600, 80
TOOL_VERSIONS = {"clang-format": "14.", "clang-tidy": "14.", "cppcheck": "2.10", "x86_64-w64-mingw32-gcc": "12-"}


def need(tool):
    """Skips the lint where its tool is not the one that the sources are kept clean for: every version of these has its
    own opinion, so it is the one of Debian 12."""
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout \
        if shutil.which(tool) else "not installed"
    if f" {TOOL_VERSIONS[tool]}" not in version:
        print(f"skipped: needs {tool} {TOOL_VERSIONS[tool]}; here it is: {version.strip()}")
        sys.exit(SKIPPED)


def sources(*suffixes):
    """Files of the plugin."""
    return sorted(path for path in PLUGIN.rglob("*") if path.suffix in suffixes)


def relative(path):
    """For messages."""
    return path.relative_to(SOURCE)


def code(path):
    """The lines of a C file with their numbers, comments blanked."""
    text = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), path.read_text(), flags=re.DOTALL)
    return enumerate(text.splitlines(), 1)


def rank(path_in_plugin):
    """Height of a file of plugin/, by its folder."""
    folder = path_in_plugin.parts[0]
    return LAYERS.index(folder) if folder in LAYERS else len(LAYERS)


def layers():
    """A file includes files of its own layer and of lower ones only; lint_symbols.py looks at what it calls."""
    for path in sources(".c", ".h"):
        own = path.relative_to(PLUGIN)
        if len(own.parts) > 1 and own.parts[0] not in LAYERS:
            yield f"{relative(path)}: {own.parts[0]} is not a layer"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not include:
                continue
            # As the compiler does: beside the file first, then from plugin/
            target = next((base / include[1] for base in (path.parent, PLUGIN) if (base / include[1]).exists()), None)
            if target is None or ".." in include[1]:
                yield f'{relative(path)}:{number}: "{include[1]}" is not a path from plugin/'
            elif rank(target.relative_to(PLUGIN)) > rank(own):
                yield f"{relative(path)}:{number}: includes {include[1]} of a higher layer"


def format():
    """clang-format would not change a file."""
    need("clang-format")
    for path in sources(".c", ".h"):
        run = subprocess.run(["clang-format", "--dry-run", "-Werror", f"--style=file:{SOURCE}/.clang-format", path],
                             capture_output=True, text=True, check=False)
        if run.returncode != 0:
            yield run.stderr.splitlines()[0] + f"   (clang-format -i {relative(path)})"


def own_files():
    """Everything in the repository's folders, without what programs leave there."""
    for entry in sorted(SOURCE.iterdir()):
        if entry.is_file():
            yield entry
        elif entry.name in TOP_LEVEL | {".ci"}:
            yield from (path for path in sorted(entry.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def spdx():
    """Every file that can have a comment names the licence in its first lines."""
    for path in own_files():
        if path.suffix in (".c", ".h", ".cmake", ".sh", ".py") or path.name in ("CMakeLists.txt", "run"):
            if "SPDX-License-Identifier: GPL-2.0-or-later" not in path.read_text()[:300]:
                yield f"{relative(path)}: no SPDX line"


def toplevel():
    """The repository's first page stays short: nothing but the agreed entries, dot files and ignored build folders."""
    for entry in SOURCE.iterdir():
        is_build = entry.name == "build" or entry.name.startswith("build-")
        if entry.name not in TOP_LEVEL and not entry.name.startswith(".") and not is_build:
            yield f"{entry.name} does not belong at the top level"
    for name in sorted(TOP_LEVEL):
        if not (SOURCE / name).exists():
            yield f"{name} is missing"


def size():
    """Short files, short functions. The format lint makes a function begin and end with a brace in the first column.
    Registration functions are tables."""
    for path in sources(".c"):
        lines = path.read_text().splitlines()
        if len(lines) > MAX_FILE:
            yield f"{relative(path)}: {len(lines)} lines, more than {MAX_FILE}"
        name, start = "", 0
        for number, line in enumerate(lines, 1):
            if named := re.match(r"\w.*?(\w+)\s*\(", line):
                name = named[1]
            if line == "{":
                start = number
            elif line == "}" and number - start - 1 > MAX_FUNCTION and not name.endswith("_register"):
                yield f"{relative(path)}:{start}: {name} has {number - start - 1} lines, more than {MAX_FUNCTION}"


def versions():
    """base/compat alone knows that there are several versions of Wireshark."""
    for path in sources(".c", ".h"):
        if str(path.relative_to(PLUGIN)) not in KNOW_VERSIONS:
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(r"WIRESHARK_VERSION_|\bVERSION_(MAJOR|MINOR|MICRO)|\b(MSTUN_)?WS_GE\b", line):
                    yield f"{relative(path)}:{number}: asks for Wireshark's version: {line.strip()}"


def first_visit():
    """dissect/event.c alone decides whether a message is learnt or looked up, and that quotes in ICMP are neither; what
    else depends on it reads the event."""
    for path in sources(".c", ".h"):
        if str(path.relative_to(PLUGIN)) not in KNOW_VISITS:
            for number, line in code(path):
                if re.search(r"\bPINFO_FD_VISITED\b|\bin_error_pkt\b|\bfd->visited\b", line):
                    yield f"{relative(path)}:{number}: asks whether this is the first visit: {line.strip()}"


def columns():
    """Lines of C, comments too (which clang-format leaves alone), are no longer than clang-format's limit."""
    for path in own_files():
        if path.suffix in (".c", ".h"):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if len(line) > MAX_COLUMNS:
                    yield f"{relative(path)}:{number}: {len(line)} columns, more than {MAX_COLUMNS}"


def finding_names():
    """The names of the findings, in order, and of those of them that decoders register themselves."""
    ids = re.search(r"typedef enum \{([^}]*)\} mstun_finding_id_t;", (PLUGIN / "diagnose/finding_ids.h").read_text())[1]
    order = re.findall(r"\bMSTUN_FINDING_\w+(?=[ ,])", ids)
    decoded = order[order.index("MSTUN_FINDING_FIRST_DECODED"):]
    rows = dict(re.findall(r'\[(MSTUN_FINDING_\w+)\] = \{\s*\.name = "([^"]+)"', "".join(path.read_text() for path in FINDINGS)))
    return sorted(rows.values()), {rows[row] for row in decoded if row in rows}


def findings():
    """A finding's name is written once, in the table of findings: all else names it by its id. An expert info that a
    decoder adds is named where that registers it, too."""
    names, decoded = finding_names()
    if not names:
        yield f"{relative(FINDINGS[0])}: no row with a name"
        return
    name = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, names))})(?![\w.])")
    for path in sources(".c", ".h"):
        for number, line in code(path) if path not in FINDINGS else ():
            for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', line):
                used = name.search(literal)
                if used and not (literal in decoded and re.search(r'\{ "[^"]+", PI_', line)):
                    yield f"{relative(path)}:{number}: names the finding {used[1]}: {line.strip()}"


def exports(module):
    """The module shows Wireshark its entry points and nothing else."""
    table = subprocess.run(["nm", "-D", "--defined-only", module], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in table.splitlines()}
    yield from (f"exports {name}" for name in sorted(names - EXPORTS - EXPORTS_OPTIONAL))
    yield from (f"does not export {name}" for name in sorted(EXPORTS - names))


# clang's static analyser follows calls, and gives up on a function after so many states. By its own choice it begins only
# with functions that it has not met as callees, and stops after 225,000 states, 1 to 3 s; of the callees it has then seen
# what it has seen. Here it begins with every function, and stops after 40,000, which are enough for 94 of 100 functions:
# half the time, and mistakes planted at the end of every function are all found that were found before.
ANALYSER = ["-analyzer-inlining-mode=all", "-analyzer-config", "max-nodes=40000"]


def tidy(build, *files):
    """clang-tidy with the checks of .clang-tidy, on all sources or on these; two at a time, the longest first."""
    need("clang-tidy")
    # The compile commands are gcc's: clang does not know all of its flags.
    arguments = ["-Wno-unknown-warning-option", "-Qunused-arguments", "-Wno-ignored-optimization-argument"]
    arguments += [argument for option in ANALYSER for argument in ("-Xclang", option)]
    command = ["clang-tidy", "--quiet", "-p", build, *(f"--extra-arg={argument}" for argument in arguments)]
    running, failed = [], []
    for path in files or sorted(sources(".c"), key=lambda path: -path.stat().st_size):
        if len(running) == 2:
            failed += finished(running.pop(0))
        running.append(subprocess.Popen([*command, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    for process in running:
        failed += finished(process)
    yield from failed


def finished(process):
    """What a failed clang-tidy said, or nothing."""
    output, _ = process.communicate()
    return [output] if process.returncode != 0 else []


def cppcheck(build):
    """cppcheck without a finding in our files."""
    need("cppcheck")
    # It does not read Wireshark's headers, so it is told the version that base/compat.h asks for, and macros that define
    # functions.
    run = subprocess.run(["cppcheck", f"--project={build}/compile_commands.json", "-j2", "--quiet", "--std=c11",
                          "--enable=warning,style,performance,portability", "--inline-suppr",
                          "-DWIRESHARK_VERSION_MAJOR=4", "-DWIRESHARK_VERSION_MINOR=0",
                          "--file-filter=*/plugin/*", "-DUAT_CSTRING_CB_DEF(a,b,c)=", "-DUAT_VS_DEF(a,b,c,d,e,f)=",
                          "--suppress=missingIncludeSystem", "--suppress=*:/usr/include/*", "--error-exitcode=1"],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        yield run.stdout + run.stderr


def windows():
    """A compiler for Windows takes the sources as they are, without a warning: there the address of what another DLL
    exports is no constant, long has four bytes, Visual C's enums are int, and Wireshark brings a GLib that may be old.
    Only syntax is looked at; with the headers of this Wireshark, 4.0, which are the same on Windows."""
    compiler = "x86_64-w64-mingw32-gcc"
    need(compiler)
    command = [compiler, "-std=gnu11", "-fsyntax-only", "-I.", '-DPLUGIN_VERSION="0"', "-D_WIN32_WINNT=0x0A00",
               "-DWIN32_LEAN_AND_MEAN", "-DGLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_54",
               "-DGLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_58", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow",
               "-Wconversion", "-Wno-sign-conversion", "-Wcast-qual", "-Wmissing-prototypes"]
    exporting = PLUGIN / "plugin.c"  # what Wireshark asks for; all other files import
    with tempfile.TemporaryDirectory() as glib:
        config, = Path("/usr/lib").glob("*/glib-2.0/include/glibconfig.h")
        subprocess.run([sys.executable, HERE.parent / "package/windows/glibconfig.py", config, glib], check=True)
        for folder in (glib, "/usr/include/wireshark", "/usr/include/glib-2.0"):
            command += ["-isystem", folder]
        others = [path for path in sources(".c") if path != exporting]
        for files, define in (([exporting], ["-DWS_BUILD_DLL"]), (others, [])):
            files = [path.relative_to(PLUGIN) for path in files if path.exists()]
            if files:
                output = subprocess.run([*command, *define, *files], cwd=PLUGIN, capture_output=True, text=True,
                                        env={**os.environ, "LC_ALL": "C"}, check=False).stderr
                yield from (f"plugin/{line}" for line in output.splitlines() if re.search(r" (error|warning): ", line))


def main(lint, *arguments):
    """Runs one lint; a lint over no files would say nothing, so that is an error too."""
    findings = list(globals()[lint](*arguments))
    if lint not in ("exports", "spdx", "toplevel") and not sources(".c"):
        findings.append(f"no sources in {PLUGIN}")
    print("\n".join(findings) or f"{lint}: nothing found")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
