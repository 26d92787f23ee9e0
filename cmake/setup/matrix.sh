#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds HEAD with warnings as errors and runs all tests on several Debians, each with another Wireshark, in chroots
# that are made when they are not there. Needs root, debootstrap and git; downloads about 0.5 GB a chroot.
#
#   sh cmake/setup/matrix.sh [suite...] [-- argument of ctest...]      bookworm trixie forky, if none is named
#
# MSTUN_CHROOTS is the folder where the chroots stay (/var/tmp/mstun-chroots, if it is not set). What a suite said is in
# <suite>.log there. The exit code is 0 only if every suite passed.

set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
. "$repository/cmake/setup/chroot.sh"

chroots=${MSTUN_CHROOTS:-/var/tmp/mstun-chroots}
suites=''
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in -*) sed -n 's/^# \{0,1\}//; 3,9p' "$0" >&2; exit 2 ;; esac
    suites="$suites $1"
    shift
done
[ $# -eq 0 ] || shift
ctest_arguments=''
for argument in "$@"; do
    ctest_arguments="$ctest_arguments '$argument'"
done

# count <pattern> <file>: a number, also where there is no such file.
count() {
    grep -c "$1" "$2" 2>/dev/null || [ -e "$2" ] || echo -
}

# sum <word> <file>: the number before this word in test.sh's last lines.
sum() {
    sed -n "s/^\(.*[ ,]\)\{0,1\}\([0-9][0-9]*\) $1.*/\2/p" "$2" | tail -n 1
}

# test_suite <suite>: one row of the table; its exit code is that of the tests.
test_suite() {
    chroot=$chroots/$1
    log=$chroots/$1.log
    began=$(date +%s)
    chroot_with_head "$1" "$chroot" "$repository" >"$log" 2>&1 || { row "$1" - - - - - "$began"; return 1; }
    code=0
    chroot_run "$chroot" "cd /srv/mstun && sh cmake/test.sh $ctest_arguments" >"$log" 2>&1 || code=$?
    chroot_leave "$chroot"
    version=$(sed -n '1s/^TShark ([^)]*) \([0-9.]*[0-9]\).*/\1/p' "$chroot/srv/mstun/build/test/stage/tshark-version" \
        2>/dev/null) || version=-
    row "$1" "$version" "$(count '\[-W' "$chroot/srv/mstun/build/test/build.log")" "$(sum passed "$log")" \
        "$(sum failed "$log")" "$(sum skipped "$log")" "$began"
    return $code
}

# row <suite> <wireshark> <warnings> <passed> <failed> <skipped> <began>
row() {
    table="$table
$(printf '%-9s  %-9s  %8s  %6s  %6s  %7s  %7d' "$1" "${2:--}" "${3:--}" "${4:--}" "${5:--}" "${6:-0}" \
        $(($(date +%s) - $7)))"
    echo "$table" | tail -n 1
}

require_chroot_tools
mkdir -p "$chroots"
table=$(printf '%-9s  %-9s  %8s  %6s  %6s  %7s  %7s' suite Wireshark warnings passed failed skipped seconds)
failed=''
for suite in ${suites:-bookworm trixie forky}; do
    trap 'chroot_leave "$chroots/$suite"' EXIT
    test_suite "$suite" || failed="$failed $suite"
done
printf '\n%s\n' "$table"
[ -z "$failed" ] || { echo "Not everything passed: see$(for suite in $failed; do printf ' %s' "$chroots/$suite.log"; done)"; exit 1; }
