//! Message echo for the Autobahn testsuite: `async_std_autobahn_server HOST:PORT`.

use std::io;

use clap::Parser;
use wsstream_async_std::{ConnectionConfig, Incoming, Listener, ServerConfig};

/// Echoes WebSocket messages.
#[derive(Parser)]
struct Args {
    /// HOST:PORT to listen on.
    address: String,
}

fn main() -> io::Result<()> {
    async_std::task::block_on(run())
}

async fn run() -> io::Result<()> {
    // The suite's longest message is of 16 MiB.
    let server = ServerConfig::messages().config(ConnectionConfig::new().max_message(16 << 20));
    let mut listener = Listener::bind(Args::parse().address, server).await?;
    if let Some(address) = listener.local_addr().tcp() {
        println!("listening on {address}");
    }
    while let Some(incoming) = listener.accept().await {
        async_std::task::spawn(async move {
            if let Err(error) = echo(incoming).await {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

async fn echo(incoming: Incoming) -> io::Result<()> {
    let mut socket = incoming.upgrade().await?.into_websocket();
    let result = async {
        while let Some(message) = socket.recv().await? {
            socket.send(message).await?;
        }
        Ok(())
    }
    .await;
    // After an error, too: the peer is to read our Close before the transport ends.
    socket.close().await.and(result)
}
