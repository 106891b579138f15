//! A clock that jumps ahead while everybody waits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

/// Runs a future on a clock of its own. The clock stands still while there is something to do, and then jumps
/// to the first time at which there is something to do again.
///
/// What the future does itself is on that clock, and so are the tasks that it polls: those of an executor
/// whose `run` it awaits, and those that are given to [`spawn`]. Tasks that others poll are not; nor are timers that do
/// not ask [`poll_sleep`].
pub async fn paused<F: Future>(future: F) -> F::Output {
    let clock = Rc::new(Paused {
        now: Cell::new(Instant::now()),
        sleepers: RefCell::default(),
        spawned: RefCell::default(),
    });
    let mut tasks: Vec<Task> = Vec::new();
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _entered = Entered(CLOCK.replace(Some(Rc::clone(&clock))));
        let signal = Arc::new(Signal {
            woken: AtomicBool::new(false),
            outer: cx.waker().clone(),
        });
        let waker = Waker::from(Arc::clone(&signal));
        loop {
            let cx = &mut Context::from_waker(&waker);
            let output = future.as_mut().poll(cx);
            if output.is_ready() {
                return output;
            }
            tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
            // They may have spawned others.
            loop {
                let mut spawned = clock.spawned.take();
                if spawned.is_empty() {
                    break;
                }
                spawned.retain_mut(|task| task.as_mut().poll(cx).is_pending());
                tasks.append(&mut spawned);
            }
            // What is not waited for by the clock comes from elsewhere: a socket, or another thread.
            if !signal.woken.swap(false, Ordering::AcqRel) && !clock.jump() {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// The time, by the clock of the [`paused`] future that asks; by the system's anywhere else.
#[must_use]
pub fn now() -> Instant {
    current().map_or_else(Instant::now, |clock| clock.now.get())
}

/// Waits for the deadline by the clock of the [`paused`] future that is polled; `None` if none is.
pub fn poll_sleep(cx: &Context<'_>, deadline: Instant) -> Option<Poll<()>> {
    let clock = current()?;
    if deadline <= clock.now.get() {
        return Some(Poll::Ready(()));
    }
    let mut sleepers = clock.sleepers.borrow_mut();
    let waiting: &mut Vec<Waker> = sleepers.entry(deadline).or_default();
    if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
        waiting.push(cx.waker().clone());
    }
    Some(Poll::Pending)
}

/// Runs a task beside the [`paused`] future that is polled, and for no longer. Gives it back if none is polled.
///
/// # Errors
///
/// The task.
pub fn spawn<T: Future<Output = ()> + 'static>(task: T) -> Result<(), T> {
    let Some(clock) = current() else {
        return Err(task);
    };
    clock.spawned.borrow_mut().push(Box::pin(task));
    Ok(())
}

struct Paused {
    now: Cell<Instant>,
    sleepers: RefCell<BTreeMap<Instant, Vec<Waker>>>,
    /// Tasks that were not polled yet.
    spawned: RefCell<Vec<Task>>,
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

impl Paused {
    /// Goes to the first deadline, and wakes the tasks that wait for it; `false` if there is none.
    fn jump(&self) -> bool {
        let Some((deadline, waiting)) = self.sleepers.borrow_mut().pop_first() else {
            return false;
        };
        self.now.set(deadline);
        waiting.into_iter().for_each(Waker::wake);
        true
    }
}

std::thread_local! {
    static CLOCK: RefCell<Option<Rc<Paused>>> = const { RefCell::new(None) };
}

fn current() -> Option<Rc<Paused>> {
    CLOCK.with_borrow(Clone::clone)
}

/// Puts back the clock that was there before.
struct Entered(Option<Rc<Paused>>);

impl Drop for Entered {
    fn drop(&mut self) {
        CLOCK.set(self.0.take());
    }
}

struct Signal {
    woken: AtomicBool,
    outer: Waker,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.outer.wake_by_ref();
    }
}
