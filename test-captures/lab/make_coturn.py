# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/coturn: the real turnserver and turnutils_uclient over TCP."""
import os
import subprocess

import lab

USER, PASSWORD, REALM = "lab", "secret", "example.org"


def turnserver(port, *more):
    args = ["turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--no-udp", "--lt-cred-mech",
            "-u", f"{USER}:{PASSWORD}", "-r", REALM, "-p", str(port),
            "-L", lab.SERVER, "-L", lab.SERVER6, "-E", lab.SERVER, "-E", lab.SERVER6,
            "--min-port", "50000", "--max-port", "50100", "--relay-threads", "1",
            "--userdb", os.path.join(lab.SCRATCH, "turndb"), "--pidfile", os.path.join(lab.SCRATCH, "turn.pid"),
            "--log-file", "stdout", "--simple-log", *more]
    server = lab.Process(args, f"turnserver-{port}.log")
    lab.wait_port(port)
    return server


def uclient(port, *args, six=False, password=PASSWORD):
    server, local = (lab.SERVER6, lab.CLIENT6) if six else (lab.SERVER, lab.CLIENT)
    cmd = ["turnutils_uclient", "-t", *args, "-L", local, "-u", USER, "-w", password, "-p", str(port), server]
    with open(os.path.join(lab.SCRATCH, "uclient.log"), "wb") as log:
        try:
            subprocess.run(cmd, stdout=log, stderr=log, timeout=40, check=False)
        except subprocess.TimeoutExpired:
            pass


def make(name, port, *args, server_args=(), **kw):
    with turnserver(port, *server_args):
        # legs between the relay's own addresses are left in: they are TCP too
        with lab.Capture("coturn", name):
            uclient(port, *args, **kw)
    msgs = lab.truth_from_streams("coturn", name, port=port, uclient=" ".join(args))
    print("  ", len(msgs), "messages,", sum(m["answered"] is False for m in msgs), "unanswered")


# -y: clients to each other, so that no peer program is needed; -c: no RTCP
# connections; -n: messages of each client; -m: clients; -l: bytes in a message
CAPTURES = {
    "tcp-relay-3478": lambda n: make(n, 3478, "-T", "-n", "3", "-m", "1"),
    "tcp-relay-443": lambda n: make(n, 443, "-T", "-n", "3", "-m", "1"),
    "tcp-relay-40123": lambda n: make(n, 40123, "-T", "-n", "3", "-m", "1"),
    "tcp-relay-passive-3478": lambda n: make(n, 3478, "-P", "-n", "3", "-m", "1"),
    "tcp-relay-ipv6": lambda n: make(n, 3478, "-T", "-x", "-n", "3", "-m", "1", six=True),
    "channels-3478": lambda n: make(n, 3478, "-y", "-c", "-n", "4", "-m", "1", "-l", "101"),
    "channels-443": lambda n: make(n, 443, "-y", "-c", "-n", "3", "-m", "1", "-l", "102"),
    "channels-40123": lambda n: make(n, 40123, "-y", "-c", "-n", "3", "-m", "1", "-l", "103"),
    "channels-5060": lambda n: make(n, 5060, "-y", "-c", "-n", "3", "-m", "1", "-l", "101"),
    "channels-5349": lambda n: make(n, 5349, "-y", "-c", "-n", "3", "-m", "1", "-l", "101"),
    "channels-ipv6": lambda n: make(n, 3478, "-y", "-c", "-x", "-n", "3", "-m", "1", "-l", "101", six=True),
    "channels-rtcp-3478": lambda n: make(n, 3478, "-y", "-n", "3", "-m", "1", "-l", "150"),
    "send-data-3478": lambda n: make(n, 3478, "-y", "-c", "-s", "-n", "3", "-m", "1", "-l", "101"),
    "wrong-password": lambda n: make(n, 3478, "-y", "-c", "-n", "3", "-m", "1", password="wrong"),
}


def main(names):
    lab.need("turnserver", "turnutils_uclient", "dumpcap", "ip")
    lab.network()
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
