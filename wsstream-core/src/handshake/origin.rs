//! Which web pages may use a server: RFC 6455 §4.2.2 and §10.2, RFC 6454.
//!
//! A browser states which page opens a connection. Other programs may send any origin, or none. So this
//! check protects users of browsers from foreign pages, and does not authenticate clients.

use alloc::string::String;
use alloc::vec::Vec;

use super::HandshakeError;
use super::field::InvalidField;
use super::lookup::single;
use super::syntax::{excerpt, split_authority};

/// The name of the field.
pub(super) const FIELD: &str = "Origin";

/// Which origins a server accepts. A request without an origin always passes, because no page sent it.
///
/// ```
/// # use wsstream_core::handshake::{Origins, ServerConfig};
/// let server = ServerConfig::stream().origins(Origins::list(["https://example.org"])?);
/// # let _ = server;
/// # Ok::<_, wsstream_core::handshake::InvalidField>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Policy);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Policy {
    Any,
    List(Vec<String>),
    #[default]
    SameHost,
}

impl Origins {
    /// Accepts every origin, including `null`.
    #[must_use]
    pub const fn any() -> Self {
        Self(Policy::Any)
    }

    /// Accepts pages from the host and port in the `Host` field. This is the default.
    ///
    /// If `Host` names no port, the default port of the origin's scheme is assumed, because a TLS proxy
    /// in between drops 443. The origin's scheme may be `http` or `https`, because such a proxy may do TLS;
    /// only `https` if [`ServerConfig::listening_on`](super::ServerConfig::listening_on) says that the
    /// server does TLS itself.
    #[must_use]
    pub const fn same_host() -> Self {
        Self(Policy::SameHost)
    }

    /// Accepts these origins only: each `scheme://host`, `scheme://host:port`, or `null`. A slash at the end is left out.
    ///
    /// # Errors
    ///
    /// [`InvalidField::Origin`] if an entry has another form. An entry with a path, for example, would
    /// never match.
    pub fn list<I>(origins: I) -> Result<Self, InvalidField>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let mut list = Vec::new();
        for origin in origins {
            list.push(check_origin(origin.as_ref())?.into());
        }
        Ok(Self(Policy::List(list)))
    }

    /// The policy as text: `any`, or the list separated by commas; `None` for the default.
    #[must_use]
    pub fn described(&self) -> Option<String> {
        match &self.0 {
            Policy::Any => Some("any".into()),
            Policy::List(list) => Some(list.join(",")),
            Policy::SameHost => None,
        }
    }

    /// Whether a page of this origin may use a server that the request calls `host`, and that does TLS
    /// itself or not.
    fn allows(&self, origin: &str, host: Option<&str>, over_tls: bool) -> bool {
        match &self.0 {
            Policy::Any => true,
            Policy::List(list) => list.iter().any(|listed| {
                listed == origin
                    || matches!((Origin::parse(listed), Origin::parse(origin)),
                        (Some(listed), Some(origin)) if listed.is(&origin))
            }),
            Policy::SameHost => {
                // §10.2: `null` and malformed origins have no host to compare.
                let Some(origin) = Origin::parse(origin) else {
                    return false;
                };
                let Some((host, port)) = host.and_then(split_authority) else {
                    return false;
                };
                // Only web pages have a host to compare; the name of a browser extension is not one.
                let Some(default) = default_port(origin.scheme) else {
                    return false;
                };
                let may_be = !over_tls || origin.scheme.eq_ignore_ascii_case("https");
                may_be
                    && origin.host.eq_ignore_ascii_case(host)
                    && origin.port.unwrap_or(default) == port.unwrap_or(default)
            }
        }
    }

    /// Checks the `Origin` of a request to `host`.
    pub(super) fn check<'a, F>(
        &self,
        fields: F,
        host: Option<&str>,
        over_tls: bool,
    ) -> Result<(), HandshakeError>
    where
        F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        let Some(value) = single(fields, FIELD)? else {
            return Ok(());
        };
        match core::str::from_utf8(value) {
            Ok(origin) if self.allows(origin, host, over_tls) => Ok(()),
            Ok(origin) if is_special(origin) || Origin::parse(origin).is_some() => {
                Err(HandshakeError::OriginRefused(excerpt(value)))
            }
            _ => Err(HandshakeError::OriginRefused(String::new())),
        }
    }
}

/// Checks a text that is to be sent, or listed, as an origin. Returns it without a slash at its end.
pub(super) fn check_origin(origin: &str) -> Result<&str, InvalidField> {
    // RFC 3986 allows `*` in a name, but a list with `*` is meant as a pattern, which is not supported.
    if is_special(origin) {
        Ok(origin)
    } else if Origin::parse(origin).is_some() && !origin.contains('*') {
        Ok(without_slash(origin))
    } else {
        Err(InvalidField::Origin)
    }
}

fn is_special(origin: &str) -> bool {
    // Chromium sends `file://` for a page that is a file.
    matches!(origin, "null" | "file://")
}

/// The parts of an origin, RFC 6454 §4.
struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        // RFC 3986 §3.1.
        let is_scheme = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
        if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
            return None;
        }
        let (host, port) = split_authority(without_slash(authority))?;
        Some(Self { scheme, host, port })
    }

    /// Whether both are the same origin, RFC 6454 §5. An absent port is the scheme's default.
    fn is(&self, other: &Self) -> bool {
        let port = |origin: &Self| origin.port.or_else(|| default_port(origin.scheme));
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && port(self) == port(other)
    }
}

/// An origin has no path (RFC 6454 §6.2), but people write the address of a page's site with its slash.
fn without_slash(origin: &str) -> &str {
    origin.strip_suffix('/').unwrap_or(origin)
}

fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else if scheme.eq_ignore_ascii_case("https") {
        Some(443)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_2_the_same_host_and_port() {
        for (origin, host, allowed) in [
            ("http://example.org", "example.org", true),
            ("https://example.org", "example.org", true),
            ("https://example.org", "example.org:443", true),
            ("https://example.org:443", "example.org", true),
            ("HTTP://Example.org", "eXample.org:80", true),
            ("http://localhost:9000", "localhost:9000", true),
            ("http://[::1]:9000", "[::1]:9000", true),
            ("http://[::1]", "[::1]", true),
            ("https://example.org", "example.org:80", false),
            ("http://example.org", "example.org:443", false),
            ("http://localhost:8080", "localhost:9000", false),
            ("http://localhost:9000", "localhost", false),
            ("http://localhost", "127.0.0.1", false),
            ("http://evil.example", "example.org", false),
            ("http://example.org.evil.example", "example.org", false),
            ("http://example.org@evil.example", "example.org", false),
            ("http://example.org/", "example.org", true),
            ("https://[::1]:9000/", "[::1]:9000", true),
            ("http://example.org//", "example.org", false),
            ("http://example.org/a", "example.org", false),
            ("http://example.org/?", "example.org", false),
            ("http:///", "", false),
            ("http://evil.example/", "example.org", false),
            ("http://example.org http://a", "example.org", false),
            ("chrome-extension://example.org", "example.org", false),
            ("example.org", "example.org", false),
            ("null", "null", false),
            ("", "example.org", false),
            ("file://", "", false),
            ("http://", "", false),
            ("http://example.org", "", false),
        ] {
            let got = Origins::default().allows(origin, Some(host), false);
            assert_eq!(got, allowed, "{origin:?} at {host:?}");
            assert!(
                Origins::any().allows(origin, Some(host), false),
                "{origin:?}"
            );
        }
        assert!(!Origins::default().allows("http://example.org", None, false));
    }

    /// A server with TLS of its own has only pages of `https` on its host and port.
    #[test]
    fn over_tls_the_scheme_counts() {
        for (origin, host, allowed) in [
            ("https://example.org", "example.org", true),
            ("HTTPS://example.org:8443", "example.org:8443", true),
            ("http://example.org:8443", "example.org:8443", false),
            ("http://example.org:443", "example.org:443", false),
            ("http://example.org", "example.org", false),
        ] {
            let same_host = Origins::default();
            let got = same_host.allows(origin, Some(host), true);
            assert_eq!(got, allowed, "{origin:?} at {host:?}");
            let listed = Origins::list([origin]).unwrap();
            assert!(listed.allows(origin, Some(host), true), "{origin:?}");
        }
    }

    #[test]
    fn s10_2_a_list() {
        let list = [
            "https://example.org",
            "http://a:81/",
            "null",
            "chrome-extension://abc",
            "file://",
        ];
        let origins = Origins::list(list).unwrap();
        for (origin, allowed) in [
            ("https://example.org", true),
            ("https://example.org:443", true),
            ("HTTPS://EXAMPLE.ORG", true),
            ("https://example.org/", true),
            ("http://a:81/", true),
            ("https://example.org//", false),
            ("https://example.org/a", false),
            ("null/", false),
            ("http://a:81", true),
            ("null", true),
            ("file://", true),
            ("chrome-extension://abc", true),
            ("http://example.org", false),
            ("https://example.org:444", false),
            ("https://www.example.org", false),
            ("http://a", false),
            ("http://host", false),
            ("chrome-extension://abd", false),
            ("", false),
        ] {
            assert_eq!(
                origins.allows(origin, Some("host"), false),
                allowed,
                "{origin:?}"
            );
        }
        let none: [&str; 0] = [];
        assert!(
            !Origins::list(none)
                .unwrap()
                .allows("http://host", Some("host"), false)
        );
    }

    #[test]
    fn a_list_is_told_without_slashes() {
        let origins = Origins::list(["https://a/", "null", "https://b:1"]).unwrap();
        assert_eq!(
            origins.described().as_deref(),
            Some("https://a,null,https://b:1")
        );
    }

    #[test]
    fn an_entry_that_could_never_match_is_an_error() {
        for entry in [
            "example.org",
            "https://example.org/a",
            "https://example.org//",
            "null/",
            "https://*.example.org",
            "",
            "a b",
            "Null",
        ] {
            assert_eq!(
                Origins::list([entry]),
                Err(InvalidField::Origin),
                "{entry:?}"
            );
        }
    }
}
