//! A local TCP port, or standard input and output, into a WebSocket URL: `tunnel LOCAL_HOST:PORT URL`,
//! `tunnel - URL`.

use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use clap::Parser;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep};
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
    /// How long to wait for more of the reply, after the local end of input, where Close would cut it
    /// off: most servers other than wsstream end both directions when they receive one.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    wait: u64,
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
    let (url, wait) = (args.url, Duration::from_secs(args.wait));
    if Url::parse(&url)?.is_secure() && !cfg!(feature = "rustls") {
        return Err("built without TLS: for wss:// build with --features rustls".into());
    }
    if args.local == "-" {
        let mut stream = connect(&url, &client).await?;
        let (stdin, stdout) = (tokio::io::stdin(), tokio::io::stdout());
        let mut local = Local::new(stdin, stdout, &stream, wait);
        let asked = asked_to_end()?;
        let ended = tokio::select! {
            relayed = relay(&mut stream, &mut local) => relayed.into_result().map(drop),
            () = asked => {
                let again = asked_to_end()?;
                tokio::select! {
                    closed = stream.close() => closed,
                    () = again => Err(io::Error::other("ended without the other end")),
                }
            }
        };
        return Ok(ended?);
    }
    let listener = TcpListener::bind(&args.local)
        .await
        .map_err(|error| format!("{}: {error}", args.local))?;
    let mut asked = pin!(asked_to_end()?);
    eprintln!("tunnel: listening on {}", listener.local_addr()?);
    let mut connections = JoinSet::new();
    loop {
        let (mut tcp, peer) = tokio::select! {
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
            () = &mut asked => {
                let open = connections.len();
                // Dropped streams tell the peer so, as well as they can.
                connections.shutdown().await;
                return if open == 0 { Ok(()) } else { Err(format!("{open} connections cut off").into()) };
            }
        };
        let (url, client) = (url.clone(), client.clone());
        connections.spawn(async move {
            if let Err(error) = carry(&mut tcp, &url, &client, wait).await {
                eprintln!("tunnel: {peer}: {error}");
            }
        });
    }
}

/// How long to wait after the system has failed to give a connection.
const BACK_OFF: Duration = Duration::from_millis(100);

async fn carry(tcp: &mut TcpStream, url: &str, client: &Client, wait: Duration) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let relayed = match connect(url, client).await {
        Ok(mut stream) => {
            let (input, output) = tcp.split();
            let mut local = Local::new(input, output, &stream, wait);
            relay(&mut stream, &mut local).await
        }
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

/// A failure says whom it was to reach: what is reported of a local connection begins with its peer.
async fn connect(url: &str, client: &Client) -> io::Result<WsStream<NetStream>> {
    let opened = connect_with(url, client).await;
    let named = |error: io::Error| match Url::parse(url) {
        Ok(url) => io::Error::new(error.kind(), format!("{}: {error}", url.authority())),
        Err(_) => error,
    };
    Ok(opened.map_err(named)?.into_stream())
}

/// Waits for one of the signals for it, from now on. OpenSSH ends its ProxyCommand with SIGHUP.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = hangup.recv() => {}
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

/// The local end, whose end of input waits for the reply's, if the server did not agree to half close.
struct Local<R, W> {
    input: R,
    output: W,
    half_close: bool,
    /// Set at the end of input, to the time until which something has to come.
    ended: Option<Pin<Box<Sleep>>>,
    replied: bool,
    /// Nobody takes the reply.
    gone: bool,
    wait: Duration,
    reader: Waker,
}

impl<R, W> Local<R, W> {
    fn new(input: R, output: W, stream: &WsStream<NetStream>, wait: Duration) -> Self {
        Self {
            input,
            output,
            half_close: stream.agreed().half_close(),
            ended: None,
            replied: false,
            gone: false,
            wait,
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

impl<R: AsyncRead + Unpin, W: Unpin> AsyncRead for Local<R, W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.gone {
            return Poll::Ready(Ok(()));
        }
        this.reader.clone_from(cx.waker());
        if this.ended.is_none() {
            let before = buf.filled().len();
            ready!(Pin::new(&mut this.input).poll_read(cx, buf))?;
            if this.half_close || buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
        if this.replied {
            return Poll::Ready(Ok(()));
        }
        let wait = this.wait;
        let ended = this.ended.get_or_insert_with(|| Box::pin(sleep(wait)));
        ended.as_mut().poll(cx).map(Ok)
    }
}

impl<R: Unpin, W: AsyncWrite + Unpin> AsyncWrite for Local<R, W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wait = self.wait;
        if let Some(ended) = &mut self.ended {
            ended.as_mut().reset(Instant::now() + wait);
        }
        let written = Pin::new(&mut self.output).poll_write(cx, data);
        self.note(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.output).poll_flush(cx);
        self.note(flushed)
    }

    /// The reply has ended.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.replied = true;
        self.reader.wake_by_ref();
        Pin::new(&mut self.output).poll_shutdown(cx)
    }
}
