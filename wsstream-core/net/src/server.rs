//! Accepting what a descriptor says.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;

use super::invalid;
use crate::endpoint::{ServerLayer, ServerPlan, TlsServer, about};
use crate::handshake::{Request, ServerConfig};
use crate::pump::timer::Timer;
use crate::pump::{Accept, Permit, Stream, Transport};

/// TLS, as a runtime offers it to servers, and one type for all that comes of it.
pub trait EndpointLayers {
    /// A socket, TLS or WebSocket over another one, and a clock.
    type Io: Transport + Unpin;

    /// A clock alone.
    type Timer: Timer;

    /// How TLS is done.
    type Tls;

    /// A clock.
    fn timer(&self) -> Self::Timer;

    /// Reads the certificates. `websocket` tells whether that is what goes over TLS.
    fn read_tls(
        &self,
        tls: &TlsServer,
        websocket: bool,
    ) -> impl Future<Output = io::Result<Self::Tls>>;

    /// Does TLS, in so much time at most.
    fn secure(
        &self,
        io: Self::Io,
        tls: &Self::Tls,
        limit: Duration,
    ) -> impl Future<Output = io::Result<Self::Io>>;

    /// Takes a WebSocket for one more layer.
    fn websocket(&self, stream: Stream<Self::Io>, request: Option<Request>) -> Self::Io;
}

/// What is done over each connection of a server: TLS and WebSocket, in their order.
#[derive(Debug)]
pub struct EndpointServer<L: EndpointLayers> {
    layers: L,
    steps: Vec<Step<L::Tls>>,
    limit: Duration,
    nodelay: bool,
}

#[derive(Debug)]
enum Step<T> {
    Tls(T),
    WebSocket(Arc<ServerConfig>),
}

impl<L: EndpointLayers> EndpointServer<L> {
    /// Makes ready what the plan says, so that what is wrong with it is known before it listens.
    ///
    /// # Errors
    ///
    /// Those of reading certificates.
    pub async fn new(layers: L, plan: &ServerPlan) -> io::Result<Self> {
        let mut steps = Vec::new();
        for (index, layer) in plan.layers.iter().enumerate() {
            steps.push(match layer {
                ServerLayer::Tls(tls) => {
                    let websocket = plan.is_below_websocket(index);
                    Step::Tls(layers.read_tls(tls, websocket).await?)
                }
                ServerLayer::WebSocket(autobahn) => {
                    Step::WebSocket(Arc::new(autobahn.server().map_err(invalid)?))
                }
            });
        }
        Ok(Self {
            layers,
            steps,
            limit: plan.limit,
            nodelay: plan.nodelay,
        })
    }

    /// Whether to set TCP_NODELAY.
    pub const fn is_nodelay(&self) -> bool {
        self.nodelay
    }

    /// How long a closing handshake may take.
    pub fn closing(&self) -> Duration {
        match self.steps.last() {
            Some(Step::WebSocket(server)) => server.connection_config().timeout(),
            _ => ServerConfig::stream().connection_config().timeout(),
        }
    }

    /// Does all handshakes over a connection. The plan's limit is a total for TLS and the first WebSocket.
    ///
    /// The outermost layer has the permit if it is a WebSocket, which is then told when the listener shuts
    /// down. Else the permit comes back, to be kept as long as the stream is.
    ///
    /// # Errors
    ///
    /// Those of the handshakes.
    pub async fn accept(
        &self,
        mut io: L::Io,
        permit: Permit,
    ) -> io::Result<(L::Io, Option<Permit>)> {
        let timer = self.layers.timer();
        let ends = timer.now() + self.limit;
        let mut permit = Some(permit);
        let mut first = true;
        for (index, step) in self.steps.iter().enumerate() {
            io = match step {
                Step::Tls(tls) => self.layers.secure(io, tls, ends - timer.now()).await?,
                Step::WebSocket(server) => {
                    let server = Arc::clone(server);
                    let outermost = index + 1 == self.steps.len();
                    let mut accept = match permit.take_if(|_| outermost) {
                        Some(permit) => Accept::with_permit(io, server, permit),
                        None => Accept::new(io, server),
                    };
                    if first {
                        accept = accept.within(ends - timer.now());
                        first = false;
                    }
                    let opened = accept.await?.accept().await?;
                    let request = opened.request().cloned();
                    self.layers.websocket(opened.into_stream(), request)
                }
            };
        }
        Ok((io, permit))
    }
}

/// Listens on the first address that can be had.
///
/// # Errors
///
/// That of the last address, which it names; `AddrNotAvailable` if there is none.
pub fn listen_on_first<T>(
    addresses: Vec<SocketAddr>,
    mut listen: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = about(address, error),
        }
    }
    Err(last)
}
