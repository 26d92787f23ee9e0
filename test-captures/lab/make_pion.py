#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/pion: programs of pion (Go) against coturn, against pion's own TURN server, and against each other.

usage: make_pion.py [capture]...      (root; see scene.py)
Debian packages: coturn golang-go golang-github-pion-turn.v2-dev golang-github-pion-ice.v2-dev nftables iproute2
wireshark-common openssl
"""
import contextlib
import os
import subprocess
import sys
import time

import lab
import scene
import servers

TOPIC = "pion"
CLIENT, SERVER, AGENT = "pion/turn 2.1.0 client", "pion/turn 2.1.0 server", "pion/ice 2.3.1"
PEER, PEER_B = f"{lab.PEER}:50050", f"{lab.PEER}:50051"
CONTROL = "tcp port 3478"


def built(name):
    """A Go program of the folder pion, built with Debian's packages of pion."""
    out = os.path.join(lab.SCRATCH, "pion-" + name)
    if not os.path.exists(out):
        # Debian installs pion/webrtc without the v3 by which it imports its own parts
        ours = os.path.join(lab.SCRATCH, "go")
        os.makedirs(os.path.join(ours, "src/github.com/pion/webrtc"), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.symlink("/usr/share/gocode/src/github.com/pion/webrtc", ours + "/src/github.com/pion/webrtc/v3")
        env = dict(os.environ, GO111MODULE="off", GOPATH=ours + ":/usr/share/gocode", GOFLAGS="")
        subprocess.run(["go", "build", "-o", out, os.path.join(lab.HERE, "pion", name + ".go")], check=True, env=env)
    return out


def pion_server(*args):
    server = scene.program("server", built("server"), *args)
    lab.wait_port(3478)
    return server


def client(*words, **kw):
    return scene.to_end("client", built("client"), *words, **kw)


def client_running(*words):
    return scene.program("client", built("client"), *words)


def captured(name, program=f"{CLIENT}, {scene.COTURN}", cause=None, finding=None, **kw):
    return scene.scene(TOPIC, name, program, cause, finding, **{"bpf": CONTROL, **kw})


def of_pion(name, *args, **kw):
    return captured(name, f"{CLIENT}, {SERVER}", *args, **kw)


# ---- healthy ----------------------------------------------------------------

def channels(name):
    """Send indications until the channel is bound, then ChannelData."""
    with servers.coturn(), scene.UdpEcho(), captured(name):
        client("bind", "allocate", "send", PEER, 8, "wait", "200ms", "free", "close", ok=True)


def pion_channels(name):
    with pion_server(), scene.UdpEcho(), of_pion(name):
        client("bind", "allocate", "send", PEER, 8, "wait", "200ms", "free", "close", ok=True)


def several_peers(name):
    with servers.coturn(), scene.UdpEcho(50050), scene.UdpEcho(50051), scene.UdpEcho(50052, "198.51.100.20"), \
            captured(name):
        client("allocate", "permit", f"{PEER},{PEER_B}", "send", PEER, 3, "send", PEER_B, 3,
               "send", f"{lab.PEER}:50052", 3, "send", PEER, 2, "free", "close", ok=True)


def pion_throw(name):
    """The client does not wait between its datagrams."""
    with pion_server(), scene.UdpEcho(50050), scene.UdpEcho(50051), of_pion(name):
        client("allocate", "throw", PEER, 4, "throw", PEER_B, 4, "wait", "300ms", "free", "close", ok=True)


def stale_nonce(name):
    """The nonce lives for 4 s; the allocation, of 10 s, is refreshed every 5 s: 438, then success."""
    with servers.coturn("--stale-nonce=4", "--max-allocate-lifetime=10"), scene.UdpEcho(), \
            captured(name, note="each Refresh is answered 438 first, then with success"):
        client("allocate", "send", PEER, 3, "wait", "13s", "send", PEER, 3, "free", "close", ok=True)


def refreshed(name):
    """Permissions and channels are refreshed after two minutes."""
    with servers.coturn(), scene.UdpEcho(), captured(name):
        client("allocate", "send", PEER, 3, "wait", "125s", "send", PEER, 3, "free", "close", ok=True, seconds=200)


def pion_refreshed(name):
    with pion_server(), scene.UdpEcho(), of_pion(name):
        client("allocate", "send", PEER, 3, "wait", "125s", "send", PEER, 3, "free", "close", ok=True, seconds=200)


def hang_up(name):
    """The server is busy for a moment; the client's program ends before the answer."""
    with servers.coturn() as server, scene.UdpEcho(), captured(
            name, note="a request is open when the client itself hangs up; the answer meets a closed port"):
        with client_running("allocate", "send", PEER, 4, "wait", "1s", "permit", PEER_B, "wait", "1s") as c:
            time.sleep(0.9)
            servers.freeze(server)
            time.sleep(0.35)
            servers.kill(c)
            time.sleep(0.1)
            servers.thaw(server)


def port_443(name):
    with servers.coturn(port=443), scene.UdpEcho(), captured(name, bpf="tcp port 443"):
        client("-server", f"{lab.SERVER}:443", "allocate", "send", PEER, 6, "free", "close", ok=True)


# ---- credentials and nonces ---------------------------------------------------

def wrong_password(name):
    with servers.coturn(), captured(name, cause="wrong TURN password: the server answers 401 again",
                                    finding="mstun.auth.rejected"):
        client("-password", "wrong", "allocate")


def pion_wrong_password(name):
    with pion_server(), of_pion(name, "wrong TURN password: pion's server answers 400 after its 401", "mstun.refused"):
        client("-password", "wrong", "allocate")


def pion_unknown_user(name):
    with pion_server(), of_pion(name, "the server does not know the user: 400 after its 401", "mstun.refused"):
        client("-user", "nobody", "allocate")


# ---- what the server refuses ----------------------------------------------------

def denied_peer(name):
    with servers.coturn(f"--denied-peer-ip={lab.PEER}"), captured(
            name, cause="the server's policy bars the peer: 403 to CreatePermission", finding="mstun.turn.forbidden"):
        client("allocate", "permit", PEER)


def pion_denied_peer(name):
    with pion_server("-deny", lab.PEER), of_pion(
            name, "the server's policy bars the peer: CreatePermission gets an error response without ERROR-CODE",
            "mstun.refused", note="pion's server sends only MESSAGE-INTEGRITY"):
        client("allocate", "permit", PEER)


def quota(name):
    with servers.coturn("--user-quota=1"), scene.UdpEcho(), captured(
            name, cause="the user's quota is one allocation: the second one gets 486", finding="mstun.turn.quota"):
        with client_running("allocate", "send", PEER, 3, "wait", "2s", "free", "close"):
            time.sleep(1)
            client("allocate")
            time.sleep(1.5)


def no_udp_relay(name):
    with servers.coturn("--no-udp-relay"), captured(
            name, cause="the server does no UDP relaying: 442 to REQUESTED-TRANSPORT UDP",
            finding="mstun.turn.no_udp_relay"):
        client("allocate")


def no_ipv4(name):
    with servers.coturn(addresses=("-L", lab.SERVER, "-E", lab.SERVER6)), captured(
            name, cause="the server has no IPv4 relay address: 440 to a request that does not ask for IPv6",
            finding="mstun.turn.address_family"):
        client("allocate")


def redirected(name):
    with servers.coturn(f"--alternate-server={lab.SERVER}:3479"), servers.coturn(port=3479), captured(
            name, cause="the server redirects (300) to port 3479, where a server waits: the client does not go there",
            finding="mstun.turn.redirect_failed", bpf="tcp portrange 3478-3479"):
        client("allocate")


# ---- servers that stop or are none ----------------------------------------------

def frozen(name):
    """A server that hangs: TCP acknowledges, nobody answers."""
    with servers.coturn() as server, scene.UdpEcho(), captured(
            name, cause="the server's process hangs: TCP acknowledges, no request is answered any more",
            finding="mstun.unanswered", note="pion repeats a request over TCP"):
        with client_running("allocate", "send", PEER, 4, "wait", "1s", "permit", PEER_B, "close") as c:
            time.sleep(1)
            servers.freeze(server)
            with contextlib.suppress(subprocess.TimeoutExpired):
                c.p.wait(45)
            servers.kill(server)
            time.sleep(0.3)


def killed(name, freeze=False):
    with servers.coturn() as server, scene.UdpEcho(), captured(
            name, cause="the server's process is killed during the call: RST on a living allocation's control "
            "connection" + (", after 0.2 s of silence" if freeze else ""), finding="mstun.turn.control_closed",
            note="the name of the finding is a guess"):
        with client_running("allocate", "send", PEER, 4, "throw", PEER, 30, "wait", "1s"):
            time.sleep(0.6)
            if freeze:
                servers.freeze(server)
                time.sleep(0.2)
            servers.kill(server)
            time.sleep(1)


def pion_killed(name):
    with pion_server() as server, scene.UdpEcho(), of_pion(
            name, "the server's process is killed during the call: FIN on a living allocation's control connection", "mstun.turn.control_closed", note="the name of the finding is a guess"):
        with client_running("allocate", "send", PEER, 4, "wait", "5s"):
            time.sleep(1)
            servers.kill(server)
            time.sleep(1)


def closing(name, answer, what, finding):
    with servers.Accepting(answer), captured(name, f"{CLIENT}, a Python TCP server", what, finding):
        client("allocate", seconds=12)


def not_turn(name, server, who, cause, finding, what="allocate", note=""):
    with server(), captured(name, f"{CLIENT}, {who}", cause, finding, note=note):
        client(what, seconds=12)


# ---- ICE ------------------------------------------------------------------------

def agents(left=(), right=(), seconds=30, more=None, roles=("-controlling=true", "-controlling=false")):
    """Two agents, each with a relayed candidate only; `more` is called when both run."""
    files = [os.path.join(lab.SCRATCH, f"{side}-{time.time_ns()}.json") for side in ("left", "right")]
    a = scene.program("client", built("agent"), "-mine", files[0], "-theirs", files[1], roles[0], *left)
    b = scene.program("peer", built("agent"), "-mine", files[1], "-theirs", files[0], roles[1], *right)
    with a, b:
        if more:
            more()
        for p in (a, b):
            with contextlib.suppress(subprocess.TimeoutExpired):
                p.p.wait(seconds)


def ice(name, server=servers.coturn, who=scene.COTURN, cause=None, finding=None, note="", legs="both", **kw):
    with server(), captured(name, f"{AGENT}, {who}", cause, finding, legs=legs, note=note):
        agents(**kw)


def ice_killed(name):
    with servers.coturn() as server, captured(
            name, f"{AGENT}, {scene.COTURN}", "the server's process is killed during the call",
            "mstun.turn.control_closed", legs="both", note="the name of the finding is a guess"):
        stay = ["-after", "4s"]
        agents(stay, stay, more=lambda: (time.sleep(3), servers.kill(server)))


def ice_peer_frozen(name):
    """The other agent hangs: its TURN connection stays, it answers no check any more."""
    left, right = (os.path.join(lab.SCRATCH, f"{s}-{time.time_ns()}.json") for s in "lr")
    with servers.coturn(), captured(
            name, f"{AGENT}, {scene.COTURN}", "the peer's program hangs after the nomination: its consent is lost",
            "mstun.pair.consent_lost"):
        a = scene.program("client", built("agent"), "-mine", left, "-theirs", right, "-controlling", "-after", "36s")
        b = scene.program("peer", built("agent"), "-mine", right, "-theirs", left, "-after", "36s")
        with a:
            time.sleep(3)
            servers.freeze(b)
            a.p.wait(60)
            servers.kill(b)


RESTART, WRONG = ["-restart"], ["-wrong"]
SCENES = {
    "channels": channels,
    "several-peers": several_peers,
    "stale-nonce": stale_nonce,
    "refreshed": refreshed,
    "hang-up": hang_up,
    "port-443": port_443,
    "server-channels": pion_channels,
    "server-throw": pion_throw,
    "server-refreshed": pion_refreshed,
    "ice-relay": ice,
    "ice-relay-one-leg": lambda n: ice(n, legs="client"),
    "ice-server": lambda n: ice(n, pion_server, SERVER),
    "ice-restart": lambda n: ice(n, left=RESTART, right=RESTART, note="old and new candidates check each other"),
    "ice-role-conflict": lambda n: ice(n, cause="both agents claim to be controlling and none repairs it",
                                       finding="mstun.role_conflict", roles=["-controlling=true"] * 2),
    "ice-both-controlled": lambda n: ice(n, cause="both agents are controlled: nobody nominates",
                                         finding="mstun.role_conflict", roles=["-controlling=false"] * 2),
    "ice-wrong-password": lambda n: ice(n, cause="the client's agent has a wrong ICE password of the other: the other "
                                        "does not answer", finding="mstun.one_way", left=WRONG),
    "ice-wrong-password-both": lambda n: ice(n, cause="both agents have a wrong ICE password of the other: nobody "
                                             "answers", finding="mstun.unanswered", left=WRONG, right=WRONG),
    "ice-killed": ice_killed,
    "ice-peer-frozen": ice_peer_frozen,
    "wrong-password": wrong_password,
    "server-wrong-password": pion_wrong_password,
    "server-unknown-user": pion_unknown_user,
    "denied-peer": denied_peer,
    "server-denied-peer": pion_denied_peer,
    "quota": quota,
    "no-udp-relay": no_udp_relay,
    "no-ipv4": no_ipv4,
    "redirected": redirected,
    "frozen": frozen,
    "killed": killed,
    "frozen-killed": lambda n: killed(n, freeze=True),
    "server-killed": pion_killed,
    "closes": lambda n: closing(n, servers.closes, "the server accepts and closes without an answer: no TURN server",
                                "mstun.closed_without_response"),
    "resets": lambda n: closing(n, servers.resets, "the server resets the connection instead of an answer",
                                "mstun.closed_without_response"),
    "silent": lambda n: closing(n, servers.silent, "the server accepts and never says a word", "mstun.unanswered"),
    "web-server": lambda n: not_turn(n, servers.web, "Python 3.11 http.server", "a web server listens there, not TURN: "
                                     "it waits for the end of a request line", "mstun.other_protocol", "bind"),
    "web-server-400": lambda n: not_turn(n, servers.web_node, "Node 20 http", "a web server listens there, not TURN: "
                                         "it answers HTTP 400", "mstun.other_protocol", note="guessed name"),
    "tls-server": lambda n: not_turn(n, servers.tls, "OpenSSL 3.0 s_server", "the port wants TLS: a TLS server was "
                                     "asked with plain STUN and waits for more", "mstun.other_protocol"),
    "tls-server-alert": lambda n: not_turn(n, servers.gnutls, "GnuTLS 3.7 gnutls-serv", "the port wants TLS: a TLS "
                                           "server was asked with plain STUN", "mstun.other_protocol",
                                           note="guessed name"),
}

if __name__ == "__main__":
    scene.main(SCENES, sys.argv[1:], ["turnserver", "go", "openssl"])
