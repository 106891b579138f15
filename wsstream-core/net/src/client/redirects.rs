//! Redirects: RFC 9110 §15.4. After each response that redirects, the plan for the next connection.
//!
//! What may follow a redirect, and what has to stay behind, is said at
//! [`ClientEndpoint::redirects`](crate::ClientEndpoint::redirects).

use std::io;
use std::sync::Arc;

use wsstream_core::handshake::{ClientConfig, HandshakeError, Response};
use wsstream_core::{InvalidUrl, Url};

use crate::error::Place;
use crate::host_port::{HostPort, host_and_zone};
use crate::plan::{
    ClientLayer, ClientPlan, ClientSocket, ClientTlsLayer, ClientTlsSource, TcpClient,
    WebSocketClient,
};
use crate::proxy::Proxy;
use crate::redirect_error::{RedirectError, RedirectErrorKind, shown};

/// Why a plan could not be followed, and in which layer, unless it was the socket.
pub(super) struct Failed {
    pub(super) layer: Option<usize>,
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

    /// Where the plan was when it failed in this layer: the URL of the WebSocket that this was for, or else the
    /// socket's address.
    pub(super) fn place(&self, plan: &ClientPlan, layer: Option<usize>) -> Place {
        let lowest = layer.unwrap_or_default();
        let mut above = plan.layers.iter().enumerate().skip(lowest);
        let url = above.find_map(|(index, layer)| match layer {
            ClientLayer::WebSocket(websocket) => Some((index, &websocket.url)),
            ClientLayer::Tls(_) => None,
        });
        match (url, &plan.socket) {
            (Some((index, url)), _) => {
                let place = Place::of_url(url);
                let first = self.first_of(number(plan, index)).map(shown);
                Place {
                    redirected_from: first.filter(|first| *first != place.at),
                    ..place
                }
            }
            (None, ClientSocket::Tcp(tcp)) => Place::new(HostPort(&tcp.host, tcp.port).to_string()),
            (None, ClientSocket::Unix(unix)) => Place::new(unix.path.display().to_string()),
        }
    }

    /// The first URL that a WebSocket of the plan has asked for, if that was redirected.
    fn first_of(&self, number: usize) -> Option<&Url> {
        let mut asked = self.0.iter();
        asked.find_map(|(other, url)| (*other == number).then_some(url))
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

#[cfg(test)]
#[cfg(unix)]
mod tests;
