# SPDX-License-Identifier: GPL-2.0-or-later
"""One ICE agent of python3-aioice, told what to do by lines of JSON on standard input: [command, arguments...].
Each is answered by a line of JSON: ["done", value] or ["failed", reason]."""
import asyncio
import json
import sys

import aioice


class Agent:
    def __init__(self):
        self.ice = None

    async def new(self, controlling, options):
        policy = aioice.TransportPolicy.RELAY if options.pop("relay_only", False) else aioice.TransportPolicy.ALL
        if "turn_server" in options:
            options["turn_server"] = tuple(options["turn_server"])
        self.ice = aioice.Connection(ice_controlling=controlling, transport_policy=policy, **options)

    async def gather(self):
        await self.ice.gather_candidates()
        return await self.description()

    async def description(self):
        return {"user": self.ice.local_username, "password": self.ice.local_password,
                "candidates": [c.to_sdp() for c in self.ice.local_candidates]}

    async def remote(self, other):
        self.ice.remote_username, self.ice.remote_password = other["user"], other["password"]
        for line in other["candidates"]:
            await self.ice.add_remote_candidate(aioice.Candidate.from_sdp(line))
        await self.ice.add_remote_candidate(None)

    async def connect(self):
        await self.ice.connect()

    async def send(self, text):
        await self.ice.send(text.encode())

    async def receive(self):
        return (await self.ice.recv()).decode()

    async def close(self):
        await self.ice.close()


async def lines():
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def main():
    agent = Agent()
    async for seconds, command, *arguments in lines():
        try:
            answer = ["done", await asyncio.wait_for(getattr(agent, command)(*arguments), seconds)]
        except Exception as reason:  # whatever aioice raises is the answer
            answer = ["failed", f"{type(reason).__name__} {reason}"]
        print(json.dumps(answer), flush=True)


asyncio.run(main())
