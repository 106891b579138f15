"""Node's ws."""
from cases import DEFLATE, SMALL, case
from exchanges import closes, echoed, ended, our_client, through
from programs import HERE, Program, example, listen


def run(servers):
    def client(compression):
        return ["node", HERE / "peer_ws.js", "client", "--compression", compression]

    for subprotocol in ("binary", "base64", "none"):
        case("ws", "client -> our echo", subprotocol, "theirs is off",
             lambda: echoed(client("off"), servers.on, subprotocol))
        case("ws", "client -> our echo", subprotocol, "",
             lambda: echoed(client("on"), servers.on, subprotocol, DEFLATE), DEFLATE)
    case("ws", "client -> our echo", "binary", "ours is off, 4001",
         lambda: echoed(client("on"), servers.off, "binary", close=4001))
    case("ws", "client -> our echo", "binary", "it asks for them",
         lambda: echoed(client("9"), servers.on, "binary", SMALL), SMALL)
    case("ws", "client -> our echo", "binary", "we ask for them",
         lambda: echoed(client("on"), servers.small, "binary", SMALL), SMALL)
    case("ws", "client -> our Close", "binary", "",
         lambda: ended(client("on"), servers.on, "binary", 1000, agreed=DEFLATE), DEFLATE)
    case("ws", "client -> our Close", "none", "4002", lambda: ended(client("off"), servers.on, "none", 4002))
    off, on, small = (
        listen("node", HERE / "peer_ws.js", "server", "--compression", which) for which in ("off", "on", "9"))
    for subprotocol in ("binary", "base64", "none"):
        case("ws", "our client -> server", subprotocol, "theirs is off",
             lambda: our_client(off, "/", subprotocol, closed=1000))
        case("ws", "our client -> server", subprotocol, "",
             lambda: our_client(on, "/", subprotocol, agreed=DEFLATE, closed=1000), DEFLATE)
    case("ws", "our client -> server", "binary", "4001, autofrag 4096",
         lambda: our_client(on, "/", "binary", "--close", 4001, "--autofrag", 4096, agreed=DEFLATE, code=4001,
                            closed=4001), DEFLATE)
    case("ws", "our client -> server", "binary", "it asks for them",
         lambda: our_client(small, "/", "binary", agreed=SMALL, closed=1000), SMALL)
    case("ws", "our client -> server", "binary", "we ask for them",
         lambda: our_client(on, "/", "binary", "--compression", 9, agreed=SMALL, closed=1000), SMALL)
    case("ws", "our client -> its Close", "binary", "4001", lambda: closes(on, 4001, agreed=DEFLATE), DEFLATE)
    tunnel = Program(example("tunnel"), "--wait", "2", "127.0.0.1:0", f"ws://{on.at}", "--subprotocol", "base64")
    local = int(tunnel.address().split(":")[1])
    case("ws", "TCP -> tunnel -> server", "base64", "", lambda: through(local), DEFLATE)
