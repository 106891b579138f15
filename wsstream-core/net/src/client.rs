//! Connecting as a URL, a descriptor or a plan says.

mod follow;
mod redirects;
mod tcp;
mod through;

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use wsstream_core::handshake::ClientConfig;
use wsstream_core::pump::{Connect, Socket, Stream};
use wsstream_core::{InvalidUrl, Url};

use self::follow::follow;
use crate::context::{Context, short};
use crate::descriptor::EndpointError;
use crate::error::{Error, Place};
use crate::host_port::split_zone;
use crate::layers::Outermost;
use crate::log;
use crate::net_socket::NetSocket;
use crate::plan::{
    BindAddress, ClientLayer, ClientPlan, ClientSocket, ClientTlsSource, UnixClient,
};
use crate::proxy::{InvalidProxy, Proxy};
use crate::runtime::Runtime;
use crate::seed::seed;
use crate::tls::{ClientTls, late_tls_error};
use crate::upgraded::Upgraded;

/// Connects a byte stream to a `ws://` or `wss://` URL, configured by [`ClientConfig::stream`].
///
/// # Errors
///
/// `InvalidInput` for an invalid URL; otherwise those of [`ClientEndpoint::open`].
pub async fn connect<R: Runtime>(
    url: &str,
) -> Result<R::Stream<Stream<NetSocket<R>, R::Clock>>, Error> {
    // Boxed: otherwise the caller's task reserves the memory of connecting for as long as it runs.
    let endpoint = Box::new(ClientEndpoint::<R>::url(url, ClientConfig::stream())?);
    Ok(endpoint.open().await?.into_stream())
}

/// Performs the opening handshake as a client over a socket that is already connected: your own TLS, another kind of
/// proxy, a pipe in memory. The URL only says what to ask for. Nothing is dialled, and `wss` adds no TLS: for such a URL,
/// say with [`ClientConfig::assume_secure`] that the socket is secure.
///
/// # Errors
///
/// `InvalidInput` for an invalid URL, and for a `wss` URL without your word. The socket's. If the server refuses, or its
/// response is invalid or late, [`Cause::Handshake`](crate::Cause::Handshake). `Unsupported` if [`Runtime::check`] fails.
pub async fn connect_over<S: Socket + Send + 'static, R: Runtime>(
    socket: S,
    url: &str,
    config: &ClientConfig,
) -> Result<Upgraded<S, R>, Error> {
    R::check()?;
    let url = Url::parse(url)?;
    let connecting = Connect::new(socket, R::clock(), &url, config, seed()?);
    let connecting = connecting.in_span(log::span(url.authority()));
    // Boxed, for the same reason as above.
    match Box::pin(connecting).await {
        Ok(upgraded) => Ok(Upgraded::opened(upgraded)),
        Err(error) => Err(Error::at(Place::of_url(&url), opening_failed("", error))),
    }
}

/// What a client tells of an opening handshake that failed, with whom it does TLS below.
fn opening_failed(tls_with: &str, error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => Context::told(format!("{} in the opening handshake", short(&error)), error),
        None => late_tls_error(tls_with, error),
    }
}

/// Where and how to connect: made from a URL with [`url`](Self::url), parsed from an endpoint descriptor, or made from
/// a [`ClientPlan`]. The methods change the plan; nothing happens before [`connect`](Self::connect) or
/// [`open`](Self::open), which you may call again.
///
/// ```
/// # use std::time::Duration;
/// # use wsstream_core::handshake::ClientConfig;
/// # use wsstream_net::{ClientEndpoint, Error, Runtime, proxy::Proxy};
/// # async fn connect<R: Runtime>() -> Result<(), Error> {
/// let endpoint = ClientEndpoint::<R>::url("wss://example.org/chat", ClientConfig::stream())?
///     .proxy(Proxy::parse("socks5://proxy.example")?)
///     .connect_timeout(Duration::from_secs(5));
/// let stream = endpoint.connect().await?;
///
/// // From a descriptor: WebSocket over a Unix socket.
/// let endpoint: ClientEndpoint<R> = r"autobahn:unix\:/run/chat:url=ws\://localhost/".parse()?;
/// let stream = endpoint.connect().await?;
/// # Ok(())
/// # }
/// ```
pub struct ClientEndpoint<R> {
    plan: ClientPlan,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> ClientEndpoint<R> {
    /// Connects to the host and port of a `ws` or `wss` URL, over TLS if it is `wss`, and opens a WebSocket with the
    /// given configuration.
    ///
    /// The handshake timeout of `config`, 30 seconds by default, limits everything together, as
    /// [`timeout`](Self::timeout) does. Of that, connecting has at most 10 seconds: see
    /// [`connect_timeout`](Self::connect_timeout).
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not such a URL.
    pub fn url(url: &str, config: ClientConfig) -> Result<Self, InvalidUrl> {
        Ok(ClientPlan::url(Url::parse(url)?, config).into())
    }

    /// Connects to a TCP server, given as `HOST:PORT`, with no TLS or WebSocket on top: the target of a
    /// [relay](crate::relay()), for example. IPv6 addresses have brackets, with the zone inside: `[fe80::1%eth0]:22`. The
    /// [`connect_timeout`](Self::connect_timeout) is 10 seconds, so that a relay answers before its client gives up.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `address` is not `HOST:PORT`.
    pub fn tcp(address: &str) -> Result<Self, Error> {
        Ok(ClientPlan::tcp(address)?.into())
    }

    /// Connects through this proxy, which also looks up the name of the host: for every host, this machine too, and
    /// whatever `no_proxy` says. Unix sockets use no proxy.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.plan.proxy = Some(proxy);
        self.plan.proxy_from_env = false;
        self
    }

    /// Connects through the proxy that the environment variables name for the host, or through none: see
    /// [`Proxy::from_env`]. Hosts of this machine, Unix sockets and addresses with a zone use no proxy.
    ///
    /// # Errors
    ///
    /// Returns an error if the variable's value is not the URL of a proxy.
    pub fn proxy_from_env(mut self) -> Result<Self, InvalidProxy> {
        if let ClientSocket::Tcp(tcp) = &self.plan.socket {
            let tls = self.plan.has_tls();
            self.plan.proxy = match split_zone(&tcp.host) {
                // Only this machine knows which of its networks that is.
                Some(_) => None,
                None => Proxy::from_env(tls, &tcp.host, tcp.port)?,
            };
            self.plan.proxy_from_env = true;
        }
        Ok(self)
    }

    /// Uses these TLS settings in every TLS layer of the plan. The name that the server's certificate must be valid for
    /// stays the same. It adds no TLS to a plan without it, such as that of a `ws` URL; but a
    /// [redirect](Self::redirects) from there to `wss` uses the settings, without a client's certificate. TLS with a
    /// proxy is no layer of the plan: see [`Proxy::tls`].
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.plan.redirect_tls = Some(tls.clone());
        for layer in &mut self.plan.layers {
            if let ClientLayer::Tls(layer) = layer {
                layer.source = ClientTlsSource::Given(tls.clone());
            }
        }
        self
    }

    /// Connects to this Unix socket instead of the host and port of the URL or descriptor. TLS and the request stay the
    /// same.
    #[must_use]
    pub fn unix(mut self, path: impl AsRef<Path>) -> Self {
        let timeout = match &self.plan.socket {
            ClientSocket::Tcp(tcp) => tcp.timeout,
            ClientSocket::Unix(unix) => unix.timeout,
        };
        self.plan.socket = ClientSocket::Unix(UnixClient::new(path.as_ref(), timeout));
        self
    }

    /// Connects from this local address: an [`IpAddr`](std::net::IpAddr), or a [`SocketAddr`](std::net::SocketAddr) to
    /// choose the port too. Only for TCP.
    #[must_use]
    pub fn bind_address(mut self, address: impl Into<BindAddress>) -> Self {
        if let ClientSocket::Tcp(tcp) = &mut self.plan.socket {
            tcp.bind_address = Some(address.into());
        }
        self
    }

    /// Whether to set TCP_NODELAY, so that short writes leave at once. Default: `true`.
    #[must_use]
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        if let ClientSocket::Tcp(tcp) = &mut self.plan.socket {
            tcp.nodelay = nodelay;
        }
        self
    }

    /// Limits the time to connect the socket: name look-up, all addresses of the name, and the proxy. Default: 10
    /// seconds; for a descriptor its key `timeout`, 30 unless it says otherwise. It ends earlier with the
    /// [`timeout`](Self::timeout).
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        match &mut self.plan.socket {
            ClientSocket::Tcp(tcp) => tcp.timeout = timeout,
            ClientSocket::Unix(unix) => unix.timeout = timeout,
        }
        self
    }

    /// Limits the time of everything together: connecting, TLS and opening handshakes. Within that, each opening
    /// handshake keeps the timeout of its [`ClientConfig`]. Default: for a URL the handshake timeout of its
    /// configuration, 30 seconds unless set otherwise; for a descriptor the sum of its `timeout` and of the timeouts of
    /// its opening handshakes.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.plan.timeout = timeout;
        self
    }

    /// Follows up to `most` redirects of a WebSocket server, one after the other: the statuses 301, 302, 303, 307 and
    /// 308 with a `Location` of `ws`, `wss`, `http` or `https`, or a relative one. Default: 0, so that a redirect is
    /// the error that every other refusal is. It applies to every WebSocket layer of the plan.
    ///
    /// With redirects, the server decides where you connect. Follow those of servers that you trust with that, and none
    /// where your program can reach what the server cannot.
    ///
    /// - **Never from TLS to plain.** A redirect from `wss` to `ws` or `http` is an error.
    /// - **Credentials stay.** To another origin, that is another scheme, host or port, go neither the URL's user and
    ///   password, nor the certificate of the client, nor the fields that you have set, such as `Authorization`,
    ///   `Cookie`, `Host` or `X-Api-Key`. Only `Accept-Language`, `Origin` and `User-Agent` go, and the names of the
    ///   subprotocols: put no token in one. What was left behind is not sent again, even if the way leads back. A
    ///   `Location` with a user is an error. Cookies that a redirect sets are not kept.
    /// - **An endpoint that was given stays.** A Unix socket, a TCP or TLS endpoint other than the URL's host and port,
    ///   and a WebSocket over another one can be asked for another path, but a redirect to another origin is an
    ///   error. Otherwise host and port change, and so does the name that the certificate must be valid for; the source
    ///   address, the trusted authorities and the limits stay. A [`proxy`](Self::proxy) that was given stays, that of
    ///   the [environment](Self::proxy_from_env) is looked up again.
    /// - **One limit for all.** The [`timeout`](Self::timeout) is for all connections together. Each is closed
    ///   before the next begins.
    ///
    /// ```
    /// # use wsstream_core::handshake::ClientConfig;
    /// # use wsstream_net::{ClientEndpoint, Runtime};
    /// # fn endpoint<R: Runtime>() -> Result<ClientEndpoint<R>, wsstream_core::InvalidUrl> {
    /// let endpoint = ClientEndpoint::url("ws://example.org/chat", ClientConfig::stream())?.redirects(5);
    /// # Ok(endpoint)
    /// # }
    /// ```
    #[must_use]
    pub fn redirects(mut self, most: u8) -> Self {
        for layer in &mut self.plan.layers {
            if let ClientLayer::WebSocket(layer) = layer {
                layer.redirects = most;
            }
        }
        self
    }

    /// What [`connect`](Self::connect) does, as data. It prints one line for each layer.
    pub const fn plan(&self) -> &ClientPlan {
        &self.plan
    }

    /// Connects, and returns the stream of the outermost layer.
    ///
    /// If a name has several addresses, they race as RFC 8305 describes: the next attempt starts when one has failed,
    /// or after 250 ms.
    ///
    /// # Errors
    ///
    /// An [`Error`] that names the URL, with one of these causes:
    ///
    /// * [`Dial`](crate::Cause::Dial) tells every address that was tried; [`Io`](crate::Cause::Io) for Unix sockets.
    /// * [`Proxy`](crate::Cause::Proxy): the proxy opened no tunnel. Its text names the proxy, as that of TLS with it
    ///   does.
    /// * [`Tls`](crate::Cause::Tls): `InvalidData` if the server's certificate is not accepted. `Io` for certificate
    ///   files.
    /// * [`Handshake`](crate::Cause::Handshake): the server refused, or is no WebSocket server.
    /// * [`Redirect`](crate::Cause::Redirect): [redirects](Self::redirects) lead nowhere.
    /// * [`TimedOut`](crate::Cause::TimedOut), unless one of the above tells of the time.
    /// * [`Unsupported`](crate::Cause::Unsupported): TLS without the feature `rustls`, or Unix sockets where the system
    ///   has none. `Io` of the kind `Unsupported` if [`Runtime::check`] fails.
    pub async fn connect(&self) -> Result<R::Stream<NetSocket<R>>, Error> {
        // Boxed: otherwise the caller's task reserves the memory of connecting for as long as it runs.
        let outermost = Box::pin(follow::<R>(&self.plan)).await?;
        Ok(outermost.into_socket().into())
    }

    /// As [`connect`](Self::connect), but returns the WebSocket itself, when you want whole messages, or to look at
    /// what was negotiated.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect). `Unsupported`, before connecting, if the last layer of the plan is not a
    /// WebSocket.
    pub async fn open(&self) -> Result<Upgraded<NetSocket<R>, R>, Error> {
        let no_websocket = || {
            let reason = "the plan of the client has no WebSocket on top";
            io::Error::new(io::ErrorKind::Unsupported, reason)
        };
        if !self.plan.has_websocket_on_top() {
            return Err(no_websocket().into());
        }
        match Box::pin(follow::<R>(&self.plan)).await? {
            Outermost::WebSocket(upgraded) => Ok(upgraded),
            Outermost::Socket(_) => Err(no_websocket().into()),
        }
    }
}

impl<R> Clone for ClientEndpoint<R> {
    fn clone(&self) -> Self {
        let (plan, runtime) = (self.plan.clone(), PhantomData);
        Self { plan, runtime }
    }
}

impl<R> fmt::Debug for ClientEndpoint<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientEndpoint").field(&self.plan).finish()
    }
}

impl<R> From<ClientPlan> for ClientEndpoint<R> {
    fn from(plan: ClientPlan) -> Self {
        let runtime = PhantomData;
        Self { plan, runtime }
    }
}

impl<R: Runtime> FromStr for ClientEndpoint<R> {
    type Err = EndpointError;

    /// Parses an endpoint descriptor, or a `ws` or `wss` URL with the defaults of a descriptor.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Ok(ClientPlan::parse(text)?.into())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
