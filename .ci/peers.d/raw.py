"""WebSocket as others speak it, without any extension, on blocking sockets: the standard library is all it needs."""
import base64
import hashlib
import os
import socket
import struct
import threading
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Slow:
    """Reads no more than `rate` octets in a second; None: as they come."""

    def __init__(self, read, rate=None):
        self.raw, self.rate, self.count, self.begun = read, rate, 0, None

    def read(self, most=8192):
        self.begun = self.begun or time.monotonic()
        octets = self.raw(most)
        self.count += len(octets)
        if self.rate:
            time.sleep(max(0, self.begun + self.count / self.rate - time.monotonic()))
        return octets


class WebSocket:
    def __init__(self, sock, is_client, rate=None):
        self.sock, self.is_client, self.slow = sock, is_client, Slow(sock.recv, rate)
        self.buffer, self.sending = bytearray(), threading.Lock()
        self.counts = {PING: 0, PONG: 0}
        self.closed, self.sent_close = None, False

    def send(self, opcode, payload=b""):
        length = len(payload)
        # A mask of zeros is one, too.
        bit = 128 if self.is_client else 0
        if length < 126:
            head = bytes([128 | opcode, bit | length])
        elif length < 65536:
            head = bytes([128 | opcode, bit | 126]) + struct.pack("!H", length)
        else:
            head = bytes([128 | opcode, bit | 127]) + struct.pack("!Q", length)
        with self.sending:
            self.sock.sendall(head + (bytes(4) if bit else b"") + payload)

    def close(self, code=1000):
        self.sent_close = True
        self.send(CLOSE, struct.pack("!H", code))

    def take(self, length):
        while len(self.buffer) < length:
            octets = self.slow.read()
            if not octets:
                raise EOFError(f"TCP ends without a Close, {len(self.buffer)} octets of a frame are there")
            self.buffer += octets
        taken = bytes(self.buffer[:length])
        del self.buffer[:length]
        return taken

    def messages(self):
        """What data frames carry, until the peer's Close; pings are answered."""
        while self.closed is None:
            first, second = self.take(2)
            length = second & 127
            if length >= 126:
                length = int.from_bytes(self.take(2 if length == 126 else 8), "big")
            key = self.take(4) if second & 128 else b""
            payload = self.take(length)
            if key:
                mask = (key * (length // 4 + 1))[:length]
                payload = (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(length, "big")
            opcode = first & 15
            if opcode == CLOSE:
                self.closed = int.from_bytes(payload[:2], "big") if payload else 1005
            elif opcode in self.counts:
                self.counts[opcode] += 1
                if opcode == PING:
                    self.send(PONG, payload)
            else:
                yield payload

    def answer_close(self):
        """After the peer's Close: ours, if it is to come, and TCP's end."""
        if not self.sent_close:
            self.close()
        if self.is_client:
            while self.sock.recv(65536):
                pass
        self.sock.close()

    def ping_every(self, seconds):
        """From now on, until the peer has closed."""
        def run():
            try:
                while self.closed is None:
                    self.send(PING, b"there?")
                    time.sleep(seconds)
            except OSError:
                pass
        threading.Thread(target=run, daemon=True).start()


def head(sock):
    octets = b""
    while not octets.endswith(b"\r\n\r\n"):
        octet = sock.recv(1)
        if not octet:
            raise EOFError(f"no more of a head: {octets!r}")
        octets += octet
    return octets


def connect(address, rate=None):
    sock = socket.create_connection(address)
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall((f"GET / HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
    response = head(sock)
    if not response.startswith(b"HTTP/1.1 101 "):
        raise AssertionError(f"no upgrade: {response!r}")
    return WebSocket(sock, True, rate)


def accept(sock, rate=None):
    key = next(line.split(b":")[1].strip() for line in head(sock).split(b"\r\n")
               if line.lower().startswith(b"sec-websocket-key:"))
    answer = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    sock.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Accept: {answer}\r\nSec-WebSocket-Protocol: binary\r\n\r\n").encode())
    return WebSocket(sock, False, rate)
