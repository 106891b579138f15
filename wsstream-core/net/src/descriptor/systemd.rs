//! Sockets that systemd passes to a server.

use std::fmt;

use super::arguments::Arguments;
use super::error::{EndpointError, EndpointErrorKind};
use super::quote::Writer;

/// A socket inherited from systemd.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Systemd {
    /// Its address family.
    pub domain: SystemdDomain,
    /// Which of the inherited sockets.
    pub socket: SystemdSocket,
}

/// The address family of an inherited socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SystemdDomain {
    /// `INET`: IPv4.
    Inet,
    /// `INET6`: IPv6.
    Inet6,
    /// `UNIX`: a Unix socket.
    Unix,
}

/// Selects an inherited socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SystemdSocket {
    /// The socket at this index, from 0.
    Index(u32),
    /// The socket with this name.
    Name(String),
}

impl Systemd {
    pub(super) fn read(mut arguments: Arguments) -> Result<Self, EndpointError> {
        let domain = arguments.read("domain", "INET, INET6 or UNIX", |text| match text {
            "INET" => Some(SystemdDomain::Inet),
            "INET6" => Some(SystemdDomain::Inet6),
            "UNIX" => Some(SystemdDomain::Unix),
            _ => None,
        })?;
        let domain = domain.ok_or_else(|| arguments.missing("domain"))?;
        let (at, index) = (
            arguments.start("index"),
            arguments.number("index", "0 to 4294967295")?,
        );
        let name = arguments.not_empty("name")?;
        let socket = match (index, name) {
            (Some(index), None) => SystemdSocket::Index(index),
            (None, Some(name)) => SystemdSocket::Name(name),
            (None, None) => return Err(arguments.missing("name")),
            (Some(_), Some(_)) => {
                let (key, other) = ("index", "name");
                let kind = EndpointErrorKind::Contradiction { key, other };
                return Err(EndpointError::new(at, kind));
            }
        };
        Ok(Self { domain, socket })
    }

    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(f, "systemd")?;
        writer.argument(match self.domain {
            SystemdDomain::Inet => "INET",
            SystemdDomain::Inet6 => "INET6",
            SystemdDomain::Unix => "UNIX",
        })?;
        match &self.socket {
            SystemdSocket::Index(index) => writer.value("index", index),
            SystemdSocket::Name(name) => writer.value("name", name),
        }
    }
}
