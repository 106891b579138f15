//! WebSocket over another endpoint: the keys that clients and servers share.

use std::fmt;
use std::time::Duration;

use super::arguments::{Arguments, HEADER, wrong};
use super::error::{EndpointError, EndpointErrorKind};
use super::quote::{Seconds, Writer};
use super::syntax::Text;
use wsstream_core::handshake::{ClientConfig, InvalidField, MAX_HEAD};
use wsstream_core::{ConnectionConfig, Keepalive, Url};

/// The options that clients and servers share. `None` means the default of [`ConnectionConfig`],
/// [`ClientConfig`] or [`ServerConfig`](wsstream_core::handshake::ServerConfig).
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutobahnOptions {
    /// Whether to compress.
    pub compression: Option<bool>,
    /// The most octets in a data frame; 0 sets no limit.
    pub auto_fragment: usize,
    /// Whether to log every frame.
    pub debug: bool,
    /// Subprotocols, in order. They follow `binary` and `base64`, unless one of these two is in the
    /// list: a client then offers only the list.
    pub subprotocols: Vec<String>,
    /// Header fields of the request or response, as names and values. `Debug` shows only the names.
    pub headers: Vec<(String, String)>,
    /// When to ping a silent peer; `Some(None)` for never.
    pub keepalive: Option<Option<Keepalive>>,
    /// How large the head of the response, or of the request, may be, in octets: 1 to [`MAX_HEAD`].
    pub max_head: Option<usize>,
    /// How long the opening handshake may take.
    pub handshake_timeout: Option<Duration>,
    /// How long to wait for the peer's Close.
    pub close_timeout: Option<Duration>,
    /// How long the connection may carry no payload.
    pub idle_timeout: Option<Duration>,
    /// How long the connection may last.
    pub max_lifetime: Option<Duration>,
    /// Whether to agree to half close.
    pub half_close: Option<bool>,
    /// Whether to set TCP_NODELAY.
    pub nodelay: Option<bool>,
}

impl AutobahnOptions {
    /// The settings of the open connection.
    #[must_use]
    pub const fn connection_config(&self) -> ConnectionConfig {
        let mut config = ConnectionConfig::new()
            .auto_fragment(self.auto_fragment)
            .debug(self.debug)
            .idle_timeout(self.idle_timeout)
            .max_lifetime(self.max_lifetime);
        if let Some(compression) = self.compression {
            config = config.compression(compression);
        }
        match self.keepalive {
            Some(Some(keepalive)) => config = config.keepalive(keepalive),
            Some(None) => config = config.without_keepalive(),
            None => {}
        }
        if let Some(timeout) = self.close_timeout {
            config = config.close_timeout(timeout);
        }
        if let Some(half_close) = self.half_close {
            config = config.half_close(half_close);
        }
        config
    }

    pub(super) fn read(arguments: &mut Arguments) -> Result<Self, EndpointError> {
        let mut options = Self {
            auto_fragment: arguments.number("autofrag", "octets")?.unwrap_or(0),
            debug: arguments.flag("debug")?.unwrap_or(false),
            max_head: arguments.read("maxHead", "octets, 1 to 1048576", |text| {
                let octets = text.parse().ok()?;
                (1..=MAX_HEAD).contains(&octets).then_some(octets)
            })?,
            handshake_timeout: arguments.seconds("handshakeTimeout")?,
            close_timeout: arguments.seconds("closeTimeout")?,
            idle_timeout: arguments.seconds("idleTimeout")?,
            max_lifetime: arguments.seconds("maxLifetime")?,
            half_close: arguments.flag("halfClose")?,
            nodelay: arguments.flag("nodelay")?,
            ..Self::default()
        };
        // The specification has `compress`, and Autobahn has `compression`.
        let [key, other] = ["compress", "compression"];
        options.compression = arguments.flag(other)?;
        let at = arguments.start(key);
        if let Some(compress) = arguments.flag(key)? {
            if options.compression == Some(!compress) {
                let kind = EndpointErrorKind::Contradiction { key, other };
                return Err(EndpointError::new(at, kind));
            }
            options.compression = Some(compress);
        }
        if let Some(list) = arguments.text("subprotocol") {
            for name in list.elements() {
                checked(&name, ClientConfig::stream().subprotocol(name.as_str()))?;
                options.subprotocols.push(name.as_str().to_owned());
            }
        }
        while let Some(header) = arguments.text(HEADER) {
            let (name, value) = header
                .as_str()
                .split_once(':')
                .ok_or_else(|| wrong(HEADER, &header, r"NAME\: VALUE"))?;
            let value = value.trim();
            // The client's check is the strictest: it also checks `Origin`.
            checked(&header, ClientConfig::stream().header(name, value))?;
            options.headers.push((name.to_owned(), value.to_owned()));
        }
        let interval = arguments.seconds_or_off("keepalive")?;
        let timeout = arguments.seconds("keepaliveTimeout")?;
        options.keepalive = match (interval, timeout) {
            (Some(Some(interval)), timeout) => {
                let timeout = timeout.unwrap_or_else(|| Keepalive::default().timeout());
                // `seconds` never returns 0.
                Some(Keepalive::new(interval, timeout).ok())
            }
            (off, None) => off.map(|_| None),
            (_, Some(_)) => return Err(arguments.missing("keepalive")),
        };
        Ok(options)
    }

    pub(super) fn write(&self, writer: &mut Writer<'_, '_>) -> fmt::Result {
        writer.some("compression", self.compression)?;
        writer.unless(0, "autofrag", self.auto_fragment)?;
        writer.unless(false, "debug", self.debug)?;
        if !self.subprotocols.is_empty() {
            writer.value("subprotocol", self.subprotocols.join(","))?;
        }
        for (name, value) in &self.headers {
            writer.value(HEADER, format!("{name}: {value}"))?;
        }
        match self.keepalive {
            Some(Some(keepalive)) => {
                writer.value("keepalive", Seconds(keepalive.interval()))?;
                let default = Seconds(Keepalive::default().timeout());
                writer.unless(default, "keepaliveTimeout", Seconds(keepalive.timeout()))?;
            }
            Some(None) => writer.value("keepalive", false)?,
            None => {}
        }
        writer.some("maxHead", self.max_head)?;
        writer.some("handshakeTimeout", self.handshake_timeout.map(Seconds))?;
        writer.some("closeTimeout", self.close_timeout.map(Seconds))?;
        writer.some("idleTimeout", self.idle_timeout.map(Seconds))?;
        writer.some("maxLifetime", self.max_lifetime.map(Seconds))?;
        writer.some("halfClose", self.half_close)?;
        writer.some("nodelay", self.nodelay)
    }
}

/// Shows only the names of header fields, whose values may be credentials.
impl fmt::Debug for AutobahnOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("AutobahnOptions")
            .field("compression", &self.compression)
            .field("auto_fragment", &self.auto_fragment)
            .field("debug", &self.debug)
            .field("subprotocols", &self.subprotocols)
            .field("headers", &headers)
            .field("keepalive", &self.keepalive)
            .field("max_head", &self.max_head)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("close_timeout", &self.close_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("max_lifetime", &self.max_lifetime)
            .field("half_close", &self.half_close)
            .field("nodelay", &self.nodelay)
            .finish()
    }
}

/// The URL, if the text is a URL in place of a descriptor.
pub(super) fn url_of(text: &Text) -> Result<Option<Url>, EndpointError> {
    let is = |scheme: &str| {
        let front = text.as_str().get(..scheme.len());
        front.is_some_and(|front| front.eq_ignore_ascii_case(scheme))
    };
    // The last two are errors that say what to write.
    let schemes = ["ws://", "wss://", "http://", "https://"];
    if schemes.into_iter().any(is) {
        return read_url(text).map(Some);
    }
    Ok(None)
}

/// A listener cannot require a password or a query by its URL, so the URL must not contain one.
pub(super) fn for_a_server(text: &Text, url: &Url) -> Result<(), EndpointError> {
    let Some(kind) = unfit_for_a_server(url) else {
        return Ok(());
    };
    let query = match url.authorization() {
        None => text.as_str().find('?').unwrap_or_default(),
        Some(_) => 0,
    };
    Err(EndpointError::new(text.position(query), kind))
}

/// What a server's URL has that a server would ignore.
pub(crate) fn unfit_for_a_server(url: &Url) -> Option<EndpointErrorKind> {
    let reason = if url.authorization().is_some() {
        "a server asks for no user and password"
    } else if url.query().is_some() {
        "a server takes every query: leave out the `?` and what follows"
    } else {
        return None;
    };
    let (key, of) = ("url", "autobahn");
    Some(EndpointErrorKind::Unsupported { key, of, reason })
}

pub(super) fn url(arguments: &mut Arguments) -> Result<(Url, Text), EndpointError> {
    let text = arguments.text("url");
    let text = text.ok_or_else(|| arguments.missing("url"))?;
    Ok((read_url(&text)?, text))
}

/// Ignores blanks around the URL and around its authority, as in `ws:// localhost:9000`.
fn read_url(text: &Text) -> Result<Url, EndpointError> {
    let mut text = text.trimmed();
    if let Some(scheme) = text.as_str().find("://") {
        let len = text.as_str().len();
        let from = scheme + "://".len();
        let rest = text.as_str().get(from..).unwrap_or_default();
        let to = from + rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = text.slice(from..to).trimmed();
        text = text
            .slice(0..from)
            .then(&authority)
            .then(&text.slice(to..len));
    }
    Url::parse(text.as_str()).map_err(|error| {
        let position = text.position(error.index().unwrap_or_default());
        EndpointError::new(position, EndpointErrorKind::Url(error))
    })
}

pub(super) fn checked<T>(text: &Text, result: Result<T, InvalidField>) -> Result<T, EndpointError> {
    result.map_err(|error| text.error(EndpointErrorKind::Field(error)))
}

/// The key of the wrapped endpoint, as Autobahn's servers name it.
pub(super) const DESCRIPTION: &str = "description";

#[rustfmt::skip]
pub(super) const CLIENT_KEYS: &[&str] = &[
    DESCRIPTION, "url", "compress", "compression", "autofrag", "debug", "subprotocol", HEADER, "keepalive",
    "keepaliveTimeout", "maxHead", "handshakeTimeout", "closeTimeout", "idleTimeout", "maxLifetime", "halfClose",
    "nodelay", "origin", "acceptNoSubprotocol", "redirects",
];

#[rustfmt::skip]
pub(super) const SERVER_KEYS: &[&str] = &[
    DESCRIPTION, "url", "compress", "compression", "autofrag", "debug", "subprotocol", HEADER, "keepalive",
    "keepaliveTimeout", "maxHead", "handshakeTimeout", "closeTimeout", "idleTimeout", "maxLifetime", "halfClose",
    "nodelay", "origins", "hosts", "healthPath",
];
