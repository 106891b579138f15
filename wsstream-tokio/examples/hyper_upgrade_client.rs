//! A byte stream over a connection of hyper's client: `hyper_upgrade_client [URL] [TEXT]`. The server is
//! `hyper_upgrade_server` or any other.
//!
//! hyper sends the request, here over HTTP/1.1, and gives the connection up when the response has accepted.

use std::error::Error;

use clap::Parser;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wsstream_tokio::http::Version;
use wsstream_tokio::{ClientConfig, Io, Upgraded, Url, seed};

/// Says a text to an echo service over WebSocket, and prints what comes back.
#[derive(Parser)]
struct Args {
    /// Where to connect, without TLS.
    #[arg(default_value = "ws://localhost:8080/")]
    url: Url,
    /// What to say.
    #[arg(default_value = "hello")]
    text: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Args { url, text } = Args::parse();
    let tcp = TcpStream::connect((url.host(), url.port())).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(tcp)).await?;
    tokio::spawn(connection.with_upgrades());

    let (client, seed) = (ClientConfig::stream(), seed()?);
    let request = client.request(&url, Version::HTTP_11, &seed);
    let response = sender.send_request(request.map(|()| String::new())).await?;
    let negotiated = client.confirm_response(&response, &seed)?;
    let io = Io::new(TokioIo::new(hyper::upgrade::on(response).await?));
    let mut stream = Upgraded::new(io, negotiated, Vec::new()).into_stream();

    stream.write_all(text.as_bytes()).await?;
    let mut reply = vec![0; text.len()];
    stream.read_exact(&mut reply).await?;
    println!("{}", String::from_utf8_lossy(&reply));
    stream.finish().await?;
    Ok(())
}
