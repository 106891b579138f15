//! The relay of any two sockets.

use super::*;
use crate::pump::{Socket, relay};

#[test]
fn two_plain_sockets() {
    let clock = Clock::default();
    let (mut a, left) = Pipe::pair(false);
    let (mut b, right) = Pipe::pair(true);
    for (peer, says) in [(&left, &b"up"[..]), (&right, b"down")] {
        peer.output.get().feed(says);
        peer.output.get().finish(Ok(()));
    }
    run_all(vec![Box::pin(async {
        let relayed = relay(&mut a, &mut b, secs(60), || clock.sleeper()).await;
        assert_eq!(carried(&relayed), [(2, Complete), (4, Complete)]);
        assert_eq!(relayed.into_result().unwrap(), (2, 4));
    })]);
    assert_eq!(right.input.get().take(), b"up");
    assert_eq!(left.input.get().take(), b"down");
    assert!(left.input.get().is_shut_down && right.input.get().is_shut_down);
}

#[test]
fn two_websocket_streams() {
    let clock = Clock::default();
    let open = |pipe, role, encoding| {
        let config = ConnectionConfig::new();
        stream(pipe, clock.sleeper(), role, encoding, config)
    };
    let (a, left) = Pipe::pair(false);
    let (b, right) = Pipe::pair(true);
    let mut left = open(left, Role::Client, Encoding::Base64);
    let mut right = open(right, Role::Server, Encoding::Binary);
    let mut a = open(a, Role::Server, Encoding::Base64);
    let mut b = open(b, Role::Client, Encoding::Binary);
    let (up, down) = (octets(100_000), octets(50_000));
    run_all(vec![
        Box::pin(async { assert!(talk(&mut left, &up).await == down) }),
        Box::pin(async { assert!(talk(&mut right, &down).await == up) }),
        Box::pin(async {
            let relayed = relay(&mut a, &mut b, secs(60), || clock.sleeper()).await;
            assert_eq!(carried(&relayed), [(100_000, Complete), (50_000, Complete)]);
        }),
    ]);
    for stream in [&a, &b] {
        let close = stream.connection().sent_close().unwrap();
        assert_eq!(close.code().unwrap().get(), 1000);
    }
}

/// A pipe would be left as it is when the other end fails. A WebSocket says 1011, whatever it is wrapped in.
#[test]
fn a_websocket_stream_is_an_end_of_its_own_in_whatever_it_is_wrapped() {
    type Run = fn(Stream<Pipe, Sleeper>, Pipe, &Clock) -> Relayed;
    fn run<S: Socket + ?Sized>(a: &mut S, b: &mut Pipe, clock: &Clock) -> Relayed {
        let mut relayed = None;
        run_all(vec![Box::pin(async {
            relayed = Some(relay(a, b, secs(60), || clock.sleeper()).await);
        })]);
        relayed.unwrap()
    }
    let runs: [Run; 4] = [
        |mut stream, mut b, clock| run(&mut stream, &mut b, clock),
        |mut stream, mut b, clock| run(&mut &mut stream, &mut b, clock),
        |stream, mut b, clock| run(&mut Box::new(stream), &mut b, clock),
        |stream, mut b, clock| {
            let mut boxed: Box<dyn Socket> = Box::new(stream);
            run(&mut *boxed, &mut b, clock)
        },
    ];
    for run in runs {
        let clock = Clock::default();
        let (near, client) = Pipe::pair(true);
        let (b, target) = Pipe::pair(true);
        let config = ConnectionConfig::new();
        let stream = stream(
            near,
            clock.sleeper(),
            Role::Server,
            Encoding::Binary,
            config,
        );
        target.output.get().feed(b"last");
        let reset = Err(ErrorKind::ConnectionReset.into());
        target.output.get().finish(reset);
        let close = frame(Role::Client, Opcode::Close, &close_payload(1000));
        client
            .output
            .get()
            .feed(&frame(Role::Client, Opcode::Binary, b"up"));
        client.output.get().feed(&close);
        let relayed = run(stream, b, &clock);
        assert_eq!(carried(&relayed), [(2, Complete), (4, ReadFailed)]);
        let found = frames(&client.input.get().take());
        assert_eq!(found[0], data(b"last"));
        assert_eq!(found[1].1[..2], 1011_u16.to_be_bytes());
    }
}
