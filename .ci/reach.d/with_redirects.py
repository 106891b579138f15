"""An nginx that redirects: with each status, in each form, to another port, to TLS, in a circle, from TLS to plain."""
from lib import SECRET, UPGRADE, Program, fails, free_port, nginx, of_each, ours, relays, run as run_program, works

STATUSES = (301, 302, 303, 307, 308)
MOST = 5


def run():
    carried = f"{UPGRADE} proxy_pass http://127.0.0.1:{relays('127.0.0.1')['tokio']};"
    other = nginx("other", {"": f"location = /there {{ {carried} }}"})[""]
    secure = nginx("secure", {"": f"""
location = /there {{ {carried} }}
location = /plain {{ return 301 ws://127.0.0.1:{other}/there; }}
location = /http {{ return 301 http://127.0.0.1:{other}/there; }}
location = /relative {{ return 307 there; }}
"""}, tls=True)[""]
    statuses = "\n".join(f"location = /{status} {{ return {status} /there; }}" for status in STATUSES)
    steps = "\n".join(f"location = /step{n} {{ return 302 /step{n - 1}; }}" for n in range(1, MOST + 2))
    to = {
        "http": f"http://127.0.0.1:{other}/there", "ws": f"ws://127.0.0.1:{other}/there",
        "wss": f"wss://localhost:{secure}/there", "https": f"https://localhost:{secure}/there",
        "relative-of-wss": f"wss://localhost:{secure}/relative", "without-scheme": f"//127.0.0.1:{other}/there",
        "with-query": f"ws://127.0.0.1:{other}/there?token={SECRET}",
        "lost": f"ws://127.0.0.1:{other}/lost?token={SECRET}",
        "downgrade": f"wss://localhost:{secure}/plain", "login": "ftp://127.0.0.1/", "loop": "/pool", "pool": "/loop",
        "itself": "/itself", "a/relative": "../there",
    }
    places = "\n".join(f"location = /{path} {{ return 302 {location}; }}" for path, location in to.items())
    first = nginx("redirecting", {"": f"""
absolute_redirect off;
location = /there {{ {carried} }}
location = /step0 {{ {carried} }}
{statuses}
{steps}
{places}
"""})[""]
    at = f"ws://127.0.0.1:{first}"
    for status in STATUSES:
        of_each(f"redirects: {status}", lambda of: works(of, f"{at}/{status}"))
    for path in ("http", "ws", "wss", "https", "relative-of-wss", "without-scheme", "with-query", "a/relative"):
        of_each(f"redirects: {path}", lambda of: works(of, f"{at}/{path}"))
    of_each("redirects: five", lambda of: works(of, f"{at}/step{MOST}"))
    of_each("redirects: six",
            lambda of: fails(of, f"{at}/step{MOST + 1}",
                             told=["redirected more than 5 times", "HTTP 302",
                                   f"{at}/step{MOST + 1} -> {at}/step{MOST} -> "]))
    of_each("redirects: six, where as many are allowed",
            lambda of: works(of, f"{at}/step{MOST + 1}", "--redirects", 6))
    of_each("redirects: none allowed",
            lambda of: fails(of, f"{at}/301", "--redirects", 0, told=["refused by the server: HTTP 301", "/there"]))
    of_each("redirects: a circle",
            lambda of: fails(of, f"{at}/loop", told=["in a circle", f"{at}/loop -> {at}/pool -> {at}/loop"]))
    of_each("redirects: to itself", lambda of: fails(of, f"{at}/itself", told=["in a circle"]))
    for path in ("plain", "http"):
        of_each(f"redirects: from TLS to plain, {path}",
                lambda of: fails(of, f"wss://localhost:{secure}/{path}",
                                 told=["from TLS to a URL without", f"-> ws://127.0.0.1:{other}/there"]))
    of_each("redirects: to TLS, and from there to plain",
            lambda of: fails(of, f"{at}/downgrade", told="from TLS to a URL without"))
    of_each("redirects: to no WebSocket",
            lambda of: fails(of, f"{at}/login", told=["redirected to no WebSocket URL", f"{at}/login"]))
    of_each("redirects: to what is not there",
            lambda of: fails(of, f"{at}/lost", told="refused by the server: HTTP 404"))
    of_each("redirects: by descriptor", by_descriptor)


def by_descriptor(of):
    """The server's descriptor behind nginx, and the client's in front."""
    port = free_port()
    server = Program(ours(of, "hello_server_endpoint"),
                     rf"autobahn:tcp\:{port}\:interface\=127.0.0.1:url=ws\://127.0.0.1\:{port}/hello")
    server.line("listening")
    front = nginx(f"descriptor {of}", {"": f"""
absolute_redirect off;
location = /from {{ return 307 /hello; }}
location = /hello {{ {UPGRADE} proxy_pass http://127.0.0.1:{port}; }}
"""})[""]
    done = run_program([ours(of, "hello_client_endpoint"),
                        rf"autobahn:tcp\:127.0.0.1\:{front}:url=ws\://127.0.0.1\:{front}/from:redirects=1"])
    assert done.status == 0 and done.out == "how are you?\n", f"status {done.status}: {done.out!r}, {done.err!r}"
    server.line("hello")
