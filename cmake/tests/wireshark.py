# SPDX-License-Identifier: GPL-2.0-or-later
"""What Wireshark prints in another way since 4.0, for which the expected outputs are written.

Nothing of mstun's own is here: each rule is one change of Wireshark's, seen in 4.2.2, 4.4.18 or 4.6.9, and applies from that
version on. Where both ways say the same, what is printed is told in the way of 4.0; where the newer one says less or
something else, both sides lose it.
"""
import re
from datetime import datetime
from decimal import Decimal

from harness import STAGE

OF_EXPECTED = (4, 0)
UNITS = {"nanoseconds": "1e-9", "microseconds": "1e-6", "milliseconds": "1e-3"}


def version():
    """(major, minor) of the tshark that runs the tests, as the stage noted it."""
    major, minor = re.search(r" (\d+)\.(\d+)", (STAGE / "tshark-version").read_text()).groups()
    return int(major), int(minor)


def in_seconds(found):
    return f"{Decimal(found[1]) * Decimal(UNITS[found[2]]):.9f} seconds"


def as_date(found):
    """2020-04-23T08:59:58.364565900Z as Apr 23, 2020 08:59:58.364565900 UTC"""
    day = datetime.strptime(found[1], "%Y-%m-%d")
    return f"{day:%b} {day.day:2}, {day.year} {found[2]} UTC"


# (since, what is printed, how 4.0 prints it)
REWORDED = [
    # The column fields have lower-case names; the old ones are accepted.
    ((4, 2), r"\b_ws\.col\.(protocol|info)\b", lambda found: f"_ws.col.{found[1].title()}"),
    # -T fields: booleans are words.
    ((4, 2), r"(?<![^|,\t\n])True(?![^|,\t\n])", "1"),
    ((4, 2), r"(?<![^|,\t\n])False(?![^|,\t\n])", "0"),
    # The server's name stands in TLS's column text.
    ((4, 2), r"\bClient Hello \(SNI=[^)]*\)", "Client Hello"),
    # Trees show more of long bytes: 4.0 cut them after 36.
    ((4, 2), r"(?m)^( *[^:\n]+?)(?: \[(?:…|truncated)\])?: ([0-9a-f]{72})[0-9a-f]+…?$", r"\1: \2…"),
    # -G defaultprefs: what may be written for a boolean.
    ((4, 4), r"(?m)^# true or false \(case-insensitive\)$", "# TRUE or FALSE (case-insensitive)"),
    ((4, 6), r"(?m)^(Frame \d+: )Packet, ", r"\1"),
    # Durations in trees have the unit that fits.
    ((4, 6), r"\b(\d+\.\d+) (nanoseconds|microseconds|milliseconds)\b", in_seconds),
    # -G defaultprefs: the names for the command line stand before those for people.
    ((4, 6), r"(?m)^# One of: .*\n# Equivalently, one of: ", "# One of: "),
    # -T fields: dates follow ISO 8601.
    ((4, 6), r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{9})Z", as_date),
]
# (since, what TCP writes into the column in one version and not in another)
DIFFERENT = [
    ((4, 2), r"\[TCP ACKed unseen segment\] "),
    ((4, 6), r"\[TCP (Out-Of-Order|Retransmission)\] "),
]


# Captures in which a dissector of Wireshark's keeps something of its own from visit to visit.
REMEMBERS = [((4, 6), "no-stun/smb-445")]
# Since then Wireshark's TCP hands on late, or not at all, what it puts together of segments of which each came twice: also
# to HTTP.
CONFUSED_BY_COPIES = (4, 4)


def remembers(capture_name):
    """Whether the capture's trees differ from visit to visit, whatever mstun does."""
    return any(version() >= since and capture_name == found for since, found in REMEMBERS)


def is_confused_by_copies():
    """See above."""
    return version() >= CONFUSED_BY_COPIES


def reworded(text):
    """The text in the words of 4.0."""
    here = version()
    for since, pattern, replacement in REWORDED:
        if here >= since:
            text = re.sub(pattern, replacement, text)
    return text


def told_alike(expected, actual):
    """Both texts, without the differences between 4.0 and the version that is here."""
    here, actual = version(), reworded(actual)
    for since, pattern in DIFFERENT:
        if here >= since:
            expected, actual = re.sub(pattern, "", expected), re.sub(pattern, "", actual)
    return expected, actual
