//! The errors of descriptors, with their positions.

use std::fmt;

use super::{MAX_LEN, MAX_NESTING};
use wsstream_core::InvalidUrl;
use wsstream_core::handshake::InvalidField;

/// Why a text is not an endpoint descriptor, and at which position.
///
/// The wrong text may be a secret, or part of one with an unquoted `:` or `=`. So the error does not
/// repeat it, unless it is close to a known key or type.
///
/// ```
/// # use wsstream_net::descriptor::ClientDescriptor;
/// let error = ClientDescriptor::parse(r"autobahn:tcp\:h\:1:url=ws\://h:compres=false").unwrap_err();
/// assert_eq!(error.position(), 31);
/// assert_eq!(
///     error.to_string(),
///     "at 31: unknown key `compres` of autobahn, did you mean `compress`?"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError {
    position: usize,
    kind: EndpointErrorKind,
}

impl EndpointError {
    pub(crate) const fn new(position: usize, kind: EndpointErrorKind) -> Self {
        Self { position, kind }
    }

    /// The position of the error in the original text, in octets from 0, however deeply the wrong part
    /// is quoted. A missing part has the position of the end of the descriptor that needs it.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What is wrong, and what was expected.
    #[must_use]
    pub const fn kind(&self) -> &EndpointErrorKind {
        &self.kind
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let EndpointErrorKind::Endpoint(unsupported) = &self.kind {
            return unsupported.fmt(f);
        }
        write!(f, "at {}: {}", self.position, self.kind)
    }
}

impl std::error::Error for EndpointError {}

/// `InvalidInput`, or `Unsupported` with an [`UnsupportedEndpoint`] inside.
impl From<EndpointError> for std::io::Error {
    fn from(error: EndpointError) -> Self {
        if let EndpointErrorKind::Endpoint(unsupported) = error.kind {
            return unsupported.into();
        }
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}

/// The kind of error in a descriptor. `of` is the type of the described endpoint.
///
/// ```
/// # use wsstream_net::descriptor::{ClientDescriptor, EndpointErrorKind};
/// # let error = ClientDescriptor::parse("tcp:example.org").unwrap_err();
/// if let EndpointErrorKind::MissingKey { key, of } = error.kind() {
///     println!("{of} needs {key}");
/// }
/// # assert!(matches!(error.kind(), EndpointErrorKind::MissingKey { key: "port", .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointErrorKind {
    /// Two keys contradict each other.
    Contradiction {
        /// The key at this position.
        key: &'static str,
        /// The key that it contradicts.
        other: &'static str,
    },
    /// The text ends with a `\` that escapes nothing.
    DanglingEscape,
    /// The parameter is given twice, with its key or without.
    DuplicateKey {
        /// The key.
        key: &'static str,
        /// The type.
        of: &'static str,
    },
    /// The descriptor is well formed, but cannot be used here.
    Endpoint(UnsupportedEndpoint),
    /// A header field, a subprotocol or an origin cannot be sent.
    Field(InvalidField),
    /// A required parameter is missing.
    MissingKey {
        /// The key.
        key: &'static str,
        /// The type.
        of: &'static str,
    },
    /// A server's URL is `wss`, which does not tell where the certificate is.
    NoCertificate,
    /// Only servers have endpoints of this type.
    ServerOnly(&'static str),
    /// There are more arguments without a key than the type takes.
    SurplusArgument {
        /// The length of the first surplus argument, in octets.
        len: usize,
        /// The type.
        of: &'static str,
        /// The most arguments that the type takes.
        most: usize,
    },
    /// Endpoints are nested more than [`MAX_NESTING`] deep.
    TooDeep,
    /// The text has more than [`MAX_LEN`] octets.
    TooLong,
    /// The type has no such parameter.
    UnknownKey {
        /// The key, if it is close to a known one.
        key: Option<String>,
        /// The type.
        of: &'static str,
        /// The key that was probably meant.
        nearest: Option<&'static str>,
        /// All keys of the type.
        expected: &'static [&'static str],
    },
    /// The type of endpoint is unknown.
    UnknownType {
        /// The type, if it is close to a known one.
        name: Option<String>,
        /// The type that was probably meant.
        nearest: Option<&'static str>,
    },
    /// Twisted has this parameter, but this crate does not support it.
    Unsupported {
        /// The key.
        key: &'static str,
        /// The type.
        of: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// The URL is invalid. Its position is that in the URL, without surrounding blanks.
    Url(InvalidUrl),
    /// The parameter has an invalid value.
    Value {
        /// The key.
        key: &'static str,
        /// The length of the value, in octets.
        len: usize,
        /// The expected value.
        expected: &'static str,
    },
}

impl fmt::Display for EndpointErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contradiction { key, other } => write!(f, "`{key}` contradicts `{other}`"),
            Self::DanglingEscape => f.write_str(r"`\` at the end, expected a character behind it"),
            Self::DuplicateKey { key, of } => write!(f, "`{key}` of {of} is given twice"),
            Self::Endpoint(unsupported) => unsupported.fmt(f),
            Self::Field(error) => error.fmt(f),
            Self::MissingKey { key, of } => write!(f, "{of} needs `{key}`"),
            Self::NoCertificate => f.write_str(
                r"wss:// names no certificate, expected autobahn:ssl\:PORT\:certKey\=FILE...:url=...",
            ),
            Self::ServerOnly(name) => write!(f, "{name} is for servers only"),
            Self::SurplusArgument { len, of, most } => {
                write!(f, "argument of {}, but {of} takes ", octets(*len))?;
                match most {
                    0 => f.write_str("none")?,
                    _ => write!(f, "{most} at most")?,
                }
                f.write_str(r" without a key: write `:` in a value as `\:`")
            }
            Self::TooDeep => write!(f, "endpoints wrapped more than {MAX_NESTING} times"),
            Self::TooLong => write!(f, "more than {MAX_LEN} octets"),
            Self::UnknownKey { key, of, nearest, expected } => {
                f.write_str("unknown key ")?;
                if let Some(key) = key {
                    write!(f, "`{}` ", key.escape_debug())?;
                }
                write!(f, "of {of}, ")?;
                match (nearest, expected) {
                    (Some(nearest), _) => write!(f, "did you mean `{nearest}`?"),
                    (None, []) => {
                        f.write_str(r"which has none: write `=` in an argument as `\=`")
                    }
                    (None, _) => write!(f, "expected {}", expected.join(", ")),
                }
            }
            Self::UnknownType { name, nearest } => {
                f.write_str("unknown type of endpoint")?;
                if let Some(name) = name {
                    write!(f, " `{}`", name.escape_debug())?;
                }
                match nearest {
                    Some(nearest) => write!(f, ", did you mean `{nearest}`?"),
                    None => f.write_str(", expected for instance tcp:..., autobahn:... or ws://..."),
                }
            }
            Self::Unsupported { key, of, reason } => write!(f, "`{key}` of {of}: {reason}"),
            // The position is that of the whole text.
            Self::Url(error) => write!(f, "{error:#}"),
            Self::Value { key, len: 0, expected } => write!(f, "`{key}` is empty, expected {expected}"),
            Self::Value { key, len, expected } => {
                write!(f, "`{key}` has {}, expected {expected}", octets(*len))
            }
        }
    }
}

/// A length in words.
fn octets(len: usize) -> String {
    let plural = if len == 1 { "" } else { "s" };
    format!("{len} octet{plural}")
}

/// A well-formed endpoint that cannot be used here.
///
/// ```
/// # use wsstream_net::descriptor::{EndpointError, EndpointErrorKind, UnsupportedEndpoint};
/// fn is_for_the_forwarder(error: &EndpointError) -> bool {
///     matches!(error.kind(), EndpointErrorKind::Endpoint(UnsupportedEndpoint::Forwarder { .. }))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsupportedEndpoint {
    /// This type belongs to the forwarder command.
    Forwarder {
        /// Its name in descriptors.
        name: &'static str,
    },
    /// The program was built without TLS.
    Tls,
    /// The system has no Unix sockets.
    Unix,
}

impl fmt::Display for UnsupportedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forwarder { name } => {
                write!(f, "endpoints `{name}` belong to the forwarder command")
            }
            Self::Tls => f.write_str("TLS needs the feature `ring` or `aws-lc-rs`"),
            Self::Unix => f.write_str("this system has no Unix sockets"),
        }
    }
}

impl std::error::Error for UnsupportedEndpoint {}

impl From<UnsupportedEndpoint> for std::io::Error {
    fn from(error: UnsupportedEndpoint) -> Self {
        Self::new(std::io::ErrorKind::Unsupported, error)
    }
}
