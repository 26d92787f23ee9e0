#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# From a bare Debian 12 or 13, or an Ubuntu since 24.04, to decoded STUN: installs missing packages, builds the plugin,
# installs it where this user's Wireshark loads it, and shows a capture. Run it as often as you like.
#
#   sh cmake/quickstart.sh             as root, or as a user who may use sudo
#   sh cmake/quickstart.sh --remove    takes the plugin away again

set -eu
source_folder=$(cd "$(dirname "$0")/.." && pwd)
. "$source_folder/cmake/setup/debian.sh"

sample=test-captures/rfc6062/one-side-silent.pcapng # a call that fails: its findings are what to look at first
messages_shown=14

usage() {
    sed -n 's/^# \{0,1\}//; 3,7p' "$0"
}

# plugin_folder <Global|Personal>: as Wireshark itself sees it. Root's Wireshark never looks into the personal one.
plugin_folder() {
    tshark -G folders 2>/dev/null | sed -n "s/^$1 Plugins:[[:space:]]*//p"
}

# configuration_folder <Global|Personal>: where profiles are.
configuration_folder() {
    tshark -G folders 2>/dev/null | sed -n "s/^$1 configuration:[[:space:]]*//p"
}

# remove_profiles: the global one as the plugin, the personal one as far as its user has not changed it.
remove_profiles() {
    global="$(configuration_folder Global)/profiles/MS-STUN"
    if [ -e "$global" ] && { [ -w "$global" ] || can_be_root; }; then
        if [ -w "$global" ]; then rm -r "$global"; else as_root rm -r "$global"; fi
        echo "Removed $global"
    fi
    personal=$(configuration_folder Personal)
    if [ -e "$personal/profiles/MS-STUN/mstun" ] && command -v cmake >/dev/null 2>&1; then
        cmake -DTO="$personal" -DREMOVE=ON -P "$source_folder/cmake/profile/personal.cmake"
        [ -e "$personal/profiles/MS-STUN" ] || echo "Removed $personal/profiles/MS-STUN"
    fi
}

# other_copies: those for other versions of Wireshark, beside the folders of this one.
other_copies() {
    for scope in Personal Global; do
        own=$(plugin_folder "$scope")
        find "$(dirname "$own")" -path "*/epan/mstun.so" -not -path "$own/*" 2>/dev/null || true # no such folder
    done
}

# of_package <file>: whether it came with a .deb.
of_package() {
    dpkg-query -S "$1" >/dev/null 2>&1
}

remove() {
    command -v tshark >/dev/null 2>&1 || die "There is no tshark here, so there is no mstun in it either."
    removed=no
    for file in "$(plugin_folder Personal)/epan/mstun.so" "$(plugin_folder Global)/epan/mstun.so" $(other_copies); do
        [ -e "$file" ] || continue
        ! of_package "$file" || die "$file belongs to the package mstun. Remove it with: apt remove mstun"
        if [ -w "$(dirname "$file")" ]; then
            rm -f "$file"
        else
            can_be_root || die "$file is there for all users. Removing it needs root, and there is no sudo here."
            as_root rm -f "$file" || die "$file is still there: sudo did not let you remove it."
        fi
        echo "Removed $file"
        removed=yes
    done
    remove_profiles
    [ $removed = yes ] || echo "mstun is not installed for this user."
    echo "The packages that quickstart.sh installed are still there."
}

# install_plugin: the one folder that works for this user. A personal copy beside a global one would be ignored.
install_plugin() {
    global="$(plugin_folder Global)/epan/mstun.so"
    ! of_package "$global" || die "The package mstun is installed, and Wireshark loads its $global before any other." \
        "To have this one instead: apt remove mstun, and run this script again."
    minor=$(basename "$(plugin_folder Global)")
    [ -d "$build/plugins/$minor" ] || die "This tshark is of Wireshark $minor, and Wireshark's headers are of" \
        "$(ls "$build/plugins"): it would refuse the plugin. Install tshark and wireshark-dev of one version."
    if [ "$(id -u)" -eq 0 ]; then
        cmake --install "$build" >/dev/null
        where="$global (for all users; root's Wireshark does not load plugins from a home folder)"
    elif [ -e "$global" ]; then
        can_be_root || die "An mstun for all users is installed in $global and comes before any other. Replacing it" \
            "needs root, and there is no sudo here: run this script as root, or with --remove as root first."
        sudo cmake --install "$build" >/dev/null
        where="$global (for all users; there was one already)"
    else
        cmake --build "$build" --target install-personal >/dev/null
        where="$(plugin_folder Personal)/epan/mstun.so (for $(id -un) only)"
    fi
    echo "        $where"
    for file in $(other_copies); do
        echo "        (Wireshark $minor ignores $file, which was built for another version; --remove removes both)"
    done
    tshark -G plugins 2>/dev/null | grep -q '^mstun' || die "Wireshark does not load the plugin from there." \
        "Look at the output of: tshark -G plugins"
}

# messages <capture>: a line for each frame with STUN, cut to the width of the terminal if there is one.
messages() {
    width=$( (stty size </dev/tty | cut -d ' ' -f 2) 2>/dev/null) || width=''
    [ "${width:-0}" -ge 80 ] || width=120
    tshark -n -r "$1" -Y mstun -T fields -E separator=/t -e frame.number -e frame.time_relative -e _ws.col.Source \
        -e tcp.srcport -e _ws.col.Destination -e tcp.dstport -e _ws.col.Info 2>/dev/null |
        awk -F '\t' -v width="$width" -v shown="$messages_shown" '
        NR == 1 { printf "%5s  %7s  %-19s    %-19s  %s\n", "frame", "seconds", "from", "to", "info" }
        NR <= shown {
            print substr(sprintf("%5d  %7.3f  %-19s -> %-19s  %s", $1, $2, $3 ":" $4, $5 ":" $6, $7), 1, width)
        }
        END { if (NR > shown) printf "%5s  and %d more\n", "...", NR - shown; exit NR == 0 }'
}

# is_built_for_this: whether the build folder was made from these sources for the Wireshark that is installed.
is_built_for_this() {
    [ -e "$build/made-for" ] && [ "$(cat "$build/made-for")" = "$made_for" ]
}

case ${1-} in
--remove) remove; exit ;;
-h | --help) usage; exit ;;
'') ;;
*) usage >&2; exit 2 ;;
esac

require_debian
if is_wsl; then
    printf '%s\n' "This is Linux inside Windows (WSL): the plugin goes into the Wireshark of this Linux, not into that of" \
        "Windows. For that one, take $windows_zip." | tr -s '\n ' '  ' | fold -s -w 100
    echo
fi
# shellcheck disable=SC2086 # a list of words
install_packages $build_packages

if [ -w "$source_folder" ]; then
    build=$source_folder/build/quickstart
else
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
fi
step "Building mstun for Wireshark $(tshark --version 2>/dev/null | sed -n '1s/^TShark ([^)]*) \([0-9.]*[0-9]\).*/\1/p')"
made_for="$source_folder $(uname -n) $(dpkg-query -W gcc cmake wireshark-dev libgcrypt20-dev)"
is_built_for_this || rm -rf "$build"
mkdir -p "$build"
configure_and_build "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
printf '%s\n' "$made_for" >"$build/made-for"

step "Installing"
install_plugin

capture=$source_folder/$sample
[ -e "$capture" ] || capture=$(find "$source_folder/test-captures" -name '*.pcap*' | sort | head -n 1)
[ -n "$capture" ] || die "mstun is installed. There is no capture in $source_folder/test-captures to show."
step "Decoding $capture"
echo
report=$(tshark -n -q -r "$capture" -z mstun,findings 2>&1) || die "mstun is installed, but tshark could not make the" \
    "report mstun,findings of this capture: $report"
printf '%s\n' "$report" | grep -v '^Running as user "root"' # Wireshark's warning, which is not about this capture
echo
messages "$capture" || die "mstun is installed, but it finds no message in this capture, which has some."

step "Done."
cat <<EOF

What is broken in your own capture:   tshark -q -z mstun,findings -r your.pcapng
In Wireshark's window:                wireshark -C MS-STUN your.pcapng    (if it is missing: apt install wireshark)
                                      then Telephony > STUN: what is broken, or the filter:  mstun
More:                                 README.md
Remove mstun:                         sh "$source_folder/cmake/quickstart.sh" --remove
EOF
