# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit tests (cmake/tests/unit/) with AddressSanitizer and UndefinedBehaviorSanitizer, in sanitize.py's build.

    unit.py <cmake> <its generator> <build folder>
"""
import os
import subprocess
import sys
from pathlib import Path

import harness
from sanitize import OPTIONS


def main(cmake, generator, folder):
    """All rooms in one run."""
    harness.built(cmake, generator, folder, *OPTIONS)
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    run = subprocess.run([Path(folder) / "cmake/tests/unit/mstun-unit"], env=environment, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode != 0:
        raise harness.TestFailure(run.stdout)
    print(f"{sum(line.startswith('ok ') for line in run.stdout.splitlines())} unit tests, no finding")


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
