# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark without the time that it takes to start: a process that has registered all protocols, and forks when it is asked.

prestarted.c, preloaded into tshark, says how. A test that asks tshark forty times would otherwise register 200,000 fields
forty times, which was nearly half of what all tests took. prestarted_alike.py proves that nobody can tell the difference."""
import atexit
import os
import socket
import struct
import subprocess
import tempfile

IN_NEW_PROCESS = ("-G", "-X")  # what is asked for while protocols are registered


class Prestarted:
    """The process."""

    def __init__(self, module, wrapper, **how):
        """module: prestarted.c as it was built; wrapper: a command that runs tshark; how: for subprocess.Popen"""
        self.socket, other = socket.socketpair()
        preloaded = ["env", f"LD_PRELOAD={module}", f"MSTUN_PRESTARTED={other.fileno()}", "tshark"]
        with other:
            self.process = subprocess.Popen([*wrapper, *preloaded], pass_fds=[other.fileno()], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
        atexit.register(self.end)

    def end(self):
        """It ends when nobody can ask any more."""
        self.socket.close()
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
