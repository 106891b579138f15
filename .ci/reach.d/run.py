"""What stands between relays and tunnels and those they reach: usage: run.py EXAMPLES, run by .ci/reach, in a network
and a mount namespace of its own.

One line for each case. REACH_ONLY (a part of the line) chooses some. The cases are in `with_*.py`.
"""
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import with_heads
import with_http_proxies
import with_names
import with_other_servers
import with_queues
import with_redirects
import with_reverse_proxies
import with_socks
from lib import HERE, HOSTS, SECRET, THERE, counts, env, hashed, place
from programs import environment, running

GROUPS = (with_http_proxies.run, with_socks.run, with_reverse_proxies.run, with_heads.run, with_redirects.run,
          with_other_servers.run, with_names.run, with_queues.run)


def system(*command):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(f"reach: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def networks():
    """Two networks and a cable between them; files of `/etc` that are different from the machine's, here alone."""
    other = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    place.there = other.pid
    mine = Path("/proc/self/ns/net").readlink()
    end = time.monotonic() + 10
    while Path(f"/proc/{other.pid}/ns/net").readlink() == mine:
        if time.monotonic() > end or other.poll() is not None:
            raise SystemExit("reach: no second network")
        time.sleep(0.01)
    system("ip", "link", "add", HERE.device, "type", "veth", "peer", "name", THERE.device, "netns", other.pid)
    for end, before in ((HERE, []), (THERE, ["nsenter", f"--net=/proc/{other.pid}/ns/net"])):
        for command in (
            "ip link set lo up", f"ip link set {end.device} up", f"ip address add {end.v4}/24 dev {end.device}",
            f"ip address add {end.v6}/64 dev {end.device} nodad",
            f"ip address add {end.link}/64 dev {end.device} nodad",
        ):
            system(*before, *command.split())
    # The other end forwards nothing, and says nothing about it.
    system(*"ip route add 10.30.0.0/16 via".split(), THERE.v4)
    system(*"ip route add 2001:db8:30::/48 via".split(), THERE.v6)
    system("nsenter", f"--net=/proc/{other.pid}/ns/net", *"ip route add blackhole 10.30.0.0/16".split())
    system("nsenter", f"--net=/proc/{other.pid}/ns/net", *"ip -6 route add blackhole 2001:db8:30::/48".split())

    instead("/etc/hosts", HOSTS)
    instead("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    no_names()
    instead("/etc/nsswitch.conf", "hosts: files\npasswd: files\ngroup: files\nshadow: files\n")
    instead("/etc/passwd", Path("/etc/passwd").read_text() + "reach:x:65533:65534::/nonexistent:/usr/sbin/nologin\n")
    instead("/etc/shadow", Path("/etc/shadow").read_text() + f"reach:{hashed(SECRET, '-6')}:19000:0:99999:7:::\n")


def no_names():
    """A name server that knows no name: squid asks it, and without an answer it would ask for long."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def answer():
        while True:
            query, client = server.recvfrom(4096)
            # RFC 1035 §4.1.1: the same, as a response with the code of NXDOMAIN.
            server.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12:], client)

    threading.Thread(target=answer, daemon=True).start()


def instead(path, text):
    file = place.scratch / Path(path).name
    file.write_text(text)
    file.chmod(Path(path).stat().st_mode)
    system("mount", "--bind", file, path)


def certificates():
    """An authority of our own, which only the programs that are told so trust, and a server's certificate by it."""
    at = place.scratch
    names = ",".join(["DNS:localhost", "DNS:relay.test", "DNS:dual.test", "IP:127.0.0.1", f"IP:{HERE.v4}"])
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    system("openssl", "req", "-x509", *curve, "-subj", "/CN=reach", "-keyout", at / "ca.key", "-out", at / "ca.pem")
    system("openssl", "req", *curve[:-2], "-subj", "/CN=server", "-keyout", at / "key.pem", "-out", at / "request.pem")
    (at / "extensions").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    system("openssl", "x509", "-req", "-in", at / "request.pem", "-CA", at / "ca.pem", "-CAkey", at / "ca.key",
           "-days", "2", "-extfile", at / "extensions", "-out", at / "cert.pem")
    (at / "key.pem").chmod(0o644)


def versions():
    def first(*command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return (done.stdout + done.stderr).strip().splitlines()[0].split(" - ")[0]
    print(", ".join([first("squid", "-v"), first("tinyproxy", "-v"), first("danted", "-v"), first("nginx", "-v"),
                     first("haproxy", "-v")]))


def main():
    place.ours = Path(sys.argv[1]).parent
    place.scratch = Path(tempfile.mkdtemp(prefix="reach-"))
    # Servers leave root behind.
    place.scratch.chmod(0o755)
    try:
        versions()
        networks()
        certificates()
        environment.clear()
        environment.update(env())
        for group in GROUPS:
            try:
                group()
            except Exception:
                # A server that does not start.
                traceback.print_exc()
                counts["failed"] += 1
    finally:
        for program in reversed(running):
            program.stop()
        shutil.rmtree(place.scratch, ignore_errors=True)
    print(f"reach: {counts['passed']} passed, {counts['failed']} failed")
    return bool(counts["failed"] or not counts["passed"])


if __name__ == "__main__":
    sys.exit(main())
