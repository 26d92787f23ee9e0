#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Takes the documents' pictures again, into cmake/pictures: Wireshark's window with the profile MS-STUN. Look at them
# before you commit them.
#
#   sh cmake/pictures/pictures.sh        Environment: MSTUN_PLUGINS, as for cmake/pictures/screenshot.sh

set -eu
cd "$(dirname "$0")/../.."
export PROFILE=MS-STUN SCREEN=1560x780

# picture <name> <capture> <frame> <filter>: in few colours, which a window needs no more of, and so in few bytes.
picture() {
    taken=$(mktemp /tmp/mstun-picture-XXXXXX.png)
    sh cmake/pictures/screenshot.sh "test-captures/$2" "$3" "$taken" "$4" >/dev/null
    convert "$taken" +dither -colors 40 -strip -define png:compression-level=9 "PNG8:cmake/pictures/$1.png"
    rm -f "$taken"
    size=$(wc -c <"cmake/pictures/$1.png")
    echo "cmake/pictures/$1.png: $size bytes"
    [ "$size" -lt 150000 ] || { echo "That is too many: 150000 at most." >&2; exit 1; }
}

mkdir -p cmake/pictures
picture call rfc6062/connect.pcapng 28 mstun
picture edge ms-turn/tcp-443.pcapng 12 mstun
REPORT=mstun,findings_window picture findings rfc6062/one-side-silent.pcapng 21 mstun
