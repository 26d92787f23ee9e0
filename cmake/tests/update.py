# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes all expected outputs anew. Not a test: a person reads `git diff` afterwards.

    update.py <plugin> <wireshark id> <view>...
"""
import sys

import capture
import harness
import interface
import readme
import reference
import stage


def main(plugin, wireshark_id, *views):
    """Everything that a golden test compares with."""
    stage.main(plugin, wireshark_id)
    for view in views:
        capture.main(view, "--update")
    interface.golden("--update")
    interface.stun_names("--update")
    reference.main("--update")
    readme.output("--update")


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
