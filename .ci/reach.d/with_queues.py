"""Bursts of connections: how many wait where, until they are accepted."""
import selectors
import signal
import socket
import subprocess
import time

from lib import Program, free_port, of_each, ours, relay, relays, request

BURST = 600
QUEUE = 4096


def run():
    of_each(f"queue: {BURST} connections at once", burst)
    of_each(f"queue: {BURST} connections wait for a relay that does nothing", waiting)
    of_each("queue: its length, which is an option", lengths)


def connect(port, seconds):
    """So many connections at once: how many are made in this time, and how long the last one took."""
    selector, begun, took = selectors.DefaultSelector(), time.monotonic(), []
    socks = [socket.socket() for _ in range(BURST)]
    for sock in socks:
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", port))
        selector.register(sock, selectors.EVENT_WRITE)
    while len(took) < BURST and time.monotonic() < begun + seconds:
        for key, _ in selector.select(0.1):
            selector.unregister(key.fileobj)
            assert key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            took.append(time.monotonic() - begun)
    return socks, took


def burst(of):
    """Each is answered, too."""
    port = free_port()
    relay(of, f"ws://127.0.0.1:{port}")
    socks, took = connect(port, 30)
    assert len(took) == BURST, f"{len(took)} connections"
    begun = time.monotonic()
    for sock in socks:
        sock.setblocking(True)
        sock.settimeout(30)
        sock.sendall(request(port))
    for sock in socks:
        answer = sock.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        sock.close()
    return f"connected within {max(took) * 1000:.0f} ms, all open {(time.monotonic() - begun) * 1000:.0f} ms later"


def waiting(of):
    """As if it were busy. Where the queue is full, TCP tries again after a second, two, four."""
    port = free_port()
    program = relay(of, f"ws://127.0.0.1:{port}")
    program.process.send_signal(signal.SIGSTOP)
    try:
        socks, took = connect(port, 10)
    finally:
        program.process.send_signal(signal.SIGCONT)
    for sock in socks:
        sock.close()
    assert len(took) == BURST, f"{len(took)} of {BURST} connections are made"
    return f"connected within {max(took) * 1000:.0f} ms"


def lengths(of):
    target = relays("127.0.0.1")[of]
    url = f"ws://127.0.0.1:{target}"
    expect(target, QUEUE)
    for name, says, command in (
        ("relay", "^relaying", lambda port: [f"ws://127.0.0.1:{port}"]),
        ("tunnel", "listening", lambda port: [f"127.0.0.1:{port}", url]),
    ):
        for option, length in (([], QUEUE), (["--backlog", "5"], 5)):
            port = free_port()
            program = Program(ours(of, name), *command(port), *option)
            program.line(says)
            expect(port, length)
            program.stop()


def expect(port, length):
    done = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, check=True)
    found = int(done.stdout.split()[2])
    assert found == length, f"{found} may wait, expected {length}: {done.stdout}"
