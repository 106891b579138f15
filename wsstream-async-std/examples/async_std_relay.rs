//! WebSocket in front of an unmodified TCP server: `async_std_relay [ws://HOST:PORT [TARGET_HOST:PORT]]`.
//!
//! SIGINT and SIGTERM end it: nobody can connect any more, and what is under way has ten seconds to
//! finish, or until a second signal.
//!
//! Without a target it serves an echo service of its own, and says how to try it.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use async_signal::{Signal, Signals};
use async_std::net::TcpListener;
use async_std::task::{block_on, spawn};
use clap::Parser;
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use futures_util::{FutureExt, StreamExt, TryFutureExt, select};
use wsstream_async_std::{
    ClientEndpoint, EndpointAddress, Error, HandshakeError, Hosts, Incoming, Listener, Origins,
    Refusal, ServerConfig, ServerEndpoint, Url, connect, relay_with,
};

/// Puts WebSocket in front of a TCP server.
#[derive(Parser)]
struct Args {
    /// Where to listen: on this machine alone, or at ws://0.0.0.0:9000 for others too. With a path, only
    /// that path is served.
    #[arg(default_value = "ws://localhost:9000")]
    url: Url,
    /// HOST:PORT of the TCP server; default an echo service of this program's own.
    target: Option<String>,
    /// Lets pages from this origin in, such as https://example.org, instead of those of the relay's own
    /// host and port. Can be given several times.
    #[arg(long, value_name = "ORIGIN", conflicts_with = "any_origin")]
    origin: Vec<String>,
    /// Lets pages from everywhere in.
    #[arg(long)]
    any_origin: bool,
    /// Answers pages that ask for this host, and for no other; default any, or names of this machine if it
    /// listens there alone. Can be given several times.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Speaks this subprotocol too, such as mqtt, in the encoding of `binary`. Can be given several times.
    #[arg(long, value_name = "NAME")]
    subprotocol: Vec<String>,
    /// Answers load balancers that ask at this path, such as /health, whether the relay is up.
    #[arg(long, value_name = "PATH")]
    health: Option<String>,
    /// How large the head of a request may be, at most 1048576. Cookies of single sign-on can need 65536.
    #[arg(long, value_name = "OCTETS", default_value_t = 16384)]
    max_head: usize,
    /// How long a client that cannot half close may go on sending once the target has ended: what it says
    /// later is cut off by our Close.
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    wait: u64,
    /// How many clients may wait to be accepted, for each address; the system may allow less.
    #[arg(long, value_name = "CLIENTS", default_value_t = 4096)]
    backlog: u32,
    /// Sends TEXT through the relay, prints what comes back, and ends.
    #[arg(long, value_name = "TEXT")]
    r#try: Option<String>,
}

fn main() {
    if let Err(error) = block_on(run(Args::parse())) {
        eprintln!("relay: {error}");
        std::process::exit(1);
    }
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    if args.url.is_secure() {
        return Err("this example listens without TLS: give a ws:// URL".into());
    }
    if args.url.authorization().is_some() {
        return Err("a server asks for no user and password".into());
    }
    if args.url.query().is_some() {
        return Err("a server takes every query: give a URL without one".into());
    }
    let origins = match &args.origin[..] {
        _ if args.any_origin => Origins::any(),
        [] => Origins::same_host(),
        origins => Origins::list(origins)?,
    };
    let hosts = match args.host.as_slice() {
        [] => Hosts::default(),
        listed => Hosts::list(listed)?,
    };
    let mut server = ServerConfig::stream()
        .path(args.url.path())
        .origins(origins)
        .hosts(hosts)
        .max_head(args.max_head);
    for name in &args.subprotocol {
        server = server.subprotocol(name)?;
    }
    if let Some(path) = &args.health {
        server = server.health_path(path);
    }
    let to = match &args.target {
        Some(target) => target.clone(),
        None => echo_service().await?.to_string(),
    };
    let target = ClientEndpoint::tcp(&to)?;
    let listening = ServerEndpoint::websocket(&args.url.host_and_port(), server)?;
    let listener = listening.backlog(args.backlog).listen().await?;
    println!("relaying {} to {to}", args.url);
    println!("listening on {}", addresses(&listener));
    let serving = spawn(serve(listener, target, Duration::from_secs(args.wait)));
    if let Some(text) = args.r#try {
        let mut stream = connect(&args.url.to_string()).await?;
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await?;
        println!("came back: {reply}");
        return Ok(());
    }
    if args.target.is_none() {
        let url = &args.url;
        println!("try it: cargo run --example async_std_tunnel -- - {url}");
        println!("        and type something: the echo service sends it back");
    }
    Ok(serving.await?)
}

/// All addresses that it is bound to: a name may have several.
fn addresses(listener: &Listener) -> String {
    let tcp = listener.local_addrs().iter();
    let tcp = tcp.filter_map(EndpointAddress::tcp);
    let tcp: Vec<_> = tcp.map(|address| address.to_string()).collect();
    tcp.join(" and ")
}

async fn serve(mut listener: Listener, target: ClientEndpoint, wait: Duration) -> io::Result<()> {
    let signals = [Signal::Int, Signal::Term];
    // Only Unix has the second one.
    let known = if cfg!(unix) { 2 } else { 1 };
    let mut signals = Signals::new(&signals[..known])?.fuse();
    loop {
        select! {
            incoming = listener.accept().fuse() => {
                let Some(incoming) = incoming else { break };
                let peer = incoming.peer_addr().ok().and_then(|peer| peer.tcp());
                let peer = peer.map_or_else(|| "peer".into(), |peer| peer.to_string());
                let carried = carry(incoming, target.clone(), wait);
                spawn(carried.map_err(move |error| eprintln!("relay: {peer}: {error}")));
            }
            _ = signals.next() => break,
        }
    }
    let open = listener.connections();
    eprintln!("relay: {open} to finish in {GRACE:?}, or until another signal");
    select! {
        _ = listener.shutdown(GRACE).fuse() => Ok(()),
        _ = signals.next() => Ok(()),
    }
}

async fn carry(
    mut incoming: Incoming,
    target: ClientEndpoint,
    wait: Duration,
) -> Result<(), Error> {
    let dialled = match incoming.check() {
        Ok(()) => incoming.while_present(target.connect()).await,
        Err(refused) => Err(refused),
    };
    let mut target = match dialled {
        Ok(Ok(target)) => target,
        Ok(Err(error)) => {
            // The client is told no more than this.
            let (status, body) = match error.kind() {
                io::ErrorKind::TimedOut => (504, "the target does not answer\n"),
                _ => (502, "the target cannot be reached\n"),
            };
            let refusal = Refusal::new(status).body(body);
            return incoming.refuse(&refusal).await.and(Err(error));
        }
        // The target hears no more of it.
        Err(refused) => return refuse(incoming, refused).await,
    };
    let mut stream = incoming.accept().await?;
    let relayed = relay_with(&mut stream, &mut target, wait).await;
    relayed.into_result()?;
    Ok(())
}

/// Refuses who is not let in. The library's error names its setting, and this names the option of this program.
async fn refuse(incoming: Incoming, error: HandshakeError) -> Result<(), Error> {
    let option = match &error {
        // Any page can make a frame without an origin: who lets those in lets all in.
        HandshakeError::OriginRefused(origin) if !origin.is_empty() && origin != "null" => {
            "--origin ORIGIN"
        }
        HandshakeError::HostRefused(_) => "--host NAME",
        HandshakeError::NoCommonSubprotocol { .. } => "--subprotocol NAME",
        // The answer says why, if there is still somebody to read it.
        _ => return incoming.accept().await.map(drop),
    };
    let text = format!("{}: add {option}", error.fault());
    if let Some(refusal) = error.refusal() {
        incoming.refuse(&refusal.body(format!("{text}\n"))).await?;
    }
    Err(io::Error::other(text).into())
}

async fn echo_service() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("localhost:0").await?;
    let address = listener.local_addr()?;
    spawn(async move {
        let mut incoming = listener.incoming();
        while let Some(tcp) = incoming.next().await {
            spawn(async move {
                let tcp = tcp?;
                async_std::io::copy(&mut &tcp, &mut &tcp).await?;
                tcp.shutdown(Shutdown::Write)
            });
        }
    });
    Ok(address)
}

/// How long connections may go on after a signal.
const GRACE: Duration = Duration::from_secs(10);
