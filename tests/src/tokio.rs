//! tokio, and `wsstream-tokio`.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::time::{Instant, timeout};
use wsstream_core::handshake::{Agreed, ClientConfig, ServerConfig};
use wsstream_core::pump::{Relayed, Upgraded};
use wsstream_core::{Close, CloseCode, ClosedBy, ConnectionConfig, Counters};
use wsstream_tokio::endpoint::EndpointStream;
use wsstream_tokio::{NetStream, Opened, WsStream};

use crate::flood::Flood;
use crate::io::{Read, Write};
use crate::runtime::{OneThread, PausedClock, Runtime, Stream, Thread};

/// tokio.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a name")]
pub struct Tokio;

/// A transport of tokio's.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "what the stories need")]
pub enum Raw {
    /// TCP.
    Tcp(TcpStream),
    /// A pipe in memory.
    Pipe(DuplexStream),
    /// What never ends.
    Flood(Box<Flood>),
}

impl Runtime for Tokio {
    type Raw = Raw;
    type Stream = WsStream<Raw>;

    fn run(story: impl Future<Output = ()>) {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        let limited = async { timeout(LIMIT, story).await };
        runtime.block_on(limited).expect("the story hangs");
    }

    fn spawn<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let task = tokio::spawn(task);
        async { task.await.unwrap() }
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }

    async fn tcp() -> (Raw, Raw) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (client, server) = (client.unwrap(), server.unwrap().0);
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        (Raw::Tcp(client), Raw::Tcp(server))
    }

    fn pipe(len: usize) -> (Raw, Raw) {
        let (a, b) = tokio::io::duplex(len);
        (Raw::Pipe(a), Raw::Pipe(b))
    }

    fn reset(raw: Raw) {
        let Raw::Tcp(tcp) = raw else {
            panic!("only TCP has a reset");
        };
        tcp.set_zero_linger().unwrap();
    }

    async fn connect(raw: Raw, client: &ClientConfig) -> io::Result<WsStream<Raw>> {
        let opened = wsstream_tokio::connect_on(raw, "ws://localhost/", client).await?;
        Ok(opened.into_stream())
    }

    async fn accept(raw: Raw, server: &ServerConfig) -> io::Result<WsStream<Raw>> {
        let incoming = wsstream_tokio::accept_with(raw, server).await?;
        Ok(incoming.accept().await?.into_stream())
    }

    fn upgraded(
        raw: Raw,
        role: Upgraded,
        agreed: Agreed,
        config: ConnectionConfig,
        received: Vec<u8>,
    ) -> WsStream<Raw> {
        Opened::from_upgraded(raw, role, agreed, config, received).into_stream()
    }

    async fn relay(stream: &mut WsStream<Raw>, other: &mut Raw) -> Relayed {
        wsstream_tokio::relay(stream, other).await
    }

    async fn plain_copy(stream: &mut WsStream<Raw>, other: &mut Raw) -> io::Result<()> {
        tokio::io::copy_bidirectional(stream, other).await?;
        Ok(())
    }
}

impl OneThread for Tokio {
    fn run_on_one_thread<T>(story: impl Future<Output = T>) -> T {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().build().unwrap().block_on(story)
    }
}

impl Thread for tokio::runtime::Runtime {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        Self::block_on(self, future)
    }
}

impl PausedClock for Tokio {
    fn run_paused(story: impl Future<Output = ()>) {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().unwrap();
        let limited = async {
            START.set(Some(Instant::now()));
            timeout(PAUSED_LIMIT, story).await
        };
        runtime.block_on(limited).expect("the story hangs");
    }

    fn now() -> Duration {
        START.get().unwrap().elapsed()
    }
}

thread_local! {
    static START: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for WsStream<S> {
    type Raw = S;
    type ReadHalf = ReadHalf<Self>;
    type WriteHalf = WriteHalf<Self>;

    fn split(self) -> (Self::ReadHalf, Self::WriteHalf) {
        tokio::io::split(self)
    }

    fn close(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        Self::close(self)
    }

    async fn close_with(&mut self, code: CloseCode, reason: &str) -> io::Result<()> {
        Self::close_with(self, code, reason).await
    }

    fn abort(self) {
        Self::abort(self);
    }

    fn poll_drive(&mut self, cx: &Context<'_>) {
        Self::poll_drive(self, cx);
    }

    fn agreed(&self) -> &Agreed {
        Self::agreed(self)
    }

    fn received_close(&self) -> Option<&Close> {
        self.connection().received_close()
    }

    fn sent_close(&self) -> Option<&Close> {
        self.connection().sent_close()
    }

    fn closed_by(&self) -> Option<ClosedBy> {
        self.connection().closed_by()
    }

    fn counters(&self) -> Counters {
        self.connection().counters()
    }

    fn rtt(&self) -> Option<Duration> {
        self.connection().rtt()
    }

    fn get_ref(&self) -> &S {
        Self::get_ref(self)
    }

    fn into_inner(self) -> (S, Vec<u8>) {
        Self::into_inner(self)
    }
}

/// All arms do the same.
macro_rules! either {
    ($raw:expr, $inner:ident => $what:expr) => {
        match $raw {
            Raw::Tcp($inner) => $what,
            Raw::Pipe($inner) => $what,
            Raw::Flood($inner) => $what,
        }
    };
}

impl AsyncRead for Raw {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self.get_mut(), io => Pin::new(io).poll_read(cx, buf))
    }
}

impl AsyncWrite for Raw {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), io => Pin::new(io).poll_write(cx, data))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), io => Pin::new(io).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        either!(self, io => io.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), io => Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), io => Pin::new(io).poll_shutdown(cx))
    }
}

macro_rules! read {
    ($($type:ty $(, $io:ident)?;)*) => {$(
        impl$(<$io: AsyncRead + AsyncWrite + Send + Unpin + 'static>)? Read for $type {
            fn poll_read(
                &mut self,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                let mut buf = ReadBuf::new(buf);
                ready!(AsyncRead::poll_read(Pin::new(self), cx, &mut buf))?;
                Poll::Ready(Ok(buf.filled().len()))
            }
        }
    )*};
}

macro_rules! write {
    ($($type:ty $(, $io:ident)?;)*) => {$(
        impl$(<$io: AsyncRead + AsyncWrite + Send + Unpin + 'static>)? Write for $type {
            fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write(Pin::new(self), cx, data)
            }

            fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_flush(Pin::new(self), cx)
            }

            fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_shutdown(Pin::new(self), cx)
            }
        }
    )*};
}

read!(EndpointStream; Raw; NetStream; WsStream<S>, S; ReadHalf<WsStream<S>>, S;);
write!(EndpointStream; Raw; NetStream; WsStream<S>, S; WriteHalf<WsStream<S>>, S;);

/// A story takes a second; this is for those that hang.
const LIMIT: Duration = Duration::from_secs(60);

/// The same, on a clock that costs nothing.
const PAUSED_LIMIT: Duration = Duration::from_secs(24 * 3600);
