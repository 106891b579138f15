//! What strangers can make a server hold: 3.3, for all of its connections together. Transports are in memory
//! and time passes when it is told to, so nothing is here but the core; every octet of heap is counted.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::ErrorKind;
use std::task::{Context, Poll};
use std::time::Duration;

use allocation_counter::measure;
use wsstream_core::handshake::{ClientConfig, Negotiated, ServerConfig};
use wsstream_core::pump::{Stream, Upgraded, WebSocket};
use wsstream_core::test_kit::{Clock, Pipe, Sleeper, Task};
use wsstream_core::{CompressionBudget, ConnectionConfig, Deflate, Opcode};
use wsstream_tests::{fragment, masked};

/// What a client that offers everything and a server agree on.
fn negotiated(server: &ServerConfig, client: &ClientConfig) -> Negotiated {
    let mut fields = client.fields();
    fields.push(("Host", "localhost".to_owned()));
    let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
    server.negotiate(fields).unwrap()
}

/// Zeros as a compressed message's first frame, which is not its last.
fn begin_of_zeros(len: usize) -> Vec<u8> {
    let mut raw = zlib_rs::Deflate::new(9, false, 15);
    let mut payload = vec![0; 64 << 10];
    let flush = zlib_rs::DeflateFlush::SyncFlush;
    raw.compress(&vec![0; len], &mut payload, flush).unwrap();
    payload.truncate(usize::try_from(raw.total_out()).unwrap());
    let mut frame = fragment(Opcode::Binary, false, &payload);
    frame[0] |= 0x40;
    frame
}

/// The same as a whole message.
fn zeros(len: usize) -> Vec<u8> {
    let mut raw = zlib_rs::Deflate::new(9, false, 15);
    let mut payload = vec![0; 64 << 10];
    let flush = zlib_rs::DeflateFlush::SyncFlush;
    raw.compress(&vec![0; len], &mut payload, flush).unwrap();
    payload.truncate(usize::try_from(raw.total_out()).unwrap() - 4);
    let mut frame = masked(Opcode::Binary, &payload);
    frame[0] |= 0x40;
    frame
}

/// What nothing can compress.
fn noise(len: usize) -> Vec<u8> {
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let states = std::iter::successors(Some(1), next);
    states
        .map(|state| state.to_be_bytes()[0])
        .take(len)
        .collect()
}

/// A message of one octet, masked with zeros.
const PLAIN: &[u8] = &[0x82, 0x81, 0, 0, 0, 0, b'a'];

/// A server that echoes, in memory.
struct Echo {
    streams: Vec<Stream<Pipe, Sleeper>>,
    task: Task,
    clock: Clock,
}

impl Echo {
    fn new(count: usize) -> Self {
        Self {
            streams: Vec::with_capacity(count),
            task: Task::new(),
            clock: Clock::default(),
        }
    }

    /// Opens one for a client, which has said this already; or something plain, if that is all that was agreed.
    fn opens(&mut self, server: &ServerConfig, client: &ClientConfig, says: &[u8]) -> Pipe {
        let (near, far) = Pipe::pair(true);
        let negotiated = negotiated(server, client);
        let is_plain = says[0] & 0x40 == 0;
        let says = if is_plain || negotiated.agreed().deflate().is_some() {
            says
        } else {
            PLAIN
        };
        far.output.get().feed(says);
        let sleeper = self.clock.sleeper();
        let upgraded = Upgraded::new(near, sleeper, negotiated, Vec::new());
        self.streams.push(upgraded.into_stream());
        far
    }

    /// Echoes to the newest, until there is nothing to read.
    fn echoes(&mut self) {
        let stream = self.streams.last_mut().unwrap();
        let mut buf = [0; 4096];
        while let Some(read) = until_idle(&self.task, |cx| stream.poll_read(cx, &mut buf)) {
            let mut rest = &buf[..read.unwrap()];
            while let Poll::Ready(written) = stream.poll_write(&self.task.cx(), rest) {
                rest = &rest[written.unwrap()..];
                if rest.is_empty() {
                    break;
                }
            }
        }
    }

    /// Lets a while pass, in which nothing comes.
    fn rests(&mut self) {
        self.clock.advance(Duration::from_secs(2));
        let mut buf = [0; 64];
        for stream in &mut self.streams {
            assert!(until_idle(&self.task, |cx| stream.poll_read(cx, &mut buf)).is_none());
        }
    }
}

/// Polls as long as it is woken at once: after some work a poll gives the thread back.
fn until_idle<T>(task: &Task, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
    loop {
        task.is_woken();
        match poll(&mut task.cx()) {
            Poll::Ready(ready) => return Some(ready),
            Poll::Pending if task.is_woken() => {}
            Poll::Pending => return None,
        }
    }
}

const STRANGERS: usize = 10_000;

/// 64 MiB, and what a stream takes without compression.
const BUDGET: u64 = (64 << 20) + STRANGERS as u64 * 1536;

/// What the thread's pools keep, whoever uses it.
const POOLS: u64 = 2 << 20;

/// What 10,000 strangers make a server hold: by a compressed message each, by one that they do not end, and by
/// one that fills their window.
#[test]
fn strangers_that_compress() {
    for (about, says) in [
        ("a message", zeros(4 << 10)),
        ("no end", begin_of_zeros(4 << 10)),
        ("a window", zeros(33 << 10)),
    ] {
        let hold = |server: &ServerConfig, client: &ClientConfig, says: &[u8]| {
            let mut peers = Vec::with_capacity(STRANGERS);
            let mut echo = Echo::new(STRANGERS);
            let info = measure(|| {
                for _ in 0..STRANGERS {
                    let peer = echo.opens(server, client, says);
                    echo.echoes();
                    // What lies in memory because there is no network is not counted.
                    drop(std::mem::take(&mut peer.input.get().octets));
                    peers.push(peer);
                }
            });
            let rests = measure(|| echo.rests());
            let agreed = echo
                .streams
                .iter()
                .filter(|stream| stream.info().agreed.deflate().is_some());
            let agreed = agreed.count();
            drop(echo);
            (
                info.bytes_max,
                info.bytes_current + rests.bytes_current,
                agreed,
            )
        };
        let server = ServerConfig::stream();
        let (max, idle, agreed) = hold(&server, &ClientConfig::stream(), &says);
        println!("{about}: {agreed} compress; {max} octets of heap at most, {idle} when idle");
        assert!(max <= BUDGET + POOLS, "{about}: {max}");
        assert!(idle.cast_unsigned() <= max);
        assert!((200..STRANGERS).contains(&agreed));
    }
}

/// With compression agreed on an idle stream keeps the window of its peer and little more, whatever has gone
/// through it; and nothing where that is not needed.
#[test]
fn an_idle_stream_keeps_the_window() {
    let window = |bits| Deflate::new().peer_window_bits(bits);
    for (about, deflate, kept) in [
        ("15 bits", Deflate::new(), 32 << 10),
        ("12 bits", window(12), 4 << 10),
        ("9 bits", window(9), 512),
        ("no context", Deflate::new().peer_context_takeover(false), 0),
    ] {
        let server = ServerConfig::stream().config(ConnectionConfig::new().deflate(deflate));
        let mut echo = Echo::new(1);
        let says = zeros(300 << 10);
        // The thread's pools are filled by what has been before.
        for _ in 0..4 {
            let _peer = echo.opens(&server, &ClientConfig::stream(), &says);
            echo.echoes();
            echo.rests();
            echo.streams.clear();
        }
        let mut peer = None;
        let info = measure(|| {
            peer = Some(echo.opens(&server, &ClientConfig::stream(), &says));
            echo.echoes();
            let peer = peer.as_ref().unwrap();
            drop(std::mem::take(&mut peer.input.get().octets));
            drop(std::mem::take(&mut peer.output.get().octets));
        });
        let rests = measure(|| echo.rests());
        let idle = info.bytes_current + rests.bytes_current;
        println!("{about}: {} at work, {idle} idle", info.bytes_current);
        assert!(echo.streams[0].info().counters.messages_deflated > 0);
        assert!(idle <= kept + (4 << 10), "{about}: {idle}");
    }
}

/// What is known of a stream that may compress, while it does not; and what the pipe's clock notes of it.
const AGREED: u64 = 400;

/// What a stream holds of compression, while it works and while it rests, is what it has reserved, or less.
#[test]
fn what_is_held_is_reserved() {
    for bits in 9..=15 {
        let deflate = Deflate::new().peer_window_bits(bits);
        // Each has pools of its own, which are empty, and a stream before it has filled that of buffers.
        std::thread::spawn(move || {
            let budget = CompressionBudget::new(2 << 20);
            let server = ServerConfig::stream().compression_budget(&budget);
            let server = server.config(ConnectionConfig::new().deflate(deflate));
            let mut echo = Echo::new(4);
            let mut held = |client: &ClientConfig, says: &[u8]| {
                let info = measure(|| {
                    let peer = echo.opens(&server, client, says);
                    echo.echoes();
                    drop(std::mem::take(&mut peer.input.get().octets));
                    drop(std::mem::take(&mut peer.output.get().octets));
                    std::mem::forget(peer);
                });
                info.bytes_current
            };
            let plain = ClientConfig::stream().config(ConnectionConfig::new().compression(false));
            held(&plain, &masked(Opcode::Binary, &noise(40 << 10)));
            let plain = held(&plain, PLAIN);
            assert_eq!(budget.used(), 0);
            // First one that only inflates, as what it echoes is too short.
            let inflater = held(&ClientConfig::stream(), &zeros(50)) - plain;
            let to_inflate = budget.used();
            println!("{bits} bits: to inflate {inflater} held, {to_inflate} reserved");
            let both = held(&ClientConfig::stream(), &zeros(300 << 10)) - plain;
            let reserved = budget.used() - to_inflate;
            println!("{bits} bits: in all {both} held, {reserved} reserved");
            // What is known of a connection that may compress is not counted.
            let held = |octets: i64| octets.cast_unsigned() - AGREED;
            assert!(held(inflater) <= to_inflate as u64);
            assert!(held(both) <= reserved as u64);
            // Nor is much more reserved than it takes at most.
            assert!(held(both) * 21 / 20 >= reserved as u64);
            echo.rests();
            assert_eq!(budget.used(), 2 * to_inflate);
            echo.streams.clear();
            assert_eq!(budget.used(), 0);
        })
        .join()
        .unwrap();
    }
}

/// How many whole-message connections there are, and what each may hold with nothing agreed on compression.
const MESSAGES: usize = 40;
const MESSAGE: u64 = (1 << 20) + (16 << 10);

/// What an inflater may have while it works.
const INFLATER: u64 = (80 << 10)
    + if cfg!(feature = "zlib-rs") {
        112 << 10
    } else {
        0
    };

/// 64 MiB in a message of 63 KiB, which is not even whole.
#[test]
fn messages_that_grow() {
    let clock = Clock::default();
    let begin = begin_of_zeros(64 << 20);
    let server = ServerConfig::messages();
    let task = Task::new();
    let mut sockets = Vec::with_capacity(MESSAGES);
    let (pipes, peers): (Vec<_>, Vec<_>) = (0..MESSAGES).map(|_| Pipe::pair(true)).unzip();
    let info = measure(|| {
        for (pipe, peer) in pipes.into_iter().zip(&peers) {
            peer.output.get().feed(&begin);
            let negotiated = negotiated(&server, &ClientConfig::messages());
            let upgraded = Upgraded::new(pipe, clock.sleeper(), negotiated, Vec::new());
            let mut socket = upgraded.into_websocket();
            while socket.poll_recv(&task.cx()).is_pending() {
                assert!(task.is_woken(), "it is not refused");
            }
            sockets.push(socket);
        }
    });
    println!(
        "messages that grow: {} octets of heap at most",
        info.bytes_max
    );
    assert!(info.bytes_max <= 16 << 20, "{info:?}");
}

/// 63 KiB each, of a message that never ends; or little, which is inflated to just what a message may have.
#[test]
fn messages_that_never_end() {
    let all_in = ClientConfig::messages();
    let plain = ClientConfig::messages().config(ConnectionConfig::new().compression(false));
    for (about, client, begin, each) in [
        (
            "plain",
            &plain,
            fragment(Opcode::Binary, false, &[7; 63 << 10]),
            80 << 10,
        ),
        (
            "compressed",
            &all_in,
            begin_of_zeros(1 << 20),
            MESSAGE + INFLATER,
        ),
    ] {
        let clock = Clock::default();
        let mut peers = Vec::new();
        let mut sockets = Vec::with_capacity(MESSAGES);
        let server = ServerConfig::messages();
        let pipes: Vec<_> = (0..MESSAGES)
            .map(|_| {
                let (near, far) = Pipe::pair(true);
                far.output.get().feed(&begin);
                peers.push(far);
                near
            })
            .collect();
        let task = Task::new();
        let info = measure(|| {
            for pipe in pipes {
                let negotiated = negotiated(&server, client);
                let upgraded = Upgraded::new(pipe, clock.sleeper(), negotiated, Vec::new());
                let mut socket: WebSocket<Pipe, Sleeper> = upgraded.into_websocket();
                assert!(until_idle(&task, |cx| socket.poll_recv(cx)).is_none());
                sockets.push(socket);
            }
        });
        println!(
            "{about}: {MESSAGES} connections hold {} octets of heap",
            info.bytes_max
        );
        assert!(
            info.bytes_max <= MESSAGES as u64 * each,
            "{about}: {info:?}"
        );

        // They send on, slowly, and are ended all the same.
        for _ in 0..59 {
            clock.advance(Duration::from_secs(1));
            for (socket, peer) in sockets.iter_mut().zip(&peers) {
                peer.output.get().feed(&masked(Opcode::Ping, b""));
                assert!(
                    until_idle(&task, |cx| socket.poll_recv(cx)).is_none(),
                    "{about}"
                );
            }
        }
        clock.advance(Duration::from_secs(1));
        for (socket, peer) in sockets.iter_mut().zip(&peers) {
            let Some(Err(error)) = until_idle(&task, |cx| socket.poll_recv(cx)) else {
                panic!("{about}: not ended");
            };
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            // Close 1008.
            let said = peer.input.get().take();
            assert!(
                said.windows(2).any(|octets| octets == [0x03, 0xf0]),
                "{about}"
            );
        }
    }
}
