#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run by windows.sh --wine in its chroot: a tshark.exe of Wireshark 4.0 to try mstun.dll in, cross-built from Debian's sources.

It is a small one, for a Windows build of all of Wireshark takes hours and libraries that Debian has not: the dissectors
below mstun, no name resolution, no Lua, no decryption but gcrypt's. What they refer to and is not there becomes a stub
that does nothing. mstun.dll meets what matters here: Windows' C library, exceptions across libraries, GLib as a DLL.

    python3 tshark.py <folder for tshark.exe and its libraries>"""
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import build
from build import TRIPLET, run

WORK = build.CACHE / "tshark"
SOURCES = {"wireshark": "bookworm", "glib2.0": "trixie", "pcre2": "trixie"}
GCC = [f"{TRIPLET}-gcc", "-std=gnu11", "-w", "-O0"]
DISSECTORS = """arp data dtls eth ethertype file frame icmp icmpv6 ieee8023 ip ipv6 llc null raw rtcp rtp sll stun tcp tls
tls-utils udp v150fw""".split()
TAPS = "expert endpoints follow protohierstat simple_stattable srt stats_tree".split()
UI = """capture_ui_utils clopts_common cmdarg_err decode_as_utils dissect_opts export_pdu_ui_utils failure_message filter_files
persfilepath_opt preference_utils profile ssl_key_export util version_info""".split()
WIRETAP = ["file_access", "file_wrappers", "libpcap", "pcap-common", "pcapng", "snoop", "wtap", "wtap_opttypes"]
# Of epan and wsutil, what only dissectors that are missing here call.
EPAN_DROPPED = set("""ps dvb_chartbl protobuf-helper protobuf_lang_tree crc10-tvb crc6-tvb crc8-tvb crc16-tvb golay
iana_charsets pci-ids reedsolomon sctpppids t35 tvbuff_brotli tvbuff_lz77 tvbuff_lz77huff tvbuff_lznt1 tvbuff_rdp wscbor
xdlc introspection osi-utils app_mem_usage""".split())
WSUTIL_DROPPED = set("""802_11-utils adler32 base32 bitswap crc10 crc11 crc5 crc6 crc7 crc8 curve25519 dot11decrypt_wep eax
g711 jsmn mpeg-audio rsa sober128 xtea""".split())
WIRESHARK_DEFINES = """HAVE_CONFIG_H WIN32_LEAN_AND_MEAN UNICODE _UNICODE NOMINMAX _POSIX _WIN32_WINNT=0x0A00 WS_DISABLE_DEBUG
TOP_SRCDIR="x" """.split()
WIRESHARK_CONFIG = """#define PACKAGE "wireshark"
#define VERSION "4.0.17"
#define VERSION_MAJOR 4
#define VERSION_MINOR 0
#define VERSION_MICRO 17
#define VERSION_EXTRA ""
#define VERSION_FLAVOR ""
#define PLUGIN_PATH_ID "4.0"
#define LOG_PATH ""
#define DATA_DIR "x"
#define EXTCAP_DIR "x"
#define PLUGIN_DIR "x"
#define PCRE2_CODE_UNIT_WIDTH 8
#define HAVE_PLUGINS 1
#define HAVE_PCRE2 1
#define HAVE_ZLIB 1
#define HAVE_INFLATEPRIME 1
#define HAVE_FSEEKO 1
#define HAVE_SYS_TIME_H 1
#define HAVE_UNISTD_H 1
#define HAVE_SSIZE_T 1
#define HAVE_VASPRINTF 1
#define ENABLE_CHECK_FILTER 1
"""
# tshark walks the lists of three kinds of tables and of postdissectors without asking whether there is one, and mstun hands
# the answer of a web server to HTTP without asking whether that exists: here is what leaves it to others.
NEEDED = """#include "config.h"
#include <epan/packet.h>
#include <epan/rtd_table.h>
#include <epan/srt_table.h>
#include <epan/stat_tap_ui.h>
static tap_packet_status packet(void *d, packet_info *i, epan_dissect_t *e, const void *v, tap_flags_t f) { return 0; }
static void init(struct register_srt *s, GArray *a) { }
static int dissect(tvbuff_t *t, packet_info *i, proto_tree *tree, void *d) { return 0; }
void proto_register_needed(void);
void proto_register_needed(void)
{
    static stat_tap_table_ui table = { .title = "None", .tap_name = "needed", .cli_string = "needed" };
    int proto = proto_register_protocol("Needed by others", "NEEDED", "needed");

    register_srt_table(proto, NULL, 1, packet, init, NULL);
    register_rtd_table(proto, NULL, 1, 1, NULL, packet, NULL);
    register_stat_tap_table_ui(&table);
    register_postdissector(create_dissector_handle(dissect, proto));
    register_dissector("http", dissect, proto);
    proto_disable_by_default(proto);
}
"""
# What meson's checks find for MinGW's UCRT.
GLIB_YES = """HAVE_AFUNIX_H HAVE_DIRENT_H HAVE_FLOAT_H HAVE_INTTYPES_H HAVE_LIMITS_H HAVE_LOCALE_H HAVE_MEMORY_H HAVE_SCHED_H
HAVE_STDATOMIC_H HAVE_STDINT_H HAVE_STDLIB_H HAVE_STRING_H HAVE_STRINGS_H HAVE_SYS_PARAM_H HAVE_SYS_STAT_H HAVE_SYS_TIME_H
HAVE_SYS_TYPES_H HAVE_UNISTD_H HAVE_WCHAR_H HAVE_FTRUNCATE64 HAVE_MBRTOWC HAVE_STRNLEN HAVE_VASPRINTF HAVE_VSNPRINTF
HAVE_WCRTOMB HAVE_WCSLEN HAVE_WCSNLEN HAVE__ALIGNED_MALLOC HAVE_SNPRINTF HAVE_STRCASECMP HAVE_STRNCASECMP HAVE_UINT128_T
HAVE_PTRDIFF_T HAVE_SIG_ATOMIC_T HAVE_LONG_LONG HAVE_LONG_DOUBLE HAVE_WCHAR_T HAVE_WINT_T HAVE_INTTYPES_H_WITH_UINTMAX
HAVE_STDINT_H_WITH_UINTMAX HAVE_INTMAX_T HAVE_WINSOCK2_H HAVE_C99_VSNPRINTF HAVE_C99_SNPRINTF HAVE_UNIX98_PRINTF
HAVE_GOOD_PRINTF THREADS_WIN32 STDC_HEADERS USE_SYSTEM_PRINTF _GNU_SOURCE HAVE_DCGETTEXT HAVE_GETTEXT
HAVE_BIND_TEXTDOMAIN_CODESET""".split()
GLIB_SIZES = {"CHAR": 1, "SHORT": 2, "INT": 4, "LONG": 4, "LONG_LONG": 8, "SIZE_T": 8, "SSIZE_T": 8, "VOID_P": 8, "WCHAR_T": 2}
# Of libintl, whose translations nobody reads here.
LIBINTL = "#pragma once\n" + "".join(
    f"static inline char *{name}({arguments}) {{ return (char *){result}; }}\n" for name, arguments, result in (
        ("gettext", "const char *s", "s"), ("dgettext", "const char *d, const char *s", "s"),
        ("dcgettext", "const char *d, const char *s, int c", "s"),
        ("ngettext", "const char *a, const char *b, unsigned long n", "(n == 1 ? a : b)"),
        ("dngettext", "const char *d, const char *a, const char *b, unsigned long n", "(n == 1 ? a : b)"),
        ("textdomain", "const char *d", "d"), ("bindtextdomain", "const char *d, const char *p", "p"),
        ("bind_textdomain_codeset", "const char *d, const char *c", "c")))


def write(path, text):
    """A generated file, left alone if it is like that already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def unpacked(package):
    """The folder of a Debian source package, without Debian's changes."""
    folder = WORK / "source" / package
    if not folder.exists():
        downloads = WORK / "downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        # Debian's changes are not needed, so it does no harm if a mirror has only one part of the package.
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "source", "--download-only",
                        f"{package}/{SOURCES[package]}"], cwd=downloads, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False)
        found = [path for path in downloads.glob(f"{package}_*.orig.tar.*") if path.suffix != ".asc"]
        if len(found) != 1:
            sys.exit(f"The mirror does not give the source of {package} of {SOURCES[package]}.")
        archive, = found
        folder.mkdir(parents=True)
        run("tar", "-xf", archive, "-C", folder, "--strip-components=1")
    return folder


def compile_all(name, folder, sources, includes, defines):
    """Objects of these sources (paths in the folder, or absolute), two compilers at a time. What is there stays."""
    to = WORK / "objects" / name
    to.mkdir(parents=True, exist_ok=True)
    flags = [*(f"-I{include}" for include in includes), *(f"-D{define}" for define in defines)]
    jobs = [(folder / source, to / (re.sub(r"\W", "_", str(source)) + ".o")) for source in sources]

    def compile_one(job):
        if job[1].exists():
            return ""
        done = subprocess.run([*GCC, *flags, "-c", job[0], "-o", job[1].with_suffix(".tmp")], stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode == 0:
            job[1].with_suffix(".tmp").rename(job[1])
        return done.stderr
    with ThreadPoolExecutor(2) as pool:
        said = [text for text in pool.map(compile_one, jobs) if text]
    if said:
        sys.exit("\n".join(text[:600] for text in said))
    return [job[1] for job in jobs]


def link(file, objects, libraries, *flags):
    """A DLL with its import library, or a program. Names that nobody defines become stubs."""
    stubs = WORK / "objects" / f"stubs-{file.name}"
    command = [*GCC, *flags, "-static-libgcc", "-o", file]
    if file.suffix == ".dll":
        command += ["-shared", f"-Wl,--out-implib,{WORK / 'lib' / ('lib' + file.stem.removeprefix('lib') + '.dll.a')}"]
    tail = [f"-L{WORK / 'lib'}", *(f"-l{library}" for library in libraries)]
    Path(WORK / "lib").mkdir(exist_ok=True)
    said = subprocess.run([*command, *objects, *tail], stderr=subprocess.PIPE, text=True, check=False).stderr
    undefined = sorted(set(re.findall(r"undefined reference to `([^']+)'", said)))
    if undefined:
        write(stubs.with_suffix(".c"), "".join(stub(name) for name in undefined))
        run(*GCC, "-fno-builtin", "-c", stubs.with_suffix(".c"), "-o", stubs.with_suffix(".o"))
        run(*command, *objects, stubs.with_suffix(".o"), *tail)
    if not file.exists():
        sys.exit(f"{file.name} is not made:\n{said[-2000:]}")
    print(f"        {file.name}: {len(objects)} files, {len(undefined)} stubs", flush=True)


def stub(name):
    """Four kilobytes of zeros for data, a function that returns 0 for all else."""
    imported = name.startswith("__imp_")
    name = name.removeprefix("__imp_")
    mark = "static" if imported else "__declspec(dllexport)"
    if re.search(r"vals(_\w+)?$|_map$|_strings$|^(hf|ett|proto|ei|tfs)_", name):
        text = f"{mark} char stub_{name}[4096] __asm__(\"stub_{name}\");\n" if imported else f"{mark} char {name}[4096];\n"
    else:
        text = f"{mark} long long {'stub_' if imported else ''}{name}(void) {{ return 0; }}\n"
    return text + (f"void *__imp_{name} = (void *)stub_{name};\n" if imported else "")


def make_pcre2():
    """Linked statically into those who use it; returns its include folder."""
    source = unpacked("pcre2") / "src"
    generated = WORK / "generated/pcre2"
    write(generated / "pcre2.h", (source / "pcre2.h.generic").read_text())
    write(generated / "config.h", (source / "config.h.generic").read_text())
    write(generated / "pcre2_chartables.c", (source / "pcre2_chartables.c.dist").read_text())
    others = re.compile(r"pcre2_(dftables|fuzzsupport|jit_test|jit_match|jit_misc|printint|ucptables)")
    files = [path.name for path in sorted(source.glob("pcre2_*.c")) if not others.match(path.name)]
    objects = compile_all("pcre2", source, [*files, generated / "pcre2_chartables.c"], [generated, source],
                          ["HAVE_CONFIG_H", "PCRE2_STATIC", "PCRE2_CODE_UNIT_WIDTH=8", "SUPPORT_UNICODE"])
    (WORK / "lib").mkdir(exist_ok=True)
    run(f"{TRIPLET}-ar", "crs", WORK / "lib/libpcre2-8.a", *objects)
    return generated


def make_glib(to, pcre2):
    """glib-2.0-0.dll, with gmodule in it; returns the folders to include."""
    source = unpacked("glib2.0")
    debian = build.fetch(["libgio-2.0-dev/trixie"], build.CACHE / "glib") / "usr/include/glib-2.0"
    generated = WORK / "generated/glib"
    build.glibconfig.write(*build.CACHE.glob("glib/usr/lib/*/glib-2.0/include/glibconfig.h"), generated)
    (generated / "glib/gwin32.h").unlink()  # here is the real one
    for header in ("glib/gversionmacros.h", "glib/glib-visibility.h", "gmodule/gmodule-visibility.h"):
        write(generated / header, (debian / header).read_text())
    numbers = re.findall(r"#define GLIB_\w+_VERSION (\d+)", (generated / "glibconfig.h").read_text())
    write(generated / "config.h", "".join(f"#define {name} 1\n" for name in GLIB_YES) +
          "".join(f"#define SIZEOF_{name} {size}\n" for name, size in GLIB_SIZES.items()) +
          "".join(f"#define GLIB_{name}_VERSION {value}\n" for name, value in zip(("MAJOR", "MINOR", "MICRO"), numbers)) +
          '#define ALIGNOF_UNSIGNED_LONG 4\n#define GLIB_INTERFACE_AGE 0\n#define GLIB_BINARY_AGE 0\n#define ENABLE_NLS 1\n'
          '#define GETTEXT_PACKAGE "glib20"\n#define GLIB_LOCALE_DIR "x"\n#define GLIB_LOCALSTATEDIR "x"\n'
          '#define GLIB_RUNSTATEDIR "x"\n#define HAVE_WIN32_BUILTINS_FOR_ATOMIC_OPERATIONS 1\n')
    write(generated / "libintl.h", LIBINTL)
    write(generated / "gmoduleconf.h", "#define G_MODULE_IMPL_NONE 0\n#define G_MODULE_IMPL_DL 1\n#define G_MODULE_IMPL_WIN32 3\n"
          "#define G_MODULE_IMPL_AR 7\n#define G_MODULE_IMPL G_MODULE_IMPL_WIN32\n#define G_MODULE_HAVE_DLERROR 0\n")
    posix = {"giounix.c", "gspawn-posix.c", "gthread-posix.c", "gthread-win32.c", "glib-unix.c", "gspawn-win32-helper.c", "gtester.c",
             "gjournal-private.c", "gstdio-private.c", "gwin32-private.c", "win_iconv.c"}
    files = [f"glib/{path.name}" for path in sorted((source / "glib").glob("*.c")) if path.name not in posix]
    files += [f"glib/deprecated/{path.name}" for path in sorted((source / "glib/deprecated").glob("*.c"))]
    files += ["glib/libcharset/localcharset.c", "gmodule/gmodule.c"]
    includes = [generated, generated / "glib", source, source / "glib", source / "glib/libcharset", source / "gmodule", pcre2]
    defines = ['G_LOG_DOMAIN="GLib"', "GLIB_COMPILATION", "GMODULE_COMPILATION", "G_DISABLE_CAST_CHECKS", "PCRE2_STATIC",
               "PCRE2_CODE_UNIT_WIDTH=8", "_WIN32_WINNT=0x0A00", "WINVER=0x0A00", "UNICODE", "_UNICODE", 'LIBDIR="x"',
               "LC_MESSAGES=1729", "__USE_MINGW_ANSI_STDIO=1"]
    GCC.append("-fms-extensions")
    objects = compile_all("glib", source, files, includes, defines)
    GCC.remove("-fms-extensions")
    link(to / "glib-2.0-0.dll", objects, "pcre2-8 ws2_32 winmm ole32 iphlpapi shell32 user32 advapi32 uuid".split())
    return [generated, generated / "glib", generated / "gmodule", source, source / "glib", source / "gmodule"]


def listed(source, file, variable):
    """A list of C files in one of Wireshark's CMakeLists.txt."""
    text = re.sub(r"#.*", "", (source / file / "CMakeLists.txt").read_text())
    return [f"{file}/{name}" for name in re.findall(r"[\w/-]+\.c\b", re.search(rf"set\({variable}\s(.*?)\n\)", text, re.DOTALL)[1])]


def local_files(source, folder):
    """All files that a folder's CMakeLists.txt names, each on a line of its own."""
    return [f"{folder}/{name}" for name in re.findall(r"^\t([\w-]+\.c)$", (source / folder / "CMakeLists.txt").read_text(), re.MULTILINE)]


def generate(source, dissectors, taps):
    """What Wireshark's build makes before it compiles; returns the folder."""
    generated = WORK / "generated/wireshark"
    write(generated / "config.h", WIRESHARK_CONFIG)
    write(generated / "ws_version.h", "".join(f"#define WIRESHARK_VERSION_{name} {value}\n" for name, value in
                                              (("MAJOR", 4), ("MINOR", 0), ("MICRO", 17))))
    write(generated / "vcs_version.h", '#define VCSVERSION "cross-built for a test"\n')
    for header in ("Shellapi.h", "Shlobj.h", "VersionHelpers.h", "Windows.h", "Winsock2.h", "Ws2tcpip.h", "WinSock2.h",
                   "Psapi.h", "KnownFolders.h", "Iphlpapi.h"):
        write(generated / header, f"#include_next <{header.lower()}>\n")  # names have no case there
    cares = build.fetch(["libc-ares-dev/bookworm"], WORK / "c-ares")  # the calls become stubs
    for header in cares.rglob("ares*.h"):
        text = header.read_text()
        if header.name == "ares_build.h":
            text = ("#include <winsock2.h>\n#include <ws2tcpip.h>\n#define CARES_TYPEOF_ARES_SOCKLEN_T int\n"
                    "typedef int ares_socklen_t;\n#define CARES_TYPEOF_ARES_SSIZE_T long long\ntypedef long long ares_ssize_t;\n")
        write(generated / header.name, text)
    if not (generated / "wtap_modules.c").exists():
        run("gcc", "-w", "-o", generated / "lemon", source / "tools/lemon/lemon.c")
        run(generated / "lemon", f"-T{source}/tools/lemon/lempar.c", f"-d{generated}", source / "epan/dfilter/grammar.lemon")
        for scanner in ("dfilter/scanner", "uat_load"):
            name = generated / Path(scanner).name
            run("flex", "-o", f"{name}.c", f"--header-file={name}_lex.h", source / f"epan/{scanner}.l")
        run("python3", source / "tools/rdps.py", source / "epan/print.ps", generated / "ps.c")
        registered = {"dissectors": dissectors, "taps": taps, "wtap_modules": ["wiretap/snoop.c"]}  # there has to be one
        for kind, files in registered.items():
            run("python3", source / "tools/make-regs.py", kind, generated / f"{kind}.c", *(source / file for file in files))
    return generated


def make_wireshark(to, glib, pcre2):
    """libwsutil.dll, libwiretap.dll, libwireshark.dll, tshark.exe."""
    source = unpacked("wireshark")
    dissectors = [f"epan/dissectors/packet-{name}.c" for name in DISSECTORS]
    dissectors = [file if (source / file).exists() else file.replace("packet-", "file-") for file in dissectors]
    write(WORK / "generated/wireshark/packet-needed.c", NEEDED)
    dissectors.append(WORK / "generated/wireshark/packet-needed.c")
    taps = [f"ui/cli/tap-{name}.c" for name in TAPS]
    generated = generate(source, dissectors, taps)

    def without(files, dropped):
        return [file for file in files if Path(file).stem not in dropped and (source / file).exists()]
    wsutil = without(listed(source, "wsutil", "WSUTIL_COMMON_FILES"), WSUTIL_DROPPED)
    wsutil += [f"wsutil/{name}.c" for name in ("plugins", "file_util", "win32-utils", "strptime")]
    wsutil += [f"wsutil/wmem/{path.name}" for path in sorted((source / "wsutil/wmem").glob("*.c")) if "test" not in path.name]
    wiretap = [f"wiretap/{name}.c" for name in WIRETAP] + [generated / "wtap_modules.c"]
    epan = without(listed(source, "epan", "LIBWIRESHARK_NONGENERATED_FILES"), EPAN_DROPPED)
    epan += local_files(source, "epan/dfilter") + local_files(source, "epan/ftypes") + dissectors
    epan += [generated / f"{name}.c" for name in ("ps", "uat_load", "scanner", "grammar", "dissectors")]
    tshark = [f"{name}.c" for name in ("tshark", "cli_main", "capture_opts", "frame_tvbuff", "file_packet_provider", "cfile",
                                       "extcap", "extcap_parser")]
    tshark += taps + [f"ui/{name}.c" for name in UI if (source / f"ui/{name}.c").exists()] + [generated / "taps.c"]

    mingw = Path("/usr/x86_64-w64-mingw32")
    write(WORK / "generated/gcrypt/gcrypt.h", (mingw / "include/gcrypt.h").read_text())
    write(WORK / "generated/gcrypt/gpg-error.h", (mingw / "include/gpg-error.h").read_text())
    for name in ("libgcrypt", "libgpg-error"):
        (WORK / f"lib/{name}.dll.a").write_bytes((mingw / f"lib/{name}.dll.a").read_bytes())
        dll, = (mingw / "bin").glob(f"{name}*.dll")
        (to / dll.name).write_bytes(dll.read_bytes())
    zlib = Path(f"/usr/{TRIPLET}/lib/zlib1.dll")
    (to / zlib.name).write_bytes(zlib.read_bytes())

    folders = "include epan epan/dfilter epan/ftypes epan/crypt epan/dissectors wiretap wsutil ui tools/lemon".split()
    includes = [generated, source, *(source / name for name in folders), *glib, pcre2, WORK / "generated/gcrypt"]
    defines = [*WIRESHARK_DEFINES, "PCRE2_STATIC"]
    crypt, common = ["gcrypt", "gpg-error"], ["glib-2.0-0"]
    for file, sources, libraries in (
            ("libwsutil.dll", wsutil, [*crypt, "pcre2-8", *common, "iphlpapi", "ws2_32"]),
            ("libwiretap.dll", wiretap, ["wsutil", *common, "z"]),
            ("libwireshark.dll", epan, ["wiretap", "wsutil", *crypt, "z", "pcre2-8", *common, "psapi", "ws2_32"])):
        link(to / file, compile_all(file, source, sources, includes, [*defines, "WS_BUILD_DLL"]), libraries)
    link(to / "tshark.exe", compile_all("tshark.exe", source, tshark, includes, defines),
         ["wireshark", "wiretap", "wsutil", *common, "ws2_32"], "-municode")


def main(to):
    """All of it; a second time only what is missing."""
    to.mkdir(parents=True, exist_ok=True)
    pcre2 = make_pcre2()
    make_wireshark(to, make_glib(to, pcre2), pcre2)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
