//! The exact counts of the performance budget, which `cargo bench --bench budget` prints: any more of
//! them is a regression, on every machine.

#[path = "../benches/budget/counts.rs"]
mod counts;

use wsstream_core::Role::{Client, Server};

const LENGTHS: [usize; 9] = [1, 16, 125, 126, 1024, 16 << 10, 65_535, 63 << 10, 64 << 10];

#[test]
fn a_write_is_one_call_and_allocates_nothing() {
    for role in [Client, Server] {
        for len in LENGTHS {
            let counts = counts::sending(role, len);
            assert_eq!(counts.calls, 1, "{role:?}, {len}");
            assert_eq!(counts.allocations, 0, "{role:?}, {len}");
        }
    }
}

#[test]
fn a_read_allocates_nothing_and_asks_for_a_frame_once() {
    for role in [Client, Server] {
        for len in LENGTHS {
            let counts = counts::receiving(role, len);
            assert_eq!(counts.allocations, 0, "{role:?}, {len}");
            // With its header, what is longer is more than what is asked for at a time.
            let calls = if len > 63 << 10 { 2 } else { 1 };
            assert_eq!(counts.calls, calls, "{role:?}, {len}");
        }
    }
}

#[test]
fn many_short_frames_take_few_reads() {
    assert!(counts::reads_of_many() <= 2);
}
