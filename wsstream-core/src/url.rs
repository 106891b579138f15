//! WebSocket URLs: RFC 6455 §3, on top of RFC 3986.
//!
//! [`Url`] tells which host to dial, whether to use TLS, and which resource to ask for. It does not
//! resolve names.

mod fault;
mod invalid;
mod join;
mod origin;
mod zone;

use alloc::borrow::{Cow, ToOwned as _};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use iri_string::components::AuthorityComponents;
use iri_string::percent_encode::decode::decode_whatwg_bytes;
use iri_string::types::UriStr;

pub use self::invalid::InvalidUrl;
use self::invalid::MAX_HOST;
use self::zone::{Zone, cut};
use crate::octets::Octets;

/// A `ws` or `wss` URL.
///
/// The scheme and the host are stored in lower case, the path and the query as written. User and
/// password are kept only in [`authorization`](Self::authorization). Neither `Display` nor `Debug`
/// shows them.
///
/// ```
/// # use wsstream_core::Url;
/// let url = Url::parse("wss://[2001:db8::1]:8443/chat?room=1")?;
/// assert!(url.is_secure());
/// assert_eq!(url.host(), "2001:db8::1");
/// assert_eq!(url.port(), 8443);
/// assert_eq!(url.host_and_port(), "[2001:db8::1]:8443");
/// assert_eq!(url.authority(), "[2001:db8::1]:8443");
/// assert_eq!(url.resource(), "/chat?room=1");
/// # Ok::<_, wsstream_core::InvalidUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    secure: bool,
    host: String,
    zone: Option<Zone>,
    port: u16,
    authority: String,
    resource: String,
    authorization: Option<String>,
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// See [`InvalidUrl`]. Nothing is trimmed: blanks around or in the text are errors.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        let Some(cut) = cut(text)? else {
            return Self::parse_without_zone(text);
        };
        let url = Self::parse_without_zone(&cut.text).map_err(|error| cut.uncut(error))?;
        Ok(Self {
            zone: Some(cut.zone),
            ..url
        })
    }

    /// Reads a URL that RFC 3986 knows: it has no zones.
    fn parse_without_zone(text: &str) -> Result<Self, InvalidUrl> {
        let uri = UriStr::new(text).map_err(|_| InvalidUrl::of_uri(text))?;
        let secure = match uri.scheme_str() {
            // RFC 3986 §3.1: schemes are case-insensitive.
            scheme if scheme.eq_ignore_ascii_case("ws") => false,
            scheme if scheme.eq_ignore_ascii_case("wss") => true,
            // Without a host, the part before the colon may be a user: `user:password@host`.
            _ if uri.authority_str().is_none() => return Err(InvalidUrl::NoHost),
            scheme => return Err(InvalidUrl::Scheme(scheme.to_owned())),
        };
        // §3: WebSocket URLs must not have a fragment.
        if uri.fragment().is_some() {
            return Err(InvalidUrl::Fragment);
        }
        let authority = uri.authority_components().ok_or(InvalidUrl::NoHost)?;
        let (host, bracketed) = host(&authority)?;
        let port = port(&authority)?;
        let shown = if bracketed {
            format!("[{host}]")
        } else {
            host.clone()
        };
        // §4.1 item 4: the `Host` field has the port only if it is not the scheme's default.
        let shown = match port {
            Some(port) if port != default_port(secure) => format!("{shown}:{port}"),
            _ => shown,
        };
        // §3: an empty path is "/".
        let mut resource = String::from(match uri.path_str() {
            "" => "/",
            path => path,
        });
        if let Some(query) = uri.query_str() {
            resource.push('?');
            resource.push_str(query);
        }
        Ok(Self {
            secure,
            host,
            zone: None,
            port: port.unwrap_or_else(|| default_port(secure)),
            authority: shown,
            resource,
            authorization: authorization(&authority)?,
        })
    }

    /// Whether the scheme is `wss`, WebSocket over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host to dial: a name, an IPv4 address, or an IPv6 address without brackets and
    /// [zone](Self::zone).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The zone of the host, if it is an IPv6 address with one: the network interface to dial from, as
    /// a name or a number (RFC 6874). It means something on this machine alone, so neither the `Host`
    /// field nor TLS tells it to the server.
    ///
    /// ```
    /// # use wsstream_core::Url;
    /// let url = Url::parse("ws://[fe80::1%25eth0]:9000/")?;
    /// assert_eq!((url.host(), url.zone()), ("fe80::1", Some("eth0")));
    /// assert_eq!(url.authority(), "[fe80::1]:9000");
    /// assert_eq!(url.host_and_port(), "[fe80::1%eth0]:9000");
    /// assert_eq!(url.to_string(), "ws://[fe80::1%25eth0]:9000/");
    /// // As people write it.
    /// assert_eq!(Url::parse("ws://[fe80::1%eth0]:9000/")?, url);
    /// # Ok::<_, wsstream_core::InvalidUrl>(())
    /// ```
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_ref().map(Zone::as_str)
    }

    /// The port to dial, 1 to 65535; by default 80 (`ws`) or 443 (`wss`).
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The host and the port to dial or to listen on, as one text: `HOST:PORT`. IPv6 addresses have
    /// brackets, and their zone if they have one: `[fe80::1%eth0]:9000`.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        let (host, port) = (&self.host, self.port);
        match self.zone() {
            Some(zone) => format!("[{host}%{zone}]:{port}"),
            None if host.contains(':') => format!("[{host}]:{port}"),
            None => format!("{host}:{port}"),
        }
    }

    /// The value of the `Host` field, §4.1: IPv6 addresses have brackets and no zone, and the scheme's
    /// default port is omitted.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The resource name, §3: the path and query for the request line.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The path without the query; at least `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.resource.split('?').next().unwrap_or_default()
    }

    /// The query without its `?`, if there is one. It may contain a token.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.resource.split_once('?').map(|(_, query)| query)
    }

    /// The value of the `Authorization` field (RFC 7617, `Basic`) if the URL names a user.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// The URL with its user and password, which `Display` omits.
    #[must_use]
    pub fn with_userinfo(&self) -> String {
        let credentials = self
            .authorization()
            .and_then(|value| value.strip_prefix("Basic "))
            .and_then(|value| STANDARD.decode(value).ok());
        let Some(credentials) = credentials else {
            return format!("{self}");
        };
        let mut text = format!("{}://", self.scheme());
        for octet in credentials {
            match octet {
                // RFC 3986 §2.3: unreserved characters. The first colon ends the user; further colons
                // are allowed.
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                    text.push(char::from(octet));
                }
                _ => text.push_str(&format!("%{octet:02X}")),
            }
        }
        format!("{text}@{}{}", self.written_authority(), self.resource)
    }

    const fn scheme(&self) -> &'static str {
        if self.secure { "wss" } else { "ws" }
    }

    /// The authority with the zone, as in a URL.
    fn written_authority(&self) -> Cow<'_, str> {
        let Some(zone) = &self.zone else {
            return Cow::Borrowed(&self.authority);
        };
        // The host of a URL with a zone is an address in brackets.
        let (host, port) = self.authority.split_once(']').unwrap_or_default();
        Cow::Owned(format!("{host}{}]{port}", zone.escaped()))
    }
}

impl FromStr for Url {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        Self::parse(text)
    }
}

/// Writes the URL without user and password, for other people to read. Use `Debug` for logs: it also
/// omits the query.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.written_authority();
        write!(f, "{}://{authority}{}", self.scheme(), self.resource)
    }
}

/// For logs: like `Display`, but with only the length of the query, which may contain a token.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.written_authority();
        write!(f, "Url({}://{authority}{}", self.scheme(), self.path())?;
        if let Some(query) = self.query() {
            write!(f, "?({})", Octets::of(query))?;
        }
        f.write_str(")")
    }
}

/// §3: 80 without TLS, 443 with.
const fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// The host in lower case (RFC 3986 §3.2.2) and without brackets, and whether it had brackets.
fn host(authority: &AuthorityComponents<'_>) -> Result<(String, bool), InvalidUrl> {
    let host = authority.host();
    // RFC 3986 §3.2.2: no name of DNS is longer.
    if host.len() > MAX_HOST {
        return Err(InvalidUrl::Host(host.to_owned()));
    }
    let inner = host.strip_prefix('[');
    match inner.and_then(|inner| inner.strip_suffix(']')) {
        // Addresses of the future, which have a version in front.
        Some(address) if address.starts_with(['v', 'V']) => Err(InvalidUrl::Host(host.to_owned())),
        Some(address) => Ok((address.to_ascii_lowercase(), true)),
        None if host.is_empty() => Err(InvalidUrl::NoHost),
        // Neither DNS nor the `Host` field supports percent-encoded names.
        None if host.contains('%') => Err(InvalidUrl::Host(host.to_owned())),
        None => Ok((host.to_ascii_lowercase(), false)),
    }
}

fn port(authority: &AuthorityComponents<'_>) -> Result<Option<u16>, InvalidUrl> {
    match authority.port() {
        // RFC 3986 §3.2.3: an empty port counts as absent.
        None | Some("") => Ok(None),
        Some(port) => match port.parse() {
            Ok(number) if number != 0 => Ok(Some(number)),
            _ => Err(InvalidUrl::Port(port.to_owned())),
        },
    }
}

/// RFC 7617 §2: Base64 of the user, a colon and the password, as octets.
fn authorization(authority: &AuthorityComponents<'_>) -> Result<Option<String>, InvalidUrl> {
    let Some(userinfo) = authority.userinfo() else {
        return Ok(None);
    };
    let (user, password) = match userinfo.split_once(':') {
        Some(parts) => parts,
        None => (userinfo, ""),
    };
    let [user, password] =
        [user, password].map(|text| decode_whatwg_bytes(text.as_bytes()).into_bytes());
    let mut credentials = Vec::with_capacity(user.len() + 1 + password.len());
    credentials.extend_from_slice(&user);
    credentials.push(b':');
    credentials.extend_from_slice(&password);
    if user.contains(&b':') || credentials.iter().any(u8::is_ascii_control) {
        return Err(InvalidUrl::Userinfo);
    }
    Ok(Some(format!("Basic {}", STANDARD.encode(credentials))))
}

#[cfg(test)]
mod tests;
