#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Spoils all captures in many ways and reads them with the plugin under sanitizers, for so many seeds (20):
#   sh cmake/fuzz/fuzz-captures.sh [seeds] [first seed]
# cmake/fuzz/captures.py says in which ways. MSTUN_FUZZ_BUILD is the build folder (build/fuzz-captures).

set -eu
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/cmake/setup/debian.sh"
build=${MSTUN_FUZZ_BUILD:-$source_folder/build/fuzz-captures}

tool_build "$build" "$test_packages" -DCMAKE_BUILD_TYPE=Debug
work=$(mktemp -d /tmp/mstun-fuzz-captures-XXXXXX)
chmod 755 "$work"
step "Staging all captures"
stage_captures "$build" "$work"
step "Fuzzing"
python3 "$source_folder/cmake/fuzz/captures.py" cmake Ninja "$build/sanitize" "${2:-1}" "${1:-20}"
rm -rf "$work" # after a failure it stays: the spoilt capture is in it
