"""How streams end through our relays and tunnels: usage: ends.py EXAMPLES, by .ci/ends.

One line for each case. ENDS_ONLY, a part of the line, chooses some.
"""
import fcntl
import hashlib
import os
import random
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import raw
from slow import BOTH, MIB, Example, Server, own, running, start_relay, start_tunnel, url_of

GIB = 1 << 30
ALL = 300_000
ONLY = os.environ.get("ENDS_ONLY", "")
# Within this time a sender has to see that its reader has gone.
SOON = 5
# No window of deflate reaches as far back as these repeat.
BLOCK = memoryview(random.Random(7).randbytes(2 * MIB))
CHUNK = 64 << 10


# 1 GiB each way.

def pieces():
    for number in range(GIB // CHUNK):
        start = number * 641 % MIB
        yield BLOCK[start:start + CHUNK]


WANTED = []


def check(received):
    """That these are all the octets."""
    digest, count = hashlib.sha256(), 0
    for piece in received:
        digest.update(piece)
        count += len(piece)
    if count != GIB or digest.digest() != WANTED[0]:
        raise AssertionError(f"{count} octets of {GIB} came")


def until_end(read):
    while octets := read(CHUNK):
        yield octets


def is_end(octets):
    if octets:
        raise AssertionError(f"{octets[:20]!r} and not the end")


def tcp_server_takes(sock):
    check(until_end(sock.recv))
    sock.sendall(b"all of it")


def tcp_server_sends(sock):
    for piece in pieces():
        sock.sendall(piece)
    sock.shutdown(socket.SHUT_WR)
    is_end(sock.recv(1))


def ws_takes(ws):
    def some():
        count = 0
        for message in ws.messages():
            count += len(message)
            yield message
            if count == GIB:
                return
    check(some())


def ws_closes(ws):
    ws.close()
    list(ws.messages())
    if ws.closed != 1000:
        raise AssertionError(f"closed with {ws.closed}")


def ws_server_takes(sock):
    ws = raw.accept(sock)
    ws_takes(ws)
    ws.send(raw.BINARY, b"all of it")
    ws_closes(ws)


def ws_server_sends(sock):
    ws = raw.accept(sock)
    for piece in pieces():
        ws.send(raw.BINARY, piece)
    ws_closes(ws)


def tunnel_at(of, at):
    return Example(of, "tunnel", "-", f"ws://{at}/", stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def through_tunnel(is_up, tunnel_of, relay_of):
    """From or to standard input and output. Without a relay the server is foreign, and there is no half close."""
    if relay_of:
        server = Server(tcp_server_takes if is_up else tcp_server_sends)
    else:
        server = Server(ws_server_takes if is_up else ws_server_sends)
    relay = start_relay(relay_of, server) if relay_of else None
    tunnel = tunnel_at(tunnel_of, url_of(relay) if relay else server.at)
    stdin, stdout = tunnel.process.stdin, tunnel.process.stdout
    if is_up:
        for piece in pieces():
            stdin.write(piece)
        stdin.close()
        if (reply := stdout.read()) != b"all of it":
            raise AssertionError(f"the reply is {reply!r}")
    else:
        if relay:
            stdin.close()
        check(until_end(stdout.read1))
    tunnel.ends()
    server.done()
    if relay:
        relay.is_content()


def through_relay(is_up, relay_of):
    """From or to a foreign client, without half close."""
    def takes(sock):
        def some():
            left = GIB
            while left and (octets := sock.recv(CHUNK)):
                left -= len(octets)
                yield octets
        check(some())
        sock.sendall(b"all of it")
        is_end(sock.recv(1))
    server = Server(takes if is_up else tcp_server_sends)
    relay = start_relay(relay_of, server)
    ws = raw.connect(relay.at)
    if is_up:
        for piece in pieces():
            ws.send(raw.BINARY, piece)
        if (reply := next(ws.messages(), None)) != b"all of it":
            raise AssertionError(f"the reply is {reply!r}")
    else:
        ws_takes(ws)
    ws_closes(ws)
    ws.answer_close()
    server.done()
    relay.is_content()


# Bad ends, and a slow reader on the other side.

def resets(sock):
    """Once the other system has everything: a reset destroys what is on its way."""
    while struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0]:
        time.sleep(0.01)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def truncates(ws):
    ws.sock.shutdown(socket.SHUT_WR)
    list(until_end(ws.sock.recv))


def closes_with(code):
    def closes(ws):
        ws.close(code)
        list(ws.messages())
    return closes


def breaks_protocol(ws):
    with ws.sending:
        ws.sock.sendall(b"\xf2\x80\0\0\0\0" if ws.is_client else b"\xf2\0")
    list(ws.messages())


BAD = {
    "reset": lambda ws: resets(ws.sock),
    "truncated": truncates,
    "Close 1001": closes_with(1001),
    "Close 1011": closes_with(1011),
    "protocol error": breaks_protocol,
}


def ws_fails(how):
    def fails(ws):
        for _ in range(6):
            ws.send(raw.BINARY, bytes(ALL // 6))
        try:
            BAD[how](ws)
        except (EOFError, ConnectionResetError, BrokenPipeError):
            pass
    return fails


def tcp_fails(sock):
    sock.sendall(bytes(ALL))
    resets(sock)


def is_told_by_reset(sock):
    """A slow reader, over TCP."""
    count, slow = 0, raw.Slow(sock.recv, 256 << 10)
    try:
        while octets := slow.read():
            count += len(octets)
        told = "an end"
    except ConnectionResetError:
        told = "a reset"
    if (count, told) != (ALL, "a reset"):
        raise AssertionError(f"{count} octets, then {told}")


def is_told_by_close(ws):
    ws.slow.rate = 256 << 10
    count = sum(map(len, ws.messages()))
    if (count, ws.closed) != (ALL, 1011):
        raise AssertionError(f"{count} octets, then {ws.closed}")
    ws.answer_close()


def small_window(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)


def slow_server(serve):
    server = Server(lambda sock: serve(sock))
    small_window(server.listener)
    return server


def slow_client(at):
    sock = socket.socket()
    small_window(sock)
    sock.connect(at)
    return sock


def bad_client(relay_of, how):
    server = slow_server(is_told_by_reset)
    ws = raw.connect(start_relay(relay_of, server).at)
    ws_fails(how)(ws)
    server.done()


def bad_target(relay_of):
    server = Server(tcp_fails)
    ws = raw.connect(start_relay(relay_of, server).at)
    is_told_by_close(ws)
    server.done()


def bad_server(tunnel_of, how):
    server = Server(lambda sock: ws_fails(how)(raw.accept(sock)))
    with slow_client(start_tunnel(tunnel_of, server.at).at) as tcp:
        is_told_by_reset(tcp)
    server.done()


def bad_local(tunnel_of):
    server = slow_server(lambda sock: is_told_by_close(raw.accept(sock)))
    tcp_fails(socket.create_connection(start_tunnel(tunnel_of, server.at).at))
    server.done()


def bad_far_end(tunnel_of, relay_of, is_up):
    server = slow_server(is_told_by_reset) if is_up else Server(tcp_fails)
    tunnel = start_tunnel(tunnel_of, url_of(start_relay(relay_of, server)))
    if is_up:
        tcp_fails(socket.create_connection(tunnel.at))
    else:
        with slow_client(tunnel.at) as tcp:
            is_told_by_reset(tcp)
    server.done()


# Who has gone stops who sends.

class Noted:
    """When something has happened."""

    def __init__(self):
        self.at, self.event = None, threading.Event()

    def now(self):
        self.at = time.monotonic()
        self.event.set()


def sends_for_ever(noted, send):
    try:
        while True:
            send(BLOCK[:CHUNK])
    except OSError:
        noted.now()


def in_time(noted, begun):
    if not noted.event.wait(20):
        raise AssertionError("it is never told")
    if (took := noted.at - begun) > SOON:
        raise AssertionError(f"it is told after {took:.1f} s")
    return f"told after {took:.1f} s"


def some(read, least=MIB):
    count = 0
    while count < least and (octets := read(CHUNK)):
        count += len(octets)


def reader_gone(tunnel_of, relay_of, half_closes):
    """A download through both programs, or from a foreign server."""
    stopped = Noted()
    if relay_of:
        server = Server(lambda sock: sends_for_ever(stopped, sock.sendall))
        at = url_of(start_relay(relay_of, server))
    else:
        def serve(sock):
            ws = raw.accept(sock)
            sends_for_ever(stopped, lambda piece: ws.send(raw.BINARY, piece))
        server = Server(serve)
        at = server.at
    with socket.create_connection(start_tunnel(tunnel_of, at).at) as tcp:
        if half_closes:
            tcp.shutdown(socket.SHUT_WR)
        some(tcp.recv)
    return in_time(stopped, time.monotonic())


def client_gone(relay_of):
    stopped = Noted()
    server = Server(lambda sock: sends_for_ever(stopped, sock.sendall))
    ws = raw.connect(start_relay(relay_of, server).at)
    some(ws.sock.recv)
    ws.sock.close()
    return in_time(stopped, time.monotonic())


def silent_reader_gone(tunnel_of):
    """It has half closed, and goes while there is something for it that it did not read; the server is silent."""
    told = Noted()

    def serve(sock):
        ws = raw.accept(sock)
        ws.send(raw.BINARY, b"so far")
        list(ws.messages())
        told.now()
    server = Server(serve)
    tcp = socket.create_connection(start_tunnel(tunnel_of, server.at).at)
    tcp.shutdown(socket.SHUT_WR)
    tcp.recv(1)
    time.sleep(0.5)
    tcp.close()
    return in_time(told, time.monotonic())


def target_gone(relay_of, tunnel_of):
    """It resets in the middle of an upload."""
    gone, stopped = Noted(), Noted()

    def serve(sock):
        some(sock.recv)
        gone.now()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server = Server(serve)
    relay = start_relay(relay_of, server)
    if tunnel_of:
        tcp = socket.create_connection(start_tunnel(tunnel_of, url_of(relay)).at)
        sends_for_ever(stopped, tcp.sendall)
        return in_time(stopped, gone.at)
    ws = raw.connect(relay.at)

    def listen():
        try:
            list(ws.messages())
        finally:
            stopped.now()
    threading.Thread(target=listen, daemon=True).start()
    sends_for_ever(Noted(), lambda piece: ws.send(raw.BINARY, piece))
    told = in_time(stopped, gone.at)
    if ws.closed != 1011:
        raise AssertionError(f"closed with {ws.closed}")
    return told


def short_cases():
    pairs = [(tunnel, relay) for tunnel in BOTH for relay in BOTH]
    for of in BOTH:
        for how in BAD:
            yield f"{how}: foreign client -> relay -> slow TCP server", of, lambda of=of, how=how: bad_client(of, how)
            yield f"{how}: foreign server -> tunnel -> slow TCP", of, lambda of=of, how=how: bad_server(of, how)
        yield "reset: TCP server -> relay -> slow foreign client", of, lambda of=of: bad_target(of)
        yield "reset: TCP -> tunnel -> slow foreign server", of, lambda of=of: bad_local(of)
    for tunnel, relay in pairs:
        for is_up, way in ((True, "TCP -> tunnel -> relay -> slow TCP server"),
                           (False, "TCP server -> relay -> tunnel -> slow TCP")):
            yield (f"reset: {way}", f"{tunnel} + {relay}",
                   lambda *args, tunnel=tunnel, relay=relay, is_up=is_up: bad_far_end(tunnel, relay, is_up))


def timed_cases():
    for of in BOTH:
        for relay in (of, None):
            for half in (False, True):
                programs = " + ".join(filter(None, (of, relay)))
                whose = "TCP server -> relay" if relay else "foreign server"
                what = f"gone{' after its end' if half else ''}: {whose} -> tunnel -> reader"
                yield what, programs, lambda of=of, relay=relay, half=half: reader_gone(of, relay, half)
        yield "gone: TCP server -> relay -> client", of, lambda of=of: client_gone(of)
        yield "gone: silent foreign server -> tunnel -> reader", of, lambda of=of: silent_reader_gone(of)
        yield "gone: foreign client -> relay -> target", of, lambda of=of: target_gone(of, None)
        yield "gone: TCP -> tunnel -> relay -> target", f"{of} + {of}", lambda of=of: target_gone(of, of)


def long_cases():
    for is_up in (True, False):
        for of in BOTH:
            way = "TCP server -> relay -> tunnel -"
            if is_up:
                way = "tunnel - -> relay -> TCP server"
            yield f"1 GiB, half close: {way}", f"{of} + {of}", lambda of=of, up=is_up: through_tunnel(up, of, of)
            way = "tunnel - -> foreign server" if is_up else "foreign server -> tunnel -"
            yield f"1 GiB: {way}", of, lambda of=of, up=is_up: through_tunnel(up, of, None)
            way = "foreign client -> relay -> TCP server" if is_up else "TCP server -> relay -> foreign client"
            yield f"1 GiB: {way}", of, lambda of=of, up=is_up: through_relay(up, of)


counts = {"ok": 0, "FAILED": 0}
shown = threading.Lock()


def run(what, programs, act):
    own.programs, begun = [], time.monotonic()
    try:
        word, about = "ok", act() or ""
    except Exception as error:
        if not isinstance(error, (AssertionError, OSError)):
            traceback.print_exc()
        said = "".join(f"\n    {one.name} ({one.process.poll()}): {one.said()!r}" for one in own.programs)
        word, about = "FAILED", f"{error!r}{said}"
    for one in own.programs:
        one.process.kill()
    with shown:
        counts[word] += 1
        print(f"{word:<6} {what:<60} {programs:<22} {time.monotonic() - begun:5.1f} s  {about}", flush=True)


def main():
    digest = hashlib.sha256()
    for piece in pieces():
        digest.update(piece)
    WANTED.append(digest.digest())
    # Those that are timed get the machine for themselves, and those that wait do so together.
    for cases, at_once in ((short_cases(), 8), (timed_cases(), 1), (long_cases(), 1)):
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(lambda case: run(*case), [case for case in cases if ONLY in f"{case[0]} {case[1]}"]))
    for example in running:
        example.process.kill()
    print(f"ends: {counts['ok']} passed, {counts['FAILED']} failed")
    return bool(counts["FAILED"] or not counts["ok"])


if __name__ == "__main__":
    sys.exit(main())
