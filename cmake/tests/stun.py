# SPDX-License-Identifier: GPL-2.0-or-later
"""The bytes of STUN messages (RFC 8489 sections 5 and 14), for captures that are made to measure with."""
import struct

COOKIE = 0x2112A442


def header(type_, length, identity):
    """Of a message with so many bytes of attributes."""
    return struct.pack(">HHI12s", type_, length, COOKIE, identity)


def attribute(type_, value):
    """Type, length, value, padding."""
    return struct.pack(">HH", type_, len(value)) + value + bytes(-len(value) % 4)


def framed(packet):
    """In RFC 4571's framing."""
    return struct.pack(">H", len(packet)) + packet
