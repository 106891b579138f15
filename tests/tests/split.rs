//! The halves of a stream that different tasks own.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use wsstream_core::handshake::ServerConfig;
use wsstream_core::{ClosedBy, ConnectionConfig, Opcode};
use wsstream_net::{ReuniteError, Runtime, WriteSocket as _};
use wsstream_tests::contract::{client_and_peer, server_and_peer};
use wsstream_tests::net::{
    Net, NetSocket, NetWsStream, address, connect, let_in, let_in_any, listen, over,
};
use wsstream_tests::{Read, TestRuntime, Write, open};

wsstream_tests::on_all_runtimes! {
    halves_tell_of_their_stream
    halves_of_any_layers_tell_of_them
    each_half_is_woken_for_itself
    a_write_half_that_is_dropped_says_nothing
    a_read_half_that_is_dropped_stops_nothing
    both_dropped_are_a_stream_dropped
    reunited_halves_end_both_directions
    halves_of_different_streams
}

/// The contract's stories of halves, with these.
mod as_the_runtimes_own {
    use wsstream_tests::{IntoSplit, TestRuntime};

    macro_rules! stories {
        ($($module:ident, $runtime:ident: $($kind:ident::$story:ident)*;)*) => {$(
            mod $module {
                use super::*;
                $(#[test]
                fn $story() {
                    type Split = IntoSplit<wsstream_tests::$runtime>;
                    Split::run(wsstream_tests::contract::$kind::$story::<Split>());
                })*
            }
        )*};
    }

    stories! {
        on_tokio, Tokio: cancel::every_future_dropped_at_every_poll cancel::halves_in_different_tasks
            faithful::any_sizes faithful::sixteen_mib_over_tcp;
        on_async_std, AsyncStd: cancel::every_future_dropped_at_every_poll cancel::halves_in_different_tasks
            faithful::any_sizes faithful::sixteen_mib_over_tcp;
        on_smol, Smol: cancel::every_future_dropped_at_every_poll cancel::halves_in_different_tasks
            faithful::any_sizes faithful::sixteen_mib_over_tcp;
    }
}

/// Both ends of a connection over TCP.
async fn pair<N: Net>() -> (NetWsStream<N>, NetWsStream<N>) {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let (client, server) = tokio::join!(N::dial(&url), let_in::<N>(&mut listener));
    (client.unwrap(), server.unwrap())
}

async fn halves_tell_of_their_stream<N: Net>() {
    let (client, mut server) = pair::<N>().await;
    let (peer, local) = (client.peer_addr().unwrap(), client.local_addr().unwrap());
    let (mut read, mut write) = N::into_split(client);
    assert_eq!(read.peer_addr().unwrap(), peer);
    assert_eq!(write.peer_addr().unwrap(), peer);
    assert_eq!(read.local_addr().unwrap(), local);
    assert_eq!(write.local_addr().unwrap(), local);
    assert_eq!(read.info().agreed.subprotocol(), Some("binary"));
    write.write_all(b"hello").await.unwrap();
    assert_eq!(server.read_exact(5).await.unwrap(), b"hello");
    server.write_all(b"you").await.unwrap();
    assert_eq!(read.read_exact(3).await.unwrap(), b"you");
    let counters = write.info().counters;
    assert_eq!((counters.frames_sent, counters.frames_received), (1, 1));
    assert_eq!(read.info().counters, counters);
    assert!(write.is_write_vectored());
    for nodelay in [false, true] {
        write.set_nodelay(nodelay).unwrap();
        let stream = N::reunite(read, write).unwrap();
        assert_eq!(sends_at_once::<N>(stream.get_ref()), nodelay);
        (read, write) = N::into_split(stream);
    }
}

fn sends_at_once<N: TestRuntime>(socket: &NetSocket<N>) -> bool {
    N::Net::tcp_ref(socket.tcp().unwrap())
        .tcp_nodelay()
        .unwrap()
}

/// Of plain TCP, a WebSocket over it, and a WebSocket over that.
async fn halves_of_any_layers_tell_of_them<N: Net>() {
    let tcp = "tcp:0:interface=127.0.0.1";
    for layers in 0..3 {
        let wrapped = |inner: &str| {
            (0..layers).fold(inner.to_owned(), |inner, _| {
                over(&inner, "ws://localhost", "")
            })
        };
        let mut listener = listen::<N>(&wrapped(tcp)).await.unwrap();
        let port = address::<N>(&listener).port();
        let to = wrapped(&format!("tcp:127.0.0.1:{port}"));
        let (client, server) = tokio::join!(connect::<N>(&to), let_in_any::<N>(&mut listener));
        let (read, mut write) = N::into_split(client.unwrap());
        let mut server = server.unwrap();
        assert_eq!(read.peer_addr().unwrap().tcp().unwrap().port(), port);
        assert_eq!(write.local_addr().unwrap(), server.peer_addr().unwrap());
        assert_eq!(read.info().is_some(), layers > 0);
        write.set_nodelay(false).unwrap();
        write.write_all(b"hello").await.unwrap();
        assert_eq!(server.read_exact(5).await.unwrap(), b"hello");
        assert_eq!(write.info(), read.info());
        write.shutdown().await.unwrap();
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        let mut stream = N::reunite(read, write).unwrap();
        assert!(!sends_at_once::<N>(&stream));
        server.shutdown().await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Both wait, each with a waker of its own, in either order.
async fn each_half_is_woken_for_itself<R: TestRuntime>() {
    for read_first in [true, false] {
        let (stream, mut peer) = server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
        let (mut read, mut write) = R::into_split(stream);
        let [reader, writer] = [(); 2].map(|()| Arc::new(Woken::default()));
        let wakers = [&reader, &writer].map(|woken| Waker::from(Arc::clone(woken)));
        let mut contexts = wakers.each_ref().map(Context::from_waker);
        for turn in [read_first, !read_first] {
            if turn {
                assert!(read.poll_read(&mut contexts[0], &mut [0; 9]).is_pending());
            } else {
                while write.poll_write(&mut contexts[1], &[7; 500]).is_ready() {}
            }
        }
        let times = || [&reader, &writer].map(|woken| woken.0.load(Ordering::SeqCst));
        let before = times();
        // It makes room, and says something.
        peer.expect_data(1000).await;
        peer.send(Opcode::Binary, b"hello").await;
        let after = times();
        assert!(
            before[0] < after[0] && before[1] < after[1],
            "{before:?} {after:?}"
        );
        assert!(matches!(
            read.poll_read(&mut contexts[0], &mut [0; 9]),
            Poll::Ready(Ok(5))
        ));
        assert!(write.poll_write(&mut contexts[1], b"more").is_ready());
    }
}

/// The other half can still be at work. Who is to know that all was written is told so before.
async fn a_write_half_that_is_dropped_says_nothing<R: TestRuntime>() {
    for is_ended in [false, true] {
        let (stream, mut peer) =
            client_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
        let (mut read, mut write) = R::into_split(stream);
        write.write_all(b"question").await.unwrap();
        if is_ended {
            write.shutdown().await.unwrap();
        }
        drop(write);
        assert_eq!(peer.expect(Opcode::Binary).await, b"question");
        peer.send(Opcode::Ping, b"still there?").await;
        peer.send(Opcode::Binary, b"answer").await;
        assert_eq!(read.read_exact(6).await.unwrap(), b"answer");
        if is_ended {
            assert_eq!(peer.expect_close().await.0, 1000);
        }
        assert_eq!(peer.expect(Opcode::Pong).await, b"still there?");
        assert_eq!(read.info().sent_close.is_some(), is_ended);
    }
}

async fn a_read_half_that_is_dropped_stops_nothing<R: TestRuntime>() {
    let (stream, mut peer) = server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let (read, mut write) = R::into_split(stream);
    drop(read);
    peer.send(Opcode::Ping, b"hi").await;
    write.write_all(b"data").await.unwrap();
    write.shutdown().await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let frame = peer.recv().await;
        seen.push((frame.header.opcode, frame.payload));
    }
    let close = (Opcode::Close, 1000_u16.to_be_bytes().to_vec());
    assert_eq!(seen.pop(), Some(close));
    seen.sort_unstable_by_key(|(opcode, _)| *opcode != Opcode::Pong);
    let (pong, data) = (b"hi".to_vec(), b"data".to_vec());
    assert_eq!(seen, [(Opcode::Pong, pong), (Opcode::Binary, data)]);
}

async fn both_dropped_are_a_stream_dropped<R: TestRuntime>() {
    for read_first in [true, false] {
        let (stream, mut peer) =
            client_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
        let (read, mut write) = R::into_split(stream);
        write.write_all(b"data").await.unwrap();
        if read_first {
            drop(read);
            drop(write);
        } else {
            drop(write);
            drop(read);
        }
        assert_eq!(peer.expect(Opcode::Binary).await, b"data");
        assert_eq!(peer.expect_close().await.0, 1001);
        peer.expect_end().await;
    }
}

async fn reunited_halves_end_both_directions<R: TestRuntime>() {
    let (client, mut server) = open::<R>(R::pipe(100)).await;
    let (read, mut write) = R::into_split(client);
    let writing = R::spawn(async move {
        write.write_all(&[7; 1000]).await.unwrap();
        write
    });
    assert_eq!(server.read_exact(1000).await.unwrap(), [7; 1000]);
    let mut client = R::reunite(read, writing.await).unwrap();
    let (finished, ()) = tokio::join!(client.finish(), async {
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        server.finish().await.unwrap();
    });
    finished.unwrap();
    assert_eq!(client.info().closed_by, Some(ClosedBy::Us));
}

async fn halves_of_different_streams<R: TestRuntime>() {
    let (one, mut peer_of_one) = open::<R>(R::pipe(100)).await;
    let (other, _peer_of_other) = open::<R>(R::pipe(100)).await;
    let (read, write) = R::into_split(one);
    let (other_read, other_write) = R::into_split(other);
    let error = R::reunite(read, other_write).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "the halves belong to different streams");
    // Both are given back.
    let ReuniteError(read, other_write) = error;
    let mut one = R::reunite(read, write).unwrap();
    R::reunite(other_read, other_write).unwrap();
    one.write_all(b"still one").await.unwrap();
    assert_eq!(peer_of_one.read_exact(9).await.unwrap(), b"still one");
}
