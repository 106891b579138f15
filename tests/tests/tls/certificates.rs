//! Authorities, and whom they certify.

use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use wsstream_net::tls::{ClientTls, ServerTls};

/// A certificate and its key, in PEM.
pub(crate) struct Identity {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Identity {
    pub(crate) fn server(&self) -> ServerTls {
        ServerTls::from_pem(self.chain.as_bytes(), self.key.as_bytes()).unwrap()
    }
}

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        // One with the name of another would be refused for its signature.
        let number = AUTHORITIES.fetch_add(1, Ordering::Relaxed);
        let name = format!("authority {number}");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn certify(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        Identity {
            chain: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    pub(crate) fn localhost(&self) -> Identity {
        self.certify(&names(&["localhost", "127.0.0.1", "::1"]))
    }

    /// A client that trusts this authority alone.
    pub(crate) fn client(&self) -> ClientTls {
        ClientTls::with_roots(self.pem().as_bytes()).unwrap()
    }
}

pub(crate) fn names(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().copied().map(String::from).collect::<Vec<_>>()).unwrap()
}

pub(crate) fn self_signed() -> Identity {
    let key = KeyPair::generate().unwrap();
    Identity {
        chain: names(&["localhost"]).self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

/// As `openssl req -x509` makes it: self-signed, and an authority's.
pub(crate) fn self_signed_authority() -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut params = names(&["localhost"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Identity {
        chain: params.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

static AUTHORITIES: AtomicUsize = AtomicUsize::new(1);
