//! 3.1: octets out are octets in, in the same order, none lost, whatever the framing.

use std::future::poll_fn;
use std::task::{Poll, ready};

use wsstream_core::handshake::ServerConfig;
use wsstream_core::{ConnectionConfig, Opcode};

use super::{ENCODINGS, assert_compressed, bare_server, client_and_peer, offering, read_all};
use crate::{Pattern, Read, TestRuntime, Write, fragment, masked, open_with, poll_once};

/// Writes and reads of any size, over pipes of any length, both ways at once, in every encoding.
pub async fn any_sizes<R: TestRuntime>() {
    for subprotocol in ENCODINGS {
        for (pipe, total) in [(7, 20_000), (4096, 500_000), (1 << 20, 2_000_000)] {
            let ends = R::pipe(pipe);
            let (client, server) =
                open_with::<R>(ends, &offering(subprotocol), &ServerConfig::stream()).await;
            assert_eq!(client.info().agreed.subprotocol(), subprotocol);
            let (client_read, client_write) = R::split(client);
            let (server_read, server_write) = R::split(server);
            tokio::join!(
                write_pattern(client_write, 1, total),
                read_pattern(server_read, 1, total),
                write_pattern(server_write, 2, total),
                read_pattern(client_read, 2, total),
            );
        }
    }
}

/// 16 MiB each way over TCP, in every encoding.
pub async fn sixteen_mib_over_tcp<R: TestRuntime>() {
    for subprotocol in ENCODINGS {
        let ends = R::tcp().await;
        let (client, server) =
            open_with::<R>(ends, &offering(subprotocol), &ServerConfig::stream()).await;
        let (client_read, client_write) = R::split(client);
        let (server_read, server_write) = R::split(server);
        let tasks = (
            R::spawn(write_pattern(client_write, 3, 16 << 20)),
            R::spawn(read_pattern(server_read, 3, 16 << 20)),
            R::spawn(write_pattern(server_write, 4, 16 << 20)),
            R::spawn(read_pattern(client_read, 4, 16 << 20)),
        );
        tokio::join!(tasks.0, tasks.1, tasks.2, tasks.3);
    }
}

/// Any fragmentation, and pings between fragments, however the transport cuts it.
pub async fn any_fragmentation<R: TestRuntime>() {
    for pipe in [1, 3, 1000] {
        let (mut peer, raw) = R::pipe(pipe);
        let mut stream = bare_server::<R>(raw, ConnectionConfig::new());
        let mut pattern = Pattern::new(5);
        let mut wire = Vec::new();
        for len in [0, 1, 125, 126, 5000, 0, 70_000, 2] {
            let payload = pattern.take(len);
            let mut opcode = Opcode::Binary;
            for piece in payload.chunks(1 + len / 3) {
                wire.extend(fragment(opcode, false, piece));
                wire.extend(masked(Opcode::Ping, b"in between"));
                opcode = Opcode::Continuation;
            }
            wire.extend(fragment(opcode, true, b""));
            wire.extend(masked(Opcode::Pong, b""));
        }
        wire.extend(masked(Opcode::Close, b""));
        let total = pattern.total();
        let (received, ()) = tokio::join!(
            async {
                let received = read_all(&mut stream).await;
                drop(stream);
                received
            },
            async {
                // It takes what it is sent too, pongs, so that nobody waits for it.
                let mut at = 0;
                let mut buf = [0; 100];
                poll_fn(|cx| {
                    while let Poll::Ready(Ok(1..)) = peer.poll_read(cx, &mut buf) {}
                    while at < wire.len() {
                        at += ready!(peer.poll_write(cx, &wire[at..])).unwrap();
                    }
                    Poll::Ready(())
                })
                .await;
                while peer.read(&mut buf).await.unwrap() > 0 {}
            }
        );
        let mut expected = Pattern::new(5);
        expected.check(&received);
        assert_eq!(received.len(), total);
    }
}

/// Message sizes up to 2^63-1.
pub async fn the_longest_frame<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(5000), ConnectionConfig::new()).await;
    let header = peer.header(Opcode::Binary, u64::MAX >> 1);
    peer.raw.write_all(&header).await.unwrap();
    let (mut sent, mut received) = (Pattern::new(6), Pattern::new(6));
    let write = async {
        while sent.total() < 3_000_000 {
            peer.raw.write_all(sent.next(10_000)).await.unwrap();
        }
    };
    let read = async {
        let mut buf = vec![0; 7000];
        while received.total() < 3_000_000 {
            let count = stream.read(&mut buf).await.unwrap();
            assert_ne!(count, 0);
            received.check(&buf[..count]);
        }
    };
    tokio::join!(write, read);
}

/// An empty message is nothing, and never an end.
pub async fn empty_messages_are_nothing<R: TestRuntime>() {
    let (mut peer, raw) = R::pipe(1000);
    let mut stream = bare_server::<R>(raw, ConnectionConfig::new());
    let mut buf = [0; 10];
    let wire = [
        masked(Opcode::Binary, b""),
        fragment(Opcode::Binary, false, b""),
        fragment(Opcode::Continuation, false, b""),
        fragment(Opcode::Continuation, true, b""),
    ];
    peer.write_all(&wire.concat()).await.unwrap();
    {
        let mut read = std::pin::pin!(stream.read(&mut buf));
        assert!(poll_once(&mut read).await.is_pending());
        peer.write_all(&masked(Opcode::Binary, b"!")).await.unwrap();
        assert_eq!(read.await.unwrap(), 1);
    }
    peer.write_all(&wire.concat()).await.unwrap();
    peer.write_all(&masked(Opcode::Close, b"")).await.unwrap();
    assert_eq!(stream.read(&mut buf).await.unwrap(), 0);
}

/// A write of nothing is nothing, and sends nothing.
pub async fn empty_writes_are_nothing<R: TestRuntime>() {
    for subprotocol in ENCODINGS {
        let (mut client, mut server) = open_with::<R>(
            R::pipe(1000),
            &offering(subprotocol),
            &ServerConfig::stream(),
        )
        .await;
        assert_eq!(client.write(b"").await.unwrap(), 0);
        assert_eq!(client.info().counters.frames_sent, 0);
        client.write_all(b"something").await.unwrap();
        assert_eq!(server.read_exact(9).await.unwrap(), b"something");
    }
}

/// Frames are no longer than they were set to be, and never empty ones at the start or the end.
pub async fn auto_fragmentation<R: TestRuntime>() {
    let config = ConnectionConfig::new().auto_fragment(100);
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1 << 20), config).await;
    let sent = Pattern::new(7).take(1000);
    stream.write_all(&sent).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = Vec::new();
    loop {
        let frame = peer.recv().await;
        if frame.header.opcode == Opcode::Close {
            break;
        }
        assert!((1..=100).contains(&frame.header.len), "{frame:?}");
        received.extend(frame.payload);
    }
    assert_eq!(received, sent);
    assert_compressed(&stream);
}

/// Writes a pattern in pieces of many sizes, then ends the direction.
async fn write_pattern(mut to: impl Write, seed: u32, total: usize) {
    let mut pattern = Pattern::new(seed);
    for len in sizes() {
        if pattern.total() == total {
            break;
        }
        to.write_all(pattern.next(len.min(total - pattern.total())))
            .await
            .unwrap();
    }
    to.shutdown().await.unwrap();
}

/// Reads it, to the end.
async fn read_pattern(mut from: impl Read, seed: u32, total: usize) {
    let mut pattern = Pattern::new(seed);
    let mut buf = vec![0; 100_000];
    // Other sizes than those of the writes.
    for len in sizes().skip(3) {
        match from.read(&mut buf[..len]).await.unwrap() {
            0 => break,
            count => pattern.check(&buf[..count]),
        }
    }
    assert_eq!(pattern.total(), total);
}

fn sizes() -> impl Iterator<Item = usize> {
    let sizes = [
        1, 125, 65_536, 126, 3, 4096, 100_000, 2, 16_384, 65_535, 1000,
    ];
    sizes.into_iter().cycle()
}
