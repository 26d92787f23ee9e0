# SPDX-License-Identifier: GPL-2.0-or-later
"""SIP as Skype's clients, meeting servers and Edges speak it: messages, bodies, and two ends that play them over a real
TCP connection. What is said is the caller's business: nothing here answers by itself."""
import gzip
import random
import socket
import ssl

BOUNDARY = "----=_NextPart_lab"
MRAS_NAMESPACE = "http://schemas.microsoft.com/2006/09/sip/mrasp"


def message(start, headers, body=b"", kind=None):
    headers = [*headers, *([("Content-Type", kind)] if kind else []), ("Content-Length", len(body))]
    return (start + "\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n").encode() + body


class Link:
    """A TCP connection for signalling; end 0 is the client. contexts: of TLS, for both ends."""

    def __init__(self, client, server, port=5060, contexts=None):
        listener = socket.create_server((server, port))
        self.ends = [socket.socket()]
        self.ends[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.ends[0].bind((client, 0))
        self.ends[0].connect((server, port))
        self.ends.append(listener.accept()[0])
        listener.close()
        for end in self.ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if contexts:
            self._handshake(contexts)

    def _handshake(self, contexts):
        import threading
        accepted = []
        thread = threading.Thread(
            target=lambda: accepted.append(contexts[1].wrap_socket(self.ends[1], server_side=True)))
        thread.start()
        self.ends[0] = contexts[0].wrap_socket(self.ends[0], server_hostname="lab.example.org")
        thread.join()
        self.ends[1] = accepted[0]

    def send(self, end, data, pieces=1):
        """Sends, and waits until the other end has it."""
        size = -(-len(data) // pieces)
        for at in range(0, len(data), size):
            self.ends[end].sendall(data[at:at + size])
            left = min(size, len(data) - at)
            while left > 0:
                left -= len(self.ends[1 - end].recv(left))

    def close(self):
        for end in self.ends:
            end.close()


class Datagrams(Link):
    """The same over UDP; a message is a datagram."""

    def __init__(self, client, server, port=5060):
        self.ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for end, address, other in ((self.ends[0], client, server), (self.ends[1], server, client)):
            end.bind((address, port))
            end.connect((other, port))

    def send(self, end, data, pieces=1):
        self.ends[end].sendall(data)
        self.ends[1 - end].recv(65536)


def tls_contexts(certificate, key, secrets):
    """For Link; the session's secrets go into the file, in the form of SSLKEYLOGFILE."""
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname, client.verify_mode, client.keylog_filename = False, ssl.CERT_NONE, secrets
    server.load_cert_chain(certificate, key)
    return client, server


class Dialog:
    """One call between the two ends of a link; end 0 calls."""

    def __init__(self, link, call_id, caller="sip:alice@example.com", callee="sip:bob@example.com"):
        self.link, self.id, self.names = link, call_id, (caller, callee)
        self.cseq = [0, 0]
        self.rng = random.Random(call_id)

    def headers(self, sender, cseq, extra=(), first=()):
        a, b = (self.names[0], self.names[1]) if sender == 0 else (self.names[1], self.names[0])
        return [*first, ("Via", f"SIP/2.0/TCP 192.0.2.10:50123;branch=z9hG4bK{self.rng.randrange(1 << 32):08x}"),
                ("Max-Forwards", "70"), ("From", f"<{a}>;tag=a{sender}"), ("To", f"<{b}>;tag=b{sender}"),
                ("Call-ID", self.id), ("CSeq", cseq), *extra]

    def request(self, sender, method, body=b"", kind=None, extra=(), first=(), pieces=1):
        """first: headers in front of all others."""
        if method != "ACK":
            self.cseq[sender] += 1
        start = f"{method} {self.names[1 - sender]} SIP/2.0"
        self.link.send(sender, message(start, self.headers(sender, f"{self.cseq[sender]} {method}", extra, first), body,
                                       kind), pieces)

    def response(self, sender, status, method, body=b"", kind=None, extra=(), pieces=1):
        """To the last request of the other end."""
        other = 1 - sender
        self.link.send(sender, message(f"SIP/2.0 {status}", self.headers(other, f"{self.cseq[other]} {method}", extra),
                                       body, kind), pieces)


def http_request(path, body, kind):
    return message(f"POST {path} HTTP/1.1", [("Host", "whip.example.com")], body, kind)


def http_created(path, body, kind):
    return message("HTTP/1.1 201 Created", [("Location", path)], body, kind)


def alternative(*parts):
    """multipart/alternative of SDPs, the first of which is for OCS 2007. Returns body and type."""
    body = b""
    for i, part in enumerate(parts):
        disposition = "session; handling=optional" + ("; ms-proxy-2007fallback" if i == 0 else "")
        body += (f"--{BOUNDARY}\r\nContent-Type: application/sdp\r\nContent-Transfer-Encoding: 7bit\r\n"
                 f"Content-Disposition: {disposition}\r\n\r\n").encode() + part + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode(), f'multipart/alternative;boundary="{BOUNDARY}"'


def packed(body):
    return gzip.compress(body, mtime=0), ("Content-Encoding", "gzip")


def mras_request(identity, relay="sip:mras@edge.example.com"):
    return (f'<request requestID="1" version="2.0" to="{relay}" from="{identity}" xmlns="{MRAS_NAMESPACE}">'
            f'<credentialsRequest credentialsRequestID="1"><identity>{identity}</identity><location>internet</location>'
            f'<duration>480</duration></credentialsRequest></request>').encode()


def mras_response(identity, user=None, password=None, reason="OK", host="192.0.2.1", relay="sip:mras@edge.example.com"):
    """user, password: base64; None: it has no credentials."""
    credentials = "" if user is None else (
        f'<credentialsResponse credentialsRequestID="1"><credentials><username>{user}</username><password>{password}'
        f'</password><duration>480</duration></credentials><mediaRelayList><mediaRelay><location>internet</location>'
        f'<hostName>{host}</hostName><udpPort>3478</udpPort><tcpPort>443</tcpPort></mediaRelay></mediaRelayList>'
        f'</credentialsResponse>')
    return (f'<?xml version="1.0"?><response xmlns="{MRAS_NAMESPACE}" requestID="1" version="2.0" serverVersion="2.0" '
            f'to="{identity}" from="{relay}" reasonPhrase="{reason}">{credentials}</response>').encode()
