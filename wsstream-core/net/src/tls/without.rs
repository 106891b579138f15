//! Stubs for a program that was built without TLS.

use std::io;

use super::{ClientTls, ServerTls, not_supported};
use crate::descriptor::{Certificates, PemFiles};

impl ClientTls {
    pub(crate) fn from_files(_: Option<&str>, _: Option<&PemFiles>) -> io::Result<Self> {
        Err(not_supported())
    }

    pub(crate) const fn without_http(self) -> Self {
        match self.0 {}
    }
}

impl ClientTls {
    pub(crate) const fn without_identity(&self) -> Self {
        match self.0 {}
    }
}

impl PartialEq for ClientTls {
    fn eq(&self, _: &Self) -> bool {
        match self.0 {}
    }
}

impl Eq for ClientTls {}

impl ServerTls {
    pub(crate) fn from_files(_: &Certificates) -> io::Result<Self> {
        Err(not_supported())
    }

    pub(crate) const fn without_http(self) -> Self {
        match self.0 {}
    }
}

pub(crate) const fn late_tls_error(_: &str, error: io::Error) -> io::Error {
    error
}
