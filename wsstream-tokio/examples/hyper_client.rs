//! HTTP over WebSocket: hyper's client, unmodified, on a stream of ours. `hyper_client [URL]`.
//!
//! It posts its standard input to `hyper_server`, twice on one connection, and prints what comes back
//! the second time.

use std::io;

use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, stdin, stdout};

/// Posts standard input with HTTP over WebSocket.
#[derive(Parser)]
struct Args {
    /// Where to post it.
    #[arg(default_value = "ws://localhost:9000")]
    url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut input = Vec::new();
    stdin().read_to_end(&mut input).await?;
    let stream = wsstream_tokio::connect(&Args::parse().url).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);

    post(&mut sender, "/first", Bytes::from_static(b"hello")).await?;
    let body = post(&mut sender, "/second", input.into()).await?;
    stdout().write_all(&body).await?;
    stdout().flush().await?;

    // Without senders the connection ends, and shuts down its stream.
    drop(sender);
    connection.await?.map_err(io::Error::other)
}

async fn post(
    sender: &mut http1::SendRequest<Full<Bytes>>,
    path: &str,
    body: Bytes,
) -> io::Result<Bytes> {
    let request = Request::post(path)
        .header(header::HOST, "over-websocket")
        .body(Full::new(body))
        .map_err(io::Error::other)?;
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let body = response.into_body().collect();
    Ok(body.await.map_err(io::Error::other)?.to_bytes())
}
