//! A local TCP port, or standard input and output, into a WebSocket URL: `tunnel LOCAL_HOST:PORT URL`,
//! `tunnel - URL`.

use std::error::Error;
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use wsstream_tokio::{
    AsyncStream, BlockingSocket, ClientConfig, ClientEndpoint, Close, NetStream, Proxy, Url,
    relay_with,
};

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
    let mut client = ClientConfig::stream();
    if let Some(name) = &args.subprotocol {
        client = client.subprotocols([name])?;
    }
    let wait = Duration::from_secs(args.wait);
    if Url::parse(&args.url)?.is_secure() && !cfg!(feature = "rustls") {
        return Err("built without TLS: for wss:// build with --features rustls".into());
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
    let listener = TcpListener::bind(&args.local)
        .await
        .map_err(|error| format!("{}: {error}", args.local))?;
    let mut asked = pin!(asked_to_end()?);
    eprintln!("tunnel: listening on {}", listener.local_addr()?);
    let mut connections = JoinSet::new();
    loop {
        let (tcp, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // No more files, or an end before the beginning: what is open goes on.
                    eprintln!("tunnel: {error}");
                    sleep(BACK_OFF).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            _ = &mut asked => {
                let open = connections.len();
                // Dropped streams tell the peer so, as well as they can.
                connections.shutdown().await;
                return if open == 0 { Ok(()) } else { Err(format!("{open} connections cut off").into()) };
            }
        };
        let endpoint = endpoint.clone();
        connections.spawn(async move {
            if let Err(error) = carry(tcp, &endpoint, wait).await {
                eprintln!("tunnel: {peer}: {error}");
            }
        });
    }
}

/// How long to wait after the system has failed to give a connection.
const BACK_OFF: Duration = Duration::from_millis(100);

/// A signal ends it, with Close 1001 if there was more of the input to come: nobody is to take that for all.
async fn carry_standard_io(endpoint: &ClientEndpoint, wait: Duration) -> io::Result<()> {
    let mut stream = endpoint.open().await?.into_stream();
    let mut local = AsyncStream::from(BlockingSocket::new(io::stdin(), stdout()?));
    let asked = asked_to_end()?;
    let is_hangup = tokio::select! {
        relayed = relay_with(&mut stream, &mut local, wait) => return relayed.into_result().map(drop),
        is_hangup = asked => is_hangup,
    };
    let again = asked_to_end()?;
    // The relay has said 1001, unless all of the input had been sent.
    let is_whole = stream
        .connection()
        .sent_close()
        .is_some_and(Close::is_normal);
    tokio::select! {
        closed = stream.close() => closed?,
        _ = again => return Err(io::Error::other("ended without the other end")),
    }
    if is_whole || is_hangup {
        return Ok(());
    }
    Err(io::Error::other("ended before the input"))
}

async fn carry(tcp: TcpStream, endpoint: &ClientEndpoint, wait: Duration) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let mut local = NetStream::from(tcp);
    // Who gets no connection sees a reset, and not an end.
    let opened = endpoint
        .open()
        .await
        .inspect_err(|_| local.abort_on_drop(true));
    let mut stream = opened?.into_stream();
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
