//! What a server decides by: RFC 6455 §4.2.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::field::{Fields, InvalidField, check_handshake_field, check_subprotocol};
use super::origin::Origins;
use crate::config::SharedConfig;
use crate::{CompressionBudget, ConnectionConfig};

/// What a server speaks, and whom it lets in.
///
/// ```
/// use wsstream_core::handshake::{Origins, ServerConfig};
///
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
    /// Whether a list with nothing in common is an error.
    pub(super) must_agree: bool,
    /// Whether it is for byte streams: messages know no half close.
    pub(super) is_stream: bool,
    pub(super) origins: Origins,
    pub(super) fields: Fields,
    path: String,
    /// How long the whole handshake may take; 10 s by default.
    pub handshake_timeout: Duration,
    config: SharedConfig,
    pub(super) budget: CompressionBudget,
}

impl ServerConfig {
    /// For byte streams: speaks `binary` and `base64`, and refuses a client that offers only others.
    ///
    /// Accepts [half close](super::HALF_CLOSE) where it is offered, any path, and origins on the same
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

    /// For messages: speaks no subprotocol, and ignores what a client offers and is not spoken.
    ///
    /// Accepts any path, and origins on the same host.
    #[must_use]
    pub fn messages() -> Self {
        Self {
            subprotocols: Vec::new(),
            must_agree: false,
            is_stream: false,
            origins: Origins::same_host(),
            fields: Fields::new(),
            path: String::from("/"),
            handshake_timeout: TIMEOUT,
            config: SharedConfig::default(),
            budget: CompressionBudget::default(),
        }
    }

    /// Speaks this subprotocol too; on a byte stream it means the same as `binary`.
    ///
    /// # Errors
    ///
    /// [`InvalidField::Subprotocol`] if the name is no token.
    pub fn subprotocol(mut self, name: &str) -> Result<Self, InvalidField> {
        check_subprotocol(name)?;
        if !self.subprotocols.iter().any(|spoken| spoken == name) {
            self.subprotocols.push(name.to_owned());
        }
        Ok(self)
    }

    /// Which web pages may use this server; default: those on the same host.
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// The one path that is served, compared as it is written; `/`, the default, means any.
    ///
    /// A `/` that is missing at the start is put there.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        let slash = if path.starts_with('/') { "" } else { "/" };
        self.path = [slash, path].concat();
        self
    }

    /// How long a request may take in total; default 10 s.
    #[must_use]
    pub const fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// How connections behave once they are open. A server for messages, or one that is set not to wait
    /// with its answer to a Close, does not accept half close.
    #[must_use]
    pub fn config(mut self, config: ConnectionConfig) -> Self {
        self.config = config.into();
        self
    }

    /// What compression may take in all connections of this server, of its clones, and of others that
    /// are given the same; default: 64 MiB.
    #[must_use]
    pub fn compression_budget(mut self, budget: &CompressionBudget) -> Self {
        self.budget = budget.clone();
        self
    }

    /// What [`config`](Self::config) was set to.
    #[must_use]
    pub fn connection_config(&self) -> &ConnectionConfig {
        &self.config
    }

    #[cfg(feature = "std")]
    pub(crate) const fn shared_config(&self) -> &SharedConfig {
        &self.config
    }

    /// Adds a field to the answer that accepts.
    ///
    /// # Errors
    ///
    /// If the name is no token, the value has control octets, or the handshake sets the field itself.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidField> {
        check_handshake_field(name, value)?;
        self.fields.push(name, value);
        Ok(self)
    }

    /// Whether there is something at this path, which is one without its query.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        self.path == "/" || self.path == path
    }
}

/// [`stream`](Self::stream).
impl Default for ServerConfig {
    fn default() -> Self {
        Self::stream()
    }
}

/// The default of both roles.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
