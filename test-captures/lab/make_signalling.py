# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/signalling: calls whose SIP is in the capture beside the checks that it is about. The agents are libnice's,
over ICE-TCP; what they say of themselves is what the SDP has. The truth is written from the agents' own words."""
import base64
import contextlib
import os
import socket
import struct
import subprocess
import time

import lab
import msread
import msturn
import sip
from msrelay import Relay
from pcap import write_pcapng

TOPIC = "signalling"
MRAS_KIND = "application/msrtc-media-relay-auth+xml"


class Agents:
    """Two libnice agents that wait, when they have gathered, until go()."""

    def __init__(self, name, *options, program=None):
        self.log, self.log_name = [], name + ".log"
        program = program or ["ice_pair", "rfc5245", "aggressive", "control", lab.CLIENT, lab.PEER, "4", "signalled"]
        self.p = subprocess.Popen([os.path.join(lab.SCRATCH, program[0]), *program[1:], *options], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.sides = {"left": {"candidates": []}, "right": {"candidates": []}}
        for line in self.p.stdout:
            self.log.append(line.strip())
            if line == "signal\n":
                break
            side, _, rest = line.strip().partition(" ")
            if rest.startswith(("ufrag ", "pwd ")):
                self.sides[side][rest.split()[0]] = rest.split()[1]
            elif "candidate:" in rest:
                self.sides[side]["candidates"].append(rest.split("candidate:")[1])

    def go(self):
        """Lets them check, and waits for their end."""
        with contextlib.suppress(BrokenPipeError):
            self.p.stdin.write("go\n")
            self.p.stdin.flush()
        self.log += self.p.stdout.read().splitlines()
        self.p.wait()
        with open(os.path.join(lab.SCRATCH, self.log_name), "w", encoding="utf-8") as f:
            f.write("\n".join(self.log))

    def drop(self):
        """Ends them; they have never checked."""
        self.p.kill()
        self.p.wait()


def microsoft(candidate):
    """libnice's RFC 6544 in the words of [MS-ICE2], with the blank at the end."""
    words = candidate.split()
    if "tcptype" in words:
        at = words.index("tcptype")
        words[2] = {"active": "TCP-ACT", "passive": "TCP-PASS", "so": "TCP-ACT"}[words[at + 1]]
        del words[at:at + 2]
    return " ".join(words) + " "


def section(side, media="applicationsharing", ms=True, candidates=None, port=50000, extra=()):
    candidates = side["candidates"] if candidates is None else candidates
    return [f"m={media} {port} TCP/RTP/AVP 127", f"a=ice-ufrag:{side['ufrag']}", f"a=ice-pwd:{side['pwd']}",
            *(f"a=candidate:{microsoft(c) if ms else c}" for c in candidates), "a=rtpmap:127 x-data/90000", *extra]


def sdp(address, *sections, session=1, version=1):
    lines = ["v=0", f"o=- {session} {version} IN IP4 {address}", "s=session", f"c=IN IP4 {address}", "b=CT:99980", "t=0 0"]
    return ("\r\n".join([*lines, *(line for section in sections for line in section)]) + "\r\n").encode()


def facts(candidate):
    """What a candidate line says, for the truth."""
    words = candidate.split()
    tcptype = words[words.index("tcptype") + 1] if "tcptype" in words else None
    return {"component": int(words[1]), "transport": f"TCP {tcptype}" if tcptype else "UDP", "address": words[4],
            "port": int(words[5]), "type": words[7]}


def call_truth(call, agents, media="applicationsharing", codes=(), extra=None):
    return {"id": call.id, "from": call.names[0], "to": call.names[1], "media": media, "codes": list(codes),
            "sides": [{"ufrag": agents.sides[side]["ufrag"],
                       "candidates": [facts(c) for c in agents.sides[side]["candidates"] + (extra or {}).get(side, [])]}
                      for side in ("left", "right")]}


# What a user must be told first of a capture that is not healthy, and what must be told besides.
CAUSES = {"wrong-password": ["mstun.integrity.bad", "mstun.pair.rejected", "mstun.call.media_failed"],
          "policy": ["mstun.call.policy"], "refused-stream": ["mstun.call.stream_refused"],
          "ice-mismatch": ["mstun.call.ice_mismatch"],
          "edge-refused": ["mstun.mras.refused", "mstun.call.no_relay", "mstun.call.media_failed"],
          "edge-silent": ["mstun.mras.unanswered", "mstun.call.no_relay", "mstun.call.media_failed"],
          "edge-resets": ["mstun.ms.pseudo_tls_failed", "mstun.call.no_relay", "mstun.call.media_failed"],
          "silent-peer": ["mstun.unanswered", "mstun.call.never_checked", "mstun.call.no_relay", "mstun.call.not_concluded",
                          "mstun.call.media_failed"],
          "server-says": ["mstun.call.failed"], "malformed": ["mstun.call.malformed"]}


def write(name, calls, healthy, integrity="good", secrets=(), **more):
    """The messages as the lab's own reader finds them in the streams, and what was signalled."""
    first, *also = CAUSES.get(name, [None])
    more = {**more, "first_finding": first, "also": also}
    msgs = lab.truth_from_streams(TOPIC, name, calls=calls, healthy=healthy, integrity=integrity, secrets=sorted(secrets),
                                  **more)
    print("  ", len(msgs), "messages")


def selected(agents):
    """The addresses of the pair that an agent of ice_pair says it has chosen."""
    return sorted({address for line in agents.log if " pair " in line for address in line.split()[2:4]})


def secrets_of(agents):
    return {side["pwd"] for side in agents.sides.values()}


def play(name, *options, ms=True, offer=None, answer=None, ended=(), healthy=True, integrity="good", media="applicationsharing",
         conclude=True, contexts=None, extra=None, port=5060, bpf=None, codes=(), only=None, **more):
    """A call whose checks follow its signalling. offer, answer: from a section's lines to a body and its type; extra: lines
    of candidates beside the agents' own, by side; only: instead of them."""
    extra = extra or {}
    with lab.Capture(TOPIC, name, bpf or "tcp"):
        agents = Agents(name, *options)
        for side, candidates in (only or {}).items():
            agents.sides[side]["candidates"] = candidates
        left, right = agents.sides["left"], agents.sides["right"]
        lines = {side: section(agents.sides[side], media, ms, agents.sides[side]["candidates"] + extra.get(side, []))
                 for side in agents.sides}
        link = sip.Link(lab.CLIENT, lab.SERVER, port, contexts)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        plain = {"body": sdp(lab.CLIENT, lines["left"]), "kind": "application/sdp"}
        call.request(0, "INVITE", **(offer(agents, lines["left"]) if offer else plain))
        call.response(1, "100 Trying", "INVITE")
        plain = {"body": sdp(lab.PEER, lines["right"], session=2), "kind": "application/sdp"}
        call.response(1, "200 OK", "INVITE", **(answer(agents, lines["right"]) if answer else plain))
        call.request(0, "ACK")
        agents.go()
        if conclude:
            chosen = [f"a=remote-candidates:1 {lab.PEER} {right['candidates'][0].split()[5]}"]
            call.request(0, "INVITE", sdp(lab.CLIENT, lines["left"] + chosen, version=2), "application/sdp")
            chosen = [f"a=remote-candidates:1 {lab.CLIENT} {left['candidates'][0].split()[5]}"]
            call.response(1, "200 OK", "INVITE", sdp(lab.PEER, lines["right"] + chosen, session=2, version=2),
                          "application/sdp")
            call.request(0, "ACK")
        call.request(0, "BYE", **dict(ended))
        call.response(1, "200 OK", "BYE")
        link.close()
    write(name, [call_truth(call, agents, media, codes, extra)], healthy, integrity, secrets_of(agents),
          selected=selected(agents), **more)
    return agents


def both_formats(agents, lines):
    """The offer of a client that knows OCS 2007 too: a first part in the old format."""
    old = ["m=applicationsharing 50000 TCP/RTP/AVP 127"]
    for i, candidate in enumerate(agents.sides["left"]["candidates"]):
        words = candidate.split()
        old.append(f"a=candidate:{base64.b64encode(bytes([i + 1] * 32)).decode().rstrip('=')} {words[1]} "
                   f"{base64.b64encode(bytes([i + 101] * 16)).decode().rstrip('=')} TCP 0.{800 - i} {words[4]} {words[5]} ")
    body, kind = sip.alternative(sdp(lab.CLIENT, old), sdp(lab.CLIENT, lines))
    return {"body": body, "kind": kind}


def gzipped(_, lines):
    body, encoding = sip.packed(sdp(lab.PEER, lines, session=2))
    return {"body": body, "kind": "application/sdp", "extra": [encoding]}


def in_tls(name):
    secrets = os.path.join(lab.SCRATCH, name + ".keys")
    contexts = sip.tls_contexts(*lab.certificate(), secrets)
    play(name, contexts=contexts, port=5061)
    inject = os.path.join(lab.SCRATCH, name + ".with-keys.pcapng")
    subprocess.run(["editcap", "--inject-secrets", f"tls,{secrets}", lab.path(TOPIC, name + ".pcapng"), inject], check=True)
    os.replace(inject, lab.path(TOPIC, name + ".pcapng"))


def wrong_password(name):
    play(name, "wrong-password", healthy=False, integrity="bad", conclude=False,
         codes=[["ms-client-diagnostics", 23]],
         ended={"extra": [("ms-client-diagnostics", '23;reason="Call failed to establish due to a media connectivity failure '
                             'when one endpoint is internal and the other is remote";'
                             'CallerMediaDebug="application-sharing:ICEWarn=0x420"')]})


def never_checked(name):
    """The answer has a relay that the caller is not told of: nothing goes there."""
    relay = ["9 1 TCP 6556159 192.0.2.200 50012 typ relay raddr 198.51.100.20 rport 50042 tcptype passive"]
    play(name, extra={"right": relay}, never_checked=["192.0.2.200:50012"])


def unchecked(name, answer, codes=(), connected=False, **dialog):
    """An offer and an answer, which answer(call) sends, with which nothing is ever checked. connected: the answer is no
    refusal, and the caller hangs up."""
    with lab.Capture(TOPIC, name):
        agents = Agents(name)
        link = sip.Link(lab.CLIENT, lab.SERVER)
        call = sip.Dialog(link, f"{name}@lab.example.org", **dialog)
        call.request(0, "INVITE", sdp(lab.CLIENT, section(agents.sides["left"])), "application/sdp")
        answer(call)
        call.request(0, "ACK")
        if connected:
            hang_up(call, link)
        else:
            link.close()
        agents.drop()
    truth = call_truth(call, agents, codes=codes)
    truth["sides"][1] = None
    write(name, [truth], False, secrets=secrets_of(agents))


def policy(name):
    """A meeting server that does not let an attendee share: nothing is ever checked."""
    unchecked(name, lambda call: call.response(1, "403 Forbidden", "INVITE", extra=[
        ("ms-diagnostics-public", '21002;reason="Attendees cannot share in this conference";component="ASMCU"')]),
              codes=[["ms-diagnostics-public", 21002]], callee="sip:room@meet.example.com")


def silent_peer(name):
    """What the answer names as a host candidate accepts the connection and says nothing; nobody is told of the relay."""
    with socket.create_server((lab.PEER, 50100)) as silent:
        host = ["1 1 TCP 2130706431 198.51.100.20 50100 typ host tcptype passive"]
        relay = ["9 1 TCP 6556159 192.0.2.200 50012 typ relay raddr 198.51.100.20 rport 50042 tcptype passive"]
        play(name, "via=198.51.100.20:50100", healthy=False, conclude=False, only={"right": host + relay},
             codes=[["ms-client-diagnostics", 24]], never_checked=["192.0.2.200:50012"],
             ended={"extra": [("ms-client-diagnostics", '24;reason="Call failed to establish due to a media connectivity '
                                 'failure when both endpoints are remote";UserType="Caller";MediaType="application-sharing";'
                                 'ICEWarn="0x4000320"')]})
        del silent


def server_says(name):
    """A code that nobody knows, of a known range."""
    unchecked(name, lambda call: call.response(1, "503 Service Unavailable", "INVITE", extra=[
        ("ms-diagnostics", '7999;source="mcu.example.com";reason="The lab made this up; a=b";component="AVMCU"')]),
              codes=[["ms-diagnostics", 7999]])


def header_first(name):
    """The diagnostics stand in front of Call-ID."""
    play(name, codes=[["ms-client-diagnostics", 51004]],
         ended={"first": [("ms-client-diagnostics", '51004; reason="Action initiated by user"')]})


def answered(*lines):
    """Success, with one section of these lines."""
    return lambda call: call.response(1, "200 OK", "INVITE", sdp(lab.PEER, list(lines), session=2), "application/sdp")


def refused_stream(name):
    """The answer has port 0 for it, without any candidate."""
    unchecked(name, answered("m=applicationsharing 0 TCP/RTP/AVP 127"), connected=True)


def mismatch(name):
    """The answer does without ICE."""
    unchecked(name, answered("m=applicationsharing 50000 TCP/RTP/AVP 127", "a=ice-mismatch"), connected=True)


def through_an_edge(name, answer=True, reason="OK", healthy=True):
    """Credentials by MRAS, then a call whose caller reaches its peer only through the relay they are for."""
    user = base64.b64encode(msturn.token(time.time() + 7 * 86400)).decode()
    password = base64.b64encode(msturn.PASSWORD).decode()
    refused = reason != "OK" or not answer
    with Relay(443) as relay, lab.Capture(TOPIC, name, "tcp port 443 or tcp port 5060"):
        link = sip.Link(lab.CLIENT, lab.SERVER)
        mras = sip.Dialog(link, f"mras-of-{name}@lab.example.org", callee="sip:mras@edge.example.com")
        mras.request(0, "SERVICE", sip.mras_request(mras.names[0]), MRAS_KIND)
        if answer:
            mras.response(1, "200 OK", "SERVICE", sip.mras_response(
                mras.names[0], *((None, None, reason) if refused else (user, password))), MRAS_KIND)
        agents = Agents(name, program=["relay_agent", "oc2007r2", "tls", lab.CLIENT, lab.PEER, lab.SERVER, "443", user,
                                       password, "4", "signalled"]) if not refused else Agents(name)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        call.request(0, "INVITE", sdp(lab.CLIENT, section(agents.sides["left"])), "application/sdp")
        call.response(1, "200 OK", "INVITE", sdp(lab.PEER, section(agents.sides["right"]), session=2), "application/sdp")
        call.request(0, "ACK")
        if refused:
            agents.drop()
        else:
            agents.go()
        call.request(0, "BYE", extra=[("ms-client-diagnostics", '23;reason="Media";CallerMediaDebug='
                                       '"application-sharing:ICEWarn=0x80300"')] if refused else [])
        call.response(1, "200 OK", "BYE")
        link.close()
    if not answer:   # the client waits as long as SIP's timer F
        lab.later(TOPIC, name, [(6, 40.0)])
    if refused:
        write(name, [call_truth(call, agents, codes=[["ms-client-diagnostics", 23]])], healthy,
              secrets=secrets_of(agents))
        return
    rows, others = msread.read(lab.path(TOPIC, name + ".pcapng"))
    msread.settle(rows)
    msread.write_truth(TOPIC, name, rows, others, "lab/msread.py's reading of libnice's bytes",
                       calls=[call_truth(call, agents)], healthy=healthy, integrity="good",
                       secrets=sorted(secrets_of(agents) | {password}))
    print("  ", len(rows), "messages,", len(relay.log), "of the relay")


def malformed(name):
    """Lines and headers that are not what they should be, beside a good candidate."""
    lines = ["m=audio 50000 RTP/AVP 0", "a=ice-ufrag:abc", "a=ice-pwd:tooshort", "a=candidate:1 1 UDP 1 192.0.2.10 5000 typ",
             "a=candidate:1 1 UDP 1 192.0.2.10 50000 typ host", "m=video x RTP/AVP 0"]
    with lab.Capture(TOPIC, name):
        link = sip.Link(lab.CLIENT, lab.SERVER)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        call.request(0, "INVITE", sdp(lab.CLIENT, lines), "application/sdp")
        call.response(1, "488 Not Acceptable Here", "INVITE", extra=[("ms-diagnostics", "none;reason=\"x\"")])
        mras = sip.Dialog(link, f"mras-of-{name}@lab.example.org", callee="sip:mras@edge.example.com")
        mras.request(0, "SERVICE", sip.mras_request(mras.names[0]), MRAS_KIND)
        mras.response(1, "200 OK", "SERVICE", b"<response reasonPhrase=\"OK\"><credentials><username>dXNlcg==", MRAS_KIND)
        link.close()
    write(name, [{"id": call.id, "from": call.names[0], "to": call.names[1], "media": "audio", "codes": [],
                  "sides": [None, None]}], False, malformed=6)


def invite(call, left, right, **more):
    """An offer and its answer, from sections."""
    call.request(0, "INVITE", sdp(lab.CLIENT, left, **more), "application/sdp")
    call.response(1, "200 OK", "INVITE", sdp(lab.PEER, right, session=2, **more), "application/sdp")
    call.request(0, "ACK")


def hang_up(call, link, **more):
    call.request(0, "BYE", **more)
    call.response(1, "200 OK", "BYE")
    link.close()


def restart(name):
    """ICE begins anew with other ufrags, passwords and agents; those of the first offer have never checked."""
    with lab.Capture(TOPIC, name):
        old, new = Agents(name), Agents(name)
        link = sip.Link(lab.CLIENT, lab.SERVER)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        invite(call, *(section(old.sides[side]) for side in ("left", "right")))
        old.drop()
        invite(call, *(section(new.sides[side]) for side in ("left", "right")), version=2)
        new.go()
        hang_up(call, link)
    truth = call_truth(call, new)
    for side, of_old in zip(truth["sides"], call_truth(call, old)["sides"]):
        side["candidates"] = of_old["candidates"] + side["candidates"]
    write(name, [truth], True, secrets=secrets_of(old) | secrets_of(new), selected=selected(new))


def other_leg(name):
    """The capture has the signalling of another leg: a server in between made ufrags and passwords of its own there."""
    with lab.Capture(TOPIC, name):
        agents = Agents(name)
        told = {side: {**facts_, "ufrag": facts_["ufrag"][::-1] + "x", "pwd": facts_["pwd"][::-1]}
                for side, facts_ in agents.sides.items()}
        link = sip.Link(lab.CLIENT, lab.SERVER)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        invite(call, section(told["left"]), section(told["right"]))
        agents.go()
        hang_up(call, link)
    write(name, [call_truth(call, agents)], True, "unverified", secrets_of(agents) | {t["pwd"] for t in told.values()},
          joined=False)


def same_ufrag(name):
    """Signalling of another call that has one of the ufrags, with another password: no proof of anything."""
    with lab.Capture(TOPIC, name):
        agents = Agents(name)
        other = {**agents.sides["left"], "pwd": "another" * 4}
        link = sip.Link(lab.CLIENT, lab.SERVER)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        invite(call, section(other), section({**agents.sides["right"], "ufrag": "else", "pwd": "whatever" * 3}))
        agents.go()
        hang_up(call, link)
    write(name, [call_truth(call, agents)], True, "unverified", secrets_of(agents) | {other["pwd"]}, joined=False)


def frames_of_offer(name):
    """Numbers of the frames with the first three pieces of signalling."""
    return [i for i, (_, _, data) in enumerate(lab.read_capture(TOPIC, name), 1) if len(data) > 100 and
            data[36:38] == (5060).to_bytes(2, "big")][:3]


def in_pieces(name, change=None, **more):
    """The offer in three segments; change: what becomes of the capture's frames, given the numbers of these."""
    with lab.Capture(TOPIC, name):
        agents = Agents(name)
        link = sip.Link(lab.CLIENT, lab.SERVER)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        call.request(0, "INVITE", sdp(lab.CLIENT, section(agents.sides["left"])), "application/sdp", pieces=3)
        call.response(1, "200 OK", "INVITE", sdp(lab.PEER, section(agents.sides["right"]), session=2), "application/sdp")
        call.request(0, "ACK")
        agents.go()
        hang_up(call, link)
    if change:
        frames = lab.read_capture(TOPIC, name)
        change(frames, [number - 1 for number in frames_of_offer(name)])
        write_pcapng(lab.path(TOPIC, name + ".pcapng"), frames)
    write(name, [call_truth(call, agents)], True, secrets=secrets_of(agents), selected=selected(agents), **more)


def lose(frames, pieces):
    del frames[pieces[1]]


def repeat(frames, pieces):
    """All segments of the offer come twice: TCP sends them again."""
    frames[pieces[2] + 1:pieces[2] + 1] = [frames[piece] for piece in pieces]


def whip(name):
    """The offer is in an HTTP POST, the answer in its response."""
    with lab.Capture(TOPIC, name):
        agents = Agents(name)
        link = sip.Link(lab.CLIENT, lab.SERVER, 80)
        client, server = link.ends[0].getsockname(), link.ends[1].getsockname()
        link.send(0, sip.http_request("/whip", sdp(lab.CLIENT, section(agents.sides["left"], "video", False)),
                                      "application/sdp"))
        link.send(1, sip.http_created("/whip/1", sdp(lab.PEER, section(agents.sides["right"], "video", False), session=2),
                                      "application/sdp"))
        agents.go()
        link.close()
    ends = [f"{address}:{port}" for address, port in (client, server)]
    truth = {"id": "HTTP " + " ".join(sorted(ends)), "from": ends[0], "to": ends[1], "media": "video", "codes": [],
             "sides": [{"ufrag": agents.sides[side]["ufrag"], "candidates": [facts(c) for c in
                                                                             agents.sides[side]["candidates"]]}
                       for side in ("left", "right")]}
    write(name, [truth], True, secrets=secrets_of(agents), selected=selected(agents))


def by_udp(name):
    with lab.Capture(TOPIC, name, "tcp or udp"):
        agents = Agents(name)
        link = sip.Datagrams(lab.CLIENT, lab.SERVER)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        invite(call, *(section(agents.sides[side]) for side in ("left", "right")))
        agents.go()
        hang_up(call, link)
    write(name, [call_truth(call, agents)], True, secrets=secrets_of(agents), selected=selected(agents))


def hello_in_vain(name):
    """What the client takes for an Edge resets the connection on its pseudo-TLS hello; then a call without a relay fails."""
    with socket.create_server((lab.SERVER, 443)) as server, \
            lab.Capture(TOPIC, name, "tcp port 443 or tcp port 5060"):
        agents = Agents(name)
        with socket.create_connection((lab.SERVER, 443), 5, (lab.CLIENT, 0)) as s:
            accepted = server.accept()[0]
            s.sendall(msturn.CLIENT_HELLO)
            accepted.recv(1000)
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            with contextlib.suppress(ConnectionResetError):
                s.recv(1000)
        link = sip.Link(lab.CLIENT, lab.SERVER)
        call = sip.Dialog(link, f"{name}@lab.example.org")
        invite(call, *(section(agents.sides[side]) for side in ("left", "right")))
        agents.drop()
        hang_up(call, link, extra=[("ms-client-diagnostics", '23;reason="Media";CallerMediaDebug='
                                    '"application-sharing:ICEWarn=0x800300"')])
    write(name, [call_truth(call, agents, codes=[["ms-client-diagnostics", 23]])], False, secrets=secrets_of(agents))


CAPTURES = {
    "healthy": play,
    "healthy-rfc": lambda name: play(name, ms=False),
    "two-formats": lambda name: play(name, offer=both_formats),
    "answer-gzip": lambda name: play(name, answer=gzipped),
    "tls": in_tls,
    "header-first": header_first,
    "wrong-password": wrong_password,
    "never-checked": never_checked,
    "policy": policy,
    "refused-stream": refused_stream,
    "ice-mismatch": mismatch,
    "silent-peer": silent_peer,
    "server-says": server_says,
    "restart": restart,
    "other-leg": other_leg,
    "same-ufrag": same_ufrag,
    "three-segments": in_pieces,
    "segment-lost": lambda name: in_pieces(name, lose, lost=True),
    "segments-again": lambda name: in_pieces(name, repeat),
    "whip": whip,
    "sip-udp": by_udp,
    "edge-resets": hello_in_vain,
    "edge": through_an_edge,
    "edge-refused": lambda name: through_an_edge(name, reason="Forbidden", healthy=False),
    "edge-silent": lambda name: through_an_edge(name, answer=False, healthy=False),
    "malformed": malformed,
}


def main(names):
    lab.need("dumpcap", "ip", "cc", "editcap")
    lab.network()
    for name, make in lab.chosen(CAPTURES, names).items():
        make(name)
