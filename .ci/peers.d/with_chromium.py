"""A page in Chromium."""
import time

from cases import DEFLATE, ONLY, SMALL, case, dice, expect, sizes
from common import sha1, text
from exchanges import compressed, split_mix, summary, told
from pages import CHROMIUM, Pages, serve
from programs import HERE, PATIENCE, Program, free_port, place, relay, tcp_echo, wait_for_port


def run(servers):
    """The page comes through HAProxy, which takes /ws to a relay: the relay is on the page's own host."""
    if ONLY not in "chromium":
        return
    pages = serve((HERE / "page.html").read_bytes())
    relaying = relay(tcp_echo())
    port = free_port()
    config = place.scratch / "pages.cfg"
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
  server pages 127.0.0.1:{pages}
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
        add_echo(servers.on, asked, subprotocol, "close()", DEFLATE)
    add_echo(servers.on, ["binary"], "binary", "close(4001)", DEFLATE, 4001)
    add_echo(servers.off, ["binary"], "binary", "ours is off", "")
    add_echo(servers.off, ["base64"], "base64", "ours is off", "")
    add_echo(servers.small, ["binary"], "binary", "we ask for them", SMALL)
    for code, subprotocol in ((1000, "binary"), (4002, "base64")):
        seed, length = dice.getrandbits(31), dice.randrange(1000, 300_000)
        path = f"/{seed}/{length}/{code}"

        def check(got, seed=seed, length=length, code=code, subprotocol=subprotocol, path=path):
            expect(got, fault="", octets=length, received=sha1(text(length, split_mix(seed))), code=code, reason="done",
                   wasClean=True, subprotocol=subprotocol, extensions=DEFLATE)
            ours = told(servers.on, path)
            expect(ours, ended=code)
            compressed(ours, DEFLATE, echo=False)
            return summary(got, ours) + ", wasClean"

        add("page -> our Close", subprotocol, str(code), dict(
            url=f"ws://{servers.on.at}{path}", subprotocols=[subprotocol], seed=1, sizes=[], read=True), check, DEFLATE)

    def foreign(got):
        expect(got, opened=False, code=1006, wasClean=False)
        relaying.line(f'origin "http://127.0.0.1:{port}" is not allowed')
        return "refused, close 1006"

    add("page -> relay, other host", "binary", "", echo_case(f"ws://{relaying.at}/", ["binary"]), foreign)
    request = echo_case(f"ws://127.0.0.1:{port}/ws", ["binary"])
    same_host = echo_is(request, 1005, "binary", DEFLATE)
    add("page -> haproxy -> relay", "binary", "same host", request, lambda got: summary(got) + same_host(got), DEFLATE)

    begin = time.monotonic()
    browser = Program(*CHROMIUM, f"--user-data-dir={place.scratch}/chromium", f"http://127.0.0.1:{port}/")
    if not Pages.done.wait(PATIENCE):
        print(f"the page does not answer: {browser.lines[-20:]}")
    browser.stop()
    print(f"       chromium ran for {time.monotonic() - begin:.1f} s")
    results = Pages.results or [{}] * len(runs)
    for (title, subprotocol, what, check, agreed), got in zip(runs, results, strict=True):
        case("chromium", title, subprotocol, what, lambda: check(got), agreed)
