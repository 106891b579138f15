//! Foreign code runs under no lock: a waker may be the last that holds what needs the same lock.
//! What would wait for itself is run on a thread of its own, so that it fails here, and hangs there.

use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, IoSlice};
use std::sync::{Mutex, mpsc};
use std::thread;

use super::support::*;
use crate::handshake::Agreed;
use crate::pump::recv_buffer::RecvBuffer;
use crate::pump::wire::Wire;
use crate::pump::{Listener, Permit, Port, Stream, Timer, Transport};
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

/// Everybody who connects has a permit at once, and hands it over.
#[derive(Default)]
struct Door(Vec<Permit>);

impl Timer for Door {
    fn now(&self) -> Timestamp {
        Timestamp::ORIGIN
    }

    fn poll_sleep(&mut self, _: &mut Context<'_>, _: Timestamp) -> Poll<()> {
        Poll::Pending
    }
}

impl Port for Door {
    type Connection = ();
    type Incoming = ();

    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn begin(&mut self, (): (), permit: Permit) {
        self.0.push(permit);
    }

    fn refuse(&mut self, (): ()) {}

    fn poll_handshake(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn stop(&mut self) {}
}

#[test]
fn a_listener_whose_waker_is_the_last_to_hold_a_permit() {
    ends(|| {
        let mut listener = Listener::new(Door::default()).max_connections(1);
        let task = Task::new();
        assert!(listener.poll_accept(&mut task.cx()).is_pending());
        let permit = listener.port_mut().0.pop().unwrap();
        let last = waker(permit);
        assert!(
            listener
                .poll_accept(&mut Context::from_waker(&last))
                .is_pending()
        );
        drop(last);
        task.is_woken();
        // With the waker that this one replaces, the permit comes back, and another connects.
        assert!(listener.poll_accept(&mut task.cx()).is_pending());
        assert!(task.is_woken());
        assert!(listener.poll_accept(&mut task.cx()).is_pending());
        assert_eq!(listener.port().0.len(), 1);
    });
}

/// The same where the waker goes with the listener's other tasks: who shuts down.
#[test]
fn who_shuts_down_whose_waker_is_the_last_to_hold_a_permit() {
    ends(|| {
        let mut listener = Listener::new(Door::default()).max_connections(1);
        let task = Task::new();
        assert!(listener.poll_accept(&mut task.cx()).is_pending());
        let last = waker(listener.port_mut().0.pop().unwrap());
        let mut shut_down = listener.shut_down(secs(1), secs(1));
        let mut poll = |cx: &mut Context<'_>| Pin::new(&mut shut_down).poll(cx);
        assert!(poll(&mut Context::from_waker(&last)).is_pending());
        drop(last);
        assert!(poll(&mut task.cx()).is_pending());
        assert_eq!(poll(&mut task.cx()), Poll::Ready(0));
    });
}

/// The wakers that a transport was given.
type Given = Arc<Mutex<Option<Waker>>>;

/// Says nothing, and takes nothing.
struct Silent(Given);

impl Silent {
    fn pending<R>(&self, cx: &Context<'_>) -> Poll<R> {
        *self.0.lock().unwrap() = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Transport for Silent {
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

    fn now(&self) -> Timestamp {
        Timestamp::ORIGIN
    }

    fn poll_sleep(&mut self, _: &mut Context<'_>, _: Timestamp) -> Poll<()> {
        Poll::Pending
    }

    fn forget_sleep(&mut self) {}
}

/// Wakes the transport when it goes.
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
fn a_stream_whose_last_waker_wakes_the_transport() {
    ends(|| {
        let given = Given::default();
        let wire = Wire::new(Silent(Arc::clone(&given)));
        let connection = connection(Role::Server, ConnectionConfig::new());
        let mut stream = Stream::resume(
            wire,
            connection,
            Encoding::Binary,
            Agreed::default(),
            RecvBuffer::default(),
        );
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
