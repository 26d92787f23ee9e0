#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/chromium and test-captures/firefox: calls between two browsers, of which one or both have only a relay
of coturn's, over TCP.

    sudo python3 make_browsers.py chromium|firefox [capture]...

Debian packages: chromium firefox-esr libnss3-tools coturn tshark iproute2 openssl. It is not part of make-all.sh: it
needs browsers.
"""
import http.server
import json
import os
import queue
import re
import signal
import sys
import threading
import time
from collections import namedtuple

import lab
import make_mstls
import realnet
from realnet import (NAME, NO_ROUTE, NOWHERE, PASSWORD, PEER, SECOND, SERVER, SERVER6, USER, Capture, Hosts, TlsServer,
                     Turnserver)

PAGE = os.path.join(lab.HERE, "browser_page.html")
PORT = 8000                                # of the page, on each host's own loopback


# ---- browsers ---------------------------------------------------------------------------------------------------

class Orders(http.server.BaseHTTPRequestHandler):
    """Serves the page, hands it orders, takes its answers."""
    protocol_version = "HTTP/1.1"

    def reply(self, status, body=b"", kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:  # the browser was stopped while it waited
            self.close_connection = True

    def do_GET(self):
        if self.path == "/next":
            try:
                self.reply(200, json.dumps(self.server.orders.get(timeout=5)).encode())
            except queue.Empty:
                self.reply(204)
        elif self.path == "/":
            with open(PAGE, "rb") as f:
                self.reply(200, f.read(), "text/html")
        else:
            self.reply(404)

    def do_POST(self):
        self.server.answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.reply(204)

    def log_message(self, *_):
        pass


class Program(lab.Process):
    """A program of several processes."""

    def signal_all(self, number):
        os.killpg(self.p.pid, number)

    def kill(self):
        self.signal_all(signal.SIGKILL)
        self.p.wait()


class Browser:
    """A browser on a host, with the page open."""

    def __init__(self, hosts, host, command):
        ready = threading.Event()
        threading.Thread(target=self.serve, args=(hosts, host, ready), daemon=True).start()
        ready.wait(5)
        self.process = Program(hosts.inside(host, *command, f"http://127.0.0.1:{PORT}/"), f"browser-{host}.log",
                                   env=dict(os.environ, HOME=realnet.scratch(f"home-{host}"), **environment()))
        self.call("until_ready", seconds=60)

    def serve(self, hosts, host, ready):
        hosts.enter(host)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Orders)
        self.server.orders, self.server.answers = queue.Queue(), queue.Queue()
        ready.set()
        self.server.serve_forever()

    def ask(self, *order):
        self.server.orders.put(order)

    def answer(self, seconds=30):
        return self.server.answers.get(timeout=seconds)

    def call(self, *order, seconds=30):
        self.ask(*order)
        return self.answer(seconds)

    def done(self, *order, seconds=30):
        status, value = self.call(*order, seconds=seconds)
        if status != "done":
            raise RuntimeError(f"{order[0]}: {value}")
        return value

    def stop(self):
        self.process.stop()
        self.server.shutdown()


def key_log():
    return os.path.join(lab.SCRATCH, "browser.keys")


def environment():
    return {"SSLKEYLOGFILE": key_log(), "MOZ_HEADLESS": "1", "MOZ_DISABLE_CONTENT_SANDBOX": "1"}


def chromium(host):
    """Host candidates are addresses, not names of mDNS; the lab's certificate is taken."""
    return ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--ignore-certificate-errors",
            "--disable-features=WebRtcHideLocalIpsWithMdns", "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream", "--user-data-dir=" + realnet.scratch(f"chromium-{host}")]


FIREFOX = {
    "app.normandy.enabled": False, "app.update.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False, "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.navigator.permission.disabled": True, "media.navigator.streams.fake": True,
}


def firefox(host):
    """The same for Firefox; its profile trusts the lab's certificate."""
    profile = realnet.scratch(f"firefox-{host}")
    with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as f:
        f.writelines(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in FIREFOX.items())
    realnet.run("certutil", "-N", "--empty-password", "-d", profile)
    realnet.run("certutil", "-A", "-n", "lab", "-t", "CT,,", "-i", realnet.certificate()[2], "-d", profile)
    return ["firefox-esr", "--headless", "--no-remote", "--profile", profile]


class Pair:
    """The two browsers, started when they are first needed."""

    def __init__(self, hosts, program):
        self.hosts, self.program, self.browsers = hosts, program, None

    def start(self):
        if self.browsers is None:
            self.browsers = [Browser(self.hosts, host, self.program(host)) for host in ("client", "peer")]
        return self.browsers

    def stop(self):
        for browser in self.browsers or []:
            browser.stop()
        self.browsers = None


# ---- calls ------------------------------------------------------------------------------------------------------

def turn(url=f"turn:{SERVER}:3478?transport=tcp", password=PASSWORD):
    return {"iceTransportPolicy": "relay", "iceServers": [{"urls": url, "username": USER, "credential": password}]}


class Call:
    """A call of left, on the client, to right, on the peer."""

    def __init__(self, pair, left=None, right=None, audio=False):
        self.left, self.right = pair.start()
        self.left.done("start", turn() if left is None else left, audio)
        self.right.done("start", right or {}, audio)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()

    def offer(self, munge=lambda sdp: sdp, **options):
        self.right.done("remote", "offer", munge(self.left.done("describe", options)))

    def answer(self, munge=lambda sdp: sdp):
        self.left.done("remote", "answer", munge(self.right.done("describe", {})))

    def connected(self, seconds=20):
        if not (self.left.done("connected", seconds) and self.right.done("connected", seconds)):
            raise RuntimeError(f"not connected: {self.left.done('state')}, {self.right.done('state')}")

    def talk(self, text="hello"):
        for one, other in ((self.left, self.right), (self.right, self.left)):
            one.done("say", text)
            if not other.done("hear", text, 5):
                raise RuntimeError("nothing heard")

    def hang_up(self):
        for browser in (self.left, self.right):
            browser.call("close")
        time.sleep(0.5)


def replace(pattern, by):
    return lambda sdp: re.sub(pattern, by, sdp)


OTHER_PASSWORD = replace(r"a=ice-pwd:\S+", "a=ice-pwd:" + "x" * 24)


def elsewhere(address):
    """Gives the peer's candidates another address."""
    return replace(re.escape(PEER), address)


def healthy(*server, left=None, right=None, audio=False, seconds=0, relays=(SERVER,), then=lambda call: None):
    """A call that works."""
    def make(pair, capture):
        with Turnserver(pair.hosts, *server, relays=relays), capture, Call(pair, left, right, audio) as call:
            call.offer()
            call.answer()
            call.connected()
            call.talk()
            time.sleep(seconds)
            then(call)
    return make


def restart(call):
    call.offer(iceRestart=True)
    call.answer()
    time.sleep(3)
    call.connected()
    call.talk("after the restart")


def late_candidates(*server, seconds=0):
    """The client learns of the peer's candidates when its nonce is old."""
    def make(pair, capture):
        with Turnserver(pair.hosts, *server), capture, Call(pair) as call:
            call.offer()
            lines = call.right.done("describe", {}).splitlines(keepends=True)
            candidates = [line for line in lines if line.startswith("a=candidate")]
            call.left.done("remote", "answer", "".join(line for line in lines if line not in candidates))
            time.sleep(4)
            for line in candidates:
                call.left.done("candidate", line[2:].strip())
            call.connected()
            call.talk()
            time.sleep(seconds)
    return make


def hang_up_early(pair, capture):
    """Nobody answers the checks of the client, because the peer has hung up, and then the client does."""
    with Turnserver(pair.hosts), capture, Call(pair) as call:
        call.offer()
        answer = call.right.done("describe", {})
        call.right.done("close")
        call.left.done("remote", "answer", answer)
        time.sleep(0.3)


def both_offer(pair, capture):
    """Each takes the other's offer for an answer: both control."""
    with Turnserver(pair.hosts), capture, Call(pair) as call:
        offers = [browser.done("describe", {}) for browser in (call.left, call.right)]
        for browser, sdp, setup in ((call.left, offers[1], "active"), (call.right, offers[0], "passive")):
            browser.done("remote", "answer", sdp.replace("a=setup:actpass", f"a=setup:{setup}"))
        call.connected()
        call.talk()


def refused(*server, left=None, relays=(SERVER,), running=True):
    """The client gets no candidate."""
    def make(pair, capture):
        started = Turnserver(pair.hosts, *server, relays=relays)
        if not running:
            started.stop()
        with started, capture, Call(pair, left) as call:
            if "a=candidate" in call.left.done("describe", {}):
                raise RuntimeError("got an allocation")
            time.sleep(1)
    return make


def not_turn(server, seconds):
    """Who listens on the port does not answer as a TURN server."""
    def make(pair, capture):
        with server(pair.hosts), capture, Call(pair) as call:
            if "a=candidate" in call.left.done("describe", {}):
                raise RuntimeError("got an allocation")
            time.sleep(seconds)
    return make


def frozen(hosts):
    server = Turnserver(hosts)
    server.freeze()
    return server


def nobody_home(pair, capture):
    """The one who is called does not answer, and the caller hangs up."""
    with Turnserver(pair.hosts), capture, Call(pair) as call:
        call.offer()
        time.sleep(5)


def quota(pair, capture):
    """One allocation for each user: the peer, who has the same name, does not get a second one."""
    with Turnserver(pair.hosts, "--user-quota=1"), capture, Call(pair, right=turn()) as call:
        call.offer()
        if "a=candidate" in call.right.done("describe", {}):
            raise RuntimeError("a second allocation")


def not_connected(*server, offer=lambda sdp: sdp, answer=lambda sdp: sdp, seconds=25, right=None):
    """The browsers check, in vain."""
    def make(pair, capture):
        with Turnserver(pair.hosts, *server), capture, Call(pair, right=right) as call:
            call.offer(offer)
            call.answer(answer)
            if call.left.done("connected", seconds):
                raise RuntimeError("connected")
    return make


def during(event, seconds):
    """Something happens to the server in a call that works."""
    def make(pair, capture):
        with Turnserver(pair.hosts) as server, capture, Call(pair) as call:
            call.offer()
            call.answer()
            call.connected()
            call.talk()
            event(server)
            call.left.done("say", "is anybody there")
            time.sleep(seconds)
    return make


def peer_gone(pair, capture):
    """The peer's browser is killed: consent is lost."""
    with Turnserver(pair.hosts), capture:
        call = Call(pair)
        call.offer()
        call.answer()
        call.connected()
        call.talk()
        call.right.process.kill()
        call.left.done("failed", 45, seconds=50)
        call.left.done("close")
        time.sleep(0.5)
    pair.stop()


def suspended(pair, capture):
    """The client's computer sleeps for longer than the allocation lives."""
    with Turnserver(pair.hosts, "--max-allocate-lifetime=20"), capture, Call(pair) as call:
        call.offer()
        call.answer()
        call.connected()
        call.talk()
        call.right.ask("failed", 1)
        call.left.process.signal_all(signal.SIGSTOP)
        time.sleep(28)
        call.left.process.signal_all(signal.SIGCONT)
        call.right.answer()
        time.sleep(8)


def redirected(pair, capture):
    with Turnserver(pair.hosts, f"--alternate-server={SECOND}:3478"):
        with Turnserver(pair.hosts, address=SECOND, relays=(SECOND,)), capture, Call(pair) as call:
            call.offer()
            call.answer()
            call.connected()
            call.talk()


def lost(call):
    """Waits until the client has given up."""
    call.left.done("failed", 45, seconds=50)


# ---- captures ---------------------------------------------------------------------------------------------------

# make(pair, capture) makes the capture; finding: the name of what must be found, None in a healthy one
Case = namedtuple("Case", "make cause finding note healthy", defaults=[None, None])

TLS_URL = f"turns:{NAME}:5349?transport=tcp"
TLS = turn(TLS_URL)
V6 = turn(f"turn:[{SERVER6}]:3478?transport=tcp")

FROZEN = "The server's kernel goes on acknowledging, but no byte comes from the server, for no request."

CASES = {
    "relay-to-host": Case(healthy(), "healthy: client through the relay, peer without", None),
    "relay-to-relay": Case(healthy(right=turn()), "healthy: both through the relay", None,
                           "The leg between the two relayed addresses stays inside of the server."),
    "host-to-relay": Case(healthy(left={}, right=turn()), "healthy: the one who is called has the relay", None),
    "audio": Case(healthy(audio=True), "healthy: audio and a data channel", None),
    "long-call": Case(healthy(seconds=25), "healthy: consent checks for 25 s", None),
    "ice-restart": Case(healthy(then=restart, seconds=2), "healthy: ICE restart in the middle of the call", None),
    "stale-nonce": Case(late_candidates("--stale-nonce=3"), "healthy: the nonce is stale when the client permits the "
                        "peer, and the client takes the new one", None),
    "stale-nonce-refresh": Case(late_candidates("--stale-nonce=3", "--max-allocate-lifetime=20", seconds=20),
                                "healthy: the nonce goes stale every 3 s, the client takes each new one, and renews "
                                "its allocation", None),
    "ipv6": Case(healthy(left=V6), "healthy: IPv6 to the server, an IPv4 relay", None),
    "tls": Case(healthy(left=TLS), "healthy: TURN over TLS", None, "The secrets are in the capture."),
    "role-conflict": Case(both_offer, "healthy: both begin as controlling, 487 settles it", None),
    "hang-up-early": Case(hang_up_early, "healthy: the users hang up while checks are in flight", None),
    "redirect": Case(redirected, "healthy: the server sends the client to another one with 300, and the client goes "
                     "there", None),
    "nobody-home": Case(nobody_home, "healthy: the one who is called does not answer, and the caller hangs up", None,
                        "An allocation that no peer uses."),
    "wrong-password": Case(refused(left=turn(password="wrong")), "wrong TURN password", "mstun.auth.rejected"),
    "tls-wrong-password": Case(refused(left=turn(TLS_URL, "wrong")), "wrong TURN password, over TLS",
                               "mstun.auth.rejected", "The secrets are in the capture."),
    "silent-server": Case(not_turn(frozen, 22), "the server hangs from the beginning: its port is open, and nobody "
                          "answers", "mstun.unanswered"),
    "tls-only-server": Case(not_turn(TlsServer, 1), "the server speaks only TLS on this port: it waits for more, and "
                            "sends an alert of TLS when the client has hung up", "mstun.other_protocol"),
    "no-server": Case(refused(running=False), "no program listens on the server's port", None,
                      "No STUN in it: SYN and RST. That is a broken call about which mstun can say nothing.", False),
    "ipv6-relay-only": Case(refused(relays=(SERVER6,)), "the server has no IPv4 relay, the client asks for no family: "
                            "440", "mstun.turn.address_family"),
    "quota": Case(quota, "the user has its one allocation already: 486", "mstun.turn.quota"),
    "denied-peer": Case(not_connected(f"--denied-peer-ip={PEER}"), "the server forbids this peer: 403",
                        "mstun.turn.forbidden"),
    "unreachable-peer": Case(not_connected(answer=elsewhere(NOWHERE), seconds=12),
                             "nobody has the peer's address: no check is answered",
                             "mstun.unanswered"),
    "no-route-to-peer": Case(not_connected(answer=elsewhere(NO_ROUTE), seconds=10), "the server has no route to the "
                             "peer, and resets the client's connection when it cannot send",
                             "mstun.turn.control_closed", "The control connection of a living allocation."),
    "wrong-ice-password": Case(not_connected(answer=OTHER_PASSWORD, seconds=4),
                               "the client has a wrong ICE password of the "
                               "peer, which rejects its checks", "mstun.pair.rejected"),
    "wrong-ice-password-peer": Case(not_connected(offer=OTHER_PASSWORD, seconds=4),
                                    "the peer has a wrong ICE password of the "
                                    "client, which rejects its checks", "mstun.pair.rejected"),
    "frozen-server": Case(during(Turnserver.freeze, 20), "the server hangs in the middle of the call, its connections "
                          "stay open", "mstun.pair.consent_lost", FROZEN),
    "short-permissions": Case(healthy("--permission-lifetime=10", "--channel-lifetime=10", then=lost),
                              "the server lets permissions and channels end after 10 s, the client relies on minutes: "
                              "the relay falls silent", "mstun.pair.consent_lost", "Nothing on the wire says why."),
    "killed-server": Case(during(Turnserver.kill, 5), "the server is killed in the middle of the call",
                          "mstun.turn.control_closed", "The server's kernel resets the control connection of a living "
                          "allocation."),
    "suspended-client": Case(suspended, "the client sleeps for longer than its allocation lives",
                             "mstun.turn.allocation_expired", "The server resets the control connection when the "
                             "allocation's 20 s are over."),
    "peer-gone": Case(peer_gone, "the peer's browser is killed: consent is lost", "mstun.pair.consent_lost"),
}

PROGRAMS = {"chromium": (chromium, "Chromium", "chromium"), "firefox": (firefox, "Firefox", "firefox-esr")}


def keep_secrets(topic, name):
    """The secrets of TLS that this capture needs."""
    with open(key_log(), encoding="ascii") as f, open(lab.path(topic, name + ".pcapng"), "rb") as capture:
        lines, packets = f.readlines(), capture.read()
    needed = os.path.join(lab.SCRATCH, name + ".keys")
    with open(needed, "w", encoding="ascii") as f:
        f.writelines(line for line in lines if line[0] != "#" and bytes.fromhex(line.split()[1]) in packets)
    make_mstls.TOPIC = topic
    make_mstls.inject(name, needed)


def make(topic, name, case, pair, labels):
    case.make(pair, Capture(pair.hosts, topic, name))
    labels.add(name, case.cause, case.finding, case.note, case.healthy)
    if name.startswith("tls") and name != "tls-only-server":
        keep_secrets(topic, name)
    else:
        realnet.write_truth(topic, name, case.cause, case.finding)


def main(topic, names):
    lab.need("turnserver", "dumpcap", "ip", "openssl", "certutil")
    program, title, package = PROGRAMS[topic]
    labels = realnet.Labels(topic, f"{title} {realnet.version(package)}, coturn {realnet.version('coturn')}")
    with Hosts() as hosts:
        pair = Pair(hosts, program)
        try:
            for name, case in lab.chosen(CASES, names).items():
                pair.start()
                try:
                    make(topic, name, case, pair, labels)
                except (RuntimeError, queue.Empty) as reason:
                    print(f"{topic}/{name} was not made: {reason!r}")
        finally:
            pair.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
