//! What strangers can make a server hold: 3.3, for all of its connections together. Transports are in memory
//! and time passes when it is told to, so nothing is here but the core; every octet of heap is counted.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::ErrorKind;
use std::task::Poll;
use std::time::Duration;

use allocation_counter::measure;
use wsstream_core::handshake::{Agreed, Client, Server};
use wsstream_core::pump::{Opened, Socket, Upgraded};
use wsstream_core::test_kit::{Clock, Pipe, Task};
use wsstream_core::{Config, Opcode};
use wsstream_tests::{fragment, masked};

/// What a client that offers everything and a server agree on.
fn agreed(server: &Server, client: &Client) -> Agreed {
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
    let server = Server::messages();
    let task = Task::new();
    let mut sockets = Vec::with_capacity(MESSAGES);
    let (pipes, peers): (Vec<_>, Vec<_>) = (0..MESSAGES).map(|_| Pipe::pair(&clock, true)).unzip();
    let info = measure(|| {
        for (pipe, peer) in pipes.into_iter().zip(&peers) {
            peer.output.get().feed(&begin);
            let agreed = agreed(&server, &Client::messages());
            let config = server.connection_config().clone();
            let mut socket =
                Opened::from_upgraded(pipe, Upgraded::Server, agreed, config, Vec::new())
                    .into_socket();
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
    let all_in = Client::messages();
    let plain = Client::messages().config(Config::new().compression(false));
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
        let server = Server::messages();
        let pipes: Vec<_> = (0..MESSAGES)
            .map(|_| {
                let (near, far) = Pipe::pair(&clock, true);
                far.output.get().feed(&begin);
                peers.push(far);
                near
            })
            .collect();
        let task = Task::new();
        let info = measure(|| {
            for pipe in pipes {
                let agreed = agreed(&server, client);
                let config = server.connection_config().clone();
                let opened =
                    Opened::from_upgraded(pipe, Upgraded::Server, agreed, config, Vec::new());
                let mut socket: Socket<Pipe> = opened.into_socket();
                assert!(socket.poll_recv(&task.cx()).is_pending());
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
                assert!(socket.poll_recv(&task.cx()).is_pending(), "{about}");
            }
        }
        clock.advance(Duration::from_secs(1));
        for (socket, peer) in sockets.iter_mut().zip(&peers) {
            let Poll::Ready(Err(error)) = socket.poll_recv(&task.cx()) else {
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
