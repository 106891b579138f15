//! Listening as an endpoint descriptor or a plan says.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::str::FromStr;

use crate::descriptor::EndpointError;
use crate::listener::{Listener, StdListener};
use crate::plan::{ServerLayer, ServerPlan, ServerSocket, ServerTlsSource};
use crate::runtime::Runtime;
use crate::tls::ServerTls;

/// Where to listen, and what to do with each connection: parsed from an endpoint descriptor or a `ws` URL, or made from
/// a [`ServerPlan`].
///
/// The [grammar](crate::descriptor) lists the types and keys. The types `stdio`, `systemd`, `haproxy` and `exec` belong
/// to the forwarder command: parsing one fails with an
/// [`UnsupportedEndpoint`](crate::descriptor::UnsupportedEndpoint).
///
/// ```
/// # fn parse<R: wsstream_net::Runtime>() -> Result<(), wsstream_net::descriptor::EndpointError> {
/// use wsstream_net::ServerEndpoint;
///
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

    /// Asks the system for an accept queue of this length. The default is the descriptor's `backlog`, 4096 unless it is
    /// given. The system may allow less.
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
    /// Of several addresses of a name, it takes the first one that can be bound.
    ///
    /// # Errors
    ///
    /// The system's, with the address or the path; `AddrInUse` if another server listens on a Unix socket;
    /// `InvalidInput`, or the file system's, for certificates that cannot be loaded. `Unsupported` with an
    /// [`UnsupportedEndpoint`](crate::descriptor::UnsupportedEndpoint) inside for TLS without the feature `rustls` and
    /// for Unix sockets where the system has none; `Unsupported` too if [`Runtime::check`] fails.
    pub async fn listen(&self) -> io::Result<Listener<R>> {
        Listener::open(&self.plan).await
    }

    /// Loads the certificates, and accepts from a socket that already listens instead of the plan's: one that you have
    /// set up yourself, or one that systemd has passed on. Everything above the socket is done as the plan says.
    ///
    /// # Errors
    ///
    /// As [`listen`](Self::listen), but for those of binding.
    pub async fn listen_on(&self, listener: impl Into<StdListener>) -> io::Result<Listener<R>> {
        Listener::open_on(&self.plan, listener.into()).await
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
