//! The contract, on each runtime.

use wsstream_tests::{AsyncStd, Smol, Tokio};

/// 3.7: what is `Send` and `Unpin`, at compile time.
macro_rules! send_and_unpin {
    ($adapter:ident, $tcp:ty) => {
        const _: () = {
            const fn send_and_unpin<T: Send + Unpin>() {}
            send_and_unpin::<$adapter::NetStream>();
            send_and_unpin::<$adapter::WsStream>();
            send_and_unpin::<$adapter::WsStream<$adapter::Io<$tcp>>>();
            send_and_unpin::<$adapter::WebSocket>();
            send_and_unpin::<$adapter::Upgraded>();
            send_and_unpin::<$adapter::Handshake<$adapter::Io<$tcp>>>();
            send_and_unpin::<$adapter::Incoming>();
            send_and_unpin::<$adapter::Listener>();
        };
    };
}

mod tokio {
    use super::*;

    wsstream_tests::contract_suite!(Tokio);
    send_and_unpin!(wsstream_tokio, ::tokio::net::TcpStream);
}

mod async_std {
    use super::*;

    wsstream_tests::contract_suite!(AsyncStd);
    send_and_unpin!(wsstream_async_std, ::async_std::net::TcpStream);
}

mod smol {
    use super::*;

    wsstream_tests::contract_suite!(Smol);
}
