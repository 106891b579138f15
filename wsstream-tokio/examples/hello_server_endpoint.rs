//! The wrapped protocol's server: `hello_server_endpoint DESCRIPTOR`, for example
//! `'autobahn:tcp\:9000:url=ws\://localhost\:9000'` or `tcp:9000`.
//!
//! Nothing here knows of WebSocket.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tracing_subscriber::filter::LevelFilter;
use wsstream_tokio::ServerEndpoint;

/// Answers whoever says hello wherever a descriptor has it listen.
#[derive(Parser)]
struct Args {
    /// Where to listen.
    descriptor: ServerEndpoint,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Shows who is refused and why, and the frames, if the descriptor says `debug=true`.
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::DEBUG);
    log.with_writer(io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hello_server_endpoint: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let mut listener = Args::parse().descriptor.listen().await?;
    for address in listener.local_addrs() {
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
