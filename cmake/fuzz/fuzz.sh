#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Feeds the plugin, inside libwireshark, with inputs that libFuzzer makes from all captures, for so many seconds (600), and
# says how much of plugin/ they have reached:   sh cmake/fuzz/fuzz.sh [seconds]
# MSTUN_FUZZ_BUILD is the build folder (build/fuzz); inputs that have found something new stay in it for the next time.
# MSTUN_FUZZ_QUICK=<n> is for the tests: n inputs, the same each time, made from a tenth of the captures, which they have
# staged in MSTUN_STAGE.
# An input that breaks the plugin is named at the end, and the exit code is not 0:
#   python3 cmake/fuzz/topcap.py <input> <capture.pcap>   makes a capture of it.

set -eu
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/cmake/setup/debian.sh"
seconds=${1:-600}
build=${MSTUN_FUZZ_BUILD:-$source_folder/build/fuzz}
quick=${MSTUN_FUZZ_QUICK:-}

if [ -n "$quick" ] && ! command -v clang >/dev/null 2>&1; then
    echo "There is no clang here."
    exit 77
fi
if command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2046,SC2086 # a list of words
    install_packages $build_packages clang python3 tshark $([ -n "$quick" ] || echo llvm)
fi

# Wireshark ignores its environment variables for root, and the user nobody cannot see below /root.
unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$work/home" "$@"
    else
        "$@"
    fi
}

step "Building the fuzz target"
mkdir -p "$build"
CC=clang cmake -S "$source_folder" -B "$build" -DMSTUN_FUZZ=ON -DMSTUN_PRECOMPILE=ON -DBUILD_TESTING=OFF \
    -DCMAKE_BUILD_TYPE=None >"$build/cmake.log" 2>&1 ||
    { cat "$build/cmake.log"; exit 1; }
targets=mstun-fuzz
[ -n "$quick" ] || targets="mstun mstun-fuzz mstun-cover"
# shellcheck disable=SC2086 # a list of words
cmake --build "$build" -j 2 --target $targets >"$build/build.log" 2>&1 || { tail -40 "$build/build.log"; exit 1; }

step "Making inputs of all captures"
work=$(mktemp -d /tmp/mstun-fuzz-XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
[ -n "$quick" ] || stage_captures "$build" "$work/stage"
python3 "$source_folder/cmake/fuzz/seeds.py" "$MSTUN_STAGE/captures" "$work/seeds" "$work/dictionary" ${quick:+10}
mkdir -p "$work/home" "$work/crashes" "$build/corpus"
cp -r "$build/corpus" "$work/"
cp "$build"/cmake/fuzz/mstun-fuzz "$work/"
chmod -R a+rwX "$work"

limit=-max_total_time=$seconds
if [ -n "$quick" ]; then
    limit="-runs=$quick -seed=1"
    rm -f "$work/corpus/"*
fi
step "Fuzzing ($limit)"
result=0
# shellcheck disable=SC2086 # a list of words
unprivileged "$work/mstun-fuzz" $limit -max_len=20000 -timeout=20 -rss_limit_mb=4096 \
    -detect_leaks=0 -print_final_stats=1 -dict="$work/dictionary" -artifact_prefix="$work/crashes/" \
    "$work/corpus" "$work/seeds" >"$build/fuzz.log" 2>&1 || result=$?
grep -E '^(Done|stat::number_of_executed|stat::new_units|SUMMARY|==[0-9]+== ?ERROR)' "$build/fuzz.log" || true
cp -r "$work/corpus" "$build/"

reach() {
    step "Reach"
    cp "$build/cmake/fuzz/mstun-cover" "$work/"
    unprivileged env LLVM_PROFILE_FILE="$work/home/cover.profraw" "$work/mstun-cover" -runs=0 -detect_leaks=0 \
        "$work/corpus" "$work/seeds" >/dev/null 2>&1 || true
    llvm-profdata merge "$work/home/cover.profraw" -o "$build/cover.profdata"
    llvm-cov report "$build/cmake/fuzz/mstun-cover" -instr-profile="$build/cover.profdata" "$source_folder/plugin" |
        awk '/^Filename|^plugin|^\// || /\.c / || /^TOTAL/ { print $1, "regions", $4, "lines", $10 }' | column -t
}
[ -n "$quick" ] || reach

if [ -n "$(ls "$work/crashes")" ]; then
    cp -r "$work/crashes" "$build/"
    echo "These inputs break the plugin, see $build/fuzz.log:"
    ls "$build/crashes"/*
    exit 1
fi
exit "$result"
