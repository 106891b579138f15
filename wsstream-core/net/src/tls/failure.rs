//! Errors of TLS handshakes.

use std::error::Error;
use std::fmt;
use std::io;

#[cfg(feature = "rustls")]
use rustls::CertificateError;

use crate::context::{is_transient, short};

/// Why TLS failed: the error of rustls, or that of the connection below, which may have ended in the handshake.
///
/// The text says with whom, if a client knows it: `{:#}` leaves that out.
///
#[cfg_attr(
    feature = "rustls",
    doc = r#"```
# use wsstream_net::reexports::rustls;
# use wsstream_net::tls::TlsError;
/// Is the server's certificate out of date?
fn has_expired(error: &TlsError) -> bool {
    use rustls::CertificateError::{Expired, ExpiredContext};
    matches!(
        error.rustls(),
        Some(rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }))
    )
}
```"#
)]
#[derive(Debug)]
pub struct TlsError {
    /// The host that a client has dialled; empty on a server.
    with: String,
    cause: io::Error,
}

impl TlsError {
    /// The error of the connection, or the error of rustls as an `io::Error`.
    #[must_use]
    pub const fn cause(&self) -> &io::Error {
        &self.cause
    }

    /// The error of rustls, unless the connection failed below TLS.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn rustls(&self) -> Option<&rustls::Error> {
        rustls_error(&self.cause)
    }

    /// Whom a client has dialled; empty on a server.
    pub(crate) fn peer(&self) -> &str {
        &self.with
    }

    pub(crate) fn is_transient(&self) -> bool {
        #[cfg(feature = "rustls")]
        if self.rustls().is_some() {
            return false;
        }
        is_transient(self.cause.kind())
    }

    /// What may be the matter.
    #[cfg(feature = "rustls")]
    fn hint(&self) -> &'static str {
        match self.rustls() {
            Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                ", it is self-signed or of an authority that is not trusted"
            }
            // What `openssl req -x509` makes may sign others, and is none of a server's.
            Some(rustls::Error::InvalidCertificate(error @ CertificateError::Other(_)))
                if error.to_string().contains("CaUsedAsEndEntity") =>
            {
                ", it is the certificate of an authority, such as a self-signed one, and not of a server"
            }
            Some(rustls::Error::InvalidMessage(_)) => ", the peer seems not to speak TLS",
            _ => "",
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TLS")?;
        if !self.with.is_empty() && !f.alternate() {
            write!(f, " with {}", self.with)?;
        }
        write!(f, ": {}", short(&self.cause))?;
        #[cfg(feature = "rustls")]
        f.write_str(self.hint())?;
        Ok(())
    }
}

/// It has no source: the text tells everything.
impl Error for TlsError {}

/// Adds the host, if known, and a hint to an error of a TLS handshake.
pub(crate) fn tls_error(with: &str, cause: io::Error) -> io::Error {
    if cause.kind() == io::ErrorKind::Unsupported {
        // The runtime has no TLS.
        return cause;
    }
    let with = with.to_owned();
    io::Error::new(cause.kind(), TlsError { with, cause })
}

/// Like [`tls_error`], for an error of the opening handshake, which may come from TLS: in TLS 1.3, a
/// server refuses a client's certificate after the client's handshake has ended.
#[cfg(feature = "rustls")]
pub(crate) fn late_tls_error(with: &str, error: io::Error) -> io::Error {
    match rustls_error(&error) {
        Some(_) => tls_error(with, error),
        None => error,
    }
}

/// The error of rustls inside this one, if any.
#[cfg(feature = "rustls")]
fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
