//! No secret is printed. Every public type and every error that can hold what users or peers have said is
//! made from one mark, and printed by `Display` and `Debug`; what is printed is searched for the mark as
//! text, as numbers, in hexadecimal and in Base64, and for any four octets of it.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::error::Error;
use std::fmt::{Debug, Display};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

mod adapters;
mod endpoints;
mod handshakes;
mod machines;
mod pump;

/// The secret: what no other text has four octets of.
const MARK: &str = "Zq7xKw9vJ3pQ4mT8";

/// What is printed, and what was found in it.
#[derive(Default)]
struct Printed {
    count: usize,
    found: Vec<String>,
}

impl Printed {
    /// A value that only `Debug` shows.
    fn debug(&mut self, what: &str, value: &(impl Debug + ?Sized)) {
        for text in [
            format!("{value:?}"),
            format!("{value:#?}"),
            format!("{value:x?}"),
            format!("{value:#X?}"),
        ] {
            self.text(what, &text);
        }
    }

    /// A value that is also told in words.
    fn both(&mut self, what: &str, value: &(impl Debug + Display)) {
        self.debug(what, value);
        self.text(what, &format!("{value}"));
        self.text(what, &format!("{value:#}"));
    }

    /// An error, with what caused it.
    fn error(&mut self, what: &str, error: &(dyn Error + 'static)) {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.both(what, &error);
            cause = error.source();
        }
    }

    fn text(&mut self, what: &str, text: &str) {
        self.count += 1;
        if let Some(form) = form_of_mark(text) {
            self.found.push(format!("{what}, {form}: {text}"));
        }
    }

    /// Fails if a secret was found, or if fewer texts were printed than there should be.
    fn check(self, least: usize) {
        assert!(
            self.found.is_empty(),
            "{} of {} texts tell the secret:\n{}",
            self.found.len(),
            self.count,
            self.found.join("\n")
        );
        assert!(self.count >= least, "only {} texts", self.count);
    }
}

/// In which form a part of the mark is in a text.
fn form_of_mark(text: &str) -> Option<&'static str> {
    let dense: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    let lower = dense.to_ascii_lowercase();
    let list = |octets: &[u8], show: fn(u8) -> String| {
        let numbers: Vec<_> = octets.iter().map(|octet| show(*octet)).collect();
        numbers.join(",")
    };
    for part in MARK.as_bytes().windows(4) {
        let hex = |octet: u8| format!("{octet:02x}");
        let forms = [
            ("text", text.contains(str::from_utf8(part).unwrap())),
            (
                "numbers",
                dense.contains(&list(part, |octet| octet.to_string())),
            ),
            ("hexadecimal", lower.contains(&list(part, hex))),
            (
                "hexadecimal",
                lower.contains(&list(part, |octet| format!("0x{octet:x}"))),
            ),
            (
                "hexadecimal",
                lower.contains(&list(part, hex).replace(',', "")),
            ),
        ];
        if let Some((form, _)) = forms.iter().find(|(_, found)| *found) {
            return Some(form);
        }
    }
    // However what is before it is aligned; without what depends on the neighbours.
    let base64 = (0..3).any(|before| {
        let octets = [&b"\0\0\0"[..before], MARK.as_bytes()].concat();
        let code = STANDARD.encode(&octets);
        let inner = &code[4..16];
        inner
            .as_bytes()
            .windows(8)
            .any(|part| text.contains(str::from_utf8(part).unwrap()))
    });
    base64.then_some("Base64")
}

#[test]
fn the_search_finds_every_form() {
    let octets = MARK.as_bytes();
    for text in [
        format!("token {MARK}"),
        MARK[5..9].to_owned(),
        format!("{octets:?}"),
        format!("{octets:#?}"),
        format!("{:#?}", &octets[2..6]),
        format!("{octets:x?}"),
        format!("{octets:#X?}"),
        octets.iter().map(|octet| format!("{octet:02X}")).collect(),
        STANDARD.encode(MARK),
        STANDARD.encode(format!("user:{MARK}")),
        STANDARD.encode(format!("me:{MARK}")),
    ] {
        assert!(form_of_mark(&text).is_some(), "{text}");
    }
    assert_eq!(form_of_mark("GET /x HTTP/1.1, 16 octets"), None);
}
