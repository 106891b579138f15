"""The Rust code that users get, for the checks that look at it: without tests."""
import json
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

sys.dont_write_bytecode = True

TOKEI = "15.0.0"
# As rustfmt sets it: the brace that ends the module stands alone at the beginning of its line.
TEST_MODULE = re.compile(r"^#\[cfg\(test\)\]\n(?:pub(?:\(\w+\))? )?mod tests(?:;| \{\n(?:.*\n)*?\})\n", re.MULTILINE)


def files(where, leave_out=()):
    """The paths of `where`, a file or a folder, and their text; no `tests.rs`, `tests/`, `examples/` or `leave_out`."""
    leave_out = {"tests", "examples", *leave_out}
    for path in [where] if where.is_file() else sorted(where.rglob("*.rs")):
        within = path.relative_to(where.parent).with_suffix("").parts[1:]
        if leave_out.isdisjoint(within):
            yield path, TEST_MODULE.sub("", path.read_text(encoding="utf-8"))


@cache
def install():
    """tokei, which counts."""
    try:
        version = subprocess.run(["tokei", "--version"], capture_output=True, text=True).stdout.split()
    except FileNotFoundError:
        version = []
    if version[1:2] != [TOKEI]:
        subprocess.run(["cargo", "install", "--locked", "--force", "--version", TOKEI, "tokei"], check=True)


def lines(texts):
    """How many lines of code these texts have, without comments, documentation and blank lines."""
    install()
    with tempfile.TemporaryDirectory() as copy:
        for number, text in enumerate(texts):
            (Path(copy) / f"{number}.rs").write_text(text, encoding="utf-8")
        command = ["tokei", "--no-ignore", "--types", "Rust", "--output", "json", copy]
        told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return json.loads(told).get("Rust", {"code": 0})["code"]
