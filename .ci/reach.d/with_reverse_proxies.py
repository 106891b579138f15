"""nginx and HAProxy in front of a relay: as they are, and as they should be; health checks; large heads."""
import csv
import io
import signal
import socket
import time
from pathlib import Path

from lib import (UPGRADE, Program, fails, free_port, nginx, of_each, place, relay, relays, tcp_echo, upgrade,
                 wait_for_port, works)

def run():
    targets = relays("127.0.0.1")
    behind_nginx(targets)
    behind_haproxy(targets)
    of_each("HAProxy: httpchk", lambda of: health(of, ""))
    of_each("HAProxy: httpchk, GET /health", lambda of: health(of, "http-check send meth GET uri /health"))
    of_each("HAProxy: httpchk, HTTP/1.1",
            lambda of: health(of, "http-check send meth GET uri /health ver HTTP/1.1 hdr Host relay.test"))


def behind_nginx(targets):
    def front(name, settings, tls=False):
        return nginx(name, {of: f"location / {{ {settings} proxy_pass http://127.0.0.1:{port}; }}"
                            for of, port in targets.items()}, tls=tls)

    default = front("default", "")
    of_each("nginx: as it is, HTTP/1.0 to its upstream",
            lambda of: fails(of, f"ws://127.0.0.1:{default[of]}",
                             told=["HTTP 426", "proxy_http_version 1.1", "proxy_set_header Connection"]))
    half = front("half", HALF)
    of_each("nginx: HTTP/1.1, without the fields",
            lambda of: fails(of, f"ws://127.0.0.1:{half[of]}",
                             told=["HTTP 426", "no Upgrade field", REMOVED, "proxy_set_header Connection"]))
    fields = front("without connection", f"{HALF} proxy_set_header Upgrade $http_upgrade;")
    of_each("nginx: Upgrade, without Connection",
            lambda of: fails(of, f"ws://127.0.0.1:{fields[of]}",
                             told=["HTTP 4", "Connection", REMOVED, "proxy_set_header Connection"]))
    full = front("full", UPGRADE)
    of_each("nginx: as it should be", lambda of: works(of, f"ws://127.0.0.1:{full[of]}"))
    hostless = front("without host", UPGRADE.replace("proxy_set_header Host $http_host;", ""))
    of_each("nginx: all but Host, a page", lambda of: origin(hostless[of]))
    secure = front("full over TLS", UPGRADE, tls=True)
    of_each("nginx: as it should be, wss", lambda of: works(of, f"wss://relay.test:{secure[of]}"))
    nowhere = nginx("nowhere", {"": "location / { proxy_pass http://127.0.0.1:9; }"})[""]
    of_each("nginx: nothing listens behind it",
            lambda of: fails(of, f"ws://127.0.0.1:{nowhere}", told="refused by the server: HTTP 502",
                             not_told=["<html"]))


def origin(port):
    """The relay hears another host than the page's. What to do, its own option says."""
    sock, answer = upgrade(port, f"Origin: http://127.0.0.1:{port}\r\n")
    sock.close()
    assert answer.startswith("HTTP/1.1 403 ") and "add --origin ORIGIN" in answer, answer
    assert f'origin "http://127.0.0.1:{port}" is not allowed' in answer, answer
    return answer.splitlines()[-1]


def haproxy(name, sections):
    file = place.scratch / f"haproxy {name}.cfg".replace(" ", "-")
    file.write_text(f"""
global
  stats socket {file}.sock
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
{sections}
""")
    program = Program("haproxy", "-db", "-f", file)
    program.socket = Path(f"{file}.sock")
    end = time.monotonic() + 20
    while not program.socket.exists():
        assert time.monotonic() < end and program.process.poll() is None, program.lines
        time.sleep(0.02)
    return program


def behind_haproxy(targets):
    ports = {of: free_port() for of in targets}
    program = haproxy("default", "\n".join(
        f"listen {of}\n  bind 127.0.0.1:{ports[of]}\n  server relay 127.0.0.1:{targets[of]}" for of in targets))
    for port in ports.values():
        wait_for_port(port, program)
    of_each("HAProxy: as it is", lambda of: works(of, f"ws://127.0.0.1:{ports[of]}"))


def stats(program):
    """What HAProxy thinks of its server."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(str(program.socket))
        asked.sendall(b"show stat\n")
        text = asked.makefile().read()
    rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
    return next(row for row in rows if row["svname"] == "relay")


def wait_for(program, wanted, seconds=10):
    end = time.monotonic() + seconds
    while not wanted(row := stats(program)):
        if time.monotonic() > end:
            raise AssertionError({name: row[name] for name in ("status", "check_status", "check_code", "last_chk")})
        time.sleep(0.05)
    return row


def health(of, check):
    """It is up, with no line for a check; and down as soon as it shuts down, though a connection goes on."""
    port, front = free_port(), free_port()
    server = relay(of, f"ws://127.0.0.1:{port}", "--health", "/health", target=f"127.0.0.1:{tcp_echo()}")
    program = haproxy(f"health {port}", f"""
listen relay
  bind 127.0.0.1:{front}
  option httpchk
  {check}
  server relay 127.0.0.1:{port} check inter 100ms rise 2 fall 2
""")
    wait_for_port(front, program)
    wait_for(program, lambda row: row["status"] == "UP" and row["check_status"] == "L7OK")
    works(of, f"ws://127.0.0.1:{front}")
    time.sleep(1)
    wait_for(program, lambda row: row["status"] == "UP" and row["check_code"] == "200")
    said = [line for line in server.lines if not line.startswith(("relaying ", "listening "))]
    assert not said, said
    with upgrade(port)[0], socket.create_connection(("127.0.0.1", port), 10) as late:
        late.sendall(b"GET /health HTTP/1.1\r\n")
        # The relay has seen both: it accepts in order.
        upgrade(port)[0].close()
        server.process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        answer = late.makefile("rb").readline()
        assert answer.startswith(b"HTTP/1.1 503 "), answer
        wait_for(program, lambda row: row["status"] == "DOWN")
        took = time.monotonic() - begun
        assert server.process.poll() is None and took < 5, f"down after {took:.1f} s"
    return f"up, silent, and down {took * 1000:.0f} ms after SIGTERM"


REMOVED = "which a proxy on the way may have removed"
HALF = "proxy_http_version 1.1;"
