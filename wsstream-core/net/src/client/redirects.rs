//! Redirects: RFC 9110 §15.4. After each response that redirects, the plan for the next connection.
//!
//! What may follow a redirect, and what has to stay behind, is said at
//! [`ClientEndpoint::redirects`](crate::ClientEndpoint::redirects).

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use wsstream_core::handshake::{ClientConfig, HandshakeError, Response};
use wsstream_core::{InvalidUrl, Url};

use crate::host_port::host_and_zone;
use crate::plan::{
    ClientLayer, ClientPlan, ClientSocket, ClientTlsLayer, ClientTlsSource, TcpClient,
    WebSocketClient,
};
use crate::proxy::Proxy;

/// Why a redirect was not followed. It is inside an `io::Error`: of the kind `InvalidData` if the `Location` is not a URL
/// to follow, otherwise `ConnectionRefused`.
///
/// ```
/// # use wsstream_net::RedirectError;
/// fn tell(error: &RedirectError) {
///     println!("{error}");
///     if let Some(last) = error.chain.last() {
///         println!("is the server at {last} now?");
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedirectError {
    /// The reason.
    pub kind: RedirectErrorKind,
    /// The URLs that were asked for, in order, and the last one, which was not, if it is a URL. They have no user, no
    /// password and no query.
    pub chain: Vec<Url>,
    /// The last response, which redirects.
    pub response: Box<Response>,
}

/// The reason in a [`RedirectError`].
///
/// ```
/// # use wsstream_net::{RedirectError, RedirectErrorKind};
/// fn may_allow_more(error: &RedirectError) -> bool {
///     matches!(error.kind, RedirectErrorKind::TooMany(_))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectErrorKind {
    /// It leads to another origin, but the endpoint was given, and is not simply the host and the port of the URL: a
    /// Unix socket, another address, WebSocket over WebSocket.
    GivenEndpoint,
    /// The `Location` is not a URL that a WebSocket client can ask for.
    Location(InvalidUrl),
    /// It leads to a URL that was asked for already.
    Loop,
    /// It leads from TLS to a URL without.
    ToPlain,
    /// There were as many redirects before as the limit allows; the limit.
    TooMany(u8),
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.response.status();
        match &self.kind {
            RedirectErrorKind::GivenEndpoint => write!(
                f,
                "redirected to another server, HTTP {status}, but where to connect was given apart from the URL: \
                 give the new URL and where to connect for it"
            )?,
            RedirectErrorKind::Location(error) => {
                write!(f, "redirected to no WebSocket URL, HTTP {status}, {error}")?;
            }
            RedirectErrorKind::Loop => write!(f, "redirected in a circle, HTTP {status}")?,
            RedirectErrorKind::ToPlain => write!(
                f,
                "redirected from TLS to a URL without, HTTP {status}, which is never followed"
            )?,
            RedirectErrorKind::TooMany(most) => {
                let s = if *most == 1 { "" } else { "s" };
                write!(
                    f,
                    "redirected more than {most} time{s}, the setting `redirects`, HTTP {status}"
                )?;
            }
        }
        for (index, url) in self.chain.iter().enumerate() {
            let scheme = if url.is_secure() { "wss" } else { "ws" };
            let path = url.path();
            // A URL is ASCII.
            let shown = path.get(..PATH_SHOWN).unwrap_or(path);
            let cut = if shown.len() < path.len() { "..." } else { "" };
            let before = if index == 0 { ": " } else { " -> " };
            write!(f, "{before}{scheme}://{}{shown}{cut}", url.authority())?;
        }
        Ok(())
    }
}

/// It has no source: what is wrong with a `Location` is in the text.
impl Error for RedirectError {}

impl From<RedirectError> for io::Error {
    fn from(error: RedirectError) -> Self {
        let kind = match error.kind {
            RedirectErrorKind::Location(_) => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::ConnectionRefused,
        };
        Self::new(kind, error)
    }
}

/// Why a plan could not be followed, and in which layer if it was a WebSocket.
pub(super) struct Failed {
    layer: Option<usize>,
    error: io::Error,
}

impl Failed {
    pub(super) const fn at(layer: usize, error: io::Error) -> Self {
        let layer = Some(layer);
        Self { layer, error }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        let layer = None;
        Self { layer, error }
    }
}

/// The redirects that were followed so far: which WebSocket of the plan, from the lowest up, and the URL that it asked for.
#[derive(Default)]
pub(super) struct Redirects(Vec<(usize, Url)>);

impl Redirects {
    /// The plan for the next connection, if the last one was redirected and the plan wants to follow.
    ///
    /// # Errors
    ///
    /// Otherwise that of the last connection, or a [`RedirectError`].
    pub(super) fn next_plan(
        &mut self,
        plan: &ClientPlan,
        failed: Failed,
    ) -> io::Result<ClientPlan> {
        let Failed { layer, error } = failed;
        let layer = layer.and_then(|index| Some((index, plan.layers.get(index)?)));
        let Some((index, ClientLayer::WebSocket(websocket))) = layer else {
            return Err(error);
        };
        match redirect(&error) {
            Some((response, location)) if websocket.redirects > 0 => {
                self.follow(plan, index, websocket, response, location)
            }
            _ => Err(error),
        }
    }

    /// The URL of the outermost WebSocket, if redirects have led to it.
    pub(super) fn led_to(&self, plan: &ClientPlan) -> Option<Url> {
        let top = plan.layers.len().checked_sub(1)?;
        let number = number(plan, top);
        let is_redirected = self.0.iter().any(|(other, _)| *other == number);
        match plan.layers.last() {
            Some(ClientLayer::WebSocket(websocket)) if is_redirected => {
                Some(websocket.url.clone().without_credentials())
            }
            _ => None,
        }
    }

    fn follow(
        &mut self,
        plan: &ClientPlan,
        index: usize,
        websocket: &WebSocketClient,
        response: &Response,
        location: &[u8],
    ) -> io::Result<ClientPlan> {
        let from = &websocket.url;
        let number = number(plan, index);
        self.0.push((number, from.clone().without_credentials()));
        let of_layer = self.0.iter().filter(|(other, _)| *other == number);
        let asked: Vec<_> = of_layer.map(|(_, url)| url).collect();
        let failed = |kind, to: Option<&Url>| RedirectError {
            kind,
            chain: asked
                .iter()
                .map(|url| url.redacted())
                .chain(to.map(Url::redacted))
                .collect(),
            response: Box::new(response.clone()),
        };
        let to = target(from, location)
            .map_err(|error| failed(RedirectErrorKind::Location(error), None))?;
        let failed = |kind| failed(kind, Some(&to));
        let is_same = from.is_same_origin(&to);
        // What counts is what the user was promised: by the URL, or by a TLS layer under a `ws` URL.
        let mut below = plan.layers.iter().take(index);
        let is_tls = below.any(|layer| matches!(layer, ClientLayer::Tls(_)));
        if !is_same && !to.is_secure() && (from.is_secure() || is_tls) {
            return Err(failed(RedirectErrorKind::ToPlain).into());
        }
        if asked.contains(&&to) {
            return Err(failed(RedirectErrorKind::Loop).into());
        }
        if asked.len() > usize::from(websocket.redirects) {
            return Err(failed(RedirectErrorKind::TooMany(websocket.redirects)).into());
        }
        let next = if is_same {
            let url = to.clone().with_credentials_of(from);
            Some(at_the_same_origin(plan, index, url))
        } else {
            at_another_origin(plan, &to)?
        };
        let next = next.ok_or_else(|| failed(RedirectErrorKind::GivenEndpoint))?;
        log(response, from, &to);
        Ok(next)
    }
}

/// Which WebSocket of the plan this layer is, from the lowest up. The index would change with TLS that is added below.
fn number(plan: &ClientPlan, index: usize) -> usize {
    let is_websocket = |layer: &&ClientLayer| matches!(layer, ClientLayer::WebSocket(_));
    plan.layers.iter().take(index).filter(is_websocket).count()
}

/// The response and the `Location` that redirect, if the error is that. With several that differ, nobody knows which one
/// counts. Unlike [`Response::location`], this also has what is no URI, for an error that says what is wrong with it.
fn redirect(error: &io::Error) -> Option<(&Response, &[u8])> {
    let inner = error.get_ref()?.downcast_ref()?;
    let HandshakeError::Refused(response) = inner else {
        return None;
    };
    let mut locations = response.headers().get_all("Location");
    let location = locations.next()?;
    let is_one = locations.all(|other| other == location);
    // RFC 9110 §15.4: 300 offers a choice, 304 and 305 do not redirect.
    let redirects = matches!(response.status(), 301 | 302 | 303 | 307 | 308);
    (redirects && is_one && !location.is_empty()).then_some((response, location))
}

/// RFC 9110 §10.2.2: where a `Location` leads from this URL. It has no user and no password.
fn target(from: &Url, location: &[u8]) -> Result<Url, InvalidUrl> {
    match std::str::from_utf8(location) {
        Ok(location) => from.join(location),
        Err(error) => Err(InvalidUrl::Syntax(error.valid_up_to())),
    }
}

/// The plan asks for another URL in one layer, and stays the same otherwise.
fn at_the_same_origin(plan: &ClientPlan, index: usize, url: Url) -> ClientPlan {
    let mut plan = plan.clone();
    if let Some(ClientLayer::WebSocket(websocket)) = plan.layers.get_mut(index) {
        websocket.url = url;
    }
    plan
}

/// The plan for another server, without all that may be a secret between the user and the server before. `None` unless
/// the plan leads to the URL's host and port, and has only the layers that the URL needs.
fn at_another_origin(plan: &ClientPlan, to: &Url) -> io::Result<Option<ClientPlan>> {
    let (ClientSocket::Tcp(tcp), Some((tls, websocket))) = (&plan.socket, layers(plan)) else {
        return Ok(None);
    };
    let from = &websocket.url;
    if !tcp.host.eq_ignore_ascii_case(&host_and_zone(from)) || tcp.port != from.port() {
        return Ok(None);
    }
    let mut layers = Vec::new();
    if to.is_secure() {
        layers.push(ClientLayer::Tls(ClientTlsLayer {
            server_name: to.host().to_owned(),
            source: tls_source(plan, tls),
            websocket: true,
        }));
    }
    let config = ClientConfig::clone(&websocket.config)
        .retain_headers(|name| {
            HARMLESS
                .iter()
                .any(|harmless| harmless.eq_ignore_ascii_case(name))
        })
        // That was said of the socket before.
        .assume_secure(false);
    layers.push(ClientLayer::WebSocket(WebSocketClient {
        url: to.clone(),
        config: Arc::new(config),
        redirects: websocket.redirects,
    }));
    let proxy = match plan.proxy_from_env {
        true if to.zone().is_none() => Proxy::from_env(to.is_secure(), to.host(), to.port())?,
        true => None,
        false => plan.proxy.clone(),
    };
    Ok(Some(ClientPlan {
        socket: ClientSocket::Tcp(TcpClient {
            host: host_and_zone(to),
            port: to.port(),
            ..tcp.clone()
        }),
        proxy,
        layers,
        ..plan.clone()
    }))
}

/// The layers, if there are only those that the URL asks for.
fn layers(plan: &ClientPlan) -> Option<(Option<&ClientTlsLayer>, &WebSocketClient)> {
    match &*plan.layers {
        [ClientLayer::WebSocket(websocket)] if !websocket.url.is_secure() => {
            Some((None, websocket))
        }
        [ClientLayer::Tls(tls), ClientLayer::WebSocket(websocket)]
            if websocket.url.is_secure()
                && tls.server_name.eq_ignore_ascii_case(websocket.url.host()) =>
        {
            Some((Some(tls), websocket))
        }
        _ => None,
    }
}

/// The same authorities, but no certificate of the client.
fn tls_source(plan: &ClientPlan, tls: Option<&ClientTlsLayer>) -> ClientTlsSource {
    let given = match tls.map(|tls| &tls.source) {
        Some(ClientTlsSource::Files { trust_roots, .. }) => {
            return ClientTlsSource::Files {
                trust_roots: trust_roots.clone(),
                identity: None,
            };
        }
        Some(ClientTlsSource::Given(tls)) => Some(tls),
        None => plan.redirect_tls.as_ref(),
    };
    match given {
        Some(tls) => ClientTlsSource::Given(tls.without_identity()),
        None => ClientTlsSource::Files {
            trust_roots: None,
            identity: None,
        },
    }
}

/// Logs that a redirect is followed, without the secrets of the URLs.
fn log(response: &Response, from: &Url, to: &Url) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "wsstream",
        status = response.status(),
        from = %from.redacted(),
        to = %to.redacted(),
        "redirected"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (response, from, to);
}

/// The fields that go to another origin. All others may hold credentials, whatever their names are.
const HARMLESS: &[&str] = &["Accept-Language", "Origin", "User-Agent"];

/// How many characters of each path an error shows.
const PATH_SHOWN: usize = 128;

#[cfg(test)]
#[cfg(unix)]
mod tests;
