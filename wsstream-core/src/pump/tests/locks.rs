//! Foreign code runs under no lock: a waker may be the last that holds what needs the same lock.
//! What would wait for itself is run on a thread of its own, so that it fails here, and hangs there.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, IoSlice};
use std::sync::{Mutex, mpsc};
use std::thread;

use super::support::*;
use crate::handshake::Agreed;
use crate::pump::engine::Pump;
use crate::pump::recv_buffer::RecvBuffer;
use crate::pump::wire::Wire;
use crate::pump::{Clock, Permits, Socket, Stream};
use crate::test_kit::Task;
use crate::{ConnectionConfig, Encoding, Role, Timestamp};

/// Runs it, and fails if it hangs.
#[track_caller]
fn ends(story: impl FnOnce() + Send + 'static) {
    let (done, told) = mpsc::channel();
    thread::spawn(move || {
        story();
        let _ = done.send(());
    });
    told.recv_timeout(Duration::from_secs(10))
        .expect("it hangs, or has failed");
}

/// A task, of which only what it holds matters.
struct Holds<T>(T);

impl<T: Send + Sync> Wake for Holds<T> {
    fn wake(self: Arc<Self>) {}
}

fn waker<T: Send + Sync + 'static>(held: T) -> Waker {
    Waker::from(Arc::new(Holds(held)))
}

/// As a listener waits that has reached its limit.
#[test]
fn permits_whose_waker_is_the_last_to_hold_one() {
    ends(|| {
        let permits = Permits::new();
        let last = waker(permits.issue());
        let cx = Context::from_waker(&last);
        assert!(permits.poll_at_most(0, &cx).is_pending());
        drop(last);
        let task = Task::new();
        task.is_woken();
        // The permit comes back with the waker that this one replaces.
        assert!(permits.poll_at_most(0, &task.cx()).is_pending());
        assert!(task.is_woken());
        assert!(permits.poll_at_most(0, &task.cx()).is_ready());
        assert_eq!(permits.taken(), 0);
    });
}

/// The wakers that a socket was given.
type Given = Arc<Mutex<Option<Waker>>>;

/// Says nothing, and takes nothing.
struct Silent(Given);

impl Silent {
    fn pending<R>(&self, cx: &Context<'_>) -> Poll<R> {
        *self.0.lock().unwrap() = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Socket for Silent {
    fn poll_read(&mut self, cx: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        self.pending(cx)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, _: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.pending(cx)
    }

    fn is_write_vectored(&self) -> bool {
        false
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pending(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pending(cx)
    }
}

impl Clock for Silent {
    fn now(&self) -> Timestamp {
        Timestamp::ORIGIN
    }

    fn poll_sleep(&mut self, _: &mut Context<'_>, _: Timestamp) -> Poll<()> {
        Poll::Pending
    }

    fn forget_sleep(&mut self) {}
}

/// Wakes the socket when it goes.
struct WakesAtLast(Given);

impl Drop for WakesAtLast {
    fn drop(&mut self) {
        let waker = self.0.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[test]
fn a_stream_whose_last_waker_wakes_the_socket() {
    ends(|| {
        let given = Given::default();
        let wire = Wire::new(Silent(Arc::clone(&given)), Silent(Given::default()));
        let connection = connection(Role::Server, ConnectionConfig::new());
        let pump = Pump::new(wire, connection, RecvBuffer::default());
        let mut stream = Stream::resume(pump, Encoding::Binary, Agreed::default(), None);
        let mut out = [0; 16];
        let last = waker(WakesAtLast(given));
        let cx = Context::from_waker(&last);
        assert!(stream.poll_read(&cx, &mut out).is_pending());
        drop(last);
        let task = Task::new();
        task.is_woken();
        assert!(stream.poll_read(&task.cx(), &mut out).is_pending());
        // It was told of what happened while it came.
        assert!(task.is_woken());
    });
}
