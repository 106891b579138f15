"""Servers that look at the request: a page in Chromium, Python's websockets, and clients of HTTP alone."""
import asyncio

import websockets
from lib import (HERE, PATIENCE, UPGRADE, Program, answer, echoes, ended, example, expect, listening, noise, place,
                 python, run, within)
from pages import CHROMIUM, Pages, serve

PAGE = rb"""<!doctype html><meta charset="utf-8"><script>
function visit(url) {
  return new Promise((done) => {
    const socket = new WebSocket(url, ["binary"]);
    let text = "";
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      text += new TextDecoder().decode(data);
      if (text.endsWith("!\n")) socket.send(new TextEncoder().encode("from a page"));
      if (text.endsWith("from a page")) socket.close();
    };
    socket.onclose = ({ code, wasClean }) => done({ text, code, wasClean });
  });
}
(async () => {
  const at = await (await fetch("/cases")).json();
  const got = { public: await visit(at + "/public"), stranger: await visit(at + "/private") };
  document.cookie = "theme=dark";
  document.cookie = "session=c0ffee";
  got.user = await visit(at + "/private");
  await fetch("/", { method: "POST", body: JSON.stringify(got) });
})();
</script>"""


def decide_server():
    """Everybody is somewhere else, and the one with a cookie is a page."""
    origin = f"http://127.0.0.1:{serve(PAGE)}"
    server = listening("decide_server", "127.0.0.1:0", origin)
    for path, cookie, status in (("/", "", 404), ("/private", "", 401), ("/private", "session=guess", 401),
                                 ("/privat", "session=c0ffee", 404)):
        got = answer(server.at, path, Cookie=cookie, **UPGRADE)
        expect(f"{path} with {cookie!r}", got[0], status)
    expect("the reason", answer(server.at, "/private", **UPGRADE)[1], "Log in first.\n")
    expect("another origin", answer(server.at, "/public", Origin="http://127.0.0.1", **UPGRADE)[0], 403)

    async def public():
        async with python(f"ws://{server.at}/public") as socket:
            expect("greeting", await socket.recv(), b"Hello, whoever you are!\n")
            await echoes(socket, b"from Python")
    within(public())

    Pages.cases = f"ws://{server.at}"
    browser = Program(*CHROMIUM, f"--user-data-dir={place.scratch}/chromium", origin)
    assert Pages.done.wait(PATIENCE), f"the page does not answer: {browser.lines[-20:]}"
    browser.stop()
    for case, text in (("public", "Hello, whoever you are!\nfrom a page"), ("user", "Hello, Ada!\nfrom a page")):
        expect(case, Pages.results[case], {"text": text, "code": 1005, "wasClean": True})
    expect("stranger", Pages.results["stranger"], {"text": "", "code": 1006, "wasClean": False})
    ended(server)


def http2(server, path):
    expect("over HTTP/2", run("node", HERE / "http2.js", f"http://{server.at}", path).decode(), "hello 1000\n")


def axum_server():
    """Its page, and its tunnel, which ends gracefully."""
    server = listening("axum_server", "127.0.0.1:0")
    expect("the page", answer(server.at, "/"), (200, "the tunnel is at /tunnel\n"))
    http2(server, "/tunnel")

    async def tunnel():
        async with python(f"ws://{server.at}/tunnel") as socket:
            await echoes(socket, b"before")
            server.process.send_signal(2)
            await echoes(socket, b"after")
    within(tunnel())
    expect("exit status", server.process.wait(PATIENCE), 0)


def hyper():
    """The server with both versions of HTTP, the client with Python's server, and each with the other."""
    server = listening("hyper_upgrade_server", "127.0.0.1:0")
    http2(server, "/")
    client = example("hyper_upgrade_client")
    expect("each other", run(client, f"ws://{server.at}/", "hi").decode(), "hi\n")

    async def both():
        async with python(f"ws://{server.at}/") as socket:
            await echoes(socket, noise())
        async with websockets.serve(back, "127.0.0.1", 0, subprotocols=["binary"]) as serving:
            port = serving.sockets[0].getsockname()[1]
            url = f"ws://127.0.0.1:{port}/"
            expect("Python's echo", (await asyncio.to_thread(run, client, url, "hi")).decode(), "hi\n")
    within(both())


async def back(socket, *_):
    async for message in socket:
        await socket.send(message)


def mio():
    """All that a stream can do, and Python."""
    server = listening("mio_echo", "127.0.0.1:0")
    run(example("tcp_stream"), f"ws://{server.at}/")

    async def echo():
        async with python(f"ws://{server.at}/") as socket:
            await echoes(socket, noise())
    within(echo())
