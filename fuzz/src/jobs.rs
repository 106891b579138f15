//! What the pump's properties share: pipes that cut and wait as the input says, and jobs over them.

use core::future::poll_fn;
use core::task::Context;

use arbitrary::Unstructured;
use wsstream_core::pump::{Socket, Stream};
use wsstream_core::test_kit::{Clock, Job, SharedLine, Sleeper, Task};

use crate::input::{octet, patterns};
use crate::work::call;

/// How one direction of a pipe behaves: three octets, the most that moves in one call, one call in how
/// many is told to come again, and how much may lie in it. 0 is any, none, and any.
pub(crate) fn set_up(line: &SharedLine, input: &mut Unstructured<'_>) {
    let [chunk, pend_every, capacity] = [(); 3].map(|()| usize::from(octet(input)));
    let mut line = line.get();
    if chunk > 0 {
        line.chunk = chunk;
    }
    // Not every call, and none of two: that would be a socket that never moves.
    line.pend_every = if pend_every < 3 { 0 } else { pend_every };
    if capacity > 0 {
        line.capacity = capacity * 8;
    }
}

/// Runs jobs to their end, each polled only when it was woken. Time passes when nothing else happens.
pub(crate) fn run(jobs: Vec<Job<'_>>, clock: &Clock) {
    let mut jobs: Vec<_> = jobs
        .into_iter()
        .map(|job| Some((Task::new(), job)))
        .collect();
    while jobs.iter().any(Option::is_some) {
        let mut idle = true;
        for slot in &mut jobs {
            let Some((task, job)) = slot else { continue };
            if task.is_woken() {
                call();
                idle = false;
                if job.as_mut().poll(&mut task.cx()).is_ready() {
                    *slot = None;
                }
            }
        }
        if idle {
            let left: Vec<_> = jobs.iter().map(Option::is_some).collect();
            assert!(clock.advance_to_deadline(), "these wait for ever: {left:?}");
        }
    }
}

/// Writes a pattern of this length as far as the stream takes it, and tells how far that was.
pub(crate) async fn write_all<S: Socket>(stream: &mut Stream<S, Sleeper>, len: usize) -> usize {
    let mut at = 0;
    while at < len {
        let data = patterns(at, len - at);
        match poll_fn(|cx: &mut Context<'_>| stream.poll_write(cx, data)).await {
            Ok(count) => at += count,
            Err(_) => break,
        }
    }
    at
}

/// Reads to the end; what came, and whether the end was a good one.
pub(crate) async fn read_all<S: Socket>(stream: &mut Stream<S, Sleeper>) -> (Vec<u8>, bool) {
    let (mut all, mut out) = (Vec::new(), [0; 500]);
    loop {
        match poll_fn(|cx: &mut Context<'_>| stream.poll_read(cx, &mut out)).await {
            Ok(0) => return (all, true),
            Ok(count) => all.extend_from_slice(&out[..count]),
            Err(_) => return (all, false),
        }
    }
}
