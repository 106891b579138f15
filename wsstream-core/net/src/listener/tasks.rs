//! Tasks of the runtime that end with what began them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::thread;

use futures_channel::{mpsc, oneshot};
use futures_core::Stream as _;

/// Tasks, each with a key. They end when this is dropped, and what they came to is dropped then, too.
#[derive(Debug)]
pub(super) struct Tasks<K, T> {
    /// A task ends when its sender is dropped.
    running: BTreeMap<K, oneshot::Sender<Infallible>>,
    tell: mpsc::UnboundedSender<(K, Ended<T>)>,
    told: mpsc::UnboundedReceiver<(K, Ended<T>)>,
}

/// What a task came to: `None` if it was ended or dropped, an error with its reason if it panicked.
pub(super) type Ended<T> = Option<thread::Result<T>>;

impl<K: Copy + Ord + Send + 'static, T: Send + 'static> Tasks<K, T> {
    pub(super) fn new() -> Self {
        let (tell, told) = mpsc::unbounded();
        Self {
            running: BTreeMap::new(),
            tell,
            told,
        }
    }

    /// Makes a task of a future, for the runtime to spawn. It is dropped before what it came to is told.
    pub(super) fn begin(
        &mut self,
        key: K,
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (running, mut ends) = oneshot::channel();
        self.running.insert(key, running);
        let telling = Telling {
            key,
            ended: None,
            tell: self.tell.clone(),
        };
        async move {
            let ended = {
                let mut future = pin!(future);
                poll_fn(|cx| {
                    if Pin::new(&mut ends).poll(cx).is_ready() {
                        return Poll::Ready(None);
                    }
                    match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
                        Ok(Poll::Pending) => Poll::Pending,
                        Ok(Poll::Ready(output)) => Poll::Ready(Some(Ok(output))),
                        Err(panicked) => Poll::Ready(Some(Err(panicked))),
                    }
                })
                .await
            };
            telling.tell(ended);
        }
    }

    /// Ends a task, unless it is complete. It is told of as of any other.
    pub(super) fn end(&mut self, key: K) {
        self.running.remove(&key);
    }

    /// Waits until a task has ended. Pending without any.
    pub(super) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<(K, Ended<T>)> {
        match ready!(Pin::new(&mut self.told).poll_next(cx)) {
            Some((key, ended)) => {
                self.running.remove(&key);
                Poll::Ready((key, ended))
            }
            // It has a sender itself.
            None => Poll::Pending,
        }
    }
}

/// Tells what a task came to at its end, whoever ends it: the runtime may drop it, too.
struct Telling<K: Copy, T> {
    key: K,
    ended: Ended<T>,
    tell: mpsc::UnboundedSender<(K, Ended<T>)>,
}

impl<K: Copy, T> Telling<K, T> {
    fn tell(mut self, ended: Ended<T>) {
        self.ended = ended;
    }
}

impl<K: Copy, T> Drop for Telling<K, T> {
    fn drop(&mut self) {
        // If nobody wants to know, it is dropped.
        let _ = self.tell.unbounded_send((self.key, self.ended.take()));
    }
}

#[cfg(test)]
mod tests;
