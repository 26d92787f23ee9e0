#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the packages of mstun for the Wireshark that is installed here: .deb, .rpm, and .tar.gz with an install script.
# They lie in build/package/ then. The .deb is for this Debian, the .rpm for no other system than this (its folders are
# Debian's): build it where it is to be installed.
#
#   sh cmake/package/package.sh
#   sh cmake/package/package.sh --prove [suite...]     builds them in chroots of Debian (bookworm trixie), and proves in bare
#                                    ones that .deb and .tar.gz install, load and go away again; as matrix.sh

set -eu
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/cmake/setup/debian.sh"

# build_packages_here: and judge the .deb with lintian, which must have no complaint.
build_packages_here() {
    require_debian
    # shellcheck disable=SC2086 # a list of words
    install_packages $package_packages
    build=$source_folder/build/package
    rm -rf "$build"
    mkdir -p "$build"
    # The same commit makes the same package.
    if SOURCE_DATE_EPOCH=$(git -C "$source_folder" log -1 --format=%ct 2>/dev/null); then
        export SOURCE_DATE_EPOCH
    else
        unset SOURCE_DATE_EPOCH
    fi
    step "Building"
    # libwireshark's package name changes with its so-name, which is not enough: 16 was that of 3.6 too.
    library=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'libwireshark[0-9]*' |
        sed -n 's/^installed \(libwireshark[0-9t]*\)$/\1/p' | tail -n 1)
    minor=$(dpkg-query -W -f '${Version}' libwireshark-dev | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
    next=${minor%.*}.$((${minor#*.} + 1))
    configure_and_build "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX=/usr \
        -DMSTUN_PACKAGE_DEPENDS="$library (>= $minor), $library (<< $next~)"
    step "Packing"
    (cd "$build" && cpack -G "DEB;TGZ;RPM" >cpack.log 2>&1) || { cat "$build/cpack.log" >&2; die "CPack failed."; }
    deb=$(echo "$build"/mstun_*.deb)
    lintian --fail-on error,warning --allow-root "$deb" || die "lintian finds fault with $deb."
    rpm -qpR "$build"/mstun-*.rpm | grep -q '^libwireshark\.so' || die "The .rpm does not ask for libwireshark."
    step "Done."
    ls -l "$build"/mstun_*.deb "$build"/mstun-*.rpm "$build"/mstun-*.tar.gz
}

# prove <suite>: the packages of HEAD, made in the suite's chroot, in a bare chroot.
prove() {
    builder=$chroots/$1
    chroot_with_head "$1" "$builder" "$source_folder" || return 1
    code=0
    chroot_run "$builder" "sh /srv/mstun/cmake/package/package.sh" || code=$?
    chroot_leave "$builder"
    [ $code -eq 0 ] || return 1

    bare=$(mktemp -d "$chroots/bare-XXXXXX")
    trap 'chroot_remove "$bare"' EXIT
    chroot_create "$1" "$bare" && chroot_enter "$bare" || return 1
    mkdir "$bare/srv/packages"
    cp "$builder"/srv/mstun/build/package/mstun* "$source_folder/cmake/package/prove.sh" \
        "$source_folder/test-captures/rfc6062/connect.pcapng" "$bare/srv/packages/" || return 1
    chroot_run "$bare" "sh /srv/packages/prove.sh" || code=1
    chroot_remove "$bare"
    trap - EXIT
    return $code
}

case ${1-} in
'') build_packages_here; exit ;;
--prove) shift ;;
*) sed -n 's/^# \{0,1\}//; 3,9p' "$0" >&2; exit 2 ;;
esac

. "$source_folder/cmake/setup/chroot.sh"
require_chroot_tools
chroots=${MSTUN_CHROOTS:-/var/tmp/mstun-chroots}
mkdir -p "$chroots"
[ $# -gt 0 ] || set -- bookworm trixie
for suite in "$@"; do
    step "$suite"
    prove "$suite" || die "The packages do not prove right on $suite (above is what was said)."
done
