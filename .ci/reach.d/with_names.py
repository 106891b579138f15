"""Names with several addresses, some of which fail; `localhost`; addresses with a zone; a network without IPv6."""
import ast
import re
import socket
from pathlib import Path

from lib import HERE, THERE, Program, fails, free_port, of_each, ours, relay, run as run_program, there, works


def run():
    of_each("names: one with both families, bound at both and connected to", both)
    of_each("names: one family has no route", no_route)
    of_each("names: one family is silent", silent)
    of_each("names: one family refuses", refused)
    of_each("names: all addresses fail", none_works)
    of_each("names: nobody knows it",
            lambda of: fails(of, "ws://unknown.test:9000", told="unknown.test:9000/: "))
    of_each("names: by descriptor, all addresses fail", by_descriptor)
    of_each("localhost: the relay listens at 127.0.0.1 and ::1", relay_at_localhost)
    of_each("localhost: the tunnel listens at 127.0.0.1 and ::1", tunnel_at_localhost)
    of_each("zone: a link-local address of another network", zone)
    of_each("zone: a device that is not there",
            lambda of: fails(of, f"ws://[{THERE.link}%25nothing]:9000/", told=f"[{THERE.link}%nothing]:9000"))
    of_each("zone: none, which no link-local address can do without",
            lambda of: fails(of, f"ws://[{THERE.link}]:9000/", told=f"[{THERE.link}]:9000/: "))
    set_ipv6(False)
    try:
        of_each("without IPv6: localhost is listened at, and reached", without_ipv6)
    finally:
        set_ipv6(True)


def both(of):
    port = free_port()
    server = relay(of, f"ws://dual.test:{port}")
    for host in ("dual.test", HERE.v4, f"[{HERE.v6}]", "only4.test", "only6.test"):
        works(of, f"ws://{host}:{port}", most=5)
    printed(server, [f"{HERE.v4}:{port}", f"[{HERE.v6}]:{port}"])


def printed(server, addresses):
    """The addresses taken are among the first lines."""
    for address in addresses:
        server.line(re.escape(address), 5, again=True)


def no_route(of):
    port = free_port()
    relay(of, f"ws://dual.test:{port}")
    works(of, f"ws://four-works.test:{port}", most=2)
    works(of, f"ws://six-works.test:{port}", most=2)


def silent(of):
    """The other family is tried before TCP gives up, which takes minutes."""
    port = free_port()
    relay(of, f"ws://dual.test:{port}")
    works(of, f"ws://six-silent.test:{port}", most=3)
    works(of, f"ws://four-silent.test:{port}", most=3)


def refused(of):
    for host, other in ((HERE.v4, "only4.test"), (f"[{HERE.v6}]", "only6.test")):
        port = free_port()
        relay(of, f"ws://{host}:{port}", "--host", "dual.test")
        works(of, f"ws://dual.test:{port}", most=2)


def none_works(of):
    """All of them are told, what tells most first."""
    port = free_port()
    return fails(of, f"ws://none-works.test:{port}",
                 told=[f"none-works.test:{port}/: connection refused (127.0.0.1); network unreachable (",
                       "2001:db8:40::1", "10.40.0.1"])


def by_descriptor(of):
    port = free_port()
    descriptor = rf"autobahn:tcp\:none-works.test\:{port}:url=ws\://none-works.test\:{port}"
    done = run_program([ours(of, "hello_client_endpoint"), descriptor])
    told = f"none-works.test:{port}/: connection refused (127.0.0.1); "
    assert done.status == 1 and told in done.err, f"status {done.status}: {done.err!r}"


def relay_at_localhost(of):
    port = free_port()
    server = relay(of, f"ws://localhost:{port}")
    for host in ("localhost", "127.0.0.1", "[::1]"):
        works(of, f"ws://{host}:{port}")
    printed(server, [f"127.0.0.1:{port}", f"[::1]:{port}"])


def tunnel_at_localhost(of):
    target, port = free_port(), free_port()
    relay(of, f"ws://127.0.0.1:{target}")
    program = Program(ours(of, "tunnel"), f"localhost:{port}", f"ws://127.0.0.1:{target}")
    printed(program, [f"127.0.0.1:{port}", f"[::1]:{port}"])
    for host in ("127.0.0.1", "::1"):
        echoed(host, port)
    program.stop()


def echoed(host, port):
    with socket.create_connection((host, port), 10) as sock:
        sock.sendall(b"hello")
        sock.shutdown(socket.SHUT_WR)
        answer = sock.makefile("rb").read()
    assert answer == b"hello", f"{host}: {answer!r}"


def zone(of):
    """The relay is there, the tunnel here. RFC 6874: the zone is for this machine alone, and stays out of `Host`."""
    port = free_port()
    server = relay(of, f"ws://[::]:{port}", "--host", f"[{THERE.link}]", before=there())
    works(of, f"ws://[{THERE.link}%25{HERE.device}]:{port}/", most=5)
    server.stop()
    server = relay(of, f"ws://[{THERE.link}%25{THERE.device}]:{port}", before=there())
    works(of, f"ws://[{THERE.link}%25{HERE.device}]:{port}/", most=5)
    server.stop()
    seen = heard_there(of, f"ws://[{THERE.link}%25{HERE.device}]")
    assert f"\r\nHost: [{THERE.link}]".encode() in seen and b"%" not in seen, seen


def heard_there(of, url):
    """What a server there hears from a tunnel."""
    port = free_port()
    hears = (f"import socket\nlistener = socket.create_server(('::', {port}), family=socket.AF_INET6)\n"
             "print('listening', flush=True)\n"
             "with listener.accept()[0] as tcp: print(tcp.recv(4096), flush=True)")
    server = Program(*there(["python3", "-c", hears]))
    server.line("^listening")
    run_program([ours(of, "tunnel"), "-", f"{url}:{port}/"])
    return ast.literal_eval(server.line("^(b.*)$")[1])


def set_ipv6(on):
    """In this network. Without it, it has no IPv6 address."""
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("0" if on else "1")


def without_ipv6(of):
    """`localhost` still has ::1 in `/etc/hosts`."""
    port = free_port()
    server = relay(of, f"ws://localhost:{port}")
    printed(server, [f"127.0.0.1:{port}"])
    for host in ("localhost", "127.0.0.1"):
        works(of, f"ws://{host}:{port}", most=2)
    local = free_port()
    program = Program(ours(of, "tunnel"), f"localhost:{local}", f"ws://localhost:{port}")
    printed(program, [f"127.0.0.1:{local}"])
    echoed("127.0.0.1", local)
    program.stop()
    fails(of, f"ws://[::1]:{port}", told=f"[::1]:{port}/: ")
