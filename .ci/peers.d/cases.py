"""A case: its chance, its verdict, and its place in the table of all verdicts."""
import math
import os
import random
import time
import traceback

SEED = int(os.environ.get("PEERS_SEED") or time.time_ns() % 10**9)
ONLY = os.environ.get("PEERS_ONLY", "")
MAX_SIZE = 16 << 20

# What the ends may agree on: as most clients offer it, as a server of websockets demands it, and as clients with
# little memory ask for it.
DEFLATE = "permessage-deflate"
TWELVE = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"
SMALL = ("permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
         "server_max_window_bits=9; client_max_window_bits=9")

dice = random.Random(SEED)
counts = {"passed": 0, "failed": 0}
matrix = {}


def sizes(most=MAX_SIZE):
    """Some text first, then one octet, a few small blocks, and a large one, in any order."""
    def between(low, high):
        return round(math.exp(dice.uniform(math.log(low), math.log(high))))
    large = most if dice.randrange(4) == 0 else between(most >> 4, most)
    some = [1, *(between(1, 1 << 20) for _ in range(5)), large]
    dice.shuffle(some)
    return [between(1 << 12, 1 << 16), *some]


def case(peer, direction, subprotocol, what, run, agreed=""):
    """Runs it, and prints how it went. `agreed` is what was agreed on of compression, or is to be."""
    if ONLY not in peer:
        return
    compression = "9 bits, fresh" if agreed == SMALL else "deflate" if agreed else "-"
    title = f"{peer:<11} {direction:<30} {subprotocol:<7} {compression:<14} {what:<24}"
    begin = time.monotonic()
    try:
        how, word = run(), "passed"
    except Exception as error:
        how, word = f"{type(error).__name__}: {error}", "failed"
        if not isinstance(error, AssertionError):
            traceback.print_exc()
    counts[word] += 1
    matrix.setdefault((peer, direction, compression), {}).setdefault(subprotocol, []).append(word)
    print(f"{'ok' if word == 'passed' else 'FAILED':<7}{title} {how} ({time.monotonic() - begin:.1f} s)", flush=True)


def expect(got, **wanted):
    for name, value in wanted.items():
        assert got[name] == value, f"{name} is {got[name]!r}, expected {value!r}, in {got}"


def cell(words):
    failed = words.count("failed")
    return f"{failed} FAILED" if failed else f"{len(words)} ok" if words else "-"


def print_matrix():
    print(f"\n{'peer':<11} {'direction':<31} {'compression':<14} {'binary':<9} {'base64':<9} {'none':<9}")
    for (peer, direction, compression), row in matrix.items():
        cells = " ".join(f"{cell(row.get(name, [])):<9}" for name in ("binary", "base64", "none"))
        print(f"{peer:<11} {direction:<31} {compression:<14} {cells}".rstrip())
