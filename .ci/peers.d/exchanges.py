"""What a client and a server say to each other in a case, and what both tell of it afterwards."""
import json
import socket
import subprocess
import threading

from cases import dice, expect, sizes
from common import blocks_of, sha1, text
from programs import PATIENCE, our, output


def echoed(command, server, subprotocol, agreed="", close=1000, code=None):
    """A foreign client at our echo server."""
    some, path = sizes(), f"/echo/{dice.getrandbits(31)}"
    got = output(*command, "--url", f"ws://{server.at}{path}", "--subprotocol", subprotocol, "--seed",
                 dice.getrandbits(31), "--sizes", ",".join(map(str, some)), "--close", close)
    expect(got, received=got["sent"], octets=sum(some), code=code or close, subprotocol=subprotocol,
           extensions=name_of(agreed))
    ours = told(server, path)
    compressed(ours, agreed)
    if subprotocol != "base64":
        saved(ours, sum(some), agreed)
    return summary(got, ours)


def saved(ours, octets, agreed):
    """As `binary`, what does not shrink goes plain, and text shrinks."""
    sent = ours["sent_octets"]
    assert sent < octets if agreed else sent == octets, f"{octets} octets were sent in {sent}"


def ended(command, server, subprotocol, code, answer=None, agreed=""):
    """A foreign client at our server that closes."""
    # Longer than websockify's client reads at once: frames that come with the handshake it looks at only when
    # more has come.
    seed, length = dice.getrandbits(31), dice.randrange(10_000, 300_000)
    path = f"/{seed}/{length}/{code}"
    got = output(*command, "--url", f"ws://{server.at}{path}", "--subprotocol", subprotocol, "--read")
    expect(got, received=sha1(text(length, split_mix(seed))), octets=length, code=code, subprotocol=subprotocol,
           reason="done", extensions=name_of(agreed))
    ours = told(server, path)
    expect(ours, ended=answer or code)
    compressed(ours, agreed, echo=False)
    return summary(got, ours)


def relayed(command, server, subprotocol):
    """A foreign client at a server of ours that tells nothing."""
    some = sizes()
    got = output(*command, "--url", f"ws://{server.at}/", "--subprotocol", subprotocol, "--seed", dice.getrandbits(31),
                 "--sizes", ",".join(map(str, some)))
    expect(got, received=got["sent"], octets=sum(some), code=1000, subprotocol=subprotocol)
    return summary(got)


def our_client(server, path, subprotocol, *options, agreed="", spoken=None, code=1000, closed=None):
    """Our client at a foreign echo server, which tells what Close it has got."""
    some = sizes()
    if subprotocol != "binary,base64":
        options = ("--subprotocol", subprotocol, *options)
    got = output(our("peer_client"), f"ws://{server.at}{path}", dice.getrandbits(31), ",".join(map(str, some)),
                 *options)
    expect(got, received=got["sent"], octets=sum(some), code=code, subprotocol=spoken or subprotocol, error="")
    compressed(got, agreed)
    if subprotocol != "base64":
        saved(got, sum(some), agreed)
    if closed is not None:
        theirs = json.loads(server.line(r'^\{"closed".*')[0])
        expect(theirs, closed=closed, extensions=name_of(agreed))
    return summary(got, got)


def closes(server, code, reason="enough", error=True, agreed=""):
    """Our client at a server that closes after so many octets."""
    length = dice.randrange(1000, 60_000)
    got = output(our("peer_client"), f"ws://{server.at}/close/{length}", dice.getrandbits(31), length, "--until-closed")
    expect(got, received=got["sent"], octets=length, code=code, reason=reason)
    assert bool(got["error"]) == error, got
    compressed(got, agreed)
    server.line('"closed"')
    return summary(got, got)


def refused(at, subprotocol, status):
    done = subprocess.run([our("peer_client"), f"ws://{at}/", "1", "1", "--subprotocol", subprotocol],
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode != 0 and f": HTTP {status} " in done.stderr, done.stderr
    return f"refused with {status}"


def through(port):
    """Raw TCP to a tunnel, and back from a server that cannot half close: more of its reply might have come."""
    sent, received = b"".join(blocks_of(sizes(), dice.randbytes)), bytearray()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as tcp:
        writer = threading.Thread(target=tcp.sendall, args=[sent], daemon=True)
        writer.start()
        while len(received) < len(sent) and (block := tcp.recv(1 << 16)):
            received += block
        writer.join(PATIENCE)
        tcp.shutdown(socket.SHUT_WR)
        try:
            raise AssertionError(f"no reset, but {tcp.recv(1)}")
        except ConnectionResetError:
            pass
    assert sha1(received) == sha1(sent), f"{len(received)} of {len(sent)} octets"
    return f"{len(received):>10,} octets, sha1 {sha1(received)[:8]} ok, then a reset"


def compressed(ours, agreed, echo=True):
    """What our end tells: whether both ends compressed where that was agreed, and neither did elsewhere."""
    expect(ours, extensions=agreed)
    if not agreed:
        expect(ours, deflated=0, plain=0, inflated=0)
        return
    assert ours["deflated"] > 0, f"we compressed nothing: {ours}"
    assert not echo or ours["inflated"] > 0, f"the peer compressed nothing: {ours}"


def name_of(agreed):
    return agreed.split(";")[0]


def told(server, path):
    """How a connection to a server of ours has ended."""
    return json.loads(server.line(rf'^{{"path": "{path}", .*', again=True)[0])


def summary(got, ours=None):
    how = f"{got['octets']:>10,} octets, sha1 {got['received'][:8]} ok, close {got['code']}"
    if ours and ours["extensions"]:
        how += (f", {ours['deflated']} deflated and {ours['plain']} plain in {ours['sent_octets']:,} octets,"
                f" {ours['inflated']} inflated from {ours['received_octets']:,}")
    return how


def split_mix(seed):
    """The octets of our programs."""
    def take(length):
        nonlocal seed
        mask, out = 2**64 - 1, bytearray()
        while len(out) < length:
            seed = seed + 0x9E3779B97F4A7C15 & mask
            z = seed
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
            z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
            out += (z ^ z >> 31).to_bytes(8, "little")
        return bytes(out[:length])
    return take
