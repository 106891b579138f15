//! The server's policy: RFC 6455 §4.2.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::field::{Fields, InvalidField, check_handshake_field, check_subprotocol};
use super::headers::MAX_HEAD;
use super::hosts::{Hosts, Listening};
use super::origin::Origins;
use crate::config::SharedConfig;
use crate::{CompressionBudget, ConnectionConfig};

/// Which subprotocols a server speaks, and which clients it accepts.
///
/// ```
/// # use wsstream_core::handshake::{Origins, ServerConfig};
/// let server = ServerConfig::stream()
///     .subprotocol("mqtt")?
///     .origins(Origins::list(["https://example.org"])?)
///     .path("/tunnel");
/// assert!(server.serves("/tunnel"));
/// # Ok::<_, wsstream_core::handshake::InvalidField>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerConfig {
    pub(super) subprotocols: Vec<String>,
    /// Whether it is an error if the client offers only other subprotocols.
    pub(super) must_agree: bool,
    /// Whether it is for byte streams. Message connections have no half close.
    pub(super) is_stream: bool,
    pub(super) origins: Origins,
    pub(super) hosts: Hosts,
    /// Names besides those that [`Hosts`] has by default.
    pub(super) known_as: Vec<String>,
    pub(super) listening: Option<Listening>,
    pub(super) fields: Fields,
    /// Each begins with a slash. None means any path.
    paths: Vec<String>,
    /// Begins with a slash.
    health: Option<String>,
    pub(super) max_head: usize,
    /// How long a request may take to arrive; 10 s by default.
    pub handshake_timeout: Duration,
    /// How the connection behaves once it is open.
    pub config: SharedConfig,
    pub(super) budget: CompressionBudget,
}

impl ServerConfig {
    /// For byte streams: speaks `binary` and `base64`, and refuses a client that offers only other
    /// subprotocols.
    ///
    /// Accepts [half close](super::HALF_CLOSE) if it is offered, any path, and origins on the same
    /// host.
    #[must_use]
    pub fn stream() -> Self {
        Self {
            subprotocols: ["binary", "base64"].map(String::from).into(),
            must_agree: true,
            is_stream: true,
            ..Self::messages()
        }
    }

    /// For messages: speaks no subprotocol, and ignores those that a client offers.
    ///
    /// Accepts any path, and origins on the same host.
    #[must_use]
    pub fn messages() -> Self {
        Self {
            subprotocols: Vec::new(),
            must_agree: false,
            is_stream: false,
            origins: Origins::same_host(),
            hosts: Hosts::default(),
            known_as: Vec::new(),
            listening: None,
            fields: Fields::new(),
            paths: Vec::new(),
            health: None,
            max_head: MAX_REQUEST,
            handshake_timeout: TIMEOUT,
            config: SharedConfig::default(),
            budget: CompressionBudget::default(),
        }
    }

    /// Adds a subprotocol. On a byte stream it means the same as `binary`.
    ///
    /// # Errors
    ///
    /// [`InvalidField::Subprotocol`] if the name is not a token.
    pub fn subprotocol(mut self, name: &str) -> Result<Self, InvalidField> {
        check_subprotocol(name)?;
        if !self.subprotocols.iter().any(|spoken| spoken == name) {
            self.subprotocols.push(name.to_owned());
        }
        Ok(self)
    }

    /// Speaks only these subprotocols, instead of `binary` and `base64` for example. On a byte stream, any name but
    /// `base64` means the same as `binary`.
    ///
    /// ```
    /// # use wsstream_core::handshake::ServerConfig;
    /// // MQTT over WebSocket, and nothing else.
    /// let server = ServerConfig::stream().subprotocols(["mqtt"])?;
    /// # Ok::<_, wsstream_core::handshake::InvalidField>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidField::Subprotocol`] if a name is not a token.
    pub fn subprotocols<I>(mut self, names: I) -> Result<Self, InvalidField>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        self.subprotocols.clear();
        names
            .into_iter()
            .try_fold(self, |server, name| server.subprotocol(name.as_ref()))
    }

    /// Which web pages may use this server; by default those on the same host.
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Which names this server answers to when a web page asks for it directly. The default depends on
    /// where the server listens: see [`Hosts`].
    #[must_use]
    pub fn hosts(mut self, hosts: Hosts) -> Self {
        self.hosts = hosts;
        self
    }

    /// Adds a name, without a port, to those that a server on a loopback address answers to by default.
    /// It changes nothing if you set [`hosts`](Self::hosts).
    #[must_use]
    pub fn known_as(mut self, name: &str) -> Self {
        self.known_as.push(name.to_owned());
        self
    }

    /// Says where the requests of this server arrive: the addresses that it listens on, and whether it
    /// does TLS itself. Listeners of `wsstream-net` say it themselves. By default it is not known.
    ///
    /// Once it is known, the server checks the host that a web page asks for: see [`Hosts`]. With `tls`,
    /// [`Origins::same_host`] accepts pages of `https` alone. Do not call this if the server cannot be
    /// reached directly, as on a Unix socket.
    #[must_use]
    pub fn listening_on(
        mut self,
        addresses: impl IntoIterator<Item = SocketAddr>,
        tls: bool,
    ) -> Self {
        let addresses = addresses.into_iter().collect();
        self.listening = Some(Listening { addresses, tls });
        self
    }

    /// Serves this path, compared without decoding, and those of other calls. Without a call, and with the path `/`, any path
    /// is served.
    ///
    /// A missing `/` at the start is added.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.paths.push(with_slash(path));
        self
    }

    /// Answers load balancers that ask at this path whether the server is up: with 200 and a line of text. By default
    /// they are refused like others that ask for no WebSocket. A missing `/` at the start is added.
    ///
    /// A health check is a request without a body and without the fields of a WebSocket:
    ///
    /// - `GET` or `HEAD` of this path, with any query;
    /// - `OPTIONS` of this path, of `/` or of `*`, as HAProxy's `option httpchk` sends it.
    ///
    /// HTTP/1.0 will do, which needs no `Host`. A WebSocket at the same path is accepted as at any other.
    ///
    /// The answer leaves before the application sees the request, and is not logged. A listener that shuts down answers
    /// 503. See [`Request::is_health_check`](super::Request::is_health_check) if you read requests yourself.
    #[must_use]
    pub fn health_path(mut self, path: &str) -> Self {
        self.health = Some(with_slash(path));
        self
    }

    /// The path of [`health_path`](Self::health_path), if it is set.
    #[must_use]
    pub fn health(&self) -> Option<&str> {
        self.health.as_deref()
    }

    /// How long a request may take to arrive in total; 10 seconds by default. The time ends when the head is complete:
    /// the application may take longer to answer. Then the answer has this time again to be sent.
    #[must_use]
    pub const fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// How large the head of a request may be, in octets, from the request line to the blank line; 16 KiB by default,
    /// at most 1 MiB ([`MAX_HEAD`]). Cookies of single sign-on can make it larger than that. Each handshake in
    /// progress may hold that much memory.
    #[must_use]
    pub const fn max_head(mut self, octets: usize) -> Self {
        self.max_head = if octets < MAX_HEAD { octets } else { MAX_HEAD };
        self
    }

    /// How connections behave once they are open. The server accepts half close only if it is for byte
    /// streams and [`half_close`](ConnectionConfig::half_close) is on.
    #[must_use]
    pub fn config(mut self, config: ConnectionConfig) -> Self {
        self.config = config.into();
        self
    }

    /// How much memory compression may take in all connections that share this budget; 64 MiB by
    /// default. Clones of this configuration share it, as do others that you give the same budget.
    #[must_use]
    pub fn compression_budget(mut self, budget: &CompressionBudget) -> Self {
        self.budget = budget.clone();
        self
    }

    /// Adds a field to the response that accepts.
    ///
    /// # Errors
    ///
    /// If the name is not a token, the value has control octets, or the handshake sets the field
    /// itself.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidField> {
        check_handshake_field(name, value)?;
        self.fields.push(name, value);
        Ok(self)
    }

    /// These settings for a request that has arrived at a server with others: they know where it listens, unless they say so
    /// themselves.
    #[cfg(feature = "std")]
    pub(crate) fn at(&self, server: &Self) -> Self {
        let mut config = self.clone();
        if config.listening.is_none() {
            config.listening.clone_from(&server.listening);
            config.known_as.extend_from_slice(&server.known_as);
        }
        config
    }

    /// Whether this path is served. Pass it without its query.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        let mut paths = self.paths.iter();
        self.paths.is_empty() || paths.any(|served| served == "/" || served == path)
    }
}

/// [`stream`](Self::stream).
impl Default for ServerConfig {
    fn default() -> Self {
        Self::stream()
    }
}

fn with_slash(path: &str) -> String {
    let slash = if path.starts_with('/') { "" } else { "/" };
    [slash, path].concat()
}

/// The default for the head of a request.
const MAX_REQUEST: usize = 16 << 10;

/// The default for a request to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);
