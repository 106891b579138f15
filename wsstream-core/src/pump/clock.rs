//! The clock of a connection, and its share of the executor's time.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};

use crate::time::Timestamp;

/// A clock with one timer, made from the runtime's. Each connection has its own.
///
/// Clocks may begin at different times: a time of one means nothing to another.
pub trait Clock: Unpin {
    /// The current time of a monotonic clock.
    fn now(&self) -> Timestamp;

    /// Waits until `deadline`. A new deadline replaces the previous one.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()>;

    /// Cancels the timer. No task needs to be woken any more.
    fn forget_sleep(&mut self);

    /// Pending if the task has used up its share of time and should yield, as with tokio's cooperative budget. A stream
    /// calls it before it returns data that it had buffered, because it does not touch the socket then, which counts
    /// against the budget. By default it is always ready.
    fn poll_proceed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Ready(())
    }
}

/// Runs `future` until `deadline`. Returns `None` if it is not ready by then.
pub async fn within<F: Future>(
    clock: &mut impl Clock,
    deadline: Timestamp,
    future: F,
) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        clock.poll_sleep(cx, deadline).map(|()| None)
    })
    .await
}
