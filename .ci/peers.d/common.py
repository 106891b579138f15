"""What the Python peers share: octets, hashes, Base64, and the line that says how it went."""
import argparse
import base64
import hashlib
import json
import random

parser = argparse.ArgumentParser()
parser.add_argument("role", choices=["server", "client"])
parser.add_argument("--url", default="")
parser.add_argument("--subprotocol", default="none")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[])
parser.add_argument("--close", type=int, default=1000)
parser.add_argument("--read", action="store_true", help="send nothing, and read until the server closes")
parser.add_argument("--compression", choices=["on", "off", "9"], default="off",
                    help="9: windows of 9 bits and no context takeover, both ways")
parser.add_argument("--autofrag", type=int, default=0)


# The same in every peer.
WORDS = b"alpha |bravo |charlie |delta |echo\n|foxtrot |golf |hotel\n".split(b"|")
MIN_WORD = min(map(len, WORDS))


def text(length, octets):
    """So many octets of words, which `octets` choose: this function makes so many."""
    return b"".join(WORDS[octet % len(WORDS)] for octet in octets(-(-length // MIN_WORD)))[:length]


def blocks_of(sizes, octets):
    """By turns text, and what nothing can compress."""
    return [octets(size) if number % 2 else text(size, octets) for number, size in enumerate(sizes)]


def blocks(args):
    return blocks_of(args.sizes, random.Random(args.seed).randbytes)


def sha1(octets):
    return hashlib.sha1(octets).hexdigest()


def encode(block, subprotocol):
    """A message of the kind that the subprotocol uses."""
    return base64.b64encode(block).decode() if subprotocol == "base64" else block


def decode(message, subprotocol):
    if isinstance(message, str) != (subprotocol == "base64"):
        raise TypeError("message of the wrong kind")
    return base64.b64decode(message, validate=True) if isinstance(message, str) else message


def report(**what):
    print(json.dumps(what), flush=True)


def close_after(path):
    """`/close/N`: after so many octets the server closes."""
    parts = path.split("/")
    return int(parts[2]) if parts[1:2] == ["close"] else None
