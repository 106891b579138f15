//! 3.7: what a stream can tell.

use wsstream_core::handshake::{ClientConfig, Negotiated, ServerConfig};
use wsstream_core::{ClosedBy, ConnectionConfig, Opcode, Seed};

use super::{client_and_peer, offering, read_all, server_and_peer};
use crate::{Peer, Read, TestRuntime, Write, masked, noise, open_with};

/// Octets on the wire and of payload, frames, pings.
pub async fn counters<R: TestRuntime>() {
    let (mut stream, mut peer) =
        server_and_peer::<R>(R::pipe(100_000), ConnectionConfig::new()).await;
    assert_eq!(stream.info().counters, wsstream_core::Counters::default());
    peer.send(Opcode::Binary, &[7; 200]).await;
    peer.send(Opcode::Ping, b"hi").await;
    peer.send(Opcode::Binary, &[7; 5]).await;
    stream.read_exact(205).await.unwrap();
    // What cannot be compressed is not longer than it was.
    let sent: Vec<u8> = noise(1).take(1000).collect();
    stream.write_all(&sent).await.unwrap();
    peer.expect(Opcode::Pong).await;
    peer.expect(Opcode::Binary).await;
    let counters = stream.info().counters;
    assert_eq!(counters.received, (8 + 200) + (6 + 2) + (6 + 5));
    assert_eq!(counters.payload_received, 205);
    assert_eq!(counters.frames_received, 3);
    assert_eq!(counters.pings_received, 1);
    assert_eq!(counters.sent, (2 + 2) + (4 + 1000));
    assert_eq!(counters.payload_sent, 1000);
    assert_eq!(counters.frames_sent, 2);
    assert_eq!(counters.pings_sent, 0);
}

/// The subprotocol and extension that were agreed.
pub async fn agreed<R: TestRuntime>() {
    let table = [
        (offering(Some("binary")), Some("binary"), true),
        (offering(Some("base64")), Some("base64"), true),
        (offering(None), None, true),
        (ClientConfig::stream(), Some("binary"), true),
        (
            ClientConfig::stream().config(ConnectionConfig::new().half_close(false)),
            Some("binary"),
            false,
        ),
        (offering(Some("mqtt")), Some("mqtt"), true),
    ];
    let server = ServerConfig::stream().subprotocol("mqtt").unwrap();
    for (client, subprotocol, half_close) in table {
        let (mut client, mut server) = open_with::<R>(R::pipe(1000), &client, &server).await;
        for stream in [&client, &server] {
            assert_eq!(stream.info().agreed.subprotocol(), subprotocol);
            assert_eq!(stream.info().agreed.half_close(), half_close);
        }
        client.write_all(b"hello").await.unwrap();
        assert_eq!(server.read_exact(5).await.unwrap(), b"hello");
    }
}

/// Who closed, and with what: on both sides.
pub async fn closed_by<R: TestRuntime>() {
    let (mut client, mut server) = open_with::<R>(
        R::pipe(1000),
        &ClientConfig::stream(),
        &ServerConfig::stream(),
    )
    .await;
    assert_eq!(
        (client.info().closed_by, server.info().closed_by),
        (None, None)
    );
    let (closed, ()) = tokio::join!(client.finish(), async {
        assert_eq!(read_all(&mut server).await, b"");
        server.finish().await.unwrap();
    });
    closed.unwrap();
    assert_eq!(client.info().closed_by, Some(ClosedBy::Us));
    assert_eq!(server.info().closed_by, Some(ClosedBy::Peer));
    assert!(client.info().sent_close.unwrap().is_normal());
    assert_eq!(client.info().sent_close, server.info().received_close);
    assert_eq!(server.info().sent_close, client.info().received_close);
}

/// Taken apart, a stream gives back what it received and nobody has read, and somebody can go on.
pub async fn leftovers<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let wire = [
        peer.frame(Opcode::Binary, b"first"),
        peer.frame(Opcode::Binary, b"second"),
    ];
    peer.raw.write_all(&wire.concat()).await.unwrap();
    assert_eq!(stream.read_exact(5).await.unwrap(), b"first");
    let (raw, received) = R::into_socket(stream).into_inner();
    assert_eq!(received, wire[1]);
    // The same connection, somewhere else.
    let config = ClientConfig::stream().config;
    let negotiated = Negotiated::nothing(config, Some(Seed::new([7; 32])));
    let mut stream = R::opened(raw, negotiated, received);
    assert_eq!(stream.read_exact(6).await.unwrap(), b"second");
    peer.send(Opcode::Binary, b"third").await;
    assert_eq!(stream.read_exact(5).await.unwrap(), b"third");
}

/// What arrives together with the opening handshake belongs to the stream.
pub async fn octets_behind_the_handshake<R: TestRuntime>() {
    let (mut raw, server) = R::pipe(10_000);
    let url = wsstream_core::Url::parse("ws://localhost/").unwrap();
    let seed = Seed::new([5; 32]);
    let mut wire = ClientConfig::stream()
        .connect(&url, &seed)
        .request()
        .to_vec();
    wire.extend(masked(Opcode::Binary, b"already here"));
    raw.write_all(&wire).await.unwrap();
    let mut stream = R::accept(server, &ServerConfig::stream()).await.unwrap();
    assert_eq!(stream.read_exact(12).await.unwrap(), b"already here");
    // And the other way round.
    let (client, raw) = R::pipe(10_000);
    let options = ClientConfig::stream();
    let serving = async {
        let mut peer = Peer::accept(raw).await;
        peer.send(Opcode::Binary, b"at once").await;
        peer
    };
    let (stream, _peer) = tokio::join!(R::connect(client, &options), serving);
    assert_eq!(stream.unwrap().read_exact(7).await.unwrap(), b"at once");
}
