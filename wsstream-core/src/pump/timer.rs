//! A clock for what is not a connection.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};

use crate::time::Timestamp;

/// A clock, as a runtime offers it: a [`Transport`](super::Transport) is one too, each for itself.
pub trait Timer {
    /// The time, by a monotonic clock.
    fn now(&self) -> Timestamp;

    /// Ready once it is `deadline` or later. One deadline is waited for at a time: the newest.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()>;
}

/// Waits for `future` until the deadline; `None` if it was not ready by then.
pub(crate) async fn within<F: Future>(
    timer: &mut impl Timer,
    deadline: Timestamp,
    future: F,
) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        timer.poll_sleep(cx, deadline).map(|()| None)
    })
    .await
}
