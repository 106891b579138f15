//! The wrapped protocol's client: `hello_client [URL]`, by default to `ws://localhost:9000`.
//!
//! `hello` knows nothing of WebSocket. `main` gives it a stream.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Says hello over WebSocket.
#[derive(Parser)]
struct Args {
    /// Whom to say it to.
    #[arg(default_value = "ws://localhost:9000")]
    url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hello_client: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let mut stream = wsstream_tokio::connect(&Args::parse().url).await?;
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
