"""Python's websockets, which demands windows of 12 bits as a server."""
from cases import DEFLATE, SMALL, TWELVE, case
from exchanges import closes, echoed, ended, our_client, relayed
from programs import example, listen, python


def run(servers):
    def client(compression):
        return [*python("websockets"), "client", "--compression", compression]

    for subprotocol in ("binary", "base64", "none"):
        case("websockets", "client -> our echo", subprotocol, "theirs is off",
             lambda: echoed(client("off"), servers.on, subprotocol))
        case("websockets", "client -> our echo", subprotocol, "",
             lambda: echoed(client("on"), servers.on, subprotocol, DEFLATE), DEFLATE)
    case("websockets", "client -> our echo", "binary", "4001",
         lambda: echoed(client("on"), servers.on, "binary", DEFLATE, close=4001), DEFLATE)
    case("websockets", "client -> our echo", "binary", "ours is off",
         lambda: echoed(client("on"), servers.off, "binary"))
    for subprotocol in ("binary", "base64"):
        case("websockets", "client -> our echo", subprotocol, "it asks for them",
             lambda: echoed(client("9"), servers.on, subprotocol, SMALL), SMALL)
    case("websockets", "client -> our echo", "binary", "we ask for them",
         lambda: echoed(client("on"), servers.small, "binary", SMALL), SMALL)
    case("websockets", "client -> our Close", "binary", "", lambda: ended(client("off"), servers.on, "binary", 1000))
    case("websockets", "client -> our Close", "base64", "4002",
         lambda: ended(client("on"), servers.on, "base64", 4002, agreed=DEFLATE), DEFLATE)
    server = listen(example("echo_server"), "127.0.0.1:0")
    case("websockets", "client -> echo_server", "binary", "", lambda: relayed(client("on"), server, "binary"), DEFLATE)
    off, on, small = (listen(*python("websockets"), "server", "--compression", which) for which in ("off", "on", "9"))
    for subprotocol in ("binary", "base64", "none"):
        case("websockets", "our client -> server", subprotocol, "theirs is off",
             lambda: our_client(off, "/", subprotocol, closed=1000))
        case("websockets", "our client -> server", subprotocol, "",
             lambda: our_client(on, "/", subprotocol, agreed=TWELVE, closed=1000), TWELVE)
    case("websockets", "our client -> server", "binary", "4001, autofrag 4096",
         lambda: our_client(on, "/", "binary,base64", "--close", 4001, "--autofrag", 4096, agreed=TWELVE,
                            spoken="binary", code=4001, closed=4001), TWELVE)
    case("websockets", "our client -> server", "binary", "ours is off",
         lambda: our_client(on, "/", "binary", "--compression", "off", closed=1000))
    for subprotocol in ("binary", "base64"):
        case("websockets", "our client -> server", subprotocol, "it asks for them",
             lambda: our_client(small, "/", subprotocol, agreed=SMALL, closed=1000), SMALL)
    case("websockets", "our client -> server", "binary", "we ask for them",
         lambda: our_client(on, "/", "binary", "--compression", 9, agreed=SMALL, closed=1000), SMALL)
    case("websockets", "our client -> its Close", "binary", "4001", lambda: closes(off, 4001))
    case("websockets", "our client -> its Close", "binary", "4001", lambda: closes(on, 4001, agreed=TWELVE), TWELVE)
