#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs Wireshark's own checkers of dissectors over plugin/, and prints what they find: nothing, if all is well.
#   sh cmake/tests/checkers.sh
# They are in no package, so the source package of Debian's Wireshark is fetched (about 40 MB; the system's package sources
# are not touched), or WIRESHARK_SOURCE names a folder that has it. The exit code is 1 if there is a finding.

set -eu
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/cmake/setup/debian.sh"

work=$(mktemp -d /tmp/mstun-checkers-XXXXXX)
chmod 755 "$work" # apt fetches as another user
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# apt <arguments>: apt-get that knows the deb-src lines of this script and no others.
apt() {
    (cd "$work/package" && apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$work/lists" -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= "$@") >>"$work/apt.log" 2>&1
}

# fetch_wireshark: its tools, and what they read, into $wireshark; with a deb-src line for each deb line of the system. Not
# every mirror of security updates has their sources: then those of the release.
fetch_wireshark() {
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u |
        grep -E '/(debian|ubuntu|debian-security)/? ' >"$work/all.list"
    mkdir -p "$work/lists/partial" "$work/package"
    chmod 777 "$work/package"
    for lines in . '^[^ ]* [^ ]* [^ -]* '; do
        grep "$lines" "$work/all.list" >"$work/sources.list"
        ! { apt update && apt source -y --download-only wireshark; } || break
    done
    tar -xf "$work"/package/wireshark_*.orig.tar.* -C "$work" --wildcards '*/tools/*' '*/epan/tfs.c' 2>>"$work/apt.log" ||
        { cat "$work/apt.log" >&2; die "apt-get could not get Wireshark's source package."; }
    wireshark=$(dirname "$work"/*/tools)
}

# checker <name> <command>...: its output without the lines that only say what is looked at and how much there is.
checker() {
    name=$1
    shift
    found=$("$@" 2>&1 | grep -vE "^(Examining:|$source_folder/.*\.c +|0 warnings.*|.*packet-mstun\.c \(.* fields\)|)\$" || true)
    [ -n "$found" ] || return 0
    failed=1
    printf '== %s\n%s\n' "$name" "$found"
}

# without_own <command>...: leaves out the two strings that plugin/base/compat.c duplicates on purpose (on Windows, the address of
# Wireshark's is not a constant), and the total that counts them.
without_own() {
    "$@" | grep -vE "plugin/base/compat\.c mstun_(yes_no|set_not_set) |^[0-9]+ errors found"
}

failed=0
wireshark=${WIRESHARK_SOURCE-}
[ -n "$wireshark" ] || fetch_wireshark

cd "$source_folder/plugin"
sources=$(find "$PWD" -name '*.c' | sort)
all=$(find "$PWD" -name '*.[ch]' | sort)
# checkfiltername.pl looks for the protocol and its fields in one file.
# shellcheck disable=SC2086 # a list of files
cat "$PWD/plugin.c" $sources >"$work/packet-mstun.c"
as_arguments=$(for file in $sources; do printf -- '--file %s ' "$file"; done)
# shellcheck disable=SC2086 # lists of files
{
    checker "checkAPIs.pl" perl "$wireshark/tools/checkAPIs.pl" -g dissectors-prohibited $all # beside its default groups
    checker "checkhf.pl" perl "$wireshark/tools/checkhf.pl" $sources
    checker "checkfiltername.pl" perl "$wireshark/tools/checkfiltername.pl" "$work/packet-mstun.c"
    cd "$wireshark" # these look for files of Wireshark's, too
    checker "check_typed_item_calls.py" python3 tools/check_typed_item_calls.py --mask --label --consecutive $as_arguments
    checker "check_tfs.py" without_own python3 tools/check_tfs.py --common $as_arguments
}
exit $failed
