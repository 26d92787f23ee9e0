// SPDX-License-Identifier: GPL-2.0-or-later

// A WebRTC peer with a data channel: webrtc.mjs wrtc|werift '{"role": "offer", "mine": FILE, "theirs": FILE, ...}'.
// Both peers find each other by files that hold their session descriptions.
import { createRequire } from "node:module";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const require = createRequire(process.env.MSTUN_LAB_NODE + "/");
const [implementation, text] = process.argv.slice(2);
const options = { turn: "turn:192.0.2.1:3478?transport=tcp", user: "lab", password: "secret", relay: true, tcp: false,
                  wrong: false, restart: false, messages: 5, after: 1500, patience: 10000, ...JSON.parse(text) };
const { RTCPeerConnection } = require(implementation === "wrtc" ? "@roamhq/wrtc" : "werift");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const config = { iceServers: [], iceTransportPolicy: options.relay ? "relay" : "all" };
if (options.turn)
  config.iceServers.push({ urls: options.turn, username: options.user, credential: options.password });
if (implementation === "werift")
  Object.assign(config, { iceUseTcp: options.tcp, iceUseIpv6: false, forceTurnTCP: Boolean(options.turn) });
const peer = new RTCPeerConnection(config);

// With `tcp` only TCP candidates are told and taken.
const chosen = (sdp) => options.tcp ? sdp.split("\r\n").filter((l) => !/^a=candidate:\S+ \d+ udp /i.test(l)).join("\r\n") : sdp;
const spoilt = (sdp) => options.wrong ? sdp.replace(/a=ice-pwd:.*/g, "a=ice-pwd:wrongpasswordwrongpassword") : sdp;

async function gathered() {
  for (let i = 0; i < 250 && peer.iceGatheringState !== "complete"; i++) await pause(20);
}

async function tell(suffix = "") {
  await gathered();
  const { type, sdp } = peer.localDescription;
  writeFileSync(options.mine + suffix + ".new", JSON.stringify({ type, sdp: chosen(sdp) }));
  renameSync(options.mine + suffix + ".new", options.mine + suffix);
}

async function hear(suffix = "") {
  for (let i = 0; i < 1000 && !existsSync(options.theirs + suffix); i++) await pause(20);
  const { type, sdp } = JSON.parse(readFileSync(options.theirs + suffix));
  await peer.setRemoteDescription({ type, sdp: spoilt(sdp) });
}

async function negotiate(suffix, offerOptions) {
  if (options.role === "offer") {
    await peer.setLocalDescription(await peer.createOffer(offerOptions));
    await tell(suffix);
    await hear(suffix);
  } else {
    await hear(suffix);
    await peer.setLocalDescription(await peer.createAnswer());
    await tell(suffix);
  }
}

async function main() {
  const channel = peer.createDataChannel("lab", { negotiated: true, id: 1 });
  let open = false;
  channel.onopen = () => { open = true; };
  await negotiate();
  for (let waited = 0; waited < options.patience && !open; waited += 50) await pause(50);
  console.log(open ? "open" : "never open");
  const talk = async () => {
    for (let i = 0; i < options.messages && open; i++) {
      try { channel.send(`message ${i}`); } catch (e) { console.log(String(e)); }
      await pause(40);
    }
  };
  await talk();
  if (options.restart) {
    await negotiate(".2", { iceRestart: true });
    await pause(2500);
    await talk();
  }
  await pause(options.after);
  peer.close();
  await pause(300);
  process.exit(open ? 0 : 3);
}

main().catch((e) => { console.log(e); process.exit(4); });
