//! Tasks on a thread of their own: the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wsstream_core::test_kit::Task;

use super::*;

/// What a task holds, and whether it still does.
struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What tasks came to, by their keys.
#[test]
fn what_tasks_come_to_is_told() {
    let (held, task) = (Arc::new(AtomicUsize::new(0)), Task::new());
    let hold = || {
        held.fetch_add(1, Ordering::Relaxed);
        Held(Arc::clone(&held))
    };
    let mut tasks = Tasks::new();
    assert!(tasks.poll_ended(&mut task.cx()).is_pending());
    let (done, waits) = (hold(), hold());
    let mut complete = pin!(tasks.begin(1, async move { drop(done) }));
    let mut ended = pin!(tasks.begin(2, async move {
        let _waits = waits;
        std::future::pending().await
    }));
    let mut panics = pin!(tasks.begin(3, async { panic!("as it should") }));
    assert!(ended.as_mut().poll(&mut task.cx()).is_pending());
    assert!(tasks.poll_ended(&mut task.cx()).is_pending());

    assert!(complete.as_mut().poll(&mut task.cx()).is_ready());
    // Too late.
    tasks.end(1);
    let told = tasks.poll_ended(&mut task.cx());
    assert!(matches!(told, Poll::Ready((1, Some(Ok(()))))), "{told:?}");

    assert!(task.is_woken());
    tasks.end(2);
    assert!(task.is_woken());
    assert!(ended.as_mut().poll(&mut task.cx()).is_ready());
    assert_eq!(held.load(Ordering::Relaxed), 0);
    let told = tasks.poll_ended(&mut task.cx());
    assert!(matches!(told, Poll::Ready((2, None))), "{told:?}");

    assert!(panics.as_mut().poll(&mut task.cx()).is_ready());
    let told = tasks.poll_ended(&mut task.cx());
    assert!(matches!(told, Poll::Ready((3, Some(Err(_))))), "{told:?}");

    drop(tasks.begin(4, std::future::pending()));
    let told = tasks.poll_ended(&mut task.cx());
    assert!(matches!(told, Poll::Ready((4, None))), "{told:?}");
    assert!(tasks.poll_ended(&mut task.cx()).is_pending());
}

/// Neither runs on, nor is anything kept that was not asked for.
#[test]
fn tasks_end_when_all_is_dropped() {
    let (held, task) = (Arc::new(AtomicUsize::new(2)), Task::new());
    let (result, waits) = (Held(Arc::clone(&held)), Held(Arc::clone(&held)));
    let mut tasks = Tasks::new();
    let mut complete = pin!(tasks.begin(1, async move { Some(result) }));
    let mut running = pin!(tasks.begin(2, async move {
        let _waits = waits;
        std::future::pending().await
    }));
    assert!(complete.as_mut().poll(&mut task.cx()).is_ready());
    assert!(running.as_mut().poll(&mut task.cx()).is_pending());
    assert_eq!(held.load(Ordering::Relaxed), 2);
    drop(tasks);
    assert_eq!(held.load(Ordering::Relaxed), 1);
    assert!(running.as_mut().poll(&mut task.cx()).is_ready());
    assert_eq!(held.load(Ordering::Relaxed), 0);
}
