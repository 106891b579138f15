"""Cases and their verdicts, our programs, and the files they need."""
import itertools
import os
import re
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent / "peers.d"))
from programs import Program, example, place, tcp_echo, wait_for_port  # noqa: E402

ADAPTERS = {"tokio": "", "async-std": "async_std_"}
ONLY = os.environ.get("REACH_ONLY", "")
# The two ends of a cable between two networks: the programs are here, a few servers are there.
HERE = SimpleNamespace(v4="10.20.0.1", v6="2001:db8:20::1", link="fe80::20:1", device="here")
THERE = SimpleNamespace(v4="10.20.0.2", v6="2001:db8:20::2", link="fe80::20:2", device="there")
# Nowhere: 10.30.0.0/16 and 2001:db8:30::/48 are dropped in silence, to 10.40.0.0/16 and 2001:db8:40::/48 is no route.
HOSTS = f"""
127.0.0.1 localhost
::1 localhost
{HERE.v4} relay.test deep.relay.test
{HERE.v4} dual.test
{HERE.v6} dual.test
{HERE.v4} only4.test
{HERE.v6} only6.test
{HERE.v4} four-works.test
2001:db8:40::1 four-works.test
10.40.0.1 six-works.test
{HERE.v6} six-works.test
{HERE.v4} six-silent.test
2001:db8:30::1 six-silent.test
10.30.0.1 four-silent.test
{HERE.v6} four-silent.test
127.0.0.1 none-works.test uncertified.test
2001:db8:40::1 none-works.test
10.40.0.1 none-works.test
"""
SECRET = "geheim"
# What nginx needs to be told, to pass an upgrade on.
UPGRADE = """
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection "upgrade";
proxy_set_header Host $http_host;
"""
TEXT = "over every wall\n"
ports = itertools.count(20000)
counts = {"passed": 0, "failed": 0}


def free_port():
    """This network is ours: nobody else takes one, and what connects is given those from 32768 up."""
    return next(ports)


def env(**variables):
    """The environment without proxies, and with these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, "SSL_CERT_FILE": str(place.scratch / "ca.pem"), **variables}


def case(title, run):
    """Runs it, and prints how it went."""
    if ONLY not in title:
        return
    begun = time.monotonic()
    try:
        how, word = run() or "", "passed"
    except Exception as error:
        how, word = f"{type(error).__name__}: {error}", "failed"
        if not isinstance(error, (AssertionError, subprocess.TimeoutExpired)):
            traceback.print_exc()
    counts[word] += 1
    took = time.monotonic() - begun
    print(f"{'ok' if word == 'passed' else 'FAILED':<7}{title}: {how or 'as expected'} ({took:.1f} s)", flush=True)


def of_each(title, run):
    """A case for the programs of each adapter."""
    for of in ADAPTERS:
        case(f"{title}, {of}", lambda: run(of))


def ours(of, name):
    return example(ADAPTERS[of] + name)


def start(*command, says=None, variables=None):
    """A program that goes on running."""
    program = Program(*command)
    if says:
        program.line(says)
    return program


def relays(host, *args):
    """An echo service behind the relay of each adapter, and its port."""
    ports = {of: free_port() for of in ADAPTERS}
    for of, port in ports.items():
        relay(of, f"ws://{host}:{port}", *args)
    return ports


def nginx(name, servers, http="", tls=False):
    """An nginx with one server for each of these, with this in it, and their ports. `http` is for all."""
    home = place.scratch / f"nginx {name}".replace(" ", "-")
    home.mkdir()
    ports = {key: free_port() for key in servers}
    with_tls = f"ssl; ssl_certificate {place.scratch}/cert.pem; ssl_certificate_key {place.scratch}/key.pem"
    each = "\n".join(f"server {{ listen 0.0.0.0:{port} {with_tls if tls else ''}; {servers[key]} }}"
                     for key, port in ports.items())
    (home / "conf").write_text(f"""
pid {home}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {home}/a; proxy_temp_path {home}/b; fastcgi_temp_path {home}/c;
  uwsgi_temp_path {home}/d; scgi_temp_path {home}/e;
  {http}
  {each}
}}
""")
    program = Program("nginx", "-c", home / "conf", "-g", "daemon off;")
    for port in ports.values():
        wait_for_port(port, program)
    return ports


def sshd():
    """OpenSSH's server, its port, and a key that it lets in."""
    port = free_port()
    home = place.scratch / f"sshd-{port}"
    home.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True)
    os.makedirs("/run/sshd", exist_ok=True)
    program = Program("/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", port, "-h", home / "host",
                      "-o", "ListenAddress=127.0.0.1", "-o", f"AuthorizedKeysFile={home}/user.pub",
                      "-o", "StrictModes=no", "-o", "UsePAM=no", "-o", "PermitRootLogin=yes", "-o", "PidFile=none")
    wait_for_port(port, program)
    return SimpleNamespace(port=port, key=home / "user")


def hashed(password, kind):
    """As in files of users: see `openssl passwd`."""
    done = subprocess.run(["openssl", "passwd", kind, "-stdin"], input=password, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def relay(of, url, *args, before=(), target=None):
    program = Program(*before, ours(of, "relay"), url, *([target] if target else []), *args)
    program.line("^relaying")
    return program


def there(command=()):
    """What runs a command in the other network."""
    return ["nsenter", f"--net=/proc/{place.there}/ns/net", *map(str, command)]


def run(command, text="", seconds=30, variables=None, before=()):
    """A program that ends: its status, what it prints, and the seconds it took."""
    begun = time.monotonic()
    done = subprocess.run([*before, *map(str, command)], input=text, capture_output=True, text=True, timeout=seconds,
                          env=env(**(variables or {})))
    return SimpleNamespace(status=done.returncode, out=done.stdout, err=done.stderr, took=time.monotonic() - begun)


def tunnel(of, url, *args, **how):
    return run([ours(of, "tunnel"), "-", url, *args], TEXT, **how)


def works(of, url, *args, most=10, **how):
    """The echo service behind the relay sends everything back."""
    done = tunnel(of, url, *args, **how)
    assert done.status == 0 and done.out == TEXT and not done.err, f"status {done.status}, {done.out!r}, {done.err!r}"
    assert done.took < most, f"it took {done.took:.1f} s"


def request(port, fields=""):
    """For an upgrade."""
    return (f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n").encode()


def upgrade(port, fields=""):
    """A socket that has asked for an upgrade, and the answer: its head, and what comes with it."""
    sock = socket.create_connection(("127.0.0.1", port), 10)
    sock.sendall(request(port, fields))
    answer = b""
    while b"\r\n\r\n" not in answer and (octets := sock.recv(1 << 16)):
        answer += octets
    return sock, answer.decode(errors="replace")


def fails(of, url, *args, told, not_told=(), most=5, **how):
    """It ends with status 1 and one line, which has each of these texts."""
    done = tunnel(of, url, *args, **how)
    lines = done.err.splitlines()
    assert done.status == 1 and not done.out, f"status {done.status}, {done.out!r}, {done.err!r}"
    assert len(lines) == 1 and lines[0].startswith("tunnel: "), f"expected one line: {done.err!r}"
    return says(lines[0], told, not_told) + slow(done.took, most)


def slow(took, most):
    assert took < most, f"it took {took:.1f} s"
    return ""


def says(line, told, not_told=()):
    for part in [told] if isinstance(told, str) else told:
        assert part in line, f"{part!r} is not in {line!r}"
    for part in [SECRET, *not_told]:
        assert part not in line, f"{part!r} is in {line!r}"
    return re.sub(r"^tunnel: ", "", line)
