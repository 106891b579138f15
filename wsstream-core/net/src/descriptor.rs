//! Endpoint descriptors: strings that tell where to connect or listen, and over which layers.
//!
//! A program that takes a descriptor runs over TCP, TLS, Unix sockets or WebSocket without code for
//! each. The grammar, the types and their defaults are Twisted's. This module handles text only:
//! [`ClientDescriptor`] and [`ServerDescriptor`] are the syntax tree. A [plan](crate::plan) is made
//! from a descriptor, and a [`ClientEndpoint`](crate::ClientEndpoint) or
//! [`ServerEndpoint`](crate::ServerEndpoint) carries it out.
//!
//! ```
//! use wsstream_net::descriptor::{ClientDescriptor, EndpointError};
//!
//! let text = r"autobahn:tcp\:localhost\:9000:url=ws\://localhost\:9000:compress=false";
//! let ClientDescriptor::Autobahn(autobahn) = ClientDescriptor::parse(text)? else { unreachable!() };
//! assert_eq!(autobahn.url.authority(), "localhost:9000");
//! assert_eq!(autobahn.options.compression, Some(false));
//! let client = autobahn.client_config().unwrap();
//! # let _ = client;
//! # Ok::<_, EndpointError>(())
//! ```
//!
//! # Grammar
//!
//! ```text
//! descriptor = field *( ":" field )
//! field      = argument / key "=" value     ; further "=" belong to the value
//! escape     = "\" any                      ; that character, whatever it is
//! ```
//!
//! The first argument is the type, in upper or lower case. Keys may stand anywhere. Quote text that
//! contains `:` or `\`, and arguments that contain `=`: see [`quote_argument`] and [`quote_value`].
//! Quote a descriptor within a descriptor once more, except within `haproxy`. Endpoints can be nested
//! up to [`MAX_NESTING`] deep, and a descriptor has at most [`MAX_LEN`] octets.
//!
//! You can use a `ws` or `wss` URL wherever a descriptor is expected. A client connects to the URL's
//! host and port, with verified TLS for `wss`. A server listens on the URL's host and port, and serves
//! its path. A server's URL cannot be `wss`, because it names no certificate, and has no query, because a server
//! takes every query. Hosts and interfaces may have a zone: `tcp:fe80\:\:1%eth0:9000`, `ws://[fe80::1%25eth0]:9000`
//! (RFC 6874).
//!
//! Differences from Twisted: unknown keys, repeated keys, and values that would be ignored are errors.
//! Numbers, `true`, `false` and the host of a URL may have blanks around them. `1` and `0` mean `true`
//! and `false`. Seconds may have a fraction. The accept queue of a server is longer by default: Twisted's `backlog` is 50.
//!
//! # Clients
//!
//! You can give the values of keys in parentheses without the key, in this order. Each key is followed
//! by its default.
//!
//! | type | keys |
//! |---|---|
//! | `tcp` | (`host`, `port`), `timeout` 30, `bindAddress` none |
//! | `tls` | (`host`, `port`, `timeout` 30, `bindAddress` none, `certificate` none, `privateKey` as `certificate`, `trustRoots` the platform's, `endpoint` none); with `endpoint`, a descriptor, `host` is only the name that the certificate must be valid for |
//! | `ssl` | (`host`, `port`), `timeout` 30, `bindAddress` none, `hostname` as `host`, `caCertsDir` the platform's, `certKey` none, `privateKey` as `certKey`; verifies as `tls` does |
//! | `unix` | (`path`), `timeout` 30, `lockfile` 0 |
//! | `autobahn` | (`description`), `url`, and those below |
//! | `stdio` | |
//! | `exec` | the program and its arguments: `exec:nc:-N:localhost:22` |
//!
//! # Servers
//!
//! | type | keys |
//! |---|---|
//! | `tcp` | (`port`, `interface` 0.0.0.0, `backlog` 4096) |
//! | `tcp6` | (`port`, `backlog` 4096, `interface` ::) |
//! | `tls` | (`path`, `port` 443, `backlog` 4096, `interface` ::); `path` is a directory of PEM files |
//! | `ssl` | (`port`, `privateKey` server.pem, `certKey` as `privateKey`, -, `interface` 0.0.0.0, `backlog` 4096, `extraCertChain` none); `sslmethod` and `dhParameters` are refused |
//! | `unix` | (`address`, `mode` 666, `backlog` 4096, `lockfile` 1) |
//! | `autobahn` | (`description`), `url`, and those below |
//! | `stdio`, `exec` | as for clients |
//! | `systemd` | (`domain`, `index`, `name`): `INET`, `INET6` or `UNIX`, and one of the others |
//! | `haproxy` | the wrapped descriptor, not quoted: `haproxy:tcp:9000` |
//!
//! `interface` is an address or a name. A server listens at all addresses of a name.
//!
//! # WebSocket
//!
//! | key of `autobahn` | meaning |
//! |---|---|
//! | `url` | required; a client requests it, a server serves its path |
//! | `compress`, `compression` | `true` or `false`; both keys mean the same |
//! | `autofrag` | the most octets in a data frame |
//! | `debug` | whether to log every frame |
//! | `subprotocol` | names, separated by commas, besides `binary` and `base64`; if one of these is among them, a client offers only these names |
//! | `header` | `NAME\: VALUE`, can be repeated |
//! | `keepalive`, `keepaliveTimeout` | seconds, default 30 and 60; `keepalive=false` sends no pings |
//! | `maxHead` | the most octets in the head of a response, default 65536 for a client; of a request, default 16384 for a server; at most 1048576 |
//! | `handshakeTimeout` | seconds; default 30 for a client, for the whole opening handshake, beside the `timeout` of the socket; 10 for a server, until the request has arrived |
//! | `closeTimeout` | seconds, default 10 |
//! | `idleTimeout`, `maxLifetime` | seconds without payload, and seconds in all, after which the connection ends; no limit by default |
//! | `halfClose`, `nodelay` | `true` or `false` |
//! | `origin`, `acceptNoSubprotocol` | of clients: see [`ClientConfig`](wsstream_core::handshake::ClientConfig) |
//! | `redirects` | of clients: how many redirects to follow, 0 by default: see [`ClientEndpoint::redirects`](crate::ClientEndpoint::redirects) |
//! | `origins` | of servers: `any`, or origins separated by commas |
//! | `hosts` | of servers: `any`, or names and addresses separated by commas: see [`Hosts`](wsstream_core::handshake::Hosts) |
//! | `healthPath` | of servers: where load balancers get 200, none by default: see [`ServerConfig::health_path`](wsstream_core::handshake::ServerConfig::health_path) |
//!
//! A client with a `wss` URL adds TLS, verified for the URL's host, over an endpoint that is not `tls`
//! or `ssl`.

use std::fmt;

mod address;
mod arguments;
mod autobahn;
mod client;
mod error;
mod quote;
mod server;
mod syntax;
mod systemd;

pub use self::address::EndpointAddress;
pub use self::autobahn::AutobahnOptions;
pub use self::client::{AutobahnClient, ClientDescriptor, TcpClient, TlsClient, UnixClient};
pub use self::error::{EndpointError, EndpointErrorKind, UnsupportedEndpoint};
pub use self::quote::{quote_argument, quote_value};
pub use self::server::{
    AutobahnServer, Certificates, ServerDescriptor, TcpServer, TlsServer, UnixServer,
};
pub use self::systemd::{Systemd, SystemdDomain, SystemdSocket};

pub(crate) use self::autobahn::unfit_for_a_server;
pub(crate) use self::quote::Seconds;

use self::arguments::Arguments;
use self::quote::Writer;
use self::syntax::Text;

/// How deep endpoints can be nested.
pub const MAX_NESTING: usize = 8;

/// The longest descriptor, in octets.
pub const MAX_LEN: usize = 16 << 10;

/// A certificate with its chain, and its key, both in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PemFiles {
    /// The file with the certificates.
    pub certificate: String,
    /// The file with the key. It may be the same file.
    pub private_key: String,
}

/// A program to run, without a shell.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exec {
    /// The program. Never empty.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Exec {
    fn read(arguments: Arguments) -> Result<Self, EndpointError> {
        let missing = arguments.missing("program");
        let surplus = arguments.into_surplus();
        let mut words = surplus.iter();
        let program = words.next().ok_or(missing)?;
        if program.as_str().is_empty() {
            return Err(arguments::wrong("program", program, "some text"));
        }
        Ok(Self {
            program: program.as_str().to_owned(),
            arguments: words.map(|word| word.as_str().to_owned()).collect(),
        })
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(f, "exec")?;
        writer.argument(&self.program)?;
        self.arguments
            .iter()
            .try_for_each(|argument| writer.argument(argument))
    }
}

/// Shows only the number of arguments, which may be passwords.
impl fmt::Debug for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exec")
            .field("program", &self.program)
            .field("arguments", &self.arguments.len())
            .finish()
    }
}

const fn check_length(text: &str) -> Result<(), EndpointError> {
    if text.len() > MAX_LEN {
        return Err(EndpointError::new(MAX_LEN, EndpointErrorKind::TooLong));
    }
    Ok(())
}

fn check_depth(text: &Text, depth: usize) -> Result<(), EndpointError> {
    if depth > MAX_NESTING {
        return Err(text.error(EndpointErrorKind::TooDeep));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
