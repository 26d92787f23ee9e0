# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin must leave alone, by comparing `tshark -V` with and without it.

    nostun       captures without STUN (test-captures/no-stun): the same bytes, but for the call of an SDP with ICE, and no
                 frame is mstun's
    decrypted    those with a key log beside them: the same bytes while TLS is decrypted, also with preferences and Decode As
    udp          captures with UDP: the same bytes with mstun.udp:none, and without Microsoft's STUN by default too;
                 where it is found by heuristic, the same bytes without that
    disabled     every capture with --disable-protocol mstun: the same bytes
    noframelost  every capture: a frame that the built-in takes for STUN is still STUN, mstun's or the built-in's

The last two read the captures of a topic joined to one file, each with addresses of its own.
"""
import re
import sys

import harness
from capturefile import join
from harness import NO_PLUGIN, STAGE, TestFailure, captures, decode, each, name

# Frames in which the built-in takes the end of a message, whose beginning the capture does not have, for a message.
NO_MESSAGES = {"tcp/bare-mid-message": {1}, "tcp/rfc4571-mid-message": {1}}
BUILT_IN = {"stun", "classicstun", "turnchannel"}

# What else users set for TLS on port 443.
DECRYPTED_WITH = [(), ("-2",), ("-d", "tls.port==443,http"), ("-d", "tcp.port==443,tls"), ("-o", "http.tls.port:443,8443"),
                  ("-o", "tls.desegment_ssl_records:FALSE"), ("-o", "tcp.try_heuristic_first:TRUE")]


def same(stock, ours, whose=None):
    """Fails with the first difference. (difflib would take minutes over outputs of this length.) whose: see Joined."""
    if stock == ours:
        return
    stock, ours = stock.splitlines(), ours.splitlines()
    first = next((number for number, (left, right) in enumerate(zip(stock, ours)) if left != right),
                 min(len(stock), len(ours)))
    frame = next((line for line in reversed(ours[:first + 1]) if line.startswith("Frame ")), "")
    if whose and frame:
        frame = "{}, frame {}".format(*whose(int(frame.split()[1].rstrip(":"))))
    before = "\n".join("  " + line for line in ours[max(0, first - 3):first])
    without = "\n".join("- " + line for line in stock[first:first + 8])
    with_it = "\n".join("+ " + line for line in ours[first:first + 8])
    raise TestFailure(f"differs (- without mstun, + with it) in {frame}\n{before}\n{without}\n{with_it}")


def frames(text, protocols):
    """Numbers of the frames of a -V output that contain one of the protocols."""
    found = re.findall(r"^Frame (\d+):.*?^    \[Protocols in frame: (.*?)\]$", text, re.MULTILINE | re.DOTALL)
    return {int(number) for number, stack in found if protocols & set(stack.split(":"))}


# What we add to an SDP with ICE, whether or not the capture has its checks.
CALL = re.compile(r"^( +)\[Call: .*\n(?:\1 +\[(?:Call-ID|From|To): .*\n)+", re.MULTILINE)


def nostun(capture):
    """A capture without STUN."""
    ours = CALL.sub("", decode(capture, "-V"))
    if frames(ours, {"mstun"}):
        raise TestFailure(f"mstun claims frames {sorted(frames(ours, {'mstun'}))}")
    same(decode(capture, "-V", plugins=NO_PLUGIN), ours)


def decrypted(capture):
    """HTTP in TLS that the key log opens."""
    if frames(decode(capture, "-V"), {"http"}):
        raise TestFailure("can be read without its key log")
    key_log = ["-V", "-o", f"tls.keylog_file:{capture.with_suffix('.keys')}"]
    for more in DECRYPTED_WITH:
        ours = decode(capture, *key_log, *more)
        if not frames(ours, {"http"}) or "HTTP/1." not in ours:
            raise TestFailure(f"is not decrypted with {' '.join(more) or 'its key log'}")
        if frames(ours, {"mstun"}):
            raise TestFailure(f"mstun claims frames with {' '.join(more) or 'its key log'}")
        same(decode(capture, *key_log, *more, plugins=NO_PLUGIN), ours)


def with_key_log():
    """The captures of no-stun that have one."""
    found = [capture for capture in captures("no-stun/*") if capture.with_suffix(".keys").exists()]
    if not found:
        raise TestFailure("no capture has a key log")
    return found


# On ports that mstun shares with nobody: only its heuristic finds Microsoft's STUN there.
BY_HEURISTIC = {"ms-turn/udp-ice", "ms-turn/udp-overtaken"}

# UDP without a message of Microsoft's.
PLAIN_UDP = {"ms-turn/udp-webrtc", "ms-turn/rfc3489-udp"}


def udp(capture):
    """What the preference leaves to the built-in."""
    stock = decode(capture, "-V", plugins=NO_PLUGIN)
    same(stock, decode(capture, "-V", "-o", "mstun.udp:none"))
    if name(capture) in BY_HEURISTIC:
        same(stock, decode(capture, "-V", "--disable-heuristic", "mstun_udp"))
    if name(capture) in PLAIN_UDP:
        same(stock, decode(capture, "-V"))
    elif frames(stock, {"udp"}) and not frames(decode(capture, "-V"), {"mstun"}):
        raise TestFailure("mstun has no frame by default")
    if not frames(decode(capture, "-V", "-o", "mstun.udp:all"), {"mstun"}) and name(capture) != "ms-turn/rfc3489-udp":
        raise TestFailure("mstun has no frame with mstun.udp:all")


def disabled(joined):
    """The way back to the built-in."""
    same(decode(joined.path, "-V", plugins=NO_PLUGIN), decode(joined.path, "-V", "--disable-protocol", "mstun"), joined.whose)


def shown_elsewhere(capture, lost):
    """The built-in shows a message also in frames that hold only a part of it, where it had asked TCP for too much."""
    def ids(field, *arguments, **plugins):
        rows = decode(capture, "-T", "fields", "-E", "aggregator=,", "-e", "frame.number", "-e", field, *arguments, **plugins)
        return {(int(frame), id_) for frame, text in (row.split("\t") for row in rows.splitlines())
                for id_ in text.split(",") if id_}
    ours = {id_ for _, id_ in ids("mstun.id")}
    theirs = {frame: set() for frame in lost}
    for frame, id_ in ids("stun.id", plugins=NO_PLUGIN):
        if frame in lost:
            theirs[frame].add(id_)
    return all(found and found <= ours for found in theirs.values())


def noframelost(joined):
    """The built-in's frames are a subset of mstun's and the built-in's."""
    lost = frames(decode(joined.path, "-V", plugins=NO_PLUGIN), BUILT_IN)
    lost -= frames(decode(joined.path, "-V"), BUILT_IN | {"mstun"})
    of_capture = {}
    for number in lost:
        capture, frame = joined.whose(number)
        if frame not in NO_MESSAGES.get(capture, ()):
            of_capture.setdefault(capture, set()).add(number)
    wrong = [f"{capture}: {len(numbers)} STUN frames of the built-in are lost: "
             f"{sorted(joined.whose(number)[1] for number in numbers)[:20]}"
             for capture, numbers in of_capture.items() if not shown_elsewhere(joined.path, numbers)]
    if wrong:
        raise TestFailure("\n".join(wrong))


def of_all_topics(check):
    """Runs the check on the joined captures of every topic."""
    folder = STAGE / f"joined-{check.__name__}"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    found, failures = captures(), []
    for topic in sorted({capture.parent.name for capture in found}):
        for joined in join(folder, topic, captures(f"{topic}/*")):
            try:
                check(joined)
            except TestFailure as failure:
                failures.append(f"{topic}: {failure}")
    print(f"{len(found)} captures, {len(failures)} failures")
    if failures:
        raise TestFailure("\n".join(failures))


if __name__ == "__main__":
    if sys.argv[1] == "nostun":
        harness.main(lambda: each(captures("no-stun/*"), nostun))
    elif sys.argv[1] == "udp":
        harness.main(lambda: each(captures("ms-turn/*udp*"), udp))
    elif sys.argv[1] == "decrypted":
        harness.main(lambda: each(with_key_log(), decrypted))
    else:
        harness.main(of_all_topics, {"disabled": disabled, "noframelost": noframelost}[sys.argv[1]])
