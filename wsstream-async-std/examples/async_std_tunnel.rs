//! A local TCP port, or standard input and output, into a WebSocket URL: `async_std_tunnel LOCAL_HOST:PORT URL`,
//! `async_std_tunnel - URL`.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use async_io::Timer;
use async_signal::{Signal, Signals};
use async_std::io::{Stdin, Stdout, stdin, stdout};
use async_std::net::{TcpListener, TcpStream};
use async_std::task::{JoinHandle, block_on, spawn};
use clap::Parser;
use futures_util::io::{AsyncRead, AsyncWrite};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, select};
use socket2::SockRef;
use wsstream_async_std::{
    AsyncStream, ClientConfig, ClientEndpoint, CloseCode, Io, NetStream, Url, relay_with,
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
}

fn main() -> ExitCode {
    match block_on(run(Args::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tunnel: {error}");
            ExitCode::FAILURE
        }
    }
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
    let endpoint = ClientEndpoint::url(&args.url, client)?;
    if args.local == "-" {
        return Ok(carry_standard_io(&endpoint, wait).await?);
    }
    let listener = TcpListener::bind(&args.local)
        .await
        .map_err(|error| format!("{}: {error}", args.local))?;
    let mut signals = Signals::new(ASKED_TO_END)?;
    eprintln!("tunnel: listening on {}", listener.local_addr()?);
    let mut connections = FuturesUnordered::<JoinHandle<()>>::new();
    loop {
        let (tcp, peer) = select! {
            accepted = listener.accept().fuse() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // No more files, or an end before the beginning: what is open goes on.
                    eprintln!("tunnel: {error}");
                    Timer::after(BACK_OFF).await;
                    continue;
                }
            },
            () = connections.select_next_some() => continue,
            _ = signals.next().fuse() => {
                let open = connections.len();
                // Dropped streams tell the peer so, as well as they can.
                for connection in connections {
                    connection.cancel().await;
                }
                return if open == 0 { Ok(()) } else { Err(format!("{open} connections cut off").into()) };
            }
        };
        let endpoint = endpoint.clone();
        connections.push(spawn(async move {
            if let Err(error) = carry(tcp, &endpoint, wait).await {
                eprintln!("tunnel: {peer}: {error}");
            }
        }));
    }
}

/// How long to wait after the system has failed to give a connection.
const BACK_OFF: Duration = Duration::from_millis(100);

/// A signal ends it, with Close 1001 if there was more of the input to come: nobody is to take that for all.
async fn carry_standard_io(endpoint: &ClientEndpoint, wait: Duration) -> io::Result<()> {
    let mut stream = endpoint.open().await?.into_stream();
    let mut local = AsyncStream::from(Io::new(Local::new()));
    let mut signals = Signals::new(ASKED_TO_END)?;
    let asked = select! {
        relayed = relay_with(&mut stream, &mut local, wait).fuse() => return relayed.into_result().map(drop),
        signal = signals.next().fuse() => signal,
    };
    let code = if local.ended {
        CloseCode::NORMAL
    } else {
        CloseCode::GOING_AWAY
    };
    select! {
        closed = stream.close_with(code, "").fuse() => closed?,
        _ = signals.next().fuse() => return Err(io::Error::other("ended without the other end")),
    }
    if local.ended || matches!(asked, Some(Ok(Signal::Hup))) {
        return Ok(());
    }
    Err(io::Error::other("ended before the input"))
}

async fn carry(tcp: TcpStream, endpoint: &ClientEndpoint, wait: Duration) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    // What the local end receives may be cut short, until it is known that it was not: it sees a reset, not
    // an end. Before relay_with tells of a failure the local end has taken all that came.
    SockRef::from(&tcp).set_linger(Some(Duration::ZERO))?;
    let mut stream = endpoint.open().await?.into_stream();
    let relayed = relay_with(&mut stream, &mut NetStream::from(tcp.clone()), wait).await;
    if relayed.a_failed.is_none() {
        SockRef::from(&tcp).set_linger(None)?;
    }
    relayed.into_result().map(drop)
}

/// Standard input and output.
struct Local {
    input: Stdin,
    output: Stdout,
    /// All of the input was read.
    ended: bool,
    /// Nobody takes the reply.
    gone: bool,
    reader: Waker,
}

impl Local {
    fn new() -> Self {
        Self {
            input: stdin(),
            output: stdout(),
            ended: false,
            gone: false,
            reader: Waker::noop().clone(),
        }
    }

    /// Who does not take the reply has nothing more to say: standard input could go on for ever.
    fn note<T>(&mut self, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(done, Poll::Ready(Err(_))) {
            self.gone = true;
            self.reader.wake_by_ref();
        }
        done
    }
}

impl AsyncRead for Local {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.gone {
            return Poll::Ready(Ok(0));
        }
        self.reader.clone_from(cx.waker());
        let count = ready!(Pin::new(&mut self.input).poll_read(cx, buf))?;
        self.ended = count == 0;
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Local {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.output).poll_write(cx, data);
        self.note(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.output).poll_flush(cx);
        self.note(flushed)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Poll::Ready(end_stdout())
    }
}

/// The reader of our standard output sees its end now, though the program may go on for a while.
#[cfg(unix)]
fn end_stdout() -> io::Result<()> {
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(nowhere)?)
}

#[cfg(not(unix))]
fn end_stdout() -> io::Result<()> {
    Ok(())
}

/// The signals for it. OpenSSH ends its ProxyCommand with SIGHUP, which is no failure.
const ASKED_TO_END: &[Signal] = if cfg!(unix) {
    &[Signal::Hup, Signal::Term, Signal::Int]
} else {
    &[Signal::Int]
};
