//! WebSocket in front of an unmodified TCP server: `relay [ws://HOST:PORT [TARGET_HOST:PORT]]`.
//!
//! SIGINT and SIGTERM end it: nobody can connect any more, and what is under way has ten seconds to
//! finish, or until a second signal.
//!
//! Without a target it serves an echo service of its own, and says how to try it.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wsstream_tokio::{
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

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay: {error}");
            ExitCode::FAILURE
        }
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
    let target = match &args.target {
        Some(target) => target.clone(),
        None => echo_service().await?.to_string(),
    };
    let origins = match (args.any_origin, args.origin.as_slice()) {
        (true, _) => Origins::any(),
        (false, []) => Origins::same_host(),
        (false, listed) => Origins::list(listed)?,
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
    let endpoint = ClientEndpoint::tcp(&target)?;
    let listening = ServerEndpoint::websocket(&args.url.host_and_port(), server)?;
    let listener = listening.backlog(args.backlog).listen().await?;
    println!("relaying {} to {target}", args.url);
    println!("listening on {}", addresses(&listener));
    let wait = Duration::from_secs(args.wait);
    let serving = tokio::spawn(serve(listener, endpoint, wait));
    if let Some(text) = args.r#try {
        println!("came back: {}", round_trip(&args.url, &text).await?);
        return Ok(());
    }
    if args.target.is_none() {
        println!("try it: cargo run --example tunnel -- - {}", args.url);
        println!("        and type something: the echo service sends it back");
    }
    Ok(serving.await??)
}

/// All addresses that it is bound to: a name may have several.
fn addresses(listener: &Listener) -> String {
    let tcp = listener.local_addrs().iter();
    let tcp = tcp.filter_map(EndpointAddress::tcp);
    let tcp: Vec<_> = tcp.map(|address| address.to_string()).collect();
    tcp.join(" and ")
}

async fn serve(mut listener: Listener, target: ClientEndpoint, wait: Duration) -> io::Result<()> {
    let mut asked = pin!(asked_to_end()?);
    loop {
        let incoming = tokio::select! {
            Some(incoming) = listener.accept() => incoming,
            () = &mut asked => break,
        };
        let target = target.clone();
        tokio::spawn(async move {
            let peer = incoming.peer_addr();
            if let Err(error) = carry(incoming, &target, wait).await {
                let peer = peer.ok().and_then(|peer| peer.tcp());
                let peer = peer.map_or_else(|| "peer".into(), |peer| peer.to_string());
                eprintln!("relay: {peer}: {error}");
            }
        });
    }
    let again = asked_to_end()?;
    eprintln!(
        "relay: {} to finish in {GRACE:?}, or until another signal",
        listener.connections()
    );
    tokio::select! {
        _ = listener.shutdown(GRACE) => {}
        () = again => {}
    }
    Ok(())
}

/// Waits for one of the signals for it, from now on.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

async fn carry(
    mut incoming: Incoming,
    target: &ClientEndpoint,
    wait: Duration,
) -> Result<(), Error> {
    if let Err(error) = incoming.check() {
        // Who is not let in does not get as far as the target.
        return refuse(incoming, error).await;
    }
    // The target is dialled first: a client whose target is not there is told so in HTTP.
    let Ok(dialled) = incoming.while_present(target.connect()).await else {
        // The client has gone, or the relay ends and says so.
        return incoming.accept().await.map(drop);
    };
    let mut target = match dialled {
        Ok(target) => target,
        Err(error) => {
            // What the system says of it is for the log.
            let refusal = match error.kind() {
                io::ErrorKind::TimedOut => Refusal::new(504).body("the target does not answer\n"),
                _ => Refusal::new(502).body("the target cannot be reached\n"),
            };
            incoming.refuse(&refusal).await?;
            return Err(error);
        }
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
    let listener = TcpListener::bind(("localhost", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            let Ok((mut tcp, _)) = listener.accept().await else {
                continue;
            };
            tokio::spawn(async move {
                let (mut read, mut write) = tcp.split();
                tokio::io::copy(&mut read, &mut write).await?;
                write.shutdown().await
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

/// How long connections may go on after a signal.
const GRACE: Duration = Duration::from_secs(10);
