//! The configurations for rustls.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::{ResolvesClientCert, Resumption, WantsClientCert};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, SignatureScheme, WantsVerifier,
};
use rustls_platform_verifier::BuilderVerifierExt;
#[cfg(not(target_os = "android"))]
use rustls_platform_verifier::Verifier;

use super::{ClientTls, ServerTls};

impl ClientTls {
    /// Trusts the authorities of the operating system. This is the default.
    ///
    /// It reads files or asks the system, which may take some milliseconds.
    ///
    /// # Errors
    ///
    /// If the system does not provide its certificates.
    pub fn platform() -> io::Result<Self> {
        let builder = client_builder()?
            .with_platform_verifier()
            .map_err(|error| no_config(format!("the platform's certificates: {error}")))?;
        Ok(Self::build(builder))
    }

    /// Trusts these certificates, in PEM, besides the authorities of the operating system: for a company's own authority,
    /// say.
    ///
    /// # Errors
    ///
    /// As [`platform`](Self::platform) and [`with_roots`](Self::with_roots).
    #[cfg(not(target_os = "android"))]
    pub fn platform_and_roots(pem: &[u8]) -> io::Result<Self> {
        let provider = provider()?;
        let verifier =
            Verifier::new_with_extra_roots(certificates(pem)?, provider).map_err(|error| {
                no_config(format!(
                    "the platform's certificates, and those given: {error}"
                ))
            })?;
        let builder = client_builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        Ok(Self::build(builder))
    }

    /// Trusts only these certificates, in PEM. They are authorities, or the self-signed certificate of
    /// a server.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is not PEM, has no certificates, or has an unusable one.
    pub fn with_roots(pem: &[u8]) -> io::Result<Self> {
        let builder = client_builder()?.with_root_certificates(roots(pem)?);
        Ok(Self::build(builder))
    }

    /// Shows this chain of certificates if the server asks for one. The client's own certificate comes
    /// first. The chain and its key are in PEM.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if one is not PEM, or the key does not match the certificate.
    pub fn identity(self, chain: &[u8], key: &[u8]) -> io::Result<Self> {
        self.identified(certificates(chain)?, private_key(key)?)
    }

    pub(super) fn identified(
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

    /// The same authorities, without a certificate of the client and without sessions that know of one.
    pub(crate) fn without_identity(&self) -> Self {
        let mut config = ClientConfig::clone(&self.0);
        config.client_auth_cert_resolver = Arc::new(NoIdentity);
        config.resumption = Resumption::default();
        Self(Arc::new(config))
    }

    fn build(builder: ConfigBuilder<ClientConfig, WantsClientCert>) -> Self {
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![ALPN.into()];
        Self(Arc::new(config))
    }

    /// Like [`platform`](Self::platform), but asks the system only once in the life of the process.
    ///
    /// # Errors
    ///
    /// As [`platform`](Self::platform); the next call asks again.
    pub(crate) fn platform_once() -> io::Result<Self> {
        static PLATFORM: OnceLock<ClientTls> = OnceLock::new();
        if let Some(tls) = PLATFORM.get() {
            return Ok(tls.clone());
        }
        let tls = Self::platform()?;
        Ok(PLATFORM.get_or_init(|| tls).clone())
    }

    /// The configuration of rustls.
    #[must_use]
    pub const fn config(&self) -> &Arc<ClientConfig> {
        &self.0
    }
}

/// Whether they are clones of one.
impl PartialEq for ClientTls {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ClientTls {}

/// Uses your own configuration as it is. WebSocket needs the ALPN protocol `http/1.1`, or none. TLS
/// that does not carry WebSocket sends no ALPN if this is the only protocol.
impl From<Arc<ClientConfig>> for ClientTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }
}

/// Shows no certificate to any server.
#[derive(Debug)]
struct NoIdentity;

impl ResolvesClientCert for NoIdentity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

impl ServerTls {
    /// Shows this chain of certificates. The server's own certificate comes first. The chain and its
    /// key are in PEM.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if one is not PEM, or the key does not match the certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> io::Result<Self> {
        let builder = server_builder()?.with_no_client_auth();
        Self::build(builder.with_single_cert(certificates(chain)?, private_key(key)?))
    }

    /// Like [`from_pem`](Self::from_pem), and refuses clients without a certificate of one of these
    /// authorities, in PEM.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn require_client_certs(client_roots: &[u8], chain: &[u8], key: &[u8]) -> io::Result<Self> {
        let roots = Arc::new(roots(client_roots)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()?)
            .build()
            .map_err(|error| no_config(format!("the clients' authorities: {error}")))?;
        let builder = server_builder()?.with_client_cert_verifier(verifier);
        Self::build(builder.with_single_cert(certificates(chain)?, private_key(key)?))
    }

    pub(super) fn build(config: Result<ServerConfig, rustls::Error>) -> io::Result<Self> {
        let mut config =
            config.map_err(|error| no_config(format!("certificate and key: {error}")))?;
        config.alpn_protocols = vec![ALPN.into()];
        Ok(Self(Arc::new(config)))
    }

    /// The configuration of rustls.
    #[must_use]
    pub const fn config(&self) -> &Arc<ServerConfig> {
        &self.0
    }
}

/// Uses your own configuration as it is. WebSocket needs the ALPN protocol `http/1.1`, or none. TLS
/// that does not carry WebSocket sends no ALPN if this is the only protocol.
impl From<Arc<ServerConfig>> for ServerTls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(config)
    }
}

/// The provider of the cryptography: the process's, or else the one that a feature has brought in.
///
/// Nothing is installed for the process: a library that did so would take the choice away from the program.
pub(super) fn provider() -> io::Result<Arc<CryptoProvider>> {
    CryptoProvider::get_default()
        .cloned()
        .or_else(built_in)
        .ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, NO_PROVIDER))
}

/// If there are two, the one that rustls itself prefers.
#[cfg(feature = "aws-lc-rs")]
fn built_in() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn built_in() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
const fn built_in() -> Option<Arc<CryptoProvider>> {
    None
}

const NO_PROVIDER: &str = "TLS has no cryptography: build with the feature ring or aws-lc-rs, or call \
     rustls::crypto::CryptoProvider::install_default";

/// The name that a server's certificate must be valid for, given the requested host: a name, or an
/// address without brackets. For runtimes.
///
/// # Errors
///
/// `InvalidInput` if a certificate cannot have this name.
pub fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    match ServerName::try_from(host) {
        Ok(name) => Ok(name.to_owned()),
        Err(error) => Err(no_config(format!("host {host:?}: {error}"))),
    }
}

fn client_builder() -> io::Result<ConfigBuilder<ClientConfig, WantsVerifier>> {
    ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .map_err(|error| no_config(error.to_string()))
}

pub(super) fn server_builder() -> io::Result<ConfigBuilder<ServerConfig, WantsVerifier>> {
    ServerConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .map_err(|error| no_config(error.to_string()))
}

pub(super) fn certificates(pem: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| not_pem("certificates", &error))?;
    if certificates.is_empty() {
        return Err(no_config("no certificate, expected one in PEM".into()));
    }
    Ok(certificates)
}

pub(super) fn private_key(pem: &[u8]) -> io::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| not_pem("private key", &error))
}

/// Why something is not in PEM. The texts of the parser repeat lines, and a key that lost its line ends is one line.
fn not_pem(what: &str, error: &pem::Error) -> io::Error {
    no_config(match error {
        pem::Error::MissingSectionEnd { .. } => format!("{what} in PEM: no -----END line"),
        pem::Error::IllegalSectionStart { .. } => format!(
            "{what} in PEM: a -----BEGIN line does not end with -----, perhaps line ends are missing"
        ),
        pem::Error::NoItemsFound => format!("{what} in PEM: there is none"),
        _ => format!("{what} in PEM: what is between -----BEGIN and -----END is not Base64"),
    })
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

pub(super) fn no_config(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

/// RFC 7301: the opening handshake is HTTP/1.1.
pub(super) const ALPN: &str = "http/1.1";
