//! What permessage-deflate gains and costs: `cargo bench --bench deflate [-- PART]`, where PART is a part of
//! the rows' names; with `--features zlib-rs` on that codec.
//!
//! CPU time of both ends, on one thread, over TCP: with and without compression in turns, medians. Beside it
//! the bare codec, a message at a time. MB are 10^6 octets of the stream.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

mod data;

#[path = "../budget/ratios.rs"]
#[allow(dead_code, reason = "the budget's rows are not printed here")]
mod ratios;

use std::hint::black_box;
use std::io;
use std::time::Duration;

use allocation_counter::measure;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress};
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush};
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{ConnectionConfig, Deflate};
use wsstream_tests::{Read, TestRuntime, Tokio, Write, open_with, poll_once};

use ratios::{cpu_time, median};

const LENGTHS: [(usize, usize); 4] = [
    (64, 1 << 20),
    (256, 4 << 20),
    (4 << 10, 16 << 20),
    (64 << 10, 32 << 20),
];

const ROUNDS: usize = 5;

fn main() -> io::Result<()> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let level = args
        .iter()
        .find_map(|arg| arg.strip_prefix("--level=")?.parse().ok())
        .unwrap_or(Deflate::DEFAULT_LEVEL);
    let wanted = |name: &str| {
        let mut parts = args.iter().filter(|arg| !arg.starts_with('-'));
        parts.all(|part| name.contains(part))
    };
    println!(
        "{:24} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8}",
        "level, MB per CPU second", "plain", "deflate", "of plain", "bare", "smaller", "bare"
    );
    for (kind, make) in data::KINDS {
        for (len, total) in LENGTHS {
            let name = format!("{kind}, {len} B");
            if wanted(&name) {
                row(
                    &format!("{level}: {name}"),
                    level,
                    len,
                    &make(total)[..total],
                )?;
            }
        }
    }
    if wanted("memory") {
        memory();
    }
    Ok(())
}

fn row(name: &str, level: u8, len: usize, data: &[u8]) -> io::Result<()> {
    let (mut plain, mut deflated, mut wire) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        plain.push(transfer(ConnectionConfig::new().compression(false), len, data)?.0);
        let deflate = ConnectionConfig::new().deflate(Deflate::new().level(level));
        let (time, sent) = transfer(deflate, len, data)?;
        deflated.push(time);
        wire = sent;
    }
    let (bare, bare_len) = bare(level, len, data);
    let speed = |time: Duration| data.len() as f64 / time.as_secs_f64() / 1e6;
    let (plain, deflated) = (speed(median(plain)), speed(median(deflated)));
    println!(
        "{name:24} {plain:>9.0} {deflated:>9.0} {:>9.3} {:>9.0} {:>8.2} {:>8.2}",
        deflated / plain,
        speed(bare),
        data.len() as f64 / wire as f64,
        data.len() as f64 / bare_len as f64,
    );
    Ok(())
}

/// From a client to a server; the CPU time, and the octets of payload that were sent.
fn transfer(config: ConnectionConfig, len: usize, data: &[u8]) -> io::Result<(Duration, u64)> {
    Tokio::run_on_one_thread(async {
        let client = ClientConfig::stream().config(config);
        let ends = Tokio::tcp().await;
        let (mut client, mut server) =
            open_with::<Tokio>(ends, &client, &ServerConfig::stream()).await;
        let mut buf = vec![0; 64 << 10];
        let start = cpu_time();
        let send = async {
            for message in data.chunks(len) {
                client.write_all(message).await?;
            }
            client.flush().await
        };
        let receive = async {
            let mut left = data.len();
            while left > 0 {
                left -= match server.read(&mut buf).await? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    count => count,
                };
            }
            Ok(())
        };
        tokio::try_join!(send, receive)?;
        let time = cpu_time() - start;
        Ok((time, client.info().counters.payload_sent))
    })
}

/// miniz_oxide alone, there and back.
fn bare(level: u8, len: usize, data: &[u8]) -> (Duration, usize) {
    let mut compressor = CompressorOxide::default();
    compressor.set_format_and_level(DataFormat::Raw, level);
    let mut inflater = InflateState::new_boxed(DataFormat::Raw);
    let (mut room, mut out) = (vec![0; 2 * len + 64], vec![0; len]);
    let mut total = 0;
    let start = cpu_time();
    for message in data.chunks(len) {
        let (_, _, made) = compress(&mut compressor, message, &mut room, TDEFLFlush::Sync);
        total += made - 4;
        let result = inflate(&mut inflater, &room[..made], &mut out, MZFlush::None);
        black_box(result.bytes_written);
    }
    (cpu_time() - start, total)
}

/// What compression keeps on the heap, both ends together.
fn memory() {
    println!("\n{:44} {:>10}", "heap of two ends, octets", "counted");
    for (name, takeover) in [("context takeover", true), ("no context takeover", false)] {
        let deflate = Deflate::new()
            .context_takeover(takeover)
            .peer_context_takeover(takeover);
        let held = |used: bool, config: ConnectionConfig| {
            std::thread::spawn(move || {
                // What the thread keeps for all its connections comes first.
                let _first = echoed(used, &config);
                let mut kept = None;
                let counted = measure(|| kept = Some(echoed(used, &config)));
                drop(kept);
                counted.bytes_current
            })
            .join()
            .unwrap_or_default()
        };
        let plain = held(true, ConnectionConfig::new().compression(false));
        let fresh = held(false, ConnectionConfig::new().deflate(deflate));
        let used = held(true, ConnectionConfig::new().deflate(deflate));
        println!("{:44} {plain:>10}", format!("{name}: not agreed on"));
        println!("{:44} {fresh:>10}", format!("{name}: agreed on, unused"));
        println!("{:44} {used:>10}", format!("{name}: after 4 KiB each way"));
    }
}

/// Two ends over a pipe, that may have echoed 4 KiB.
fn echoed(used: bool, config: &ConnectionConfig) -> impl Sized + use<> {
    Tokio::run_on_one_thread(async {
        let client = ClientConfig::stream().config(config.clone());
        let server = ServerConfig::stream().config(config.clone());
        let ends = Tokio::pipe(64 << 10);
        let (mut client, mut server) = open_with::<Tokio>(ends, &client, &server).await;
        if used {
            for _ in 0..10 {
                carry(&mut client, &mut server).await;
                carry(&mut server, &mut client).await;
            }
        }
        for end in [&mut client, &mut server] {
            wait(end).await;
        }
        (client, server)
    })
}

async fn carry<S: Read + Write>(from: &mut S, to: &mut S) {
    let message = [b'a'; 4 << 10];
    let mut buf = [0; 4 << 10];
    from.write_all(&message).await.unwrap();
    let mut left = message.len();
    while left > 0 {
        left -= to.read(&mut buf).await.unwrap();
    }
}

/// Waits for more, as an idle connection does: then it holds no buffer.
async fn wait(stream: &mut impl Read) {
    let mut buf = [0; 16];
    let mut read = Box::pin(stream.read(&mut buf));
    assert!(poll_once(&mut read).await.is_pending());
}
