//! What wsstream costs: `cargo bench --bench budget [-- PART]`, where PART is a part of the rows' names.
//!
//! Times are ratios to raw TCP in the same run, printed and never asserted. Counts are exact, and tests
//! assert them too. Instructions are counted by valgrind, where it is installed.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

mod counts;
mod idle;
mod instructions;
mod masking;
mod ratios;

use std::io;

use wsstream_core::ConnectionConfig;
use wsstream_core::Role::{Client, Server};
use wsstream_tests::{AsyncStd, TestRuntime, Tokio};

fn main() -> io::Result<()> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    if let [flag, name, times] = &args[..]
        && flag == instructions::FLAG
    {
        instructions::run(name, times.parse().unwrap());
        return Ok(());
    }
    let wanted = |name: &str| {
        let mut parts = args.iter().filter(|arg| !arg.starts_with('-'));
        parts.all(|part| name.contains(part))
    };

    print_ratios::<Tokio>("tokio", wanted)?;
    println!();
    print_ratios::<AsyncStd>("async-std", wanted)?;

    println!("\n{:36} {:>10} {:>10}", "counts", "budget", "counted");
    for (name, role) in [("client", Client), ("server", Server)] {
        for len in [16, 64 << 10] {
            let sent = format!("{name} send, {len} B");
            if wanted(&sent) {
                let counts = counts::sending(role, len);
                print(&format!("{sent}: allocations"), 0, counts.allocations);
                print(&format!("{sent}: calls"), 1, counts.calls);
            }
            let received = format!("{name} receive, {len} B");
            if wanted(&received) {
                let counts = counts::receiving(role, len);
                print(&format!("{received}: allocations"), 0, counts.allocations);
            }
        }
    }
    if wanted("reads for 64 x 1 KiB masked") {
        let reads = counts::reads_of_many();
        print("reads for 64 x 1 KiB masked", 2, reads);
    }
    print_idle("tokio", wanted, idle::idle::<Tokio>);
    print_idle("async-std", wanted, idle::idle::<AsyncStd>);

    if wanted("masking, 64 KiB") {
        masking::print();
    }

    println!(
        "\n{:36} {:>10} {:>10}",
        "instructions of the core", "goal", "counted"
    );
    for (name, goal) in instructions::ROWS {
        if wanted(name) {
            match instructions::count(name) {
                Ok(count) => print(name, *goal, count),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    println!("{name:36} {goal:>10} not counted: valgrind is not installed");
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn print_ratios<R: TestRuntime>(runtime: &str, wanted: impl Fn(&str) -> bool) -> io::Result<()> {
    let title = format!("CPU time, raw to {runtime}");
    println!("{title:36} {:>10} {:>10}", "budget", "ratio");
    for row in ratios::ROWS.iter().filter(|row| wanted(row.name)) {
        row.print::<R>()?;
    }
    Ok(())
}

fn print_idle(
    runtime: &str,
    wanted: impl Fn(&str) -> bool,
    idle: fn(bool, &ConnectionConfig) -> (i64, i64),
) {
    let name = format!("idle heap above TCP, {runtime}");
    if wanted(&name) {
        let (fresh, used) = idle(false, &ConnectionConfig::new().compression(false));
        print(&format!("{name}: fresh"), 1024, fresh);
        print(&format!("{name}: used"), 1024, used);
    }
}

fn print(name: &str, budget: u32, counted: impl std::fmt::Display) {
    println!("{name:36} {budget:>10} {counted:>10}");
}
