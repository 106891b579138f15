"""Programs on Autobahn's endpoints: usage: peer_hello.py client|server SUBPROTOCOL DESCRIPTOR [OCTETS].

The specification's hello, or so many octets there and as many back.
"""
import sys

from twisted.internet import protocol, reactor
from twisted.internet.endpoints import clientFromString, serverFromString

from autobahn.twisted import websocket

role, subprotocol, descriptor, *length = sys.argv[1:]
make = websocket.WrappingWebSocketClientFactory.__init__


def init(self, *arguments, **named):
    make(self, *arguments, **named)
    if subprotocol == "base64":
        # The endpoint has no option for its list.
        self.setSessionParameters(url=self.url, protocols=["base64"])


websocket.WrappingWebSocketClientFactory.__init__ = init


def noise(state, length):
    """The same in our program; nothing can compress it."""
    octets = bytearray()
    while len(octets) < length:
        state = (state * 1664525 + 1013904223) % 2**32
        octets.append(state >> 24)
    return bytes(octets)


question, answer = b"hello", b"how are you?"
if length:
    question, answer = noise(1, int(length[0])), noise(2, int(length[0]))


class Program(protocol.Protocol):
    def connectionMade(self):
        self.received = b""
        # In hello both greet at once.
        if role == "client":
            self.transport.write(question)
        elif not length:
            self.transport.write(answer)

    def dataReceived(self, data):
        self.received += data
        if role == "client" and len(self.received) >= len(answer):
            self.transport.loseConnection()
        if role == "server" and length and len(self.received) >= len(question):
            self.transport.write(answer)

    def connectionLost(self, reason=protocol.connectionDone):
        whole = self.received == (answer if role == "client" else question)
        print("all of it" if length and whole else self.received,
              self.transport.websocket_protocol_in_use, len(self.transport.websocket_extensions_in_use), flush=True)
        if reactor.running:
            reactor.stop()


def failed(failure):
    print(failure, flush=True)
    reactor.stop()


factory = protocol.Factory.forProtocol(Program)
if role == "server":
    listening = serverFromString(reactor, descriptor).listen(factory)
    listening.addCallbacks(lambda port: print("listening", flush=True), failed)
else:
    clientFromString(reactor, descriptor).connect(factory).addErrback(failed)
reactor.run()
