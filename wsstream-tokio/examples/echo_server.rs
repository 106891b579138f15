//! Byte-stream echo over `binary`, `base64` or no subprotocol: `echo_server HOST:PORT`.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_tokio::{Incoming, Listener, Origins, ServerConfig};

/// Echoes byte streams over WebSocket, to pages from anywhere.
#[derive(Parser)]
struct Args {
    /// HOST:PORT to listen on.
    address: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo_server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let server = ServerConfig::stream().origins(Origins::any());
    let mut listener = Listener::bind(Args::parse().address, server).await?;
    if let Some(address) = listener.local_addr().tcp() {
        println!("listening on {address}");
    }
    while let Some(incoming) = listener.accept().await {
        tokio::spawn(async move {
            if let Err(error) = echo(incoming).await {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

async fn echo(incoming: Incoming) -> io::Result<()> {
    let mut stream = incoming.accept().await?;
    let mut buf = vec![0; 64 << 10];
    loop {
        match stream.read(&mut buf).await? {
            0 => return stream.finish().await,
            count => stream.write_all(&buf[..count]).await?,
        }
    }
}
