//! Listening as an endpoint descriptor or a plan says.

use std::fmt;
use std::marker::PhantomData;
#[cfg(unix)]
use std::path::Path;
use std::str::FromStr;

use wsstream_core::handshake::ServerConfig;

use crate::descriptor::EndpointError;
use crate::error::Error;
use crate::listener::{Listener, StdListener};
use crate::plan::{ServerLayer, ServerPlan, ServerSocket, ServerTlsSource};
use crate::runtime::Runtime;
use crate::tls::ServerTls;

/// Where to listen, and what to do with each connection: parsed from an endpoint descriptor or a `ws` URL, or made from
/// an address or a [`ServerPlan`].
///
/// The [grammar](crate::descriptor) lists the types and keys. The types `stdio`, `systemd`, `haproxy` and `exec` belong
/// to the forwarder command: parsing one fails with an
/// [`UnsupportedEndpoint`](crate::descriptor::UnsupportedEndpoint).
///
/// ```
/// # fn parse<R: wsstream_net::Runtime>() -> Result<(), wsstream_net::descriptor::EndpointError> {
/// # use wsstream_net::ServerEndpoint;
/// let endpoint: ServerEndpoint<R> = r"autobahn:tcp\:9000:url=ws\://localhost\:9000/chat".parse()?;
/// println!("{}", endpoint.plan());
/// // In async code: `let mut listener = endpoint.listen().await?;`
/// # Ok(())
/// # }
/// ```
pub struct ServerEndpoint<R> {
    plan: ServerPlan,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> ServerEndpoint<R> {
    /// Listens at `HOST:PORT` for WebSocket connections, with the given configuration. IPv6 addresses have brackets.
    ///
    /// ```
    /// # async fn serve<R: wsstream_net::Runtime>() -> Result<(), wsstream_net::Error> {
    /// # use wsstream_core::handshake::ServerConfig;
    /// # use wsstream_net::ServerEndpoint;
    /// let endpoint = ServerEndpoint::<R>::websocket("localhost:9000", ServerConfig::stream())?;
    /// let mut listener = endpoint.backlog(128).listen().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `address` is not `HOST:PORT`.
    pub fn websocket(address: &str, config: ServerConfig) -> Result<Self, Error> {
        Ok(ServerPlan::websocket(address, config)?.into())
    }

    /// Listens on a Unix socket for WebSocket connections, with the given configuration. What
    /// [`Listener::bind_unix`] says of the socket's file holds here, too.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the path is not UTF-8.
    #[cfg(unix)]
    pub fn websocket_unix(path: impl AsRef<Path>, config: ServerConfig) -> Result<Self, Error> {
        Ok(ServerPlan::websocket_unix(path, config)?.into())
    }

    /// Listens at `HOST:PORT` for TCP connections, with no TLS or WebSocket on top: the near end of a tunnel, for
    /// example. IPv6 addresses have brackets.
    ///
    /// ```
    /// # async fn serve<R: wsstream_net::Runtime>() -> Result<(), wsstream_net::Error> {
    /// # use wsstream_net::ServerEndpoint;
    /// let mut listener = ServerEndpoint::<R>::tcp("localhost:5432")?.listen().await?;
    /// while let Some(incoming) = listener.accept().await {
    ///     let stream = incoming.accept().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `address` is not `HOST:PORT`.
    pub fn tcp(address: &str) -> Result<Self, Error> {
        Ok(ServerPlan::tcp(address)?.into())
    }

    /// What [`listen`](Self::listen) does, as data. It prints one line for each layer.
    pub const fn plan(&self) -> &ServerPlan {
        &self.plan
    }

    /// Uses these TLS settings in every TLS layer of the plan, whose certificate files are not read then. It adds no TLS
    /// to a plan without it: [`Listener::tls`] does.
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        for layer in &mut self.plan.layers {
            if let ServerLayer::Tls(layer) = layer {
                layer.source = ServerTlsSource::Given(tls.clone());
            }
        }
        self
    }

    /// Sets TCP_NODELAY on each connection, so that small writes leave at once. The default is what the descriptor says:
    /// `true` unless it has `nodelay=0`.
    #[must_use]
    pub const fn nodelay(mut self, nodelay: bool) -> Self {
        self.plan.nodelay = nodelay;
        self
    }

    /// Asks the system for an accept queue of this length, one for each address. The default is the descriptor's
    /// `backlog`, 4096 unless it is given. The system may allow less: Linux as much as `net.core.somaxconn` says.
    #[must_use]
    pub const fn backlog(mut self, backlog: u32) -> Self {
        match &mut self.plan.socket {
            ServerSocket::Tcp(tcp) => tcp.backlog = backlog,
            ServerSocket::Unix(unix) => unix.backlog = backlog,
        }
        self
    }

    /// Loads the certificates, binds the socket, and starts to listen.
    ///
    /// A name is bound at all its addresses, or at none: `localhost`, for example, at `127.0.0.1` and `[::1]` where the
    /// resolver has both. Addresses that this machine does not have are passed over as long as there is one that it
    /// has, with a warning in the log (feature `tracing`). With port 0 the system chooses one port for all addresses:
    /// see [`Listener::local_addrs`]. To listen at all addresses of the machine, name `0.0.0.0` for those of IPv4, and
    /// `[::]` for those of IPv6 and on most systems IPv4.
    ///
    /// # Errors
    ///
    /// The system's, with the address or the path; `AddrInUse` if another server listens on a Unix socket;
    /// `InvalidInput`, or the file system's, for certificates that cannot be loaded. `Unsupported` with an
    /// [`UnsupportedEndpoint`](crate::descriptor::UnsupportedEndpoint) inside for TLS without the feature `rustls` and
    /// for Unix sockets where the system has none; `Unsupported` too if [`Runtime::check`] fails.
    pub async fn listen(&self) -> Result<Listener<R>, Error> {
        Ok(Listener::open(&self.plan).await?)
    }

    /// Loads the certificates, and accepts from sockets that already listen instead of the plan's: those that you have
    /// set up yourself, or those that systemd has passed on. Everything above the sockets is done as the plan says.
    ///
    /// # Errors
    ///
    /// As [`listen`](Self::listen), but for those of binding. `InvalidInput` if there is no socket.
    pub async fn listen_on(&self, listener: impl Into<StdListener>) -> Result<Listener<R>, Error> {
        Ok(Listener::open_on(&self.plan, listener.into()).await?)
    }
}

impl<R> Clone for ServerEndpoint<R> {
    fn clone(&self) -> Self {
        Self {
            plan: self.plan.clone(),
            runtime: PhantomData,
        }
    }
}

impl<R> fmt::Debug for ServerEndpoint<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerEndpoint").field(&self.plan).finish()
    }
}

impl<R: Runtime> From<ServerPlan> for ServerEndpoint<R> {
    fn from(plan: ServerPlan) -> Self {
        let runtime = PhantomData;
        Self { plan, runtime }
    }
}

impl<R: Runtime> FromStr for ServerEndpoint<R> {
    type Err = EndpointError;

    /// Parses an endpoint descriptor, or a `ws` URL with the defaults of a descriptor.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Ok(ServerPlan::parse(text)?.into())
    }
}
