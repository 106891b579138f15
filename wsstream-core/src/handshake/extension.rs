//! The grammar of `Sec-WebSocket-Extensions`, independent of any extension: RFC 6455 §9.1.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::error::HandshakeError;
use super::lookup::malformed;
use super::syntax::{is_token_octet, token};

/// The name of the field.
pub(super) const FIELD: &str = "Sec-WebSocket-Extensions";

/// One extension, offered or accepted.
///
/// ```
/// use wsstream_core::handshake::Extension;
///
/// let list = Extension::parse_list(b"permessage-deflate; client_max_window_bits; x=\"1\", foo")?;
/// assert_eq!(list[0].name(), "permessage-deflate");
/// assert!(list[0].params().eq([("client_max_window_bits", None), ("x", Some("1"))]));
/// assert_eq!(list[1].to_string(), "foo");
/// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    name: String,
    params: Vec<(String, Option<String>)>,
}

impl Extension {
    /// Reads the value of one field, a list of extensions. Empty elements are ignored.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::MalformedField`] if the value does not follow the grammar of §9.1.
    pub fn parse_list(value: &[u8]) -> Result<Vec<Self>, HandshakeError> {
        Parser { rest: value }
            .list()
            .ok_or_else(|| malformed(FIELD, value))
    }

    /// The name, a token.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parameters in order, each with its value, if any.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

/// Writes the extension as in the field. Values are tokens, so they need no quotes.
impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in self.params() {
            write!(f, "; {name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// Parses the grammar of §9.1 from left to right. `None` means a syntax error.
struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    /// `extension-list = 1#extension`
    fn list(&mut self) -> Option<Vec<Extension>> {
        let mut list = Vec::new();
        loop {
            self.blanks();
            if self.eat(b',') {
                continue;
            }
            if self.rest.is_empty() {
                break;
            }
            list.push(self.extension()?);
            if !self.rest.is_empty() && !self.eat(b',') {
                return None;
            }
        }
        // §9.1 requires at least one element.
        if list.is_empty() { None } else { Some(list) }
    }

    /// `extension = extension-token *( ";" extension-param )`
    fn extension(&mut self) -> Option<Extension> {
        let name = self.token()?.to_owned();
        let mut params = Vec::new();
        while self.eat(b';') {
            self.blanks();
            let name = self.token()?.to_owned();
            let value = if self.eat(b'=') {
                self.blanks();
                Some(if self.eat(b'"') {
                    self.quoted()?
                } else {
                    self.token()?.to_owned()
                })
            } else {
                None
            };
            params.push((name, value));
            self.blanks();
        }
        Some(Extension { name, params })
    }

    /// A token, and the blanks after it.
    fn token(&mut self) -> Option<&'a str> {
        let rest = self.rest;
        let end = rest
            .iter()
            .position(|&octet| !is_token_octet(octet))
            .unwrap_or(rest.len());
        let (token_octets, rest) = rest.split_at(end);
        self.rest = rest;
        self.blanks();
        token(token_octets)
    }

    /// The rest of a quoted string. §9.1: its content must be a token.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        loop {
            let (&octet, rest) = self.rest.split_first()?;
            self.rest = rest;
            let octet = match octet {
                b'"' => break,
                b'\\' => {
                    let (&escaped, rest) = self.rest.split_first()?;
                    self.rest = rest;
                    escaped
                }
                octet => octet,
            };
            if !is_token_octet(octet) {
                return None;
            }
            value.push(char::from(octet));
        }
        if value.is_empty() { None } else { Some(value) }
    }

    fn eat(&mut self, octet: u8) -> bool {
        let Some((&first, rest)) = self.rest.split_first() else {
            return false;
        };
        if first == octet {
            self.rest = rest;
        }
        first == octet
    }

    /// §9.1 uses the lists of RFC 2616, which allow blanks between any two words.
    fn blanks(&mut self) {
        while self.eat(b' ') || self.eat(b'\t') {}
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// A field's value, and the same in its plainest form; `None` if it is malformed.
    #[rustfmt::skip]
    const LISTS: &[(&str, Option<&str>)] = &[
        ("foo", Some("foo")),
        ("foo, bar", Some("foo, bar")),
        ("foo,bar;a;b=1", Some("foo, bar; a; b=1")),
        // §9.1, the examples.
        ("bar; baz=2", Some("bar; baz=2")),
        ("foo, bar; baz=2", Some("foo, bar; baz=2")),
        // RFC 7692 §5.1.
        ("permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
         Some("permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits")),
        (" \tfoo ; a = 1 ;b\t,, bar ,", Some("foo; a=1; b, bar")),
        (",foo", Some("foo")),
        ("foo; a=\"1\"", Some("foo; a=1")),
        ("foo; a=\"b\\c\"", Some("foo; a=bc")),
        ("foo; a=\"1\" ; b", Some("foo; a=1; b")),
        ("", None),
        (" , ", None),
        ("foo;", None),
        ("foo; ;", None),
        ("foo; a=", None),
        ("foo; =1", None),
        ("foo; a=\"\"", None),
        ("foo; a=\"b c\"", None),
        ("foo; a=\"b,c\"", None),
        ("foo; a=\"b\\,c\"", None),
        ("foo; a=\"b", None),
        ("foo; a=\"b\\", None),
        ("foo; a=\"b\"c", None),
        ("foo; a=1=2", None),
        ("foo bar", None),
        ("foo=1", None),
        ("\"foo\"", None),
        ("f\u{e9}", None),
        ("foo/bar", None),
    ];

    #[test]
    fn s9_1_the_grammar() {
        for &(value, expected) in LISTS {
            let got = Extension::parse_list(value.as_bytes()).ok().map(|list| {
                list.iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            });
            assert_eq!(got.as_deref(), expected, "{value:?}");
        }
    }
}
