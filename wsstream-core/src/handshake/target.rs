//! The target of a request: RFC 9112 §3.2, RFC 9110 §7.1.

use alloc::format;
use alloc::string::String;

use super::HandshakeError;
use super::syntax::{excerpt, split_authority};
use crate::octets::Octets;

/// Checks the form of a target: a path, the URI of something on a server like this one, or what only the
/// method allows: `*` of OPTIONS, and `host:port` of CONNECT.
pub(super) fn check(method: &str, target: &str) -> Result<(), HandshakeError> {
    let fault = match (method, target) {
        // A user agent keeps the fragment to itself.
        _ if target.contains('#') => FRAGMENT,
        ("OPTIONS", "*") => return Ok(()),
        // The answer says that the method is not GET.
        ("CONNECT", _) if split_authority(target).is_some() => return Ok(()),
        _ if target.starts_with('/') => return Ok(()),
        _ => match absolute(target) {
            None => FORM,
            Some(uri) if !is_ours(uri.scheme) => SCHEME,
            // RFC 9110 §4.2.4: userinfo is an error, and is likely to disguise the host.
            Some(uri) if uri.authority.contains('@') => USER,
            Some(uri) if split_authority(uri.authority).is_none() => HOST,
            Some(_) => return Ok(()),
        },
    };
    Err(HandshakeError::MalformedTarget {
        target: shown(target),
        fault,
    })
}

/// A target that is an absolute URI, §3.2.2.
pub(super) struct Absolute<'a> {
    scheme: &'a str,
    pub(super) authority: &'a str,
    /// The path and query.
    pub(super) resource: &'a str,
}

/// Splits a target that is an absolute URI.
pub(super) fn absolute(target: &str) -> Option<Absolute<'_>> {
    let (scheme, rest) = target.split_once("://")?;
    // RFC 3986 §3.1. A path, or a query, may have another URI in it.
    let is_scheme = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
    if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
        return None;
    }
    let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    Some(Absolute {
        scheme,
        authority,
        resource,
    })
}

/// RFC 9110 §4.2, RFC 6455 §3.
fn is_ours(scheme: &str) -> bool {
    let ours = ["http", "https", "ws", "wss"];
    ours.iter().any(|ours| scheme.eq_ignore_ascii_case(ours))
}

/// What can be shown of a target that is refused. A query may be a secret, and so may be what is before an `@`.
fn shown(target: &str) -> String {
    let uri = absolute(target);
    match uri {
        Some(uri) if target.contains('@') || split_authority(uri.authority).is_none() => {
            excerpt(format!("{}://...", uri.scheme).as_bytes())
        }
        None if target.contains('@') => format!("({})", Octets::of(target)),
        _ => excerpt(
            target
                .split(['?', '#'])
                .next()
                .unwrap_or_default()
                .as_bytes(),
        ),
    }
}

const FORM: &str = "expected a path that begins with /, or an http, https, ws or wss URL";
const SCHEME: &str = "expected the scheme http, https, ws or wss";
const FRAGMENT: &str = "it has a fragment (#), expected none";
const USER: &str = "it has a user, expected none";
const HOST: &str = "it has no valid host";

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// What is shown of a target, and said of it.
    type Fault = (&'static str, &'static str);

    /// The method, the target, and what is shown and said of it; `Ok` if nothing is wrong.
    #[rustfmt::skip]
    const TARGETS: &[(&str, &str, Result<(), Fault>)] = &[
        ("GET", "/", Ok(())),
        ("GET", "//", Ok(())),
        ("GET", "/a?b@c", Ok(())),
        ("GET", "/a://b", Ok(())),
        ("GET", "http://a", Ok(())),
        ("GET", "HTTP://a:80/b?c@d", Ok(())),
        ("GET", "https://a?b", Ok(())),
        ("GET", "ws://[::1]:9000/", Ok(())),
        ("GET", "wss://a/b", Ok(())),
        ("OPTIONS", "*", Ok(())),
        ("OPTIONS", "/", Ok(())),
        ("CONNECT", "a:80", Ok(())),
        ("CONNECT", "a", Ok(())),
        ("GET", "*", Err(("*", FORM))),
        ("OPTIONS", "**", Err(("**", FORM))),
        ("GET", "foo", Err(("foo", FORM))),
        ("GET", "foo?secret", Err(("foo", FORM))),
        ("GET", "?secret", Err(("", FORM))),
        ("GET", "?x=http://secret", Err(("", FORM))),
        ("GET", "example.com:80", Err(("example.com:80", FORM))),
        ("GET", "me:secret@example.com:80", Err(("(24 octets)", FORM))),
        ("CONNECT", "me:secret@a:80", Err(("(14 octets)", FORM))),
        ("GET", "mailto:me@example.com", Err(("(21 octets)", FORM))),
        ("GET", "://a", Err(("://a", FORM))),
        ("GET", "/#x", Err(("/", FRAGMENT))),
        ("GET", "/a?secret#x", Err(("/a", FRAGMENT))),
        ("OPTIONS", "*#", Err(("*", FRAGMENT))),
        ("GET", "http://a/#secret@", Err(("http://...", FRAGMENT))),
        ("GET", "ftp://a/b?secret", Err(("ftp://a/b", SCHEME))),
        ("GET", "file:///a", Err(("file://...", SCHEME))),
        ("GET", "ftp://me:secret@a/b", Err(("ftp://...", SCHEME))),
        ("GET", "http://me@a/", Err(("http://...", USER))),
        ("GET", "ws://me:secret@a?b", Err(("ws://...", USER))),
        ("GET", "http://me:sec/ret@a/", Err(("http://...", HOST))),
        ("GET", "http://me:sec?ret@a/", Err(("http://...", HOST))),
        ("GET", "http:///a", Err(("http://...", HOST))),
        ("GET", "http://a:secret/", Err(("http://...", HOST))),
        ("GET", "http://a:65536/", Err(("http://...", HOST))),
    ];

    #[test]
    fn rfc9112_s3_2_targets() {
        for &(method, target, expected) in TARGETS {
            let expected = expected.map_err(|(shown, fault)| {
                let target = shown.into();
                HandshakeError::MalformedTarget { target, fault }
            });
            assert_eq!(check(method, target), expected, "{method} {target}");
        }
        assert_eq!(
            check("GET", "foo").unwrap_err().to_string(),
            "request-target \"foo\": expected a path that begins with /, or an http, https, ws or wss URL"
        );
    }
}
