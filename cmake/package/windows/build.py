#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run by windows.sh in a chroot of Debian 13: mstun.dll and its zip for Wireshark's own Windows release, from Debian's
packages of the same minor version of Wireshark: its headers are the same on Windows, and so are the names that its
libraries export.

    python3 build.py <minor version, 4.4> <suite that has it> <folder for the zip>
    python3 build.py pack <minor version> <mstun.dll> <folder for the zip>   a DLL that Visual C made, anywhere

What is downloaded and made stays in /var/cache/mstun-windows. SOURCE_DATE_EPOCH dates the files in the zip."""
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import glibconfig

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[2]
PLUGIN = SOURCE / "plugin"
CACHE = Path("/var/cache/mstun-windows")
TRIPLET = "x86_64-w64-mingw32ucrt"
# Debian's packages: Wireshark's headers and libraries, of the suite; GLib's headers, of the chroot's own. GLib's and
# gcrypt's libraries are the old ones of Debian 12: the Windows releases of 4.0 bring a GLib of its age.
WIRESHARK_PACKAGES = ["libwireshark-dev", "libwsutil-dev", "libwiretap-dev"]
OLD_LIBRARIES = ["libglib2.0-0/bookworm", "libgcrypt20/bookworm"]
# Library on Windows: where its headers lie, the same library on Linux. Wireshark's cmake/modules/FindGLIB2.cmake and
# FindGCRYPT.cmake say what the last two are called; libgcrypt-20.dll has that name since 2013.
LIBRARIES = {"libwireshark.dll": ("/wireshark/epan/", "libwireshark.so"),
             "libwiretap.dll": ("/wireshark/wiretap/", "libwiretap.so"),
             "libwsutil.dll": ("/wireshark/wsutil/", "libwsutil.so"),
             "glib-2.0-0.dll": ("/glib-2.0/", "libglib-2.0.so"),
             "libgcrypt-20.dll": ("/gcrypt.h", "libgcrypt.so")}
# What of Windows itself may be asked for: its kernel and its C library, which is part of it since Windows 10.
WINDOWS_LIBRARY = re.compile(r"KERNEL32\.dll|api-ms-win-crt-[a-z]+-l1-1-0\.dll")
EXPORTS = ["plugin_describe", "plugin_register", "plugin_version", "plugin_want_major", "plugin_want_minor"]
DEFINES = ["WIN32_LEAN_AND_MEAN", "NOMINMAX", "_WIN32_WINNT=0x0A00", "G_DISABLE_DEPRECATED",
           # what a newer GLib's headers would turn into functions that an older GLib does not have
           "GLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_54", "GLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_58"]
# For INSTALL.txt
BUILT = """mstun.dll was built on Debian Linux, by gcc for Windows, with the headers of Wireshark @WIRESHARK@. Every name that it
takes from Wireshark's libraries was looked for in the same version of these libraries on Linux. Its sister for Wireshark
4.0 is installed, tried and removed in wine, with a tshark.exe that was built in the same way. None of them was tried on
Windows itself, nor with Wireshark's own Windows release."""
BUILT_BY_VISUAL_C = "mstun.dll was built by Visual C, as a part of Wireshark @WIRESHARK@'s own source."
FLAGS = ["-std=gnu11", "-O2", "-flto", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion", "-Wno-sign-conversion",
         "-Wcast-qual", "-Wmissing-prototypes", "-fwrapv", "-fno-strict-overflow"]


def run(*command, **options):
    """What a command prints; its failure ends this script with what it said."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n" + "\n".join(done.stdout.splitlines()[-20:]))
    return done.stdout


def fetch(packages, folder):
    """Downloads Debian packages (name/suite) and unpacks them into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    downloads = CACHE / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    for package in packages:
        name, suite = package.split("/")
        version = re.search(r"^Version: (\S+)", run("apt-cache", "show", f"{name}/{suite}"), re.MULTILINE)[1]
        file = downloads / f"{name}_{version.replace(':', '%3a')}_amd64.deb"
        if not file.exists():
            run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", f"{name}={version}", cwd=downloads)
        run("dpkg-deb", "-x", file, folder)
    return folder


def libraries_of(package, suite):
    """The package of the library itself that a -dev package depends on, libwireshark18."""
    depends = re.search(r"^Depends: (.*)", run("apt-cache", "show", f"{package}/{suite}"), re.MULTILINE)[1]
    return re.search(package.replace("-dev", "") + r"\d+(t64)?", depends)[0] + "/" + suite


def prepare(minor, suite):
    """The headers and libraries of this Wireshark; returns the folders to include, and where the libraries are."""
    wireshark = fetch([f"{name}/{suite}" for name in WIRESHARK_PACKAGES], CACHE / minor / "wireshark")
    libraries = fetch([libraries_of(name, suite) for name in WIRESHARK_PACKAGES] + OLD_LIBRARIES, CACHE / minor / "linux")
    glib = fetch(["libgio-2.0-dev/trixie"], CACHE / "glib")
    config, = glib.glob("usr/lib/*/glib-2.0/include/glibconfig.h")
    glibconfig.write(config, CACHE / "glibconfig")
    gcrypt = CACHE / "gcrypt"  # alone: the folder where Debian has it is full of another C library's headers
    gcrypt.mkdir(exist_ok=True)
    for header in ("gcrypt.h", "gpg-error.h"):
        (gcrypt / header).write_bytes(Path("/usr/x86_64-w64-mingw32/include", header).read_bytes())
    headers = wireshark / "usr/include/wireshark"
    version = (headers / "ws_version.h").read_text()
    found = ".".join(re.search(rf"WIRESHARK_VERSION_{part}\s+(\d+)", version)[1] for part in ("MAJOR", "MINOR"))
    if found != minor:
        sys.exit(f"Debian {suite} has Wireshark {found} now, not {minor}: a zip for {minor} cannot be made of it.")
    return [headers, CACHE / "glibconfig", glib / "usr/include/glib-2.0", gcrypt], libraries


def sources():
    """plugin/CMakeLists.txt's list."""
    listed = re.search(r"set\(sources\s(.*?)\)", (PLUGIN / "CMakeLists.txt").read_text(), re.DOTALL)[1]
    return listed.split()


def plugin_version():
    """Of the plugin, 0.1.0."""
    return re.search(r"MSTUN_VERSION ([\d.]+)", (PLUGIN / "version.cmake").read_text())[1]


def compile_command(includes):
    """The compiler with everything but files."""
    return [f"{TRIPLET}-gcc", *FLAGS, f'-DPLUGIN_VERSION="{plugin_version()}"', *(f"-D{define}" for define in DEFINES),
            *(word for folder in includes for word in ("-isystem", folder)), "-I."]


def compile_all(includes, folder):
    """One object for each source, two compilers at a time; returns them in the order of the list."""
    folder.mkdir(parents=True, exist_ok=True)
    objects, running = [], []
    for source in sources():
        objects.append(folder / (source.replace("/", "_") + ".o"))
        exporting = ["-DWS_BUILD_DLL"] if source == "plugin.c" else []  # all others import only
        command = [*compile_command(includes), *exporting, f"-frandom-seed={source}", "-c", source, "-o", objects[-1]]
        if len(running) == 2 and running.pop(0).wait() != 0:
            sys.exit("mstun does not compile for Windows (above is what the compiler said).")
        running.append(subprocess.Popen([str(word) for word in command], cwd=PLUGIN))
    if any([process.wait() for process in running]):
        sys.exit("mstun does not compile for Windows (above is what the compiler said).")
    return objects


def marked_names(includes):
    """Every name that the headers the plugin includes mark as imported, or that gcrypt.h declares, which marks none:
    {library: {name: whether it is data}}."""
    lines = {line for path in PLUGIN.rglob("*.[ch]") for line in path.read_text().splitlines()
             if re.match(r"#include <(epan|wsutil|wiretap|gcrypt|ws)", line)}
    program = '#include "base/compat.h"\n' + "\n".join(sorted(lines))
    text = run(*compile_command(includes), "-E", "-xc", "-", input=program, cwd=PLUGIN)
    names = {library: {} for library in LIBRARIES}
    for library, declaration in declarations(text):
        declaration = without_attributes(declaration)
        function = re.match(r"[^(]*?(\w+)\s*\(", declaration)
        name = function or re.match(r".*?(\w+)\s*(\[|$|=)", declaration, re.DOTALL)
        if name:
            names[library][name[1]] = not function
    return names


def declarations(text):
    """Each top-level declaration of preprocessed headers that is imported, with the library whose header it is in."""
    library, depth, words = None, 0, []
    literal = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')  # may have braces in it
    for line in text.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            library = next((name for name, (folder, _) in LIBRARIES.items() if folder in marker[1]), None)
            continue
        for word in re.findall(r"[{};]|[^{};]+", literal.sub("0", line)):
            if word == "{":
                depth += 1
            elif word == "}":
                depth -= 1
            if depth == 0 and word in ";}":
                declaration = " ".join(words)
                words = []
                imported = re.search(r"\bdllimport\b", declaration)
                unmarked = library == "libgcrypt-20.dll" and re.search(r"\bgcry_\w+\s*\(", declaration)
                if library and (imported or unmarked) and "typedef" not in declaration:
                    yield library, declaration
            elif depth == 0:
                words.append(word)


def without_attributes(declaration):
    """Without __attribute__((...)) and __declspec(...), which look like functions, and without (name) for name."""
    declaration = re.sub(r"\(\s*(\w+)\s*\)\s*\(", r"\1 (", declaration)  # GLib has "void (g_free) (gpointer)"
    attribute = re.compile(r"__(?:attribute__|declspec|attribute)\s*(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))")
    return " ".join(attribute.sub(" ", declaration).split())


def linux_names(libraries, so):
    """What a library on Linux exports: {name: whether it is data}."""
    path = min(libraries.rglob(f"{so}.*"), key=lambda file: file.is_symlink())
    names = {}
    for line in run("nm", "-D", "--defined-only", path).splitlines():
        kind, name = line.split()[-2:]
        names[name.split("@")[0]] = kind in "BDRVbdrv"
    return names


def import_libraries(names, exported, folder):
    """<folder>/<library>.a of the marked names that the same library on Linux exports. A mark without an export is a
    header of more than the library, and says nothing; a function on one side that is data on the other is an error."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for library, marked in names.items():
        lines = [f'LIBRARY "{library}"', "EXPORTS"]
        for name, is_data in sorted(marked.items()):
            if name in exported[library]:
                if exported[library][name] != is_data:
                    sys.exit(f"{library}: {name} is data on one side and a function on the other")
                lines.append(f"    {name}{' DATA' if is_data else ''}")
        definition = folder / f"{library}.def"
        definition.write_text("\n".join(lines) + "\n")
        made.append(folder / f"{library}.a")
        run(f"{TRIPLET}-dlltool", "-D", library, "-d", definition, "-l", made[-1], "-t", library.replace(".", "_"))
    return made


def link(objects, imports, folder, minor):
    """mstun.dll, with what its properties in Explorer say."""
    numbers = plugin_version().replace(".", ",") + ",0"
    script = (HERE / "mstun.rc.in").read_text()
    for name, value in (("NUMBERS", numbers), ("VERSION", plugin_version()), ("WIRESHARK", minor)):
        script = script.replace(f"@{name}@", value)
    (folder / "mstun.rc").write_text(script)
    run(f"{TRIPLET}-windres", "mstun.rc", "mstun.res.o", cwd=folder)
    run(f"{TRIPLET}-gcc", *FLAGS, "-flto-partition=one", "-frandom-seed=mstun", "-shared", "-s", "-static-libgcc",
        "-Wl,--no-insert-timestamp", "-o", "mstun.dll", *(file.name for file in objects), "mstun.res.o", *imports, cwd=folder)
    return folder / "mstun.dll"


def check(dll, exported):
    """What Windows would refuse and wine would not: a name that the library does not have; and what nobody should see."""
    text = run(f"{TRIPLET}-objdump", "-p", dll)
    exports = re.findall(r"\+base\[\s*\d+\]\s+[0-9a-f]{4} (\w+)$", text, re.MULTILINE)
    if exports != EXPORTS:
        sys.exit(f"{dll} exports {exports}, not {EXPORTS}")
    summary = []
    for block in text.split("DLL Name: ")[1:]:
        library, _, table = block.partition("\n")
        imported = re.findall(r"^\s+[0-9a-f]+\s+(?:<none>\s+)?\w+\s+(\w+)$", table.split("\n\n")[0], re.MULTILINE)
        if not imported:
            sys.exit(f"{dll}: no names are read of {library}")
        if library in LIBRARIES:
            missing = sorted(set(imported) - set(exported[library]))
            if missing:
                sys.exit(f"{dll} needs {', '.join(missing)} of {library}, which does not export that")
            summary.append(f"{len(imported)} names of {library}")
        elif not WINDOWS_LIBRARY.fullmatch(library):
            sys.exit(f"{dll} needs {library}, which no Windows has")
    return ", ".join(summary)


def text_file(name, values):
    """One of the texts in this folder, filled in, with Windows' line ends."""
    text = (HERE / f"{name}.in").read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    left = re.search(r"@[A-Z]+@", text)
    if left:
        sys.exit(f"{name}: {left[0]} has no value")
    return text.replace("\n", "\r\n").encode()


def source_archive():
    """All that the DLL is made of, as git has it."""
    archive = subprocess.run(["git", "archive", "--format=zip", "--prefix=mstun/", "HEAD", "CMakeLists.txt", "LICENSE",
                              "README.md", "cmake", "plugin", ":!cmake/pictures"], cwd=SOURCE, stdout=subprocess.PIPE,
                             check=True)
    return archive.stdout


def pack(dll, minor, folder, built=BUILT):
    """The zip: the same bytes for the same commit."""
    commit = run("git", "rev-parse", "HEAD", cwd=SOURCE).strip()
    values = {"BUILT": built, "VERSION": plugin_version(), "WIRESHARK": minor, "COMMIT": commit}
    name = f"mstun-{plugin_version()}+ws{minor}-windows-x64"
    files = {f"plugins/{minor}/epan/mstun.dll": dll.read_bytes(),
             "source.zip": source_archive(),
             "README.md": (SOURCE / "README.md").read_bytes(),
             "LICENSE.txt": (SOURCE / "LICENSE").read_text().replace("\n", "\r\n").encode()}
    for text in ("INSTALL.txt", "SOURCE.txt", "install.cmd", "remove.cmd"):
        files[text] = text_file(text, values)
    for path in sorted((SOURCE / "plugin/doc").iterdir()):  # README links there
        files[f"plugin/doc/{path.name}"] = path.read_bytes()
    for path in sorted((SOURCE / "cmake/profile/MS-STUN").iterdir()):
        files[f"profiles/MS-STUN/{path.name}"] = path.read_bytes()
    date = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(files):
            entry = zipfile.ZipInfo(f"{name}/{file}", date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[file])
    return folder / f"{name}.zip"


def pack_other(minor, dll, to):
    """The zip of a DLL that was built elsewhere."""
    print(pack(Path(dll), minor, Path(to), BUILT_BY_VISUAL_C))


def main(minor, suite, to):
    """From packages to the zip."""
    includes, libraries = prepare(minor, suite)
    exported = {library: linux_names(libraries, so) for library, (_, so) in LIBRARIES.items()}
    build = CACHE / minor / "build"
    subprocess.run(["rm", "-rf", build], check=True)
    objects = compile_all(includes, build)
    imports = import_libraries(marked_names(includes), exported, build / "imports")
    dll = link(objects, imports, build, minor)
    summary = check(dll, exported)
    print(f"{pack(dll, minor, Path(to)).name}: {dll.stat().st_size} bytes of mstun.dll, {summary}")


if __name__ == "__main__":
    if sys.argv[1] == "pack":
        pack_other(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
