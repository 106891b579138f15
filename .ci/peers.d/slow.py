"""Slow readers and late replies through our relays and tunnels: usage: slow.py EXAMPLES [--full], by .ci/slow-readers.

All cases run at once: they wait, most of the time. One line for each. SLOW_ONLY, a part of the line, chooses some.
"""
import hashlib
import os
import random
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import raw

EXAMPLES = Path(sys.argv[1])
FULL = "--full" in sys.argv[2:]
ONLY = os.environ.get("SLOW_ONLY", "")
KIB, MIB = 1 << 10, 1 << 20
# Less than 8 MiB may be in the buffers of systems, where no program has to wait for it.
DOWN, UP, CRAWL = (14 * MIB, 8 * MIB, 3 * MIB) if FULL else (8 * MIB, 4 * MIB, MIB)
RATES = (60 * KIB, 100 * KIB) if FULL else (100 * KIB,)
SLOWEST = 16 * KIB
LATE = 12
PINGS = 30 if FULL else 7
PREFIX = {"tokio": "", "async-std": "async_std_"}
BOTH = tuple(PREFIX)

directory = tempfile.TemporaryDirectory(prefix="slow-readers-")
running = []
# The programs of this thread's case.
own = threading.local()


class Example:
    """A program of ours; what it says is kept in a file, so that it never waits for us."""

    def __init__(self, of, name, *args, **more):
        self.name = f"{of} {name}"
        self.log = tempfile.NamedTemporaryFile("w+", dir=directory.name, delete=False)
        words = [EXAMPLES / (PREFIX[of] + name), *args]
        more = {"stdin": subprocess.DEVNULL, "stdout": self.log} | more
        self.process = subprocess.Popen([str(word) for word in words], stderr=self.log, **more)
        self.begun = time.monotonic()
        running.append(self)
        own.programs.append(self)

    def said(self):
        return Path(self.log.name).read_text()

    def line(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said())):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"{self.name} does not say {pattern!r}: {self.said()!r}")
            time.sleep(0.02)
        return found

    def ends(self, seconds=20):
        """With status 0, by itself."""
        status = self.process.wait(seconds)
        if status or self.said():
            raise AssertionError(f"{self.name}: exit status {status}, says {self.said()!r}")

    def is_content(self):
        """It has said nothing but where it listens; told to end, it has nothing left to do."""
        where = re.compile(r"relaying |(tunnel: )?listening on ")
        said = [line for line in self.said().splitlines() if not where.match(line)]
        if said:
            raise AssertionError(f"{self.name} says {said}")
        # Its last connection is over for us, and for it soon.
        time.sleep(1)
        self.process.terminate()
        if status := self.process.wait(20):
            raise AssertionError(f"{self.name}: exit status {status}, says {self.said()!r}")


class Data:
    """So many octets that nothing can compress, a piece at a time."""

    def __init__(self, length, seed):
        self.length, self.seed = length, seed

    def pieces(self):
        dice = random.Random(self.seed)
        for at in range(0, self.length, 64 * KIB):
            yield dice.randbytes(min(64 * KIB, self.length - at))

    def check(self, pieces):
        """That these are they, and how long they took."""
        want, got, count, begun = hashlib.sha1(), hashlib.sha1(), 0, time.monotonic()
        for piece in pieces:
            got.update(piece)
            count += len(piece)
        for piece in self.pieces():
            want.update(piece)
        if count != self.length or got.digest() != want.digest():
            raise AssertionError(f"{count} octets of {self.length} came")
        return time.monotonic() - begun


class Server:
    """Serves one TCP connection; what it fails with is told by `done`."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.at = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.serve, self.fault = serve, None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            sock, _ = self.listener.accept()
            with sock:
                self.serve(sock)
        except Exception as error:
            self.fault = error

    def done(self):
        self.thread.join(30)
        if self.thread.is_alive():
            raise AssertionError("the server has not done")
        if self.fault:
            raise AssertionError(f"the server: {self.fault!r}")


def until_end(slow):
    while octets := slow.read():
        yield octets


def exactly(slow, length):
    while length:
        octets = slow.read(min(8192, length))
        if not octets:
            return
        length -= len(octets)
        yield octets


def ends_with(read, want):
    got = b"".join(until_end(raw.Slow(read)))
    if got != want:
        raise AssertionError(f"the reply is {got!r}")


def start_relay(of, server):
    port = socket.create_server(("127.0.0.1", 0))
    address = port.getsockname()
    port.close()
    # A client that reads slowly says nothing meanwhile.
    relay = Example(of, "relay", "--wait", "60", f"ws://127.0.0.1:{address[1]}/", server.at)
    relay.line("relaying")
    relay.at = address
    return relay


def start_tunnel(of, at):
    tunnel = Example(of, "tunnel", "127.0.0.1:0", f"ws://{at}/")
    tunnel.at = ("127.0.0.1", int(tunnel.line(r"listening on 127\.0\.0\.1:(\d+)")[1]))
    return tunnel


def url_of(relay):
    return "%s:%d" % relay.at


# What the servers do.

def sends(data):
    """Over TCP, to who has ended its direction, or will not."""
    def serve(sock):
        for piece in data.pieces():
            sock.sendall(piece)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(8192):
            pass
    return serve


def takes(data, rate, to_end):
    """Over TCP, slowly; then it says so."""
    def serve(sock):
        slow = raw.Slow(sock.recv, rate)
        data.check(until_end(slow) if to_end else exactly(slow, data.length))
        sock.sendall(b"all of it")
        if not to_end:
            while sock.recv(8192):
                pass
    return serve


def answers_late(sock):
    query = b"".join(until_end(raw.Slow(sock.recv)))
    time.sleep(LATE)
    sock.sendall(b"late: " + query)


def ws_sends(data, pings):
    def serve(sock):
        ws = raw.accept(sock)
        if pings:
            ws.ping_every(PINGS)
        closing = threading.Thread(target=lambda: list(ws.messages()), daemon=True)
        closing.start()
        for piece in data.pieces():
            ws.send(raw.BINARY, piece)
        ws.close()
        closing.join(400)
        if ws.closed != 1000 or (pings and not ws.counts[raw.PONG]):
            raise AssertionError(f"closed with {ws.closed}, pongs {ws.counts[raw.PONG]}")
    return serve


def ws_takes(data, rate, pings):
    def serve(sock):
        ws = raw.accept(sock, rate)
        if pings:
            ws.ping_every(PINGS)
        count = 0

        def pieces():
            nonlocal count
            for message in ws.messages():
                count += len(message)
                yield message
                if count == data.length:
                    return
        data.check(pieces())
        ws.send(raw.BINARY, b"all of it")
        ws.close()
        list(ws.messages())
        if ws.closed != 1000:
            raise AssertionError(f"closed with {ws.closed}")
    return serve


def ws_answers_late(sock):
    ws = raw.accept(sock)
    query = next(ws.messages())
    time.sleep(LATE)
    ws.send(raw.BINARY, b"late: " + query)
    ws.close()
    list(ws.messages())
    if ws.closed != 1000:
        raise AssertionError(f"closed with {ws.closed}")


# The cases: each gives the seconds it took to carry the data.

def down_through_port(data, rate, tunnel_of, relay_of):
    server = Server(sends(data))
    relay = start_relay(relay_of, server)
    tunnel = start_tunnel(tunnel_of, url_of(relay))
    with socket.create_connection(tunnel.at) as tcp:
        tcp.shutdown(socket.SHUT_WR)
        took = data.check(until_end(raw.Slow(tcp.recv, rate)))
    server.done()
    tunnel.is_content()
    relay.is_content()
    return took


def down_to_stdout(data, rate, tunnel_of, relay_of):
    server = Server(sends(data))
    relay = start_relay(relay_of, server)
    tunnel = Example(tunnel_of, "tunnel", "-", f"ws://{url_of(relay)}/", stdout=subprocess.PIPE)
    took = data.check(until_end(raw.Slow(tunnel.process.stdout.read1, rate)))
    tunnel.ends()
    server.done()
    relay.is_content()
    return took


def down_from_foreign(data, rate, tunnel_of, pings):
    """A server that knows no half close, and ends both directions; our input goes on."""
    server = Server(ws_sends(data, pings))
    tunnel = Example(tunnel_of, "tunnel", "-", f"ws://{server.at}/", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    took = data.check(until_end(raw.Slow(tunnel.process.stdout.read1, rate)))
    tunnel.ends()
    server.done()
    return took


def down_from_foreign_to_port(data, rate, tunnel_of, pings):
    server = Server(ws_sends(data, pings))
    tunnel = start_tunnel(tunnel_of, server.at)
    with socket.create_connection(tunnel.at) as tcp:
        tcp.shutdown(socket.SHUT_WR)
        took = data.check(until_end(raw.Slow(tcp.recv, rate)))
    server.done()
    tunnel.is_content()
    return took


def down_to_foreign(data, rate, relay_of, pings):
    """A client that knows no half close, and closes when it has everything."""
    server = Server(sends(data))
    relay = start_relay(relay_of, server)
    ws = raw.connect(relay.at, rate)
    if pings:
        ws.ping_every(PINGS)
    messages, count = ws.messages(), 0

    def pieces():
        nonlocal count
        while count < data.length:
            message = next(messages, b"")
            count += len(message)
            if not message:
                return
            yield message
    took = data.check(pieces())
    pongs = ws.counts[raw.PONG]
    ws.close()
    list(messages)
    if ws.closed != 1000 or (pings and not pongs):
        raise AssertionError(f"closed with {ws.closed}, pongs {pongs}")
    ws.answer_close()
    server.done()
    relay.is_content()
    return took


def up_through_port(data, rate, tunnel_of, relay_of):
    server = Server(takes(data, rate, True))
    relay = start_relay(relay_of, server)
    tunnel = start_tunnel(tunnel_of, url_of(relay))
    begun = time.monotonic()
    with socket.create_connection(tunnel.at) as tcp:
        for piece in data.pieces():
            tcp.sendall(piece)
        tcp.shutdown(socket.SHUT_WR)
        ends_with(tcp.recv, b"all of it")
    server.done()
    tunnel.is_content()
    relay.is_content()
    return time.monotonic() - begun


def from_stdin(tunnel, pieces):
    for piece in pieces:
        tunnel.process.stdin.write(piece)
    tunnel.process.stdin.close()


def up_to_foreign(data, rate, tunnel_of, pings):
    server = Server(ws_takes(data, rate, pings))
    begun = time.monotonic()
    tunnel = Example(tunnel_of, "tunnel", "-", f"ws://{server.at}/", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    from_stdin(tunnel, data.pieces())
    ends_with(tunnel.process.stdout.read1, b"all of it")
    tunnel.ends()
    server.done()
    return time.monotonic() - begun


def up_from_foreign(data, rate, relay_of, pings):
    server = Server(takes(data, rate, False))
    relay = start_relay(relay_of, server)
    begun, ws = time.monotonic(), raw.connect(relay.at)
    if pings:
        ws.ping_every(PINGS)
    sending = threading.Thread(target=lambda: [ws.send(raw.BINARY, piece) for piece in data.pieces()], daemon=True)
    sending.start()
    messages = ws.messages()
    if (reply := next(messages, None)) != b"all of it":
        raise AssertionError(f"the reply is {reply!r}, closed with {ws.closed}")
    ws.close()
    list(messages)
    if ws.closed != 1000:
        raise AssertionError(f"closed with {ws.closed}")
    ws.answer_close()
    server.done()
    relay.is_content()
    return time.monotonic() - begun


def late(tunnel_of, relay_of):
    """Without a relay the server is foreign."""
    server = Server(answers_late if relay_of else ws_answers_late)
    relay = start_relay(relay_of, server) if relay_of else None
    begun, at = time.monotonic(), url_of(relay) if relay else server.at
    tunnel = Example(tunnel_of, "tunnel", "-", f"ws://{at}/", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    from_stdin(tunnel, [b"query"])
    ends_with(tunnel.process.stdout.read1, b"late: query")
    tunnel.ends()
    server.done()
    if relay:
        relay.is_content()
    return time.monotonic() - begun


def all_cases():
    seeds = iter(range(1000))

    def case(what, run, length, rate, programs, half_close, pings=None):
        data = [Data(length, next(seeds))] if length else []
        rest = [*data, *([rate] if rate else []), *programs, *([pings] if pings is not None else [])]
        rows.append((what, " + ".join(filter(None, programs)), half_close, pings, length, rate, lambda: run(*rest)))

    rows = []
    pairs = [(tunnel, relay) for tunnel in BOTH for relay in BOTH]
    for rate in RATES:
        for pair in pairs:
            case("down: TCP server -> relay -> tunnel -> TCP", down_through_port, DOWN, rate, pair, True)
        for of in BOTH:
            case("down: TCP server -> relay -> tunnel -", down_to_stdout, DOWN, rate, (of, of), True)
            for pings in (False, True):
                case("down: foreign server -> tunnel -", down_from_foreign, DOWN, rate, (of,), False, pings)
                case("down: TCP server -> relay -> foreign client", down_to_foreign, DOWN, rate, (of,), False, pings)
            case("down: foreign server -> tunnel -> TCP", down_from_foreign_to_port, DOWN, rate, (of,), False, True)
    for pair in pairs:
        case("late: tunnel - -> relay -> TCP server", late, 0, 0, pair, True)
    for of in BOTH:
        case("late: tunnel - -> foreign server", late, 0, 0, (of, None), False)
        case("down: TCP server -> relay -> tunnel -> TCP", down_through_port, CRAWL, SLOWEST, (of, of), True)
        case("down: TCP server -> relay -> foreign client", down_to_foreign, CRAWL, SLOWEST, (of,), False, True)
    rate = RATES[-1]
    for pair in pairs:
        case("up: TCP -> tunnel -> relay -> TCP server", up_through_port, UP, rate, pair, True)
    for of in BOTH:
        for pings in (False, True):
            case("up: tunnel - -> foreign server", up_to_foreign, UP, rate, (of,), False, pings)
            case("up: foreign client -> relay -> TCP server", up_from_foreign, UP, rate, (of,), False, pings)
    return rows


def main():
    counts = {"ok": 0, "FAILED": 0}
    shown = threading.Lock()

    def run(what, programs, half_close, pings, length, rate, act):
        own.programs, begun = [], time.monotonic()
        try:
            word, took = "ok", f"{act():6.1f} s"
        except Exception as error:
            if not isinstance(error, (AssertionError, OSError)):
                traceback.print_exc()
            time.sleep(1)
            said = "".join(f"\n    {one.name} ({one.process.poll()}): {one.said()!r}" for one in own.programs)
            word, took = "FAILED", f"after {time.monotonic() - begun:.1f} s: {error!r}{said}"
        about = f"{length / MIB:4.0f} MiB at {rate // KIB:3} KiB/s" if length else f"   after {LATE} s      "
        agreed = "half close" if half_close else f"no half close{', its pings' if pings else ''}"
        with shown:
            counts[word] += 1
            print(f"{word:<6} {what:<44} {programs:<21} {about} {agreed:<24} {took}", flush=True)

    chosen = [row for row in all_cases() if ONLY in " ".join(map(str, row))]
    threads = [threading.Thread(target=run, args=row, daemon=True) for row in chosen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    for example in running:
        example.process.kill()
    print(f"slow readers: {counts['ok']} passed, {counts['FAILED']} failed; {used.ru_utime + used.ru_stime:.1f} s of CPU")
    return bool(counts["FAILED"] or not counts["ok"])


if __name__ == "__main__":
    sys.exit(main())
