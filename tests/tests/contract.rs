//! The contract, on each runtime.

use wsstream_tests::{AsyncStd, Smol, Tokio};

mod tokio {
    use super::*;
    use ::tokio::net::TcpStream;
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
}

mod async_std {
    use super::*;
    use ::async_std::net::TcpStream;
    use wsstream_async_std::{Incoming, Listener, Opened, WebSocket, WsStream};

    wsstream_tests::contract_suite!(AsyncStd);

    const _: () = {
        const fn send_and_unpin<T: Send + Unpin>() {}
        send_and_unpin::<WsStream<TcpStream>>();
        send_and_unpin::<WebSocket<TcpStream>>();
        send_and_unpin::<Opened<TcpStream>>();
        send_and_unpin::<Incoming<TcpStream>>();
        send_and_unpin::<Listener>();
    };
}

mod smol {
    use super::*;

    wsstream_tests::contract_suite!(Smol);
}
