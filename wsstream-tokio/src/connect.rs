//! The client's side of the opening handshake.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use wsstream_core::handshake::ClientConfig;
use wsstream_core::{Seed, Url, pump};

use crate::net::set_up;
use crate::timer::{Timer, check_runtime};
use crate::transport::Transport;
#[cfg(feature = "rustls")]
use crate::{ClientTls, tls};
use crate::{NetStream, Opened, WsStream};

/// Opens a byte stream to a `ws://` or `wss://` URL, as [`ClientConfig::stream`] says.
///
/// # Errors
///
/// As [`connect_with`].
pub async fn connect(url: &str) -> io::Result<WsStream<NetStream>> {
    // In a box: else the task that uses the stream keeps the room all its life.
    let connect = Box::pin(async { connect_with(url, &ClientConfig::stream()).await });
    Ok(connect.await?.into_stream())
}

/// Dials a `ws://` or `wss://` URL and asks for a WebSocket there. The addresses of the host's name are
/// tried in turn. The client's handshake timeout is for all of it.
///
/// `wss://` needs the feature `rustls`. The server's certificate is verified for the URL's host, against
/// what the operating system trusts.
///
/// ```no_run
/// use std::time::Duration;
/// use wsstream_tokio::{ClientConfig, ConnectionConfig, Keepalive, connect_with};
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let keepalive = Keepalive::new(Duration::from_secs(30), Duration::from_secs(60))?;
/// let client = ClientConfig::stream()
///     .header("Cookie", "session=1")?
///     .config(ConnectionConfig::new().auto_fragment(4096).keepalive(keepalive).debug(true));
/// let stream = connect_with("ws://localhost:9000/tunnel", &client).await?.into_stream();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `InvalidInput` for what is no such URL; `Unsupported` for `wss://` without the feature `rustls`, and on a
/// runtime without timers, which is built with `enable_time` or `enable_all`; those
/// of dialling; those of TLS, which is `InvalidData` with what rustls says as its source for a certificate
/// that is refused; `ConnectionRefused`, `InvalidData`, `TimedOut` or `UnexpectedEof` with a
/// [`HandshakeError`](crate::HandshakeError) inside.
pub async fn connect_with(url: &str, client: &ClientConfig) -> io::Result<Opened<NetStream>> {
    let url = Url::parse(url)?;
    #[cfg(feature = "rustls")]
    if url.is_secure() {
        return connect_to(&url, client, Some(&tls::platform().await?)).await;
    }
    connect_to(&url, client, None).await
}

/// Dials as [`connect_with`] does, and does TLS as `tls` says if the URL is a `wss://` one.
///
/// # Errors
///
/// As [`connect_with`].
#[cfg(feature = "rustls")]
pub async fn connect_with_tls(
    url: &str,
    client: &ClientConfig,
    tls: &ClientTls,
) -> io::Result<Opened<NetStream>> {
    connect_to(&Url::parse(url)?, client, Some(tls)).await
}

/// Asks for a WebSocket over a stream to the URL's host that the caller has made: over TLS of its own
/// for `wss`, through a proxy, over a Unix socket.
///
/// # Errors
///
/// As [`connect_with`], without dialling.
pub async fn connect_on<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    url: &str,
    client: &ClientConfig,
) -> io::Result<Opened<S>> {
    open(io, &Url::parse(url)?, client).await
}

#[cfg(not(feature = "rustls"))]
type ClientTls = std::convert::Infallible;

async fn connect_to(
    url: &Url,
    client: &ClientConfig,
    tls: Option<&ClientTls>,
) -> io::Result<Opened<NetStream>> {
    check_runtime()?;
    let nodelay = client.is_nodelay();
    let dialler = Dialler { nodelay, tls };
    let opening = pump::open(&dialler, Timer::new(), url, client, seed()?);
    Ok(Opened::new(Box::pin(opening).await?))
}

async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    url: &Url,
    client: &ClientConfig,
) -> io::Result<Opened<S>> {
    check_runtime()?;
    let connect = pump::Connect::new(Transport::new(io), url, client, seed()?);
    Ok(Opened::new(Box::pin(connect).await?))
}

pub(crate) fn seed() -> io::Result<Seed> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(Seed::new(seed))
}

/// tokio's sockets, for the one who decides which to try.
struct Dialler<'a> {
    nodelay: bool,
    tls: Option<&'a ClientTls>,
}

impl pump::Dialler for Dialler<'_> {
    type Address = SocketAddr;
    type Connection = TcpStream;
    type Transport = Transport<NetStream>;

    fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    async fn look_up(&self, url: &Url) -> io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((url.host(), url.port())).await?.collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let tcp = TcpStream::connect(address).await?;
        set_up(&tcp, self.nodelay)?;
        Ok(tcp)
    }

    async fn secure(&self, tcp: TcpStream, url: &Url) -> io::Result<Transport<NetStream>> {
        #[cfg(feature = "rustls")]
        if let Some(tls) = self.tls
            && url.is_secure()
        {
            return Ok(Transport::over_socket(
                tls::connect(tls, tcp, url).await?.into(),
            ));
        }
        let _ = url;
        Ok(Transport::over_socket(tcp.into()))
    }
}
