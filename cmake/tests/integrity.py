# SPDX-License-Identifier: GPL-2.0-or-later
"""mstun.integrity.status of every message is what Python's hmac and hashlib say of the same bytes.

The credentials are those of test-captures/integrity/mstun_credentials:

    right <topic>   with these credentials
    wrong           with another password in each row: nothing is good any more
    flipped         with one bit of each HMAC changed: the same
    empty           without a table all is unverified
    refused         rows that make no sense are refused, with a reason and without the password in it

What is expected is written down here a second time, from the specifications: who made a message, which keys he may have,
which text an HMAC is over. A message whose maker is not certain is unverified where none of them fits.
"""
import base64
import csv
import hashlib
import hmac
import itertools
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import capturefile
import harness
from harness import AS_NOBODY, PLUGIN, SOURCE, STAGE, TestFailure, captures, each, environment, tshark

BAD, GOOD, UNVERIFIED = 0, 1, 2
USERNAME, INTEGRITY, REALM, NONCE, SHA256, ALGORITHM, USERHASH = 0x06, 0x08, 0x14, 0x15, 0x1C, 0x1D, 0x1E
MS_COOKIE = bytes.fromhex("000f000472c64bc6")
PROFILES = STAGE / "home" / "config" / "profiles"
PUBLISHED = ["vectors/rfc*", "vectors/ms-*", "vectors/tcp-relay-control", "vectors/connection-bind", "integrity/*"]


# ---- credentials ------------------------------------------------------------

def table(change=lambda password: password):
    """[(kind of name, name as bytes, realm, kind of password, password as bytes)]"""
    def plain(kind, text):
        return {"hex": bytes.fromhex, "base64": base64.b64decode}.get(kind, str.encode)(text)

    rows = []
    with open(SOURCE / "test-captures" / "integrity" / "mstun_credentials", encoding="utf-8") as file:
        for line in csv.reader(line for line in file if not line.startswith("#")):
            name_kind, name, realm, kind, password, _ = (cell.replace("\\x22", '"') for cell in line)
            rows.append((name_kind, plain(name_kind, name), realm.encode(), kind, change(plain(kind, password))))
    return rows


def write_profile(profile, rows):
    """As Wireshark stores it; what is bytes in hex, whatever it was written in."""
    def cell(kind, value):
        return (kind, value.decode()) if kind in ("text", "ufrag", "shared secret") else ("hex", value.hex())

    def line(name_kind, name, realm, kind, password):
        cells = *cell(name_kind, name), realm.decode().replace('"', "\\x22"), *cell(kind, password), "a note"
        return ",".join(f'"{text}"' for text in cells) + "\n"

    folder = PROFILES / profile
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mstun_credentials").write_text("".join(line(*row) for row in rows), encoding="utf-8")
    subprocess.run(["chmod", "-R", "a+rX", PROFILES], check=True)


# ---- messages ---------------------------------------------------------------

class Message:
    """One message as tshark gives it: its bytes, where it was seen, and the verdicts on it."""

    def __init__(self, frame, raw, where, statuses):
        self.frame, self.raw, self.statuses = frame, raw, statuses
        self.connection, self.source = where
        self.kind, self.length = struct.unpack(">HH", raw[:4])
        self.is_request = not self.kind & 0x0110
        self.is_response = bool(self.kind & 0x0100) and not self.is_ms_data()
        self.attributes, self.hmacs = {}, []
        self.is_ms = raw[20:28] == MS_COOKIE
        self.read(self.pads())

    def is_ms_data(self):
        return self.kind == 0x0115 and self.raw[20:28] == MS_COOKIE

    def pads(self):
        """Whether attributes are padded: MS-TURN's and RFC 3489's are not, nor an old draft's whose length says so."""
        return not self.is_ms and self.raw[4:8] == bytes.fromhex("2112a442") and self.length % 4 == 0

    def read(self, pads):
        at, end = 20, min(len(self.raw), 20 + self.length)
        protected = False
        while at + 4 <= end:
            kind, length = struct.unpack(">HH", self.raw[at:at + 4])
            if at + 4 + length > end or kind == 0x8028:
                break
            if not protected:
                self.attributes.setdefault(kind, self.raw[at + 4:at + 4 + length])
            if kind in (INTEGRITY, SHA256) and (kind == SHA256 or not protected) and self.length_fits(kind, length):
                self.hmacs.append((kind, at, self.raw[at + 4:at + 4 + length]))
                protected = True
            at += 4 + length + (-length % 4 if pads else 0)

    def exchange(self):
        """What a request and its response have in common; in MS-TURN on UDP a server may answer for another."""
        return ("udp" if self.is_ms and self.connection[0] == "udp" else self.connection), self.raw[4:20]

    def length_fits(self, kind, length):
        if kind == SHA256:
            return length in (16, 20, 24, 28, 32)
        return length in (20, 24, 28, 32) if self.is_ms else length == 20

    def get(self, kind):
        """An attribute; MS-TURN has REALM and NONCE the other way round, and others fill names with NULs."""
        if self.is_ms:
            kind = {REALM: NONCE, NONCE: REALM}.get(kind, kind)
        value = self.attributes.get(kind)
        return value.rstrip(b"\0") if kind == USERNAME and value and not self.is_ms else value

    def texts(self, kind, at, value):
        """(hash, bytes) for each way in which the HMAC may have been made."""
        ends_here = struct.pack(">H", at + 4 + len(value) - 20)
        fill = bytes(-at % 64)
        plain = self.raw[:2] + ends_here + self.raw[4:at]
        if kind == SHA256:
            return [(hashlib.sha256, plain)]
        if len(value) == 32:
            return [(hashlib.sha256, plain + fill), (hashlib.sha256, plain)]
        return [(hashlib.sha1, plain), (hashlib.sha1, plain + fill), (hashlib.sha1, self.raw[:at] + fill)]


def messages(path, *arguments):
    """All messages of a capture, in its order."""
    frames = json.loads(tshark("-n", "-r", path, *arguments, "-2", "-Y", "mstun", "-T", "json", "-x",
                               "-J", "frame ip ipv6 tcp udp mstun"), object_pairs_hook=list)
    for frame in frames:
        number, raw, where = None, None, {}
        for key, value in dict(dict(frame)["_source"])["layers"]:
            if key == "frame":
                number = int(dict(value)["frame.number"])
            elif key in ("ip", "ipv6", "tcp", "udp"):
                where.update({name: text for name, text in value if isinstance(text, str)} if not where.get(key) else {})
            elif key == "mstun_raw":
                raw = bytes.fromhex(value[0])
            elif key == "mstun" and any(name == "mstun.type" for name, _ in value):
                statuses = [int(text) for name, text in harness.walk(value) if name == "mstun.integrity.status"]
                yield Message(number, raw, place_of(where), statuses)


def place_of(fields):
    """(connection, sender)"""
    transport = "tcp" if "tcp.stream" in fields else "udp"
    return ((transport, fields[f"{transport}.stream"]),
            (fields.get("ip.src") or fields.get("ipv6.src"), fields[f"{transport}.srcport"]))


# ---- what is expected -------------------------------------------------------

class Identity:
    """Who made a message: its own words, or its request's; challenges are the (realm, nonce) that he may have used."""

    def __init__(self, message, challenges):
        self.name, self.userhash = message.get(USERNAME), message.get(USERHASH)
        self.is_ms, self.realm, nonce = message.is_ms, message.get(REALM), message.get(NONCE)
        self.is_whole = bool(self.name or self.userhash)
        if self.is_ms and (self.realm is None or nonce is None):
            self.challenges = challenges[-4:] or [(None, None)]
            self.is_whole = self.is_whole and 0 < len(challenges) <= 4
        else:
            self.challenges = [(self.realm, nonce)]
            self.is_whole = self.is_whole and (self.realm is not None or message.kind == 0x0001)

    def named(self):
        return bool(self.name or self.userhash)

    def is_of(self, row):
        name_kind, name, realm, kind, _ = row
        if not self.named():
            return kind != "shared secret"
        if name_kind == "ufrag":
            ways = [name] + ([base64.b64decode(name)] if len(name) % 4 == 0 else [])
            return not self.is_ms and self.realm is None and any(self.name and self.name.startswith(way + b":")
                                                                 for way in ways)
        said = self.challenges[-1][0]
        if realm and (said is None and not self.is_ms or said is not None and realm.strip(b'"') != said.strip(b'"')):
            return False
        if kind == "shared secret":
            return bool(self.name) and self.name.split(b":")[0].isdigit()
        if self.userhash:
            return hashlib.sha256(name + b":" + (self.realm or b"").strip(b'"')).digest() == self.userhash
        return self.name.rstrip(b"\0") == name.rstrip(b"\0")

    def keys(self, row):
        _, row_name, row_realm, kind, password = row
        name = self.name or row_name
        if kind == "shared secret":
            password = base64.b64encode(hmac.digest(password, name, "sha1"))
        passwords = [password]
        if kind == "text" and len(password) % 4 == 0:
            try:
                passwords.append(base64.b64decode(password, validate=True))
            except ValueError:
                pass
        for secret in passwords:
            # RFC 8489 section 9.2.4: with a realm the key is the long-term one, and the password itself proves a mistake.
            if self.realm is None or self.is_ms:
                yield secret
            for realm, nonce in self.challenges:
                for spelled in {realm or row_realm, (realm or row_realm).strip(b'"')}:
                    yield hashlib.md5(b":".join((name, spelled, secret))).digest()
                    yield hashlib.sha256(b":".join((name, spelled, secret))).digest()
                    if nonce:
                        label = b"\x01TURN\0" + name + spelled + b"\0\0\x01\0"
                        yield hmac.digest(hmac.digest(nonce, secret, "sha256"), label, "sha256")


def verdict(message, value, identity, certain, rows):
    kind, at, said = value
    mine = [row for row in rows if identity.is_of(row)]
    if any(hmac.new(key, text, method).digest()[:len(said)] == said
           for row in mine for key in identity.keys(row) for method, text in message.texts(kind, at, said)):
        return GOOD
    return BAD if mine and certain and identity.named() else UNVERIFIED


def expected(all_messages, rows):
    """For each message the verdicts on its HMACs."""
    requests, challenges = {}, {}
    for message in all_messages:
        known = challenges.setdefault(message.connection, [])
        pair = message.get(REALM), message.get(NONCE)
        if message.is_ms and None not in pair and (not known or known[-1] != pair):
            known.append(pair)
        if message.is_request and message.hmacs:
            message.identity = Identity(message, list(known))
            requests.setdefault(message.exchange(), []).append((message.source, message.identity))
    for message in all_messages:
        identity = getattr(message, "identity", None) or Identity(message, [])
        certain = message.is_request and identity.is_whole
        if message.is_response:
            made = [one for source, one in requests.get(message.exchange(), [])
                    if source != message.source]
            identity = made[0] if made else identity
            certain = bool(made) and identity.is_whole and len({(m.name, m.realm) for m in made}) == 1
        yield [verdict(message, value, identity, certain, rows) for value in message.hmacs]


def compare(joined, profile, rows, allowed):
    """tshark against Python for one file; the number of each verdict."""
    seen = list(messages(joined.path, "-C", profile))
    count = {BAD: 0, GOOD: 0, UNVERIFIED: 0}
    for message, wanted in zip(seen, expected(seen, rows)):
        capture, frame = joined.whose(message.frame)
        if message.statuses != wanted:
            raise TestFailure(f"{capture}, frame {frame}, type 0x{message.kind:04x}, id {message.raw[4:20].hex()}: "
                              f"status {message.statuses}, Python says {wanted}")
        for status in wanted:
            count[status] += 1
            if status not in allowed:
                raise TestFailure(f"{capture}, frame {frame}, type 0x{message.kind:04x}, is {status}")
    return count


def run(subjects, profile, rows, allowed=(BAD, GOOD, UNVERIFIED)):
    """All of these captures; those of a topic in one file, since a start of tshark takes longer than most of them."""
    write_profile(profile, rows)
    total, failures = {BAD: 0, GOOD: 0, UNVERIFIED: 0}, []
    with tempfile.TemporaryDirectory(dir=STAGE) as folder:
        Path(folder).chmod(0o755)
        for topic, found in itertools.groupby(sorted(subjects), key=lambda capture: capture.parent.name):
            for joined in capturefile.join(Path(folder), topic, found):
                try:
                    for status, count in compare(joined, profile, rows, allowed).items():
                        total[status] += count
                except TestFailure as failure:
                    failures.append(str(failure))
    print(f"{len(subjects)} captures: {total[GOOD]} good, {total[BAD]} bad, {total[UNVERIFIED]} unverified")
    if failures:
        raise TestFailure("\n".join(failures))
    return total


def published():
    return sorted({capture for pattern in PUBLISHED for capture in captures(pattern)})


# Topics with passwords that are invented or were not kept: ICE agents make their own for each call.
NOBODY_KNOWS = {"broken", "libnice", "pairs", "aioice", "aioice-servers", "chromium", "firefox", "libwebrtc", "pion",
                "werift"}


def right(topic):
    """And nothing is left over where the table has all passwords."""
    total = run(captures(f"{topic}/*"), f"right-{topic}", table())
    if topic not in NOBODY_KNOWS and total[GOOD] < 10 * total[UNVERIFIED]:
        raise TestFailure("too few are good")


def wrong():
    total = run(captures("vectors/*") + captures("integrity/*") + captures("coturn/*") + captures("ms-ice2/*") +
                captures("ms-turn/tcp-*"), "wrong", table(lambda password: b"x" + password[1:]), (BAD, UNVERIFIED))
    if total[BAD] < 5 * total[UNVERIFIED]:
        raise TestFailure("too few are bad")


def flipped():
    """The last bit of each HMAC, found where it stands in its frame."""
    folder = STAGE / "flipped"
    folder.mkdir(exist_ok=True)

    def flip(capture):
        link, frames = capturefile.read(capture)
        hmacs = {value for message in messages(capture) for _, _, value in message.hmacs}
        changed = []
        for frame, length in frames:
            for value in hmacs:
                frame = frame.replace(value, value[:-1] + bytes([value[-1] ^ 1]))
            changed.append((frame, length))
        target = folder / capture.parent.name / f"{capture.stem}.pcap"
        target.parent.mkdir(exist_ok=True)
        capturefile.write(target, link, [changed])
        return target

    total = run([flip(capture) for capture in published()], "flipped", table(), (BAD, UNVERIFIED))
    if total[BAD] < 5 * total[UNVERIFIED]:
        raise TestFailure("too few are bad")


def empty():
    seen = set()

    def check(capture):
        statuses = {status for message in messages(capture) for status in message.statuses}
        seen.update(statuses)
        if statuses - {UNVERIFIED}:
            raise TestFailure(f"without a table: {statuses}")

    each(published(), check)
    if not seen:
        raise TestFailure("there is no status at all")


REFUSED = {
    '"text","","","text","PASSWORD",""': "a row needs a user name or an ICE ufrag",
    '"ufrag","a:b","","text","PASSWORD",""': "an ICE ufrag has no colon",
    '"ufrag","abcd","realm","text","PASSWORD",""': "an ICE ufrag has no realm",
    '"hex","abc","","text","PASSWORD",""': "the name is not made of pairs of hex digits",
    '"base64","ab c","","text","PASSWORD",""': "the name is not base64",
    f'"text","{"n" * 764}","","text","PASSWORD",""': "the name is too long",
    f'"text","{"n" * 2000}","","text","PASSWORD",""': "name, realm or password is too long",
    '"text","user","","text","",""': "a row needs a password",
    '"text","user","","hex","PASSWORD",""': "the password is not made of pairs of hex digits",
    '"text","user","","base64","PASSWORD!",""': "the password is not base64",
    f'"text","user","","text","{"PASSWORD" * 33}",""': "the password is longer than 256 bytes",
    '"text","","","shared secret","PASSWORD",""': "a shared secret needs the server's realm",
    '"hex","aa","realm","shared secret","PASSWORD",""': "a shared secret goes with a user name in text",
    '"other","user","","text","PASSWORD",""': "invalid value: other",
    '"text","user"': "expecting field realm",
}


def refused():
    """By -o, where Wireshark itself repeats the row in front of the reason."""
    for row, reason in REFUSED.items():
        flag = f"uat:mstun_credentials:{row}"
        one = subprocess.run([*AS_NOBODY, "tshark", "-o", flag, "-r", captures("vectors/rfc5769-request")[0]],
                             env=environment(PLUGIN), capture_output=True, text=True, check=False)
        said = one.stderr.replace(flag, "")
        if one.returncode == 0 or reason not in said or "PASSWORD" in said:
            raise TestFailure(f"{row} ended with {one.returncode} and said {one.stderr}")
    print(f"{len(REFUSED)} rows refused")


if __name__ == "__main__":
    harness.main({"right": right, "wrong": wrong, "flipped": flipped, "empty": empty, "refused": refused}[sys.argv[1]],
                 *sys.argv[2:])
