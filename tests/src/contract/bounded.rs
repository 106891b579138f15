//! 3.3: backpressure both ways. (How much memory that is, is measured where allocations are counted.)

use std::future::poll_fn;
use std::task::Poll;

use wsstream_core::{ConnectionConfig, Opcode};

use super::{bare_server, server_and_peer};
use crate::{Pattern, Read, TestRuntime, Write, WsStream, masked};

/// An application that does not read stops the peer, though it writes, flushes and drives.
pub async fn an_application_that_does_not_read<R: TestRuntime>() {
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let wire = peer.frame(Opcode::Binary, &Pattern::new(1).take(1_000_000));
    let mut sent = 0;
    loop {
        let count = peer.raw.write_until_pending(&wire[sent..]).await.unwrap();
        sent += count;
        stream.write_all(b"x").await.unwrap();
        peer.recv().await;
        stream.flush().await.unwrap();
        drive_once::<R>(&mut stream).await;
        if count == 0 {
            break;
        }
    }
    assert!(
        sent < 100_000,
        "{sent} octets were taken that nobody has read"
    );
    // Nothing of it was lost.
    let (received, written) = tokio::join!(
        stream.read_exact(1_000_000),
        peer.raw.write_all(&wire[sent..])
    );
    written.unwrap();
    Pattern::new(1).check(&received.unwrap());
}

/// A peer that does not read makes writes wait.
pub async fn a_peer_that_does_not_read<R: TestRuntime>() {
    let (mut peer, raw) = R::pipe(1000);
    let mut stream = bare_server::<R>(raw, ConnectionConfig::new());
    let sent = Pattern::new(1).take(1_000_000);
    let mut count = stream.write_until_pending(&sent).await.unwrap();
    assert!((60_000..200_000).contains(&count), "{count}");
    // As long as nobody reads it stays that way.
    assert_eq!(stream.write_until_pending(&sent[count..]).await.unwrap(), 0);
    let writing = async {
        while count < sent.len() {
            count += stream.write(&sent[count..]).await.unwrap();
        }
        stream.finish().await.unwrap_err();
    };
    let reading = async {
        let octets = peer.read_exact(1_000_000).await.unwrap();
        drop(peer);
        octets
    };
    let ((), wire) = tokio::join!(writing, reading);
    // The frame's header, and then payload.
    assert!(wire[..2] == [0x82, 0x7f] || wire[..2] == [0x82, 0x7e]);
}

/// When the outbox is full, one pong waits: the newest ping's.
pub async fn one_pong_waits<R: TestRuntime>() {
    const PINGS: u16 = 1000;
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(100), ConnectionConfig::new()).await;
    let count = stream.write_until_pending(&[7; 1_000_000]).await.unwrap();
    for number in 0..PINGS {
        // Too much for the outbox, if all were answered.
        let payload = [number.to_be_bytes(); 62].concat();
        let ping = masked(Opcode::Ping, &payload);
        let mut at = 0;
        while at < ping.len() {
            at += peer.raw.write_until_pending(&ping[at..]).await.unwrap();
            drive_once::<R>(&mut stream).await;
        }
    }
    let draining = async {
        let (octets, ended) = stream.read_to_end().await;
        ended.unwrap();
        assert_eq!(octets, b"");
    };
    let reading = async {
        let (mut data, mut pongs) = (0, Vec::new());
        let newest = (PINGS - 1).to_be_bytes();
        while data < count || pongs.last() != Some(&newest) {
            let frame = peer.recv().await;
            match frame.header.opcode {
                Opcode::Binary => data += frame.payload.len(),
                _ => pongs.push([frame.payload[0], frame.payload[1]]),
            }
        }
        // The first found room in the outbox; of the others, only the newest was answered.
        assert!(pongs.is_sorted());
        assert!(pongs.len() < 600, "{} pongs", pongs.len());
        peer.send_close(1000, "").await;
    };
    tokio::join!(draining, reading);
}

async fn drive_once<R: TestRuntime>(stream: &mut WsStream<R>) {
    poll_fn(|cx| {
        stream.poll_drive(cx);
        Poll::Ready(())
    })
    .await;
}
