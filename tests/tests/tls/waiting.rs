//! A client that waits for an answer behind TLS: it is noticed when it goes, and what it says early is kept.

use std::future::pending;

use wsstream_core::Opcode::Binary;
use wsstream_core::handshake::{ClientConfig, HandshakeError, ServerConfig};
use wsstream_core::{Seed, Url};
use wsstream_tests::net::{ClientEndpoint, Incoming, Net, NetStream, address};
use wsstream_tests::{Pattern, Read, Write, masked, next_turn};

use crate::certificates::Authority;

wsstream_tests::on_all_runtimes! {
    a_client_that_leaves_is_noticed
    what_comes_early_is_delivered
}

/// A request over TLS and more behind it, and the client that sends them.
async fn asked<N: Net>(more: Vec<u8>) -> (Incoming<N>, impl Future<Output = NetStream<N>>) {
    let authority = Authority::new();
    let listener = N::bind(ServerConfig::stream()).await;
    let mut listener = listener.tls(authority.localhost().server());
    let to = format!(
        "ssl:127.0.0.1:{}:hostname=localhost",
        address::<N>(&listener).port()
    );
    let endpoint: ClientEndpoint<N> = to.parse().unwrap();
    let endpoint = endpoint.tls(authority.client());
    let sending = N::spawn(async move {
        let mut client = endpoint.connect().await.map(N::stream).unwrap();
        let url = Url::parse("wss://localhost/").unwrap();
        let connecting = ClientConfig::stream().connect(&url, &Seed::new([1; 32]));
        client.write_all(connecting.request()).await.unwrap();
        client.write_all(&more).await.unwrap();
        client.flush().await.unwrap();
        client
    });
    (listener.accept().await.unwrap(), sending)
}

/// With close_notify, with an end without it, and with a reset.
async fn a_client_that_leaves_is_noticed<N: Net>() {
    for way in 0..3 {
        let (mut incoming, sending) = asked::<N>(Vec::new()).await;
        let mut client = sending.await;
        let working = N::spawn(async move { incoming.while_present(pending::<()>()).await });
        for _ in 0..100 {
            next_turn().await;
        }
        match way {
            0 => client.shutdown().await.unwrap(),
            1 => drop(client),
            _ => N::into_socket(client).abort_on_drop(true),
        }
        assert_eq!(working.await, Err(HandshakeError::UnexpectedEof), "{way}");
    }
}

async fn what_comes_early_is_delivered<N: Net>() {
    for len in [1, 300_000] {
        let payload = Pattern::new(3).take(len);
        let (mut incoming, sending) = asked::<N>(masked(Binary, &payload)).await;
        let work = async {
            for _ in 0..100 {
                next_turn().await;
            }
        };
        incoming.while_present(work).await.unwrap();
        let mut stream = incoming.accept().await.map(N::stream).unwrap();
        assert!(stream.read_exact(len).await.unwrap() == payload);
        drop(sending.await);
    }
}
