"""What the cases share: our programs and files, checks, and peers that are a few lines of Python."""
import asyncio
import http.client
import os
import subprocess
import sys
from pathlib import Path

import websockets

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "peers.d"))
from programs import Program, environment, example, free_port, place  # noqa: E402

# The most seconds that one step may take.
PATIENCE = 30
SCRIPTS = HERE.parent

for name in [name for name in environment if name.lower().endswith("_proxy")]:
    del environment[name]


def file(name, text=""):
    """A file of the run."""
    path = place.scratch / name
    path.write_text(text)
    return path


def expect(what, got, wanted):
    assert got == wanted, f"{what}: {str(got)[-1000:]!r}, expected {str(wanted)[-1000:]!r}"


def fails(part, *command, status=1):
    """The program fails, and its errors say this."""
    errors = run(*command, status=status).decode()
    assert part in errors, f"no {part!r} in {errors[-1000:]!r}"


def run(*command, octets=b"", status=0):
    """What a program prints, which has to end like this."""
    done = subprocess.run([str(word) for word in command], input=octets, capture_output=True, timeout=PATIENCE,
                          env=environment)
    assert done.returncode == status, f"{command[0]} ends with {done.returncode}: {done.stderr.decode()[-1000:]}"
    return done.stdout if status == 0 else done.stderr


def listening(name, *arguments):
    """A server of ours, with `at`, the address that it prints."""
    program = Program(example(name), *arguments)
    program.at = program.line(r"listening on (?:tcp:)?(127\.0\.0\.1:\d+)")[1]
    return program


def relay(port):
    """A relay to a TCP server, with `url`."""
    program = Program(example("relay"), f"ws://127.0.0.1:{free_port()}", f"127.0.0.1:{port}")
    program.url = program.line(r"^relaying (\S+)")[1]
    return program


def ended(program):
    """Interrupts it: it ends well, once nothing is open."""
    program.process.send_signal(2)
    expect("exit status", program.process.wait(PATIENCE), 0)


def answer(address, path, **fields):
    """The status and the body of what a server answers to a request for an upgrade, or for a page."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    connection.request("GET", path, headers=fields)
    response = connection.getresponse()
    return response.status, response.read().decode()


UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "binary"}


def within(coroutine):
    async def limited():
        return await asyncio.wait_for(coroutine, PATIENCE)
    return asyncio.run(limited())


async def echoes(socket, octets):
    """Sends, and waits until as much has come back, however it is cut."""
    await socket.send(octets)
    back = b""
    while len(back) < len(octets):
        back += await socket.recv()
    expect("echo", back, octets)


def python(url, subprotocols=("binary",), **options):
    """A connection of Python's websockets."""
    return websockets.connect(url, subprotocols=list(subprotocols) or None, **options)


def noise(length=2_000_000):
    return os.urandom(length)
