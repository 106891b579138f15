//! TLS handshakes, with tokio-rustls.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use wsstream_core::Url;
use wsstream_core::tls::{ClientTls, ServerTls, explain, server_name};

/// [`ClientTls::platform`], asked once.
pub(crate) async fn platform() -> io::Result<ClientTls> {
    spawn_blocking(ClientTls::platform_once).await?
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

/// Does TLS with whoever has connected, in so much time at most. Who fails is told why.
pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    tls: &ServerTls,
    io: S,
    limit: Duration,
) -> io::Result<TlsStream<S>> {
    let deadline = Instant::now() + limit;
    let accepting = TlsAcceptor::from(Arc::clone(tls.config())).accept(io);
    let Ok(accepted) = timeout_at(deadline, accepting.into_fallible()).await else {
        let reason = "TLS handshake not complete in time";
        return Err(io::Error::new(io::ErrorKind::TimedOut, reason));
    };
    match accepted {
        Ok(tls) => Ok(tls.into()),
        Err((error, io)) => {
            let left = deadline.saturating_duration_since(Instant::now());
            let _ = timeout(left.min(LINGER), linger(io)).await;
            Err(explain("", error))
        }
    }
}

/// Lets the peer read the alert: with octets unread the connection would be reset, and take it away.
async fn linger(mut io: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    poll_fn(|cx| Pin::new(&mut io).poll_shutdown(cx)).await?;
    let mut discarded = [0; 1024];
    loop {
        let mut buf = ReadBuf::new(&mut discarded);
        poll_fn(|cx| Pin::new(&mut io).poll_read(cx, &mut buf)).await?;
        if buf.filled().is_empty() {
            return Ok(());
        }
    }
}

/// How long a peer has to read why TLS failed.
const LINGER: Duration = Duration::from_secs(2);
