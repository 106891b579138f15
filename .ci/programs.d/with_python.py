"""Programs that are both ends of a protocol: each end with the other, and with Python's websockets or Autobahn."""
import json
import subprocess
import sys

from lib import HERE, PATIENCE, Program, example, expect, listening, place, python, relay, run, within
from programs import environment, free_port, tcp_echo

GREETING, QUESTION = "how are you?", "hello"


def tcp_stream():
    """An echo service behind a relay."""
    told = run(example("tcp_stream"), relay(tcp_echo()).url).decode().splitlines()
    expect("what it tells", told, [
        "addresses: true, true", "options: true, 64", 'lines: Some("one"), Some("two")', "borrowed halves: 4 octets",
        "owned halves: 1000000 octets", "half close: a question", "time limit: true, then 42",
        "forwarding: 14 of (14, 14) octets", 'codec: Some("a frame")'])


def smol():
    """Each with the other, with tokio's, and the server with Python."""
    server = listening("async_std_smol_server", "127.0.0.1:0")
    tokio = f"ws://127.0.0.1:{free_port()}"
    other = Program(example("hello_server"), tokio)
    other.line("^listening")
    for client, url, serving in (("async_std_smol_client", f"ws://{server.at}", server),
                                 ("async_std_smol_client", tokio, other),
                                 ("hello_client", f"ws://{server.at}", server)):
        expect(client, run(example(client), url).decode(), GREETING + "\n")
        serving.line(f"^{QUESTION}$")

    async def hello():
        async with python(f"ws://{server.at}/") as socket:
            expect("greeting", await socket.recv(), GREETING.encode())
            await socket.send(b"hello from Python")
    within(hello())
    server.line("^hello from Python$")


def descriptors():
    """Autobahn's endpoints, and the same programs without WebSocket."""
    port = free_port()
    there = rf"autobahn:tcp\:{port}\:interface\=127.0.0.1:url=ws\://localhost\:{port}"
    here = rf"autobahn:tcp\:127.0.0.1\:{port}:url=ws\://localhost\:{port}"
    twisted = [sys.executable, HERE.parent / "peers.d" / "peer_hello.py"]
    ours = {role: [example(f"hello_{role}_endpoint")] for role in ("client", "server")}
    autobahn = {role: [*twisted, role, "binary"] for role in ("client", "server")}
    unix = f"unix:{place.scratch}/hello"
    for server, client, at, to in ((autobahn, ours, there, here), (ours, autobahn, there, here),
                                   (ours, ours, f"tcp:{port}:interface=127.0.0.1", f"tcp:127.0.0.1:{port}"),
                                   (ours, ours, unix, unix)):
        serving = Program(*server["server"], at)
        serving.line("^listening")
        said = run(*client["client"], to).decode()
        assert GREETING in said, said
        serving.line(QUESTION)
        serving.stop()


def chat():
    """Two clients, and one in Python."""
    server = listening("chat_server", "127.0.0.1:0")
    url = f"ws://{server.at}/"

    async def talk():
        async with python(url, []) as grace:
            said = {"name": "grace", "text": "hi"}
            await grace.send(json.dumps(said))
            expect("her own", json.loads(await grace.recv()), said)
            pipe = subprocess.PIPE
            with subprocess.Popen([example("chat_client"), url, "ada"], stdin=pipe, stdout=pipe, text=True,
                                  env=environment) as ada:
                ada.stdin.write('good "morning"\n')
                ada.stdin.flush()
                expect("Ada's", json.loads(await grace.recv()), {"name": "ada", "text": 'good "morning"'})
                await grace.send(json.dumps(said))
                lines = [ada.stdout.readline(), ada.stdout.readline()]
                expect("what Ada sees", lines, ['ada: good "morning"\n', "grace: hi\n"])
                ada.stdin.close()
                expect("exit status", ada.wait(PATIENCE), 0)
    within(talk())


def unit_tests():
    """Connections in memory, faults at any octet, and a clock that jumps, in place of a counterpart."""
    told = run("cargo", "test", "--locked", "-p", "wsstream-net", "-p", "wsstream-tokio", "-p", "wsstream-async-std",
               "-p", "wsstream-tests", "--all-features", "--test", "unit_test").decode()
    assert "test result: ok" in told, told
