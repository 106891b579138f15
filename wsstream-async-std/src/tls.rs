//! TLS handshakes, with futures-rustls.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_std::net::TcpStream;
use async_std::task::spawn_blocking;
use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::rustls::pki_types::ServerName;
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use wsstream_core::Url;
use wsstream_core::pump::{Prompt, Taken, Transport as _};
use wsstream_core::tls::{self, ClientTls, ServerTls, explain, server_name};

use crate::over_socket::OverSocket;
use crate::timer::Timer;
use crate::transport::Transport;

/// [`ClientTls::platform`], asked once.
pub(crate) async fn platform() -> io::Result<ClientTls> {
    spawn_blocking(ClientTls::platform_once).await
}

/// Does TLS for the URL's host.
pub(crate) async fn connect(
    tls: &ClientTls,
    tcp: TcpStream,
    url: &Url,
) -> io::Result<TlsStream<TcpStream>> {
    connect_to(tls, tcp, server_name(url)?, url.authority()).await
}

/// Does TLS for a name. `whom` is for what errors say.
pub(crate) async fn connect_to<S: AsyncRead + AsyncWrite + Unpin>(
    tls: &ClientTls,
    io: S,
    name: ServerName<'static>,
    whom: &str,
) -> io::Result<TlsStream<S>> {
    let connector = TlsConnector::from(Arc::clone(tls.config()));
    match connector.connect(name, io).await {
        Ok(tls) => Ok(tls.into()),
        Err(error) => Err(explain(whom, error)),
    }
}

/// Does TLS with whoever has connected: see [`tls::accept`]. `refused` makes of the transport of who is
/// refused what ends when it is closed.
pub(crate) async fn accept<S, R>(
    tls: &ServerTls,
    io: S,
    limit: Duration,
    refused: impl FnOnce(S) -> R,
) -> io::Result<(TlsStream<S>, Duration)>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: AsyncRead + AsyncWrite + Unpin,
{
    let accepting = TlsAcceptor::from(Arc::clone(tls.config())).accept(io);
    let handshake = async {
        match accepting.into_fallible().await {
            Ok(tls) => Ok(tls.into()),
            Err((error, io)) => Err((error, Transport::new(refused(io)))),
        }
    };
    tls::accept(Timer::new(), limit, handshake).await
}

/// TLS that is a stream of its own, without WebSocket on top: what is written leaves without a flush.
#[derive(Debug)]
pub(crate) struct TlsLayer<S>(Prompt<Transport<TlsStream<S>>>);

impl<S: OverSocket> TlsLayer<S> {
    pub(crate) fn new(tls: TlsStream<S>) -> Self {
        Self(Prompt::new(Transport::over_socket(tls)))
    }

    pub(crate) fn below(&self) -> &S {
        self.0.transport().io.get_ref().0
    }

    pub(crate) fn below_mut(&mut self) -> &mut S {
        self.0.transport_mut().io.get_mut().0
    }

    pub(crate) fn poll_drive(&mut self, cx: &Context<'_>) {
        self.0.poll_drive(cx);
    }
}

impl<S: OverSocket> OverSocket for TlsLayer<S> {
    fn taken(&self) -> Option<Taken> {
        self.0.transport().taken()
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_retry_write(cx, bufs)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsLayer<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().0.poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsLayer<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().0.poll_write(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().0.poll_write(cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().0.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().0.poll_shutdown(cx)
    }
}
