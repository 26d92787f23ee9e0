# SPDX-License-Identifier: GPL-2.0-or-later
# The version of mstun, for its own build and for that inside Wireshark's.
set(MSTUN_VERSION 0.1.0)
