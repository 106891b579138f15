//! Message echo for the Autobahn testsuite, which is at `$WS_URL`, as `$AGENT`.

use std::env;
use std::io;

use wsstream_async_std::{ClientConfig, ClientEndpoint, ConnectionConfig, Message, WebSocket};

fn main() -> io::Result<()> {
    async_std::task::block_on(run())
}

async fn run() -> io::Result<()> {
    let url = env::var("WS_URL").map_err(io::Error::other)?;
    let agent = env::var("AGENT").unwrap_or_else(|_| "client".into());

    let mut socket = connect(&format!("{url}/getCaseCount")).await?;
    let Some(Message::Text(count)) = socket.recv().await? else {
        return Err(io::Error::other("expected the number of cases"));
    };
    let count: u32 = count.parse().map_err(io::Error::other)?;
    socket.close().await?;

    for case in 1..=count {
        let socket = connect(&format!("{url}/runCase?case={case}&agent={agent}")).await?;
        if let Err(error) = echo(socket).await {
            eprintln!("case {case}: {error}");
        }
    }
    connect(&format!("{url}/updateReports?agent={agent}"))
        .await?
        .close()
        .await
}

async fn connect(url: &str) -> io::Result<WebSocket> {
    // The suite's longest message is of 16 MiB.
    let client = ClientConfig::messages().config(ConnectionConfig::new().max_message(16 << 20));
    let upgraded = ClientEndpoint::url(url, client)?.open().await?;
    Ok(upgraded.into_websocket())
}

async fn echo(mut socket: WebSocket) -> io::Result<()> {
    let result = async {
        while let Some(message) = socket.recv().await? {
            socket.send(message).await?;
        }
        Ok(())
    }
    .await;
    socket.close().await.and(result)
}
