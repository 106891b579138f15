//! What endpoint descriptors say of TLS: files in PEM.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{
    ALPN, ClientTls, ServerTls, certificates, no_config, private_key, provider, server_builder,
};
use crate::endpoint::{Certificates, TlsClient, TlsServer};

impl ClientTls {
    /// What an endpoint descriptor says. It reads files. `websocket` tells whether that is what goes over
    /// it; of anything else it is not known how the protocol is called (ALPN).
    ///
    /// # Errors
    ///
    /// Those of the files, and as [`with_roots`](Self::with_roots) and [`identity`](Self::identity).
    pub fn of_endpoint(endpoint: &TlsClient, websocket: bool) -> io::Result<Self> {
        let mut tls = match &endpoint.trust_roots {
            None => Self::platform_once()?,
            Some(directory) => {
                let mut roots = Vec::new();
                for file in pem_files(directory)? {
                    roots.extend(read(&file)?);
                    roots.push(b'\n');
                }
                Self::with_roots(&roots).map_err(|error| of_file(directory.as_ref(), &error))?
            }
        };
        if let Some(identity) = &endpoint.identity {
            tls = tls.identified(
                read_as(identity.certificate.as_ref(), certificates)?,
                read_as(identity.private_key.as_ref(), private_key)?,
            )?;
        }
        if !websocket {
            Arc::make_mut(&mut tls.0).alpn_protocols.clear();
        }
        Ok(tls)
    }
}

impl ServerTls {
    /// What an endpoint descriptor says. It reads files. `websocket` is as for
    /// [`ClientTls::of_endpoint`].
    ///
    /// Of a directory, `NAME.pem` is for clients that ask for that name, and `DEFAULT.pem`, or the only
    /// file, for all others.
    ///
    /// # Errors
    ///
    /// Those of the files, and as [`from_pem`](Self::from_pem).
    pub fn of_endpoint(endpoint: &TlsServer, websocket: bool) -> io::Result<Self> {
        let mut tls = match &endpoint.certificates {
            Certificates::Files {
                identity,
                extra_chain,
            } => {
                let mut chain = read_as(identity.certificate.as_ref(), certificates)?;
                if let Some(extra) = extra_chain {
                    chain.extend(read_as(extra.as_ref(), certificates)?);
                }
                let key = read_as(identity.private_key.as_ref(), private_key)?;
                let builder = server_builder()?.with_no_client_auth();
                Self::build(builder.with_single_cert(chain, key))?
            }
            Certificates::Directory(directory) => {
                let resolver = Arc::new(ByName::read(directory)?);
                let builder = server_builder()?.with_no_client_auth();
                Self::build(Ok(builder.with_cert_resolver(resolver)))?
            }
        };
        Arc::make_mut(&mut tls.0).alpn_protocols = if websocket {
            [ALPN.into()].into()
        } else {
            Vec::new()
        };
        Ok(tls)
    }
}

/// A certificate for each name.
#[derive(Debug)]
struct ByName {
    names: BTreeMap<String, Arc<CertifiedKey>>,
    default: Option<Arc<CertifiedKey>>,
}

impl ByName {
    fn read(directory: &str) -> io::Result<Self> {
        let mut names = BTreeMap::new();
        for file in pem_files(directory)? {
            let chain = read_as(&file, certificates)?;
            let certified =
                CertifiedKey::from_der(chain, read_as(&file, private_key)?, &provider())
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

/// What a file has in PEM.
fn read_as<T>(file: &Path, parse: impl FnOnce(&[u8]) -> io::Result<T>) -> io::Result<T> {
    parse(&read(file)?).map_err(|error| of_file(file, &error))
}

fn of_file(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}
