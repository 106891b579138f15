//! Ends that are known as ends only.

use super::*;

#[test]
fn a_relay_joins_ends_of_any_kind() {
    let clock = Clock::default();
    let open = |pipe: Pipe, is_websocket: bool| -> Box<dyn RelayEnd> {
        let sleeper = clock.sleeper();
        if is_websocket {
            let config = ConnectionConfig::new();
            let encoding = Encoding::Binary;
            Box::new(stream(pipe, sleeper, Role::Server, encoding, config))
        } else {
            Box::new(SocketEnd::new(pipe, sleeper))
        }
    };
    // What is sent to the peer of such an end, or by it.
    let wire = |from, is_websocket, said: &[u8]| {
        if is_websocket {
            let close = frame(from, Opcode::Close, &close_payload(1000));
            [frame(from, Opcode::Binary, said), close].concat()
        } else {
            said.to_vec()
        }
    };
    let says = |peer: &Pipe, is_websocket, said: &[u8]| {
        let mut line = peer.output.get();
        line.feed(&wire(Role::Client, is_websocket, said));
        if !is_websocket {
            line.finish(Ok(()));
        }
    };
    for (a_is, b_is) in [(false, false), (false, true), (true, false), (true, true)] {
        let ((near, left), (far, right)) = (Pipe::pair(true), Pipe::pair(false));
        let (mut a, mut b) = (open(near, a_is), open(far, b_is));
        says(&left, a_is, b"up");
        says(&right, b_is, b"down");
        run_all(vec![Box::pin(async {
            let (a, b): (&mut dyn RelayEnd, &mut dyn RelayEnd) = (&mut *a, &mut *b);
            let relayed = Relay::new(a, b, clock.sleeper()).await;
            assert_eq!(carried(&relayed), [(2, Complete), (4, Complete)]);
            assert_eq!(relayed.into_result().unwrap(), (2, 4));
        })]);
        let found = [left, right].map(|peer| peer.input.get().take());
        assert_eq!(found[0], wire(Role::Server, a_is, b"down"));
        assert_eq!(found[1], wire(Role::Server, b_is, b"up"));
    }
}
