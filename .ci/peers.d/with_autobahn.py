"""Autobahn's WebSocket on Twisted."""
import json

from cases import DEFLATE, case, expect
from exchanges import closes, echoed, ended, our_client, refused
from programs import listen, python


def run(servers):
    # It says that it keeps no context.
    offered = "permessage-deflate; client_no_context_takeover"

    def client(compression, *options):
        return [*python("autobahn"), "client", "--compression", compression, *options]

    # It closes without a code.
    for subprotocol in ("binary", "base64"):
        case("autobahn", "client -> our echo", subprotocol, "theirs is off",
             lambda: echoed(client("off"), servers.on, subprotocol, code=1005))
        case("autobahn", "client -> our echo", subprotocol, "",
             lambda: echoed(client("on"), servers.on, subprotocol, offered, code=1005), offered)
    case("autobahn", "client -> our echo", "binary", "autofrag 4096",
         lambda: echoed(client("on", "--autofrag", "4096"), servers.on, "binary", offered, code=1005), offered)
    case("autobahn", "client -> our echo", "base64", "ours is off, autofrag",
         lambda: echoed(client("on", "--autofrag", "4096"), servers.off, "base64", code=1005))
    # It answers any Close with 1000.
    case("autobahn", "client -> our Close", "binary", "", lambda: ended(client("off"), servers.on, "binary", 1000))
    case("autobahn", "client -> our Close", "binary", "4002",
         lambda: ended(client("on"), servers.on, "binary", 4002, answer=1000, agreed=offered), offered)
    off, on = (listen(*python("autobahn"), "server", "--compression", which) for which in ("off", "on"))
    for subprotocol in ("binary", "base64"):
        case("autobahn", "our client -> server", subprotocol, "theirs is off",
             lambda: our_client(off, "/", subprotocol, closed=1000))
        case("autobahn", "our client -> server", subprotocol, "",
             lambda: our_client(on, "/", subprotocol, agreed=DEFLATE, closed=1000), DEFLATE)
    case("autobahn", "our client -> server", "none", "", lambda: refused(off.at, "none", 406))
    case("autobahn", "our client -> its Close", "binary", "without a code",
         lambda: closes(on, 1005, reason="", error=False, agreed=DEFLATE), DEFLATE)

    def fragments(server, agreed, longest):
        """4,096 octets a frame at most, in both directions."""
        how = our_client(server, "/", "base64", "--autofrag", "4096", "--close", 4001, agreed=agreed)
        told = json.loads(server.line(r'^\{"closed".*')[0])
        expect(told, closed=4001)
        assert longest(told["longest"]), told
        return how

    for which, agreed, longest in (("off", "", lambda len: len == 4096), ("on", DEFLATE, lambda len: len <= 4096)):
        server = listen(*python("autobahn"), "server", "--compression", which, "--autofrag", "4096")
        case("autobahn", "our client -> server", "base64", "autofrag both",
             lambda: fragments(server, agreed, longest), agreed)
