//! TLS, with futures-rustls.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use wsstream_core::pump::{Socket, Taken};
use wsstream_net::reexports::rustls::CommonState;
use wsstream_net::tls::{self, ClientTls, ServerTls};

use crate::AsyncStream;

/// TLS over a socket.
///
/// ```
/// use wsstream_async_std::NetStream;
///
/// /// Endpoints and listeners make it, and a stream tells of it.
/// fn version(stream: &NetStream) -> String {
///     match stream.tls() {
///         Some(session) => format!("{:?}", session.protocol_version()),
///         None => "no TLS".to_owned(),
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Tls<S>(TlsStream<AsyncStream<S>>);

impl<S: Socket> Tls<S> {
    pub(crate) async fn connect(socket: S, tls: &ClientTls, host: &str) -> io::Result<Self> {
        let connector = TlsConnector::from(Arc::clone(tls.config()));
        let connecting = connector.connect(tls::server_name(host)?, socket.into());
        Ok(Self(connecting.await?.into()))
    }

    pub(crate) async fn accept(socket: S, tls: &ServerTls) -> Result<Self, (io::Error, Option<S>)> {
        let accepting = TlsAcceptor::from(Arc::clone(tls.config())).accept(socket.into());
        let accepted = accepting.into_fallible().await;
        let refused = |(error, stream): (_, AsyncStream<S>)| (error, Some(stream.into_socket()));
        accepted.map(|tls| Self(tls.into())).map_err(refused)
    }
}

impl<S> Tls<S> {
    /// The socket below.
    pub fn below(&self) -> &S {
        self.0.get_ref().0
    }

    /// The socket below, to drive it.
    pub(crate) fn below_mut(&mut self) -> &mut S {
        self.0.get_mut().0
    }

    /// What TLS knows of the peer.
    pub fn state(&self) -> &CommonState {
        self.0.get_ref().1
    }
}

impl<S: Socket> Socket for Tls<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        AsyncRead::poll_read(Pin::new(&mut self.0), cx, buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(Pin::new(&mut self.0), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_close(Pin::new(&mut self.0), cx)
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            TlsStream::Client(tls) => tls::poll_retry_write(tls.get_mut(), cx, bufs),
            TlsStream::Server(tls) => tls::poll_retry_write(tls.get_mut(), cx, bufs),
        }
    }

    fn taken(&self) -> Option<Taken> {
        tls::taken(self.below(), self.state())
    }
}
