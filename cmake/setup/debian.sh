# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts that build here: what they need from Debian, how they get and say it, and what several of them do.
# POSIX sh.

# shellcheck shell=sh disable=SC2034,SC2154 # variables of those scripts

build_packages="gcc libc6-dev cmake ninja-build wireshark-dev libgcrypt20-dev tshark"
# Beyond that: the test runner, sharkd (wireshark-common), and what makes live captures (test-captures/lab).
test_packages="$build_packages wireshark-common binutils python3 util-linux coturn libnice-dev libglib2.0-dev
    pkg-config"
# The sources are kept clean for the linters of Debian 12 and its compiler for Windows, the fuzz target is made for its
# libwireshark, and costs are measured there; others' have other opinions, insides and costs, so these tests would be
# skipped. libFuzzer is in libclang-rt, which comes along only where apt installs what is recommended.
! grep -qx 'VERSION_CODENAME=bookworm' /etc/os-release 2>/dev/null ||
    test_packages="$test_packages clang libclang-rt-14-dev clang-format clang-tidy cppcheck valgrind
    gcc-mingw-w64-x86-64-win32 libgcrypt-mingw-w64-dev"
# What makes packages and judges them; rpm only where the system knows it.
package_packages="$build_packages dpkg-dev file lintian rpm"

# step <words>: what happens next, with the seconds since the start.
started=$(date +%s)
step() {
    printf '\n[%3d s] %s\n' $(($(date +%s) - started)) "$*"
}

# die <words>: one paragraph for the user, no trace.
die() {
    printf '\n%s\n' "$(printf '%s' "$*" | tr -s '\n' ' ' | fold -s -w 100)" >&2
    exit 1
}

# as_root <command>...: directly or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1
}

# missing_packages <package>...: those that are not installed.
missing_packages() {
    for package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *' installed') ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

# apt_get <arguments>: apt-get without questions (wireshark-common asks one), one line of progress now and then,
# and all that it said if it fails.
apt_get() {
    log=$(mktemp)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" \
        >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 2
        progress=$(awk '/^Need to get/ { need = ", " $4 " " $5 " to download" } /^Get:/ { got++ } /^Setting up/ { set++ }
            /^Unpacking/ { unpacked++ }
            END { printf "%d files fetched%s, %d packages unpacked, %d set up", got, need, unpacked, set }' "$log")
        [ "$progress" = "${shown-}" ] || printf '        %s\n' "$progress"
        shown=$progress
    done
    if ! wait "$pid"; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# install_packages <package>...: what is missing of them, or a word about why that cannot be done.
install_packages() {
    missing=$(missing_packages "$@")
    if [ -z "$missing" ]; then
        step "All packages needed are installed."
        return
    fi
    can_be_root || die "These packages are missing: $missing. Installing them needs root, and there is no sudo here." \
        "Run this script as root, or let an administrator install them, and run it again."
    step "Installing $missing(and their dependencies)"
    if [ "$(id -u)" -ne 0 ]; then
        sudo -v || die "These packages are missing: $missing. sudo did not let you install them: run this script as a" \
            "user with sudo rights, or as root."
    fi
    apt_get update || die "apt-get update failed (above is what it said). The packages cannot be installed without a working" \
        "network and package sources in /etc/apt."
    candidate=$(apt-cache policy wireshark-dev | awk '/Candidate:/ { print $2 }')
    case $candidate in
    '' | '(none)') die "The package sources in /etc/apt do not offer wireshark-dev. On Debian add the component 'main'," \
        "on Ubuntu 'universe', and run this script again." ;;
    [0-3].*) die "The package sources in /etc/apt offer Wireshark $candidate; mstun needs 4.0 or newer, which" \
        "Debian has since 12 (bookworm) and Ubuntu since 24.04." ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    apt_get install --no-install-recommends $missing || die "apt-get could not install $missing(above is what it said)."
}

windows_zip="the zip for your Wireshark, mstun-*-windows-x64.zip, unpack it and double-click its install.cmd. If nobody has
    made it: sh cmake/package/windows.sh makes it on a Linux with debootstrap, as root"
other_systems="cmake/package/OTHER-SYSTEMS.md has the steps for other systems."

# require_debian: this machine has apt, or the user is told what to do elsewhere.
require_debian() {
    elsewhere="cmake -S . -B build -G Ninja && cmake --build build && cmake --build build --target install-personal."
    case $(uname -s) in
    Darwin) die "This script installs packages with apt, which macOS does not have. With Homebrew: brew install cmake" \
        "ninja libgcrypt wireshark, give CMake the folder of its WiresharkConfig.cmake by -DWireshark_DIR, then:" \
        "$elsewhere $other_systems" ;;
    MINGW* | MSYS* | CYGWIN*) die "This script is for Linux. On Windows, take $windows_zip. $other_systems" ;;
    Linux) ;;
    *) die "This script works on Debian 12 or 13, and this is $(uname -s). Install a C compiler, CMake, Ninja, libgcrypt" \
        "and Wireshark 4.0 or newer, all with their headers, then: $elsewhere $other_systems" ;;
    esac
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
        system=$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release 2>/dev/null)
        die "This script installs packages with apt-get, which is not here (${system:-an unknown system}). On Fedora:" \
            "dnf install gcc cmake ninja-build wireshark-devel wireshark-cli libgcrypt-devel. On Arch: pacman -S gcc cmake" \
            "ninja wireshark-cli libgcrypt. Wireshark must be 4.0 or newer. Then: $elsewhere $other_systems"
    fi
}

# is_wsl: Linux inside Windows.
is_wsl() {
    case $(uname -r) in
    *[Mm]icrosoft*) ;;
    *) false ;;
    esac
}

# configure_and_build <build folder> <cmake argument>...: quiet, unless it fails. What was said stays in build.log there.
configure_and_build() {
    folder=$1
    shift
    output=$folder/build.log
    if ! cmake -S "$source_folder" -B "$folder" -G Ninja "$@" >"$output" 2>&1; then
        # CMake indents the text of our own messages and adds call stacks that help nobody here.
        reason=$(sed -n '/^CMake Error/,/^Call Stack/p' "$output" | sed -n 's/^  //p')
        die "CMake cannot configure the build." "${reason:-See $output.}"
    fi
    if ! cmake --build "$folder" >"$output" 2>&1; then
        cat "$output" >&2
        die "The plugin does not compile here (above is what the compiler said)."
    fi
}

# tool_build <build folder> "<package>..." <cmake argument>...: how a script that measures or searches begins: the packages,
# where there is apt, and the plugin.
tool_build() {
    tool_folder=$1
    tool_packages=$2
    shift 2
    if command -v apt-get >/dev/null 2>&1; then
        # shellcheck disable=SC2086 # a list of words
        install_packages $tool_packages
    fi
    step "Building"
    mkdir -p "$tool_folder"
    configure_and_build "$tool_folder" "$@" -DBUILD_TESTING=OFF
}

# stage_captures <build folder> <stage>: that plugin and all captures, for this script's next commands in Python.
# cmake/tests/harness.py says what a stage is.
stage_captures() {
    plugin=$(find "$1/plugins" -name mstun.so)
    export MSTUN_STAGE="$2" MSTUN_SOURCE="$source_folder" PYTHONDONTWRITEBYTECODE=1
    python3 "$source_folder/cmake/tests/stage.py" "$plugin" "$(basename "$(dirname "$(dirname "$plugin")")")"
}
