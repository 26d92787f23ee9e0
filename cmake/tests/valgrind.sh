#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Opens more than 100 captures in one process under valgrind, and runs all reports of the command line:
#   sh cmake/tests/valgrind.sh
# cmake/tests/memcheck.py says what is counted; it takes some minutes. MSTUN_VALGRIND_BUILD is the build folder
# (build/valgrind). The exit code is 1 if the plugin has an error or a leak, or leaves something behind for each file.

set -eu
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/cmake/setup/debian.sh"
build=${MSTUN_VALGRIND_BUILD:-$source_folder/build/valgrind}

tool_build "$build" "$test_packages valgrind" -DCMAKE_BUILD_TYPE=Debug
work=$(mktemp -d /tmp/mstun-valgrind-XXXXXX)
chmod 755 "$work"
step "Staging all captures"
stage_captures "$build" "$work"
step "Reading them under valgrind"
python3 "$source_folder/cmake/tests/memcheck.py"
rm -rf "$work" # after a failure it stays, with valgrind's own files
