# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by prove-fresh.sh, matrix.sh and package.sh: bare Debian systems to try things in. POSIX sh.
# Needs root and debootstrap.

# shellcheck shell=sh

require_chroot_tools() {
    [ "$(id -u)" -eq 0 ] || { echo "A chroot needs root." >&2; exit 1; }
    command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt install debootstrap" >&2; exit 1; }
}

# chroot_create <suite> <folder>: a bare Debian. apt in it reaches its servers as apt here does: the mirror, a proxy,
# unusual dates. A suite that debootstrap here does not know yet is made as its unstable.
chroot_create() {
    # shellcheck disable=SC2016 # apt's variable
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
        grep -v security | sort -u | head -n 1)
    script=
    [ -e "/usr/share/debootstrap/scripts/$1" ] || script=/usr/share/debootstrap/scripts/sid
    debootstrap --variant=minbase "$1" "$2" "$mirror" $script >"$2.log" 2>&1 || { cat "$2.log"; return 1; }
    rm -f "$2.log"
    echo "deb $mirror $1 main" >"$2/etc/apt/sources.list"
    [ "$1" = forky ] || [ "$1" = sid ] || echo "deb $mirror $1-updates main" >>"$2/etc/apt/sources.list"
    apt-config dump | grep -Ei '^Acquire::(Check-|Languages|Retries|.*proxy|https?::)' >"$2/etc/apt/apt.conf.d/90host"
    chmod 755 "$2" # mktemp makes a private one, and the tests run as an unprivileged user too
}

# chroot_enter <folder>: what has to be done before each use.
chroot_enter() {
    cp /etc/resolv.conf "$1/etc/resolv.conf"
    mountpoint -q "$1/proc" || mount -t proc proc "$1/proc"
}

# chroot_with_head <suite> <folder> <repository>: a chroot that stays, made if it is not there, entered, and a clone of
# HEAD in its /srv/mstun.
chroot_with_head() {
    if ! [ -e "$2/etc/apt/apt.conf.d/90host" ]; then # the last thing that is made
        rm -rf --one-file-system "$2"
        chroot_create "$1" "$2" || return 1
    fi
    chroot_enter "$2" && rm -rf "$2/srv/mstun" && git clone -q "$3" "$2/srv/mstun"
}

chroot_leave() {
    ! mountpoint -q "$1/proc" || umount "$1/proc"
}

# chroot_remove <folder>: it has no other mount; should there be one after all, its content survives.
chroot_remove() {
    chroot_leave "$1"
    rm -rf --one-file-system "$1"
}

# chroot_run <folder> <shell command>: as root, with a fresh environment.
chroot_run() {
    chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb DEBIAN_FRONTEND=noninteractive \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} sh -c "$2" </dev/null
}

# chroot_run_as_user <folder> <shell command>: as somebody without rights, with a home of its own.
chroot_run_as_user() {
    mkdir -p "$1/home/user" && chown 1000:1000 "$1/home/user"
    chroot --userspec=1000:1000 --groups= "$1" env -i PATH=/usr/bin:/bin HOME=/home/user TERM=dumb sh -c "$2" </dev/null
}
