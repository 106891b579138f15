"""squid and tinyproxy: without authentication, with Basic, with a scheme that we do not speak, over TLS."""
import re
import time
from pathlib import Path

from lib import (HERE, SECRET, TEXT, UPGRADE, Program, fails, free_port, hashed, nginx, of_each, place, relays, says,
                 tunnel, wait_for_port, works)

FORBIDDEN, CLOSED = 9009, 9010
LIBRARY = Path("/usr/lib/squid")


class Proxy:
    """A proxy, and the log that shows who went through it."""

    def __init__(self, name, command, port, log, tls=None):
        self.name, self.port, self.log, self.tls = name, port, log, tls
        self.at, self.url = f"127.0.0.1:{port}", f"http://127.0.0.1:{port}"
        self.program = Program(*command)
        wait_for_port(port, self.program)

    def tunnels(self):
        try:
            return len(re.findall(r"CONNECT \S+:\d+", self.log.read_text(errors="replace")))
        except FileNotFoundError:
            return 0

    def by(self, password=SECRET):
        return f"http://reach:{password}@{self.at}"


def squid(name, authentication=""):
    """As Debian sets it up: CONNECT to known ports alone."""
    port, tls = free_port(), free_port()
    home = place.scratch / name.replace(" ", "-")
    home.mkdir()
    home.chmod(0o777)
    (home / "squid.conf").write_text(f"""
http_port 127.0.0.1:{port}
https_port 127.0.0.1:{tls} tls-cert={place.scratch}/cert.pem tls-key={place.scratch}/key.pem
pid_filename none
access_log stdio:{home}/access.log
cache_log {home}/cache.log
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname squid.test
max_filedescriptors 4096
{authentication}
acl forbidden port {FORBIDDEN}
http_access deny CONNECT forbidden
{"acl known proxy_auth REQUIRED" if authentication else "acl known src all"}
http_access allow known
http_access deny all
""")
    return Proxy(name, ["squid", "-N", "-f", home / "squid.conf"], port, home / "access.log", tls)


def tinyproxy(name, authentication="", allowed=()):
    port = free_port()
    home = place.scratch / name.replace(" ", "-")
    home.mkdir()
    ports = "\n".join(f"ConnectPort {allow}" for allow in allowed)
    (home / "conf").write_text(f"""
Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 50
LogFile "{home}/log"
LogLevel Info
{authentication}
{ports}
""")
    return Proxy(name, ["tinyproxy", "-d", "-c", home / "conf"], port, home / "log")


def run():
    targets = relays("0.0.0.0")
    secure = nginx("over TLS", {of: f"location / {{ {UPGRADE} proxy_pass http://127.0.0.1:{port}; }}"
                                for of, port in targets.items()}, tls=True)
    users = place.scratch / "users"
    users.write_text(f"reach:{hashed(SECRET, '-1')}\n")
    basic = f"""
auth_param basic program {LIBRARY}/basic_ncsa_auth {users}
auth_param basic children 2 startup=1
auth_param basic realm test"""
    ntlm = f"""
auth_param ntlm program {LIBRARY}/ntlm_fake_auth
auth_param ntlm children 2 startup=1"""
    allowed = [*targets.values(), *secure.values(), CLOSED]
    plain = squid("squid")
    asking = squid("squid with Basic", basic)
    without_user(plain, targets, secure,
                 {"forbidden": "ERR_ACCESS_DENIED", "closed": "ERR_CONNECT_FAIL", "unknown": "ERR_"})
    without_user(tinyproxy("tinyproxy", allowed=allowed), targets, secure,
                 {"forbidden": "Access violation", "closed": "Unable to connect", "unknown": "Unable to connect"})
    for proxy in (asking, tinyproxy("tinyproxy with Basic", f"BasicAuth reach {SECRET}", allowed)):
        with_user(proxy, targets, secure)
    by_environment(plain, asking, targets, secure)
    over_tls(plain, asking, targets, secure)
    proxy = squid("squid with NTLM", ntlm)
    of_each(f"{proxy.name} alone, which is not spoken",
            lambda of: fails(of, f"ws://relay.test:{targets[of]}", "--proxy", proxy.by(),
                             told=[f"proxy {proxy.at}: ", "NTLM", "only Basic"]))
    web = nginx("no proxy", {"web": "location / { return 200 here; }"})["web"]
    of_each("nginx, which is no proxy",
            lambda of: fails(of, f"ws://relay.test:{targets[of]}", "--proxy", f"http://127.0.0.1:{web}",
                             told=[f"proxy 127.0.0.1:{web}: ", "HTTP 4"]))


def through(proxy, of, url, *args, **how):
    before = proxy.tunnels()
    works(of, url, *args, **how)
    # squid logs a tunnel when it has ended.
    end = time.monotonic() + 5
    while proxy.tunnels() == before and time.monotonic() < end:
        time.sleep(0.02)
    after = proxy.tunnels()
    assert after == before + 1, f"{after - before} tunnels through the proxy"


def without_user(proxy, targets, secure, reasons):
    of_each(f"{proxy.name}: to a name",
            lambda of: through(proxy, of, f"ws://relay.test:{targets[of]}", "--proxy", proxy.url))
    of_each(f"{proxy.name}: wss",
            lambda of: through(proxy, of, f"wss://relay.test:{secure[of]}", "--proxy", proxy.url))
    of_each(f"{proxy.name}: to loopback, where that is asked for",
            lambda of: through(proxy, of, f"ws://127.0.0.1:{targets[of]}", "--proxy", proxy.url))
    of_each(f"{proxy.name}: a port that it forbids",
            lambda of: fails(of, f"ws://relay.test:{FORBIDDEN}", "--proxy", proxy.url,
                             told=[f"proxy {proxy.at}: it refused the tunnel: HTTP 403", reasons["forbidden"]],
                             not_told=["<html", "\\x"]))
    of_each(f"{proxy.name}: nothing listens behind it",
            lambda of: fails(of, f"ws://relay.test:{CLOSED}", "--proxy", proxy.url,
                             told=[f"proxy {proxy.at}: it refused the tunnel: HTTP 50", reasons["closed"]]))
    of_each(f"{proxy.name}: a name that it does not know",
            lambda of: fails(of, f"ws://unknown.test:{CLOSED}", "--proxy", proxy.url,
                             told=[f"proxy {proxy.at}: it refused the tunnel: HTTP 50", reasons["unknown"]]))


def with_user(proxy, targets, secure):
    of_each(f"{proxy.name}: the right password",
            lambda of: through(proxy, of, f"ws://relay.test:{targets[of]}", "--proxy", proxy.by()))
    of_each(f"{proxy.name}: wss",
            lambda of: through(proxy, of, f"wss://relay.test:{secure[of]}", "--proxy", proxy.by()))
    of_each(f"{proxy.name}: a wrong password",
            lambda of: fails(of, f"ws://relay.test:{targets[of]}", "--proxy", proxy.by("mistaken"),
                             told=f"proxy {proxy.at}: it refused the user and password", not_told=["mistaken"]))
    of_each(f"{proxy.name}: no password",
            lambda of: fails(of, f"ws://relay.test:{targets[of]}", "--proxy", proxy.url,
                             told=f"proxy {proxy.at}: it asks for a user and a password (Basic)"))


def by_environment(plain, asking, targets, secure):
    def to(of, host="relay.test"):
        return f"ws://{host}:{targets[of]}"

    of_each("http_proxy: ws", lambda of: through(plain, of, to(of), variables={"http_proxy": plain.url}))
    of_each("http_proxy: with a password",
            lambda of: through(asking, of, to(of), variables={"http_proxy": asking.by()}))
    of_each("https_proxy: wss",
            lambda of: through(plain, of, f"wss://relay.test:{secure[of]}", variables={"https_proxy": plain.url}))
    of_each("all_proxy: ws", lambda of: through(plain, of, to(of), variables={"all_proxy": plain.url}))
    of_each("http_proxy: nothing listens there",
            lambda of: fails(of, to(of), variables={"http_proxy": "http://127.0.0.1:9"}, told="proxy 127.0.0.1:9: "))
    of_each("http_proxy: a scheme that no proxy has",
            lambda of: fails(of, to(of), variables={"http_proxy": "quic://127.0.0.1:9"},
                             told=["http_proxy in the environment", "quic"]))
    # Who goes to this one gets nowhere.
    wrong = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "all_proxy")}
    for host, exceptions in (
        ("relay.test", "relay.test"), ("relay.test", "example.org, .test"), ("relay.test", "example.org relay.test."),
        ("deep.relay.test", "*.relay.test"), ("deep.relay.test", "a.test\trelay.test"), ("RELAY.test", "relay.TEST"),
        (HERE.v4, "example.org 10.0.0.0/8"), (HERE.v4, f"2001:db8::/32,{HERE.v4}"), ("relay.test", "*"),
    ):
        of_each(f"no_proxy {exceptions!r}: {host}",
                lambda of: works(of, to(of, host), variables={**wrong, "no_proxy": exceptions}))
    for host, exceptions in (("relay.test", "lay.test,10.0.0.0/8"), (HERE.v4, "10.21.0.0/16 relay.test")):
        of_each(f"no_proxy {exceptions!r}: not {host}",
                lambda of: fails(of, to(of, host), variables={**wrong, "no_proxy": exceptions},
                                 told="proxy 127.0.0.1:9: "))
    for host in ("127.0.0.1", "localhost"):
        of_each(f"http_proxy: not for {host}", lambda of: works(of, to(of, host), variables=wrong))
    of_each("http_proxy: not with --no-proxy", lambda of: works(of, to(of), "--no-proxy", variables=wrong))
    of_each("http_proxy: not with --proxy ''", lambda of: works(of, to(of), "--proxy", "", variables=wrong))
    of_each("http_proxy: not with another --proxy",
            lambda of: through(plain, of, to(of), "--proxy", plain.url, variables=wrong))
    # Of CGI programs, whoever asks sets it: the header `Proxy`.
    of_each("HTTP_PROXY: is not used, which is told", lambda of: ignored(of, to(of), wrong["http_proxy"]))


def ignored(of, url, proxy):
    done = tunnel(of, url, variables={"HTTP_PROXY": proxy})
    assert done.status == 0 and done.out == TEXT, f"status {done.status}, {done.out!r}, {done.err!r}"
    assert len(done.err.splitlines()) == 1, done.err
    return says(done.err.strip(), "HTTP_PROXY is ignored")


def over_tls(plain, asking, targets, secure):
    def to(of):
        return f"ws://relay.test:{targets[of]}"

    of_each("squid over TLS: ws", lambda of: through(plain, of, to(of), "--proxy", f"https://localhost:{plain.tls}"))
    of_each("squid over TLS: wss, by the environment",
            lambda of: through(plain, of, f"wss://relay.test:{secure[of]}",
                               variables={"https_proxy": f"https://127.0.0.1:{plain.tls}"}))
    of_each("squid over TLS, with Basic",
            lambda of: through(asking, of, to(of), "--proxy", f"https://reach:{SECRET}@localhost:{asking.tls}"))
    of_each("squid over TLS: nobody trusts its certificate",
            lambda of: fails(of, to(of), "--proxy", f"https://localhost:{plain.tls}",
                             variables={"SSL_CERT_FILE": "/dev/null"},
                             told=[f"proxy localhost:{plain.tls}: ", "certificate"]))
    of_each("squid over TLS: a name that is not in its certificate",
            lambda of: fails(of, to(of), "--proxy", f"https://uncertified.test:{plain.tls}",
                             told=[f"proxy uncertified.test:{plain.tls}: ", "certificate"]))
    of_each("squid over TLS: spoken to without",
            lambda of: fails(of, to(of), "--proxy", f"http://127.0.0.1:{plain.tls}",
                             told=f"proxy 127.0.0.1:{plain.tls}: "))
    of_each("squid without TLS: spoken to with",
            lambda of: fails(of, to(of), "--proxy", f"https://127.0.0.1:{plain.port}", told=f"proxy {plain.at}: "))
