//! What plans say of TLS: files in PEM.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::config::{ALPN, certificates, no_config, private_key, provider, server_builder};
use super::{ClientTls, ServerTls};
use crate::descriptor::Certificates;
use crate::plan::{ClientTlsLayer, ClientTlsSource, ServerTlsLayer, ServerTlsSource};

impl ClientTlsLayer {
    /// What the plan says. It reads files.
    ///
    /// # Errors
    ///
    /// Those of the files, and as [`with_roots`](ClientTls::with_roots) and [`identity`](ClientTls::identity).
    pub(crate) fn read(&self) -> io::Result<ClientTls> {
        let mut tls = match &self.source {
            ClientTlsSource::Given(tls) => tls.clone(),
            ClientTlsSource::Files {
                trust_roots,
                identity,
            } => {
                let tls = match trust_roots {
                    None => ClientTls::platform_once()?,
                    Some(directory) => trusting(directory)?,
                };
                match identity {
                    None => tls,
                    Some(identity) => tls.identified(
                        read_as(identity.certificate.as_ref(), certificates)?,
                        read_as(identity.private_key.as_ref(), private_key)?,
                    )?,
                }
            }
        };
        if !self.websocket && is_ours(&tls.0.alpn_protocols) {
            Arc::make_mut(&mut tls.0).alpn_protocols.clear();
        }
        Ok(tls)
    }
}

impl ServerTlsLayer {
    /// What the plan says. It reads files.
    ///
    /// Of a directory, `NAME.pem` is for clients that ask for that name, and `DEFAULT.pem`, or the only
    /// file, for all others.
    ///
    /// # Errors
    ///
    /// Those of the files, and as [`from_pem`](ServerTls::from_pem).
    pub(crate) fn read(&self) -> io::Result<ServerTls> {
        let mut tls = match &self.source {
            ServerTlsSource::Given(tls) => tls.clone(),
            ServerTlsSource::Files(certificates) => showing(certificates)?,
        };
        if !self.websocket && is_ours(&tls.0.alpn_protocols) {
            Arc::make_mut(&mut tls.0).alpn_protocols.clear();
        }
        Ok(tls)
    }
}

/// Of what goes over TLS it is only known for WebSocket how the protocol is called (RFC 7301).
fn is_ours(protocols: &[Vec<u8>]) -> bool {
    protocols == [ALPN.as_bytes()]
}

/// Trusts the certificates of a directory.
fn trusting(directory: &str) -> io::Result<ClientTls> {
    let mut roots = Vec::new();
    for file in pem_files(directory)? {
        roots.extend(read(&file)?);
        roots.push(b'\n');
    }
    ClientTls::with_roots(&roots).map_err(|error| of_file(directory.as_ref(), &error))
}

/// Shows what is in files.
fn showing(files: &Certificates) -> io::Result<ServerTls> {
    let builder = server_builder()?.with_no_client_auth();
    ServerTls::build(match files {
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

#[cfg(test)]
mod tests {
    use rustls::{ClientConfig, RootCertStore};

    use super::*;
    use crate::plan::{ClientLayer, ClientPlan};

    /// RFC 7301: whether WebSocket goes over it, the protocols that were set, and those that are offered.
    #[test]
    fn only_websocket_is_known_by_name() {
        type Protocols = &'static [&'static str];
        let table: [(&str, Protocols, Protocols); 5] = [
            ("wss://h", &["http/1.1"], &["http/1.1"]),
            ("wss://h", &[], &[]),
            ("tls:h:1", &["http/1.1"], &[]),
            ("tls:h:1", &["postgresql"], &["postgresql"]),
            ("tls:h:1", &["h2", "http/1.1"], &["h2", "http/1.1"]),
        ];
        for (text, set, offered) in table {
            let mut config = ClientConfig::builder_with_provider(provider())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
            config.alpn_protocols = set.iter().map(|name| name.as_bytes().to_vec()).collect();
            let plan = ClientPlan::parse(text).unwrap();
            let Some(ClientLayer::Tls(mut layer)) = plan.layers.into_iter().next() else {
                panic!("{text}: no TLS");
            };
            layer.source = ClientTlsSource::Given(Arc::new(config).into());
            let read = layer.read().unwrap();
            let protocols = read.config().alpn_protocols.iter();
            let protocols: Vec<_> = protocols
                .map(|name| String::from_utf8_lossy(name))
                .collect();
            assert_eq!(protocols, offered, "{text}");
        }
    }
}
