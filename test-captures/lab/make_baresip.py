#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/signalling, with real SIP agents: two baresips call each other, one in a network namespace of its own, with
ICE over UDP. The truth is read from the SIP messages' bytes, which no dissector has touched.

usage: unshare --net python3 make_baresip.py      (root; MSTUN_LAB_SCRATCH: a folder)
Debian packages: baresip-core tshark iproute2 util-linux
"""
import os
import re
import subprocess
import time

import count
import lab
from make_signalling import TOPIC, facts
from pcap import write_pcapng

ALICE, BOB = lab.CLIENT, lab.PEER
MODULES = "/usr/lib/baresip/modules"
CONFIG = """sip_listen {address}:5060
poll_method epoll
audio_source ausine,440
audio_player aubridge,x
audio_channels 1
module_path {modules}
module g711.so
module ausine.so
module aubridge.so
module ice.so
module uuid.so
module_tmp account.so
module_app menu.so
rtp_ports 40000-40100
"""


def configure(who, address):
    folder = os.path.join(lab.SCRATCH, who)
    os.makedirs(folder, exist_ok=True)
    for name, text in (("config", CONFIG.format(address=address, modules=MODULES)), ("contacts", ""),
                       ("accounts", f"<sip:{who}@{address};transport=tcp>;regint=0;medianat=ice;answermode=auto;"
                                    "audio_codecs=PCMU/8000/1\n")):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    return folder


def run(*words):
    subprocess.run(words, check=True)


def connect(pid):
    """A cable between this namespace and that of the process, with one address at each end."""
    inside = ("nsenter", "-t", str(pid), "-n")
    run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb", "netns", str(pid))
    for prefix, device, own, other in (((), "va", ALICE, BOB), (inside, "vb", BOB, ALICE)):
        run(*prefix, "sysctl", "-qw", f"net.ipv6.conf.{device}.disable_ipv6=1")
        run(*prefix, "ip", "addr", "add", f"{own}/32", "dev", device)
        run(*prefix, "ip", "link", "set", device, "up")
        run(*prefix, "ip", "route", "add", f"{other}/32", "dev", device)
    return inside


def call(raw):
    other = subprocess.Popen(["unshare", "--net", "sleep", "60"])
    time.sleep(0.5)
    inside = connect(other.pid)
    capture = subprocess.Popen(["dumpcap", "-q", "-i", "va", "-f", "tcp or udp", "-w", raw], stderr=subprocess.DEVNULL)
    time.sleep(1)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    bob = subprocess.Popen([*inside, "baresip", "-f", configure("bob", BOB), "-t", "7"], **quiet)
    time.sleep(1.5)
    alice = subprocess.Popen(["baresip", "-f", configure("alice", ALICE), "-e", f"/dial sip:bob@{BOB};transport=tcp", "-t",
                              "3"], **quiet)
    alice.wait(20)
    bob.wait(20)
    capture.terminate()
    capture.wait()
    other.terminate()
    other.wait()


def description(data):
    """What an SDP has for the truth."""
    text = data.decode(errors="replace")
    return {"ufrag": re.search(r"a=ice-ufrag:(\S+)", text)[1],
            "candidates": [facts(line) for line in re.findall(r"a=candidate:(.*?)\r\n", text)]}


def main():
    name, raw = "baresip", os.path.join(lab.SCRATCH, "baresip.raw.pcapng")
    call(raw)
    read = list(count.read_frames(raw))
    write_pcapng(lab.path(TOPIC, name + ".pcapng"), [(t, orig, data) for _, t, _, orig, data in read], read[0][2])
    frames = [data for _, _, _, _, data in read]
    offer = next(data for data in frames if b"\r\na=ice-pwd:" in data and b"INVITE sip:" in data)
    answer = next(data for data in frames if b"\r\na=ice-pwd:" in data and b"SIP/2.0 200" in data)
    header = {key: re.search(rf"\r\n{key}: *([^\r]*)", offer.decode(errors="replace"))[1]
              for key in ("Call-ID", "From", "To")}
    secrets = [re.search(rb"a=ice-pwd:(\S+)", data)[1].decode() for data in (offer, answer)]
    truth = {"id": header["Call-ID"], "from": re.search("<(.*?)>", header["From"])[1],
             "to": re.search("<(.*?)>", header["To"])[1], "media": "audio", "codes": [],
             "sides": [description(offer), description(answer)]}
    lab.write_truth(TOPIC, name, [], "the bytes of SIP's messages", calls=[truth], healthy=True, integrity="good",
                    secrets=secrets, options=["mstun.udp:all"], first_finding=None, also=[])
    print(len(frames), "frames")


if __name__ == "__main__":
    main()
