"""Our programs and foreign ones, in pairs: usage: run.py OURS NODE_MODULES, run by .ci/peers.

One line for each case. PEERS_SEED repeats a run, PEERS_ONLY (a part of the peer's name) shortens one. The cases are in
`with_*.py`, a file for each peer or kind of peer.
"""
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from types import SimpleNamespace

import with_autobahn
import with_chromium
import with_node_ws
import with_proxies
import with_websockets
import with_websockify
from cases import SEED, counts, print_matrix
from programs import environment, listen, our, place, running

GROUPS = (with_websockets.run, with_autobahn.run, with_websockify.run, with_node_ws.run, with_proxies.nginx,
          with_proxies.haproxy, with_chromium.run)


def versions():
    def first(*command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return (done.stdout + done.stderr).strip().splitlines()[0]
    print(", ".join([first("chromium", "--version"), first("nginx", "-v"), first("haproxy", "-v").split(" - ")[0],
                     f"node {first('node', '--version')}"]))


def main():
    place.ours = Path(sys.argv[1])
    environment["NODE_PATH"] = sys.argv[2]
    place.scratch = Path(tempfile.mkdtemp(prefix="peers-"))
    try:
        print(f"PEERS_SEED={SEED}")
        versions()
        servers = {name: listen(our("peer_server"), "--compression", compression)
                   for name, compression in (("on", "on"), ("off", "off"), ("small", "9"))}
        for group in GROUPS:
            try:
                group(SimpleNamespace(**servers))
            except Exception:
                # A peer that does not start.
                traceback.print_exc()
                counts["failed"] += 1
        for server in servers.values():
            if server.process.poll() is not None:
                print(f"a server of ours has died: {server.lines}")
                counts["failed"] += 1
    finally:
        for program in reversed(running):
            program.stop()
        shutil.rmtree(place.scratch, ignore_errors=True)
    print_matrix()
    print(f"peers: {counts['passed']} passed, {counts['failed']} failed")
    return bool(counts["failed"] or not counts["passed"])


if __name__ == "__main__":
    sys.exit(main())
