//! Byte-stream echo over `binary`, `base64` or no subprotocol: `async_std_echo_server HOST:PORT`.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_async_std::{Incoming, Listener, NetStream, Origins, ServerConfig};

/// Echoes byte streams over WebSocket, to pages from anywhere.
#[derive(Parser)]
struct Args {
    /// HOST:PORT to listen on.
    address: String,
}

fn main() -> ExitCode {
    match async_std::task::block_on(run()) {
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
    println!("listening on {}", listener.local_addr()?);
    loop {
        let incoming = listener.accept().await?;
        async_std::task::spawn(async move {
            if let Err(error) = echo(incoming).await {
                eprintln!("{error}");
            }
        });
    }
}

async fn echo(incoming: Incoming<NetStream>) -> io::Result<()> {
    let mut stream = incoming.accept().await?.into_stream();
    let mut buf = vec![0; 64 << 10];
    loop {
        match stream.read(&mut buf).await? {
            0 => return stream.close().await,
            count => stream.write_all(&buf[..count]).await?,
        }
    }
}
