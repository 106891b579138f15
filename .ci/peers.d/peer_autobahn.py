"""Autobahn's wrapping endpoints, by their descriptors: an echo server, and a client of echo servers."""
from twisted.internet import protocol, reactor
from twisted.internet.endpoints import clientFromString, serverFromString

from autobahn.twisted import websocket

from common import blocks, close_after, parser, report, sha1

args = parser.parse_args()
options = "compression=%s:autofrag=%d" % (str(args.compression == "on").lower(), args.autofrag)
longest = {"frame": 0}


def note_frames(adapter):
    begin = adapter.onMessageFrameBegin

    def on_message_frame_begin(self, length):
        longest["frame"] = max(longest["frame"], length)
        return begin(self, length)

    adapter.onMessageFrameBegin = on_message_frame_begin


def names(adapter):
    return ", ".join(extension.EXTENSION_NAME for extension in adapter.websocket_extensions_in_use)


def patient(factory, **more):
    """Its second for a closing handshake is rounded down to the clock's next, which may be at once."""
    make = factory.__init__

    def init(self, *arguments, **named):
        make(self, *arguments, **named)
        self.setProtocolOptions(closeHandshakeTimeout=10, **more)
        if args.role == "client" and args.subprotocol == "base64":
            # The endpoint has no option for its list.
            self.setSessionParameters(url=args.url, protocols=["base64"])

    factory.__init__ = init


note_frames(websocket.WrappingWebSocketServerProtocol)
note_frames(websocket.WrappingWebSocketClientProtocol)
patient(websocket.WrappingWebSocketServerFactory)
patient(websocket.WrappingWebSocketClientFactory, serverConnectionDropTimeout=10)


class Echo(protocol.Protocol):
    def connectionMade(self):
        self.count = 0
        longest["frame"] = 0

    def dataReceived(self, data):
        self.count += len(data)
        self.transport.write(data)
        limit = close_after(self.transport.http_request_path)
        if limit is not None and self.count >= limit:
            self.transport.loseConnection()

    def connectionLost(self, reason=protocol.connectionDone):
        adapter = self.transport
        report(closed=adapter.remoteCloseCode or (1005 if adapter.wasClean else 1006), longest=longest["frame"],
               extensions=names(adapter))


class Client(protocol.Protocol):
    def connectionMade(self):
        self.sent, self.received = blocks(args), bytearray()
        if not args.read:
            for block in self.sent:
                self.transport.write(block)

    def dataReceived(self, data):
        self.received += data
        if not args.read and len(self.received) >= sum(args.sizes):
            self.transport.loseConnection()

    def connectionLost(self, reason=protocol.connectionDone):
        adapter = self.transport
        report(sent=sha1(b"".join(self.sent)), received=sha1(self.received), octets=len(self.received),
               code=adapter.remoteCloseCode or (1005 if adapter.wasClean else 1006),
               reason=adapter.remoteCloseReason or "", why=adapter.wasNotCleanReason,
               subprotocol=adapter.websocket_protocol_in_use or "none", longest=longest["frame"],
               extensions=names(adapter))
        if reactor.running:
            reactor.stop()


def failed(failure):
    print(failure, flush=True)
    reactor.stop()


if args.role == "server":
    endpoint = serverFromString(
        reactor, r"autobahn:tcp\:0\:interface\=127.0.0.1:url=ws\://localhost\:9000:" + options)
    listening = endpoint.listen(protocol.Factory.forProtocol(Echo))
    listening.addCallbacks(
        lambda port: print("listening on 127.0.0.1:%d" % port.getHost().port, flush=True), failed)
else:
    address = args.url.split("/")[2].split(":")
    endpoint = clientFromString(reactor, r"autobahn:tcp\:%s\:%s:url=%s:%s" % (
        *address, args.url.replace(":", r"\:"), options))
    endpoint.connect(protocol.Factory.forProtocol(Client)).addErrback(failed)
reactor.run()
