//! Resolves what a server redirects to: RFC 9110 §10.2.2, RFC 3986 §5.

use alloc::borrow::ToOwned;
use alloc::format;

use iri_string::format::ToDedicatedString as _;
use iri_string::types::{UriAbsoluteStr, UriReferenceStr};

use super::{InvalidUrl, Url, zone};

impl Url {
    /// Resolves the value of a `Location` field against this URL, from which it came (RFC 9110
    /// §10.2.2, RFC 3986 §5).
    ///
    /// The value may be a URL or a relative reference: `//host/path`, `/path`, `path`, `?query`.
    /// Redirecting servers write `http` for `ws` and `https` for `wss`. A fragment is dropped, as
    /// nothing is scrolled to. Neither user nor password of this URL carries over to the result; its
    /// [zone](Self::zone) does if the host stays the same.
    /// Whether the result may be followed, for instance from `wss` to `ws`, is for the caller to
    /// decide.
    ///
    /// # Errors
    ///
    /// See [`InvalidUrl`]. A value that names a user is [`InvalidUrl::UserinfoInLocation`], one that
    /// names a zone [`InvalidUrl::ZoneInLocation`]. Positions are those in `location`.
    ///
    /// ```
    /// # use wsstream_core::Url;
    /// let url = Url::parse("wss://user:pw@example.org/chat?room=1")?;
    /// assert_eq!(url.join("/login")?.to_string(), "wss://example.org/login");
    /// assert_eq!(url.join("https://b.example/#x")?.to_string(), "wss://b.example/");
    /// assert!(url.join("https://user@b.example/").is_err());
    /// # Ok::<_, wsstream_core::InvalidUrl>(())
    /// ```
    pub fn join(&self, location: &str) -> Result<Self, InvalidUrl> {
        if zone::cut(location)?.is_some() {
            return Err(InvalidUrl::ZoneInLocation);
        }
        let location =
            UriReferenceStr::new(location).map_err(|_| InvalidUrl::of_reference(location))?;
        // Without user and zone.
        let base = format!("{}://{}{}", self.scheme(), self.authority, self.resource);
        let base = UriAbsoluteStr::new(&base).map_err(|_| InvalidUrl::of_uri(&base))?;
        let joined = location.resolve_against(base).to_dedicated_string();
        let authority = joined.authority_components().ok_or(InvalidUrl::NoHost)?;
        // RFC 9110 §4.2.4: an untrusted source that names a user means to mislead.
        if authority.userinfo().is_some() {
            return Err(InvalidUrl::UserinfoInLocation);
        }
        let scheme = match joined.scheme_str() {
            scheme if is_one_of(scheme, ["ws", "http"]) => "ws",
            scheme if is_one_of(scheme, ["wss", "https"]) => "wss",
            scheme => return Err(InvalidUrl::Scheme(scheme.to_owned())),
        };
        let authority = joined.authority_str().unwrap_or_default();
        let mut text = format!("{scheme}://{authority}{}", joined.path_str());
        if let Some(query) = joined.query_str() {
            text.push('?');
            text.push_str(query);
        }
        let url = Self::parse(&text)?;
        // The same address is on the same network.
        let zone = self.zone.clone().filter(|_| url.host == self.host);
        Ok(Self { zone, ..url })
    }
}

/// RFC 3986 §3.1: schemes are case-insensitive.
fn is_one_of(scheme: &str, names: [&str; 2]) -> bool {
    names.iter().any(|name| scheme.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
