//! A local TCP port, or standard input and output, into a WebSocket URL: `tunnel LOCAL_HOST:PORT URL`,
//! `tunnel - URL`.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use wsstream_tokio::{Client, NetStream, Url, WsStream, connect_with, relay};

/// Carries a local TCP port, or standard input and output, to a WebSocket URL.
#[derive(Parser)]
struct Args {
    /// HOST:PORT to listen on; `-` for standard input and output.
    local: String,
    /// Where to connect, once for every local connection.
    url: String,
    /// Offer just this subprotocol.
    #[arg(long, value_name = "NAME")]
    subprotocol: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = run(Args::parse()).await;
    if let Err(error) = &ended {
        eprintln!("tunnel: {error}");
    }
    // Not by returning: a read of standard input that is under way would be waited for.
    std::process::exit(i32::from(ended.is_err()))
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    // A wsstream at the other end then goes on sending after our end of input.
    let mut client = Client::stream().offer_half_close(true);
    if let Some(name) = &args.subprotocol {
        client = client.subprotocols([name])?;
    }
    let url = args.url;
    Url::parse(&url)?;
    if args.local == "-" {
        let mut stream = connect_with(&url, &client).await?.into_stream();
        let mut local = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
        let ended = tokio::select! {
            relayed = relay(&mut stream, &mut local) => relayed.into_result().map(drop),
            asked = asked_to_end() => end(asked, &mut stream).await,
        };
        return Ok(ended?);
    }
    let listener = TcpListener::bind(&args.local).await?;
    eprintln!("tunnel: listening on {}", listener.local_addr()?);
    let mut connections = JoinSet::new();
    loop {
        let (mut tcp, peer) = tokio::select! {
            accepted = listener.accept() => accepted?,
            Some(_) = connections.join_next() => continue,
            asked = asked_to_end() => {
                asked?;
                let open = connections.len();
                // Dropped streams tell the peer so, as well as they can.
                connections.shutdown().await;
                return if open == 0 { Ok(()) } else { Err(format!("{open} connections cut off").into()) };
            }
        };
        let (url, client) = (url.clone(), client.clone());
        connections.spawn(async move {
            if let Err(error) = carry(&mut tcp, &url, &client).await {
                eprintln!("tunnel: {peer}: {error}");
            }
        });
    }
}

async fn carry(tcp: &mut TcpStream, url: &str, client: &Client) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let relayed = match connect_with(url, client).await {
        Ok(opened) => relay(&mut opened.into_stream(), tcp).await,
        Err(error) => {
            tcp.set_zero_linger()?;
            return Err(error);
        }
    };
    if relayed.a_failed.is_some() {
        // What the local end received may be cut short: it sees a reset, not an end.
        tcp.set_zero_linger()?;
    }
    relayed.into_result().map(drop)
}

/// OpenSSH ends its ProxyCommand with SIGHUP.
#[cfg(unix)]
async fn asked_to_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = hangup.recv() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn asked_to_end() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

async fn end(asked: io::Result<()>, stream: &mut WsStream<NetStream>) -> io::Result<()> {
    asked?;
    stream.close().await
}
