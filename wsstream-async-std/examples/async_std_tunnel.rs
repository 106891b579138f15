//! A local TCP port, or standard input and output, into a WebSocket URL: `async_std_tunnel LOCAL_HOST:PORT URL`,
//! `async_std_tunnel - URL`.

use std::io;
use std::time::Duration;

use async_signal::{Signal, Signals};
use async_std::task::{JoinHandle, block_on, spawn};
use clap::Parser;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, TryFutureExt, select};
use wsstream_async_std::{
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

fn main() {
    if let Err(error) = block_on(run(Args::parse())) {
        eprintln!("tunnel: {error}");
        std::process::exit(1);
    }
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    show_warnings();
    let client = match &args.subprotocol {
        Some(name) => ClientConfig::stream().subprotocols([name])?,
        None => ClientConfig::stream(),
    };
    let client = client.accept_no_subprotocol(args.accept_no_subprotocol);
    if Url::parse(&args.url)?.is_secure() && !cfg!(feature = "rustls") {
        return Err("built without TLS: for wss:// build with --features ring".into());
    }
    let to = ClientEndpoint::url(&args.url, client)?.redirects(args.redirects);
    let to = match args.proxy.as_deref() {
        Some("") => to,
        Some(proxy) => to.proxy(Proxy::parse(proxy)?),
        None if args.no_proxy => to,
        None => to.proxy_from_env()?,
    };
    let wait = Duration::from_secs(args.wait);
    if args.local == "-" {
        return Ok(carry_standard_io(to, wait).await?);
    }
    let listening = ServerEndpoint::tcp(&args.local)?.backlog(args.backlog);
    // No more files, for example: what is open goes on.
    let told = |error: &io::Error| eprintln!("tunnel: {error}");
    let mut listener = listening.listen().await?.on_accept_error(told);
    let mut signals = Signals::new(ASKED_TO_END)?.fuse();
    eprintln!("tunnel: listening on {}", addresses(&listener));
    let mut open = FuturesUnordered::<JoinHandle<()>>::new();
    loop {
        select! {
            incoming = listener.accept().fuse() => {
                let Some(incoming) = incoming else { break };
                let peer = incoming.peer_addr().ok().and_then(|peer| peer.tcp());
                let peer = peer.map_or_else(|| "peer".into(), |peer| peer.to_string());
                let carried = carry(incoming, to.clone(), wait);
                let told = move |error| eprintln!("tunnel: {peer}: {error}");
                open.push(spawn(carried.unwrap_or_else(told)));
            }
            () = open.select_next_some() => {}
            _ = signals.next() => break,
        }
    }
    match open.len() {
        0 => Ok(()),
        count => {
            for connection in open {
                connection.cancel().await;
            }
            Err(format!("{count} connections cut off").into())
        }
    }
}

/// All addresses that it is bound to: a name may have several.
fn addresses(listener: &Listener) -> String {
    let tcp = listener.local_addrs().iter();
    let tcp = tcp.filter_map(EndpointAddress::tcp);
    let tcp: Vec<_> = tcp.map(|address| address.to_string()).collect();
    tcp.join(" and ")
}

async fn carry(incoming: Incoming, to: ClientEndpoint, wait: Duration) -> io::Result<()> {
    let mut local = incoming.accept().await?;
    // Who gets no WebSocket sees a reset, and not an end.
    local.abort_on_drop(true);
    let mut stream = to.open().await.map_err(named)?.into_stream();
    let relayed = relay_with(&mut stream, &mut local, wait).await;
    relayed.into_result().map(drop)
}

/// A signal ends it, with Close 1001 if there was more of the input to come: nobody is to take that for all.
async fn carry_standard_io(to: ClientEndpoint, wait: Duration) -> io::Result<()> {
    let mut stream = to.open().await.map_err(named)?.into_stream();
    let mut local = AsyncStream::from(BlockingSocket::new(io::stdin(), stdout()?));
    let mut signals = Signals::new(ASKED_TO_END)?.fuse();
    let signal = select! {
        relayed = relay_with(&mut stream, &mut local, wait).fuse() => return relayed.into_result().map(drop),
        signal = signals.next() => signal,
    };
    // The relay has said 1001, unless all of the input had been sent.
    let is_whole = stream
        .info()
        .sent_close
        .is_some_and(|close| close.is_normal());
    // With SIGHUP OpenSSH ends its ProxyCommand.
    let is_hangup = matches!(signal, Some(Ok(Signal::Hup)));
    let other = |reason| Err(io::Error::other(reason));
    select! {
        closed = stream.finish().fuse() => closed?,
        _ = signals.next() => return other("ended without the other end"),
    }
    match is_whole || is_hangup {
        true => Ok(()),
        false => other("ended before the input"),
    }
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

/// Standard output, whose reader sees the end as soon as this is dropped.
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

const ASKED_TO_END: &[Signal] = if cfg!(unix) {
    &[Signal::Hup, Signal::Term, Signal::Int]
} else {
    &[Signal::Int]
};
