# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/pairs, pairs of host candidates: checks on a TCP connection of their own."""
import subprocess
import time

import lab
import pairs
import stunmsg
from between import AGENT_PORTS, BEHIND, PROXY_PORT, Between, agents, is_request, is_response, to_agent
from ice_stream import Checks, Stream
from pairs import TOPIC, Case, Made

LEG = f"tcp and host {lab.CLIENT}"      # what the left one's machine sees
MOVED = {"moved_in_time": True}         # for the truth: the lab put seconds between frames


# ---- libnice's agents ------------------------------------------------------------------------------------------

def direct(name, *arguments):
    """Two agents, nothing between them."""
    mode, nomination, roles, *more = arguments
    with lab.Capture(TOPIC, name):
        says = agents(name, mode, nomination, roles, lab.CLIENT, lab.PEER, "4", *more)
    return Made("agents", how={"agents_say": says})


def between(name, rule, mode="rfc5245", *more, packets="4"):
    """Two agents with something between them that keeps frames, captured on the left one's side of it."""
    port = next(AGENT_PORTS)
    with Between((lab.PEER, PROXY_PORT), to_agent(port), rule), lab.Capture(TOPIC, name, LEG):
        says = agents(name, mode, "aggressive", "control", lab.CLIENT, BEHIND, packets,
                      f"via={lab.PEER}:{PROXY_PORT}", f"listens={port}", *more)
    return Made("agents", how={"agents_say": says})


def no_responses(direction, frame):
    return "drop" if direction == "s2c" and is_response(frame) else "pass"


def nothing_back(direction, _):
    return "drop" if direction == "s2c" else "pass"


def reset_at_request(direction, frame):
    """The left one's checks get nowhere; the right one's first check ends the connection."""
    return "reset" if direction == "s2c" and is_request(frame) else "pass" if direction == "c2s" else "drop"


def silence_after(seconds):
    """From the first frame on, after some seconds nothing comes back any more."""
    start = []

    def rule(direction, _):
        start.append(time.time())
        return "drop" if direction == "s2c" and time.time() - start[0] > seconds else "pass"

    return rule


# ---- libnice's STUN library, driven by the lab -----------------------------------------------------------------

def stream(name, body, flavour="msice2", keep=False, **kw):
    """One connection, driven by body(stream), then closed or (keep) left open at the capture's end."""
    with lab.Capture(TOPIC, name):
        s = Stream(flavour, **kw)
        how = body(s) or {}
        if not keep:
            s.close(reset=how.pop("reset", False))
    if keep:
        s.close()
    return Made(how.pop("made", "library"), s.log, how=how)


def both_silent(s):
    for _ in range(3):
        for end in (s.client, s.server):
            end.request()
            end.peer.receive()      # what was not read would turn the end of the connection into a reset


def password_dropped(s):
    """The right one knows another password than the left one was told: it drops the left one's checks."""
    s.client.checks.close()
    s.client.checks = Checks("rfc5245", "LfLg", "lab-password-of-the-left-end", "RfRg", "no password of the right end")
    for _ in range(3):
        for request in s.client.request():
            if s.server.receive() != request or s.server.answer(request) is not None:
                raise RuntimeError("libnice answered a check with a wrong password")
        s.server.check()


def both_passwords_dropped(s):
    for end, names in ((s.client, ("LfLg", "RfRg")), (s.server, ("RfRg", "LfLg"))):
        end.checks.close()
        end.checks = Checks("rfc5245", names[0], f"password of {names[0]}", names[1], "something else")
    for _ in range(3):
        for end in (s.client, s.server):
            for request in end.request():
                if end.peer.receive() != request or end.peer.answer(request) is not None:
                    raise RuntimeError("libnice answered a check with a wrong password")


def exchange(end):
    """A check and whatever libnice answers; its type."""
    (request,) = end.request(use=end.controlling)
    end.peer.receive()
    reply = end.peer.answer(request)
    end.receive()
    return reply[:2].hex()


def conflict(left, right, answers):
    """Both control and neither gives way."""
    def body(s):
        s.server.controlling = True
        s.client.tie, s.server.tie = left, right
        for _ in range(4):
            seen = exchange(s.client), exchange(s.server)
            if seen != answers:
                raise RuntimeError(f"answers {seen} instead of {answers}")
    return body


def conflict_resolved(s):
    s.server.controlling = True
    s.client.tie, s.server.tie = 5, 9
    if exchange(s.client) != "0111":
        raise RuntimeError("no role conflict")
    s.client.controlling = False
    s.server.check()
    s.client.check()
    s.server.check(use=True)
    s.client.media(s.rtp(), "rtp")


def never_nominated(s):
    for _ in range(4):
        s.client.check()
        s.server.check()
        time.sleep(0.1)


def refuse(end, code, reason):
    """One check of this end that the other answers with an error of the lab's."""
    for request in end.request():
        end.peer.receive()
        reply = stunmsg.message(0x0111, request[8:20], [(stunmsg.ERROR_CODE, stunmsg.error_code(code, reason))], None,
                                True)
        end.peer.send_frames([reply], "stun")
        end.receive()


def refused(code, reason):
    def body(s):
        for _ in range(3):
            refuse(s.client, code, reason)
            s.server.check()
        return {"made": "script"}
    return body


def refused_once(s):
    refuse(s.client, 400, "Bad Request")
    s.talk()
    return {"made": "script"}


def silent_and_refused(name):
    """Two pairs of one agent: on one the peer refuses, on the other it keeps silent."""
    with lab.Capture(TOPIC, name):
        s, r = Stream("rfc5245"), Stream("rfc5245", server_port=50060)
        refused(500, "Server Error")(s)
        for _ in range(3):
            r.client.request()
            r.server.check()
        s.close()
        r.close()
    return Made("script", s.log + r.log)


def cut_short(s):
    s.client.check()
    s.server.check()
    s.client.request()
    s.server.request()


def long_consent(name, lost=False):
    """A check every 5 s while RTP flows; the lab moved the frames in time. lost: the right one stops answering, while
    its RTP goes on."""
    with lab.Capture(TOPIC, name):
        s = Stream("rfc5245")
        s.talk()
        for i in range(14):
            s.client.media(s.rtp(), "rtp")
            if lost and i > 3:
                s.client.request()
                s.server.receive()
            else:
                s.client.check()
            s.server.media(s.rtp(), "rtp")
        s.close()
    spread(name, s)
    return Made("library", s.log, how=MOVED)


def consent_lost(name):
    """libnice 0.1.21 gives up 10 s after the last answer; the lab makes the 30 s of RFC 7675 out of it."""
    made = between(name, silence_after(8), "rfc5245", "consent", "stay=45")
    messages = pairs.read(name, False)
    answer = max(m["frame"] for m in messages if m["dir"] == "s2c")
    tail = [m["frame"] for m in messages if m["dir"] == "c2s" and m["type"] == "0x0001" and m["frame"] > answer]
    lab.later(TOPIC, name, [(frame, 10) for frame in tail[1:]] + [(tail[-1] + 1, 30 - 10 * len(tail[1:]))])
    return made._replace(how={**made.how, **MOVED})


def spread(name, s, seconds=5, ms=False):
    """Moves the consent checks of the client apart: those behind the nominating one."""
    checks = [m["frame"] for m in pairs.read(name, ms) if m["type"] == "0x0001" and m["dir"] == "c2s"
              and m["client"] == s.client_name]
    frames = lab.later(TOPIC, name, [(frame, seconds) for frame in checks[2:]])
    print(f"   {frames[-1][0] - frames[0][0]:.0f} s")


HOST = {
    "host-both-directions": Case(lambda n: direct(n, "rfc5245", "regular", "control"),
                                 "healthy: a connection from each end, one of them nominated", None),
    "host-copies": Case(lambda n: direct(n, "oc2007r2", "aggressive", "control"),
                        "healthy: MS-ICE2, two copies of the first checks", None),
    "host-conflict-resolved": Case(lambda n: direct(n, "rfc5245", "regular", "conflict"),
                                   "healthy: both began as controlling, one changed its role at a 487", None),
    "host-conflict-resolved-once": Case(lambda n: stream(n, conflict_resolved, "rfc5245"),
                                        "healthy: one 487, then the left end is controlled", None),
    "host-refused-once": Case(lambda n: stream(n, refused_once),
                              "healthy: a 400 to the first check, then success", None),
    "host-cut-short": Case(lambda n: stream(n, cut_short, keep=True),
                           "healthy as far as one sees: the capture ended under two open checks", None),
    "host-long-consent": Case(long_consent, "healthy: 70 s of consent checks beside RTP", None),
    "host-restart": Case(lambda n: direct(n, "rfc5245", "aggressive", "control", "stay=3", "restart=2"),
                         "healthy: both restart ICE in the middle of the call", None),
    "host-restart-repairs": Case(lambda n: direct(n, "rfc5245", "aggressive", "control", "wrong-password", "restart=3"),
                                 "healthy in the end: both were told wrong ICE passwords, and the right ones in an ICE "
                                 "restart 3 s later", None),
    "host-restart-fails": Case(lambda n: direct(n, "rfc5245", "aggressive", "control", "stay=20", "bad-restart=2"),
                               "both restart ICE and are told wrong passwords: 401, and the pair from before it is used "
                               "no more", "mstun.pair.rejected"),
    "host-wrong-password": Case(lambda n: direct(n, "oc2007r2", "aggressive", "control", "wrong-password"),
                                "both agents were told wrong ICE passwords: 401 to each check", "mstun.pair.rejected"),
    "host-password-dropped": Case(lambda n: stream(n, password_dropped, "rfc5245"),
                                  "the left end was told a wrong ICE password: the right end drops its checks",
                                  "mstun.one_way"),
    "host-both-passwords-dropped": Case(lambda n: stream(n, both_passwords_dropped, "rfc5245"),
                                        "both ends were told wrong ICE passwords and drop what they cannot verify",
                                        "mstun.unanswered"),
    "host-responses-lost": Case(lambda n: between(n, no_responses),
                                "the right agent's responses are lost on the way, its checks arrive", "mstun.one_way"),
    "host-responses-lost-copies": Case(lambda n: between(n, no_responses, "oc2007r2"),
                                       "the same with the two copies of MS-ICE2", "mstun.one_way"),
    "host-peer-silent": Case(lambda n: between(n, nothing_back),
                             "nothing comes back from the right agent", "mstun.unanswered"),
    "host-both-silent": Case(lambda n: stream(n, both_silent), "both ends check, neither answers", "mstun.unanswered"),
    "host-reset": Case(lambda n: between(n, reset_at_request), "a middlebox resets the connection under the checks",
                       "mstun.connection.reset"),
    "host-consent-lost": Case(consent_lost,
                              "nominated and used; after 8 s nothing comes back any more, and libnice gives up",
                              "mstun.pair.consent_lost"),
    "host-consent-lost-media": Case(lambda n: long_consent(n, True),
                                    "nominated; after 20 s the right end answers no check, its RTP goes on",
                                    "mstun.pair.consent_lost"),
    "host-conflict-unresolved": Case(lambda n: stream(n, conflict(5, 9, ("0111", "0101")), "rfc5245"),
                                     "both control; the left end must give way and does not: 487 to each of its checks",
                                     "mstun.role_conflict"),
    "host-conflict-equal-ties": Case(lambda n: stream(n, conflict(7, 7, ("0111", "0111")), "rfc5245"),
                                     "both control with the same tie-breaker: 487 to all checks of both",
                                     "mstun.role_conflict"),
    "host-never-nominated": Case(lambda n: stream(n, never_nominated),
                                 "checks are answered both ways, the controlling end nominates nothing",
                                 "mstun.pair.not_nominated"),
    "host-refused": Case(lambda n: stream(n, refused(500, "Server Error")),
                         "the right end answers each check with 500", "mstun.pair.rejected"),
    "host-two-faults": Case(silent_and_refused, "two pairs: each check refused with 500 on one, no answer on the other",
                            "mstun.pair.rejected", ["mstun.one_way"]),
}


def make(cases, names):
    """All of them, whatever becomes of one; which did not come out as they should is told at the end."""
    failed = []
    for name, case in lab.chosen(cases, names).items():
        try:
            pairs.finish(name, case, case.make(name))
        except (RuntimeError, OSError, IndexError, subprocess.TimeoutExpired) as e:
            failed.append(f"{name}: {e!r}")
    for line in failed:
        print("FAILED", line)
    if failed:
        raise SystemExit(1)


def main(names):
    lab.need("dumpcap", "ip", "cc")
    lab.network()
    subprocess.run(["ip", "addr", "replace", BEHIND + "/32", "dev", "lo"], check=True)
    make(HOST, names)
