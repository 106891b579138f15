"""Programs, ours and foreign, that a case starts, and what they say."""
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).parent
# The most seconds that one case may take.
PATIENCE = 90

# `run.py` tells where our programs are, and where files may be written.
place = SimpleNamespace(ours=None, scratch=None)
environment = dict(os.environ)
running = []


def our(name):
    return place.ours / name


def example(name):
    return place.ours / "examples" / name


class Program:
    """A program that goes on running, and the lines it prints."""

    def __init__(self, *command):
        self.lines, self.seen, self.news = [], 0, threading.Condition()
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment)
        running.append(self)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.rstrip())
                self.news.notify_all()

    def line(self, pattern, seconds=20, again=False):
        """Waits for the next line like this; with `again`, one that has been passed over is as good."""
        end = time.monotonic() + seconds
        with self.news:
            while True:
                for at in range(0 if again else self.seen, len(self.lines)):
                    if found := re.search(pattern, self.lines[at]):
                        self.seen = max(self.seen, at + 1)
                        return found
                left = end - time.monotonic()
                if left <= 0 or not self.news.wait(min(left, 1)) and self.process.poll() is not None:
                    raise AssertionError(f"no line like {pattern!r}: {self.lines[-10:]}")

    def address(self):
        return self.line(r"(127\.0\.0\.1:\d+)")[1]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for_port(port, program, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and program.process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens: {program.lines}")


def listen(*command):
    program = Program(*command)
    program.at = program.address()
    return program


def relay(target):
    port = free_port()
    program = Program(example("relay"), f"ws://127.0.0.1:{port}", f"127.0.0.1:{target}")
    program.line("^relaying")
    program.at = f"127.0.0.1:{port}"
    return program


def python(name):
    return [sys.executable, HERE / f"peer_{name}.py"]


def output(*command):
    """The JSON that a client prints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=PATIENCE,
                          env=environment)
    last = done.stdout.splitlines()[-1:] or [""]
    assert done.returncode == 0 and last[0].startswith("{"), f"{done.stdout[-500:]} {done.stderr[-1500:]}"
    return json.loads(last[0])


def tcp_echo():
    listener = socket.create_server(("127.0.0.1", 0))

    def echo(tcp):
        with tcp:
            try:
                while block := tcp.recv(1 << 16):
                    tcp.sendall(block)
            except OSError:
                pass

    def accept():
        while True:
            threading.Thread(target=echo, args=[listener.accept()[0]], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]
