"""A port forward, with HAProxy and its TLS at the other end."""
import socket

from lib import PATIENCE, Program, ended, example, expect, file, free_port, listening, noise, place, run
from programs import tcp_echo, wait_for_port


def certificates():
    """An authority of our own, and a server's certificate by it, with its key."""
    at = place.scratch
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    ca, key, wanted = at / "ca.key", at / "key.pem", at / "request.pem"
    run("openssl", "req", "-x509", *curve, "-days", "2", "-subj", "/CN=ca", "-keyout", ca, "-out", at / "ca.pem")
    run("openssl", "req", *curve, "-subj", "/CN=server", "-keyout", key, "-out", wanted)
    run("openssl", "x509", "-req", "-in", wanted, "-CA", at / "ca.pem", "-CAkey", ca, "-days", "2",
        "-extfile", file("extensions", "subjectAltName=IP:127.0.0.1\n"), "-out", at / "cert.pem")
    return file("haproxy.pem", (at / "cert.pem").read_text() + (at / "key.pem").read_text())


def haproxy(front, back):
    """Its configuration: TLS at one port, and a relay at the other."""
    return file("haproxy.cfg", f"""
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen all
  bind 127.0.0.1:{front} ssl crt {certificates()}
  server relay 127.0.0.1:{back}
""")


def forward():
    """A TCP client waits while the server comes up piece by piece; the program ends gracefully."""
    front, back = free_port(), free_port()
    config = haproxy(front, back)
    forwarding = listening("forward", "127.0.0.1:0", f"wss://127.0.0.1:{front}/", place.scratch / "ca.pem")
    host, port = forwarding.at.split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as client:
        forwarding.line("refused.*next attempt")
        wait_for_port(front, Program("haproxy", "-db", "-f", config))
        forwarding.line("503.*next attempt")
        relaying = Program(example("relay"), f"ws://127.0.0.1:{back}", f"127.0.0.1:{tcp_echo()}")
        relaying.line("^relaying")

        def echo(octets):
            client.sendall(octets)
            back = b""
            while len(back) < len(octets):
                back += client.recv(1 << 16) or b"the end"
            expect("echo", back, octets)

        echo(noise(1 << 16))
        forwarding.process.send_signal(2)
        # It still carries what is open.
        echo(noise(1 << 16))
        client.shutdown(socket.SHUT_WR)
        expect("the end", client.recv(1), b"")
    expect("exit status", forwarding.process.wait(PATIENCE), 0)


def forward_to_others():
    """A server that the authority has not certified is no server, now or later."""
    place.scratch.joinpath("ca.pem").rename(place.scratch / "other.pem")
    front = free_port()
    config = haproxy(front, free_port())
    wait_for_port(front, Program("haproxy", "-db", "-f", config))
    forwarding = listening("forward", "127.0.0.1:0", f"wss://127.0.0.1:{front}/", place.scratch / "other.pem")
    host, port = forwarding.at.split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as client:
        forwarding.line("certificate")
        try:
            got = client.recv(1)
        except ConnectionResetError:
            got = "a reset"
        expect("a client without a server", got, "a reset")
    assert "next attempt" not in " ".join(forwarding.lines), forwarding.lines
    ended(forwarding)
