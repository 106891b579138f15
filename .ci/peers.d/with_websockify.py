"""websockify, which knows nothing of extensions."""
import sys

from cases import case
from exchanges import echoed, ended, our_client, refused, relayed, through
from programs import Program, example, free_port, python, relay, tcp_echo, wait_for_port


def run(servers):
    target = tcp_echo()
    client = [*python("websockify"), "client"]
    relaying = relay(target)
    for subprotocol in ("binary", "none"):
        case("websockify", "client -> our echo", subprotocol, "", lambda: echoed(client, servers.on, subprotocol))
        case("websockify", "client -> relay", subprotocol, "", lambda: relayed(client, relaying, subprotocol))
    case("websockify", "client -> our Close", "binary", "", lambda: ended(client, servers.on, "binary", 1000))
    port = free_port()
    server = Program(sys.executable, "-m", "websockify", f"127.0.0.1:{port}", f"127.0.0.1:{target}")
    wait_for_port(port, server)
    server.at = f"127.0.0.1:{port}"
    for subprotocol in ("binary", "none"):
        case("websockify", "our client -> server", subprotocol, "", lambda: our_client(server, "/", subprotocol))
    case("websockify", "our client -> server", "base64", "", lambda: refused(server.at, "base64", 400))
    tunnel = Program(example("tunnel"), "--wait", "2", "127.0.0.1:0", f"ws://{server.at}")
    local = int(tunnel.address().split(":")[1])
    case("websockify", "TCP -> tunnel -> server", "binary", "", lambda: through(local))
    case("websockify", "TCP -> tunnel -> server", "binary", "", lambda: through(local))
