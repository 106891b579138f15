"""Large heads through nginx: the cookies of single sign-on, of a client and of a server."""
from lib import UPGRADE, Program, fails, free_port, nginx, of_each, ours, relays, upgrade, works

KIB = 1 << 10


def run():
    of_each("heads: 24 and 48 KiB of cookies, which a descriptor of the server allows", cookies)
    targets = relays("127.0.0.1")

    def answers(name, size):
        """Cookies of 2 KiB each, with every answer."""
        fields = "\n".join(f'add_header Set-Cookie "c{n}={"c" * 2000}" always;' for n in range(size // (2 * KIB)))
        return nginx(name, {of: f"{fields} location / {{ {UPGRADE} proxy_pass http://127.0.0.1:{port}; }}"
                            for of, port in targets.items()})

    large, huge = answers("large answers", 48 * KIB), answers("huge answers", 80 * KIB)
    of_each("heads: an answer with 48 KiB of cookies", lambda of: works(of, f"ws://127.0.0.1:{large[of]}"))
    of_each("heads: an answer with 80 KiB of cookies",
            lambda of: fails(of, f"ws://127.0.0.1:{huge[of]}", told=["head of more than 65536 octets", "max_head"]))


def cookies(of):
    """By hand: a descriptor of the client's cannot be that long."""
    for most, sizes in ((None, (8, -24)), (64 * KIB, (24, 48, -72))):
        port = free_port()
        text = rf"autobahn:tcp\:{port}\:interface\=127.0.0.1:url=ws\://127.0.0.1\:{port}"
        server = Program(ours(of, "hello_server_endpoint"), text + (f":maxHead={most}" if most else ""))
        server.line("listening")
        front = nginx(f"cookies {of} {most}", {"": f"location / {{ {UPGRADE} proxy_pass http://127.0.0.1:{port}; }}"},
                      "large_client_header_buffers 4 128k;")[""]
        for size in sizes:
            sock, answer = upgrade(front, f"Cookie: a={'c' * (abs(size) * KIB - 1000)}\r\n")
            sock.close()
            if size > 0:
                assert answer.startswith("HTTP/1.1 101 "), f"{size} KiB: {answer!r}"
            else:
                assert answer.startswith("HTTP/1.1 431 ") and "max_head" in answer, f"{size} KiB: {answer!r}"
        server.stop()
