//! How descriptors are taken apart, as Twisted 26.10 does it.

use crate::descriptor::syntax::{Text, fields};

/// The fields, each in brackets, with `|` between key and value.
fn split(text: &str) -> Result<String, usize> {
    let fields = fields(&Text::given(text)).map_err(|error| error.position())?;
    let shown = fields.iter().map(|field| match &field.key {
        Some(key) => format!("[{}|{}]", key.as_str(), field.value.as_str()),
        None => format!("[{}]", field.value.as_str()),
    });
    Ok(shown.collect())
}

#[test]
fn as_twisted_splits() {
    for (text, expected) in [
        ("", "[]"),
        (":", "[][]"),
        ("a::b", "[a][][b]"),
        ("a:", "[a][]"),
        ("=", "[|]"),
        ("a:=b", "[a][|b]"),
        ("a:k=", "[a][k|]"),
        ("a:k=v=w", "[a][k|v=w]"),
        ("a:k=v:l=w", "[a][k|v][l|w]"),
        ("k=v:a", "[k|v][a]"),
        (r"a\:b:c", "[a:b][c]"),
        (r"a\=b:c\=d=e", "[a=b][c=d|e]"),
        (r"k=v\=w\:x\\y", r"[k|v=w:x\y]"),
        (r"\n\\n", r"[n\n]"),
        (" a : k = v ", "[ a ][ k | v ]"),
        (r"a\\:b", r"[a\][b]"),
        (r"a\\\:b", r"[a\:b]"),
    ] {
        assert_eq!(split(text).as_deref(), Ok(expected), "{text:?}");
    }
    // Twisted takes no text but ASCII, and has an internal error for a dangling escape.
    assert_eq!(
        split("\\\u{e9}=\u{4e16}").as_deref(),
        Ok("[\u{e9}|\u{4e16}]")
    );
    for (text, position) in [("\\", 0), (r"a:b\", 3), (r"\\\", 2)] {
        assert_eq!(split(text), Err(position), "{text:?}");
    }
}

#[test]
fn positions_go_through_every_level_of_quoting() {
    // A character that is escaped is where it is itself, not where its `\` is.
    let text = Text::given(r"x:a\:a\\\:b\\\=c\:d");
    let outer = fields(&text).unwrap();
    let inner = fields(&outer[1].value).unwrap();
    let innermost = fields(&inner[1].value).unwrap();
    assert_eq!(inner[1].value.as_str(), "a:b=c");
    assert_eq!(innermost[1].key.as_ref().unwrap().start(), 10);
    assert_eq!(innermost[1].value.start(), 15);
    assert_eq!(innermost[1].value.end(), 17);
    let elements: Vec<_> = Text::given("a, b ,")
        .elements()
        .map(|element| (String::from(element.as_str()), element.start()))
        .collect();
    let expected = [("a", 0), ("b", 3), ("", 6)].map(|(text, at)| (text.into(), at));
    assert_eq!(elements, expected);
}
