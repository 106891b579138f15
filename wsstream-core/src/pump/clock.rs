//! Time, and turns.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};

use crate::time::Timestamp;

/// A clock, as a runtime offers it. Each connection has one of its own.
///
/// Clocks may begin at different times: a time of one means nothing to another.
pub trait Clock: Unpin {
    /// The time, by a monotonic clock.
    fn now(&self) -> Timestamp;

    /// Ready once it is `deadline` or later. One deadline is waited for at a time: the newest.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()>;

    /// No deadline is waited for any more.
    fn forget_sleep(&mut self);

    /// Ready unless it is other tasks' turn. Asked before something is handed on for which the socket was not asked,
    /// by which a runtime would count. By default it always is.
    fn poll_proceed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Ready(())
    }
}

/// Waits for `future` until the deadline; `None` if it was not ready by then.
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
