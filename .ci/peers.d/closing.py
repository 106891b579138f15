"""Clients that close while the target stays: usage: closing.py OURS, run by .ci/peers.

60 of Python's websockets, 60 of aiohttp, and pages in Chromium, through the relays of both adapters to a TCP server
that greets, and then says nothing and never ends. Each sees 1000, none 1006, and pages that it was clean, within a
second.
"""
import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import aiohttp
from websockets.asyncio.client import connect

from pages import CHROMIUM, Pages, serve

EXAMPLES = Path(sys.argv[1]) / "examples"
RELAYS = {"tokio": "relay", "async-std": "async_std_relay"}
CLIENTS, PAGES = 60, 5
# The most seconds from close() to the end; for Python's clients there are many at once.
A_SECOND = 1
PATIENCE = 60

PAGE = b"""<!doctype html>
<script>
'use strict';
const one = url => new Promise(resolve => {
  const ws = new WebSocket(url, ['binary']);
  let began;
  ws.onmessage = () => { began = performance.now(); ws.close(1000); };
  ws.onclose = ({ code, wasClean }) => resolve({ code, wasClean, seconds: (performance.now() - began) / 1000 });
});
(async () => {
  const urls = await (await fetch('/cases')).json();
  await fetch('/results', { method: 'POST', body: JSON.stringify(await Promise.all(urls.map(one))) });
})();
</script>
"""


def target():
    """Each connection stays."""
    listener, kept = socket.create_server(("127.0.0.1", 0), backlog=2 * CLIENTS), []

    def run():
        while True:
            tcp, _ = listener.accept()
            tcp.sendall(b"hello")
            kept.append(tcp)

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def start_relay(program, port, *options):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = "ws://127.0.0.1:%d/" % listener.getsockname()[1]
    command = [EXAMPLES / program, url, f"127.0.0.1:{port}", *options]
    relay = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert "relaying" in (line := relay.stdout.readline()), line
    relay.url = url
    return relay


async def with_websockets(url):
    ws = await connect(url, subprotocols=["binary"])
    assert await ws.recv() == b"hello"
    began = time.monotonic()
    await ws.close()
    return {"code": ws.close_code, "seconds": time.monotonic() - began}


async def with_aiohttp(url):
    async with aiohttp.ClientSession() as session:
        ws = await session.ws_connect(url, protocols=["binary"])
        assert (await ws.receive()).data == b"hello"
        began = time.monotonic()
        await ws.close()
        return {"code": ws.close_code, "seconds": time.monotonic() - began}


async def many(client, url):
    return await asyncio.wait_for(asyncio.gather(*(client(url) for _ in range(CLIENTS))), PATIENCE)


def in_chromium(origin, urls):
    Pages.cases, Pages.results = urls, []
    Pages.done.clear()
    profile = tempfile.mkdtemp(prefix="closing-")
    browser = subprocess.Popen([*CHROMIUM, f"--user-data-dir={profile}", origin + "/"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        assert Pages.done.wait(PATIENCE), "the page does not answer"
    finally:
        browser.terminate()
        browser.wait()
        shutil.rmtree(profile, ignore_errors=True)
    return Pages.results


def judge(title, got, want, limit):
    """One line; whether every one is as it should be, in time."""
    slowest = max(one.pop("seconds") for one in got)
    good = sum(one == want for one in got)
    is_good = good == len(got) and slowest < limit
    print(f"{'ok' if is_good else 'FAILED':<7}closing: {title:<34} {good} of {len(got)} see {want}, the slowest after "
          f"{slowest:.2f} s", flush=True)
    return is_good


def main():
    origin = f"http://127.0.0.1:{serve(PAGE)}"
    port, verdicts, relays = target(), [], []
    try:
        for of, program in RELAYS.items():
            relays.append(relay := start_relay(program, port, "--origin", origin))
            for name, client in (("websockets", with_websockets), ("aiohttp", with_aiohttp)):
                got = asyncio.run(many(client, relay.url))
                verdicts.append(judge(f"{name} -> {of} relay", got, {"code": 1000}, PATIENCE))
            got = in_chromium(origin, [relay.url] * PAGES)
            verdicts.append(judge(f"page -> {of} relay", got, {"code": 1000, "wasClean": True}, A_SECOND))
    finally:
        for relay in relays:
            relay.kill()
            relay.wait()
    print(f"closing: {sum(verdicts)} passed, {len(verdicts) - sum(verdicts)} failed")
    return not all(verdicts)


sys.exit(main())
