#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves the two commands of README.md on a bare Debian: a clone of this repository's HEAD inside a new debootstrap
# chroot, with the package sources of this machine. Needs root, debootstrap and git; removes the chroot at the end.
#
#   sh cmake/setup/prove-fresh.sh [bookworm|trixie|forky [--without-tests]]

set -eu
suite=${1:-bookworm}
repository=$(cd "$(dirname "$0")/../.." && pwd)
. "$repository/cmake/setup/chroot.sh"
require_chroot_tools

chroot=$(mktemp -d "${TMPDIR:-/tmp}/mstun-fresh-XXXXXX")
trap 'chroot_remove "$chroot"' EXIT
trap 'exit 1' INT TERM
chroot_create "$suite" "$chroot"
chroot_enter "$chroot"
git clone -q "$repository" "$chroot/root/mstun"

# run <command>: in the clone, with its exit code and time.
run() {
    began=$(date +%s)
    code=0
    chroot_run "$chroot" "cd /root/mstun && $1" || code=$?
    verdict="$verdict
$suite: $1: exit code $code after $(($(date +%s) - began)) s"
    [ $code -eq 0 ] || failed=1
}

verdict=''
failed=0
run "sh cmake/quickstart.sh"
run "sh cmake/quickstart.sh" # again: nothing to install
[ "${2-}" = --without-tests ] || run "sh cmake/test.sh"
run "sh cmake/quickstart.sh --remove"
echo "$verdict"
exit $failed
