//! WebSocket in front of an unmodified TCP server: `async_std_relay [ws://HOST:PORT [TARGET_HOST:PORT]]`.
//!
//! SIGINT and SIGTERM end it: nobody can connect any more, and what is under way has ten seconds to
//! finish, or until a second signal.
//!
//! Without a target it serves an echo service of its own, and says how to try it.

use std::error::Error;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use async_signal::{Signal, Signals};
use async_std::net::{TcpListener, TcpStream};
use async_std::task::{block_on, spawn};
use clap::Parser;
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use futures_util::{FutureExt, StreamExt, select};
use socket2::SockRef;
use wsstream_async_std::{
    Incoming, Listener, NetStream, Origins, Refusal, ServerConfig, Url, connect, relay_with,
};

/// Puts WebSocket in front of a TCP server.
#[derive(Parser)]
struct Args {
    /// Where to listen: on this machine alone, or at ws://0.0.0.0:9000 for others too. With a path, only
    /// that path is served.
    #[arg(default_value = "ws://localhost:9000")]
    url: Url,
    /// HOST:PORT of the TCP server; default an echo service of this program's own.
    #[arg(value_parser = host_and_port)]
    target: Option<String>,
    /// Lets pages from this origin in, such as https://example.org, instead of those of the relay's own
    /// host and port. Can be given several times.
    #[arg(long, value_name = "ORIGIN", conflicts_with = "any_origin")]
    origin: Vec<String>,
    /// Lets pages from everywhere in.
    #[arg(long)]
    any_origin: bool,
    /// How long a client that cannot half close may go on sending once the target has ended: what it says
    /// later is cut off by our Close.
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    wait: u64,
    /// Sends TEXT through the relay, prints what comes back, and ends.
    #[arg(long, value_name = "TEXT")]
    r#try: Option<String>,
}

fn main() -> ExitCode {
    match block_on(run(Args::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    if args.url.is_secure() {
        return Err("this example listens without TLS: give a ws:// URL".into());
    }
    if args.url.authorization().is_some() {
        return Err("a server asks for no user and password".into());
    }
    let target = match &args.target {
        Some(target) => target.clone(),
        None => echo_service().await?.to_string(),
    };
    let origins = match (args.any_origin, args.origin.as_slice()) {
        (true, _) => Origins::any(),
        (false, []) => Origins::same_host(),
        (false, listed) => Origins::list(listed)?,
    };
    let server = ServerConfig::stream()
        .path(args.url.path())
        .origins(origins);
    let listener = Listener::bind(address(&args.url), server)
        .await
        .map_err(|error| format!("{}: {error}", args.url))?;
    println!("relaying {} to {target}", args.url);
    let wait = Duration::from_secs(args.wait);
    let serving = spawn(serve(listener, target, wait));
    if let Some(text) = args.r#try {
        println!("came back: {}", round_trip(&args.url, &text).await?);
        return Ok(());
    }
    if args.target.is_none() {
        println!(
            "try it: cargo run --example async_std_tunnel -- - {}",
            args.url
        );
        println!("        and type something: the echo service sends it back");
    }
    Ok(serving.await?)
}

async fn serve(mut listener: Listener, target: String, wait: Duration) -> io::Result<()> {
    let mut signals = Signals::new(ASKED_TO_END)?;
    loop {
        let incoming = select! {
            incoming = listener.accept().fuse() => incoming,
            _ = signals.next().fuse() => break,
        };
        let Some(incoming) = incoming else { break };
        let target = target.clone();
        spawn(async move {
            let peer = incoming.peer_addr().ok().and_then(|peer| peer.tcp());
            if let Err(error) = carry(incoming, &target, wait).await {
                let peer = peer.map_or_else(|| "peer".into(), |peer| peer.to_string());
                eprintln!("relay: {peer}: {error}");
            }
        });
    }
    eprintln!(
        "relay: {} to finish in {GRACE:?}, or until another signal",
        listener.connections()
    );
    select! {
        _ = listener.shutdown(GRACE).fuse() => {}
        _ = signals.next().fuse() => {}
    }
    Ok(())
}

async fn carry(incoming: Incoming, target: &str, wait: Duration) -> io::Result<()> {
    if incoming.check().is_err() {
        // Who is not let in does not get as far as the target.
        return incoming.accept().await.map(drop);
    }
    // The target is dialled first: a client whose target is not there is told so in HTTP.
    let tcp = match TcpStream::connect(target).await {
        Ok(tcp) => tcp,
        Err(error) => {
            incoming
                .refuse(&Refusal::new(502).body("the target cannot be reached\n"))
                .await?;
            return Err(io::Error::new(error.kind(), format!("{target}: {error}")));
        }
    };
    tcp.set_nodelay(true)?;
    let mut stream = incoming.accept().await?;
    // What the target receives may be cut short, until it is known that it was not: it sees a reset, not an
    // end. Before relay tells of a failure the target has taken all that came.
    SockRef::from(&tcp).set_linger(Some(Duration::ZERO))?;
    let relayed = relay_with(&mut stream, &mut NetStream::from(tcp.clone()), wait).await;
    if relayed.a_failed.is_none() {
        SockRef::from(&tcp).set_linger(None)?;
    }
    relayed.into_result().map(drop)
}

async fn echo_service() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("localhost", 0)).await?;
    let address = listener.local_addr()?;
    spawn(async move {
        loop {
            let Ok((tcp, _)) = listener.accept().await else {
                continue;
            };
            spawn(async move {
                async_std::io::copy(&mut &tcp, &mut &tcp).await?;
                tcp.shutdown(Shutdown::Write)
            });
        }
    });
    Ok(address)
}

async fn round_trip(url: &Url, text: &str) -> io::Result<String> {
    let mut stream = connect(&url.to_string()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    Ok(reply)
}

/// HOST:PORT, with an IPv6 address in brackets.
fn address(url: &Url) -> String {
    match (url.host(), url.port()) {
        (v6, port) if v6.contains(':') => format!("[{v6}]:{port}"),
        (host, port) => format!("{host}:{port}"),
    }
}

/// HOST:PORT as it is: the name is looked up for every connection.
fn host_and_port(text: &str) -> Result<String, &'static str> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.into()),
        _ => Err("expected HOST:PORT"),
    }
}

/// How long connections may go on after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// The signals for it.
const ASKED_TO_END: &[Signal] = if cfg!(unix) {
    &[Signal::Term, Signal::Int]
} else {
    &[Signal::Int]
};
