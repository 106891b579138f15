"""The programs that users write first, each with the real thing at its other end: usage: run.py TARGET. TARGET has the
programs of wsstream-programs and, in `examples`, those of the adapters and the core.

One line for each: what is at its other end, and its lines of code. PROGRAMS_ONLY, a part of a name, chooses some.
"""
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from types import SimpleNamespace

import lib
import with_pages
import with_proxies
import with_python
import with_servers
from programs import place, running

sys.path.insert(0, str(lib.SCRIPTS))
import product_code  # noqa: E402

ROOT = lib.SCRIPTS.parent
TOKIO, ASYNC_STD, OTHERS = "wsstream-tokio/examples", "wsstream-async-std/examples", ".ci/programs.d/src/bin"


def row(name, counterpart, files, *runs, most=None):
    """A line of the table; `most` is how many lines each of its files may have."""
    return SimpleNamespace(name=name, counterpart=counterpart, files=files, runs=runs, most=most)


TABLE = [
    row("forward to wss, own CA", "HAProxy, relay", [f"{TOKIO}/forward.rs"], with_proxies.forward,
        with_proxies.forward_to_others, most=60),
    row("wss, both certificates", "HAProxy, websockets", [f"{TOKIO}/tls_{role}.rs" for role in ("client", "server")],
        with_proxies.tls),
    row("path and cookie", "Chromium, websockets", [f"{TOKIO}/decide_server.rs"], with_pages.decide_server),
    row("axum", "Node over HTTP/2, websockets", [f"{TOKIO}/axum_server.rs"], with_pages.axum_server, most=40),
    row("hyper", "Node over HTTP/2, websockets", [f"{TOKIO}/hyper_upgrade_{role}.rs" for role in ("client", "server")],
        with_pages.hyper, most=40),
    row("mio", "websockets, tokio", ["wsstream-core/examples/mio_echo.rs"], with_pages.mio, most=130),
    row("PostgreSQL client", "PostgreSQL", [f"{TOKIO}/postgres_client.rs"], with_servers.postgres_client),
    row("SSH client", "OpenSSH sshd", [f"{OTHERS}/ssh_client.rs"], with_servers.ssh_client),
    row("SSH server", "OpenSSH ssh through tunnel", [f"{OTHERS}/ssh_server.rs"], with_servers.ssh_server),
    row("IMAP client", "Dovecot", [f"{OTHERS}/imap_client.rs"], with_servers.imap_client),
    row("all of a TcpStream", "TCP, relay", [f"{TOKIO}/tcp_stream.rs"], with_python.tcp_stream),
    row("smol", "tokio, websockets", [f"{ASYNC_STD}/async_std_smol_{role}.rs" for role in ("client", "server")],
        with_python.smol),
    row("JSON chat", "websockets", [f"{TOKIO}/chat_client.rs", f"{TOKIO}/chat_server.rs"], with_python.chat),
    row("descriptors", "Autobahn, TCP, Unix", [f"{TOKIO}/hello_{role}_endpoint.rs" for role in ("client", "server")],
        with_python.descriptors),
    row("tests without network", "none", ["wsstream-tokio/tests/unit_test.rs"], with_python.unit_tests),
]


def lines(files):
    """Of each file, without comments and blank lines."""
    return [product_code.lines(text for _, text in product_code.files(ROOT / file)) for file in files]


def verdict(line, counts):
    """What is wrong with a program, or nothing."""
    if line.most is not None and max(counts) > line.most:
        return f"{max(counts)} lines, at most {line.most}"
    try:
        for run in line.runs:
            run()
    except Exception as error:
        if not isinstance(error, AssertionError):
            traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    finally:
        while running:
            running.pop().stop()


def main():
    [target] = sys.argv[1:]
    place.ours = Path(target).resolve()
    only = os.environ.get("PROGRAMS_ONLY", "")
    failed = []
    print(f"{'program':<24}{'counterpart':<30}{'lines of code':<16}seconds")
    with tempfile.TemporaryDirectory() as scratch:
        place.scratch = Path(scratch)
        # Servers that change their user read there too.
        place.scratch.chmod(0o755)
        for line in (line for line in TABLE if only in line.name):
            counts = lines(line.files)
            begun = time.monotonic()
            wrong = verdict(line, counts)
            told = " + ".join(map(str, counts)) + (f" of {line.most}" if line.most else "")
            print(f"{line.name:<24}{line.counterpart:<30}{told:<16}{time.monotonic() - begun:>5.1f}  "
                  f"{'FAILED: ' + wrong if wrong else 'ok'}", flush=True)
            failed += [line.name] if wrong else []
    print(f"programs: {len(failed)} failed{': ' if failed else ''}{', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
