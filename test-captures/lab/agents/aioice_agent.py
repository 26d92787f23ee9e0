# SPDX-License-Identifier: GPL-2.0-or-later
"""An ICE agent of aioice with a relayed candidate over TCP: aioice_agent.py '{"mine": FILE, "theirs": FILE, ...}'.
Two of them find each other by files."""
import asyncio
import json
import os
import sys

import aioice
from aioice.ice import TransportPolicy

OPTIONS = {"controlling": False, "server": ["192.0.2.1", 3478], "user": "lab", "password": "secret", "wrong": False,
           "packets": 6, "after": 1.5, **json.loads(sys.argv[1])}


def tell(path, agent):
    text = json.dumps([agent.local_username, agent.local_password, [c.to_sdp() for c in agent.local_candidates]])
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(text)
    os.rename(path + ".new", path)


async def hear(path, agent):
    for _ in range(1000):
        if os.path.exists(path):
            break
        await asyncio.sleep(0.02)
    with open(path, encoding="ascii") as f:
        agent.remote_username, agent.remote_password, candidates = json.load(f)
    if OPTIONS["wrong"]:
        agent.remote_password = "wrong-password-of-the-other"
    for text in candidates:
        await agent.add_remote_candidate(aioice.Candidate.from_sdp(text))
    await agent.add_remote_candidate(None)


async def main():
    agent = aioice.Connection(ice_controlling=OPTIONS["controlling"], turn_server=tuple(OPTIONS["server"]),
                              turn_username=OPTIONS["user"], turn_password=OPTIONS["password"], turn_transport="tcp",
                              use_ipv6=False, transport_policy=TransportPolicy.RELAY)
    await agent.gather_candidates()
    tell(OPTIONS["mine"], agent)
    await hear(OPTIONS["theirs"], agent)
    try:
        await asyncio.wait_for(agent.connect(), 20)
        for i in range(OPTIONS["packets"]):
            await agent.send(bytes([0x80, 111, 0, i, 0, 0, 0, i, 0, 0, 0, 5]) + bytes(40))
            await asyncio.sleep(0.02)
        await asyncio.sleep(OPTIONS["after"])
    finally:
        await agent.close()


asyncio.run(main())
