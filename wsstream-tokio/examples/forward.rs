//! A TCP port that leads to a `wss://` server with a CA of its own: `forward HOST:PORT URL ROOTS.pem`.
//!
//! While the server cannot be reached, TCP clients wait, and it is tried again, less and less often. Ctrl-C ends the
//! program: connections that are open have 10 seconds.

use std::pin::pin;
use std::time::Duration;
use std::{env, fs};

use tokio::select;
use tokio::signal::ctrl_c;
use tokio::time::sleep;
use wsstream_tokio::{
    ClientConfig, ClientEndpoint, ClientTls, Error, Incoming, NetStream, RetryAfter,
    ServerEndpoint, relay,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [address, url, roots] = &args[..] else {
        return Err("usage: forward HOST:PORT URL ROOTS.pem".into());
    };
    let tls = ClientTls::with_roots(&fs::read(roots)?)?;
    let server = ClientEndpoint::url(url, ClientConfig::stream())?.tls(tls);
    let mut listener = ServerEndpoint::tcp(address)?.listen().await?;
    println!("listening on {}", listener.local_addr());
    let mut asked_to_end = pin!(ctrl_c());
    loop {
        let incoming = select! {
            Some(incoming) = listener.accept() => incoming,
            _ = &mut asked_to_end => break,
        };
        let server = server.clone();
        tokio::spawn(async move {
            if let Err(error) = forward(incoming, &server).await {
                eprintln!("{error}");
            }
        });
    }
    listener.shutdown(Duration::from_secs(10)).await;
    Ok(())
}

async fn forward(mut incoming: Incoming, server: &ClientEndpoint) -> Result<(), Error> {
    // Not any longer than the TCP client waits, or this program runs.
    let connected = incoming.while_present(connect(server)).await?;
    let mut tcp = incoming.accept().await?;
    // A client that gets no server sees a reset, and not an end.
    tcp.abort_on_drop(true);
    relay(&mut tcp, &mut connected?).await.into_result()?;
    Ok(())
}

/// Tries again while the reason may pass, each time after twice as long, until that is more than a minute.
async fn connect(server: &ClientEndpoint) -> Result<NetStream, Error> {
    let mut wait = Duration::from_millis(100);
    loop {
        let error = match server.connect().await {
            Err(error) if error.is_transient() && wait < Duration::from_secs(60) => error,
            result => return result,
        };
        if let Some(RetryAfter::Seconds(seconds)) = error.retry_after() {
            wait = wait.max(Duration::from_secs(seconds));
        }
        eprintln!("{error}; next attempt in {wait:?}");
        sleep(wait).await;
        wait *= 2;
    }
}
