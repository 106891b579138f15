"""Python's websockets: an echo server, and a client of echo servers."""
import asyncio

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosedError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

from common import blocks, close_after, decode, encode, parser, report, sha1

args = parser.parse_args()


def deflate(factory, **more):
    """What `connect` and `serve` are given."""
    if args.compression != "9":
        return {"compression": "deflate" if args.compression == "on" else None}
    return {"compression": None, "extensions": [factory(
        server_no_context_takeover=True, client_no_context_takeover=True,
        server_max_window_bits=9, client_max_window_bits=9, **more)]}


def names(ws):
    return ", ".join(extension.name for extension in ws.protocol.extensions)


def select(_, offered):
    return next((name for name in offered if name in ("binary", "base64")), None)


async def messages(ws):
    """Until any Close: other codes than 1000 and 1001 are errors here."""
    try:
        async for message in ws:
            yield message
    except ConnectionClosedError as error:
        if error.rcvd is None:
            raise


async def echo(ws):
    limit, count = close_after(ws.request.path), 0
    async for message in messages(ws):
        block = decode(message, ws.subprotocol)
        count += len(block)
        await ws.send(message)
        if limit is not None and count >= limit:
            await ws.close(4001, "enough")
    report(closed=ws.close_code or 1006, extensions=names(ws))


async def server():
    compression = deflate(ServerPerMessageDeflateFactory, require_client_max_window_bits=True)
    async with serve(echo, "127.0.0.1", 0, select_subprotocol=select, **compression) as listening:
        print("listening on 127.0.0.1:%d" % listening.sockets[0].getsockname()[1], flush=True)
        await listening.serve_forever()


def pieces(message, number):
    """Every other message in three fragments, the one in the middle empty."""
    cut = len(message) // 3
    return [message[:cut], message[:0], message[cut:]] if number % 2 else message


async def client():
    subprotocols = None if args.subprotocol == "none" else [args.subprotocol]
    compression = deflate(ClientPerMessageDeflateFactory)
    async with connect(args.url, subprotocols=subprotocols, max_size=None, **compression) as ws:
        assert ws.subprotocol == (subprotocols or [None])[0]
        sent = blocks(args)
        received = bytearray()

        async def send():
            for number, block in enumerate(sent):
                await ws.send(pieces(encode(block, ws.subprotocol), number))
            # An empty message is nothing.
            await ws.send(encode(b"", ws.subprotocol))
            if not args.read:
                await (await ws.ping(b"there?"))

        async def receive():
            async for message in messages(ws):
                received.extend(decode(message, ws.subprotocol))
                if not args.read and len(received) >= sum(args.sizes):
                    return

        await asyncio.gather(receive(), *([] if args.read else [send()]))
        await ws.close(args.close, "bye")
        report(sent=sha1(b"".join(sent)), received=sha1(received), octets=len(received),
               code=ws.close_code, reason=ws.close_reason, subprotocol=ws.subprotocol or "none",
               extensions=names(ws))


asyncio.run(server() if args.role == "server" else client())
