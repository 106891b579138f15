//! A runtime for `pump` in fifty lines: std's non-blocking sockets, and a loop that polls. `poll_echo` echoes one byte stream at a
//! free port, and prints its address first.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use wsstream_core::Timestamp;
use wsstream_core::handshake::ServerConfig;
use wsstream_core::pump::{Accept, Clock, Socket};

/// A socket that is asked again and again.
struct PolledTcp(TcpStream);

/// A clock that is asked again and again, and when it began.
struct PolledClock(Instant);

/// A real runtime would remember the waker, and wake it when the socket is ready.
fn poll<R>(cx: &Context<'_>, result: io::Result<R>) -> Poll<io::Result<R>> {
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        result => Poll::Ready(result),
    }
}

impl Socket for PolledTcp {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        poll(cx, self.0.read(buf))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll(cx, self.0.write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown(Shutdown::Write))
    }
}

impl Clock for PolledClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_origin(self.0.elapsed())
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        if self.now() >= deadline {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn forget_sleep(&mut self) {}
}

/// All sockets look at once, a thousand times a second: no wakers are needed.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        match future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on {}", listener.local_addr()?);
    let (tcp, _) = listener.accept()?;
    tcp.set_nonblocking(true)?;
    let (socket, clock) = (PolledTcp(tcp), PolledClock(Instant::now()));
    block_on(async {
        let handshake = Accept::new(socket, clock, Arc::new(ServerConfig::stream())).await?;
        let mut stream = handshake.accept().await?.into_stream();
        let mut buf = [0; 4096];
        while let count @ 1.. = std::future::poll_fn(|cx| stream.poll_read(cx, &mut buf)).await? {
            let mut rest = &buf[..count];
            while !rest.is_empty() {
                let written = std::future::poll_fn(|cx| stream.poll_write(cx, rest)).await?;
                rest = &rest[written..];
            }
        }
        stream.finish().await
    })
}
