//! 3.5 and section 5: every public future of a handshake and of whole messages dropped at every poll, and
//! work per poll bounded, whatever a peer has ready. Polls and reads are counted, nothing is timed.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use wsstream_core::Opcode::{Binary, Continuation, Ping};
use wsstream_tests::{fragment, masked, wait_once};
use wsstream_tokio::{
    Agreed, Client, Config, Listener, Message, Opened, Refusal, Server, Upgraded, WebSocket,
    WsStream, accept_with, connect, connect_on, relay,
};

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
#[tokio::test]
async fn a_handshake_dropped_at_every_poll() {
    for (client_drops, refuses) in [(true, false), (false, false), (false, true)] {
        for polls in 1.. {
            let (near, far) = duplex(16);
            let (client, server) = (Client::stream(), Server::stream());
            let connecting = connect_on(near, "ws://localhost/", &client);
            let accepting = async {
                let incoming = accept_with(far, &server).await?;
                if refuses {
                    incoming.refuse(&Refusal::new(403)).await?;
                    return Err(io::Error::other("refused"));
                }
                incoming.accept().await
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
#[tokio::test]
async fn messages_dropped_at_every_poll() {
    for polls in 1..=4 {
        let (near, far) = duplex(7);
        let socket = |io, role| {
            let (agreed, config) = (Agreed::default(), Config::new());
            Opened::from_upgraded(io, role, agreed, config, Vec::new()).into_socket()
        };
        let seed = wsstream_tokio::Seed::new([1; 32]);
        let mut client: WebSocket<_> = socket(near, Upgraded::Client(seed));
        let mut server = socket(far, Upgraded::Server);
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

/// A transport that always has more of the same, and takes everything.
struct Flood {
    wire: Vec<u8>,
    at: usize,
    reads: usize,
}

impl AsyncRead for Flood {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.reads += 1;
        let enough = buf.filled().len() + buf.remaining().min(1000);
        while buf.filled().len() < enough {
            let rest = &this.wire[this.at..];
            let len = rest.len().min(enough - buf.filled().len());
            buf.put_slice(&rest[..len]);
            this.at = (this.at + len) % this.wire.len();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Flood {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What never ends, and gives a reader nothing; it begins with the first fragment of a message.
fn floods() -> [(&'static str, Vec<u8>); 3] {
    [
        ("pings", masked(Ping, &[7; 125])),
        ("empty pings", masked(Ping, b"")),
        ("empty continuations", fragment(Continuation, false, b"")),
    ]
}

fn flooded(wire: &[u8]) -> Opened<Flood> {
    let flood = Flood {
        wire: wire.to_vec(),
        at: 0,
        reads: 0,
    };
    let begun = fragment(Binary, false, b"");
    let (agreed, config) = (Agreed::default(), Config::new());
    Opened::from_upgraded(flood, Upgraded::Server, agreed, config, begun)
}

fn once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// One poll of anything reads no more than so often.
const READS: usize = 64;

#[tokio::test]
async fn one_poll_is_bounded_whatever_the_peer_has_ready() {
    type Op = fn(&mut WsStream<Flood>);
    let ops: [(&str, Op); 6] = [
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
        ("close", |stream| assert!(once(stream.close()).is_pending())),
        ("relay", |stream| {
            let (mut near, _far) = duplex(10);
            assert!(once(relay(stream, &mut near)).is_pending());
        }),
    ];
    for (about, wire) in floods() {
        for (op, run) in ops {
            let mut stream = flooded(&wire).into_stream();
            run(&mut stream);
            let reads = stream.get_ref().reads;
            assert!(reads <= READS, "{op}, {about}: {reads} reads in one poll");
        }
        let mut socket = flooded(&wire).into_socket();
        assert!(once(socket.recv()).is_pending());
        assert!(socket.get_ref().reads <= READS, "recv, {about}");
    }
}

/// Other tasks of the same thread have their turn while one is flooded.
#[tokio::test]
async fn other_tasks_have_their_turn() {
    for (about, wire) in floods() {
        let mut stream = flooded(&wire).into_stream();
        let flooded = tokio::spawn(async move { stream.read(&mut [0; 9]).await });
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        assert!(!flooded.is_finished(), "{about}");
        flooded.abort();
        assert!(flooded.await.unwrap_err().is_cancelled(), "{about}");
    }
}

/// Whoever is dropped while it dials or waits for who has dialled: nobody else is lost by it.
#[tokio::test]
async fn dialling_and_accepting_dropped_at_every_poll() {
    let mut listener = Listener::bind("127.0.0.1:0", Server::stream())
        .await
        .unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let dialled = async {
        let mut dropped = 0;
        for polls in 1.. {
            match at_most(polls, connect(&url)).await {
                None => dropped += 1,
                Some(stream) => {
                    let mut stream = stream.unwrap();
                    stream.write_all(b"hello").await.unwrap();
                    assert_eq!(stream.read_u8().await.unwrap(), b'h');
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
            let Ok(opened) = incoming.unwrap().accept().await else {
                continue;
            };
            tokio::spawn(async move {
                let mut stream = opened.into_stream();
                if let Ok(octet) = stream.read_u8().await {
                    stream.write_u8(octet).await.unwrap();
                }
                let _ = stream.close().await;
            });
        }
    };
    let dropped = tokio::select! {
        dropped = dialled => dropped,
        () = accepting => unreachable!("accepting has no end"),
    };
    assert!(dropped > 1, "there was nothing to drop: {dropped}");
}
