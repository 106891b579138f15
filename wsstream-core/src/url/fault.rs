//! Where a text goes wrong that is no URI: RFC 3986, appendix A.
//!
//! The library that reads URIs does not say. It alone decides whether a text is one; this module is asked afterwards.

use core::net::Ipv6Addr;
use core::ops::Range;

/// The position of the first octet that cannot stand there in a URI, or of the end if something is missing.
pub(super) fn in_uri(text: &str) -> usize {
    wrong_in_uri(text).unwrap_or(text.len())
}

/// The same in a reference to a URI, which may do without a scheme (§4.1).
pub(super) fn in_reference(text: &str) -> usize {
    wrong_in_reference(text).unwrap_or(text.len())
}

/// Where the authority is (§3.2), with user and port.
pub(super) fn authority(text: &str) -> Option<Range<usize>> {
    let (_, behind) = scheme(text).unwrap_or(("", text));
    let rest = behind.strip_prefix("//")?;
    let start = text.len() - rest.len();
    let len = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(start..start + len)
}

/// What is in front of the colon that ends a scheme, and what is behind it.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, behind) = text.split_once(':')?;
    (!scheme.contains(['/', '?', '#'])).then_some((scheme, behind))
}

fn wrong_in_uri(text: &str) -> Option<usize> {
    let missing = text.find(['/', '?', '#']).unwrap_or(text.len());
    let Some((scheme, behind)) = scheme(text) else {
        // The colon.
        return wrong_in_scheme(text.get(..missing)?).or(Some(missing));
    };
    wrong_in_scheme(scheme).or_else(|| wrong_behind(text, behind))
}

fn wrong_in_reference(text: &str) -> Option<usize> {
    match scheme(text) {
        Some(_) => wrong_in_uri(text),
        None => wrong_behind(text, text),
    }
}

/// In what comes behind a scheme, and where that is in the text.
fn wrong_behind(text: &str, behind: &str) -> Option<usize> {
    let authority = authority(text).unwrap_or_default();
    if let Some(wrong) = text.get(authority.clone()).and_then(wrong_in_authority) {
        return Some(authority.start + wrong);
    }
    let path = authority.end.max(text.len() - behind.len());
    let (rest, fragment) = split(text.get(path..)?, '#');
    let (in_path, query) = split(rest, '?');
    // §3.3 to §3.5.
    let parts = [
        (path, in_path, ":@/"),
        (path + rest.len() - query.len(), query, ":@/?"),
        (text.len() - fragment.len(), fragment, ":@/?"),
    ];
    parts
        .into_iter()
        .find_map(|(start, part, also)| Some(start + wrong_in(part, also)?))
}

fn split(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

/// §3.1.
fn wrong_in_scheme(scheme: &str) -> Option<usize> {
    let is_right = |(index, octet): (usize, u8)| match index {
        0 => octet.is_ascii_alphabetic(),
        _ => octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.'),
    };
    match scheme.bytes().enumerate().position(|at| !is_right(at)) {
        None if scheme.is_empty() => Some(0),
        wrong => wrong,
    }
}

/// §3.2.
fn wrong_in_authority(authority: &str) -> Option<usize> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    // §3.2.1.
    if let wrong @ Some(_) = user.and_then(|user| wrong_in(user, ":")) {
        return wrong;
    }
    let start = authority.len() - host.len();
    let wrong = match host.strip_prefix('[') {
        Some(literal) => wrong_in_literal(literal).map(|wrong| 1 + wrong),
        None => {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            wrong_in(name, "").or_else(|| Some(name.len() + 1 + wrong_in_port(port)?))
        }
    };
    Some(start + wrong?)
}

/// §3.2.2: an address behind its bracket, and the port.
fn wrong_in_literal(literal: &str) -> Option<usize> {
    let Some((address, rest)) = literal.split_once(']') else {
        let is_right = |octet: u8| octet.is_ascii_hexdigit() || matches!(octet, b':' | b'.');
        return literal
            .bytes()
            .position(|octet| !is_right(octet))
            .or(Some(literal.len()));
    };
    if address.parse::<Ipv6Addr>().is_err() {
        return wrong_in_literal(address);
    }
    let behind = address.len() + 1;
    match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        None => Some(behind),
        Some(port) => Some(behind + 1 + wrong_in_port(port)?),
    }
}

/// §3.2.3.
fn wrong_in_port(port: &str) -> Option<usize> {
    port.bytes().position(|octet| !octet.is_ascii_digit())
}

/// §2: what is neither unreserved, nor a delimiter within a part, nor escaped, nor one of these. The `%` of an escape that
/// is none.
fn wrong_in(part: &str, also: &str) -> Option<usize> {
    let mut octets = part.bytes().enumerate();
    while let Some((index, octet)) = octets.next() {
        let is_right = match octet {
            b'%' => {
                let mut is_digit = || octets.next().is_some_and(|(_, o)| o.is_ascii_hexdigit());
                is_digit() && is_digit()
            }
            _ => {
                is_unreserved(octet)
                    || b"!$&'()*+,;=".contains(&octet)
                    || also.as_bytes().contains(&octet)
            }
        };
        if !is_right {
            return Some(index);
        }
    }
    None
}

/// §2.3.
pub(super) const fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use iri_string::types::{UriReferenceStr, UriStr};
    use proptest::prelude::*;

    use super::*;

    /// Addresses of the future (`[v1.x]`) are always wrong here.
    const TEXTS: &str = "([a1:]{0,3}:)?(//)?([%a0@:]{0,4}@)?(\\[(::1|[1a:.g]{0,6})\\]|[%a0\u{e9} ]{0,4})(:[0a]{0,2})?[/?#\\[\\]@:%a0 \\{\u{e9}]{0,8}";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// What the library takes has no fault, and what it refuses has one.
        #[test]
        fn the_library_agrees(text in TEXTS) {
            let is_uri = UriStr::new(&text).is_ok();
            prop_assert_eq!(wrong_in_uri(&text).is_none(), is_uri, "{:?}", &text);
            let is_reference = UriReferenceStr::new(&text).is_ok();
            prop_assert_eq!(wrong_in_reference(&text).is_none(), is_reference, "{:?}", &text);
        }
    }
}
