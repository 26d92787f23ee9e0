#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What hostile streams cost: instructions per byte or unit, and whether twice as much of it costs more than twice as much:
#   sh cmake/bench/bounds.sh [part of an attack's name]
# bounds.py has the attacks; all of them take some minutes. MSTUN_BOUNDS_BUILD is the build folder (build/bounds).

set -eu
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/cmake/setup/debian.sh"
build=${MSTUN_BOUNDS_BUILD:-$source_folder/build/bounds}

tool_build "$build" "$build_packages python3 tshark valgrind" -DCMAKE_BUILD_TYPE=Release
step "Measuring"
PYTHONDONTWRITEBYTECODE=1 exec python3 "$source_folder/cmake/bench/bounds.py" "$build/plugins" "$@"
