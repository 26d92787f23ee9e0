# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark without the time that it takes to start: a process that has registered all protocols, and forks when it is asked.

prestarted.c, preloaded into tshark, says how. A test that asks tshark forty times would otherwise register 200,000 fields
forty times, which was nearly half of what all tests took. prestarted_alike.py proves that nobody can tell the difference."""
import atexit
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time

IN_NEW_PROCESS = ("-G", "-X")  # what is asked for while protocols are registered


def start(module, wrapper, requests, env, **how):
    """Such a process. module: prestarted.c as it was built; wrapper: a command that runs tshark; requests: the socket that
    they come from; env and what else subprocess.Popen takes."""
    preloaded = ":".join(filter(None, (env.get("LD_PRELOAD"), str(module))))  # a sanitizer has to come first
    return subprocess.Popen([*wrapper, "env", f"LD_PRELOAD={preloaded}", f"MSTUN_PRESTARTED={requests.fileno()}", "tshark"],
                            pass_fds=[requests.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env={key: value for key, value in env.items() if key != "LD_PRELOAD"},
                            **how)


def start_shared(address, *arguments, **how):
    """One for all who connect to this address, until end_shared. True: it is ready, or was there already."""
    if connected := connection(address):
        connected.close()
        return True
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        process = start(*arguments, listening, start_new_session=True, **how)
    while process.poll() is None:
        if connected := connection(address):
            connected.close()
            return True
        time.sleep(0.02)
    return False


def connection(address):
    """To the shared one, or None."""
    connecting = socket.socket(socket.AF_UNIX)
    try:
        connecting.connect(address)
        return connecting
    except ConnectionError:
        connecting.close()
        return None


def end_shared(address):
    """The process that listens there ends; those that it has forked end with their connections."""
    if connected := connection(address):
        with connected:
            process, _, _ = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        os.kill(process, signal.SIGTERM)


class Prestarted:
    """Runs of tshark by such a process: one that is shared, or one of our own."""

    def __init__(self, connected, process=None):
        """process: our own, at the other end of the connection"""
        self.socket, self.process = connected, process
        atexit.register(self.end)

    @classmethod
    def own(cls, module, wrapper, **how):
        """With a process that nobody else uses."""
        ours, theirs = socket.socketpair()
        with theirs:
            return cls(ours, start(module, wrapper, theirs, **how))

    def end(self):
        """It ends when nobody can ask any more."""
        self.socket.close()
        if self.process:
            self.process.wait()

    def run(self, command, output=subprocess.PIPE):
        """What subprocess.run gives. Nothing on standard output or error is lost when it crashes: both are files."""
        text = b"".join(word.encode() + b"\0" for word in command)
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr, open(os.devnull, "wb") as nowhere:
            files = [(stdout if output == subprocess.PIPE else nowhere).fileno(), stderr.fileno()]
            try:
                socket.send_fds(self.socket, [struct.pack("=I", len(text))], files)
                self.socket.sendall(text)
                answer = self.socket.recv(4, socket.MSG_WAITALL)
            except ConnectionError:
                answer = b""
            if len(answer) != 4:
                return subprocess.CompletedProcess(command, 1, b"", b"The process of prestarted.c has ended.")
            stdout.seek(0)
            stderr.seek(0)
            code = os.waitstatus_to_exitcode(*struct.unpack("=i", answer))
            return subprocess.CompletedProcess(command, code, stdout.read(), stderr.read())
