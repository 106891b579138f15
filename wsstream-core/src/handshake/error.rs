//! The errors of the opening handshake: RFC 6455 §4.1, §4.2 and §4.4, RFC 9110 §15.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::beginning::write_foreign;
use super::headers::MAX_FIELDS;
use super::refusal::Refusal;
use super::response::Response;
use crate::octets::Octets;

/// Why an opening handshake failed, for both roles.
///
/// On a server, every error that can be reported to the peer has a [`status`](Self::status) and a
/// [`response`](Self::response). Send it before you drop the connection. A client drops the connection
/// and sends nothing.
///
/// Texts from the peer are cut to 128 octets. Texts that may be secrets, such as queries and most field
/// values, are not kept at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// A CR without LF (RFC 9112 §2.2). 400.
    BareCr,
    /// A LF without CR (RFC 9112 §2.2), which would make a line ambiguous. 400.
    BareLf,
    /// A control octet other than HTAB (RFC 9110 §5.5), such as NUL, or a TLS record at an end that
    /// does not use TLS. 400.
    ControlOctet(u8),
    /// A field that must be unique came more than once; its name (§4.2.1, §4.1). 400.
    DuplicateField(&'static str),
    /// The response accepts an extension twice (§9.1); its name.
    DuplicateExtension(String),
    /// The list has the same subprotocol twice (§4.1 item 10: names must be unique); its name. 400.
    DuplicateSubprotocol(String),
    /// A field continues on another line (RFC 9112 §5.2). 400.
    FoldedField,
    /// A head of more octets than this limit, which is a setting: `max_head`. 431.
    HeadTooLarge(usize),
    /// The request is a health check, which was answered if a socket's machine tells of it: see
    /// [`ServerConfig::health_path`](super::ServerConfig::health_path). It is no WebSocket, and no fault. 200.
    HealthCheck,
    /// The request comes from a page, and names a host that this server does not answer to (RFC 9110
    /// §7.4): see [`Hosts`](super::Hosts); the host, without its port. 403.
    HostRefused(String),
    /// The request is HTTP/1.0, which has no upgrade (§4.2.1 item 1, RFC 9110 §7.8). 426.
    Http10,
    /// The request has a part of an opening handshake, and lacks this field or the value that it must have: `websocket`
    /// in `Upgrade` (§4.2.1 item 3), `Upgrade` in `Connection` (item 4), a key (item 5), a version (item 6). Proxies
    /// remove the first two unless they are told otherwise (RFC 9110 §7.6.1). 426 for `Upgrade` and the version, 400
    /// for the others.
    LostField {
        /// The field's name.
        name: &'static str,
        /// The received value, of `Upgrade` and `Connection`.
        value: Option<Box<str>>,
    },
    /// A line of the head is not a field (RFC 9112 §5). 400.
    MalformedFieldLine,
    /// A field does not have the required value (§4.1, §4.2.1). 400.
    MalformedField {
        /// The field's name.
        name: &'static str,
        /// The length of the received value, in octets.
        len: usize,
        /// The received value, if the field is `Connection` or `Upgrade`. Other values may be secrets.
        value: Option<Box<str>>,
    },
    /// The first line is not a request line or status line (RFC 9112 §3, §4). 400.
    MalformedStartLine {
        /// The length of the line, in octets.
        len: usize,
        /// The protocol that it seems to be.
        perhaps: Option<&'static str>,
    },
    /// The target is neither a path nor the URI of an `http`, `https`, `ws` or `wss` resource (RFC 9112 §3.2). 400.
    MalformedTarget {
        /// The target, as far as it holds no secret: without query, fragment and userinfo.
        target: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The method is not GET (§4.2.1 item 1); the received method. 405.
    MethodNotGet(String),
    /// A required field is missing; its name (§4.1, §4.2.1). 400.
    MissingField(&'static str),
    /// The server speaks none of the offered subprotocols (§4.2.2). 406.
    NoCommonSubprotocol {
        /// The names that the client offers, separated by commas.
        offered: String,
        /// The names that the server speaks, separated by commas.
        spoken: String,
    },
    /// The server selected no subprotocol, but the client requires one.
    NoSubprotocol,
    /// The answer is not HTTP (RFC 9112 §4): another protocol is spoken at this port.
    NotHttp {
        /// The first octets of the answer, escaped: as many as show that it is not HTTP, at most 24.
        begins: String,
        /// The protocol that it seems to be.
        speaks: Option<&'static str>,
    },
    /// The URL is `wss`, but the client was given a stream that nobody has said is secure: see
    /// [`ClientConfig::assume_secure`](super::ClientConfig::assume_secure). Nothing was sent.
    NotSecure,
    /// The request comes from a page that may not use this server (§4.2.2, §10.2); its origin, or an
    /// empty string if the value is not an origin. 403.
    OriginRefused(String),
    /// The server answered with a status other than 101.
    Refused(Box<Response>),
    /// The request has a body: a `Content-Length` other than 0, or a `Transfer-Encoding`. 400.
    RequestBody,
    /// The server is shutting down. 503.
    ShuttingDown,
    /// The handshake was not complete in time. 408.
    TimedOut,
    /// A head of more than [`MAX_FIELDS`] fields. 431.
    TooManyFields,
    /// The server sent too many interim responses (RFC 9110 §15.2).
    TooManyInterimResponses,
    /// The transport ended before the handshake was complete. 400.
    UnexpectedEof,
    /// The path is not served; the requested path. 404.
    UnknownPath(String),
    /// The server accepts an extension, or a parameter of one, that was not offered (§4.1); the
    /// extension.
    UnofferedExtension(String),
    /// The server selects a subprotocol that was not offered (§4.1); its name.
    UnofferedSubprotocol(String),
    /// The HTTP version is not HTTP/1.1 (§4.1, §4.2.1); the received version. 505.
    UnsupportedHttpVersion(String),
    /// The WebSocket version is not 13 (§4.4); the received version, empty if there is none. 426.
    UnsupportedVersion(String),
    /// The request is ordinary HTTP and asks for no upgrade to WebSocket (§4.2.1 item 3). 426.
    UpgradeNotRequested,
    /// The server's `Sec-WebSocket-Accept` does not match our key (§4.1); the received value.
    WrongAccept(String),
}

impl HandshakeError {
    /// The HTTP status that a server answers with; `None` if only a client can meet this error.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        Some(match self {
            Self::HealthCheck => 200,
            Self::BareCr
            | Self::BareLf
            | Self::ControlOctet(_)
            | Self::DuplicateField(_)
            | Self::DuplicateSubprotocol(_)
            | Self::FoldedField
            | Self::MalformedFieldLine
            | Self::MalformedField { .. }
            | Self::MalformedStartLine { .. }
            | Self::MalformedTarget { .. }
            | Self::MissingField(_)
            | Self::RequestBody
            | Self::UnexpectedEof => 400,
            Self::HostRefused(_) | Self::OriginRefused(_) => 403,
            Self::UnknownPath(_) => 404,
            Self::MethodNotGet(_) => 405,
            Self::NoCommonSubprotocol { .. } => 406,
            Self::TimedOut => 408,
            Self::LostField { name, .. } => match name.as_bytes() {
                b"Upgrade" | b"Sec-WebSocket-Version" => 426,
                _ => 400,
            },
            Self::Http10 | Self::UnsupportedVersion(_) | Self::UpgradeNotRequested => 426,
            Self::HeadTooLarge(_) | Self::TooManyFields => 431,
            Self::ShuttingDown => 503,
            Self::UnsupportedHttpVersion(_) => 505,
            Self::DuplicateExtension(_)
            | Self::NoSubprotocol
            | Self::NotHttp { .. }
            | Self::NotSecure
            | Self::Refused(_)
            | Self::TooManyInterimResponses
            | Self::UnofferedExtension(_)
            | Self::UnofferedSubprotocol(_)
            | Self::WrongAccept(_) => return None,
        })
    }

    /// The server's response: the status, the fields that belong to it, and the error as text.
    ///
    /// `None` if only a client can meet this error.
    ///
    /// The text names the setting of this library that would change the answer. If your program has an option for it,
    /// name that instead, with [`fault`](Self::fault):
    ///
    /// ```
    /// # use wsstream_core::handshake::HandshakeError;
    /// let error = HandshakeError::OriginRefused("https://example.org".into());
    /// let text = error.to_string();
    /// assert!(text.ends_with(" is not allowed by this server: see the setting `origins`"));
    /// let text = format!("{}: add --origin https://example.org\n", error.fault());
    /// let refusal = error.refusal().unwrap().body(text);
    /// assert_eq!(refusal.status(), 403);
    /// ```
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.status().map(|status| Refusal::of(status, self))
    }

    /// [`refusal`](Self::refusal) as the octets of an HTTP/1.1 response; empty if there is none.
    ///
    /// Always send them before you drop the connection.
    #[must_use]
    pub fn response(&self) -> Vec<u8> {
        self.refusal()
            .map(|refusal| refusal.to_http1())
            .unwrap_or_default()
    }
}

/// What went wrong, and the setting that allows it, if there is one.
impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_fault(f)?;
        match self.setting() {
            Some(setting) => write!(f, ": see the setting `{setting}`"),
            None => Ok(()),
        }
    }
}

impl HandshakeError {
    /// What went wrong, without the setting of this library that the error's text ends with.
    #[must_use]
    pub fn fault(&self) -> impl fmt::Display {
        Fault(self)
    }

    /// The setting that allows what is refused.
    const fn setting(&self) -> Option<&'static str> {
        match self {
            Self::HeadTooLarge(_) => Some("max_head"),
            Self::HostRefused(_) => Some("hosts"),
            Self::NoCommonSubprotocol { .. } => Some("subprotocol"),
            Self::NoSubprotocol => Some("accept_no_subprotocol(true)"),
            Self::OriginRefused(origin) if !origin.is_empty() => Some("origins"),
            _ => None,
        }
    }

    fn write_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BareCr => f.write_str("CR without LF, expected CR LF"),
            Self::BareLf => f.write_str("LF without CR, expected CR LF"),
            // RFC 8446 §5.1: a TLS handshake begins with octet 22, and the alert that answers HTTP with
            // octet 21.
            Self::ControlOctet(octet @ (0x15 | 0x16)) => {
                write!(f, "octet {octet:#04x}, perhaps TLS, expected HTTP")
            }
            Self::ControlOctet(octet) => write!(f, "control octet {octet:#04x}, expected HTTP"),
            Self::DuplicateField(name) => write!(f, "more than one {name} field"),
            Self::DuplicateExtension(name) => write!(f, "extension {name:?} accepted twice"),
            Self::DuplicateSubprotocol(name) => write!(f, "subprotocol {name:?} offered twice"),
            Self::FoldedField => f.write_str("field folded over two lines"),
            Self::HeadTooLarge(limit) => {
                write!(f, "head of more than {limit} octets")
            }
            Self::HealthCheck => f.write_str("health check answered: this server is up"),
            Self::HostRefused(host) => write!(f, "host {host:?} is not one of this server's"),
            Self::Http10 => write!(
                f,
                "HTTP/1.0, expected HTTP/1.1, which a proxy on the way may have to be told to speak \
                 (nginx: proxy_http_version 1.1; {NGINX})"
            ),
            Self::LostField { name, value } => {
                match value {
                    Some(value) => write!(f, "{name} {value:?}, expected {}", element(name))?,
                    None => write!(f, "no {name} field")?,
                }
                f.write_str(", which a proxy on the way may have removed")?;
                match element(name) {
                    "" => Ok(()),
                    _ => write!(f, " (nginx: {NGINX})"),
                }
            }
            Self::MalformedFieldLine => f.write_str("malformed field, expected name: value"),
            Self::MalformedField { name, len, value } => match value {
                Some(value) => write!(f, "malformed field {name}: {value:?}"),
                None => write!(f, "malformed field {name}, of {}", Octets(*len)),
            },
            Self::MalformedStartLine { len, perhaps } => {
                write!(f, "first line of {}, ", Octets(*len))?;
                if let Some(protocol) = perhaps {
                    write!(f, "perhaps {protocol}, ")?;
                }
                f.write_str("expected HTTP/1.1")
            }
            Self::MalformedTarget { target, fault } => {
                write!(f, "request-target {target:?}: {fault}")
            }
            Self::MethodNotGet(method) => write!(f, "method {method:?}, expected GET"),
            Self::MissingField(name) => write!(f, "no {name} field"),
            Self::NoCommonSubprotocol { offered, spoken } => {
                write!(
                    f,
                    "subprotocols {offered:?} offered, this server speaks {spoken:?}"
                )
            }
            Self::NoSubprotocol => f.write_str("the server selected no subprotocol"),
            Self::NotHttp { begins, speaks } => write_foreign(f, begins, *speaks),
            Self::NotSecure => f.write_str(
                "wss URL over a stream that may not be secure: connect over TLS, and say so with `assume_secure`",
            ),
            Self::OriginRefused(origin) if origin.is_empty() => {
                f.write_str("malformed origin, expected scheme://host[:port]")
            }
            Self::OriginRefused(origin) => {
                write!(f, "origin {origin:?} is not allowed by this server")
            }
            Self::Refused(response) => write!(f, "refused by the server: {response}"),
            Self::RequestBody => f.write_str("request with a body, expected none"),
            Self::ShuttingDown => f.write_str("this server is shutting down"),
            Self::TimedOut => f.write_str("opening handshake not complete in time"),
            Self::TooManyFields => write!(f, "head of more than {} fields", MAX_FIELDS),
            Self::TooManyInterimResponses => f.write_str("too many interim responses"),
            Self::UnexpectedEof => f.write_str("connection ended in the opening handshake"),
            Self::UnknownPath(path) => write!(f, "nothing is served at {path:?}"),
            Self::UnofferedExtension(extension) => {
                write!(f, "extension {extension:?} accepted, which was not offered")
            }
            Self::UnofferedSubprotocol(name) => {
                write!(f, "subprotocol {name:?} selected, which was not offered")
            }
            Self::UnsupportedHttpVersion(version) => {
                write!(f, "HTTP version {version:?}, expected HTTP/1.1")
            }
            Self::UnsupportedVersion(version) => {
                write!(f, "WebSocket version {version:?}, expected \"13\"")
            }
            Self::UpgradeNotRequested => {
                f.write_str("request without an upgrade, expected Upgrade: websocket")
            }
            Self::WrongAccept(value) => {
                write!(f, "Sec-WebSocket-Accept {value:?} does not answer our key")
            }
        }
    }
}

impl core::error::Error for HandshakeError {}

struct Fault<'a>(&'a HandshakeError);

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_fault(f)
    }
}

/// What a field that proxies remove must have.
fn element(name: &str) -> &'static str {
    match name {
        "Upgrade" => "websocket",
        "Connection" => "Upgrade",
        _ => "",
    }
}

/// How nginx passes on what it removes by default.
const NGINX: &str =
    "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";

#[cfg(feature = "std")]
impl From<HandshakeError> for std::io::Error {
    fn from(error: HandshakeError) -> Self {
        let kind = match &error {
            HandshakeError::HealthCheck => std::io::ErrorKind::Other,
            HandshakeError::Refused(response) => response.error_kind(),
            HandshakeError::NotSecure => std::io::ErrorKind::InvalidInput,
            HandshakeError::TimedOut => std::io::ErrorKind::TimedOut,
            HandshakeError::UnexpectedEof => std::io::ErrorKind::UnexpectedEof,
            _ => std::io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
