//! TLS handshakes, with futures-rustls.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_std::net::TcpStream;
use async_std::task::spawn_blocking;
use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::rustls::pki_types::ServerName;
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use wsstream_core::Url;
use wsstream_core::tls::{self, ClientTls, ServerTls, explain, server_name};

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
