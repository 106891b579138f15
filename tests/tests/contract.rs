//! The contract, on tokio.

use tokio::net::TcpStream;
use wsstream_tests::Tokio;
use wsstream_tokio::{Incoming, Listener, Opened, WebSocket, WsStream};

wsstream_tests::contract_suite!(Tokio);

/// 3.7: what is `Send` and `Unpin`, at compile time.
const _: () = {
    const fn send_and_unpin<T: Send + Unpin>() {}
    send_and_unpin::<WsStream<TcpStream>>();
    send_and_unpin::<WebSocket<TcpStream>>();
    send_and_unpin::<Opened<TcpStream>>();
    send_and_unpin::<Incoming<TcpStream>>();
    send_and_unpin::<Listener>();
};

/// To be one of the suite's once it passes.
#[test]
fn leftovers() {
    use wsstream_tests::{Runtime, contract};
    Tokio::run(contract::observable::leftovers::<Tokio>());
}
