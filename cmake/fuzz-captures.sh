#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Spoils all captures in many ways and reads them with the plugin under sanitizers, for so many seeds (20):
#   sh cmake/fuzz-captures.sh [seeds] [first seed]
# cmake/fuzz/captures.py says in which ways. MSTUN_FUZZ_BUILD is the build folder (build/fuzz-captures).

set -eu
source_folder=$(cd "$(dirname "$0")/.." && pwd)
. "$source_folder/cmake/debian.sh"
build=${MSTUN_FUZZ_BUILD:-$source_folder/build/fuzz-captures}

if command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # a list of words
    install_packages $test_packages
fi
step "Building"
mkdir -p "$build"
configure_and_build "$build" -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF
work=$(mktemp -d /tmp/mstun-fuzz-captures-XXXXXX)
chmod 755 "$work"
export MSTUN_STAGE="$work" MSTUN_SOURCE="$source_folder" PYTHONDONTWRITEBYTECODE=1
plugin=$(find "$build/plugins" -name mstun.so)
step "Staging all captures"
python3 "$source_folder/cmake/tests/stage.py" "$plugin" "$(basename "$(dirname "$(dirname "$plugin")")")"
step "Fuzzing"
python3 "$source_folder/cmake/fuzz/captures.py" cmake Ninja "$build/sanitize" "${2:-1}" "${1:-20}"
rm -rf "$work" # after a failure it stays: the spoilt capture is in it
