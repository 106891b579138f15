//! Tasks of async-std's that end when they are dropped.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::task::{JoinHandle, spawn};
use futures_util::future::FutureExt as _;

/// A task that ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Task<T>(Option<JoinHandle<T>>);

impl<T: Send + 'static> Task<T> {
    pub(crate) fn spawn(task: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(spawn(task)))
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Some(task) = &mut self.0 else {
            return Poll::Pending;
        };
        let output = ready!(task.poll_unpin(cx));
        self.0 = None;
        Poll::Ready(output)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            // To be polled is enough.
            let _ = task.cancel().now_or_never();
        }
    }
}
