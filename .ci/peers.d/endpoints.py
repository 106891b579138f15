"""Autobahn's endpoints and ours, by descriptors, each client with each server: usage: endpoints.py OURS.

Every pair says hello; and sends more octets than autofrag lets into a frame, through a tap that looks at frames.
"""
import itertools
import socket
import subprocess
import sys
import threading
from pathlib import Path

OURS, HERE = Path(sys.argv[1]), Path(__file__).parent
LENGTH, AUTOFRAG = 10_000, 4096
EXAMPLES = {"tokio": "hello_{}_endpoint", "async-std": "async_std_hello_{}_endpoint"}
counts = {True: 0, False: 0}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Tap:
    """Lets one connection through, and keeps what was sent each way."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.to = self.listener.getsockname()[1], port
        self.sent = {"up": bytearray(), "down": bytearray()}
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.to))
        ways = [threading.Thread(target=self.pump, args=way, daemon=True)
                for way in (("up", client, server), ("down", server, client))]
        for way in ways:
            way.start()
        for way in ways:
            way.join()
        client.close()
        server.close()

    def pump(self, way, source, sink):
        try:
            while octets := source.recv(65536):
                self.sent[way] += octets
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            # Autobahn ends with a reset.
            source.close()
            sink.close()

    def frames(self, way):
        """The head, and opcode and length of each data frame's payload."""
        head, _, rest = bytes(self.sent[way]).partition(b"\r\n\r\n")
        frames = []
        while rest:
            opcode, length, at = rest[0] & 15, rest[1] & 127, 2
            if length >= 126:
                at = 4 if length == 126 else 10
                length = int.from_bytes(rest[2:at], "big")
            at += 4 if rest[1] & 128 else 0
            if opcode < 8:
                frames.append((opcode, length))
            rest = rest[at + length:]
        return head.decode(), frames


def program(whose, role, subprotocol, descriptor, length):
    if whose == "autobahn":
        words = [sys.executable, HERE / "peer_hello.py", role, subprotocol, descriptor]
        return words + ([length] if length else [])
    if length:
        return [OURS / "peer_endpoint", whose, role, descriptor, length]
    return [OURS / "examples" / EXAMPLES[whose].format(role), descriptor]


def run(server, client, subprotocol, compression, length):
    port = free_port()
    tap = Tap(port)
    options = f"compression={compression}:autofrag={AUTOFRAG}"
    there = rf"autobahn:tcp\:{port}\:interface\=127.0.0.1:url=ws\://localhost\:{port}:{options}"
    here = rf"autobahn:tcp\:127.0.0.1\:{tap.port}:url=ws\://localhost\:{port}:{options}"
    if client != "autobahn" and subprotocol == "base64":
        here += ":subprotocol=base64"
    words = {role: [str(word) for word in program(whose, role, subprotocol, descriptor, length)]
             for whose, role, descriptor in ((server, "server", there), (client, "client", here))}
    serving = subprocess.Popen(words["server"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert "listening" in (line := serving.stdout.readline()), line
        done = subprocess.run(words["client"], capture_output=True, text=True, timeout=20)
        said = "all of it" if length else "how are you?"
        assert done.returncode == 0 and said in done.stdout, done
        said = "all of it" if length else "hello"
        assert said in (line := serving.stdout.readline()), line
        tap.thread.join(20)
        check(tap, subprotocol, compression, length)
    finally:
        serving.kill()
        serving.wait()


def check(tap, subprotocol, compression, length):
    head, _ = tap.frames("down")
    assert f"protocol: {subprotocol}" in head.lower(), head
    assert ("permessage-deflate" in head.lower()) == (compression == "true"), head
    for way in ("up", "down"):
        _, frames = tap.frames(way)
        assert frames[0][0] == (1 if subprotocol == "base64" else 2), frames
        assert max(size for _, size in frames) <= AUTOFRAG, frames
        # Noise: Base64 of it shrinks to what it was.
        assert not length or sum(size for _, size in frames) >= length * 0.99, frames
        assert not length or len(frames) >= length / AUTOFRAG, frames


def case(title, *arguments):
    try:
        run(*arguments)
        print(f"ok     {title}", flush=True)
        counts[True] += 1
    except (AssertionError, IndexError, subprocess.TimeoutExpired) as error:
        print(f"FAILED {title}: {error!r}", flush=True)
        counts[False] += 1


whose = ("tokio", "async-std", "autobahn")
for client, server in itertools.product(whose, whose):
    pair = f"endpoints: {client} -> {server}"
    for subprotocol, compression in itertools.product(("binary", "base64"), ("true", "false")):
        about = f"{subprotocol}, compression={compression}"
        case(f"{pair}, {LENGTH} octets, {about}", server, client, subprotocol, compression, LENGTH)
    case(f"{pair}, hello", server, client, "binary", "true", 0)
print(f"endpoints: {counts[True]} passed, {counts[False]} failed")
sys.exit(bool(counts[False]))
