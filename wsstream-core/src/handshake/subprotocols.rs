//! `Sec-WebSocket-Protocol`: RFC 6455 §1.9, §4.1 item 10, §4.2.2 item 5.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::HandshakeError;
use super::lookup::{malformed, single};
use super::syntax::{elements, shown_names, token, values};

/// The name of the field.
pub(super) const FIELD: &str = "Sec-WebSocket-Protocol";

/// The names that a request offers, in the client's order of preference; empty without the field.
///
/// §11.3.4: several fields form one list. Empty elements are ignored, but a field that has only those
/// is malformed.
fn offered<'a, F>(fields: F) -> Result<Vec<&'a str>, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut names = Vec::new();
    let mut unique = BTreeSet::new();
    for value in values(fields, FIELD) {
        let before = names.len();
        for element in elements(value) {
            let name = token(element).ok_or_else(|| malformed(FIELD, value))?;
            // §4.1 item 10: the names must be unique.
            if !unique.insert(name) {
                return Err(HandshakeError::DuplicateSubprotocol(shown_names([name])));
            }
            names.push(name);
        }
        if names.len() == before {
            return Err(malformed(FIELD, value));
        }
    }
    Ok(names)
}

/// The server's side: selects the first of the client's names that the server speaks.
///
/// If the request offers none, none is selected. If there is no common name, that is an error with
/// `must_agree`; otherwise none is selected (§4.2.2 item 5).
pub(super) fn select<'a, F>(
    fields: F,
    spoken: &[String],
    must_agree: bool,
) -> Result<Option<String>, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let offered = offered(fields)?;
    // §1.9: the comparison is case-sensitive.
    match offered
        .iter()
        .find(|&&name| spoken.iter().any(|ours| ours == name))
    {
        Some(&name) => Ok(Some(name.to_owned())),
        None if offered.is_empty() || !must_agree => Ok(None),
        None => Err(HandshakeError::NoCommonSubprotocol {
            offered: shown_names(offered),
            spoken: spoken.join(","),
        }),
    }
}

/// The client's side: the server's selection, which must be one of the offered names (§4.1).
pub(super) fn check<'a, F>(
    fields: F,
    offered: &[String],
    must_agree: bool,
) -> Result<Option<String>, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    // §11.3.4: a response must not have the field more than once.
    let Some(value) = single(fields, FIELD)? else {
        return if must_agree && !offered.is_empty() {
            Err(HandshakeError::NoSubprotocol)
        } else {
            Ok(None)
        };
    };
    let name = token(value).ok_or_else(|| malformed(FIELD, value))?;
    if offered.iter().any(|ours| ours == name) {
        Ok(Some(name.to_owned()))
    } else {
        Err(HandshakeError::UnofferedSubprotocol(shown_names([name])))
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn fields<'a>(values: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone {
        values
            .iter()
            .map(|value| ("sec-websocket-protocol", value.as_bytes()))
    }

    fn names(list: &str) -> Vec<String> {
        list.split_terminator(',').map(str::to_owned).collect()
    }

    type Row = (&'static [&'static str], Result<Option<&'static str>, u16>);

    /// What the fields are, and what a server that speaks `binary,base64` says.
    #[rustfmt::skip]
    const OFFERS: &[Row] = &[
        (&[], Ok(None)),
        (&["binary"], Ok(Some("binary"))),
        (&["base64"], Ok(Some("base64"))),
        (&["binary,base64"], Ok(Some("binary"))),
        (&["base64,binary"], Ok(Some("base64"))),
        (&["base64, binary"], Ok(Some("base64"))),
        (&["foo , \t binary"], Ok(Some("binary"))),
        (&["foo", "binary"], Ok(Some("binary"))),
        (&["foo", "bar,,base64,"], Ok(Some("base64"))),
        (&["foo"], Err(406)),
        (&["BINARY"], Err(406)),
        (&["binary binary"], Err(400)),
        (&["binary;base64"], Err(400)),
        (&["\"binary\""], Err(400)),
        (&["bin\u{e9}"], Err(400)),
        (&["binary,binary"], Err(400)),
        (&["binary", "foo,binary"], Err(400)),
        (&["foo,foo,binary"], Err(400)),
        (&[""], Err(400)),
        (&[" , "], Err(400)),
        (&["binary", ""], Err(400)),
    ];

    #[test]
    fn s4_2_2_the_first_of_the_clients_list_that_the_server_speaks() {
        let spoken = names("binary,base64");
        for &(offer, expected) in OFFERS {
            let got = select(fields(offer), &spoken, true);
            let got = got
                .as_ref()
                .map(Option::as_deref)
                .map_err(|error| error.status().unwrap());
            assert_eq!(got, expected, "{offer:?}");
            // Where nothing needs to be agreed, a list with nothing in common selects nothing.
            let lax = select(fields(offer), &spoken, false);
            let lax = lax
                .as_ref()
                .map(Option::as_deref)
                .map_err(|error| error.status().unwrap());
            assert_eq!(
                lax,
                if expected == Err(406) {
                    Ok(None)
                } else {
                    expected
                },
                "{offer:?}"
            );
        }
        let error = select(fields(&["mqtt, bar"]), &spoken, true).unwrap_err();
        // What is not well known may be a token.
        let expected =
            r#"subprotocols "mqtt,(3 octets)" offered, this server speaks "binary,base64""#;
        assert_eq!(error.fault().to_string(), expected);
    }

    #[test]
    fn many_names_are_no_work() {
        let list: Vec<_> = (0..4000).map(|number| format!("{number:x}")).collect();
        let list = list.join(",");
        assert_eq!(select(fields(&[&list]), &names("binary"), false), Ok(None));
    }

    #[test]
    fn s4_1_what_a_client_takes() {
        let unoffered = |name: &str| Err(HandshakeError::UnofferedSubprotocol(name.into()));
        for (offer, response, must_agree, expected) in [
            (
                "binary,base64",
                &["base64"] as &[&str],
                true,
                Ok(Some("base64".into())),
            ),
            (
                "binary,base64",
                &[" binary "],
                true,
                Ok(Some("binary".into())),
            ),
            (
                "binary,base64",
                &[],
                true,
                Err(HandshakeError::NoSubprotocol),
            ),
            ("binary,base64", &[], false, Ok(None)),
            ("", &[], true, Ok(None)),
            ("", &["binary"], false, unoffered("binary")),
            ("binary", &["base64"], false, unoffered("base64")),
            ("binary", &["Binary"], false, unoffered("Binary")),
            ("a,b", &["a,b"], false, Err(malformed(FIELD, b"a,b"))),
            ("a,b", &[""], false, Err(malformed(FIELD, b""))),
            (
                "a,b",
                &["a", "b"],
                false,
                Err(HandshakeError::DuplicateField(FIELD)),
            ),
            (
                "a,b",
                &["a", "a"],
                false,
                Err(HandshakeError::DuplicateField(FIELD)),
            ),
        ] {
            assert_eq!(
                check(fields(response), &names(offer), must_agree),
                expected,
                "{response:?}"
            );
        }
    }
}
