//! 3.5: dropping any future loses nothing; halves may live in different tasks; pings are answered while
//! only one of them, or none, is at work.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use wsstream_core::handshake::ServerConfig;
use wsstream_core::{CloseCode, ConnectionConfig, Opcode};

use super::shutdown::ping;
use super::{ENCODINGS, client_and_peer, offering, read_all, server_and_peer};
use crate::{
    Pattern, Read, TestRuntime, Write, WsStream, impatient, open, open_with, poll_once, wait_once,
};

/// Every future dropped at every poll, and made again: reads, writes, flushes, shutdowns, closes.
pub async fn every_future_dropped_at_every_poll<R: TestRuntime>() {
    const TOTAL: usize = 30_000;
    for subprotocol in ENCODINGS {
        for polls in 1..=3 {
            let ends = R::pipe(7);
            let (client, server) =
                open_with::<R>(ends, &offering(subprotocol), &ServerConfig::stream()).await;
            let talk = |stream: WsStream<R>, ours: u32, theirs: u32| async move {
                let (mut read, mut write) = R::split(stream);
                let writing = async move {
                    let mut pattern = Pattern::new(ours);
                    while pattern.total() < TOTAL {
                        let len = (1 + pattern.total() % 700).min(TOTAL - pattern.total());
                        let data = pattern.take(len);
                        let mut rest = &data[..];
                        while !rest.is_empty() {
                            let count = impatient_write(polls, &mut write, rest).await;
                            rest = &rest[count..];
                        }
                        impatient_flush(polls, &mut write).await;
                    }
                    impatient_shutdown(polls, &mut write).await;
                };
                let reading = async move {
                    let mut pattern = Pattern::new(theirs);
                    let mut buf = [0; 500];
                    loop {
                        match impatient_read(polls, &mut read, &mut buf).await {
                            0 => break,
                            count => pattern.check(&buf[..count]),
                        }
                    }
                    assert_eq!(pattern.total(), TOTAL);
                };
                tokio::join!(writing, reading);
            };
            tokio::join!(talk(client, 1, 2), talk(server, 2, 1));
        }
    }
}

// Mutexes, as one future after the other is made of the same.
async fn impatient_read<T: Read>(polls: usize, from: &mut T, buf: &mut [u8]) -> usize {
    let mut both = (from, buf);
    let both = std::sync::Mutex::new(&mut both);
    impatient(polls, || {
        poll_fn(|cx| {
            let mut both = both.lock().unwrap();
            let (from, buf) = &mut **both;
            from.poll_read(cx, buf)
        })
    })
    .await
    .unwrap()
}

async fn impatient_write<T: Write>(polls: usize, to: &mut T, data: &[u8]) -> usize {
    let to = std::sync::Mutex::new(to);
    impatient(polls, || {
        poll_fn(|cx| to.lock().unwrap().poll_write(cx, data))
    })
    .await
    .unwrap()
}

async fn impatient_flush<T: Write>(polls: usize, to: &mut T) {
    let to = std::sync::Mutex::new(to);
    impatient(polls, || poll_fn(|cx| to.lock().unwrap().poll_flush(cx)))
        .await
        .unwrap();
}

async fn impatient_shutdown<T: Write>(polls: usize, to: &mut T) {
    let to = std::sync::Mutex::new(to);
    impatient(polls, || poll_fn(|cx| to.lock().unwrap().poll_shutdown(cx)))
        .await
        .unwrap();
}

/// `finish` dropped at every poll, and called again: everything arrives, and one Close.
pub async fn close_dropped_at_every_poll<R: TestRuntime>() {
    for code in [1000, 4000] {
        let (mut stream, mut peer) =
            client_and_peer::<R>(R::pipe(7), ConnectionConfig::new()).await;
        let sent = Pattern::new(1).take(10_000);
        let closing = async {
            stream.write_all(&sent).await.unwrap();
            let code = CloseCode::new(code).unwrap();
            loop {
                // One poll, then it is dropped.
                let closing = std::pin::pin!(stream.close_with(code, "enough"));
                if let Poll::Ready(closed) = poll_once(&mut { closing }).await {
                    return closed;
                }
                wait_once().await;
            }
        };
        let reading = async {
            assert!(peer.expect_data(sent.len()).await == sent);
            assert_eq!(peer.expect_close().await, (code, String::from("enough")));
            peer.send(Opcode::Binary, b"late").await;
            peer.send_close(code, "").await;
            drop(peer);
        };
        let (closed, ()) = tokio::join!(closing, reading);
        closed.unwrap();
    }
}

/// Halves in different tasks, over a pipe of seven octets.
pub async fn halves_in_different_tasks<R: TestRuntime>() {
    const TOTAL: usize = 50_000;
    let (client, server) = open::<R>(R::pipe(7)).await;
    let (mut client_read, mut client_write) = R::split(client);
    let (mut server_read, mut server_write) = R::split(server);
    let echo = R::spawn(async move {
        let mut buf = [0; 300];
        loop {
            match server_read.read(&mut buf).await.unwrap() {
                0 => break,
                count => server_write.write_all(&buf[..count]).await.unwrap(),
            }
        }
        server_write.shutdown().await.unwrap();
    });
    let write = R::spawn(async move {
        let mut pattern = Pattern::new(1);
        while pattern.total() < TOTAL {
            let rest = TOTAL - pattern.total();
            client_write
                .write_all(pattern.next(rest.min(777)))
                .await
                .unwrap();
        }
        client_write.shutdown().await.unwrap();
    });
    let read = R::spawn(async move {
        let received = read_all(&mut client_read).await;
        assert_eq!(received.len(), TOTAL);
        Pattern::new(1).check(&received);
    });
    tokio::join!(echo, write, read);
}

/// Pings are answered while a stream is only read.
pub async fn pings_while_reading<R: TestRuntime>() {
    let (mut stream, mut peer) =
        server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let pinging = async {
        ping(&mut peer).await;
        peer.send(Opcode::Binary, b"data").await;
        peer
    };
    let (received, _peer) = tokio::join!(stream.read_exact(4), pinging);
    assert_eq!(received.unwrap(), b"data");
    assert_eq!(stream.info().counters.pings_received, 1);
}

/// Pings are answered while a stream is only written, even behind data that nobody reads.
pub async fn pings_while_writing<R: TestRuntime>() {
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let writing = async {
        while !done.load(Ordering::Relaxed) {
            stream.write_all(b"data").await.unwrap();
        }
        stream
    };
    let pinging = async {
        for number in 0..10_u8 {
            peer.send(Opcode::Binary, &[number; 5000]).await;
            peer.send(Opcode::Ping, &[number]).await;
            loop {
                let frame = peer.recv().await;
                if frame.header.opcode == Opcode::Pong {
                    assert_eq!(frame.payload, [number]);
                    break;
                }
            }
        }
        seen.store(true, Ordering::Relaxed);
        // The writer may be waiting for room, and in the end has half a frame unsent.
        while let Ok(Some(_)) = peer.try_recv().await {}
    };
    let mut writing = std::pin::pin!(writing);
    let mut pinging = std::pin::pin!(pinging);
    let mut stream = tokio::select! {
        stream = &mut writing => stream,
        () = &mut pinging => unreachable!("the stream is open"),
    };
    // What was not read is all there.
    for number in 0..10_u8 {
        assert_eq!(stream.read_exact(5000).await.unwrap(), [number; 5000]);
    }
    drop(stream);
    pinging.await;
}

/// Pings are answered while a stream is only driven, or flushed.
pub async fn pings_while_driving<R: TestRuntime>() {
    let (mut stream, mut peer) =
        client_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let pinged = async {
        peer.send(Opcode::Binary, b"data").await;
        ping(&mut peer).await;
        peer
    };
    let driving = poll_fn(|cx| {
        stream.poll_drive(cx);
        if stream.info().counters.pings_received == 1 {
            return Poll::Ready(());
        }
        Poll::Pending
    });
    let ((), _peer) = tokio::join!(driving, pinged);
    assert_eq!(stream.read_exact(4).await.unwrap(), b"data");
}
