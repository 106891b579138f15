"""Our programs and foreign ones, in pairs: usage: run.py OURS NODE_MODULES, run by .ci/peers.

One line for each case. PEERS_SEED repeats a run, PEERS_ONLY (a part of the peer's name) shortens one.
"""
import hashlib
import http.server
import json
import math
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

from common import blocks_of, text

OURS = Path(sys.argv[1])
NODE_MODULES = sys.argv[2]
HERE = Path(__file__).parent
SEED = int(os.environ.get("PEERS_SEED") or time.time_ns() % 10**9)
ONLY = os.environ.get("PEERS_ONLY", "")
# The most seconds that one case may take.
PATIENCE = 90
MAX_SIZE = 16 << 20

dice = random.Random(SEED)
directory = Path(tempfile.mkdtemp(prefix="peers-"))
environment = dict(os.environ, NODE_PATH=NODE_MODULES)
counts = {"passed": 0, "failed": 0}
matrix = {}


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
                if left <= 0 or not self.news.wait(left) and self.process.poll() is not None:
                    raise AssertionError(f"no line like {pattern!r}: {self.lines[-10:]}")

    def address(self):
        return self.line(r"(127\.0\.0\.1:\d+)")[1]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()


running = []


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


def sizes(most=MAX_SIZE):
    """Some text first, then one octet, a few small blocks, and a large one, in any order."""
    def between(low, high):
        return round(math.exp(dice.uniform(math.log(low), math.log(high))))
    large = most if dice.randrange(4) == 0 else between(most >> 4, most)
    some = [1, *(between(1, 1 << 20) for _ in range(5)), large]
    dice.shuffle(some)
    return [between(1 << 12, 1 << 16), *some]


def sha1(octets):
    return hashlib.sha1(octets).hexdigest()


def split_mix(seed):
    """The octets of our programs."""
    def take(length):
        nonlocal seed
        mask, out = 2**64 - 1, bytearray()
        while len(out) < length:
            seed = seed + 0x9E3779B97F4A7C15 & mask
            z = seed
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
            z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
            out += (z ^ z >> 31).to_bytes(8, "little")
        return bytes(out[:length])
    return take


def case(peer, direction, subprotocol, what, run, agreed=""):
    """Runs it, and prints how it went. `agreed` is what was agreed on of compression, or is to be."""
    if ONLY not in peer:
        return
    compression = "9 bits, fresh" if agreed == SMALL else "deflate" if agreed else "-"
    title = f"{peer:<11} {direction:<30} {subprotocol:<7} {compression:<14} {what:<24}"
    begin = time.monotonic()
    try:
        how, word = run(), "passed"
    except Exception as error:
        how, word = f"{type(error).__name__}: {error}", "failed"
        if not isinstance(error, AssertionError):
            traceback.print_exc()
    counts[word] += 1
    matrix.setdefault((peer, direction, compression), {}).setdefault(subprotocol, []).append(word)
    print(f"{'ok' if word == 'passed' else 'FAILED':<7}{title} {how} ({time.monotonic() - begin:.1f} s)", flush=True)


def output(*command):
    """The JSON that a client prints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=PATIENCE,
                          env=environment)
    last = done.stdout.splitlines()[-1:] or [""]
    assert done.returncode == 0 and last[0].startswith("{"), f"{done.stdout[-500:]} {done.stderr[-1500:]}"
    return json.loads(last[0])


def expect(got, **wanted):
    for name, value in wanted.items():
        assert got[name] == value, f"{name} is {got[name]!r}, expected {value!r}, in {got}"


def summary(got, ours=None):
    how = f"{got['octets']:>10,} octets, sha1 {got['received'][:8]} ok, close {got['code']}"
    if ours and ours["extensions"]:
        how += (f", {ours['deflated']} deflated and {ours['plain']} plain in {ours['sent_octets']:,} octets,"
                f" {ours['inflated']} inflated from {ours['received_octets']:,}")
    return how


# What the ends may agree on: as most clients offer it, as a server of websockets demands it, and as those ask for it
# who have little memory.
DEFLATE = "permessage-deflate"
TWELVE = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"
SMALL = ("permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
         "server_max_window_bits=9; client_max_window_bits=9")


def compressed(ours, agreed, echo=True):
    """What our end tells: whether both ends compressed where that was agreed, and neither did elsewhere."""
    expect(ours, extensions=agreed)
    if not agreed:
        expect(ours, deflated=0, plain=0, inflated=0)
        return
    assert ours["deflated"] > 0, f"we compressed nothing: {ours}"
    assert not echo or ours["inflated"] > 0, f"the peer compressed nothing: {ours}"


def name_of(agreed):
    return agreed.split(";")[0]


def told(server, path):
    """How a connection to a server of ours has ended."""
    return json.loads(server.line(rf'^{{"path": "{path}", .*', again=True)[0])


def echoed(command, server, subprotocol, agreed="", close=1000, code=None):
    """A foreign client at our echo server."""
    some, path = sizes(), f"/echo/{dice.getrandbits(31)}"
    got = output(*command, "--url", f"ws://{server.at}{path}", "--subprotocol", subprotocol, "--seed",
                 dice.getrandbits(31), "--sizes", ",".join(map(str, some)), "--close", close)
    expect(got, received=got["sent"], octets=sum(some), code=code or close, subprotocol=subprotocol,
           extensions=name_of(agreed))
    ours = told(server, path)
    compressed(ours, agreed)
    if subprotocol != "base64":
        saved(ours, sum(some), agreed)
    return summary(got, ours)


def saved(ours, octets, agreed):
    """As `binary`, what does not shrink goes plain, and text shrinks."""
    sent = ours["sent_octets"]
    assert sent < octets if agreed else sent == octets, f"{octets} octets were sent in {sent}"


def ended(command, subprotocol, code, answer=None, agreed=""):
    """A foreign client at our server that closes."""
    # Longer than websockify's client reads at once: frames that come with the handshake it looks at only when
    # more has come.
    seed, length = dice.getrandbits(31), dice.randrange(10_000, 300_000)
    path = f"/{seed}/{length}/{code}"
    got = output(*command, "--url", f"ws://{ours_on.at}{path}", "--subprotocol", subprotocol, "--read")
    expect(got, received=sha1(text(length, split_mix(seed))), octets=length, code=code, subprotocol=subprotocol,
           reason="done", extensions=name_of(agreed))
    ours = told(ours_on, path)
    expect(ours, ended=answer or code)
    compressed(ours, agreed, echo=False)
    return summary(got, ours)


def ours(server, path, subprotocol, *options, agreed="", spoken=None, code=1000, closed=None):
    """Our client at a foreign echo server, which tells what Close it has got."""
    some = sizes()
    if subprotocol != "binary,base64":
        options = ("--subprotocol", subprotocol, *options)
    got = output(OURS / "peer_client", f"ws://{server.at}{path}", dice.getrandbits(31), ",".join(map(str, some)), *options)
    expect(got, received=got["sent"], octets=sum(some), code=code, subprotocol=spoken or subprotocol, error="")
    compressed(got, agreed)
    if subprotocol != "base64":
        saved(got, sum(some), agreed)
    if closed is not None:
        theirs = json.loads(server.line(r'^\{"closed".*')[0])
        expect(theirs, closed=closed, extensions=name_of(agreed))
    return summary(got, got)


def refused(at, subprotocol, status):
    done = subprocess.run([OURS / "peer_client", f"ws://{at}/", "1", "1", "--subprotocol", subprotocol],
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode != 0 and f"status: {status}," in done.stderr, done.stderr
    return f"refused with {status}"


def through(port):
    """Raw TCP to a tunnel, and back."""
    sent, received = b"".join(blocks_of(sizes(), dice.randbytes)), bytearray()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as tcp:
        writer = threading.Thread(target=tcp.sendall, args=[sent], daemon=True)
        writer.start()
        while len(received) < len(sent) and (block := tcp.recv(1 << 16)):
            received += block
        writer.join(PATIENCE)
        tcp.shutdown(socket.SHUT_WR)
        assert tcp.recv(1) == b""
    assert sha1(received) == sha1(sent), f"{len(received)} of {len(sent)} octets"
    return f"{len(received):>10,} octets, sha1 {sha1(received)[:8]} ok, then end of stream"


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


def listen(*command):
    program = Program(*command)
    program.at = program.address()
    return program


def relay(target):
    port = free_port()
    program = Program(OURS / "examples" / "relay", f"ws://127.0.0.1:{port}", f"127.0.0.1:{target}")
    program.line("^relaying")
    program.at = f"127.0.0.1:{port}"
    return program


def python(name):
    return [sys.executable, HERE / f"peer_{name}.py"]


def websockets():
    def client(compression):
        return [*python("websockets"), "client", "--compression", compression]

    for subprotocol in ("binary", "base64", "none"):
        case("websockets", "client -> our echo", subprotocol, "theirs is off",
             lambda: echoed(client("off"), ours_on, subprotocol))
        case("websockets", "client -> our echo", subprotocol, "",
             lambda: echoed(client("on"), ours_on, subprotocol, DEFLATE), DEFLATE)
    case("websockets", "client -> our echo", "binary", "4001",
         lambda: echoed(client("on"), ours_on, "binary", DEFLATE, close=4001), DEFLATE)
    case("websockets", "client -> our echo", "binary", "ours is off", lambda: echoed(client("on"), ours_off, "binary"))
    for subprotocol in ("binary", "base64"):
        case("websockets", "client -> our echo", subprotocol, "it asks for them",
             lambda: echoed(client("9"), ours_on, subprotocol, SMALL), SMALL)
    case("websockets", "client -> our echo", "binary", "we ask for them",
         lambda: echoed(client("on"), ours_small, "binary", SMALL), SMALL)
    case("websockets", "client -> our Close", "binary", "", lambda: ended(client("off"), "binary", 1000))
    case("websockets", "client -> our Close", "base64", "4002",
         lambda: ended(client("on"), "base64", 4002, agreed=DEFLATE), DEFLATE)
    example = listen(OURS / "examples" / "echo_server", "127.0.0.1:0")
    case("websockets", "client -> echo_server", "binary", "", lambda: relayed(client("on"), example, "binary"), DEFLATE)
    off, on, small = (listen(*python("websockets"), "server", "--compression", which) for which in ("off", "on", "9"))
    for subprotocol in ("binary", "base64", "none"):
        case("websockets", "our client -> server", subprotocol, "theirs is off",
             lambda: ours(off, "/", subprotocol, closed=1000))
        case("websockets", "our client -> server", subprotocol, "",
             lambda: ours(on, "/", subprotocol, agreed=TWELVE, closed=1000), TWELVE)
    case("websockets", "our client -> server", "binary", "4001, autofrag 4096",
         lambda: ours(on, "/", "binary,base64", "--close", 4001, "--autofrag", 4096, agreed=TWELVE, spoken="binary",
                      code=4001, closed=4001), TWELVE)
    case("websockets", "our client -> server", "binary", "ours is off",
         lambda: ours(on, "/", "binary", "--compression", "off", closed=1000))
    for subprotocol in ("binary", "base64"):
        case("websockets", "our client -> server", subprotocol, "it asks for them",
             lambda: ours(small, "/", subprotocol, agreed=SMALL, closed=1000), SMALL)
    case("websockets", "our client -> server", "binary", "we ask for them",
         lambda: ours(on, "/", "binary", "--compression", 9, agreed=SMALL, closed=1000), SMALL)
    case("websockets", "our client -> its Close", "binary", "4001", lambda: closes(off, 4001))
    case("websockets", "our client -> its Close", "binary", "4001", lambda: closes(on, 4001, agreed=TWELVE), TWELVE)


def closes(server, code, reason="enough", error=True, agreed=""):
    """Our client at a server that closes after so many octets."""
    length = dice.randrange(1000, 60_000)
    got = output(OURS / "peer_client", f"ws://{server.at}/close/{length}", dice.getrandbits(31), length, "--until-closed")
    expect(got, received=got["sent"], octets=length, code=code, reason=reason)
    assert bool(got["error"]) == error, got
    compressed(got, agreed)
    server.line('"closed"')
    return summary(got, got)


def autobahn():
    # It says that it keeps no context.
    offered = "permessage-deflate; client_no_context_takeover"

    def client(compression, *options):
        return [*python("autobahn"), "client", "--compression", compression, *options]

    # It closes without a code.
    for subprotocol in ("binary", "base64"):
        case("autobahn", "client -> our echo", subprotocol, "theirs is off",
             lambda: echoed(client("off"), ours_on, subprotocol, code=1005))
        case("autobahn", "client -> our echo", subprotocol, "",
             lambda: echoed(client("on"), ours_on, subprotocol, offered, code=1005), offered)
    case("autobahn", "client -> our echo", "binary", "autofrag 4096",
         lambda: echoed(client("on", "--autofrag", "4096"), ours_on, "binary", offered, code=1005), offered)
    case("autobahn", "client -> our echo", "base64", "ours is off, autofrag",
         lambda: echoed(client("on", "--autofrag", "4096"), ours_off, "base64", code=1005))
    # It answers any Close with 1000.
    case("autobahn", "client -> our Close", "binary", "", lambda: ended(client("off"), "binary", 1000))
    case("autobahn", "client -> our Close", "binary", "4002",
         lambda: ended(client("on"), "binary", 4002, answer=1000, agreed=offered), offered)
    off, on = (listen(*python("autobahn"), "server", "--compression", which) for which in ("off", "on"))
    for subprotocol in ("binary", "base64"):
        case("autobahn", "our client -> server", subprotocol, "theirs is off",
             lambda: ours(off, "/", subprotocol, closed=1000))
        case("autobahn", "our client -> server", subprotocol, "",
             lambda: ours(on, "/", subprotocol, agreed=DEFLATE, closed=1000), DEFLATE)
    case("autobahn", "our client -> server", "none", "", lambda: refused(off.at, "none", 406))
    case("autobahn", "our client -> its Close", "binary", "without a code",
         lambda: closes(on, 1005, reason="", error=False, agreed=DEFLATE), DEFLATE)

    def fragments(server, agreed, longest):
        """4,096 octets a frame at most, in both directions."""
        how = ours(server, "/", "base64", "--autofrag", "4096", "--close", 4001, agreed=agreed)
        told = json.loads(server.line(r'^\{"closed".*')[0])
        expect(told, closed=4001)
        assert longest(told["longest"]), told
        return how

    for which, agreed, longest in (("off", "", lambda len: len == 4096), ("on", DEFLATE, lambda len: len <= 4096)):
        server = listen(*python("autobahn"), "server", "--compression", which, "--autofrag", "4096")
        case("autobahn", "our client -> server", "base64", "autofrag both",
             lambda: fragments(server, agreed, longest), agreed)


def websockify():
    """Which knows nothing of extensions."""
    target = tcp_echo()
    client = [*python("websockify"), "client"]
    relaying = relay(target)
    for subprotocol in ("binary", "none"):
        case("websockify", "client -> our echo", subprotocol, "", lambda: echoed(client, ours_on, subprotocol))
        case("websockify", "client -> relay", subprotocol, "", lambda: relayed(client, relaying, subprotocol))
    case("websockify", "client -> our Close", "binary", "", lambda: ended(client, "binary", 1000))
    port = free_port()
    server = Program(sys.executable, "-m", "websockify", f"127.0.0.1:{port}", f"127.0.0.1:{target}")
    wait_for_port(port, server)
    server.at = f"127.0.0.1:{port}"
    for subprotocol in ("binary", "none"):
        case("websockify", "our client -> server", subprotocol, "", lambda: ours(server, "/", subprotocol))
    case("websockify", "our client -> server", "base64", "", lambda: refused(server.at, "base64", 400))
    tunnel = Program(OURS / "examples" / "tunnel", "127.0.0.1:0", f"ws://{server.at}")
    local = int(tunnel.address().split(":")[1])
    case("websockify", "TCP -> tunnel -> server", "binary", "", lambda: through(local))
    case("websockify", "TCP -> tunnel -> server", "binary", "", lambda: through(local))


def relayed(command, server, subprotocol):
    """A foreign client at a server of ours that tells nothing."""
    some = sizes()
    got = output(*command, "--url", f"ws://{server.at}/", "--subprotocol", subprotocol, "--seed", dice.getrandbits(31),
                 "--sizes", ",".join(map(str, some)))
    expect(got, received=got["sent"], octets=sum(some), code=1000, subprotocol=subprotocol)
    return summary(got)


def node_ws():
    def client(compression):
        return ["node", HERE / "peer_ws.js", "client", "--compression", compression]

    for subprotocol in ("binary", "base64", "none"):
        case("ws", "client -> our echo", subprotocol, "theirs is off",
             lambda: echoed(client("off"), ours_on, subprotocol))
        case("ws", "client -> our echo", subprotocol, "",
             lambda: echoed(client("on"), ours_on, subprotocol, DEFLATE), DEFLATE)
    case("ws", "client -> our echo", "binary", "ours is off, 4001",
         lambda: echoed(client("on"), ours_off, "binary", close=4001))
    case("ws", "client -> our echo", "binary", "it asks for them",
         lambda: echoed(client("9"), ours_on, "binary", SMALL), SMALL)
    case("ws", "client -> our echo", "binary", "we ask for them",
         lambda: echoed(client("on"), ours_small, "binary", SMALL), SMALL)
    case("ws", "client -> our Close", "binary", "", lambda: ended(client("on"), "binary", 1000, agreed=DEFLATE), DEFLATE)
    case("ws", "client -> our Close", "none", "4002", lambda: ended(client("off"), "none", 4002))
    off, on, small = (listen("node", HERE / "peer_ws.js", "server", "--compression", which) for which in ("off", "on", "9"))
    for subprotocol in ("binary", "base64", "none"):
        case("ws", "our client -> server", subprotocol, "theirs is off",
             lambda: ours(off, "/", subprotocol, closed=1000))
        case("ws", "our client -> server", subprotocol, "",
             lambda: ours(on, "/", subprotocol, agreed=DEFLATE, closed=1000), DEFLATE)
    case("ws", "our client -> server", "binary", "4001, autofrag 4096",
         lambda: ours(on, "/", "binary", "--close", 4001, "--autofrag", 4096, agreed=DEFLATE, code=4001, closed=4001),
         DEFLATE)
    case("ws", "our client -> server", "binary", "it asks for them",
         lambda: ours(small, "/", "binary", agreed=SMALL, closed=1000), SMALL)
    case("ws", "our client -> server", "binary", "we ask for them",
         lambda: ours(on, "/", "binary", "--compression", 9, agreed=SMALL, closed=1000), SMALL)
    case("ws", "our client -> its Close", "binary", "4001", lambda: closes(on, 4001, agreed=DEFLATE), DEFLATE)
    tunnel = Program(OURS / "examples" / "tunnel", "127.0.0.1:0", f"ws://{on.at}", "--subprotocol", "base64")
    local = int(tunnel.address().split(":")[1])
    case("ws", "TCP -> tunnel -> server", "base64", "", lambda: through(local), DEFLATE)


def nginx():
    port = free_port()
    config = directory / "nginx.conf"
    config.write_text(f"""
pid {directory}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {directory}/a; proxy_temp_path {directory}/b; fastcgi_temp_path {directory}/c;
  uwsgi_temp_path {directory}/d; scgi_temp_path {directory}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://{ours_on.at};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
    }}
  }}
}}
""")
    in_between("nginx", Program("nginx", "-c", config, "-g", "daemon off;"), port)


def haproxy():
    port = free_port()
    config = directory / "haproxy.cfg"
    config.write_text(f"""
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
listen echo
  bind 127.0.0.1:{port}
  server echo {ours_on.at}
""")
    in_between("haproxy", Program("haproxy", "-db", "-f", config), port)


def in_between(name, program, port):
    wait_for_port(port, program)
    program.at = f"127.0.0.1:{port}"
    case(name, "our client -> it -> our server", "binary", "",
         lambda: ours(program, "/echo/x?y", "binary", agreed=DEFLATE), DEFLATE)
    case(name, "our client -> it -> our server", "binary", "one is off",
         lambda: ours(program, "/echo/x?y", "binary", "--compression", "off"))
    case(name, "our client -> it -> our server", "base64", "4001, autofrag 4096",
         lambda: ours(program, "/echo/x", "base64", "--close", 4001, "--autofrag", 4096, agreed=DEFLATE, code=4001), DEFLATE)
    case(name, "our client -> it -> our server", "none", "",
         lambda: ours(program, "/echo/x", "none", agreed=DEFLATE), DEFLATE)

    def foreign():
        ours_on.at, at = program.at, ours_on.at
        try:
            return echoed([*python("websockets"), "client", "--compression", "on"], ours_on, "binary", DEFLATE)
        finally:
            ours_on.at = at

    case(name, "websockets -> it -> our server", "binary", "", foreign, DEFLATE)


class Pages(http.server.BaseHTTPRequestHandler):
    cases, results, done = [], None, threading.Event()

    def do_GET(self):
        body = json.dumps(Pages.cases).encode() if self.path == "/cases" else (HERE / "page.html").read_bytes()
        kind = "application/json" if self.path == "/cases" else "text/html"
        self.send_response(200 if self.path in ("/", "/cases") else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        Pages.results = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        Pages.done.set()

    def log_message(self, *_):
        pass


def chromium():
    """The page comes through HAProxy, which takes /ws to a relay: the relay is on the page's own host."""
    if ONLY not in "chromium":
        return
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    relaying = relay(tcp_echo())
    port = free_port()
    config = directory / "pages.cfg"
    config.write_text(f"""
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend all
  bind 127.0.0.1:{port}
  use_backend relay if {{ path /ws }}
  default_backend pages
backend relay
  server relay {relaying.at}
backend pages
  server pages 127.0.0.1:{pages.server_address[1]}
""")
    wait_for_port(port, Program("haproxy", "-db", "-f", config))

    def echo_case(url, subprotocols, close=None, most=1 << 20, total=10_000_000):
        some = sizes(most)
        return dict(url=url, subprotocols=subprotocols, seed=dice.getrandbits(30), close=close, read=False,
                    sizes=[*some, max(total - sum(some), 1)])

    runs = []

    def add(title, subprotocol, what, request, check, agreed=""):
        Pages.cases.append(request)
        runs.append((title, subprotocol, what, check, agreed))

    def add_echo(server, asked, subprotocol, what, agreed, close=None):
        path = f"/echo/{dice.getrandbits(31)}"
        request = echo_case(f"ws://{server.at}{path}", asked, close)

        def check(got):
            # close() sends no code, and gets none.
            how = echo_is(request, close or 1005, subprotocol, agreed)(got)
            ours = told(server, path)
            compressed(ours, agreed)
            return summary(got, ours) + how

        add("page -> our echo", subprotocol, what, request, check, agreed)

    def echo_is(request, code, subprotocol, agreed):
        def check(got):
            expect(got, fault="", received=got["sent"], octets=sum(request["sizes"]), code=code, wasClean=True,
                   subprotocol=subprotocol, extensions=agreed)
            return ", wasClean"
        return check

    for asked, subprotocol in ((["binary"], "binary"), (["base64"], "base64"), (["base64", "binary"], "base64"),
                               (None, "none")):
        add_echo(ours_on, asked, subprotocol, "close()", DEFLATE)
    add_echo(ours_on, ["binary"], "binary", "close(4001)", DEFLATE, 4001)
    add_echo(ours_off, ["binary"], "binary", "ours is off", "")
    add_echo(ours_off, ["base64"], "base64", "ours is off", "")
    add_echo(ours_small, ["binary"], "binary", "we ask for them", SMALL)
    for code, subprotocol in ((1000, "binary"), (4002, "base64")):
        seed, length = dice.getrandbits(31), dice.randrange(1000, 300_000)
        path = f"/{seed}/{length}/{code}"

        def check(got, seed=seed, length=length, code=code, subprotocol=subprotocol, path=path):
            expect(got, fault="", octets=length, received=sha1(text(length, split_mix(seed))), code=code, reason="done",
                   wasClean=True, subprotocol=subprotocol, extensions=DEFLATE)
            ours = told(ours_on, path)
            expect(ours, ended=code)
            compressed(ours, DEFLATE, echo=False)
            return summary(got, ours) + ", wasClean"

        add("page -> our Close", subprotocol, str(code), dict(
            url=f"ws://{ours_on.at}{path}", subprotocols=[subprotocol], seed=1, sizes=[], read=True), check, DEFLATE)

    def foreign(got):
        expect(got, opened=False, code=1006, wasClean=False)
        relaying.line(f'origin "http://127.0.0.1:{port}" is not allowed')
        return "refused, close 1006"

    add("page -> relay, other host", "binary", "", echo_case(f"ws://{relaying.at}/", ["binary"]), foreign)
    request = echo_case(f"ws://127.0.0.1:{port}/ws", ["binary"])
    same_host = echo_is(request, 1005, "binary", DEFLATE)
    add("page -> haproxy -> relay", "binary", "same host", request, lambda got: summary(got) + same_host(got), DEFLATE)

    begin = time.monotonic()
    browser = Program(
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        f"--user-data-dir={directory}/chromium", f"http://127.0.0.1:{port}/")
    if not Pages.done.wait(PATIENCE):
        print(f"the page does not answer: {browser.lines[-20:]}")
    browser.stop()
    print(f"       chromium ran for {time.monotonic() - begin:.1f} s")
    results = Pages.results or [{}] * len(runs)
    for (title, subprotocol, what, check, agreed), got in zip(runs, results, strict=True):
        case("chromium", title, subprotocol, what, lambda: check(got), agreed)


def versions():
    def first(*command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return (done.stdout + done.stderr).strip().splitlines()[0]
    print(", ".join([first("chromium", "--version"), first("nginx", "-v"), first("haproxy", "-v").split(" - ")[0],
                     f"node {first('node', '--version')}"]))


try:
    print(f"PEERS_SEED={SEED}")
    versions()
    ours_on, ours_off, ours_small = (
        listen(OURS / "peer_server", "--compression", which) for which in ("on", "off", "9"))
    for group in (websockets, autobahn, websockify, node_ws, nginx, haproxy, chromium):
        try:
            group()
        except Exception:
            # A peer that does not start.
            traceback.print_exc()
            counts["failed"] += 1
    for program in (ours_on, ours_off, ours_small):
        if program.process.poll() is not None:
            print(f"a server of ours has died: {program.lines}")
            counts["failed"] += 1
finally:
    for program in reversed(running):
        program.stop()
    shutil.rmtree(directory, ignore_errors=True)


def cell(words):
    failed = words.count("failed")
    return f"{failed} FAILED" if failed else f"{len(words)} ok" if words else "-"


print(f"\n{'peer':<11} {'direction':<31} {'compression':<14} {'binary':<9} {'base64':<9} {'none':<9}")
for (peer, direction, compression), row in matrix.items():
    cells = " ".join(f"{cell(row.get(name, [])):<9}" for name in ("binary", "base64", "none"))
    print(f"{peer:<11} {direction:<31} {compression:<14} {cells}".rstrip())
print(f"peers: {counts['passed']} passed, {counts['failed']} failed")
sys.exit(bool(counts["failed"] or not counts["passed"]))
