# SPDX-License-Identifier: GPL-2.0-or-later
"""One sharkd: Wireshark without its window. It opens one file after the other and shows any frame in any order.

Preferences can be changed in between. It is asked for one thing at a time, by JSON-RPC on standard input.

Loading a file is the first pass; every frame asked for after it is a later visit. Setting a preference does not dissect
anything anew here: loading the file again does, and that is what the window's redissection is to a dissector."""
import json
import shutil
import subprocess
import tempfile

import harness
from harness import AS_NOBODY, PLUGIN, STAGE, TestFailure, environment

WITH_CREDENTIALS = STAGE / "home" / "config" / "profiles" / "lab"  # sharkd's "-" mode takes no -C
REPORTS = ("stat:mstun", "srt:mstun", "nstat:mstun,pairs_window", "nstat:mstun,turn_window", "nstat:mstun,findings_window",
           "nstat:mstun,candidates_window")


class Sharkd:
    """A process, for a with statement. wrapper: a command that runs it; files of standard error are kept by that."""

    def __init__(self, plugins=PLUGIN, config=WITH_CREDENTIALS, wrapper=(), **more_environment):
        if not shutil.which("sharkd"):
            raise TestFailure("there is no sharkd (Debian: wireshark-common)")
        env = environment(plugins, WIRESHARK_CONFIG_DIR=str(config), **more_environment)
        self.said = tempfile.TemporaryFile()
        self.loads = 0
        self.process = subprocess.Popen([*AS_NOBODY, *wrapper, "sharkd", "-"], env=env, cwd=STAGE, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.said)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.stdin.close()
        code = self.process.wait()
        if failure[0] is None and code != 0:
            raise TestFailure(f"sharkd ended with {code} and said:\n{self.complaints()}")

    def complaints(self):
        """The end of what it wrote to standard error."""
        self.said.seek(0)
        return self.said.read().decode(errors="replace")[-4000:]

    def ask(self, method, **parameters):
        """The answer as it comes, in bytes: two of the same length and content are the same answer."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method} | ({"params": parameters} if parameters else {})
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer is missing then, too
        for line in self.process.stdout:
            if line.startswith(b'{"jsonrpc"'):
                if b'"error":{' in line[:60]:
                    raise TestFailure(f"sharkd refuses {json.dumps(request)}: {line.decode(errors='replace')}")
                return line.rstrip()
        raise TestFailure(f"sharkd ended at {json.dumps(request)} and said:\n{self.complaints()}")

    def load(self, capture):
        """Opens a file in the place of the one before; the number of its frames."""
        self.loads += 1
        self.ask("load", file=str(capture))
        return json.loads(self.ask("status"))["result"]["frames"]

    def set(self, preference, value):
        """Of all files to come, and of all later visits."""
        self.ask("setconf", name=preference, value=value)

    def frame(self, number):
        """Tree and columns of a frame."""
        return self.ask("frame", frame=number, proto=True, columns=True)

    def report(self, name):
        """One of REPORTS, over all frames."""
        return self.ask("tap", tap0=name)

    def rows(self, name):
        """The rows of a table among REPORTS, each a {column: cell}."""
        (told,) = json.loads(self.report(f"nstat:mstun,{name}_window"))["result"]["taps"]
        titles = [field["c"] for field in told["fields"]]
        return [dict(zip(titles, row)) for table in told["tables"] for row in table["i"]]

    def matching(self, filter_):
        """Numbers of the frames that pass a display filter. sharkd keeps what a filter's text found in an earlier file,
        and would give that: each file has another text."""
        text = filter_ + " " * self.loads
        return {frame["num"] for frame in json.loads(self.ask("frames", filter=text))["result"]}


def require_plugin(plugins=PLUGIN):
    """Fails unless sharkd has the plugin."""
    harness.require_plugin(plugins)
    with Sharkd(plugins) as sharkd:
        if b"mstun" not in sharkd.ask("complete", field="mstun"):
            raise TestFailure("sharkd does not load the plugin")
