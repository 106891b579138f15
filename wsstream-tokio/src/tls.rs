//! TLS, with tokio-rustls.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio_rustls::rustls::CommonState;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use wsstream_core::pump::{Socket, Taken};
use wsstream_net::tls::{self, ClientTls, ServerTls, server_name};

use crate::{AsyncStream, Io};

/// TLS over a socket.
///
/// ```
/// use wsstream_tokio::NetStream;
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
pub struct Tls<S>(Io<TlsStream<AsyncStream<S>>>);

impl<S: Socket + Debug + Send + 'static> Tls<S> {
    fn new(tls: impl Into<TlsStream<AsyncStream<S>>>) -> Self {
        Self(Io::new(tls.into()))
    }

    pub(crate) async fn connect(socket: S, tls: &ClientTls, host: &str) -> io::Result<Self> {
        let connector = TlsConnector::from(Arc::clone(tls.config()));
        let connecting = connector.connect(server_name(host)?, socket.into());
        connecting.await.map(Self::new)
    }

    pub(crate) async fn accept(socket: S, tls: &ServerTls) -> Result<Self, (io::Error, Option<S>)> {
        let accepting = TlsAcceptor::from(Arc::clone(tls.config())).accept(socket.into());
        match accepting.into_fallible().await {
            Ok(tls) => Ok(Self::new(tls)),
            Err((error, stream)) => Err((error, Some(stream.into_socket()))),
        }
    }

    pub(crate) fn below(&self) -> &S {
        self.0.get_ref().get_ref().0
    }

    pub(crate) fn below_mut(&mut self) -> &mut S {
        self.0.get_mut().get_mut().0
    }

    pub(crate) fn state(&self) -> &CommonState {
        self.0.get_ref().get_ref().1
    }
}

impl<S: Socket> Socket for Tls<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(cx)
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.0.get_mut() {
            TlsStream::Client(tls) => tls::poll_retry_write(tls.get_mut(), cx, bufs),
            TlsStream::Server(tls) => tls::poll_retry_write(tls.get_mut(), cx, bufs),
        }
    }

    fn taken(&self) -> Option<Taken> {
        let (stream, session) = self.0.get_ref().get_ref();
        tls::taken(&**stream, session)
    }
}
