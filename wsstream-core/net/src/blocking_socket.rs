//! Blocking readers and writers as a socket.

use std::fmt;
use std::future::Future;
use std::io::{self, Cursor, IoSlice, Read, Write};
use std::marker::PhantomData;
use std::mem::replace;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use wsstream_core::pump::Socket;

use crate::runtime::Runtime;

/// A blocking reader and a blocking writer as a [`Socket`], to [relay](crate::relay()): standard input and output, a
/// pipe, a serial port. Reads and writes run on the runtime's threads for blocking work.
///
/// A shutdown drops the writer. When a write fails, reads end too, because the input could otherwise go on for ever
/// with nobody to take the reply.
///
/// A read that has begun occupies its thread until it returns, even if you drop the socket. tokio waits for such
/// threads when a runtime is dropped, so end a program that reads standard input with [`std::process::exit`].
///
/// ```
/// use std::io::{stdin, stdout};
/// # use wsstream_net::{BlockingSocket, Runtime, connect, relay};
///
/// async fn talk<R: Runtime>(url: &str) -> std::io::Result<()> {
///     let mut stream = connect::<R>(url).await?;
///     let mut local = BlockingSocket::<R>::new(stdin(), stdout());
///     relay::<R>(&mut *stream, &mut local).await.into_result().map(drop)
/// }
/// ```
pub struct BlockingSocket<R> {
    reader: Worker<Box<dyn Read + Send>, Vec<u8>>,
    /// Input that was read and not returned yet.
    ahead: Cursor<Vec<u8>>,
    input_ended: bool,
    writer: Worker<Box<dyn Write + Send>, ()>,
    output_failed: bool,
    /// The task that waits for input.
    waiting: Waker,
    runtime: PhantomData<fn() -> R>,
}

/// A reader or a writer, and the work it is busy with.
enum Worker<T, O> {
    Here(T),
    Busy(Work<(T, io::Result<O>)>),
    Gone,
}

/// Work on another thread.
type Work<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl<R: Runtime> BlockingSocket<R> {
    /// Makes a socket of them. Each write is flushed at once.
    pub fn new(reader: impl Read + Send + 'static, writer: impl Write + Send + 'static) -> Self {
        Self {
            reader: Worker::Here(Box::new(reader)),
            ahead: Cursor::default(),
            input_ended: false,
            writer: Worker::Here(Box::new(writer)),
            output_failed: false,
            waiting: Waker::noop().clone(),
            runtime: PhantomData,
        }
    }

    /// Whether the reader's end was read.
    pub const fn input_ended(&self) -> bool {
        self.input_ended
    }
}

impl<T: Send + 'static, O: Send + 'static> Worker<T, O> {
    /// Starts work, unless it is busy or gone.
    fn start<R: Runtime>(&mut self, work: impl FnOnce(&mut T) -> io::Result<O> + Send + 'static) {
        *self = match replace(self, Self::Gone) {
            Self::Here(mut worker) => {
                let work = R::blocking(move || {
                    let done = work(&mut worker);
                    (worker, done)
                });
                Self::Busy(Box::pin(work))
            }
            other => other,
        };
    }

    /// Waits for the work. `None` if there is none.
    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<O>>> {
        let Self::Busy(work) = self else {
            return Poll::Ready(Ok(None));
        };
        let done = match ready!(work.as_mut().poll(cx)) {
            Ok((worker, done)) => {
                *self = Self::Here(worker);
                done
            }
            Err(lost) => {
                *self = Self::Gone;
                Err(lost)
            }
        };
        Poll::Ready(done.map(Some))
    }
}

impl<R: Runtime> Socket for BlockingSocket<R> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() || self.output_failed {
            return Poll::Ready(Ok(0));
        }
        loop {
            let count = self.ahead.read(buf)?;
            if count > 0 || self.input_ended {
                return Poll::Ready(Ok(count));
            }
            self.reader.start::<R>(|reader| {
                let mut octets = vec![0; MOST];
                let count = read(reader, &mut octets)?;
                octets.truncate(count);
                Ok(octets)
            });
            self.waiting.clone_from(cx.waker());
            let Some(octets) = ready!(self.reader.poll_done(cx))? else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            self.input_ended = octets.is_empty();
            self.ahead = Cursor::new(octets);
        }
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        let Some(buf) = bufs.iter().find(|buf| !buf.is_empty()) else {
            return Poll::Ready(Ok(0));
        };
        if let Worker::Gone = self.writer {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let octets = buf[..buf.len().min(MOST)].to_vec();
        let count = octets.len();
        self.writer.start::<R>(move |writer| {
            writer.write_all(&octets)?;
            writer.flush()
        });
        // The work begins when it is first polled.
        match self.poll_flush(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(count)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        false
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = ready!(self.writer.poll_done(cx)).map(drop);
        if done.is_err() {
            self.output_failed = true;
            self.waiting.wake_by_ref();
        }
        Poll::Ready(done)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        self.writer = Worker::Gone;
        Poll::Ready(Ok(()))
    }
}

impl<R> fmt::Debug for BlockingSocket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingSocket")
            .field("input_ended", &self.input_ended)
            .field("output_failed", &self.output_failed)
            .finish_non_exhaustive()
    }
}

/// Reads once. Signals interrupt reads.
fn read(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// The most that is read or written at once.
const MOST: usize = 64 << 10;

#[cfg(all(test, unix))]
mod tests {
    use std::io::ErrorKind;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::test_support::runtime::Virtual;

    /// Sends on what is written, and fails when there is no receiver.
    struct Told(Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            let told = self.0.send(octets.to_vec());
            told.map_err(|_| ErrorKind::BrokenPipe)?;
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn socket(input: &'static [u8]) -> (BlockingSocket<Virtual>, Receiver<Vec<u8>>) {
        let (tell, told) = channel();
        (BlockingSocket::new(input, Told(tell)), told)
    }

    #[test]
    fn reads_all_then_the_end() {
        let cx = &mut Context::from_waker(Waker::noop());
        let input: &[u8] = &[7; MOST + 10];
        let (mut socket, _told) = socket(input);
        let (mut all, mut buf) = (Vec::new(), [0; 1000]);
        assert!(matches!(socket.poll_read(cx, &mut []), Poll::Ready(Ok(0))));
        loop {
            assert!(!socket.input_ended());
            match socket.poll_read(cx, &mut buf) {
                Poll::Ready(Ok(0)) => break,
                Poll::Ready(Ok(count)) => all.extend_from_slice(&buf[..count]),
                other => panic!("{other:?}"),
            }
        }
        assert!(socket.input_ended() && all == input);
        assert!(matches!(socket.poll_read(cx, &mut buf), Poll::Ready(Ok(0))));
    }

    #[test]
    fn shutting_down_drops_the_writer() {
        let cx = &mut Context::from_waker(Waker::noop());
        let (mut socket, told) = socket(b"");
        let bufs = [IoSlice::new(b""), IoSlice::new(b"hello")];
        assert!(matches!(socket.poll_write(cx, &bufs), Poll::Ready(Ok(5))));
        assert!(socket.poll_flush(cx).is_ready());
        assert_eq!(told.recv().unwrap(), b"hello");
        assert!(matches!(socket.poll_shutdown(cx), Poll::Ready(Ok(()))));
        told.recv().unwrap_err();
        let late = socket.poll_write(cx, &bufs);
        assert!(matches!(late, Poll::Ready(Err(error)) if error.kind() == ErrorKind::BrokenPipe));
    }

    #[test]
    fn reading_ends_when_a_write_fails() {
        let cx = &mut Context::from_waker(Waker::noop());
        let (mut socket, told) = socket(b"more");
        drop(told);
        let written = socket.poll_write(cx, &[IoSlice::new(b"hello")]);
        assert!(
            matches!(written, Poll::Ready(Err(error)) if error.kind() == ErrorKind::BrokenPipe)
        );
        assert!(matches!(
            socket.poll_read(cx, &mut [0; 9]),
            Poll::Ready(Ok(0))
        ));
        assert!(!socket.input_ended());
    }
}
