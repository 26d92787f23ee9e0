# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/ms-ice2: MS-ICE2 checks, encoded and answered by libnice's stun
library, in RFC 4571 frames on a real TCP connection."""
import count
import lab
from ice_stream import Stream, settle

TOPIC = "ms-ice2"


def finish(name, stream, unanswered="unanswered", **extra):
    log = settle(stream.log, unanswered)
    lab.same_messages(log, TOPIC, name)
    lab.write_truth(TOPIC, name, log, "the log of both ends", other_frames=stream.other, **extra)
    print("  ", len(log), "messages")


def talk(s):
    """A whole healthy connection."""
    s.talk()
    s.client.media(s.rtcp(), "rtcp")
    s.server.check()


def healthy(name, flavour="msice2", **ports):
    with lab.Capture(TOPIC, name):
        s = Stream(flavour, **ports)
        talk(s)
        s.close()
    finish(name, s)


def media_first(name):
    with lab.Capture(TOPIC, name):
        s = Stream()
        for _ in range(3):
            s.client.media(s.rtp(), "rtp")
            s.server.media(s.rtp(marker=True), "rtp")
        s.client.check()
        s.server.check()
        s.client.media(s.rtp(), "rtp")
        s.server.media(s.rtcp(), "rtcp")
        s.client.media(s.dtls(), "dtls")
        s.server.media(s.dtls(90), "dtls")
        s.client.media(b"\xf0\x01unknown packet type", "unknown")
        s.server.media(b"", "null")
        s.client.check(use=True)
        s.client.media(s.rtp(300), "rtp")
        s.close()
    finish(name, s)


def unanswered(name):
    """The server end keeps quiet on the second and the fourth of five checks."""
    with lab.Capture(TOPIC, name):
        s = Stream()
        for i in range(5):
            if i in (1, 3):
                s.client.request()
                s.server.receive()
            else:
                s.client.check()
        s.server.check()
        s.close()
    finish(name, s)


def both_silent(name):
    """Checks from both ends, an answer to none."""
    with lab.Capture(TOPIC, name):
        s = Stream()
        for _ in range(2):
            s.client.request()
            s.server.request()
        s.close()
    finish(name, s)


def pending(name):
    """Two checks are open when the capture ends: the connection stays open."""
    with lab.Capture(TOPIC, name):
        s = Stream()
        s.client.check()
        s.server.check()
        s.client.request()
        s.server.request()
    finish(name, s, "pending")
    s.close()


def timeout(name):
    """One check stays unanswered while media goes on; the times of the frames
    behind it are moved by 5 s each, so that nobody has to wait."""
    with lab.Capture(TOPIC, name):
        s = Stream()
        s.client.check()
        s.server.check()
        s.client.request()
        for _ in range(5):
            s.client.send_frames([s.rtp()], "rtp")
            s.server.send_frames([s.rtp()], "rtp")
    # the connection is still open: only the time tells
    log = settle(s.log)
    lab.same_messages(log, TOPIC, name)
    open_ = next(m["frame"] for m in log if m.get("answered") is False)
    count_of = len(lab.read_capture(TOPIC, name))
    moved = lab.later(TOPIC, name, [(i, 5.0) for i in range(open_ + 1, count_of + 1)])
    last, first = moved[-1][0], moved[open_ - 1][0]
    lab.write_truth(TOPIC, name, log, "the log of both ends", other_frames=s.other,
                    seconds_after_the_open_request=round(last - first, 1))
    s.close()


def derived(name, keep, state, source):
    """A capture from which packets are missing; keep(frame number, source)."""
    frames = lab.read_capture(TOPIC, source)
    number, out = {}, []
    for i, f in enumerate(frames, 1):
        seg = count.tcp_segment(1, f[2])
        if keep(i, seg[0]):
            out.append(f)
            number[i] = len(out)
    lab.write_pcapng(lab.path(TOPIC, name + ".pcapng"), out)
    msgs = count.pair_up(count.messages(lab.path(TOPIC, source + ".pcapng")))
    msgs = [dict(m, frame=number[m["frame"]]) for m in msgs if m["frame"] in number]
    for m in count.pair_up(msgs):
        if m["answered"] is not None:
            m["state"] = "answered" if m["answered"] else state
    lab.write_truth(TOPIC, name, msgs, f"{source}.truth.json without the packets left out",
                    packets_left_out=len(frames) - len(out))
    print(f"{TOPIC}/{name}.pcapng: {len(out)} frames")


def half(name, side):
    derived(name, lambda _, src: src.startswith(side + ":"), "half_captured", "healthy")


def gap(name):
    msgs = count.messages(lab.path(TOPIC, "healthy.pcapng"))
    answers = [m["frame"] for m in msgs if m["dir"] == "s2c" and m["name"].endswith("success")]
    derived(name, lambda i, _: i != answers[1], "unanswered_gap", "healthy")


CAPTURES = {
    "healthy": healthy,
    "healthy-rfc5245": lambda n: healthy(n, "rfc5245", server_port=3478),
    "healthy-formats": lambda n: healthy(n, "formats", server_port=443),
    "media-first": media_first,
    "unanswered-2-of-5": unanswered,
    "both-silent": both_silent,
    "pending": pending,
    "unanswered-timeout": timeout,
    "half-captured-client": lambda n: half(n, lab.CLIENT),
    "half-captured-server": lambda n: half(n, lab.PEER),
    "unanswered-gap": gap,
}


def main(names):
    lab.need("dumpcap", "ip")
    lab.network()
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
