//! Accepting from many.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinSet;
#[cfg(feature = "rustls")]
use tokio::time::Instant;
use tokio::time::{Sleep, sleep};
use wsstream_core::handshake::{HandshakeError, Server};

#[cfg(feature = "rustls")]
use crate::ServerTls;
use crate::{Incoming, NetStream, accept_with};

/// Listens on TCP, with TLS if it is given a `ServerTls`, and reads requests concurrently: who is slow to
/// ask holds nobody up, as long as no more than 1024 are in their handshake at once.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    server: Arc<Server>,
    #[cfg(feature = "rustls")]
    tls: Option<ServerTls>,
    handshakes: JoinSet<io::Result<Incoming<NetStream>>>,
    /// Set while nothing can be accepted.
    back_off: Option<Pin<Box<Sleep>>>,
}

impl Listener {
    /// Listens on an address, for those whom `server` lets in.
    ///
    /// # Errors
    ///
    /// Those of binding.
    pub async fn bind(addr: impl ToSocketAddrs, server: Server) -> io::Result<Self> {
        Ok(Self::new(TcpListener::bind(addr).await?, server))
    }

    /// Takes a listener that is bound already.
    pub fn new(tcp: TcpListener, server: Server) -> Self {
        Self {
            tcp,
            server: Arc::new(server),
            #[cfg(feature = "rustls")]
            tls: None,
            handshakes: JoinSet::new(),
            back_off: None,
        }
    }

    /// Does TLS with all who connect from now on. The server's handshake timeout is for both handshakes.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Waits for the next request, to be accepted or refused. Handshakes that fail have been answered
    /// and are passed over, as are connections that end before they begin; when the system has no more
    /// sockets it waits a little. Can be dropped without loss.
    ///
    /// # Errors
    ///
    /// None at present.
    pub async fn accept(&mut self) -> io::Result<Incoming<NetStream>> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Incoming<NetStream>>> {
        loop {
            self.poll_begin(cx);
            match ready!(self.handshakes.poll_join_next(cx)) {
                Some(Ok(Ok(incoming))) => return Poll::Ready(Ok(incoming)),
                Some(Ok(Err(error))) => refused(&error),
                Some(Err(panicked)) => refused(&panicked.into()),
                None => return Poll::Pending,
            }
        }
    }

    /// Begins a handshake with everybody who has connected.
    fn poll_begin(&mut self, cx: &mut Context<'_>) {
        while self.handshakes.len() < MAX_HANDSHAKES {
            if let Some(back_off) = &mut self.back_off {
                if back_off.as_mut().poll(cx).is_pending() {
                    return;
                }
                self.back_off = None;
            }
            match self.tcp.poll_accept(cx) {
                Poll::Ready(Ok((tcp, _))) => self.begin(tcp),
                Poll::Ready(Err(error)) => {
                    refused(&error);
                    if !is_of_connection(&error) {
                        self.back_off = Some(Box::pin(sleep(BACK_OFF)));
                    }
                }
                Poll::Pending => return,
            }
        }
    }

    fn begin(&mut self, tcp: TcpStream) {
        let server = Arc::clone(&self.server);
        #[cfg(feature = "rustls")]
        let tls = self.tls.clone();
        self.handshakes.spawn(async move {
            tcp.set_nodelay(server.is_nodelay())?;
            #[cfg(feature = "rustls")]
            if let Some(tls) = tls {
                return accept_tls(tcp, &server, &tls).await;
            }
            accept_with(tcp.into(), &server).await
        });
    }
}

#[cfg(feature = "rustls")]
async fn accept_tls(
    tcp: TcpStream,
    server: &Server,
    tls: &ServerTls,
) -> io::Result<Incoming<NetStream>> {
    let began = Instant::now();
    let io = tls.accept(tcp, server.timeout()).await?;
    // The limit is a total.
    let left = server.timeout().saturating_sub(began.elapsed());
    accept_with(io.into(), &server.clone().handshake_timeout(left)).await
}

/// Errors of the connection that was to be accepted, not of the listener.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

fn refused(error: &io::Error) {
    if error
        .get_ref()
        .is_some_and(|inner| inner.is::<HandshakeError>())
    {
        // The core has logged what it answered.
        return;
    }
    #[cfg(feature = "tracing")]
    tracing::info!(target: "wsstream", %error, "connection refused");
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// How many may be in their handshake; more wait in the system's queue.
const MAX_HANDSHAKES: usize = 1024;

/// When there are no sockets left, others have to be closed first.
const BACK_OFF: Duration = Duration::from_millis(100);
