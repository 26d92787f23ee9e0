# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/ms-turn: libnice agents in Microsoft's and Google's dialects
whose only way to each other is the lab's relay: the client's bytes are libnice's."""
import base64
import os
import subprocess
import time

import lab
import make_msturn
import msturn
from msrelay import Relay

TOPIC = "ms-turn"


def run(name, mode, how, port, user, password, packets="4", bpf=None, topic=TOPIC):
    with lab.Capture(topic, name, bpf or f"port {port}"):
        r = subprocess.run([os.path.join(lab.SCRATCH, "relay_agent"), mode, how, lab.CLIENT, lab.PEER, lab.SERVER,
                            str(port), user, password, packets], capture_output=True, text=True, timeout=40,
                           check=False, env={**os.environ, **({"G_MESSAGES_DEBUG": "all", "NICE_DEBUG": "all"} if
                                                              os.environ.get("MSTUN_LAB_KEEP") else {})})
    with open(os.path.join(lab.SCRATCH, name + ".log"), "w", encoding="utf-8") as f:
        f.write(r.stdout + r.stderr)
    return [line for line in r.stdout.splitlines() if line.startswith(("left ", "right ")) and "bytes" not in line]


SOURCE = "lab/msread.py's reading of libnice's bytes, and the relay's log of its own"


def microsoft(name, how, port):
    user = base64.b64encode(msturn.token(time.time() + 7 * 86400)).decode()
    password = base64.b64encode(msturn.PASSWORD).decode()
    with Relay(port, udp=how == "udp") as relay:
        says = run(name, "oc2007r2", how, port, user, password)
    print("  ", "; ".join(says))
    make_msturn.finish(name, relay.log, SOURCE, outer=True, agents_say=says,
                       servers=[f"{lab.SERVER}:{port}"] if how == "udp" else ())


def google(name, how, port):
    with Relay(port, google=True) as relay:
        says = run(name, "google", how, port, "lab-user-of-the-relay", "unused", bpf=f"tcp port {port}")
    print("  ", "; ".join(says))
    make_msturn.finish(name, relay.log, SOURCE, outer=True, agents_say=says)


CAPTURES = {
    "libnice-tcp": lambda n: microsoft(n, "tcp", 443),
    "libnice-tls": lambda n: microsoft(n, "tls", 443),
    "libnice-tls-40443": lambda n: microsoft(n, "tls", 40443),
    "libnice-udp": lambda n: microsoft(n, "udp", 3478),
    "google-pseudo-ssl": lambda n: google(n, "tls", 443),
    "google-tcp": lambda n: google(n, "tcp", 40443),
}


def main(names):
    lab.need("dumpcap", "ip")
    lab.network()
    # libnice's TCP connections are not bound to an address: this is where they come from
    subprocess.run(["ip", "route", "replace", "local", lab.SERVER, "dev", "lo", "table", "local", "src", lab.CLIENT],
                   check=True)
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
