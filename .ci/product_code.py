"""The Rust code that users get, for the checks that look at it: without tests."""
import re
import sys

sys.dont_write_bytecode = True

# As rustfmt sets it: the brace that ends the module stands alone at the beginning of its line.
TEST_MODULE = re.compile(r"^#\[cfg\(test\)\]\n(?:pub(?:\(\w+\))? )?mod tests(?:;| \{\n(?:.*\n)*?\})\n", re.MULTILINE)


def files(where, leave_out=()):
    """The paths of `where`, a file or a folder, and their text; no `tests.rs`, `tests/`, `examples/` or `leave_out`."""
    leave_out = {"tests", "examples", *leave_out}
    for path in [where] if where.is_file() else sorted(where.rglob("*.rs")):
        within = path.relative_to(where.parent).with_suffix("").parts[1:]
        if leave_out.isdisjoint(within):
            yield path, TEST_MODULE.sub("", path.read_text(encoding="utf-8"))
