#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What hostile streams cost: instructions per byte or unit, and whether twice as much of it costs more than twice as much.
# Needs valgrind; takes some minutes.
#
#     sh cmake/bounds.sh [part of an attack's name]
set -e
source=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$source/build-bounds}

cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo > /dev/null
cmake --build "$build" --target mstun > /dev/null
PYTHONDONTWRITEBYTECODE=1 exec python3 "$source/cmake/bounds/bounds.py" "$build/plugins" "$@"
