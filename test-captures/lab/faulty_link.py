# SPDX-License-Identifier: GPL-2.0-or-later
"""A bad network: a second network namespace that holds the lab's server and peer,
behind a link of two tun devices whose packets this program carries over, losing,
repeating and holding back some of them (by a fixed seed)."""
import contextlib
import ctypes
import fcntl
import os
import random
import select
import struct
import subprocess
import threading
import time

import lab

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
LIBC = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def tun(name, address, peer):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "addr", "add", address, "peer", peer, "dev", name], check=True)
    subprocess.run(["ip", "link", "set", name, "mtu", "1400", "up"], check=True)
    return fd


class FaultyLink:
    name, address = "bad0", "192.0.2.130"

    def __init__(self, seed, loss=0.06, repeat=0.03, hold=0.06):
        self.rng = random.Random(seed)
        self.loss, self.repeat, self.hold = loss, repeat, hold
        self.lost = self.repeated = self.held = 0
        self.running = True

    @contextlib.contextmanager
    def far(self):
        """What this thread makes inside belongs to the far namespace."""
        check(LIBC.setns(self.far_ns, CLONE_NEWNET))
        try:
            yield
        finally:
            check(LIBC.setns(self.near_ns, CLONE_NEWNET))

    def __enter__(self):
        self.near_ns = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        check(LIBC.unshare(CLONE_NEWNET))
        self.far_ns = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for a in (lab.SERVER, lab.PEER):
            subprocess.run(["ip", "addr", "add", a + "/32", "dev", "lo"], check=True)
        subprocess.run(["ip", "-6", "addr", "add", lab.SERVER6 + "/128", "dev", "lo"], check=True)
        self.far_tun = tun("far0", "192.0.2.131", self.address)
        check(LIBC.setns(self.near_ns, CLONE_NEWNET))
        # the near namespace reaches the server over the link, not over its own loopback
        subprocess.run(["ip", "addr", "del", lab.SERVER + "/32", "dev", "lo"], check=True)
        self.near_tun = tun(self.name, self.address, "192.0.2.131")
        subprocess.run(["ip", "route", "add", lab.SERVER, "dev", self.name, "src", self.address], check=True)
        self.thread = threading.Thread(target=self.carry)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        self.thread.join()
        for fd in (self.near_tun, self.far_tun, self.near_ns, self.far_ns):
            os.close(fd)
        subprocess.run(["ip", "addr", "replace", lab.SERVER + "/32", "dev", "lo"], check=True)

    def carry(self):
        late = []                                    # (time, device, packet)
        to = {self.near_tun: self.far_tun, self.far_tun: self.near_tun}
        while self.running:
            ready, _, _ = select.select(list(to), [], [], 0.002)
            for fd in ready:
                packet = os.read(fd, 2000)
                if packet[0] >> 4 != 4 or packet[9] != 6:
                    continue
                n = self.rng.random()
                if n < self.loss:
                    self.lost += 1
                    continue
                if n < self.loss + self.hold:
                    self.held += 1
                    late.append((time.time() + 0.03, to[fd], packet))
                    continue
                os.write(to[fd], packet)
                if n > 1 - self.repeat:
                    self.repeated += 1
                    os.write(to[fd], packet)
            for item in [i for i in late if i[0] <= time.time()]:
                late.remove(item)
                os.write(item[1], item[2])
