//! Masking where the octets lie, against copying them.

use std::hint::black_box;
use std::time::Duration;

use wsstream_core::Mask;

use crate::ratios::cpu_time;

/// Measures both in turns, and prints the best of each: what else runs on the machine only slows down.
pub(crate) fn print() {
    let mut data = vec![7; LEN];
    let mut copied = vec![0; LEN];
    let mut mask = Mask::new([1, 2, 3, 4]);
    let (mut masking, mut copying) = (Duration::MAX, Duration::MAX);
    for _ in 0..20 {
        masking = masking.min(time(|| mask.apply(black_box(&mut data))));
        copying = copying.min(time(|| {
            black_box(&mut copied).copy_from_slice(black_box(&data))
        }));
    }
    println!(
        "\n{:36} {:>10} {:>10}",
        "GiB per second", "copying", "masking"
    );
    println!(
        "{:36} {:>10.1} {:>10.1}",
        "masking, 64 KiB",
        speed(copying),
        speed(masking)
    );
}

fn time(mut what: impl FnMut()) -> Duration {
    let start = cpu_time();
    for _ in 0..TIMES {
        what();
    }
    cpu_time() - start
}

fn speed(time: Duration) -> f64 {
    const GIB: f64 = (1 << 30) as f64;
    (LEN * TIMES) as f64 / GIB / time.as_secs_f64()
}

const LEN: usize = 64 << 10;
const TIMES: usize = 2000;
