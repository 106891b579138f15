"""SOCKS servers: dante, without and with users and with a rule that refuses, and OpenSSH's client."""
from types import SimpleNamespace

from lib import HERE, SECRET, Program, fails, free_port, of_each, place, relays, sshd, wait_for_port, works

FORBIDDEN = 9009


def dante(name, methods):
    port = free_port()
    file = place.scratch / f"{name}.conf"
    file.write_text(f"""
logoutput: stderr
internal: 127.0.0.1 port = {port}
external: {HERE.device}
socksmethod: {methods}
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = {FORBIDDEN} log: connect }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 log: connect }}
""")
    program = Program("danted", "-f", file)
    wait_for_port(port, program)
    program.at = f"127.0.0.1:{port}"
    return program


def through(program, of, url, *args, **how):
    """Its log has a line for each connection that it makes."""
    works(of, url, *args, **how)
    port = url.rsplit(":", 1)[1]
    program.line(rf"pass\(\d+\): tcp/connect.*\.{port}\b", 5)


def run():
    targets = relays("0.0.0.0")
    free = dante("free", "none")
    asking = dante("asking", "username")

    def to(of, host="relay.test"):
        return f"ws://{host}:{targets[of]}"

    for scheme in ("socks5", "socks5h", "socks"):
        of_each(f"dante: {scheme}://, to a name",
                lambda of: through(free, of, to(of), "--proxy", f"{scheme}://{free.at}"))
    for scheme in ("socks5", "socks4"):
        of_each(f"dante: {scheme}://, to an address",
                lambda of: through(free, of, to(of, HERE.v4), "--proxy", f"{scheme}://{free.at}"))
    # Of SOCKS4a, which gives names to the server, it knows nothing.
    of_each("dante: socks4://, to a name",
            lambda of: fails(of, to(of), "--proxy", f"socks4://{free.at}",
                             told=f"proxy {free.at}: it opened no tunnel: "))
    of_each("dante: all_proxy", lambda of: through(free, of, to(of), variables={"all_proxy": f"socks5://{free.at}"}))
    of_each("dante: ALL_PROXY", lambda of: through(free, of, to(of), variables={"ALL_PROXY": f"socks5://{free.at}"}))
    of_each("dante: a user where none is asked for",
            lambda of: through(free, of, to(of), "--proxy", f"socks5://reach:{SECRET}@{free.at}"))
    of_each("dante: refused by a rule",
            lambda of: fails(of, f"ws://relay.test:{FORBIDDEN}", "--proxy", f"socks5://{free.at}",
                             told=[f"proxy {free.at}: ", "not allowed"]))
    of_each("dante: refused by a rule, SOCKS4",
            lambda of: fails(of, f"ws://relay.test:{FORBIDDEN}", "--proxy", f"socks4://{free.at}",
                             told=f"proxy {free.at}: it opened no tunnel: "))
    of_each("dante: nothing listens behind it",
            lambda of: fails(of, f"ws://relay.test:{free_port()}", "--proxy", f"socks5://{free.at}",
                             told=[f"proxy {free.at}: it opened no tunnel: ", "efused"]))
    of_each("dante: a name that it does not know",
            lambda of: fails(of, "ws://unknown.test", "--proxy", f"socks5://{free.at}",
                             told=f"proxy {free.at}: it opened no tunnel: "))

    of_each("dante with users: the right password",
            lambda of: through(asking, of, to(of), "--proxy", f"socks5://reach:{SECRET}@{asking.at}"))
    of_each("dante with users: a wrong password",
            lambda of: fails(of, to(of), "--proxy", f"socks5://reach:mistaken@{asking.at}",
                             told=f"proxy {asking.at}: it refused the user and password", not_told=["mistaken"]))
    of_each("dante with users: none given",
            lambda of: fails(of, to(of), "--proxy", f"socks5://{asking.at}",
                             told=f"proxy {asking.at}: it asks for a user and a password"))
    of_each("dante: spoken to as HTTP",
            lambda of: fails(of, to(of), "--proxy", f"http://{free.at}", told=f"proxy {free.at}: "))

    ssh = openssh()
    for scheme in ("socks5", "socks4", "socks4a"):
        for host in ("relay.test", HERE.v4):
            of_each(f"ssh -D: {scheme}://, to {host}",
                    lambda of: works(of, to(of, host), "--proxy", f"{scheme}://{ssh.at}"))
    sixth = relays(f"[{HERE.v6}]")
    of_each("ssh -D: socks5://, to IPv6",
            lambda of: works(of, f"ws://[{HERE.v6}]:{sixth[of]}", "--proxy", f"socks5://{ssh.at}"))
    of_each("ssh -D: nothing listens behind it",
            lambda of: fails(of, f"ws://relay.test:{free_port()}", "--proxy", f"socks5://{ssh.at}",
                             told=f"proxy {ssh.at}: it ended the connection"))
    of_each("ssh -D: socks4://, to IPv6, which it cannot ask for",
            lambda of: fails(of, f"ws://[{HERE.v6}]:{sixth[of]}", "--proxy", f"socks4://{ssh.at}",
                             told=f"proxy {ssh.at}: SOCKS4 reaches no IPv6 addresses"))


def openssh():
    """A client that carries what it is asked for by SOCKS, to a server that is this machine, too."""
    server, port = sshd(), free_port()
    program = Program("ssh", "-N", "-F", "/dev/null", "-D", f"127.0.0.1:{port}", "-p", server.port, "-i", server.key,
                      "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                      "-o", "IdentitiesOnly=yes", "-o", "ExitOnForwardFailure=yes", "root@127.0.0.1")
    wait_for_port(port, program)
    return SimpleNamespace(at=f"127.0.0.1:{port}")
