//! What the keys of `autobahn` do on the wire.

use wsstream_core::handshake::ClientConfig;
use wsstream_core::{CloseCode, Opcode};
use wsstream_tests::net::{connect, free_port, let_in_any, listen, over, talk};
use wsstream_tests::{Peer, Read, TestRuntime, Write, noise};

/// How much is written at once.
const LEN: usize = 10_000;

/// Noise, which does not compress, and what does: no frame is longer, and none of a message empty.
async fn expect_fragments<T: Read + Write>(peer: &mut Peer<T>, sent: &[u8]) -> usize {
    let (mut received, mut frames) = (Vec::new(), 0);
    while received.len() < sent.len() {
        let frame = peer.recv().await;
        assert!((1..=4096).contains(&frame.header.len), "{:?}", frame.header);
        let continues = frame.header.opcode == Opcode::Continuation;
        assert!(continues || frame.header.opcode == Opcode::Binary);
        received.extend(frame.payload);
        frames += 1;
    }
    assert!(received == sent);
    frames
}

fn what_is_sent() -> [(Vec<u8>, &'static str); 3] {
    [
        (noise(1).take(LEN).collect(), ":compress=false"),
        (noise(1).take(LEN).collect(), ""),
        (vec![7; LEN], ":compress=false"),
    ]
}

pub(crate) async fn autofrag_of_a_client<C: TestRuntime, S: TestRuntime>() {
    for (sent, more) in what_is_sent() {
        let port = free_port();
        let mut listener = listen::<S>(&format!("tcp:{port}")).await.unwrap();
        let tcp = format!("tcp:127.0.0.1:{port}");
        let client = over(&tcp, "ws://localhost", &format!(":autofrag=4096{more}"));
        let written = sent.clone();
        let writing = C::spawn(async move {
            let mut stream = connect::<C>(&client).await.unwrap();
            stream.write_all(&written).await.unwrap();
            stream.flush().await.unwrap();
            stream
        });
        let mut peer = Peer::accept(let_in_any::<S>(&mut listener).await.unwrap()).await;
        assert!(expect_fragments(&mut peer, &sent).await >= 3);
        drop(writing.await);
    }
}

pub(crate) async fn autofrag_of_a_server<C: TestRuntime, S: TestRuntime>() {
    for (sent, more) in what_is_sent() {
        let port = free_port();
        let server = over(
            &format!("tcp:{port}"),
            "ws://localhost",
            &format!(":autofrag=4096{more}"),
        );
        let mut listener = listen::<S>(&server).await.unwrap();
        let written = sent.clone();
        let writing = S::spawn(async move {
            let mut stream = let_in_any::<S>(&mut listener).await.unwrap();
            stream.write_all(&written).await.unwrap();
            stream.flush().await.unwrap();
            stream
        });
        let raw = connect::<C>(&format!("tcp:127.0.0.1:{port}"))
            .await
            .unwrap();
        let mut peer = Peer::connect(raw, &ClientConfig::stream()).await;
        assert!(expect_fragments(&mut peer, &sent).await >= 3);
        drop(writing.await);
    }
}

/// What was cut short elsewhere need not pass for the whole. Plain streams have no codes.
pub(crate) async fn closing_with_a_code<C: TestRuntime, S: TestRuntime>() {
    let port = free_port();
    let tcp = format!("tcp:127.0.0.1:{port}");
    let mut listener = listen::<S>(&format!("tcp:{port}")).await.unwrap();
    let mut plain = connect::<C>(&tcp).await.unwrap();
    assert!(plain.websocket_mut().is_none());
    let accepted = let_in_any::<S>(&mut listener).await.unwrap();
    let client = over(&tcp, "ws://localhost", "");
    let closing = C::spawn(async move {
        let mut stream = connect::<C>(&client).await.unwrap();
        let websocket = stream.websocket_mut().unwrap();
        websocket.close_with(CloseCode::INTERNAL, "cut off").await
    });
    drop((plain, accepted));
    let mut peer = Peer::accept(let_in_any::<S>(&mut listener).await.unwrap()).await;
    assert_eq!(peer.expect_close().await, (1011, "cut off".to_owned()));
    peer.send_close(1011, "").await;
    drop(peer);
    closing.await.unwrap();
}

/// A client's key, a server's, the subprotocol, and whether there is compression.
const KEYS: &[(&str, &str, &str, bool)] = &[
    ("", "", "binary", true),
    (":subprotocol=base64", "", "base64", true),
    (":subprotocol=base64:compress=0", "", "base64", false),
    (":subprotocol=base64,binary", "", "base64", true),
    (":subprotocol=binary", "", "binary", true),
    (":subprotocol=mqtt", ":subprotocol=mqtt", "binary", true),
    ("", ":compress=false", "binary", false),
    (":compression=false", "", "binary", false),
];

pub(crate) async fn what_is_agreed_on<C: TestRuntime, S: TestRuntime>() {
    for &(client, server, subprotocol, compresses) in KEYS {
        let port = free_port();
        let server = over(&format!("tcp:{port}"), "ws://localhost", server);
        let client = over(&format!("tcp:127.0.0.1:{port}"), "ws://localhost", client);
        let talked = talk::<C, S>(&server, &client, LEN).await;
        let (client_end, server_end) = (talked.client.websocket(), talked.server.websocket());
        for agreed in [
            client_end.unwrap().info().agreed,
            server_end.unwrap().info().agreed,
        ] {
            assert_eq!(agreed.subprotocol(), Some(subprotocol), "{client} {server}");
            assert_eq!(agreed.deflate().is_some(), compresses, "{client} {server}");
        }
    }
}
