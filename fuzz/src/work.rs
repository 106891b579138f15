//! A bound on work: what an input may cost grows with its length, and not faster. Counted, not timed, so
//! that the same input costs the same everywhere.

use core::cell::Cell;

use crate::Target;

/// What each octet of an input may cost. An input has a fixed amount besides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// Calls of machines.
    pub(crate) calls: u64,
    /// Octets that are allocated, by machines and by the property itself.
    pub(crate) allocated: u64,
}

thread_local! {
    static CALLS_LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Runs a property, and fails where the input costs more than it may.
pub(crate) fn bounded(name: &str, bound: Bound, target: Target, data: &[u8]) {
    let len = data.len() as u64;
    CALLS_LEFT.set(CALLS + bound.calls * len);
    let cost = allocation_counter::measure(|| target(data));
    let most = ALLOCATED + bound.allocated * len;
    assert!(
        cost.bytes_total <= most,
        "{name} has allocated {} octets for {len}, more than {most}",
        cost.bytes_total
    );
}

/// To be told of each call of a machine.
pub(crate) fn call() {
    let left = CALLS_LEFT.get().checked_sub(1);
    assert!(left.is_some(), "more calls than the input is worth");
    CALLS_LEFT.set(left.unwrap_or_default());
}

/// What a run costs whatever its input: set-up, patterns, a connection that is closed.
const CALLS: u64 = 50_000;
const ALLOCATED: u64 = 8 << 20;
