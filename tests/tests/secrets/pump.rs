//! What drives them: openings, streams, sockets, in every state, over pipes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wsstream_core::handshake::{ClientConfig, Negotiated, Refusal};
use wsstream_core::pump::{Accept, AutoFlush, Connect, Relay, SocketEnd, Upgraded};
use wsstream_core::test_kit::{Clock, Pipe, Sleeper};
use wsstream_core::{ConnectionConfig, Message, Seed, Url};

use crate::handshakes::{client, server};
use crate::{MARK, Printed};

fn poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    match Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// An opening in small pieces, printed at each; what it comes to.
fn opened(
    printed: &mut Printed,
    client: &ClientConfig,
    chunk: usize,
) -> [Upgraded<Pipe, Sleeper>; 2] {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    for pipe in [&near, &far] {
        pipe.output.get().chunk = chunk;
    }
    let url = Url::parse(&format!("ws://me:{MARK}@host/path?{MARK}")).unwrap();
    let mut connect = Connect::new(near, clock.sleeper(), &url, client, Seed::new([7; 32]));
    let mut accept = Accept::new(far, clock.sleeper(), Arc::new(server()));
    let incoming = loop {
        assert!(poll(&mut connect).is_none());
        printed.debug("connect", &connect);
        let incoming = poll(&mut accept);
        printed.debug("accept", &accept);
        if let Some(incoming) = incoming {
            break incoming.unwrap();
        }
    };
    printed.debug("incoming", &incoming);
    let mut answer = incoming.accept();
    let (mut near, mut far) = (None, None);
    while near.is_none() || far.is_none() {
        if far.is_none() {
            far = poll(&mut answer);
            printed.debug("answer", &answer);
        }
        if near.is_none() {
            near = poll(&mut connect);
            printed.debug("connect", &connect);
        }
    }
    let opened = [near, far].map(|opened| opened.unwrap().unwrap());
    printed.debug("opened", &opened);
    opened
}

#[test]
fn openings() {
    let mut printed = Printed::default();
    for chunk in [50, 10_000] {
        opened(&mut printed, &client(), chunk);
    }
    // Refused, with a word to the user and a secret.
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    let url = Url::parse("ws://host/").unwrap();
    let mut connect = Connect::new(near, clock.sleeper(), &url, &client(), Seed::new([7; 32]));
    let mut accept = Accept::new(far, clock.sleeper(), Arc::new(server()));
    assert!(poll(&mut connect).is_none());
    let incoming = poll(&mut accept).unwrap().unwrap();
    let refusal = Refusal::new(401).header("X-Token", MARK).unwrap();
    let mut refuse = incoming.refuse(&refusal.body(format!("who?\n{MARK}")));
    printed.debug("refuse", &refuse);
    let _ = poll(&mut refuse);
    printed.debug("refuse", &refuse);
    let error = poll(&mut connect).unwrap().unwrap_err();
    printed.error("refused", &error);
    printed.check(40);
}

#[test]
fn streams_and_sockets() {
    let mut printed = Printed::default();
    for compression in [false, true] {
        let client = client().config(ConnectionConfig::new().compression(compression));
        let cx = &Context::from_waker(Waker::noop());
        let [near, far] = opened(&mut printed, &client, 10_000);
        let (mut near, mut far) = (near.into_stream(), far.into_stream());
        near.get_ref().output.get().capacity = 20;
        far.get_ref().output.get().capacity = 20;
        let text = MARK.repeat(9);
        for _ in 0..4 {
            let _ = near.poll_write(cx, text.as_bytes());
            printed.debug("near", &near);
            let _ = far.poll_write(cx, text.as_bytes());
            let _ = far.poll_read(cx, &mut [0; 3]);
            printed.debug("far", &far);
            let _ = near.poll_read(cx, &mut [0; 3]);
            printed.debug("near", &near);
        }
        printed.debug(
            "relay",
            &Relay::new(&mut near, &mut far, Clock::default().sleeper()),
        );

        let [near, far] = opened(&mut printed, &client, 10_000);
        let (mut near, mut far) = (near.into_websocket(), far.into_websocket());
        near.get_ref().output.get().capacity = 20;
        for message in [
            Message::Text(text.clone()),
            Message::Binary(text.clone().into()),
        ] {
            if near.poll_ready(cx).is_ready() {
                near.start_send(message).unwrap();
            }
            printed.debug("near", &near);
            let _ = near.poll_flush(cx);
            printed.debug("near", &near);
            let _ = far.poll_recv(cx);
            printed.debug("far", &far);
        }
    }
    let received = [&[0x82, 16][..], MARK.as_bytes()].concat();
    let seed = Seed::new(*MARK.repeat(2).as_bytes().first_chunk().unwrap());
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    let negotiated = Negotiated::nothing(client().config, Some(seed));
    let opened = Upgraded::new(near, clock.sleeper(), negotiated, received);
    printed.debug("opened", &opened);
    printed.debug("stream", &opened.into_stream());
    far.output.get().feed(MARK.as_bytes());
    printed.debug("pipe", &far);
    printed.debug("line", &*far.output.get());
    // What a relay has read, and cannot write.
    let (near, far) = Pipe::pair(true);
    let (other, _peer) = Pipe::pair(true);
    far.output.get().feed(MARK.as_bytes());
    other.output.get().capacity = 0;
    let (mut near, mut other) = (
        SocketEnd::new(near, clock.sleeper()),
        SocketEnd::new(other, clock.sleeper()),
    );
    printed.debug("plain", &near);
    let mut relay = Relay::new(&mut near, &mut other, Clock::default().sleeper());
    assert!(poll(&mut relay).is_none());
    assert!(far.output.get().octets.is_empty());
    printed.debug("relay", &relay);
    printed.debug("auto flush", &AutoFlush::new(far));
    printed.check(100);
}
