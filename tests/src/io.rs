//! What a runtime's own traits for reading and writing have in common.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// What is read: a transport, a stream, or the reading half of one.
pub trait Read: Send + Unpin + 'static {
    /// The runtime's own.
    ///
    /// # Errors
    ///
    /// The runtime's own.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Reads once.
    fn read(&mut self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        poll_fn(|cx| self.poll_read(cx, buf))
    }

    /// Reads this many octets.
    fn read_exact(&mut self, len: usize) -> impl Future<Output = io::Result<Vec<u8>>> + Send {
        async move {
            let mut octets = vec![0; len];
            let mut at = 0;
            while at < len {
                match self.read(&mut octets[at..]).await? {
                    0 => return Err(io::Error::other("an end, and more was expected")),
                    count => at += count,
                }
            }
            Ok(octets)
        }
    }

    /// Reads to the end: what came, and how it ended.
    fn read_to_end(&mut self) -> impl Future<Output = (Vec<u8>, io::Result<()>)> + Send {
        async move {
            let mut octets = Vec::new();
            let mut buf = vec![0; 64 << 10];
            loop {
                match self.read(&mut buf).await {
                    Ok(0) => return (octets, Ok(())),
                    Ok(count) => octets.extend_from_slice(&buf[..count]),
                    Err(error) => return (octets, Err(error)),
                }
            }
        }
    }
}

/// What is written: a transport, a stream, or the writing half of one.
pub trait Write: Send + Unpin + 'static {
    /// The runtime's own.
    ///
    /// # Errors
    ///
    /// The runtime's own.
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// The runtime's own.
    ///
    /// # Errors
    ///
    /// The runtime's own.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// What ends the direction: tokio's `shutdown`, futures-io's `close`.
    ///
    /// # Errors
    ///
    /// The runtime's own.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Writes once.
    fn write(&mut self, data: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        poll_fn(|cx| self.poll_write(cx, data))
    }

    /// Writes all, and does not flush.
    fn write_all(&mut self, mut data: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        async move {
            while !data.is_empty() {
                let count = self.write(data).await?;
                assert_ne!(count, 0, "a write of something wrote nothing");
                data = &data[count..];
            }
            Ok(())
        }
    }

    /// Waits until what was written has left.
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        poll_fn(|cx| self.poll_flush(cx))
    }

    /// Ends the direction.
    fn shutdown(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        poll_fn(|cx| self.poll_shutdown(cx))
    }

    /// Writes as much as is taken without waiting, at the beginning of a turn of its task's: runtimes
    /// have tasks wait that do too much in one.
    fn write_until_pending(
        &mut self,
        data: &[u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        async move {
            next_turn().await;
            let mut count = 0;
            poll_fn(|cx| {
                while count < data.len() {
                    match self.poll_write(cx, &data[count..]) {
                        Poll::Ready(written) => count += written?,
                        Poll::Pending => break,
                    }
                }
                Poll::Ready(Ok(count))
            })
            .await
        }
    }
}

/// Polls each future `polls` times at most, then drops it, and has a new one made when it is woken.
pub async fn impatient<T, F: Future<Output = T>>(polls: usize, mut make: impl FnMut() -> F) -> T {
    loop {
        let ready = {
            let mut future = pin!(make());
            let mut left = polls;
            poll_fn(|cx| match future.as_mut().poll(cx) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending if left == 1 => Poll::Ready(None),
                Poll::Pending => {
                    left -= 1;
                    Poll::Pending
                }
            })
            .await
        };
        if let Some(value) = ready {
            return value;
        }
        wait_once().await;
    }
}

/// Polls a future once.
pub async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// Lets others have their turn.
pub async fn next_turn() {
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::Ready(())
    })
    .await;
    wait_once().await;
}

/// Waits for one wake-up: of those that the future before has asked for.
pub async fn wait_once() {
    let mut waited = false;
    poll_fn(|_| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        Poll::Pending
    })
    .await;
}
