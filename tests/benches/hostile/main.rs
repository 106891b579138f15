//! What a stranger's octets cost: `cargo bench --bench hostile [-- PART]`, where PART is a part of the rows'
//! names; with `--features zlib-rs` on that codec.
//!
//! CPU time on one thread, per MiB of wire, and how many times that is what honest compressed JSON costs,
//! per octet of wire or of delivered payload, whichever is less. Fails if anything is above
//! [`LIMIT`]. Those that are refused cost nothing worth counting. With `--turns`: see `turns.rs`.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

mod adapters;
mod bits;
mod kinds;
mod machine;
mod turns;

#[path = "../deflate/data.rs"]
#[allow(dead_code, reason = "one kind of data is honest enough")]
mod data;
#[path = "../budget/ratios.rs"]
#[allow(dead_code, reason = "the budget's rows are not printed here")]
mod ratios;

use std::process::ExitCode;
use std::time::Duration;

use kinds::Kind;
use wsstream_tests::{AsyncStd, Tokio};

/// How many times as much as honest octets a stranger's may cost.
const LIMIT: f64 = 20.0;

/// What is read at once.
const READ: usize = 64 << 10;

const ROUNDS: usize = 3;

/// What a kind came to.
#[derive(Clone, Copy)]
enum Measured {
    Refused,
    Cost {
        time: Duration,
        wire: usize,
        payload: usize,
    },
}

type Column = (&'static str, fn(&Kind) -> Measured);

/// Streams, and whole messages.
const COLUMNS: [Column; 6] = [
    ("core", |kind| machine::measure(kind, false)),
    ("messages", |kind| machine::measure(kind, true)),
    ("tokio", |kind| adapters::measure::<Tokio>(kind, false)),
    ("messages", |kind| adapters::measure::<Tokio>(kind, true)),
    ("async-std", |kind| {
        adapters::measure::<AsyncStd>(kind, false)
    }),
    ("messages", |kind| adapters::measure::<AsyncStd>(kind, true)),
];

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let wanted = |name: &str| {
        let mut parts = args.iter().filter(|arg| !arg.starts_with('-'));
        parts.all(|part| name.contains(part))
    };
    if args.iter().any(|arg| arg == "--turns") {
        return if turns::print(wanted) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    print!("{:28}", "ms/MiB, times JSON");
    for (name, _) in COLUMNS {
        print!(" {name:>15}");
    }
    println!();
    let kinds = kinds::all();
    // Honest octets, in and there and back.
    let honest = |echo: bool| kinds.iter().find(|kind| kind.echo == echo).unwrap();
    let [base, echo_base] =
        [false, true].map(|echo| COLUMNS.map(|(_, run)| least(run, honest(echo))));
    let mut worst: f64 = 0.0;
    for kind in kinds.iter().filter(|kind| wanted(kind.name)) {
        print!("{:28}", kind.name);
        let base = if kind.echo { &echo_base } else { &base };
        for ((number, (_, run)), base) in COLUMNS.iter().enumerate().zip(base) {
            if kind.echo && number % 2 == 0 {
                print!(" {:>15}", "");
                continue;
            }
            match (least(*run, kind), base) {
                (measured @ Measured::Cost { .. }, base) => {
                    let factor = measured.times(base);
                    worst = worst.max(factor);
                    print!(" {:>8.1} {factor:>6.1}", measured.per_mib());
                }
                (Measured::Refused, _) => print!(" {:>15}", "refused"),
            }
        }
        println!();
    }
    println!("\nthe worst is {worst:.1}, and {LIMIT} is the limit");
    if worst > LIMIT {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// The least time of a few.
fn least(run: fn(&Kind) -> Measured, kind: &Kind) -> Measured {
    let runs = (0..ROUNDS).map(|_| run(kind));
    runs.min_by(|a, b| a.per_mib().total_cmp(&b.per_mib()))
        .unwrap()
}

impl Measured {
    /// Milliseconds for a MiB of wire.
    fn per_mib(self) -> f64 {
        match self {
            Self::Refused => 0.0,
            Self::Cost { time, wire, .. } => {
                1e3 * time.as_secs_f64() * f64::from(1 << 20) / wire as f64
            }
        }
    }

    /// How many times what `base` costs, per octet of wire or of payload.
    fn times(self, base: &Self) -> f64 {
        let (
            Self::Cost {
                time,
                wire,
                payload,
            },
            Self::Cost {
                time: base_time,
                wire: base_wire,
                payload: base_payload,
            },
        ) = (self, *base)
        else {
            return 0.0;
        };
        let time = time.as_secs_f64() / base_time.as_secs_f64();
        let by_wire = time * base_wire as f64 / wire as f64;
        let by_payload = time * base_payload as f64 / payload as f64;
        by_wire.min(by_payload)
    }
}
