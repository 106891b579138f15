//! The client's offers: RFC 6455 §4.1.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::field::{Fields, InvalidField, check_handshake_field, check_subprotocol};
use super::headers::MAX_HEAD;
use super::origin::{self, check_origin};
use crate::config::SharedConfig;
use crate::{ConnectionConfig, Url};

/// What a client offers, and the settings of its connection.
///
/// ```
/// # use wsstream_core::handshake::ClientConfig;
/// # use wsstream_core::{Seed, Url};
/// let client = ClientConfig::stream().header("Authorization", "Bearer me")?;
/// let connecting = client.connect(&Url::parse("ws://localhost:9000/x").unwrap(), &Seed::new([7; 32]));
/// assert!(connecting.request().starts_with(b"GET /x HTTP/1.1\r\nHost: localhost:9000\r\n"));
/// # Ok::<_, wsstream_core::handshake::InvalidField>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientConfig {
    pub(super) subprotocols: Vec<String>,
    /// Whether the server has to select one of the subprotocols.
    pub(super) must_agree: bool,
    /// Whether it is for byte streams. Message connections have no half close.
    pub(super) is_stream: bool,
    pub(super) fields: Fields,
    pub(super) host: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) assume_secure: bool,
    pub(super) max_head: usize,
    /// How long the whole handshake may take; 30 s by default.
    pub handshake_timeout: Duration,
    /// How the connection behaves once it is open.
    pub config: SharedConfig,
}

impl ClientConfig {
    /// For byte streams: offers `binary` and `base64`, and requires the server to select one.
    #[must_use]
    pub fn stream() -> Self {
        Self {
            // `binary` comes first: it costs less, and websockify accepts no other name in first place.
            subprotocols: ["binary", "base64"].map(String::from).into(),
            must_agree: true,
            is_stream: true,
            ..Self::messages()
        }
    }

    /// For messages: offers no subprotocol. If you add some, the server may still select none.
    #[must_use]
    pub fn messages() -> Self {
        Self {
            subprotocols: Vec::new(),
            must_agree: false,
            is_stream: false,
            fields: Fields::new(),
            host: None,
            origin: None,
            assume_secure: false,
            max_head: MAX_RESPONSE,
            handshake_timeout: TIMEOUT,
            config: SharedConfig::default(),
        }
    }

    /// Offers another subprotocol, in last place. A name that is already offered keeps its place.
    ///
    /// # Errors
    ///
    /// [`InvalidField::Subprotocol`] if the name is not a token.
    pub fn subprotocol(mut self, name: &str) -> Result<Self, InvalidField> {
        check_subprotocol(name)?;
        // §4.1 item 10: the names must be unique.
        if !self.subprotocols.iter().any(|offered| offered == name) {
            self.subprotocols.push(name.to_owned());
        }
        Ok(self)
    }

    /// Offers exactly these subprotocols, in order of preference.
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
            .try_fold(self, |client, name| client.subprotocol(name.as_ref()))
    }

    /// Whether the server may select none of the offered subprotocols.
    #[must_use]
    pub const fn accept_no_subprotocol(mut self, accept: bool) -> Self {
        self.must_agree = !accept;
        self
    }

    /// Sets the origin: the web page on whose behalf the client acts (§4.1 item 8). A slash at the end is left out.
    ///
    /// # Errors
    ///
    /// [`InvalidField::Origin`] if it is not `scheme://host`, `scheme://host:port` or `null`.
    pub fn origin(mut self, origin: &str) -> Result<Self, InvalidField> {
        self.origin = Some(check_origin(origin)?.to_owned());
        Ok(self)
    }

    /// Adds a field to the request. `Host` and `Origin` replace the earlier value. `Cookie` joins it (RFC 6265 §5.4:
    /// one line, joined with "; "). `Authorization` takes precedence over the credentials in the URL.
    ///
    /// # Errors
    ///
    /// If the name is not a token, the value has control octets, or the handshake sets the field
    /// itself: Connection, Content-Length, Sec-WebSocket-*, Transfer-Encoding, Upgrade.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidField> {
        if name.eq_ignore_ascii_case(origin::FIELD) {
            return self.origin(value);
        }
        check_handshake_field(name, value)?;
        if name.eq_ignore_ascii_case("Host") {
            self.host = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("Cookie") {
            self.fields.join(name, value, "; ");
        } else {
            self.fields.push(name, value);
        }
        Ok(self)
    }

    /// All fields of a request for this URL but those of HTTP/1.1's upgrade and `Host`.
    pub(super) fn all_fields(&self, url: &Url) -> Vec<(&str, String)> {
        let mut fields: Vec<(&str, String)> = self.fields();
        if let Some(origin) = &self.origin {
            fields.push((origin::FIELD, origin.clone()));
        }
        if let Some(value) = url.authorization()
            && !self.fields.contains("Authorization")
        {
            fields.push(("Authorization", value.to_owned()));
        }
        let own = self.fields.iter();
        fields.extend(own.map(|(name, value)| (name, value.to_owned())));
        fields
    }

    /// Keeps only those fields for whose names `keep` returns true, `Host` and `Origin` included: for a request to
    /// another server, which the fields may not be meant for.
    ///
    /// ```
    /// # use wsstream_core::handshake::ClientConfig;
    /// # use wsstream_core::{Seed, Url};
    /// let client = ClientConfig::stream().header("X-Key", "secret")?.header("User-Agent", "me")?;
    /// let client = client.retain_headers(|name| name.eq_ignore_ascii_case("User-Agent"));
    /// let request = client.connect(&Url::parse("ws://h/").unwrap(), &Seed::new([7; 32])).request().to_vec();
    /// let request = String::from_utf8(request).unwrap();
    /// assert!(request.contains("User-Agent: me") && !request.contains("X-Key"));
    /// # Ok::<_, wsstream_core::handshake::InvalidField>(())
    /// ```
    #[must_use]
    pub fn retain_headers(mut self, mut keep: impl FnMut(&str) -> bool) -> Self {
        self.fields.retain(&mut keep);
        self.host = self.host.filter(|_| keep("Host"));
        self.origin = self.origin.filter(|_| keep(origin::FIELD));
        self
    }

    /// Gives your word that the stream which you open a WebSocket over is already secure: TLS of your
    /// own, or a pipe that nobody else can read. Off by default.
    ///
    /// A `wss` URL asks for TLS, and may hold a password. Without your word, the poll loop (`pump`) and
    /// what is built on it send nothing for such a URL over a stream that you pass: they fail with
    /// [`HandshakeError::NotSecure`](super::HandshakeError::NotSecure). What dials the URL itself adds
    /// TLS, and needs no word.
    #[must_use]
    pub const fn assume_secure(mut self, assume_secure: bool) -> Self {
        self.assume_secure = assume_secure;
        self
    }

    /// How long the whole handshake may take; 30 seconds by default. A server may dial a target before it answers, and
    /// its 504 for a target that does not answer should arrive in that time. For a URL, `wsstream-net` limits everything
    /// together to this time: connecting, TLS and the handshake.
    #[must_use]
    pub const fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// How large the head of a response may be, in octets, from the status line to the blank line; 64 KiB by default,
    /// at most 1 MiB ([`MAX_HEAD`]).
    #[must_use]
    pub const fn max_head(mut self, octets: usize) -> Self {
        self.max_head = if octets < MAX_HEAD { octets } else { MAX_HEAD };
        self
    }

    /// How the connection behaves once it is open.
    #[must_use]
    pub fn config(mut self, config: ConnectionConfig) -> Self {
        self.config = config.into();
        self
    }
}

/// [`stream`](Self::stream).
impl Default for ClientConfig {
    fn default() -> Self {
        Self::stream()
    }
}

/// The default for the head of a response.
const MAX_RESPONSE: usize = 64 << 10;

/// Longer than a server waits for a target that it dials before it answers.
const TIMEOUT: Duration = Duration::from_secs(30);
