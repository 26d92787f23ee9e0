#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/p1-stun: the TURN server of ejabberd and eturnal (Erlang, erlang-p1-stun) over TCP, with coturn's client,
pion's and the lab's; and test-captures/aioice-servers: ICE agents in Python against coturn, pion and that server.

usage: make_eturnal.py [capture]...      (root; see scene.py)
Debian packages beside those of make_pion.py: erlang-base erlang-p1-stun python3-aioice
"""
import contextlib
import json
import os
import subprocess
import sys
import time

import lab
import make_tcpturn
import scene
import servers
from make_pion import CLIENT, built, pion_server
from make_tcpturn import PION
from make_uclient import UCLIENT, words
from turn_tcp import ALLOCATE, TCP, UDP, Turn

P1, AIOICE = "p1_stun 1.2.7 (Erlang)", "aioice 0.8.0"
START = """
{ok, _} = application:ensure_all_started(stun),
ok = stun_listener:add_listener({192,0,2,1}, 3478, tcp, [{use_turn, true}, {turn_ipv4_address, {192,0,2,1}},
  {turn_min_port, 50000}, {turn_max_port, 50100}, {auth_type, user}, {auth_realm, <<"example.org">>},
  {auth_fun, fun(<<"lab">>, _) -> <<"secret">>; (<<"other">>, _) -> <<"hidden">>; (_, _) -> <<>> end} %s]).
"""


def p1_stun(more=""):
    start = START % more
    server = scene.program("server", "env", "ERL_CRASH_DUMP_BYTES=0", "erl", "-noshell", "-eval", " ".join(start.split()), log="p1_stun.log")
    try:
        lab.wait_port(3478)
    except RuntimeError:
        server.stop()
        with open(server.log.name, encoding="utf-8", errors="replace") as f:
            print(f.read()[:1500])
        raise
    return server


def played(topic, name, program, *label, server=p1_stun, **kw):
    stack = contextlib.ExitStack()
    stack.enter_context(server())
    stack.enter_context(scene.scene(topic, name, program, *label, **{"bpf": "tcp port 3478", **kw}))
    return stack


# ---- p1_stun ------------------------------------------------------------------

def pion_client(name, *label, args=("allocate", "send", f"{lab.PEER}:50050", 6, "free", "close"), **kw):
    with scene.UdpEcho(), played("p1-stun", name, f"{CLIENT}, {P1}", *label, **kw):
        scene.to_end("client", built("client"), *args)


def uclient(name, *label, args=("-y", "-c", "-n", "3", "-m", "1"), seconds=15, password="secret", **kw):
    with played("p1-stun", name, f"{UCLIENT}, {P1}", *label, **kw):
        scene.to_end("client", *words(*args, password=password), seconds=seconds)


def lab_client(name, play, *label, **kw):
    with played("p1-stun", name, f"the lab's client, {P1}", *label, **kw), scene.on("client"):
        play()


def second_allocation():
    t = make_tcpturn.allocated(UDP)
    t.ask(ALLOCATE, [UDP])
    make_tcpturn.end(t)


def asks(*steps, permit=(lab.PEER,)):
    def play():
        t = make_tcpturn.allocated(UDP, permit)
        for step in steps:
            with contextlib.suppress(TimeoutError, ConnectionError):
                step(t)
        time.sleep(0.4)
        make_tcpturn.end(t)
    return play


def tcp_allocation():
    t = Turn()
    t.allocate(TCP)
    t.control.close()


def unknown_nonce():
    t = Turn()
    t.realm, t.nonce = b"example.org", b"0123456789abcdef"
    t.ask(ALLOCATE, [UDP])
    time.sleep(0.5)
    t.control.close()


# ---- aioice --------------------------------------------------------------------

def agents(name, program, *label, server=servers.coturn, legs="both", left=(), right=(), seconds=40, **kw):
    files = [os.path.join(lab.SCRATCH, f"{side}-{time.time_ns()}.json") for side in ("left", "right")]
    with played("aioice-servers", name, f"{AIOICE}, {program}", *label, server=server, legs=legs, **kw):
        running = [scene.program(host, "/usr/bin/python3", os.path.join(lab.HERE, "agents", "aioice_agent.py"),
                                 json.dumps({"mine": mine, "theirs": theirs, "controlling": controlling, **dict(more)}))
                   for host, mine, theirs, controlling, more in (("client", *files, True, left),
                                                                 ("peer", *reversed(files), False, right))]
        for p in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                p.p.wait(seconds)
            p.stop()


def killed(name):
    files = [os.path.join(lab.SCRATCH, f"{side}-{time.time_ns()}.json") for side in ("left", "right")]
    with servers.coturn() as server, scene.scene(
            "aioice-servers", name, f"{AIOICE}, {scene.COTURN}", "the server's process is killed during the call",
            "mstun.turn.control_closed", note="the name of the finding is a guess",
            bpf="tcp port 3478"):
        script = os.path.join(lab.HERE, "agents", "aioice_agent.py")
        running = [scene.program(host, "/usr/bin/python3", script, json.dumps(
            {"mine": mine, "theirs": theirs, "controlling": controlling, "after": 6}))
            for host, mine, theirs, controlling in (("client", *files, True), ("peer", *reversed(files), False))]
        time.sleep(4)
        servers.kill(server)
        time.sleep(1)
        for p in running:
            p.stop()


WRONG = {"wrong": True}
P1_SCENES = {
    "pion-client": pion_client,
    "pion-client-peers": lambda n: pion_client(n, args=("allocate", "send", f"{lab.PEER}:50050", 3, "permit",
                                                        f"{lab.PEER}:50051", "throw", f"{lab.PEER}:50050", 3, "wait",
                                                        "1s", "free", "close")),
    "uclient-even-port": lambda n: uclient(n, "the client asks for EVEN-PORT, which the server does not know: 420",
                                           "mstun.unknown_attributes", args=("-y", "-c", "-n", "2", "-m", "3"),
                                           seconds=6, note="uclient asks for it in some of its requests, by chance"),
    "wrong-password": lambda n: pion_client(n, "wrong TURN password", "mstun.auth.rejected",
                                            args=("-password", "wrong", "allocate")),
    "denied-peer": lambda n: pion_client(n, "the server's policy bars the peer: 403", "mstun.turn.forbidden",
                                         args=("allocate", "permit", f"{lab.PEER}:50050"), server=lambda: p1_stun(
                                             ", {turn_blacklist, [{{198,51,100,0}, 24}]}")),
    "no-tcp-relay": lambda n: lab_client(n, tcp_allocation, "the server does no TCP relaying: 442",
                                         "mstun.turn.no_tcp_relay"),
    "no-ipv6": lambda n: uclient(n, "the server has no IPv6 relay address: 440", "mstun.turn.address_family",
                                 args=("-x", "-y", "-c", "-n", "3", "-m", "1"), seconds=8),
    "unknown-nonce": lambda n: lab_client(n, unknown_nonce, "the request has a nonce that this server never gave: 438 "
                                          "once, and the client stops there", "mstun.auth.not_repeated"),
    "second-allocation": lambda n: lab_client(n, second_allocation, "the client asks for a second allocation on the same "
                                              "control connection: 437", "mstun.turn.allocation_mismatch"),
    "channel-other-peer": lambda n: lab_client(
        n, asks(make_tcpturn.channel_bind(0x4001, 50050), make_tcpturn.channel_bind(0x4001, 50051)),
        "the channel is bound to another peer already: 400", "mstun.refused"),
    "channel-unbound": lambda n: lab_client(n, asks(make_tcpturn.channel_send(0x4005)), "ChannelData on a channel that "
                                            "was never bound: the server drops it", "mstun.turn.channel_unbound"),
    "raw-bytes": lambda n: lab_client(n, asks(make_tcpturn.raw(b"<message to=\'198.51.100.20\'>hello</message>\n" * 2)),
                                      "application bytes without a TURN header on the control connection",
                                      "mstun.not_a_message"),
    "unpadded": lambda n: lab_client(n, asks(make_tcpturn.channel_bind(0x4001, 50050), make_tcpturn.raw(
        *[b"\x40\x01\x00\x2b" + make_tcpturn.rtp(i) + b"\x07" for i in range(3)])),
        "the client does not pad ChannelData on TCP", "mstun.channel.unpadded"),
}
AIOICE_SCENES = {
    "relay": lambda n: agents(n, scene.COTURN),
    "relay-one-leg": lambda n: agents(n, scene.COTURN, legs="client"),
    "relay-pion": lambda n: agents(n, PION, server=pion_server),
    "relay-p1-stun": lambda n: agents(n, P1, server=p1_stun),
    "wrong-password": lambda n: agents(n, scene.COTURN, "wrong TURN password", "mstun.auth.rejected", legs="client",
                                       left={"password": "wrong"}, seconds=4),
    "wrong-password-pion": lambda n: agents(n, PION, "wrong TURN password: 400 after the 401", "mstun.refused",
                                            legs="client", left={"password": "wrong"}, seconds=4, server=pion_server),
    "wrong-ice-password": lambda n: agents(n, scene.COTURN, "the client's agent has a wrong ICE password of the other",
                                           "mstun.pair.rejected", left=WRONG),
    "role-conflict": lambda n: agents(n, scene.COTURN, note="both begin as controlling: 487, and one changes its role",
                                      right={"controlling": True}),
    "killed": killed,
}
SCENES = {**{"p1-stun/" + k: v for k, v in P1_SCENES.items()}, **{"aioice-servers/" + k: v for k, v in AIOICE_SCENES.items()}}
SCENES = {key: lambda name, play=play: play(name.split("/")[1]) for key, play in SCENES.items()}

if __name__ == "__main__":
    scene.main(SCENES, sys.argv[1:], ["turnserver", "erl", "go"])
