#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A picture of Wireshark's window with a capture open and a frame selected, made on a virtual screen.
# Needs: wireshark xvfb xdotool imagemagick. As root it runs Wireshark as an unprivileged user, with the plugin given.
#
#   sh cmake/pictures/screenshot.sh <capture> <frame> <picture.png> [<display filter>]
# Environment: MSTUN_PLUGINS  the build's plugin folder, <build>/plugins (default: build/test/plugins)
#              SCREEN         width x height (default: 1500x950)
#              REPORT         a report whose window is to be open, such as mstun,findings_window
#              PROFILE        a profile of cmake/profile: MS-STUN

set -eu
[ $# -ge 3 ] || { sed -n 's/^# \{0,1\}//; 3,9p' "$0" >&2; exit 2; }
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
capture=$1 frame=$2 picture=$3 filter=${4-}
plugins=${MSTUN_PLUGINS:-$source_folder/build/test/plugins}
screen=${SCREEN:-1500x950}
for tool in wireshark Xvfb xdotool import; do
    command -v $tool >/dev/null || { echo "$tool is missing: apt install wireshark xvfb xdotool imagemagick" >&2; exit 1; }
done

# Everything that the unprivileged user reads or writes; a fixed name for the window's title.
home=$(mktemp -d /tmp/mstun-screen-XXXXXX)
cp -r "$plugins" "$home/plugins"
name=$(basename "$capture")
cp "$capture" "$home/$name"
mkdir -p "$home/.config/wireshark" "$home/run"
cat >"$home/.config/wireshark/preferences" <<EOF
gui.update.enabled: FALSE
gui.ask_unsaved: FALSE
gui.geometry_main_width: ${screen%x*}
gui.geometry_main_height: ${screen#*x}
gui.column.format: "No.", "%m", "Time", "%t", "Source", "%s", "Destination", "%d", "Protocol", "%p", "Length", "%L", "Info", "%i"
EOF
if [ -n "${PROFILE-}" ]; then
    profile=$home/.config/wireshark/profiles/$PROFILE
    mkdir -p "$profile"
    cp "$source_folder/cmake/profile/$PROFILE/"* "$profile"
    grep '^gui\.[agu]' "$home/.config/wireshark/preferences" >>"$profile/preferences"
fi
unprivileged=''
if [ "$(id -u)" -eq 0 ]; then
    chown -R 65534:65534 "$home"
    chmod 755 "$home"
    chmod 700 "$home/run"
    unprivileged="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi

display=77
while [ -e /tmp/.X11-unix/X$display ]; do display=$((display + 1)); done
server=''
window_program=''
clean_up() {
    [ -z "$window_program" ] || kill "$window_program" 2>/dev/null || true
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$home"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

Xvfb :$display -screen 0 "${screen}x24" -nolisten tcp >/dev/null 2>&1 &
server=$!
export DISPLAY=:$display
sleep 1

# Selecting a frame (-g) happens before a filter given by -Y is applied, and survives it.
# shellcheck disable=SC2086 # a command and its options, or nothing
$unprivileged env HOME="$home" XDG_RUNTIME_DIR="$home/run" WIRESHARK_CONFIG_DIR="$home/.config/wireshark" \
    WIRESHARK_PLUGIN_DIR="$home/plugins" TZ=UTC \
    wireshark -g "$frame" ${filter:+-Y "$filter"} ${REPORT:+-z "$REPORT"} \
    ${PROFILE:+-C "$PROFILE"} -r "$home/$name" >"$home/log" 2>&1 &
window_program=$!

window=''
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    sleep 2
    window=$(xdotool search --onlyvisible --name "^$name" 2>/dev/null | head -n 1) || true
    [ -z "$window" ] || break
done
[ -n "$window" ] || { echo "Wireshark did not open the capture within 30 s:" >&2; cat "$home/log" >&2; exit 1; }
xdotool windowmove "$window" 0 0 windowsize "$window" "${screen%x*}" "${screen#*x}"
sleep 3
# A click into the empty part of the packet's tree, to its last protocol, and open that with all below it.
xdotool mousemove --window "$window" 300 $((${screen#*x} * 9 / 10)) click 1
for key in End shift+Right; do
    sleep 1
    xdotool key --window "$window" $key
done
# The report's window below the list, as wide as the screen.
report=$(xdotool search --onlyvisible --name '^Wireshark .* STUN' 2>/dev/null | head -n 1) || true
if [ -n "${REPORT-}" ] && [ -n "$report" ]; then
    xdotool windowsize "$report" $((${screen%x*} - 60)) $((${screen#*x} * 2 / 5)) \
        windowmove "$report" 30 $((${screen#*x} * 11 / 20)) windowraise "$report"
fi
sleep 1
import -window root "$picture"
echo "$picture"
