//! Errors of TLS handshakes.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::CertificateError;

use crate::dial::short;

/// Why a TLS handshake failed. Its source is the error of rustls.
#[derive(Debug)]
struct TlsFailed {
    /// The host that a client has dialled; empty on a server.
    with: String,
    cause: io::Error,
}

impl fmt::Display for TlsFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = if self.with.is_empty() { "" } else { " with " };
        write!(f, "TLS{with}{}: {}", self.with, short(&self.cause))?;
        let hint = match rustls_error(&self.cause) {
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
        };
        f.write_str(hint)
    }
}

impl Error for TlsFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.get_ref().map(|cause| cause as _)
    }
}

/// Adds the host, if known, and a hint to an error of a TLS handshake. The error of rustls becomes the
/// source.
pub(crate) fn tls_error(with: &str, cause: io::Error) -> io::Error {
    if cause.kind() == io::ErrorKind::Unsupported {
        // The runtime has no TLS.
        return cause;
    }
    let with = with.to_owned();
    io::Error::new(cause.kind(), TlsFailed { with, cause })
}

/// Like [`tls_error`], for an error of the opening handshake, which may come from TLS: in TLS 1.3, a
/// server refuses a client's certificate after the client's handshake has ended.
pub(crate) fn late_tls_error(with: &str, error: io::Error) -> io::Error {
    match rustls_error(&error) {
        Some(_) => tls_error(with, error),
        None => error,
    }
}

/// The error of rustls inside this one, if any.
fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
