//! `Sec-WebSocket-Extensions`: RFC 6455 §9.1.
//!
//! [`Extension::parse_list`] reads the grammar, and knows no extension. Of those there are, this
//! crate speaks `permessage-deflate` (RFC 7692) and one of its own, [`HALF_CLOSE`]: an arm each of [`answer`]
//! and of [`check`].

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::{fmt, mem};

use super::syntax::{excerpt, is_token_octet, malformed, token, values};
use super::{HandshakeError, deflate};
use crate::deflate::{CompressionBudget, Deflate, PerMessageDeflate, Reserved};

/// The private extension by which two wsstreams tell each other that they delay their answer to a
/// Close until their own writer is done, so that either direction can end first.
///
/// It has no parameters and changes no frame. It is an extension and not a subprotocol because
/// servers ignore extensions they do not know (§9.1), while some select any subprotocol that is
/// offered.
pub const HALF_CLOSE: &str = "x-wsstream-half-close";

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
    /// Reads the value of one field, a list of extensions. Empty elements do not count.
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

    /// The parameters in their order, each with its value, if it has one.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

/// As in the field. Values are tokens, so none has to be quoted.
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

/// §9.1: all fields of the name are one list.
fn all<'a, F>(fields: F) -> Result<Vec<Extension>, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut list = Vec::new();
    for value in values(fields, FIELD) {
        list.append(&mut Extension::parse_list(value)?);
    }
    Ok(list)
}

/// The extensions that both ends have agreed on.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) deflate: Option<PerMessageDeflate>,
    pub(super) half_close: bool,
    /// What a server has reserved to inflate.
    pub(super) reserved: Option<Reserved>,
}

/// What an end does of them.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) deflate: Option<&'a Deflate>,
    pub(super) half_close: bool,
}

/// The server's side.
///
/// §4.2.2: offers that are not known, or have parameters that are not, are declined by silence.
pub(super) fn answer<'a, F>(
    fields: F,
    wanted: Wanted<'_>,
    budget: &CompressionBudget,
) -> Result<Extensions, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut agreed = Extensions::default();
    for offer in all(fields)? {
        if let (Some(wanted), None) = (wanted.deflate, agreed.deflate)
            && deflate::is_deflate(&offer)
            && let Some((deflate, reserved)) = deflate::answer(&offer, wanted, budget)
        {
            agreed.deflate = Some(deflate);
            agreed.reserved = Some(reserved);
        }
        agreed.half_close |= wanted.half_close && is_half_close(&offer);
    }
    Ok(agreed)
}

/// What a client offers.
pub(super) fn offers(wanted: Wanted<'_>) -> Vec<String> {
    let mut offers = wanted.deflate.map(deflate::offers).unwrap_or_default();
    if wanted.half_close {
        offers.push(HALF_CLOSE.to_owned());
    }
    offers
}

/// The client's side.
///
/// §4.1: what was not offered fails the connection; that includes a parameter, and anything twice.
pub(super) fn check<'a, F>(fields: F, offered: Wanted<'_>) -> Result<Extensions, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut agreed = Extensions::default();
    for extension in all(fields)? {
        let again = if deflate::is_deflate(&extension)
            && let Some(wanted) = offered.deflate
        {
            let checked = deflate::check(&extension, wanted);
            let deflate = checked.ok_or_else(|| unoffered(&extension))?;
            agreed.deflate.replace(deflate).is_some()
        } else if offered.half_close && is_half_close(&extension) {
            mem::replace(&mut agreed.half_close, true)
        } else {
            return Err(unoffered(&extension));
        };
        if again {
            return Err(HandshakeError::DuplicateExtension(extension.name));
        }
    }
    Ok(agreed)
}

fn unoffered(extension: &Extension) -> HandshakeError {
    let extension = extension.to_string();
    HandshakeError::UnofferedExtension(excerpt(extension.as_bytes()))
}

fn is_half_close(extension: &Extension) -> bool {
    extension.name == HALF_CLOSE && extension.params.is_empty()
}

/// The grammar of §9.1, from left to right. `None` is a fault.
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
        // §9.1 asks for one element at least.
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

    /// A token and the blanks after it.
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

    /// The rest of a quoted string. §9.1: what it says must be a token.
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

    /// §9.1 uses RFC 2616's lists, which allow blanks between any two words.
    fn blanks(&mut self) {
        while self.eat(b' ') || self.eat(b'\t') {}
    }
}

#[cfg(test)]
mod tests {
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

    fn fields<'a>(values: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone {
        values
            .iter()
            .map(|value| ("sec-websocket-extensions", value.as_bytes()))
    }

    const fn wanted(half_close: bool) -> Wanted<'static> {
        Wanted {
            deflate: None,
            half_close,
        }
    }

    #[test]
    fn s4_2_2_a_server_declines_what_it_does_not_know() {
        let budget = CompressionBudget::default();
        let half_close = |offered: &[&str], wants| {
            answer(fields(offered), wanted(wants), &budget).map(|agreed| agreed.half_close)
        };
        for (offered, accepted) in [
            (&[] as &[&str], false),
            (&["x-wsstream-half-close"], true),
            (
                &[
                    "permessage-deflate; client_max_window_bits",
                    "foo, x-wsstream-half-close",
                ],
                true,
            ),
            (&["x-wsstream-half-close, x-wsstream-half-close"], true),
            (&["x-wsstream-half-close; a"], false),
            (&["X-wsstream-half-close"], false),
            (&["permessage-deflate"], false),
        ] {
            assert_eq!(half_close(offered, true), Ok(accepted), "{offered:?}");
            assert_eq!(half_close(offered, false), Ok(false), "{offered:?}");
        }
        assert_eq!(
            half_close(&["foo", "a b"], true),
            Err(malformed(FIELD, b"a b"))
        );
    }

    #[test]
    fn s4_1_a_client_fails_on_what_it_did_not_offer() {
        let unoffered = |text: &str| Err(HandshakeError::UnofferedExtension(text.into()));
        let duplicate = Err(HandshakeError::DuplicateExtension(HALF_CLOSE.into()));
        for (offered, response, result) in [
            (false, &[] as &[&str], Ok(false)),
            (true, &[], Ok(false)),
            (true, &[HALF_CLOSE], Ok(true)),
            (false, &[HALF_CLOSE], unoffered(HALF_CLOSE)),
            (
                true,
                &["x-wsstream-half-close; a=1"],
                unoffered("x-wsstream-half-close; a=1"),
            ),
            (true, &[HALF_CLOSE, HALF_CLOSE], duplicate),
            (
                true,
                &["permessage-deflate"],
                unoffered("permessage-deflate"),
            ),
            (true, &[";"], Err(malformed(FIELD, b";"))),
        ] {
            let checked = check(fields(response), wanted(offered));
            let half_close = checked.map(|agreed| agreed.half_close);
            assert_eq!(half_close, result, "{response:?}");
        }
        let deflate = Wanted {
            deflate: Some(&Deflate::new()),
            half_close: true,
        };
        for (response, result) in [
            (&["permessage-deflate"] as &[&str], Ok((true, false))),
            (&[HALF_CLOSE, "permessage-deflate"], Ok((true, true))),
            (
                &["permessage-deflate", "permessage-deflate"],
                Err(HandshakeError::DuplicateExtension(
                    "permessage-deflate".into(),
                )),
            ),
            (
                &["permessage-deflate; a"],
                Err(HandshakeError::UnofferedExtension(
                    "permessage-deflate; a".into(),
                )),
            ),
        ] {
            let checked = check(fields(response), deflate);
            let agreed = checked.map(|agreed| (agreed.deflate.is_some(), agreed.half_close));
            assert_eq!(agreed, result, "{response:?}");
        }
    }
}
