//! The client's side of the opening handshake.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wsstream_core::handshake::Client;
use wsstream_core::{Seed, Url, pump};

use crate::transport::Transport;
use crate::{Opened, WsStream};

/// Opens a byte stream to a `ws://` URL, as [`Client::stream`] says.
///
/// # Errors
///
/// As [`connect_with`].
pub async fn connect(url: &str) -> io::Result<WsStream<TcpStream>> {
    // In a box: else the task that uses the stream keeps the room all its life.
    let connect = Box::pin(async { connect_with(url, &Client::stream()).await });
    Ok(connect.await?.into_stream())
}

/// Dials a `ws://` URL and asks for a WebSocket there. The addresses of the host's name are tried in
/// turn.
///
/// ```no_run
/// use std::time::Duration;
/// use wsstream_tokio::{Client, Config, Keepalive, connect_with};
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let keepalive = Keepalive::new(Duration::from_secs(30), Duration::from_secs(10));
/// let client = Client::stream()
///     .header("Cookie", "session=1")?
///     .config(Config::new().auto_fragment(4096).keepalive(keepalive).debug(true));
/// let stream = connect_with("ws://localhost:9000/tunnel", &client).await?.into_stream();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `InvalidInput` for what is no such URL; `Unsupported` for `wss://`, which wants [`connect_on`] a TLS
/// stream; those of dialling; `ConnectionRefused`, `InvalidData`, `TimedOut` or `UnexpectedEof` with a
/// [`HandshakeError`](crate::HandshakeError) inside.
pub async fn connect_with(url: &str, client: &Client) -> io::Result<Opened<TcpStream>> {
    let url = Url::parse(url)?;
    if url.is_secure() {
        let reason = "wss needs a TLS stream to connect on: see connect_on";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
    }
    // Tries one address after the other.
    let dialling = TcpStream::connect((url.host(), url.port()));
    let tcp = timeout(client.timeout(), dialling).await.map_err(|_| {
        let reason = format!("no connection to {} in time", url.authority());
        io::Error::new(io::ErrorKind::TimedOut, reason)
    })??;
    tcp.set_nodelay(client.is_nodelay())?;
    open(tcp, &url, client).await
}

/// Asks for a WebSocket over a stream to the URL's host that the caller has made: over TLS for `wss`,
/// through a proxy, over a Unix socket.
///
/// # Errors
///
/// As [`connect_with`], without dialling.
pub async fn connect_on<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    url: &str,
    client: &Client,
) -> io::Result<Opened<S>> {
    open(io, &Url::parse(url)?, client).await
}

async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    url: &Url,
    client: &Client,
) -> io::Result<Opened<S>> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let connect = pump::Connect::new(Transport::new(io), url, client, Seed::new(seed));
    Ok(Opened::new(Box::pin(connect).await?))
}
