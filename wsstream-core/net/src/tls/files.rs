//! TLS from files in PEM.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::config::{ALPN, certificates, no_config, private_key, provider, server_builder};
use super::{ClientTls, ServerTls};
use crate::descriptor::{Certificates, PemFiles};

impl ClientTls {
    /// Trusts the `.pem` files of a directory, or the platform's authorities, and shows the identity if
    /// the server asks for it.
    ///
    /// # Errors
    ///
    /// Errors of the files, and those of [`with_roots`](Self::with_roots) and
    /// [`identity`](Self::identity).
    pub(crate) fn from_files(
        trust_roots: Option<&str>,
        identity: Option<&PemFiles>,
    ) -> io::Result<Self> {
        let tls = match trust_roots {
            None => Self::platform_once()?,
            Some(directory) => trusting(directory)?,
        };
        match identity {
            None => Ok(tls),
            Some(identity) => tls.identified(
                read_as(identity.certificate.as_ref(), certificates)?,
                read_as(identity.private_key.as_ref(), private_key)?,
            ),
        }
    }

    /// For TLS that does not carry WebSocket: offers no ALPN protocol instead of only `http/1.1` (RFC
    /// 7301).
    pub(crate) fn without_http(mut self) -> Self {
        if is_http_alone(&self.0.alpn_protocols) {
            Arc::make_mut(&mut self.0).alpn_protocols.clear();
        }
        self
    }
}

impl ServerTls {
    /// Shows the certificates in these files.
    ///
    /// In a directory, `NAME.pem` is for clients that ask for this name. `default.pem`, or the only
    /// file, is for all others. Names are case-insensitive.
    ///
    /// # Errors
    ///
    /// Errors of the files, and those of [`from_pem`](Self::from_pem).
    pub(crate) fn from_files(files: &Certificates) -> io::Result<Self> {
        let builder = server_builder()?.with_no_client_auth();
        Self::build(match files {
            Certificates::Files {
                identity,
                extra_chain,
            } => {
                let mut chain = read_as(identity.certificate.as_ref(), certificates)?;
                if let Some(extra) = extra_chain {
                    chain.extend(read_as(extra.as_ref(), certificates)?);
                }
                let key = read_as(identity.private_key.as_ref(), private_key)?;
                builder.with_single_cert(chain, key)
            }
            Certificates::Directory(directory) => {
                Ok(builder.with_cert_resolver(Arc::new(ByName::read(directory)?)))
            }
        })
    }

    /// For TLS that does not carry WebSocket: selects no ALPN protocol instead of only `http/1.1` (RFC
    /// 7301).
    pub(crate) fn without_http(mut self) -> Self {
        if is_http_alone(&self.0.alpn_protocols) {
            Arc::make_mut(&mut self.0).alpn_protocols.clear();
        }
        self
    }
}

fn is_http_alone(protocols: &[Vec<u8>]) -> bool {
    protocols == [ALPN.as_bytes()]
}

/// Trusts the certificates in a directory.
fn trusting(directory: &str) -> io::Result<ClientTls> {
    let mut roots = Vec::new();
    for file in pem_files(directory)? {
        roots.extend(read(&file)?);
        roots.push(b'\n');
    }
    ClientTls::with_roots(&roots).map_err(|error| of_file(directory.as_ref(), &error))
}

/// A certificate for each name.
#[derive(Debug)]
struct ByName {
    names: BTreeMap<String, Arc<CertifiedKey>>,
    default: Option<Arc<CertifiedKey>>,
}

impl ByName {
    fn read(directory: &str) -> io::Result<Self> {
        let (provider, mut names) = (provider()?, BTreeMap::new());
        for file in pem_files(directory)? {
            let chain = read_as(&file, certificates)?;
            let certified = CertifiedKey::from_der(chain, read_as(&file, private_key)?, &provider)
                .map_err(|error| no_config(format!("{}: {error}", file.display())))?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            names.insert(name.to_ascii_lowercase(), Arc::new(certified));
        }
        let only = names.values().next().filter(|_| names.len() == 1);
        let default = names.get("default").or(only).cloned();
        Ok(Self { names, default })
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        let named = name.and_then(|name| self.names.get(&name));
        named.or(self.default.as_ref()).cloned()
    }
}

/// The `.pem` files of a directory, in order.
fn pem_files(directory: &str) -> io::Result<Vec<PathBuf>> {
    let at = |error| of_file(directory.as_ref(), &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(at)? {
        let path = entry.map_err(at)?.path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(no_config(format!("no .pem file in {directory}")));
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    fs::read(file).map_err(|error| of_file(file, &error))
}

/// Parses a PEM file.
fn read_as<T>(file: &Path, parse: impl FnOnce(&[u8]) -> io::Result<T>) -> io::Result<T> {
    parse(&read(file)?).map_err(|error| of_file(file, &error))
}

fn of_file(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}
