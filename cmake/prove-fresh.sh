#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves the two commands of README.md on a bare Debian: a clone of this repository's HEAD inside a new debootstrap
# chroot, with the package sources of this machine. Needs root, debootstrap and git; removes the chroot at the end.
#
#   sh cmake/prove-fresh.sh [bookworm|trixie]

set -eu
suite=${1:-bookworm}
repository=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "a chroot needs root" >&2; exit 1; }

chroot=$(mktemp -d "${TMPDIR:-/tmp}/mstun-fresh-XXXXXX")
clean_up() {
    ! mountpoint -q "$chroot/proc" || umount "$chroot/proc"
    # The chroot has no other mount; should there be one after all, its content survives.
    rm -rf --one-file-system "$chroot"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# apt in the chroot reaches its servers as apt here does: the mirror, a proxy, unusual dates.
# shellcheck disable=SC2016 # apt's variable
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | sort -u | head -n 1)
debootstrap --variant=minbase "$suite" "$chroot" "$mirror" >"$chroot.log" 2>&1 || { cat "$chroot.log"; exit 1; }
rm -f "$chroot.log"
cat >"$chroot/etc/apt/sources.list" <<EOF
deb $mirror $suite main
deb $mirror $suite-updates main
EOF
apt-config dump | grep -Ei '^Acquire::(Check-|Languages|Retries|.*proxy|https?::)' >"$chroot/etc/apt/apt.conf.d/90host"
cp /etc/resolv.conf "$chroot/etc/resolv.conf"
mount -t proc proc "$chroot/proc"
git clone -q "$repository" "$chroot/root/mstun"
chmod 755 "$chroot" # mktemp made it private, and the tests run as an unprivileged user too

# run <command>: in the chroot, with its exit code and time.
run() {
    began=$(date +%s)
    code=0
    chroot "$chroot" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        sh -c "cd /root/mstun && $1" </dev/null || code=$?
    verdict="$verdict
$suite: $1: exit code $code after $(($(date +%s) - began)) s"
    [ $code -eq 0 ] || failed=1
}

verdict=''
failed=0
run "sh cmake/quickstart.sh"
run "sh cmake/quickstart.sh" # again: nothing to install
run "sh cmake/test.sh"
run "sh cmake/quickstart.sh --remove"
echo "$verdict"
exit $failed
