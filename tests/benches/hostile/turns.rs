//! One client attacks, one works, and both are served by one thread: `cargo bench --bench hostile -- --turns`.
//!
//! What the worker waits for its echo, beside each kind at full speed, to what it waits beside honest JSON. All are
//! futures of one task, so that it waits for what the others do in their polls and for nothing else; and it is CPU
//! time that passes, as other programs are not to count. Who is refused, or has said all, comes again.

use std::io;
use std::time::Duration;

use wsstream_core::Message;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_tests::{AsyncStd, Peer, Raw, Read, TestRuntime, Tokio, Write};

use crate::adapters::attack;
use crate::kinds::{self, Kind};
use crate::ratios::cpu_time;

/// How many times as long as beside honest octets the slowest echo of a hundred may take.
const LIMIT: f64 = 5.0;

const ECHOES: usize = 100;

const ROUNDS: usize = 3;

/// What serves, and sends back what it is sent.
#[derive(Clone, Copy)]
enum Mode {
    Stream,
    Messages,
    Relay,
}

/// What a round of echoes comes to, in each of a few rounds.
type Column = (&'static str, fn(&Kind) -> [Duration; ROUNDS]);

const COLUMNS: [Column; 6] = [
    ("tokio", |kind| slowest::<Tokio>(Mode::Stream, kind)),
    ("messages", |kind| slowest::<Tokio>(Mode::Messages, kind)),
    ("relay", |kind| slowest::<Tokio>(Mode::Relay, kind)),
    ("async-std", |kind| slowest::<AsyncStd>(Mode::Stream, kind)),
    ("messages", |kind| slowest::<AsyncStd>(Mode::Messages, kind)),
    ("relay", |kind| slowest::<AsyncStd>(Mode::Relay, kind)),
];

/// Prints all, and tells whether none is above the limit.
pub(crate) fn print(wanted: impl Fn(&str) -> bool) -> bool {
    print!("{:28}", "slowest echo in us, times JSON");
    for (name, _) in COLUMNS {
        print!(" {name:>15}");
    }
    println!();
    let kinds = kinds::all();
    // One echo of a hundred may happen to come before the honest client is served, so the longest of all rounds counts.
    let honest = &kinds[..2];
    let base = COLUMNS.map(|(_, run)| honest.iter().flat_map(run).max().unwrap().as_secs_f64());
    let mut worst: f64 = 0.0;
    for kind in kinds.iter().filter(|kind| wanted(kind.name)) {
        print!("{:28}", kind.name);
        for ((_, run), base) in COLUMNS.iter().zip(base) {
            let time = run(kind).into_iter().min().unwrap().as_secs_f64();
            worst = worst.max(time / base);
            print!(" {:>8.0} {:>6.1}", 1e6 * time, time / base);
        }
        println!();
    }
    println!("\nthe worst is {worst:.1}, and {LIMIT} is the limit");
    worst <= LIMIT
}

/// The slowest of a hundred echoes, in each round.
fn slowest<A: TestRuntime>(mode: Mode, kind: &Kind) -> [Duration; ROUNDS] {
    [(); ROUNDS].map(|()| {
        A::run_on_one_thread(async {
            tokio::select! {
                slowest = work::<A>(mode) => slowest,
                () = attacks::<A>(mode, kind) => Duration::MAX,
            }
        })
    })
}

async fn work<A: TestRuntime>(mode: Mode) -> Duration {
    let (near, far) = A::tcp().await;
    let worker = async {
        let mut client = A::connect(far, &ClientConfig::stream()).await.unwrap();
        let mut times = Vec::new();
        for _ in 0..ECHOES {
            let start = cpu_time();
            client.write_all(b"are you there?").await.unwrap();
            client.flush().await.unwrap();
            client.read_exact(14).await.unwrap();
            times.push(cpu_time() - start);
        }
        times.into_iter().max().unwrap()
    };
    tokio::select! {
        slowest = worker => slowest,
        served = serve::<A>(mode, near) => panic!("{served:?}"),
    }
}

async fn attacks<A: TestRuntime>(mode: Mode, kind: &Kind) {
    loop {
        let (near, far) = A::tcp().await;
        let attacker = async {
            let mut peer = Peer::connect(far, &kind.client).await;
            let _ = attack(&mut peer.raw, &kind.wire).await;
        };
        tokio::select! {
            // However that ends.
            _ = serve::<A>(mode, near) => {}
            () = attacker => {}
        }
    }
}

/// Sends back what comes.
async fn serve<A: TestRuntime>(mode: Mode, near: Raw<A>) -> io::Result<()> {
    let server = ServerConfig::stream();
    let opened = A::accept_with(near, &server).await?.accept().await?;
    match mode {
        Mode::Stream => echo(A::stream(opened.into_stream())).await,
        Mode::Messages => {
            let mut socket = opened.into_websocket();
            while let Some(message) = socket.recv().await? {
                socket.send(Message::clone(&message)).await?;
            }
            Ok(())
        }
        Mode::Relay => {
            let (mut target, behind) = A::tcp().await;
            let mut stream = A::stream(opened.into_stream());
            tokio::select! {
                relayed = A::relay(&mut stream, &mut target) => relayed.into_result().map(drop),
                echoed = echo(behind) => echoed,
            }
        }
    }
}

async fn echo(mut stream: impl Read + Write) -> io::Result<()> {
    let mut buf = vec![0; crate::READ];
    loop {
        match stream.read(&mut buf).await? {
            0 => return stream.shutdown().await,
            count => stream.write_all(&buf[..count]).await?,
        }
    }
}
