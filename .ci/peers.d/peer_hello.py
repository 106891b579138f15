"""The specification's hello programs on Autobahn's endpoints: usage: peer_hello.py client|server SUBPROTOCOL DESCRIPTOR."""
import sys

from twisted.internet import protocol, reactor
from twisted.internet.endpoints import clientFromString, serverFromString

from autobahn.twisted import websocket

role, subprotocol, descriptor = sys.argv[1:]
make = websocket.WrappingWebSocketClientFactory.__init__


def init(self, *arguments, **named):
    make(self, *arguments, **named)
    if subprotocol == "base64":
        # The endpoint has no option for its list.
        self.setSessionParameters(url=self.url, protocols=["base64"])


websocket.WrappingWebSocketClientFactory.__init__ = init


class Hello(protocol.Protocol):
    def connectionMade(self):
        self.received = b""
        self.transport.write(b"hello" if role == "client" else b"how are you?")

    def dataReceived(self, data):
        self.received += data
        if role == "client" and len(self.received) >= len(b"how are you?"):
            self.transport.loseConnection()

    def connectionLost(self, reason=protocol.connectionDone):
        print(self.received.decode(), self.transport.websocket_protocol_in_use,
              len(self.transport.websocket_extensions_in_use), flush=True)
        if reactor.running:
            reactor.stop()


def failed(failure):
    print(failure, flush=True)
    reactor.stop()


factory = protocol.Factory.forProtocol(Hello)
if role == "server":
    listening = serverFromString(reactor, descriptor).listen(factory)
    listening.addCallbacks(lambda port: print("listening", flush=True), failed)
else:
    clientFromString(reactor, descriptor).connect(factory).addErrback(failed)
reactor.run()
