//! A local TCP port, or standard input and output, into a WebSocket URL: `tunnel LOCAL_HOST:PORT URL`,
//! `tunnel - URL`.

use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::task::JoinSet;
use wsstream_tokio::{
    AsyncStream, BlockingSocket, Cause, ClientConfig, ClientEndpoint, EndpointAddress, Error,
    HandshakeError, Incoming, Listener, Proxy, ServerEndpoint, Url, relay_with,
};

/// Carries a local TCP port, or standard input and output, to a WebSocket URL.
#[derive(Parser)]
struct Args {
    /// HOST:PORT to listen on, at all addresses of the name; `-` for standard input and output.
    local: String,
    /// Where to connect, once for every local connection.
    url: String,
    /// Offer just this subprotocol.
    #[arg(long, value_name = "NAME")]
    subprotocol: Option<String>,
    /// Connect to servers that select no subprotocol, too.
    #[arg(long)]
    accept_no_subprotocol: bool,
    /// How long to wait for more of the reply, after the local end of input, where Close would cut it
    /// off: servers other than wsstream end both directions when they receive one.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    /// Go through this proxy: http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]. Without this
    /// option it is the one of the environment: https_proxy for wss://, http_proxy for ws://, else
    /// all_proxy, for all hosts but those of no_proxy and this machine. '' is none.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Go through no proxy, whatever the environment says.
    #[arg(long, conflicts_with = "proxy")]
    no_proxy: bool,
    /// Follow up to this many redirects; 0 for none. From wss:// none leads to ws://, and to another host,
    /// scheme or port goes no password.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    redirects: u8,
    /// How many local connections may wait to be accepted, for each address; the system may allow less.
    #[arg(long, value_name = "CONNECTIONS", default_value_t = 4096)]
    backlog: u32,
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

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    show_warnings();
    let mut client = ClientConfig::stream().accept_no_subprotocol(args.accept_no_subprotocol);
    if let Some(name) = &args.subprotocol {
        client = client.subprotocols([name])?;
    }
    let wait = Duration::from_secs(args.wait);
    if Url::parse(&args.url)?.is_secure() && !cfg!(feature = "rustls") {
        return Err("built without TLS: for wss:// build with --features ring".into());
    }
    let endpoint = ClientEndpoint::url(&args.url, client)?.redirects(args.redirects);
    let endpoint = match args.proxy.as_deref() {
        Some("") => endpoint,
        Some(proxy) => endpoint.proxy(Proxy::parse(proxy)?),
        None if args.no_proxy => endpoint,
        None => endpoint.proxy_from_env()?,
    };
    if args.local == "-" {
        return Ok(carry_standard_io(&endpoint, wait).await?);
    }
    let listening = ServerEndpoint::tcp(&args.local)?.backlog(args.backlog);
    // No more files, for example: what is open goes on.
    let told = |error: &io::Error| eprintln!("tunnel: {error}");
    let mut listener = listening.listen().await?.on_accept_error(told);
    let mut asked = pin!(asked_to_end()?);
    eprintln!("tunnel: listening on {}", addresses(&listener));
    let mut connections = JoinSet::new();
    loop {
        let incoming = tokio::select! {
            Some(incoming) = listener.accept() => incoming,
            Some(_) = connections.join_next() => continue,
            _ = &mut asked => break,
        };
        let endpoint = endpoint.clone();
        connections.spawn(async move {
            let peer = incoming.peer_addr().ok().and_then(|peer| peer.tcp());
            let peer = peer.map_or_else(|| "peer".into(), |peer| peer.to_string());
            if let Err(error) = carry(incoming, &endpoint, wait).await {
                eprintln!("tunnel: {peer}: {error}");
            }
        });
    }
    let open = connections.len();
    // Dropped streams tell the peer so, as well as they can.
    connections.shutdown().await;
    match open {
        0 => Ok(()),
        _ => Err(format!("{open} connections cut off").into()),
    }
}

/// All addresses that it is bound to: a name may have several.
fn addresses(listener: &Listener) -> String {
    let tcp = listener.local_addrs().iter();
    let tcp = tcp.filter_map(EndpointAddress::tcp);
    let tcp: Vec<_> = tcp.map(|address| address.to_string()).collect();
    tcp.join(" and ")
}

/// A signal ends it, with Close 1001 if there was more of the input to come: nobody is to take that for all.
async fn carry_standard_io(endpoint: &ClientEndpoint, wait: Duration) -> io::Result<()> {
    let mut stream = endpoint.open().await.map_err(named)?.into_stream();
    let mut local = AsyncStream::from(BlockingSocket::new(io::stdin(), stdout()?));
    let asked = asked_to_end()?;
    let is_hangup = tokio::select! {
        relayed = relay_with(&mut stream, &mut local, wait) => return relayed.into_result().map(drop),
        is_hangup = asked => is_hangup,
    };
    let again = asked_to_end()?;
    // The relay has said 1001, unless all of the input had been sent.
    let is_whole = stream
        .info()
        .sent_close
        .is_some_and(|close| close.is_normal());
    tokio::select! {
        closed = stream.finish() => closed?,
        _ = again => return Err(io::Error::other("ended without the other end")),
    }
    if is_whole || is_hangup {
        return Ok(());
    }
    Err(io::Error::other("ended before the input"))
}

async fn carry(incoming: Incoming, endpoint: &ClientEndpoint, wait: Duration) -> io::Result<()> {
    let mut local = incoming.accept().await?;
    // Who gets no WebSocket sees a reset, and not an end.
    local.abort_on_drop(true);
    let mut stream = endpoint.open().await.map_err(named)?.into_stream();
    let relayed = relay_with(&mut stream, &mut local, wait).await;
    relayed.into_result().map(drop)
}

/// Waits for one of the signals for it, from now on, and tells whether that was SIGHUP, with which OpenSSH ends
/// its ProxyCommand: that is no failure.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = hangup.recv() => true,
            _ = terminate.recv() => false,
            _ = interrupt.recv() => false,
        }
    })
}

#[cfg(not(unix))]
fn asked_to_end() -> io::Result<impl Future<Output = bool>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
        false
    })
}

/// Shows what the library warns of in the environment, such as an `HTTP_PROXY` that it ignores.
fn show_warnings() {
    let log = tracing_subscriber::fmt().with_env_filter("wsstream::proxy=warn");
    let log = log.with_writer(io::stderr).with_ansi(false);
    log.without_time().with_target(false).init();
}

/// The library's error names its setting, and this names the option of this program.
fn named(error: Error) -> io::Error {
    match error.cause() {
        Cause::Handshake(refused @ HandshakeError::NoSubprotocol) => {
            io::Error::other(format!("{}: add --accept-no-subprotocol", refused.fault()))
        }
        _ => error.into(),
    }
}

/// Standard output, whose reader sees the end as soon as this is dropped, though the program may go on for a while.
#[cfg(unix)]
fn stdout() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd as _;
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(std::fs::File::create("/dev/null")?)?;
    Ok(output.into())
}

#[cfg(not(unix))]
fn stdout() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}
