//! The wrapped protocol's server: `hello_server [URL]`, by default at `ws://localhost:9000`.
//!
//! `hello` knows nothing of WebSocket. `main` gives it streams.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wsstream_tokio::{EndpointAddress, Listener, ServerConfig, Url};

/// Answers whoever says hello over WebSocket.
#[derive(Parser)]
struct Args {
    /// Where to listen.
    #[arg(default_value = "ws://localhost:9000")]
    url: Url,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hello_server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let Args { url } = Args::parse();
    if url.is_secure() {
        return Err(io::Error::other(
            "this example listens without TLS: give a ws:// URL",
        ));
    }
    if url.authorization().is_some() || url.query().is_some() {
        return Err(io::Error::other(
            "a server asks for no password and takes every query: give a URL without them",
        ));
    }
    let server = ServerConfig::stream().path(url.path());
    let mut listener = Listener::bind(url.host_and_port(), server).await?;
    for address in listener
        .local_addrs()
        .iter()
        .filter_map(EndpointAddress::tcp)
    {
        writeln!(io::stdout(), "listening on {address}")?;
    }
    while let Some(incoming) = listener.accept().await {
        tokio::spawn(async move {
            let mut stream = incoming.accept().await?;
            hello(&mut stream)
                .await
                .inspect_err(|error| eprintln!("{error}"))
        });
    }
    Ok(())
}

/// Greets, and prints what comes until the end.
async fn hello(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.write_all(b"how are you?").await?;
    let mut buf = [0; 1024];
    loop {
        match stream.read(&mut buf).await? {
            0 => return stream.shutdown().await,
            count => writeln!(io::stdout(), "{}", buf[..count].escape_ascii())?,
        }
    }
}
