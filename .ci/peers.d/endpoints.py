"""Autobahn's endpoints and ours, by descriptors, in all pairings: usage: endpoints.py OURS."""
import socket
import subprocess
import sys
from pathlib import Path

OURS, HERE = Path(sys.argv[1]), Path(__file__).parent
failures = 0


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def program(whose, role, subprotocol, descriptor):
    if whose == "ours":
        return [OURS / "examples" / f"hello_{role}_endpoint", descriptor]
    return [sys.executable, HERE / "peer_hello.py", role, subprotocol, descriptor]


def case(server, client, subprotocol, compression):
    port = free_port()
    options = f"compression={compression}:autofrag=4096"
    there = rf"autobahn:tcp\:{port}\:interface\=127.0.0.1:url=ws\://localhost\:{port}:{options}"
    here = rf"autobahn:tcp\:127.0.0.1\:{port}:url=ws\://localhost\:{port}:{options}"
    serving = subprocess.Popen([str(word) for word in program(server, "server", subprotocol, there)],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert "listening" in (line := serving.stdout.readline()), line
        done = subprocess.run([str(word) for word in program(client, "client", subprotocol, here)],
                              capture_output=True, text=True, timeout=20)
        assert done.returncode == 0 and done.stdout.startswith("how are you?"), done
        line = serving.stdout.readline()
        assert line.startswith("hello"), line
        for whose, said in ((client, done.stdout), (server, line)):
            if whose == "theirs":
                used, extensions = said.split()[-2:]
                assert (used, int(extensions)) == (subprotocol, compression == "true"), said
    finally:
        serving.kill()
        serving.wait()


for server, client in (("ours", "theirs"), ("theirs", "ours"), ("theirs", "theirs"), ("ours", "ours")):
    # Our endpoint's client offers both, and the server takes the first.
    for subprotocol in ("binary", "base64") if client == "theirs" else ("binary",):
        for compression in ("true", "false"):
            title = f"endpoints: {client} -> {server}, {subprotocol}, compression={compression}"
            try:
                case(server, client, subprotocol, compression)
                print(f"ok     {title}", flush=True)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failures += 1
                print(f"FAILED {title}: {error}", flush=True)
sys.exit(bool(failures))
