//! What a server does over each connection: TLS and WebSocket, in the order of its plan.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use wsstream_core::StreamError;
use wsstream_core::handshake::{HandshakeError, ServerConfig};
use wsstream_core::pump::{Accept, Clock as _, Permit, Phase};

use crate::handshake::Handshake;
use crate::net_socket::NetSocket;
use crate::plan::{ServerLayer, ServerPlan};
use crate::runtime::Runtime;
use crate::tls::{self, ServerTls};
use crate::upgraded::Upgraded;

/// The layers of a server's plan, made ready: certificates are read.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    pub(crate) layers: Vec<Layer>,
    /// How long a client may take for TLS and the first opening handshake. Further ones have their own limits.
    pub(crate) limit: Duration,
    /// Whether to set TCP_NODELAY.
    pub(crate) nodelay: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Layer {
    Tls(ServerTls),
    WebSocket(Arc<ServerConfig>),
}

/// A connection after as many layers as need no decision.
#[derive(Debug)]
pub(crate) enum Reached<R: Runtime> {
    /// A request that waits for its answer.
    Request(Handshake<NetSocket<R>, R>),
    /// The end: there was no WebSocket.
    Socket(NetSocket<R>),
}

/// What all layers together give.
#[derive(Debug)]
pub(crate) enum Outermost<R: Runtime> {
    WebSocket(Upgraded<NetSocket<R>, R>),
    Socket(NetSocket<R>),
}

impl Layers {
    /// WebSocket alone.
    pub(crate) fn websocket(config: ServerConfig) -> Self {
        Self {
            limit: config.handshake_timeout,
            layers: vec![Layer::WebSocket(Arc::new(config))],
            nodelay: true,
        }
    }

    /// What a plan says. Reads the certificates.
    ///
    /// # Errors
    ///
    /// Those of the files.
    pub(crate) async fn read<R: Runtime>(plan: &ServerPlan) -> io::Result<Self> {
        let mut layers = Vec::new();
        for layer in &plan.layers {
            layers.push(match layer {
                ServerLayer::Tls(tls) => {
                    let tls = tls.clone();
                    Layer::Tls(R::blocking(move || tls.read()).await??)
                }
                ServerLayer::WebSocket(config) => Layer::WebSocket(Arc::clone(config)),
            });
        }
        Ok(Self {
            layers,
            limit: plan.limit,
            nodelay: plan.nodelay,
        })
    }

    /// How long a closing handshake may take.
    pub(crate) fn close_timeout(&self) -> Duration {
        match self.layers.last() {
            Some(Layer::WebSocket(config)) => config.connection_config().close_timeout,
            _ => ServerConfig::stream().connection_config().close_timeout,
        }
    }

    /// Does everything up to the first request.
    pub(crate) async fn begin<R: Runtime>(
        self: Arc<Self>,
        mut socket: NetSocket<R>,
        permit: Permit,
    ) -> io::Result<Begun<R>> {
        let clock = R::clock();
        let ends = clock.now() + self.limit;
        let mut permit = Some(permit);
        for (index, layer) in self.layers.iter().enumerate() {
            match layer {
                Layer::Tls(tls) => socket = secure(socket, tls, ends - clock.now()).await?,
                Layer::WebSocket(config) => {
                    let next = index + 1;
                    let permit_here = permit.take_if(|_| next == self.layers.len());
                    let accept = accept(socket, config, permit_here).within(ends - clock.now());
                    let reached = Reached::Request(Handshake::wait(accept).await?);
                    return Ok(Begun {
                        layers: self,
                        next,
                        reached,
                        permit,
                    });
                }
            }
        }
        Ok(Begun {
            next: self.layers.len(),
            layers: self,
            reached: Reached::Socket(socket),
            permit,
        })
    }
}

/// A connection whose first request is there, if its layers have one.
#[derive(Debug)]
pub(crate) struct Begun<R: Runtime> {
    layers: Arc<Layers>,
    /// The layer behind the one that was reached.
    next: usize,
    pub(crate) reached: Reached<R>,
    /// As long as no WebSocket has it: the outermost one is told when the listener shuts down.
    permit: Option<Permit>,
}

impl<R: Runtime> Begun<R> {
    /// Whether the listener has shut down, where no WebSocket is told so itself.
    pub(crate) fn is_late(&self) -> bool {
        let permit = self.permit.as_ref();
        permit.is_some_and(|permit| permit.phase() > Phase::Serving)
    }

    /// Accepts the request, and does what is left.
    pub(crate) async fn finish(self) -> io::Result<Outermost<R>> {
        let is_late = self.is_late();
        let Self {
            layers,
            next,
            reached,
            mut permit,
        } = self;
        let mut outermost = match reached {
            Reached::Request(handshake) if is_late => {
                let error = HandshakeError::ShuttingDown;
                if let Some(refusal) = error.refusal() {
                    // Whether the answer arrives changes nothing.
                    let _ = handshake.refuse(&refusal).await;
                }
                return Err(error.into());
            }
            Reached::Request(handshake) => Outermost::WebSocket(handshake.accept().await?),
            Reached::Socket(_) if is_late => return Err(StreamError::ShutDown.into()),
            Reached::Socket(socket) => Outermost::Socket(socket),
        };
        for (index, layer) in layers.layers.iter().enumerate().skip(next) {
            let socket = outermost.into_socket();
            outermost = match layer {
                Layer::Tls(tls) => Outermost::Socket(secure(socket, tls, layers.limit).await?),
                Layer::WebSocket(config) => {
                    let permit = permit.take_if(|_| index + 1 == layers.layers.len());
                    let handshake = Handshake::wait(accept(socket, config, permit)).await?;
                    Outermost::WebSocket(handshake.accept().await?)
                }
            };
        }
        Ok(match (outermost, permit) {
            (Outermost::Socket(socket), Some(permit)) => Outermost::Socket(socket.counted(permit)),
            (outermost, _) => outermost,
        })
    }
}

impl<R: Runtime> Outermost<R> {
    pub(crate) fn into_socket(self) -> NetSocket<R> {
        match self {
            Self::WebSocket(upgraded) => NetSocket::from_websocket(upgraded.into_pump_stream()),
            Self::Socket(socket) => socket,
        }
    }
}

fn accept<R: Runtime>(
    socket: NetSocket<R>,
    config: &Arc<ServerConfig>,
    permit: Option<Permit>,
) -> Accept<NetSocket<R>, R::Clock> {
    let config = Arc::clone(config);
    match permit {
        Some(permit) => Accept::with_permit(socket, R::clock(), config, permit),
        None => Accept::new(socket, R::clock(), config),
    }
}

/// Does TLS.
async fn secure<R: Runtime>(
    socket: NetSocket<R>,
    tls: &ServerTls,
    limit: Duration,
) -> io::Result<NetSocket<R>> {
    let handshake = R::tls_accept(socket, tls);
    // In a box: else every task that accepts is as large.
    let tls = Box::pin(tls::accept(R::clock(), limit, handshake)).await?;
    Ok(NetSocket::from_tls(tls))
}
