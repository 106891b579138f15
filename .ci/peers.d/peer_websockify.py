"""websockify's own client class, which knows `binary` and nothing else."""
from websockify.websocket import WebSocket, WebSocketWantReadError

from common import blocks, parser, report, sha1

args = parser.parse_args()
ws = WebSocket()
ws.connect(args.url, protocols=[] if args.subprotocol == "none" else [args.subprotocol])
sent, received, ended = blocks(args), bytearray(), False


def receive():
    global ended
    try:
        message = ws.recv()
    except WebSocketWantReadError:
        # There is a part of a frame.
        return
    if message is None:
        ended = True
    else:
        received.extend(message)


if args.read:
    while not ended:
        receive()
else:
    count = 0
    for block in sent:
        # One thread that sends and receives: no more at once than the sockets hold.
        for start in range(0, len(block), 65536):
            piece = block[start:start + 65536]
            ws.sendmsg(piece)
            count += len(piece)
            while len(received) < count and not ended:
                receive()
    ws.shutdown(None, args.close, "bye")
    while not ended:
        receive()
report(sent=sha1(b"".join(sent)), received=sha1(received), octets=len(received),
       code=ws.close_code, reason=ws.close_reason, subprotocol=ws.protocol or "none", extensions="")
