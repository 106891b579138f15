//! TLS handshakes, with futures-rustls.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_std::future::timeout;
use async_std::net::TcpStream;
use async_std::task::spawn_blocking;
use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use wsstream_core::Url;
use wsstream_core::tls::{ClientTls, ServerTls, explain, server_name};

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
    let connector = TlsConnector::from(Arc::clone(tls.config()));
    match connector.connect(server_name(url)?, tcp).await {
        Ok(tls) => Ok(tls.into()),
        Err(error) => Err(explain(url.authority(), error)),
    }
}

/// Does TLS with whoever has connected, in so much time at most. Who fails is told why.
pub(crate) async fn accept(
    tls: &ServerTls,
    tcp: TcpStream,
    limit: Duration,
) -> io::Result<TlsStream<TcpStream>> {
    let began = Instant::now();
    let accepting = TlsAcceptor::from(Arc::clone(tls.config())).accept(tcp);
    let Ok(accepted) = timeout(limit, accepting.into_fallible()).await else {
        let reason = "TLS handshake not complete in time";
        return Err(io::Error::new(io::ErrorKind::TimedOut, reason));
    };
    match accepted {
        Ok(tls) => Ok(tls.into()),
        Err((error, tcp)) => {
            let left = limit.saturating_sub(began.elapsed());
            let _ = timeout(left.min(LINGER), linger(tcp)).await;
            Err(explain("", error))
        }
    }
}

/// Lets the peer read the alert: with octets unread the connection would be reset, and take it away.
async fn linger(mut tcp: TcpStream) -> io::Result<()> {
    poll_fn(|cx| Pin::new(&mut tcp).poll_close(cx)).await?;
    let mut discarded = [0; 1024];
    while poll_fn(|cx| Pin::new(&mut tcp).poll_read(cx, &mut discarded)).await? > 0 {}
    Ok(())
}

/// How long a peer has to read why TLS failed.
const LINGER: Duration = Duration::from_secs(2);
