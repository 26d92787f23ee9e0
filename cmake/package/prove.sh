#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run by package.sh --prove, as root in a bare Debian: the packages in this folder install, load and go away again.

set -eu
cd "$(dirname "$0")"
capture=$PWD/connect.pcapng

die() {
    echo "NOT PROVED: $*" >&2
    exit 1
}

as_user() {
    setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/user "$@"
}

# sees <who> <command>...: as this one, Wireshark has the protocol and decodes the capture.
sees() {
    who=$1
    shift
    count=$("$@" tshark -n -r "$capture" -Y 'mstun.type' 2>/dev/null | wc -l)
    [ "$count" -gt 10 ] || die "$who sees $count messages"
    echo "        $who sees $count messages"
}

# sees_nothing <who> <command>...
sees_nothing() {
    who=$1
    shift
    ! "$@" tshark -G protocols 2>/dev/null | cut -f 3 | grep -qx mstun || die "$who still has the protocol"
    echo "        $who has no protocol mstun"
}

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >apt.log 2>&1 ||
        { cat apt.log; die "apt-get $1"; }
}

useradd --uid 1000 --user-group --create-home user 2>/dev/null || [ -d /home/user ] || die "no user"
apt_get update

echo "    .deb"
apt_get install ./mstun_*.deb # with what it depends on, which is not Wireshark itself
apt_get install tshark
files=$(dpkg -L mstun)
sees root env
sees "a user" as_user
rm -rf documents && dpkg-deb -x ./mstun_*.deb documents # dpkg of a minimal system may leave these out
gzip -t documents/usr/share/man/man7/mstun.7.gz || die "no man page"
apt_get remove mstun
! dpkg -L mstun >/dev/null 2>&1 || die "dpkg still knows files of mstun"
for file in $files; do
    [ -d "$file" ] || [ ! -e "$file" ] || die "$file is left"
done
sees_nothing root env

echo "    .tar.gz"
tar -xzf mstun-*.tar.gz
installer=$(echo "$PWD"/mstun-*/install.sh)
as_user sh "$installer"
sees "the user" as_user
sees_nothing root env
as_user sh "$installer" --remove
sees_nothing "the user" as_user
! as_user sh "$installer" --global >refused.log 2>&1 || die "a user may install for all"
cat refused.log
sh "$installer"
sees root env
sees "a user" as_user
sh "$installer" --remove --global
sees_nothing root env
left=$(find / -xdev -name 'mstun*' -not -path "$PWD*" -not -path '/proc/*' -not -path '/var/lib/apt/*')
[ -z "$left" ] || die "left: $left"
