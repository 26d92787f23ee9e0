#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the plugin costs:   sh cmake/bench/bench.sh [quick]
# cmake/bench/bench.py says what is measured. MSTUN_BENCH_BUILD is the build folder (build/bench).

set -eu
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/cmake/setup/debian.sh"
build=${MSTUN_BENCH_BUILD:-$source_folder/build/bench}

tool_build "$build" "$build_packages python3 tshark valgrind" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-g
work=$(mktemp -d /tmp/mstun-bench-plugin-XXXXXX)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cp -r "$build/plugins" "$work/"
step "Measuring"
PYTHONDONTWRITEBYTECODE=1 python3 "$source_folder/cmake/bench/bench.py" "$work/plugins" "$@"
