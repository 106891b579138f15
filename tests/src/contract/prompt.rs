//! 3.2: payload is readable as soon as it was received; a write leaves without a flush.

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{ConnectionConfig, Opcode};

use super::{ENCODINGS, client_and_peer, offering};
use crate::{Pattern, Peer, Read, TestRuntime, Write, fragment, masked};

/// What came of a frame whose end never comes.
pub async fn payload_before_its_frame_ends<R: TestRuntime>() {
    let (mut stream, mut peer) =
        client_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let header = peer.header(Opcode::Binary, u64::MAX >> 1);
    peer.raw.write_all(&header).await.unwrap();
    for octet in 0..=255 {
        peer.raw.write_all(&[octet]).await.unwrap();
        assert_eq!(stream.read_exact(1).await.unwrap(), [octet]);
    }
}

/// What came of a message whose end never comes, in base64: as far as its text is whole.
pub async fn base64_before_its_message_ends<R: TestRuntime>() {
    let (raw, server) = R::tcp().await;
    let client = offering(Some("base64"));
    let options = ServerConfig::stream();
    let (mut peer, stream) = tokio::join!(Peer::connect(raw, &client), R::accept(server, &options));
    let mut stream = stream.unwrap();
    let octets = fragment(Opcode::Text, false, b"aGVsbG8gd2");
    peer.raw.write_all(&octets).await.unwrap();
    assert_eq!(stream.read_exact(6).await.unwrap(), b"hello ");
    let octets = fragment(Opcode::Continuation, false, b"9y");
    peer.raw.write_all(&octets).await.unwrap();
    assert_eq!(stream.read_exact(3).await.unwrap(), b"wor");
}

/// A write arrives, though nobody flushes, reads or writes after it.
pub async fn a_write_leaves_without_flush<R: TestRuntime>() {
    for subprotocol in ENCODINGS {
        let (client, server) = R::tcp().await;
        let options = (offering(subprotocol), ServerConfig::stream());
        let (client, server) = tokio::join!(
            R::connect(client, &options.0),
            R::accept(server, &options.1)
        );
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        for len in [1, 125, 126, 10_000] {
            let octets = vec![7; len];
            client.write_all(&octets).await.unwrap();
            assert_eq!(server.read_exact(len).await.unwrap(), octets);
            server.write_all(&octets).await.unwrap();
            assert_eq!(client.read_exact(len).await.unwrap(), octets);
        }
    }
}

/// What the transport had no room for leaves when the other half is polled.
pub async fn what_was_refused_leaves_with_the_other_half<R: TestRuntime>() {
    let (raw, server) = R::pipe(1000);
    let (client, options) = (ClientConfig::stream(), ServerConfig::stream());
    let (mut peer, stream) = tokio::join!(Peer::connect(raw, &client), R::accept(server, &options));
    let mut stream = stream.unwrap();
    let sent = Pattern::new(8).take(10_000);
    stream.write_all(&sent).await.unwrap();
    // From here on the stream is only read.
    let (received, ()) = tokio::join!(stream.read_exact(2), async {
        assert!(peer.expect_data(sent.len()).await == sent);
        peer.raw
            .write_all(&masked(Opcode::Binary, b"ok"))
            .await
            .unwrap();
    });
    assert_eq!(received.unwrap(), b"ok");
}
