//! async-std and smol, and `wsstream-async-std`.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use rustix::net::sockopt::set_socket_linger;
use smol::Executor;
use tokio::io::{AsyncRead as _, AsyncWrite as _, DuplexStream, ReadBuf};
use tokio::sync::oneshot;
use wsstream_async_std::endpoint::EndpointStream;
use wsstream_async_std::test_kit::{now, paused, sleep};
use wsstream_async_std::{NetStream, Opened, WsStream};
use wsstream_core::handshake::{Agreed, ClientConfig, ServerConfig};
use wsstream_core::pump::{Relayed, Upgraded};
use wsstream_core::{Close, CloseCode, ClosedBy, ConnectionConfig, Counters};

use crate::flood::Flood;
use crate::io::{Read, Write};
use crate::runtime::{OneThread, PausedClock, Runtime, Stream, Thread};

/// async-std.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a name")]
pub struct AsyncStd;

/// smol.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a name")]
pub struct Smol;

/// A thread that polls a future and nothing else: sockets and timers of async-io's need no more.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a name")]
pub struct AnyThread;

impl Thread for AnyThread {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        smol::future::block_on(future)
    }
}

/// A transport of futures-io's.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "what the stories need")]
pub enum FuturesRaw<T> {
    /// TCP.
    Tcp(T),
    /// A pipe in memory: tokio's, which needs no runtime, so that it is the same for all.
    Pipe(DuplexStream),
    /// What never ends.
    Flood(Box<Flood>),
}

/// Both runtimes are told apart by their sockets, tasks, and ways to split a stream.
macro_rules! runtime {
    ($runtime:ident, $net:ident, $tcp:ty, $block_on:path, |$task:ident| $spawn:expr, |$raw:ident| $fd:expr) => {
        impl Runtime for $runtime {
            type Raw = FuturesRaw<$tcp>;
            type Stream = WsStream<Self::Raw>;

            fn run(story: impl Future<Output = ()>) {
                $block_on(limited(LIMIT, Box::pin(story)));
            }

            fn spawn<T: Send + 'static>(
                task: impl Future<Output = T> + Send + 'static,
            ) -> impl Future<Output = T> + Send {
                let (done, result) = oneshot::channel();
                let $task = async move {
                    // Who has spawned it may not be interested any more.
                    let _ = done.send(task.await);
                };
                match EXECUTOR.with_borrow(Clone::clone) {
                    Some(executor) => executor.spawn($task).detach(),
                    None => $spawn,
                }
                async { result.await.expect("the task has panicked") }
            }

            fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
                sleep(time)
            }

            async fn tcp() -> (Self::Raw, Self::Raw) {
                let listener = $net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let connecting = $net::TcpStream::connect(address);
                let (client, server) = tokio::join!(connecting, listener.accept());
                let (client, server) = (client.unwrap(), server.unwrap().0);
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                (
                    FuturesRaw::Tcp(client.into()),
                    FuturesRaw::Tcp(server.into()),
                )
            }

            fn pipe(len: usize) -> (Self::Raw, Self::Raw) {
                let (a, b) = tokio::io::duplex(len);
                (FuturesRaw::Pipe(a), FuturesRaw::Pipe(b))
            }

            fn reset(raw: Self::Raw) {
                let FuturesRaw::Tcp($raw) = raw else {
                    panic!("only TCP has a reset");
                };
                set_socket_linger($fd, Some(Duration::ZERO)).unwrap();
            }

            async fn connect(raw: Self::Raw, client: &ClientConfig) -> io::Result<Self::Stream> {
                let opened = wsstream_async_std::connect_on(raw, "ws://localhost/", client).await?;
                Ok(opened.into_stream())
            }

            async fn accept(raw: Self::Raw, server: &ServerConfig) -> io::Result<Self::Stream> {
                let incoming = wsstream_async_std::accept_with(raw, server).await?;
                Ok(incoming.accept().await?.into_stream())
            }

            fn upgraded(
                raw: Self::Raw,
                role: Upgraded,
                agreed: Agreed,
                config: ConnectionConfig,
                received: Vec<u8>,
            ) -> Self::Stream {
                Opened::from_upgraded(raw, role, agreed, config, received).into_stream()
            }

            async fn relay(stream: &mut Self::Stream, other: &mut Self::Raw) -> Relayed {
                wsstream_async_std::relay(stream, other).await
            }

            async fn plain_copy(
                stream: &mut Self::Stream,
                other: &mut Self::Raw,
            ) -> io::Result<()> {
                plain_copy(stream, other).await
            }
        }

        impl PausedClock for $runtime {
            fn run_paused(story: impl Future<Output = ()>) {
                $block_on(paused(async {
                    START.set(Some(now()));
                    // Its tasks are polled by this one, and so are on its clock.
                    let executor = Arc::new(Executor::new());
                    EXECUTOR.set(Some(Arc::clone(&executor)));
                    executor.run(limited(PAUSED_LIMIT, Box::pin(story))).await;
                }));
            }

            fn now() -> Duration {
                now() - START.get().unwrap()
            }
        }

        impl OneThread for $runtime {
            fn run_on_one_thread<T>(story: impl Future<Output = T>) -> T {
                $block_on(story)
            }
        }
    };
}

/// A stream over a transport, split as the runtime does it.
macro_rules! stream {
    ($io:ty, $halves:ident) => {
        impl Stream for WsStream<$io> {
            type Raw = $io;
            type ReadHalf = $halves::ReadHalf<Self>;
            type WriteHalf = $halves::WriteHalf<Self>;

            fn split(self) -> (Self::ReadHalf, Self::WriteHalf) {
                $halves::split(self)
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

            fn get_ref(&self) -> &$io {
                Self::get_ref(self)
            }

            fn into_inner(self) -> (Self::Raw, Vec<u8>) {
                Self::into_inner(self)
            }
        }

        read!($io, WsStream<$io>, $halves::ReadHalf<WsStream<$io>>,);
        write!($io, WsStream<$io>, $halves::WriteHalf<WsStream<$io>>,);
    };
}

macro_rules! read {
    ($($type:ty,)*) => {$(
        impl Read for $type {
            fn poll_read(
                &mut self,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                AsyncRead::poll_read(Pin::new(self), cx, buf)
            }
        }
    )*};
}

macro_rules! write {
    ($($type:ty,)*) => {$(
        impl Write for $type {
            fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write(Pin::new(self), cx, data)
            }

            fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_flush(Pin::new(self), cx)
            }

            fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_close(Pin::new(self), cx)
            }
        }
    )*};
}

use async_std::net as async_std_net;
use smol::io as smol_halves;
use smol::net as smol_net;

/// async-std has no way of its own to split a stream; this is futures-util's.
mod futures_halves {
    pub(super) use futures_util::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf, WriteHalf};

    pub(super) fn split<T: AsyncRead + AsyncWrite>(stream: T) -> (ReadHalf<T>, WriteHalf<T>) {
        stream.split()
    }
}

runtime!(
    AsyncStd,
    async_std_net,
    NetStream,
    async_std::task::block_on,
    |task| drop(async_std::task::spawn(task)),
    |raw| raw.tcp()
);
runtime!(
    Smol,
    smol_net,
    smol_net::TcpStream,
    smol::block_on,
    |task| smol::spawn(task).detach(),
    |raw| &raw
);

stream!(FuturesRaw<NetStream>, futures_halves);
stream!(NetStream, futures_halves);
stream!(FuturesRaw<smol_net::TcpStream>, smol_halves);
// Peers are smol's sockets, which work on any runtime.
read!(EndpointStream, smol_net::TcpStream,);
write!(EndpointStream, smol_net::TcpStream,);
#[cfg(feature = "rustls")]
read!(futures_rustls::TlsStream<smol_net::TcpStream>,);
#[cfg(feature = "rustls")]
write!(futures_rustls::TlsStream<smol_net::TcpStream>,);

thread_local! {
    /// Where tasks run while the clock is paused.
    static EXECUTOR: RefCell<Option<Arc<Executor<'static>>>> = const { RefCell::new(None) };
    static START: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Fails a story that takes longer.
async fn limited(limit: Duration, story: impl Future<Output = ()>) {
    let hangs = async {
        sleep(limit).await;
        panic!("the story hangs");
    };
    smol::future::or(story, hangs).await;
}

/// Two loops that copy: futures-io has no one loop for both directions.
async fn plain_copy(
    stream: &mut (impl AsyncRead + AsyncWrite + Send + Unpin),
    other: &mut (impl AsyncRead + AsyncWrite + Send + Unpin),
) -> io::Result<()> {
    let (stream_read, mut stream_write) = AsyncReadExt::split(stream);
    let (other_read, mut other_write) = AsyncReadExt::split(other);
    let there = async {
        smol::io::copy(stream_read, &mut other_write).await?;
        AsyncWriteExt::close(&mut other_write).await
    };
    let back = async {
        smol::io::copy(other_read, &mut stream_write).await?;
        AsyncWriteExt::close(&mut stream_write).await
    };
    tokio::try_join!(there, back)?;
    Ok(())
}

impl<T: AsyncRead + Unpin> AsyncRead for FuturesRaw<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Pipe(pipe) => {
                let mut buf = ReadBuf::new(buf);
                ready!(Pin::new(pipe).poll_read(cx, &mut buf))?;
                Poll::Ready(Ok(buf.filled().len()))
            }
            Self::Flood(flood) => AsyncRead::poll_read(Pin::new(&mut **flood), cx, buf),
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for FuturesRaw<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write(cx, data),
            Self::Pipe(pipe) => Pin::new(pipe).poll_write(cx, data),
            Self::Flood(flood) => AsyncWrite::poll_write(Pin::new(&mut **flood), cx, data),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Self::Pipe(pipe) => Pin::new(pipe).poll_write_vectored(cx, bufs),
            Self::Flood(flood) => AsyncWrite::poll_write_vectored(Pin::new(&mut **flood), cx, bufs),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Pipe(pipe) => Pin::new(pipe).poll_flush(cx),
            Self::Flood(flood) => AsyncWrite::poll_flush(Pin::new(&mut **flood), cx),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_close(cx),
            Self::Pipe(pipe) => Pin::new(pipe).poll_shutdown(cx),
            Self::Flood(flood) => AsyncWrite::poll_close(Pin::new(&mut **flood), cx),
        }
    }
}

/// A story takes a second; this is for those that hang.
const LIMIT: Duration = Duration::from_secs(60);

/// The same, on a clock that costs nothing.
const PAUSED_LIMIT: Duration = Duration::from_secs(24 * 3600);
