//! Relays between any two sockets, whose one end fails with much on its way to a slow reader at the other.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::time::Duration;

use wsstream_core::pump::{Ended, Socket as _};
use wsstream_core::{CloseCode, StreamError};
use wsstream_net::{Runtime as _, relay};

use crate::contract::stream_error;
use crate::io::{Read as _, Write as _};
use crate::net::{ClientEndpoint, Listener, Net, NetSocket, let_in_any};
use crate::runtime::TestRuntime;

/// Where one end of a relay leads.
#[expect(
    missing_debug_implementations,
    reason = "endpoints may contain secrets"
)]
#[non_exhaustive]
pub struct Way<R: TestRuntime> {
    /// Where it is accepted.
    pub listener: Listener<R>,
    /// How it is dialled.
    pub client: ClientEndpoint<R>,
}

impl<R: TestRuntime> Way<R> {
    /// From one to the other.
    pub const fn new(listener: Listener<R>, client: ClientEndpoint<R>) -> Self {
        Self { listener, client }
    }
}

/// How an end fails.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a test is to say which")]
pub enum Bad {
    /// TCP is reset, below all layers.
    Reset,
    /// TCP ends, below all layers.
    Truncated,
    /// A Close.
    Closed(CloseCode),
    /// A frame with a reserved bit.
    Fault,
}

/// How a reader can tell.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a test is to say which")]
pub enum Told {
    /// By a Close 1011.
    Close,
    /// By any error.
    Error,
    /// By nothing: a Unix socket has no such end.
    Nothing,
}

/// Much is on its way through a relay to a reader that reads slowly, and the sender fails: the reader gets it all, and is
/// then told.
///
/// # Panics
///
/// If it is not.
pub async fn a_slow_reader_is_told<R: Net>(from: Way<R>, bad: Bad, to: Way<R>, told: Told) {
    let (mut here, mut there) = (from.listener, to.listener);
    let relaying = R::spawn(async move {
        let a = R::into_socket(let_in_any::<R>(&mut here).await.unwrap());
        let b = to.client.connect().await.map(R::stream).unwrap();
        let (mut a, mut b) = (a, R::into_socket(b));
        relay::<R::Net>(&mut a, &mut b).await
    });
    let sending = R::spawn(async move {
        let mut sender = from.client.connect().await.map(R::stream).unwrap();
        sender.write_all(&[7; MUCH]).await.unwrap();
        sender.flush().await.unwrap();
        fail::<R>(R::into_socket(sender), bad).await;
    });
    let mut reader = let_in_any::<R>(&mut there).await.unwrap();
    R::sleep(Duration::from_millis(200)).await;
    let (mut count, mut octets) = (0, [0; 4096]);
    let ended = loop {
        match reader.read(&mut octets).await {
            Ok(0) => break Ok(()),
            Ok(more) => count += more,
            Err(error) => break Err(error),
        }
        R::sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(count, MUCH, "{bad:?} {told:?}");
    match (told, ended) {
        (Told::Close, Err(error)) => {
            let Some(StreamError::Closed(close)) = stream_error(&error) else {
                panic!("{bad:?}: {error}");
            };
            assert_eq!(close.code(), Some(CloseCode::INTERNAL), "{bad:?}");
        }
        (Told::Error, Err(_)) | (Told::Nothing, Ok(())) => {}
        (_, ended) => panic!("{bad:?} {told:?}: {ended:?}"),
    }
    drop(reader);
    let relayed = relaying.await;
    assert_eq!(relayed.a_to_b.octets, MUCH as u64);
    assert_eq!(relayed.a_to_b.ended, Ended::ReadFailed);
    assert!(relayed.a_failed.is_some());
    sending.await;
}

async fn fail<R: Net>(mut socket: NetSocket<R>, bad: Bad) {
    match bad {
        Bad::Reset => {
            // It would destroy what is on its way.
            while !socket.taken().is_none_or(|taken| taken.all) {
                R::sleep(Duration::from_millis(10)).await;
            }
            socket.abort_on_drop(true);
        }
        Bad::Truncated => {
            let tcp = socket.tcp().unwrap();
            R::Net::tcp_ref(tcp).shutdown(Shutdown::Write).unwrap();
            discard::<R>(&mut socket).await;
        }
        Bad::Closed(code) => {
            let closing = socket.websocket_mut().unwrap().close_with(code, "");
            // The answer may be another one.
            let _ = closing.await;
        }
        Bad::Fault => {
            let below = socket.websocket_mut().unwrap().get_mut();
            let frame = [IoSlice::new(&[0xf2, 0x80, 0, 0, 0, 0])];
            let written: io::Result<usize> = poll_fn(|cx| below.poll_write(cx, &frame)).await;
            assert_eq!(written.unwrap(), 6);
            poll_fn(|cx| below.poll_flush(cx)).await.unwrap();
            discard::<R>(&mut socket).await;
        }
    }
}

async fn discard<R: Net>(socket: &mut NetSocket<R>) {
    let mut octets = [0; 1000];
    while let Ok(1..) = poll_fn(|cx| socket.poll_read(cx, &mut octets)).await {}
}

const MUCH: usize = 300_000;
