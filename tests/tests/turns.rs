//! 3.5 and section 5: every public future of a handshake and of whole messages dropped at every poll, and
//! work per poll bounded, whatever a peer has ready. Polls and reads are counted, nothing is timed.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use smol::LocalExecutor;
use wsstream_core::Message;
use wsstream_core::Opcode::{Binary, Continuation, Ping};
use wsstream_core::handshake::{ClientConfig, Negotiated, Refusal, ServerConfig};
use wsstream_net::{Upgraded, seed};
use wsstream_tests::net::{Net, address, stream};
use wsstream_tests::{
    Flood, Raw, Read, TestRuntime, Write, WsStream, fragment, masked, next_turn, wait_once,
};

wsstream_tests::on_one_thread! {
    a_handshake_dropped_at_every_poll
    messages_dropped_at_every_poll
    one_poll_is_bounded_whatever_the_peer_has_ready
    other_tasks_have_their_turn
    a_reader_of_tiny_frames_has_no_longer_turns_than_others
}

/// Only those who listen.
mod listening {
    use super::dialling_and_accepting_dropped_at_every_poll;

    wsstream_tests::on_all_runtimes! {
        dialling_and_accepting_dropped_at_every_poll
    }
}

/// Polls a future `polls` times at most, when it was woken, and drops it: what it gave, if it did.
async fn at_most<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Wherever a handshake is dropped, its transport ends for the other side, who fails and does not hang,
/// or has all of it.
async fn a_handshake_dropped_at_every_poll<A: TestRuntime>() {
    for (client_drops, refuses) in [(true, false), (false, false), (false, true)] {
        for polls in 1.. {
            let (near, far) = A::pipe(16);
            let (client, server) = (ClientConfig::stream(), ServerConfig::stream());
            let connecting = A::connect_on(near, &client);
            let accepting = async {
                let handshake = A::accept_with(far, &server).await?;
                if refuses {
                    handshake.refuse(&Refusal::new(403)).await?;
                    return Err(io::Error::other("refused").into());
                }
                handshake.accept().await
            };
            let (dropped, other_opened) = if client_drops {
                let (mine, other) = tokio::join!(at_most(polls, connecting), accepting);
                (mine.is_none(), other.is_ok())
            } else {
                let (mine, other) = tokio::join!(at_most(polls, accepting), connecting);
                (mine.is_none(), other.is_ok())
            };
            if !dropped {
                assert_eq!(other_opened, !refuses);
                assert!(polls > 3, "there was nothing to drop");
                break;
            }
        }
    }
}

/// Messages dropped at every poll while they are sent or received: each arrives once and whole, or not
/// at all if nothing of it had been begun.
async fn messages_dropped_at_every_poll<A: TestRuntime>() {
    for polls in 1..=4 {
        let (near, far) = A::pipe(7);
        let config = ClientConfig::stream().config;
        let negotiated = Negotiated::nothing(config, Some(seed().unwrap()));
        let client = Upgraded::<_, A::Net>::new(near, negotiated, Vec::new());
        let mut client = client.into_websocket();
        let mut server = upgraded::<A>(far, Vec::new()).into_websocket();
        let sending = async {
            for number in 0..50_u8 {
                let message = Message::Binary(vec![number; 200].into());
                let _ = at_most(polls, client.send(message)).await;
            }
            // What was begun leaves while anything else is awaited.
            while at_most(polls, client.close()).await.is_none() {
                wait_once().await;
            }
        };
        let receiving = async {
            let mut numbers = Vec::new();
            loop {
                let Some(received) = at_most(polls, server.recv()).await else {
                    wait_once().await;
                    continue;
                };
                let Some(message) = received.unwrap() else {
                    break;
                };
                let octets = message.as_bytes();
                assert_eq!(octets, [octets[0]; 200]);
                numbers.push(octets[0]);
            }
            drop(server);
            numbers
        };
        let ((), numbers) = tokio::join!(sending, receiving);
        assert!(!numbers.is_empty() && numbers.is_sorted_by(|a, b| a < b));
    }
}

/// A server's end, of a connection on which nothing was agreed.
fn upgraded<A: TestRuntime>(raw: Raw<A>, received: Vec<u8>) -> Upgraded<Raw<A>, A::Net> {
    let negotiated = Negotiated::nothing(ServerConfig::stream().config, None);
    Upgraded::new(raw, negotiated, received)
}

/// What never ends, and gives a reader nothing; it begins with the first fragment of a message.
fn floods() -> [(&'static str, Vec<u8>); 3] {
    [
        ("pings", masked(Ping, &[7; 125])),
        ("empty pings", masked(Ping, b"")),
        ("empty continuations", fragment(Continuation, false, b"")),
    ]
}

/// A server that is flooded, and how often it reads.
fn flooded<A: TestRuntime>(wire: &[u8]) -> (Upgraded<Raw<A>, A::Net>, Arc<AtomicUsize>) {
    let (flood, reads) = Flood::new(wire.to_vec());
    let begun = fragment(Binary, false, b"");
    (upgraded::<A>(Raw::Flood(Box::new(flood)), begun), reads)
}

fn once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// One poll of anything reads no more than so often.
const READS: usize = 64;

async fn one_poll_is_bounded_whatever_the_peer_has_ready<A: TestRuntime>() {
    type Op<A> = fn(&mut WsStream<A>);
    let ops: [(&str, Op<A>); 6] = [
        ("read", |stream| {
            assert!(once(stream.read(&mut [0; 9])).is_pending());
        }),
        ("write", |stream| {
            assert!(once(stream.write(b"x")).is_ready());
        }),
        ("flush", |stream| {
            let _ = once(stream.flush());
        }),
        ("drive", |stream| {
            stream.poll_drive(&Context::from_waker(Waker::noop()));
        }),
        ("close", |stream| {
            assert!(once(stream.finish()).is_pending())
        }),
        ("relay", |stream| {
            let (mut near, _far) = A::pipe(10);
            assert!(once(A::relay(stream, &mut near)).is_pending());
        }),
    ];
    for (about, wire) in floods() {
        for (op, run) in ops {
            let (opened, reads) = flooded::<A>(&wire);
            let mut stream = A::stream(opened.into_stream());
            run(&mut stream);
            // Before the drop, whose task reads too.
            let reads = reads.load(Ordering::Relaxed);
            assert!(reads <= READS, "{op}, {about}: {reads} reads in one poll");
        }
        let (opened, reads) = flooded::<A>(&wire);
        let mut websocket = opened.into_websocket();
        assert!(once(websocket.recv()).is_pending());
        assert!(reads.load(Ordering::Relaxed) <= READS, "recv, {about}");
    }
}

/// Other tasks of the same thread have their turn while one is flooded, which has its own again and again.
async fn other_tasks_have_their_turn<A: TestRuntime>() {
    for (about, wire) in floods() {
        let thread = LocalExecutor::new();
        let (opened, reads) = flooded::<A>(&wire);
        let mut stream = A::stream(opened.into_stream());
        let flooded = thread.spawn(async move { stream.read(&mut [0; 9]).await });
        for turn in 1..=3 {
            let before = reads.load(Ordering::Relaxed);
            assert!(thread.try_tick(), "{about}: turn {turn} does not come");
            assert!(reads.load(Ordering::Relaxed) > before, "{about}");
            next_turn().await;
        }
        assert!(!flooded.is_finished(), "{about}");
    }
}

/// How often a task may have something ready, one after the other, until others have their turn: as often as
/// with sockets, or a little more.
const READY: usize = 256;

/// What was received and is read piece by piece asks no socket, by which a runtime counts.
async fn a_reader_of_tiny_frames_has_no_longer_turns_than_others<A: TestRuntime>() {
    let (opened, _) = flooded::<A>(&fragment(Continuation, false, b"x"));
    let mut stream = A::stream(opened.into_stream());
    let mut read = 0;
    let mut reading = pin!(async {
        loop {
            stream.read(&mut [0; 1]).await.unwrap();
            read += 1;
            assert!(read < READY, "others wait");
        }
    });
    let _: Poll<()> = reading
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
}

/// Whoever is dropped while it dials or waits for who has dialled: nobody else is lost by it.
async fn dialling_and_accepting_dropped_at_every_poll<N: Net>() {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let dialled = async {
        let mut dropped = 0;
        for polls in 1.. {
            match at_most(polls, N::dial(&url)).await {
                None => dropped += 1,
                Some(stream) => {
                    let mut stream = stream.unwrap();
                    stream.write_all(b"hello").await.unwrap();
                    assert_eq!(stream.read_exact(1).await.unwrap(), b"h");
                    return dropped;
                }
            }
        }
        unreachable!("polls have no end");
    };
    let accepting = async {
        loop {
            let Some(incoming) = at_most(1, listener.accept()).await else {
                wait_once().await;
                continue;
            };
            // Who has dialled may be gone.
            let Ok(mut stream) = incoming.unwrap().upgrade().await.map(stream::<N>) else {
                continue;
            };
            drop(N::spawn(async move {
                if let Ok(octet) = stream.read_exact(1).await {
                    stream.write_all(&octet).await.unwrap();
                }
                let _ = stream.finish().await;
            }));
        }
    };
    let dropped = tokio::select! {
        dropped = dialled => dropped,
        () = accepting => unreachable!("accepting has no end"),
    };
    // How many polls it takes is the system's business.
    assert!(dropped > 0, "there was nothing to drop");
}
