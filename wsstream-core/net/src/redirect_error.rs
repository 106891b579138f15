//! Redirects that are not followed: RFC 9110 §15.4.

use std::error::Error;
use std::fmt;
use std::io;

use wsstream_core::handshake::Response;
use wsstream_core::{InvalidUrl, Url};

/// Why a redirect was not followed. As an `io::Error` it is `InvalidData` if the `Location` is not a URL to follow,
/// otherwise `Other`.
///
/// ```
/// # use wsstream_net::RedirectError;
/// fn tell(error: &RedirectError) {
///     println!("{error}");
///     if let Some(last) = error.chain.last() {
///         println!("is the server at {last} now?");
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedirectError {
    /// The reason.
    pub kind: RedirectErrorKind,
    /// The URLs that were asked for, in order, and the last one, which was not, if it is a URL. They have no user, no
    /// password and no query.
    pub chain: Vec<Url>,
    /// The last response, which redirects.
    pub response: Box<Response>,
}

/// The reason in a [`RedirectError`].
///
/// ```
/// # use wsstream_net::{RedirectError, RedirectErrorKind};
/// fn may_allow_more(error: &RedirectError) -> bool {
///     matches!(error.kind, RedirectErrorKind::TooMany(_))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectErrorKind {
    /// It leads to another origin, but the endpoint was given, and is not simply the host and the port of the URL: a
    /// Unix socket, another address, WebSocket over WebSocket.
    GivenEndpoint,
    /// The `Location` is not a URL that a WebSocket client can ask for.
    Location(InvalidUrl),
    /// It leads to a URL that was asked for already.
    Loop,
    /// It leads from TLS to a URL without.
    ToPlain,
    /// There were as many redirects before as the limit allows; the limit.
    TooMany(u8),
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.response.status();
        match &self.kind {
            RedirectErrorKind::GivenEndpoint => write!(
                f,
                "redirected to another server, HTTP {status}, but where to connect was given apart from the URL: \
                 give the new URL and where to connect for it"
            )?,
            RedirectErrorKind::Location(error) => {
                write!(f, "redirected to no WebSocket URL, HTTP {status}, {error}")?;
            }
            RedirectErrorKind::Loop => write!(f, "redirected in a circle, HTTP {status}")?,
            RedirectErrorKind::ToPlain => write!(
                f,
                "redirected from TLS to a URL without, HTTP {status}, which is never followed"
            )?,
            RedirectErrorKind::TooMany(most) => {
                let s = if *most == 1 { "" } else { "s" };
                write!(
                    f,
                    "redirected more than {most} time{s}, the setting `redirects`, HTTP {status}"
                )?;
            }
        }
        for (index, url) in self.chain.iter().enumerate() {
            let before = if index == 0 { ": " } else { " -> " };
            write!(f, "{before}{}", shown(url))?;
        }
        Ok(())
    }
}

/// It has no source: what is wrong with a `Location` is in the text.
impl Error for RedirectError {}

impl From<RedirectError> for io::Error {
    fn from(error: RedirectError) -> Self {
        let kind = match error.kind {
            RedirectErrorKind::Location(_) => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// A URL as errors show it: without user, password and query, and without the rest of a long path.
pub(crate) fn shown(url: &Url) -> String {
    let mut shown = url.redacted().to_string();
    // A URL is ASCII.
    let most = shown.len() - url.path().len() + PATH_SHOWN;
    if most < shown.len() {
        shown.truncate(most);
        shown.push_str("...");
    }
    shown
}

/// How many characters of each path an error shows.
const PATH_SHOWN: usize = 128;
