//! The wrapped protocol's client: `hello_client_endpoint DESCRIPTOR`, for example
//! `'autobahn:tcp\:localhost\:9000:url=ws\://localhost\:9000'` or `tcp:localhost:9000`.
//!
//! Nothing here knows of WebSocket.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tracing_subscriber::filter::LevelFilter;
use wsstream_tokio::ClientEndpoint;

/// Says hello wherever a descriptor leads.
#[derive(Parser)]
struct Args {
    /// Where to connect.
    descriptor: ClientEndpoint,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Shows the frames, if the descriptor says `debug=true`.
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::DEBUG);
    log.with_writer(io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hello_client_endpoint: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let mut stream = Args::parse().descriptor.connect().await?;
    hello(&mut stream).await?;
    stream.finish().await
}

/// Greets, and prints the greeting that comes back, however it is cut.
async fn hello(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.write_all(b"hello").await?;
    let mut greeting = [0; "how are you?".len()];
    stream.read_exact(&mut greeting).await?;
    writeln!(io::stdout(), "{}", greeting.escape_ascii())
}
