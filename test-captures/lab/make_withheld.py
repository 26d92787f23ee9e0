# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/withheld: segments that Wireshark's TCP withholds from dissectors, though the capture has their bytes.

The made ones are the TURN conversation of make_tcp.py. "Lost" is before the capture point: the segment is sent again.
The real ones are coturn and its client on two ends of a bad link (faulty_link.py).
"""
import json
import subprocess
import time

import lab
import make_coturn
import realnet
from faulty_link import FaultyLink
from make_tcp import CLIENT, SERVER, bare, turn_talk
from tcpscript import Script

TOPIC = "withheld"
RTO = 0.2       # seconds after which TCP sends again
UNCLEAR = r"\n(warn|error) +mstun\."


class Talk(Script):
    """turn_talk(), with a turn late or twice."""

    def __init__(self):
        super().__init__(f"{CLIENT}:50300", f"{SERVER}:3478")
        self.open()

    def play(self, late=None, behind=None, sizes=None, late_part=0, twice=(), never=None, quiet=0):
        """Turn late, or this part of it, is captured only behind the other turn; turn never is not captured at all."""
        held = None
        for number, (d, messages) in enumerate(turn_talk()):
            if number == late:
                at, data = self.sent[d], b"".join(message.wire for message in messages)
                cut = sizes or [len(data)]
                begin = sum(cut[:late_part])
                self.send(d, messages, sizes=cut, lost=[late_part])
                held = d, at + begin, data[begin:begin + cut[late_part]]
            elif number == never:
                self.send(d, messages, lost=[0])
            else:
                place = self.sent[d]
                self.send(d, messages)
                if number in twice:
                    self.wait(RTO)
                    self.again(d, place, b"".join(message.wire for message in messages))
            if number == behind and held:
                self.wait(RTO)
                self.again(*held)
        self.wait(quiet)
        self.close()
        return self

    def swap(self, number):
        """Frames number and the next one, from 0."""
        self.frames[number:number + 2] = self.frames[number:number + 2][::-1]
        return self


def made(name, what, talk, says=(), never=(), healthy=True):
    talk.write(TOPIC, name, what)
    label(name, what, says, never, healthy)


def label(name, cause, says, never, healthy):
    path = lab.path(TOPIC, "labels.json")
    try:
        with open(path, encoding="utf-8") as file:
            labels = json.load(file)
    except FileNotFoundError:
        labels = {}
    labels[name] = {"healthy": healthy, "cause": cause, "expected_finding": None, "says": list(says),
                    "never": list(never)}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(dict(sorted(labels.items())), file, indent=1, ensure_ascii=False)
        file.write("\n")


def bad_network(name, what, seed, *more, loss=0.0, repeat=0.0, hold=0.0):
    """coturn behind a link that loses, repeats and holds back packets of both directions; captured at the client's end."""
    with FaultyLink(seed, loss, repeat, hold) as link:
        with link.far():
            server = make_coturn.turnserver(3478)
        with lab.Capture(TOPIC, name, "tcp port 3478", link.name):
            subprocess.run(["turnutils_uclient", "-t", "-y", "-c", "-n", "30", "-m", "2", "-z", "20", *more, "-L",
                            link.address, "-u", make_coturn.USER, "-w", make_coturn.PASSWORD, "-p", "3478", lab.SERVER],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
            time.sleep(1)
        server.stop()
    realnet.write_truth(TOPIC, name, what, None)
    label(name, what, [WITHHELD], NO_LOSS, True)


WITHHELD = r"previously withheld by Wireshark's TCP"
NO_LOSS = (r"Unanswered", UNCLEAR)
SCENES = {
    "request-late": lambda n: made(n, "a request is sent again, behind its answer", Talk().play(2, 3),
                                   [WITHHELD, r"Allocate Request .*user: lab"], NO_LOSS),
    "response-late": lambda n: made(n, "a response is sent again, behind the next one", Talk().play(5, 7),
                                    [WITHHELD, r"ChannelBind Success Response"], NO_LOSS),
    "middle-late": lambda n: made(n, "the middle of a message comes behind its end and later messages",
                                  Talk().play(4, 6, [30, 40, 500], 1), [WITHHELD, r"ChannelBind Request"], NO_LOSS),
    "beginning-late": lambda n: made(n, "the beginning of a message comes behind its end and later messages",
                                     Talk().play(4, 6, [30, 40, 500], 0), [WITHHELD, r"ChannelBind Request"], NO_LOSS),
    "end-late": lambda n: made(n, "the end of a message comes behind later messages",
                               Talk().play(4, 6, [30, 40, 500], 2), [WITHHELD, r"ChannelBind Request"], NO_LOSS),
    "first-response-late": lambda n: made(n, "the first segment of a direction comes behind the second one",
                                          Talk().play(1, 3), [WITHHELD, r"401 Unauthorized"], NO_LOSS),
    "acknowledged-first": lambda n: made(n, "the acknowledgement was captured before the segment",
                                         Talk().play().swap(8).swap(12), [r"ChannelBind Success"], NO_LOSS),
    "twice": lambda n: made(n, "segments are sent again that were captured",
                            Talk().play(twice=(0, 2, 3, 6, 9)), [r"Refresh Success"],
                            [WITHHELD, r"\[retransmission", *NO_LOSS]),
    "never": lambda n: made(n, "a response is lost for ever: whether it came nobody knows", Talk().play(never=5, quiet=60),
                            [r"bytes of the other direction are missing from the capture before frame 10"], [r"Unanswered", WITHHELD]),
    "network-loses": lambda n: bad_network(n, "the network loses 8 % of the packets", 1, loss=0.08),
    "network-reorders": lambda n: bad_network(n, "the network holds back 15 % of the packets", 2, hold=0.15),
    "network-repeats": lambda n: bad_network(n, "the network repeats 15 % of the packets", 3, repeat=0.15, hold=0.03),
    "network-does-all": lambda n: bad_network(n, "the network loses, repeats and holds back packets", 7, "-s",
                                              loss=0.06, repeat=0.05, hold=0.08),
}



def main(names):
    lab.need("dumpcap", "ip", "turnserver", "turnutils_uclient")
    for name, make in lab.chosen(SCENES, names).items():
        make(name)
