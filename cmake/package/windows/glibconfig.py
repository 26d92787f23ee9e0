#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's GLib headers for a 64-bit Windows: glibconfig.h is the only one that differs, and Debian has no Windows GLib.

    python3 glibconfig.py <glibconfig.h of amd64 Linux> <folder>

writes what goes in front of Linux' headers: glibconfig.h, and an empty glib/gwin32.h, which glib.h includes there and
newer Debians do not ship; the plugin uses nothing of it. A line that is not found is an error: then GLib has changed."""
import re
import sys
from pathlib import Path

# On Windows long has 4 bytes. Types that have 8, by the prefix of their names' macros.
WIDE_TYPES = {"gint64": "guint64", "gssize": "gsize", "gintptr": "guintptr"}
WIDE_FORMATS = [("G_GINT64_MODIFIER", "l", "ll"), ("G_GINT64_FORMAT", "li", "lli"), ("G_GUINT64_FORMAT", "lu", "llu"),
                ("G_GSIZE_MODIFIER", "l", "ll"), ("G_GSSIZE_MODIFIER", "l", "ll"), ("G_GSIZE_FORMAT", "lu", "llu"),
                ("G_GSSIZE_FORMAT", "li", "lli"), ("G_GINTPTR_MODIFIER", "l", "ll"),
                ("G_GINTPTR_FORMAT", "li", "lli"), ("G_GUINTPTR_FORMAT", "lu", "llu")]
# macro, what it is on Linux, what on Windows
VALUES = [("G_GINT64_CONSTANT(val)", "(val##L)", "(G_GNUC_EXTENSION (val##LL))"),
          ("G_GUINT64_CONSTANT(val)", "(val##UL)", "(G_GNUC_EXTENSION (val##ULL))"),
          ("GLIB_SIZEOF_LONG", "8", "4"),
          ("G_MAXSIZE", "G_MAXULONG", "G_MAXUINT64"),
          ("G_MINSSIZE", "G_MINLONG", "G_MININT64"),
          ("G_MAXSSIZE", "G_MAXLONG", "G_MAXINT64"),
          ("GPOINTER_TO_INT(p)", "((gint)  (glong) (p))", "((gint)  (gint64) (p))"),
          ("GPOINTER_TO_UINT(p)", "((guint) (gulong) (p))", "((guint) (guint64) (p))"),
          ("GINT_TO_POINTER(i)", "((gpointer) (glong) (i))", "((gpointer) (gint64) (i))"),
          ("GUINT_TO_POINTER(u)", "((gpointer) (gulong) (u))", "((gpointer) (guint64) (u))"),
          ("GLONG_TO_LE(val)", "((glong) GINT64_TO_LE (val))", "((glong) GINT32_TO_LE (val))"),
          ("GULONG_TO_LE(val)", "((gulong) GUINT64_TO_LE (val))", "((gulong) GUINT32_TO_LE (val))"),
          ("GLONG_TO_BE(val)", "((glong) GINT64_TO_BE (val))", "((glong) GINT32_TO_BE (val))"),
          ("GULONG_TO_BE(val)", "((gulong) GUINT64_TO_BE (val))", "((gulong) GUINT32_TO_BE (val))"),
          ("G_POLLFD_FORMAT", '"%d"', '"%#I64x"'),
          ("G_MODULE_SUFFIX", '"so"', '"dll"'),
          ("G_PID_FORMAT", '"i"', '"p"'),
          ("GLIB_SYSDEF_AF_INET6", "10", "23"),
          ("G_DIR_SEPARATOR", "'/'", r"'\\'"),
          ("G_DIR_SEPARATOR_S", '"/"', r'"\\"'),
          ("G_SEARCHPATH_SEPARATOR", "':'", "';'"),
          ("G_SEARCHPATH_SEPARATOR_S", '":"', '";"')]
LINES = [("#define G_OS_UNIX", "#define G_OS_WIN32\n#define G_PLATFORM_WIN32"),
         ("#define G_THREADS_IMPL_POSIX", "#define G_THREADS_IMPL_WIN32"),
         ("typedef int GPid;", "typedef void *GPid;")]


def replace_line(text, pattern, line):
    """The text with the one line that matches the pattern replaced."""
    text, count = re.subn(rf"^{pattern}[ \t]*$", lambda _: line, text, flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"glibconfig.h has {count} lines like {pattern}: this GLib is not known")
    return text


def for_windows(text):
    """glibconfig.h for Windows from Linux'."""
    for signed, unsigned in WIDE_TYPES.items():
        text = replace_line(text, f"typedef signed long {signed};",
                            f"G_GNUC_EXTENSION typedef signed long long {signed};")
        text = replace_line(text, f"typedef unsigned long {unsigned};",
                            f"G_GNUC_EXTENSION typedef unsigned long long {unsigned};")
    for macro, linux, windows in [(macro, f'"{linux}"', f'"{windows}"') for macro, linux, windows in WIDE_FORMATS] + VALUES:
        text = replace_line(text, rf"#define {re.escape(macro)}[ \t]+{re.escape(linux)}", f"#define {macro} {windows}")
    for linux, windows in LINES:
        text = replace_line(text, linux, windows)
    return text


def write(glibconfig, folder):
    """The two headers, in this folder."""
    Path(folder, "glib").mkdir(parents=True, exist_ok=True)
    Path(folder, "glib/gwin32.h").write_text("")
    Path(folder, "glibconfig.h").write_text(for_windows(Path(glibconfig).read_text()))


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2])
