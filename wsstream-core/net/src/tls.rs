//! TLS with rustls: what to trust, what to show, and what went wrong (feature `rustls`).
//!
//! The handshakes are the adapters', which know the sockets; how long they may take is said here.

mod accept;
mod files;
mod past_readiness;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use std::io;
use std::sync::OnceLock;

use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier,
};
use rustls_platform_verifier::BuilderVerifierExt;

pub use accept::accept;
pub use past_readiness::{poll_retry_write, taken};

use crate::url::Url;

/// How a client does TLS: whom it trusts, and who it is.
///
/// The server's certificate is always verified, for the host of the URL.
///
/// ```no_run
/// use wsstream_core::tls::ClientTls;
///
/// let tls = ClientTls::with_roots(&std::fs::read("roots.pem")?)?
///     .identity(&std::fs::read("me.pem")?, &std::fs::read("me.key")?)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// It is for an adapter's `connect_with_tls`.
#[derive(Clone, Debug)]
pub struct ClientTls(Arc<ClientConfig>);

impl ClientTls {
    /// Trusts whom the operating system trusts; this is what an adapter's `connect` does.
    ///
    /// It reads files, or asks the system, which may take some milliseconds.
    ///
    /// # Errors
    ///
    /// If the system's certificates cannot be had.
    pub fn platform() -> io::Result<Self> {
        let builder = client_builder()?
            .with_platform_verifier()
            .map_err(|error| no_config(format!("the platform's certificates: {error}")))?;
        Ok(Self::build(builder))
    }

    /// Trusts these certificates, in PEM, and no others: authorities, or a server's self-signed one.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if that is not PEM, or has no certificate, or one that cannot be used.
    pub fn with_roots(pem: &[u8]) -> io::Result<Self> {
        let builder = client_builder()?.with_root_certificates(roots(pem)?);
        Ok(Self::build(builder))
    }

    /// Shows the server a certificate if it asks for one: the chain, the client's own first, and its
    /// key, both in PEM.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if that is not PEM, or the key is not that of the certificate.
    pub fn identity(self, chain: &[u8], key: &[u8]) -> io::Result<Self> {
        self.identified(certificates(chain)?, private_key(key)?)
    }

    fn identified(
        mut self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> io::Result<Self> {
        let certified = CertifiedKey::from_der(chain, key, self.0.crypto_provider())
            .map_err(|error| no_config(format!("certificate and key: {error}")))?;
        Arc::make_mut(&mut self.0).client_auth_cert_resolver =
            Arc::new(SingleCertAndKey::from(certified));
        Ok(self)
    }

    fn build(builder: ConfigBuilder<ClientConfig, WantsClientCert>) -> Self {
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![ALPN.into()];
        Self(Arc::new(config))
    }

    /// The same, asked once.
    ///
    /// # Errors
    ///
    /// As [`platform`](Self::platform); then it is asked again next time.
    pub fn platform_once() -> io::Result<Self> {
        static PLATFORM: OnceLock<ClientTls> = OnceLock::new();
        if let Some(tls) = PLATFORM.get() {
            return Ok(tls.clone());
        }
        let tls = Self::platform()?;
        Ok(PLATFORM.get_or_init(|| tls).clone())
    }

    /// What rustls takes.
    #[must_use]
    pub const fn config(&self) -> &Arc<ClientConfig> {
        &self.0
    }
}

/// A configuration of one's own, used as it is. WebSocket wants the protocol `http/1.1` or none (ALPN).
impl From<Arc<ClientConfig>> for ClientTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }
}

/// How a server does TLS: its certificate, and whose it wants to see.
///
/// ```no_run
/// use wsstream_core::tls::ServerTls;
///
/// let tls = ServerTls::from_pem(&std::fs::read("chain.pem")?, &std::fs::read("key.pem")?)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// It is for an adapter's `Listener::tls`.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    /// Shows this chain of certificates, the server's own first, and has its key, both in PEM.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if that is not PEM, or the key is not that of the certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> io::Result<Self> {
        let builder = server_builder()?.with_no_client_auth();
        Self::build(builder.with_single_cert(certificates(chain)?, private_key(key)?))
    }

    /// The same, for clients only that show a certificate of one of these authorities, in PEM.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn from_pem_for_clients_of(
        client_roots: &[u8],
        chain: &[u8],
        key: &[u8],
    ) -> io::Result<Self> {
        let roots = Arc::new(roots(client_roots)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
            .build()
            .map_err(|error| no_config(format!("the clients' authorities: {error}")))?;
        let builder = server_builder()?.with_client_cert_verifier(verifier);
        Self::build(builder.with_single_cert(certificates(chain)?, private_key(key)?))
    }

    fn build(config: Result<ServerConfig, rustls::Error>) -> io::Result<Self> {
        let mut config =
            config.map_err(|error| no_config(format!("certificate and key: {error}")))?;
        config.alpn_protocols = vec![ALPN.into()];
        Ok(Self(Arc::new(config)))
    }

    /// What rustls takes.
    #[must_use]
    pub const fn config(&self) -> &Arc<ServerConfig> {
        &self.0
    }
}

/// A configuration of one's own, used as it is. WebSocket wants the protocol `http/1.1` or none (ALPN).
impl From<Arc<ServerConfig>> for ServerTls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(config)
    }
}

/// Why a TLS handshake failed. What rustls says is its source.
#[derive(Debug)]
struct TlsFailed {
    /// Whom a client has dialled; empty on a server.
    with: String,
    cause: io::Error,
}

impl fmt::Display for TlsFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = if self.with.is_empty() { "" } else { " with " };
        write!(f, "TLS{with}{}: {}", self.with, self.cause)?;
        let hint = match rustls_error(&self.cause) {
            Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                ", it is self-signed or of an authority that is not trusted"
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

/// Whom a client expects behind a URL.
///
/// # Errors
///
/// `InvalidInput` if no certificate could have such a name.
pub fn server_name(url: &Url) -> io::Result<ServerName<'static>> {
    host_name(url.host())
}

/// Whom a client expects who was told a host: a name, or an address.
///
/// # Errors
///
/// As [`server_name`].
pub fn host_name(host: &str) -> io::Result<ServerName<'static>> {
    match ServerName::try_from(host) {
        Ok(name) => Ok(name.to_owned()),
        Err(error) => Err(no_config(format!("host {host:?}: {error}"))),
    }
}

/// Says of an error of a TLS handshake with whom it was, if that is known, and what the matter is. What
/// rustls says is its source.
#[must_use]
pub fn explain(with: &str, cause: io::Error) -> io::Error {
    let with = with.to_owned();
    io::Error::new(cause.kind(), TlsFailed { with, cause })
}

/// The same for an error of the opening handshake, which may be one of TLS: in TLS 1.3 a client's
/// certificate is refused after its handshake.
pub(crate) fn explain_late(with: &str, error: io::Error) -> io::Error {
    match rustls_error(&error) {
        Some(_) => explain(with, error),
        None => error,
    }
}

/// What rustls has said, if this is from there.
fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn client_builder() -> io::Result<ConfigBuilder<ClientConfig, WantsVerifier>> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| no_config(error.to_string()))
}

fn server_builder() -> io::Result<ConfigBuilder<ServerConfig, WantsVerifier>> {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| no_config(error.to_string()))
}

fn certificates(pem: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| no_config(format!("certificates in PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(no_config("no certificate in what should be PEM".into()));
    }
    Ok(certificates)
}

fn private_key(pem: &[u8]) -> io::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|error| no_config(format!("private key in PEM: {error}")))
}

fn roots(pem: &[u8]) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots
            .add(certificate)
            .map_err(|error| no_config(format!("a certificate to trust: {error}")))?;
    }
    Ok(roots)
}

fn no_config(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

/// RFC 7301: the opening handshake is HTTP/1.1.
const ALPN: &str = "http/1.1";
