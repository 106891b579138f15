//! The parts of HTTP's grammar that the handshake needs: RFC 9110 §5.6, RFC 3986 §3.2.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::octets::Octets;

/// RFC 9110 §5.6.2: a `token` has at least one character.
pub(super) fn is_token(octets: &[u8]) -> bool {
    !octets.is_empty() && octets.iter().copied().all(is_token_octet)
}

pub(super) const fn is_token_octet(octet: u8) -> bool {
    matches!(octet,
        b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`'
        | b'|' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z')
}

/// The octets as text, if they are a token.
pub(super) fn token(octets: &[u8]) -> Option<&str> {
    if is_token(octets) {
        core::str::from_utf8(octets).ok()
    } else {
        None
    }
}

/// RFC 9110 §5.6.3: optional white space is SP and HTAB only.
pub(super) const fn trim_ows(mut octets: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = octets {
        octets = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = octets {
        octets = rest;
    }
    octets
}

/// RFC 9110 §5.6.1: the elements of a comma-separated list, without empty ones.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    value
        .split(|&octet| octet == b',')
        .map(trim_ows)
        .filter(|element| !element.is_empty())
}

/// The values of all fields called `name`, in order. RFC 9110 §5.1: names are case-insensitive.
pub(super) fn values<'a, F>(fields: F, name: &'static str) -> impl Iterator<Item = &'a [u8]> + Clone
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    fields
        .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| trim_ows(value))
}

/// Whether a comma-separated list has this element, ignoring case.
pub(super) fn contains<'a>(mut values: impl Iterator<Item = &'a [u8]>, element: &str) -> bool {
    values.any(|value| elements(value).any(|one| one.eq_ignore_ascii_case(element.as_bytes())))
}

/// Names of subprotocols for an error. Some pages send tokens as subprotocols, even short ones, so only
/// well-known names are shown. Of others the length is shown.
pub(super) fn shown_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names = names.into_iter().map(|name| {
        // Ignore case here: the error should show a well-known name in the wrong case.
        let is_known = |known: &&str| known.eq_ignore_ascii_case(name);
        if WELL_KNOWN.iter().any(is_known) {
            name.to_owned()
        } else {
            format!("({})", Octets::of(name))
        }
    });
    excerpt(names.collect::<Vec<_>>().join(",").as_bytes())
}

/// Widespread subprotocols: ours, and some of the registry of RFC 6455 §11.5.
const WELL_KNOWN: &[&str] = &[
    "amqp",
    "base64",
    "binary",
    "chat",
    "graphql-transport-ws",
    "graphql-ws",
    "mqtt",
    "mqttv3.1",
    "sip",
    "soap",
    "superchat",
    "v10.stomp",
    "v11.stomp",
    "v12.stomp",
    "wamp.2.json",
    "wamp.2.msgpack",
    "xmpp",
];

/// The start of a received text, cut for an error or a log line.
pub(super) fn excerpt(octets: &[u8]) -> String {
    const ENOUGH: usize = 128;
    let mut text = String::from_utf8_lossy(octets.get(..ENOUGH).unwrap_or(octets)).into_owned();
    if octets.len() > ENOUGH {
        text.push_str("...");
    }
    text
}

/// RFC 3986 §3.2.2 and §3.2.3: splits `host [":" port]`. The host keeps its brackets, if any.
///
/// An empty port counts as absent.
pub(super) fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if authority.starts_with('[') {
        let (host, rest) = authority.split_at(authority.find(']')? + 1);
        let address = &host.as_bytes()[1..host.len() - 1];
        let is_address = |octet: &u8| matches!(octet, b':' | b'.') || octet.is_ascii_hexdigit();
        if address.is_empty() || !address.iter().all(is_address) {
            return None;
        }
        match rest {
            "" => (host, ""),
            _ => (host, rest.strip_prefix(':')?),
        }
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let is_name = |octet: u8| {
            octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~' | b'%')
                // RFC 3986 §2.2: sub-delims.
                || matches!(octet, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
        };
        if host.is_empty() || !host.bytes().all(is_name) {
            return None;
        }
        (host, port)
    };
    match port {
        "" => Some((host, None)),
        _ if port.bytes().all(|octet| octet.is_ascii_digit()) => {
            Some((host, Some(port.parse().ok()?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn rfc9110_s5_6_1_empty_elements_do_not_count() {
        for (value, expected) in [
            ("", &[] as &[&str]),
            (" , ,\t", &[]),
            ("a", &["a"]),
            ("a,b", &["a", "b"]),
            (", a ,\t b,, c d ,", &["a", "b", "c d"]),
        ] {
            let got: Vec<_> = elements(value.as_bytes()).collect();
            let expected: Vec<_> = expected.iter().map(|element| element.as_bytes()).collect();
            assert_eq!(got, expected, "{value:?}");
        }
    }

    #[test]
    fn rfc3986_s3_2_hosts_and_ports() {
        for (text, expected) in [
            ("example.org", Some(("example.org", None))),
            ("example.org:", Some(("example.org", None))),
            ("example.org:8080", Some(("example.org", Some(8080)))),
            ("[::1]", Some(("[::1]", None))),
            ("[::1]:9000", Some(("[::1]", Some(9000)))),
            ("", None),
            (":80", None),
            ("a:65536", None),
            ("a:+1", None),
            ("a:1:2", None),
            ("[::1", None),
            ("[]:1", None),
            ("[::1]1", None),
            ("[x]", None),
            ("user@host", None),
            ("a/b", None),
            ("a b", None),
            ("a?b", None),
        ] {
            assert_eq!(split_authority(text), expected, "{text:?}");
        }
    }
}
