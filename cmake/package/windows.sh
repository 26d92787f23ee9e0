#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds mstun of HEAD for Wireshark's Windows releases: one zip for each minor version, in build/package/. It is compiled
# in a chroot of Debian 13, by gcc for Windows, from the headers of Debian's Wireshark of the same minor version.
# Needs root, debootstrap and git; downloads about 0.4 GB, once.
#
#   sh cmake/package/windows.sh [minor version...]           4.0 4.4 4.6, if none is named
#   sh cmake/package/windows.sh --twice [minor version...]   builds each twice, and proves that the zips are the same
#   sh cmake/package/windows.sh --wine                       installs that for 4.0 in wine, and compares what a tshark.exe,
#                                      cross-built in the chroot, says of all captures with what tshark says here, on
#                                      Debian 12; an hour. MSTUN_EVERY=20 takes every 20th capture only
#
# MSTUN_CHROOTS is the folder where the chroot stays, with all that was downloaded (/var/tmp/mstun-chroots, if it is not
# set).

set -eu
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/cmake/setup/debian.sh"
. "$source_folder/cmake/setup/chroot.sh"

compiler_packages="gcc-mingw-w64-ucrt64 binutils-mingw-w64-ucrt64 libgcrypt-mingw-w64-dev binutils git python3"
wine_packages="wine wine64 gcc libc6-dev flex libz-mingw-w64-dev dpkg-dev"

# suite_of <minor version>: the Debian that has it.
suite_of() {
    case $1 in
    4.0) echo bookworm ;;
    4.4) echo trixie ;;
    4.6) echo forky ;;
    *) die "No Debian has Wireshark $1: 4.0, 4.4 and 4.6 can be built." ;;
    esac
}

# prepare_chroot <folder> "<package>...": Debian 13, which can look into the other suites' packages, too.
prepare_chroot() {
    chroot_with_head trixie "$1" "$source_folder" || return 1
    others=$1/etc/apt/sources.list.d/others.list
    if ! grep -qs deb-src "$others"; then
        mirror=$(sed -n 's/^deb \([^ ]*\) trixie main$/\1/p' "$1/etc/apt/sources.list")
        echo 'APT::Default-Release "trixie";' >"$1/etc/apt/apt.conf.d/91trixie"
        printf "deb $mirror %s main\n" bookworm forky >"$others"
        printf "deb-src $mirror %s main\n" bookworm trixie >>"$others"
    fi
    chroot_run "$1" "apt-get -qq update && apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 \
        install $2" >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
}

# build <minor version> <folder in the chroot>
build() {
    chroot_run "$chroot" "SOURCE_DATE_EPOCH=$date python3 -B /srv/mstun/cmake/package/windows/build.py $1 $(suite_of "$1") $2"
}

# try_in_wine: the zips are there; see compare.py.
try_in_wine() {
    grep -qx 'VERSION_CODENAME=bookworm' /etc/os-release || die "The tshark.exe is of Debian 12's Wireshark: compare it there."
    step "Building tshark.exe"
    chroot_run "$chroot" "python3 -B /srv/mstun/cmake/package/windows/tshark.py /srv/tshark" || die "There is no tshark.exe."
    tool_build "$source_folder/build/wine" "$build_packages wireshark-common python3 util-linux" -DCMAKE_BUILD_TYPE=Release
    stage_captures "$source_folder/build/wine" "$source_folder/build/wine/stage"
    step "Comparing"
    zips=$source_folder/build/package/mstun-$(sed -n 's/.*MSTUN_VERSION \([0-9.]*\).*/\1/p' "$source_folder/plugin/version.cmake")
    python3 "$source_folder/cmake/package/windows/compare.py" "$chroot" "$zips+ws4.0-windows-x64.zip" \
        "$zips+ws4.4-windows-x64.zip" || die "mstun.dll does not do what mstun.so does (above is where)."
}

twice=no
wine=no
case ${1-} in
--twice) twice=yes; shift ;;
--wine) wine=yes; compiler_packages="$compiler_packages $wine_packages"; shift; set -- 4.0 4.4 ;;
-*) sed -n 's/^# \{0,1\}//; 3,15p' "$0" >&2; exit 2 ;;
esac
[ $# -gt 0 ] || set -- 4.0 4.4 4.6
for minor in "$@"; do
    suite_of "$minor" >/dev/null
done

require_chroot_tools
chroots=${MSTUN_CHROOTS:-/var/tmp/mstun-chroots}
chroot=$chroots/windows
mkdir -p "$chroots" "$source_folder/build/package"
trap 'chroot_leave "$chroot"' EXIT
step "Preparing $chroot"
prepare_chroot "$chroot" "$compiler_packages" || die "The chroot cannot be prepared (above is what was said)."
date=$(git -C "$source_folder" log -1 --format=%ct)
rm -rf "$chroot/srv/zips" "$chroot/srv/again"
for minor in "$@"; do
    step "Wireshark $minor"
    build "$minor" /srv/zips
    [ $twice = no ] || build "$minor" /srv/again
done
if [ $twice = yes ]; then
    diff -r "$chroot/srv/zips" "$chroot/srv/again" || die "The second build made other bytes than the first."
    step "Both builds made the same bytes."
fi
cp "$chroot"/srv/zips/*.zip "$source_folder/build/package/"
[ $wine = no ] || try_in_wine
step "Done."
(cd "$source_folder/build/package" && sha256sum mstun-*-windows-x64.zip)
