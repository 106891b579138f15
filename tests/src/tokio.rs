//! Stories on tokio.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, timeout};
use wsstream_net::{ReadSocket, ReuniteError, WriteSocket};
use wsstream_tokio::{AsyncStream, Tokio};

use crate::io::{Read, Write};
use crate::runtime::{SendSocket, TestRuntime, Thread};

impl TestRuntime for Tokio {
    type Net = Self;
    type Stream<S: SendSocket> = AsyncStream<S>;
    type ReadHalf<S: SendSocket> = ReadHalf<AsyncStream<S>>;
    type WriteHalf<S: SendSocket> = WriteHalf<AsyncStream<S>>;
    type OwnReadHalf<S: SendSocket> = wsstream_tokio::ReadHalf<S>;
    type OwnWriteHalf<S: SendSocket> = wsstream_tokio::WriteHalf<S>;
    type Thread = Runtime;

    fn stream<S: SendSocket>(stream: AsyncStream<S>) -> AsyncStream<S> {
        stream
    }

    fn into_socket<S: SendSocket>(stream: AsyncStream<S>) -> S {
        stream.into_socket()
    }

    fn split<S: SendSocket>(stream: AsyncStream<S>) -> (Self::ReadHalf<S>, Self::WriteHalf<S>) {
        tokio::io::split(stream)
    }

    fn into_split<S: SendSocket>(
        stream: AsyncStream<S>,
    ) -> (Self::OwnReadHalf<S>, Self::OwnWriteHalf<S>) {
        stream.into_split()
    }

    fn reunite<S: SendSocket>(
        read: Self::OwnReadHalf<S>,
        write: Self::OwnWriteHalf<S>,
    ) -> Result<AsyncStream<S>, ReuniteError<Self::OwnReadHalf<S>, Self::OwnWriteHalf<S>>> {
        read.reunite(write)
    }

    async fn plain_copy<S: SendSocket, T: SendSocket>(
        a: &mut AsyncStream<S>,
        b: &mut AsyncStream<T>,
    ) -> io::Result<()> {
        tokio::io::copy_bidirectional(a, b).await?;
        Ok(())
    }

    fn run(story: impl Future<Output = ()>) {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        let limited = async { timeout(LIMIT, story).await };
        runtime.block_on(limited).expect("the story hangs");
    }

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

    fn run_on_one_thread<T>(story: impl Future<Output = T>) -> T {
        Self::thread().block_on(story)
    }

    fn thread() -> Runtime {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    }

    fn spawn<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let task = tokio::spawn(task);
        async { task.await.unwrap() }
    }
}

impl Thread for Runtime {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        Self::block_on(self, future)
    }
}

thread_local! {
    static START: Cell<Option<Instant>> = const { Cell::new(None) };
}

macro_rules! read {
    ($($type:ty, $bound:ident;)*) => {$(
        impl<S: $bound + Send + 'static> Read for $type {
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
    ($($type:ty, $bound:ident;)*) => {$(
        impl<S: $bound + Send + 'static> Write for $type {
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

read!(AsyncStream<S>, ReadSocket; ReadHalf<AsyncStream<S>>, SendSocket;);
write!(AsyncStream<S>, WriteSocket; WriteHalf<AsyncStream<S>>, SendSocket;);

/// A story takes a second; this is for those that hang.
const LIMIT: Duration = Duration::from_secs(60);

/// The same, on a clock that costs nothing.
const PAUSED_LIMIT: Duration = Duration::from_secs(24 * 3600);
