#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what the tests need, builds with warnings as errors, and runs all tests. Arguments go to ctest, as in
#   sh cmake/test.sh -R capture
# The last line says how many tests passed and failed. The exit code is 0 only if some passed and none failed.
#
# Linters, fuzzers and the costs of instructions are for Debian 12's tools and Wireshark; elsewhere those tests are skipped,
# and the end says which and why.

set -eu
source_folder=$(cd "$(dirname "$0")/.." && pwd)
. "$source_folder/cmake/setup/debian.sh"

if command -v apt-get >/dev/null 2>&1; then
    new_server=$(missing_packages coturn)
    # shellcheck disable=SC2086 # a list of words
    install_packages $test_packages
    # The lab starts its own TURN server when it needs one; Debian's package would start one at every boot.
    if [ -n "$new_server" ] && [ -d /run/systemd/system ]; then
        as_root systemctl disable --quiet --now coturn
    fi
fi

build=$source_folder/build/test
step "Building with warnings as errors"
mkdir -p "$build"
configure_and_build "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-g -DMSTUN_WERROR=ON -DBUILD_TESTING=ON

step "Testing: about 11 minutes on two idle cores, the long tests first"
log=$build/tests.log
rm -f "$log"
ctest --test-dir "$build" -j "$(nproc)" --output-on-failure "$@" 2>&1 | tee "$log" || true

step "Done."
# In ctest's log a line for each test, " 3/21 Test  #4: name .....   Passed    0.17 sec", or ***Failed, ***Skipped, ***Timeout
# and others; before it, in a log of its own, what each test said: the last line of one that was skipped is the reason.
awk '
FNR == NR {
    if (/^[0-9]+\/[0-9]+ Test: /) name = $3
    else if (/^<end of output>/) { reason[name] = last; last = "" }
    else if ($0) last = $0
    next
}
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    if (/ Passed +[0-9.]+ sec/) passed++
    else if (/\*\*\*Skipped/) { skipped++; print "skipped: " $4 ": " reason[$4] }
    else { failed++; print "failed: " $4 }
}
/ tests failed out of / { all = $NF }
END {
    # ctest itself may have ended early
    if (all != passed + failed + skipped) { failed++; print "the log of ctest is not complete" }
    if (skipped) print skipped " skipped"
    if (!passed && !failed) print "no test has run"
    printf "%d passed, %d failed\n", passed, failed
    exit !passed || failed
}' "$build/Testing/Temporary/LastTest.log" "$log"
