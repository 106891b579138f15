//! The layers of a server's connections: TLS and WebSocket, in the order of the plan.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use wsstream_core::handshake::{HandshakeError, Refusal, ServerConfig};
use wsstream_core::pump::{Accept, Clock as _, Permit, Phase, Socket as _, within};
use wsstream_core::{LogSpan, StreamError};

use crate::descriptor::EndpointAddress;
use crate::error::Error;
use crate::handshake::Handshake;
use crate::net_socket::NetSocket;
use crate::plan::{ServerLayer, ServerPlan};
use crate::runtime::Runtime;
use crate::tls::{self, ServerTls};
use crate::upgraded::Upgraded;

/// The layers of a server's plan, with the certificates loaded.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    pub(crate) layers: Vec<Layer>,
    /// The time for TLS and the first opening handshake together. Further handshakes have their own timeouts.
    pub(crate) handshake_timeout: Duration,
    /// Whether to set TCP_NODELAY.
    pub(crate) nodelay: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Layer {
    Tls(ServerTls),
    WebSocket(Arc<ServerConfig>),
}

/// How far a connection gets before the application decides on it.
#[derive(Debug)]
pub(crate) enum Reached<R: Runtime> {
    /// To a request, which waits for its answer.
    Request(Handshake<NetSocket<R>, R>),
    /// To the end of the plan, which has no WebSocket layer.
    Socket(NetSocket<R>),
}

/// The outermost layer of a finished plan.
#[derive(Debug)]
pub(crate) enum Outermost<R: Runtime> {
    WebSocket(Upgraded<NetSocket<R>, R>),
    Socket(NetSocket<R>),
}

impl Layers {
    /// One WebSocket layer.
    pub(crate) fn websocket(config: ServerConfig) -> Self {
        Self {
            handshake_timeout: config.handshake_timeout,
            layers: vec![Layer::WebSocket(Arc::new(config))],
            nodelay: true,
        }
    }

    /// Loads the certificates of a plan.
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
                    Layer::Tls(R::blocking(move || tls.load()).await??)
                }
                ServerLayer::WebSocket(config) => Layer::WebSocket(Arc::clone(config)),
            });
        }
        Ok(Self {
            layers,
            handshake_timeout: plan.handshake_timeout,
            nodelay: plan.nodelay,
        })
    }

    /// Tells the first WebSocket where its requests arrive, and the name that was bound, if there is one. Requests of
    /// further WebSockets do not come straight from a page.
    pub(crate) fn listening_on(&mut self, local: &[EndpointAddress], name: Option<&str>) {
        let tcp: Vec<_> = local.iter().filter_map(EndpointAddress::tcp).collect();
        if tcp.is_empty() {
            return;
        }
        let mut over_tls = false;
        for layer in &mut self.layers {
            match layer {
                Layer::Tls(_) => over_tls = true,
                Layer::WebSocket(config) => {
                    let mut server = ServerConfig::clone(config).listening_on(tcp, over_tls);
                    if let Some(name) = name {
                        server = server.known_as(name);
                    }
                    *config = Arc::new(server);
                    return;
                }
            }
        }
    }

    /// The close timeout of the outermost WebSocket.
    pub(crate) fn close_timeout(&self) -> Duration {
        match self.layers.last() {
            Some(Layer::WebSocket(config)) => config.config.close_timeout,
            _ => ServerConfig::stream().config.close_timeout,
        }
    }

    /// Performs the layers up to the first request.
    pub(crate) async fn begin<R: Runtime>(
        self: Arc<Self>,
        mut socket: NetSocket<R>,
        permit: Permit,
        span: &LogSpan,
    ) -> io::Result<Begun<R>> {
        let clock = R::clock();
        let ends = clock.now() + self.handshake_timeout;
        let mut permit = Some(permit);
        for (index, layer) in self.layers.iter().enumerate() {
            match layer {
                Layer::Tls(tls) => socket = secure(socket, tls, ends - clock.now()).await?,
                Layer::WebSocket(config) => {
                    let next = index + 1;
                    let permit_here = permit.take_if(|_| next == self.layers.len());
                    let accept =
                        accept(socket, config, permit_here, span).within(ends - clock.now());
                    let reached = Reached::Request(Handshake::wait(accept).await?);
                    return Ok(Begun {
                        layers: self,
                        next,
                        reached,
                        permit,
                        span: span.clone(),
                    });
                }
            }
        }
        Ok(Begun {
            next: self.layers.len(),
            layers: self,
            reached: Reached::Socket(socket),
            permit,
            span: span.clone(),
        })
    }
}

/// A connection that waits for the application's decision.
#[derive(Debug)]
pub(crate) struct Begun<R: Runtime> {
    layers: Arc<Layers>,
    /// The index of the next layer.
    next: usize,
    pub(crate) reached: Reached<R>,
    /// `None` once the outermost WebSocket holds it, which obeys the listener's shutdown.
    permit: Option<Permit>,
    span: LogSpan,
}

impl<R: Runtime> Begun<R> {
    /// Whether the last layer is a WebSocket.
    pub(crate) fn has_websocket_on_top(&self) -> bool {
        matches!(self.layers.layers.last(), Some(Layer::WebSocket(_)))
    }

    /// Whether the listener has shut down, where no WebSocket is told so itself.
    pub(crate) fn is_late(&self) -> bool {
        let permit = self.permit.as_ref();
        permit.is_some_and(|permit| permit.phase() > Phase::Serving)
    }

    /// Runs `work` while the client is there and the listener serves.
    pub(crate) async fn while_present<F: Future + Unpin>(
        &mut self,
        work: F,
    ) -> Result<F::Output, HandshakeError> {
        let reached = &mut self.reached;
        let present = async {
            match reached {
                Reached::Request(handshake) => handshake.while_present(work).await,
                Reached::Socket(socket) => while_connected(socket, work).await,
            }
        };
        match &self.permit {
            Some(permit) => {
                let present = permit.until(Phase::Finishing, present).await;
                present.unwrap_or(Err(HandshakeError::ShuttingDown))
            }
            None => present.await,
        }
    }

    /// Refuses the request. Without one it closes the connection.
    pub(crate) async fn refuse(self, refusal: &Refusal) -> Result<(), Error> {
        match self.reached {
            Reached::Request(handshake) => {
                until_over(self.permit.as_ref(), handshake.refuse(refusal)).await
            }
            Reached::Socket(_) => Ok(()),
        }
    }

    /// Accepts the request, as the plan or another configuration says, and performs the remaining layers.
    pub(crate) async fn finish(self, other: Option<&ServerConfig>) -> Result<Outermost<R>, Error> {
        let is_late = self.is_late();
        let Self {
            layers,
            next,
            reached,
            mut permit,
            span,
        } = self;
        let mut outermost = match reached {
            Reached::Request(handshake) if is_late => {
                let error = HandshakeError::ShuttingDown;
                if let Some(refusal) = error.refusal() {
                    // Whether the answer arrives changes nothing.
                    let _ = until_over(permit.as_ref(), handshake.refuse(&refusal)).await;
                }
                return Err(error.into());
            }
            Reached::Request(handshake) => {
                let accepting = async {
                    match other {
                        Some(config) => handshake.accept_with(config).await,
                        None => handshake.accept().await,
                    }
                };
                Outermost::WebSocket(until_over(permit.as_ref(), accepting).await?)
            }
            Reached::Socket(_) if is_late => return Err(StreamError::ShutDown.into()),
            Reached::Socket(socket) => Outermost::Socket(socket),
        };
        for (index, layer) in layers.layers.iter().enumerate().skip(next) {
            let socket = outermost.into_socket();
            outermost = match layer {
                Layer::Tls(tls) => {
                    let secured = secure(socket, tls, layers.handshake_timeout);
                    Outermost::Socket(until_over(permit.as_ref(), secured).await?)
                }
                Layer::WebSocket(config) => {
                    let permit_here = permit.take_if(|_| index + 1 == layers.layers.len());
                    let upgraded = async {
                        let accept = accept(socket, config, permit_here, &span);
                        Handshake::wait(accept).await?.accept().await
                    };
                    Outermost::WebSocket(until_over(permit.as_ref(), upgraded).await?)
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

/// Runs `work` until the socket has hung up. What the client sends is not read: it is the application's.
#[expect(clippy::needless_pass_by_ref_mut, reason = "else it is not Send")]
async fn while_connected<R: Runtime, F: Future + Unpin>(
    socket: &mut NetSocket<R>,
    mut work: F,
) -> Result<F::Output, HandshakeError> {
    let mut clock = R::clock();
    loop {
        let due = clock.now() + ASK_INTERVAL;
        match within(&mut clock, due, &mut work).await {
            Some(output) => return Ok(output),
            None if socket.has_hung_up() => return Err(HandshakeError::UnexpectedEof),
            None => {}
        }
    }
}

/// Waits for a handshake, unless the listener cuts its connections off before. What has no permit to pass obeys it
/// itself.
async fn until_over<T, E: From<StreamError>>(
    permit: Option<&Permit>,
    handshake: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match permit {
        Some(permit) => {
            let ended = permit.until(Phase::Over, handshake).await;
            ended.unwrap_or_else(|| Err(StreamError::ShutDown.into()))
        }
        None => handshake.await,
    }
}

fn accept<R: Runtime>(
    socket: NetSocket<R>,
    config: &Arc<ServerConfig>,
    permit: Option<Permit>,
    span: &LogSpan,
) -> Accept<NetSocket<R>, R::Clock> {
    let (socket, config) = (socket.delivered_from_above(), Arc::clone(config));
    let accept = match permit {
        Some(permit) => Accept::with_permit(socket, R::clock(), config, permit),
        None => Accept::new(socket, R::clock(), config),
    };
    accept.in_span(span.clone())
}

/// Performs the TLS handshake.
async fn secure<R: Runtime>(
    socket: NetSocket<R>,
    tls: &ServerTls,
    limit: Duration,
) -> io::Result<NetSocket<R>> {
    let handshake = R::tls_accept(socket.delivered_from_above(), tls);
    // Boxed: otherwise every task that accepts reserves the memory of a TLS handshake.
    let tls = Box::pin(tls::accept_within(R::clock(), limit, handshake)).await?;
    Ok(NetSocket::from_tls(tls))
}

/// How often a socket that is not read is asked whether its peer has gone.
const ASK_INTERVAL: Duration = Duration::from_secs(1);
