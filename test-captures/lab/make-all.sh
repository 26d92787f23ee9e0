#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the lab's captures anew, each with its truth file, in a network
# namespace of its own (root needed). Servers are stopped by process id.
#   sh make-all.sh                    everything
#   sh make-all.sh coturn tcp         these topics
#   sh make-all.sh coturn:channels-443 ms-ice2:healthy
# Debian packages: coturn libnice-dev gcc pkg-config tshark iproute2 python3
#   openssl gnutls-bin curl openssh-server samba smbclient dnsmasq-base
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "${MSTUN_LAB_NAMESPACE:-}" != 1 ]; then
    scratch=$(mktemp -d /tmp/mstun-lab.XXXXXX)
    chmod 755 "$scratch"
    status=0
    MSTUN_LAB_NAMESPACE=1 MSTUN_LAB_SCRATCH=$scratch unshare --net -- sh "$here/make-all.sh" "$@" || status=$?
    if [ "${MSTUN_LAB_KEEP:-}" = 1 ]; then echo "kept: $scratch"; else rm -rf "$scratch"; fi
    exit "$status"
fi
export PATH="$PATH:/usr/sbin:/sbin" PYTHONDONTWRITEBYTECODE=1 LC_ALL=C
for program in "ice_pair agents" "relay_agent agents" checks; do
    sources=$(for part in $program; do echo "$here/$part.c"; done)
    cc -O1 -Wall -Wextra -o "$MSTUN_LAB_SCRATCH/${program%% *}" $sources $(pkg-config --cflags --libs nice)
done
exec python3 "$here/make.py" "$@"
