//! Stories on async-std and smol, which have futures-io's traits and async-io's timers.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use smol::Executor;
use tokio::sync::oneshot;
use wsstream_async_std::test_kit::{now, paused, sleep};
use wsstream_async_std::{AsyncStd, AsyncStream, ReadHalf, WriteHalf};
use wsstream_net::{ReadSocket, ReuniteError, WriteSocket};

use crate::io::{Read, Write};
use crate::runtime::{SendSocket, TestRuntime, Thread};
use crate::smol::Smol;

/// A thread that polls a future and nothing else: sockets and timers of async-io's need no more.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a name")]
pub struct AnyThread;

impl Thread for AnyThread {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        smol::future::block_on(future)
    }
}

/// Both runtimes are told apart by their tasks, and ways to split a stream.
macro_rules! runtime {
    ($runtime:ident, $halves:ident, $block_on:path, |$task:ident| $spawn:expr) => {
        impl TestRuntime for $runtime {
            type Net = Self;
            type Stream<S: SendSocket> = AsyncStream<S>;
            type ReadHalf<S: SendSocket> = $halves::ReadHalf<AsyncStream<S>>;
            type WriteHalf<S: SendSocket> = $halves::WriteHalf<AsyncStream<S>>;
            type OwnReadHalf<S: SendSocket> = ReadHalf<S>;
            type OwnWriteHalf<S: SendSocket> = WriteHalf<S>;
            type Thread = AnyThread;

            fn stream<S: SendSocket>(stream: AsyncStream<S>) -> AsyncStream<S> {
                stream
            }

            fn into_socket<S: SendSocket>(stream: AsyncStream<S>) -> S {
                stream.into_socket()
            }

            fn split<S: SendSocket>(
                stream: AsyncStream<S>,
            ) -> (Self::ReadHalf<S>, Self::WriteHalf<S>) {
                $halves::split(stream)
            }

            fn into_split<S: SendSocket>(
                stream: AsyncStream<S>,
            ) -> (Self::OwnReadHalf<S>, Self::OwnWriteHalf<S>) {
                stream.into_split()
            }

            fn reunite<S: SendSocket>(
                read: Self::OwnReadHalf<S>,
                write: Self::OwnWriteHalf<S>,
            ) -> Result<AsyncStream<S>, ReuniteError<Self::OwnReadHalf<S>, Self::OwnWriteHalf<S>>>
            {
                read.reunite(write)
            }

            async fn plain_copy<S: SendSocket, T: SendSocket>(
                a: &mut AsyncStream<S>,
                b: &mut AsyncStream<T>,
            ) -> io::Result<()> {
                plain_copy(a, b).await
            }

            fn run(story: impl Future<Output = ()>) {
                $block_on(limited(LIMIT, Box::pin(story)));
            }

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

            fn run_on_one_thread<T>(story: impl Future<Output = T>) -> T {
                $block_on(story)
            }

            fn thread() -> AnyThread {
                AnyThread
            }

            fn spawn<T: Send + 'static>(
                task: impl Future<Output = T> + Send + 'static,
            ) -> impl Future<Output = T> + Send {
                let (done, result) = oneshot::channel();
                let $task = async move {
                    // Nobody may be interested in it any more.
                    let _ = done.send(task.await);
                };
                match EXECUTOR.with_borrow(Clone::clone) {
                    Some(executor) => executor.spawn($task).detach(),
                    None => $spawn,
                }
                async { result.await.expect("the task has panicked") }
            }
        }
    };
}

use smol::io as smol_halves;

/// async-std has no way of its own to split a stream; this is futures-util's.
mod futures_halves {
    pub(super) use futures_util::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf, WriteHalf};

    pub(super) fn split<T: AsyncRead + AsyncWrite>(stream: T) -> (ReadHalf<T>, WriteHalf<T>) {
        stream.split()
    }
}

runtime!(
    AsyncStd,
    futures_halves,
    async_std::task::block_on,
    |task| drop(async_std::task::spawn(task))
);
runtime!(Smol, smol_halves, smol::block_on, |task| smol::spawn(task)
    .detach());

macro_rules! read {
    ($($type:ty $(, $socket:ident: $bound:ident)?;)*) => {$(
        impl$(<$socket: $bound + Send + 'static>)? Read for $type {
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
    ($($type:ty $(, $socket:ident: $bound:ident)?;)*) => {$(
        impl$(<$socket: $bound + Send + 'static>)? Write for $type {
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

read!(
    AsyncStream<S>, S: ReadSocket;
    futures_halves::ReadHalf<AsyncStream<S>>, S: SendSocket;
    smol_halves::ReadHalf<AsyncStream<S>>, S: SendSocket;
);
write!(
    AsyncStream<S>, S: WriteSocket;
    futures_halves::WriteHalf<AsyncStream<S>>, S: SendSocket;
    smol_halves::WriteHalf<AsyncStream<S>>, S: SendSocket;
);
// Peers are smol's sockets, which work on any runtime.
read!(smol::net::TcpStream;);
write!(smol::net::TcpStream;);
#[cfg(feature = "rustls")]
read!(futures_rustls::TlsStream<smol::net::TcpStream>;);
#[cfg(feature = "rustls")]
write!(futures_rustls::TlsStream<smol::net::TcpStream>;);

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
    a: &mut (impl AsyncRead + AsyncWrite + Send + Unpin),
    b: &mut (impl AsyncRead + AsyncWrite + Send + Unpin),
) -> io::Result<()> {
    let (a_read, mut a_write) = AsyncReadExt::split(a);
    let (b_read, mut b_write) = AsyncReadExt::split(b);
    let there = async {
        smol::io::copy(a_read, &mut b_write).await?;
        AsyncWriteExt::close(&mut b_write).await
    };
    let back = async {
        smol::io::copy(b_read, &mut a_write).await?;
        AsyncWriteExt::close(&mut a_write).await
    };
    tokio::try_join!(there, back)?;
    Ok(())
}

/// A story takes a second; this is for those that hang.
const LIMIT: Duration = Duration::from_secs(60);

/// The same, on a clock that costs nothing.
const PAUSED_LIMIT: Duration = Duration::from_secs(24 * 3600);
