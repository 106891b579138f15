//! HTTP proxies: which one to take, and how to get through it. RFC 9110 §9.3.6.

use std::fmt;

use crate::octets::Octets;
use crate::url::{InvalidUrl, Url};

/// An HTTP proxy that tunnels connections (CONNECT). `Debug` shows no password.
///
/// ```
/// use wsstream_net::proxy::Proxy;
///
/// let proxy = Proxy::parse("http://user:password@proxy.example:3128")?;
/// assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
/// # Ok::<_, wsstream_net::proxy::InvalidProxy>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy(Url);

impl Proxy {
    /// Reads `http://[USER:PASSWORD@]HOST[:PORT]`; `http://` may be left out, and the port is 80 then too.
    ///
    /// # Errors
    ///
    /// If that is none. Other schemes are not supported.
    pub fn parse(text: &str) -> Result<Self, InvalidProxy> {
        let rest = match text.split_once("://") {
            None => text,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) if is_scheme(scheme) => {
                return Err(InvalidProxy(InvalidUrl::Scheme(scheme.to_owned())));
            }
            // User and password, as it seems.
            Some(_) => return Err(InvalidProxy(InvalidUrl::Syntax(0))),
        };
        // As for its authority, it is the same as a WebSocket URL.
        let url = Url::parse(&format!("ws://{rest}"));
        url.map(Self).map_err(InvalidProxy)
    }

    /// The proxy that the environment names for a host: `https_proxy` or `HTTPS_PROXY` if TLS goes through
    /// it, `http_proxy` otherwise (in capitals that may come from a request to a CGI program). None if there
    /// is none, or if `no_proxy` or `NO_PROXY` has the host, a domain that it is in, or `*`.
    ///
    /// `variable` looks one up.
    ///
    /// # Errors
    ///
    /// If what it names is no proxy.
    pub fn of_environment(
        tls: bool,
        host: &str,
        port: u16,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, InvalidProxy> {
        let names: &[_] = if tls {
            &["https_proxy", "HTTPS_PROXY"]
        } else {
            &["http_proxy"]
        };
        let find = |names: &[&str]| {
            let mut values = names.iter().filter_map(|name| variable(name));
            values.find(|value| !value.is_empty())
        };
        let except = find(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
        if except
            .split(',')
            .any(|entry| covers(entry.trim(), host, port))
        {
            return Ok(None);
        }
        find(names).map(|text| Self::parse(&text)).transpose()
    }

    /// Where it is: a name, or an address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host()
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.0.port()
    }
}

/// What was to be a proxy's URL is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProxy(InvalidUrl);

impl fmt::Display for InvalidProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            InvalidUrl::Scheme(scheme) => write!(f, "proxy: scheme {scheme:?}, expected http"),
            InvalidUrl::NoHost | InvalidUrl::Fragment | InvalidUrl::Syntax(_) => {
                f.write_str("proxy: expected http://HOST:PORT")
            }
            error => write!(f, "proxy: {error}"),
        }
    }
}

impl std::error::Error for InvalidProxy {}

impl From<InvalidProxy> for std::io::Error {
    fn from(error: InvalidProxy) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}

/// Which proxy a client connects through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyChoice {
    /// None.
    #[default]
    Direct,
    /// The one that the environment names, if it does.
    Environment,
    /// This one.
    Given(Proxy),
}

impl ProxyChoice {
    /// The proxy for a host. What is needed is as for [`Proxy::of_environment`].
    ///
    /// # Errors
    ///
    /// If what the environment names is no proxy.
    pub fn choose(
        &self,
        tls: bool,
        host: &str,
        port: u16,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Proxy>, InvalidProxy> {
        match self {
            Self::Direct => Ok(None),
            Self::Environment => Proxy::of_environment(tls, host, port, variable),
            Self::Given(proxy) => Ok(Some(proxy.clone())),
        }
    }
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    let good = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
    text.bytes().all(good)
}

/// Whether an entry of `no_proxy` is for a host.
fn covers(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let unbracketed = |text: &str| text.trim_matches(['[', ']']).to_ascii_lowercase();
    let host = unbracketed(host);
    let is = |entry: &str| {
        let entry = unbracketed(entry);
        let domain = entry.trim_start_matches('.');
        let front = host.strip_suffix(domain);
        !domain.is_empty() && front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    match entry.rsplit_once(':') {
        Some((name, of)) if of.parse() == Ok(port) && is(name) => true,
        _ => is(entry),
    }
}

/// Asks a proxy for a tunnel. What is received behind its answer is the other end's.
pub struct ProxyConnect {
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl ProxyConnect {
    /// The most octets that it [wants](Self::wants) at once.
    pub const MOST: usize = END.len();

    /// A tunnel to a host, a name or an address without brackets, and a port.
    ///
    /// # Errors
    ///
    /// If no request can name that host.
    pub fn new(proxy: &Proxy, host: &str, port: u16) -> Result<Self, ProxyError> {
        if !host.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(ProxyError::Host);
        }
        let authority = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(authorization) = proxy.0.authorization() {
            request += &format!("Proxy-Authorization: {authorization}\r\n");
        }
        request += "\r\n";
        Ok(Self {
            request: request.into_bytes(),
            answer: Vec::new(),
        })
    }

    /// What is to be sent.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// How many octets may be read for the answer, 1 to [`MOST`](Self::MOST): more may not be part of it.
    #[must_use]
    pub fn wants(&self) -> usize {
        let missing = |len: &usize| self.answer.ends_with(&END[..*len]);
        END.len() - (1..END.len()).rev().find(missing).unwrap_or(0)
    }

    /// Takes what was read, as many octets as it [wants](Self::wants) at most; whether the tunnel is there.
    ///
    /// # Errors
    ///
    /// If the proxy refuses, or what it says is no answer. No octets are the end, which is an error too.
    pub fn receive(&mut self, octets: &[u8]) -> Result<bool, ProxyError> {
        self.answer.extend_from_slice(octets);
        if octets.is_empty() || self.answer.len() > MAX_ANSWER {
            return Err(ProxyError::Malformed);
        }
        if !self.answer.ends_with(END) {
            return Ok(false);
        }
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let parsed = response.parse(&self.answer);
        match (parsed, response.code) {
            (Ok(httparse::Status::Complete(_)), Some(200..=299)) => Ok(true),
            (Ok(httparse::Status::Complete(_)), Some(status)) => Err(ProxyError::Refused(status)),
            _ => Err(ProxyError::Malformed),
        }
    }
}

/// Without request and answer: the password is in the one, and may be in the other.
impl fmt::Debug for ProxyConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyConnect")
            .field("request", &Octets::of(&self.request))
            .field("answer", &Octets::of(&self.answer))
            .finish()
    }
}

/// Why a proxy gives no tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// A host that no request can name.
    Host,
    /// It has answered with this status: 407 wants a user and a password, 403 forbids the tunnel.
    Refused(u16),
    /// What it says is no answer of HTTP, or is cut off, or longer than 16 KiB.
    Malformed,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("no proxy can be asked for such a host"),
            Self::Refused(407) => f.write_str("the proxy wants a user and a password, status 407"),
            Self::Refused(status) => write!(f, "the proxy refuses the tunnel, status {status}"),
            Self::Malformed => f.write_str("the proxy does not answer in HTTP"),
        }
    }
}

impl std::error::Error for ProxyError {}

impl From<ProxyError> for std::io::Error {
    fn from(error: ProxyError) -> Self {
        use std::io::ErrorKind::{ConnectionRefused, InvalidData, InvalidInput};
        let kind = match error {
            ProxyError::Host => InvalidInput,
            ProxyError::Refused(_) => ConnectionRefused,
            ProxyError::Malformed => InvalidData,
        };
        Self::new(kind, error)
    }
}

const END: &[u8] = b"\r\n\r\n";
const MAX_ANSWER: usize = 16 << 10;
const MAX_FIELDS: usize = 100;

#[cfg(test)]
mod tests;
