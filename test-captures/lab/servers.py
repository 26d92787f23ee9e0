# SPDX-License-Identifier: GPL-2.0-or-later
"""The servers of the scenes: coturn, pion's, and such as are no TURN servers at all."""
import contextlib
import os
import signal
import socket
import struct
import threading
import time

import lab
import scene

ADDRESSES = ("-L", lab.SERVER, "-E", lab.SERVER)
ADDRESSES6 = ("-L", lab.SERVER6, "-E", lab.SERVER6)


def coturn(*more, port=3478, addresses=ADDRESSES, user="lab:secret"):
    name = f"turnserver-{port}"
    files = [word for option, end in (("--userdb", "db"), ("--pidfile", "pid"))
             for word in (option, os.path.join(lab.SCRATCH, f"{name}.{end}"))]
    server = scene.program("server", "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--no-udp",
                           "--lt-cred-mech", "-u", user, "-u", "other:hidden", "-r", "example.org", "-p", port,
                           *addresses, "--min-port", "50000", "--max-port", "50200", "--relay-threads", "1",
                           "--log-file", "stdout", "--simple-log", "-v", *files, *more, log=name + ".log")
    lab.wait_port(port)
    return server


def freeze(server):
    os.killpg(server.p.pid, signal.SIGSTOP)


def thaw(server):
    os.killpg(server.p.pid, signal.SIGCONT)


def kill(server):
    os.killpg(server.p.pid, signal.SIGKILL)


class Accepting:
    """A TCP server that does with each connection what `answer` does."""

    def __init__(self, answer, port=3478):
        self.sock = socket.create_server((lab.SERVER, port))
        self.answer = answer
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        with contextlib.suppress(OSError):
            while True:
                conn = self.sock.accept()[0]
                threading.Thread(target=self.one, args=[conn], daemon=True).start()

    def one(self, conn):
        with contextlib.suppress(OSError), conn:
            conn.settimeout(20)
            self.answer(conn)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def closes(conn):
    conn.recv(2000)
    time.sleep(0.3)


def resets(conn):
    conn.recv(2000)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(conn):
    while conn.recv(2000):
        pass


def web(port=3478):
    server = scene.program("server", "python3", "-m", "http.server", port, "--bind", lab.SERVER, "--directory",
                           lab.SCRATCH)
    lab.wait_port(port)
    return server


def web_node(port=3478):
    """A web server that refuses at once what is no HTTP."""
    server = scene.program("server", "node", "-e", f"require('http').createServer().listen({port}, '{lab.SERVER}')")
    lab.wait_port(port)
    return server


def gnutls(port=3478):
    crt, key = lab.certificate()
    server = scene.program("server", "gnutls-serv", "--port", port, "--x509certfile", crt, "--x509keyfile", key,
                           "--quiet")
    lab.wait_port(port)
    return server


def tls(port=3478):
    crt, key = lab.certificate()
    server = scene.program("server", "openssl", "s_server", "-accept", f"{lab.SERVER}:{port}", "-cert", crt, "-key",
                           key, "-quiet")
    lab.wait_port(port)
    return server
