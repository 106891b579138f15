//! TLS that the program was built without.

use std::io;

use super::{ClientTls, ServerTls, not_supported};
use crate::plan::{ClientTlsLayer, ClientTlsSource, ServerTlsLayer, ServerTlsSource};

impl ClientTlsLayer {
    pub(crate) fn read(&self) -> io::Result<ClientTls> {
        match &self.source {
            ClientTlsSource::Files { .. } => Err(not_supported()),
            ClientTlsSource::Given(tls) => match tls.0 {},
        }
    }
}

impl ServerTlsLayer {
    pub(crate) fn read(&self) -> io::Result<ServerTls> {
        match &self.source {
            ServerTlsSource::Files(_) => Err(not_supported()),
            ServerTlsSource::Given(tls) => match tls.0 {},
        }
    }
}

pub(crate) const fn explain(_: &str, cause: io::Error) -> io::Error {
    cause
}

pub(crate) const fn explain_late(_: &str, error: io::Error) -> io::Error {
    error
}
