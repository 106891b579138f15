//! How many are let in, and how it ends.

use std::pin::pin;
use std::time::Duration;

use wsstream_core::handshake::ClientConfig;
use wsstream_core::{Opcode, Seed, StreamError, Url};
use wsstream_tests::net::{
    Directory, Listener, NetStream, connect, free_port, let_in_any, listen, over,
};
use wsstream_tests::{Peer, Read as _, TestRuntime, Write as _, poll_once};

/// Has the listener look who has come until it knows of so many, of whom none may be through yet.
async fn admit<R: TestRuntime>(listener: &mut Listener<R>, count: usize) {
    while listener.connections() < count {
        assert!(poll_once(&mut pin!(listener.accept())).await.is_pending());
        R::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(listener.connections(), count);
}

/// Frames made by hand, over a plain connection.
async fn peer<C: TestRuntime>(port: u16) -> Peer<NetStream<C>> {
    let raw = connect::<C>(&format!("tcp:127.0.0.1:{port}"))
        .await
        .unwrap();
    Peer::connect(raw, &ClientConfig::stream()).await
}

pub(crate) async fn at_most_so_many<C: TestRuntime, S: TestRuntime>() {
    let directory = Directory::new();
    let [plain, websocket] = [free_port(), free_port()];
    let unix = format!("unix:{}", directory.quoted("s"));
    for (server, client) in [
        (format!("tcp:{plain}"), format!("tcp:127.0.0.1:{plain}")),
        (unix.clone(), unix),
        (
            format!("ws://127.0.0.1:{websocket}"),
            format!("ws://127.0.0.1:{websocket}"),
        ),
    ] {
        let mut listener = listen::<S>(&server).await.unwrap().max_connections(1);
        let mut clients = Vec::new();
        for _ in 0..2 {
            let client = client.clone();
            clients.push(C::spawn(
                async move { connect::<C>(&client).await.unwrap() },
            ));
        }
        let first = let_in_any::<S>(&mut listener).await.unwrap();
        for _ in 0..20 {
            assert!(poll_once(&mut pin!(listener.accept())).await.is_pending());
            assert_eq!(listener.connections(), 1, "{server}");
            S::sleep(Duration::from_millis(1)).await;
        }
        drop(first);
        let second = let_in_any::<S>(&mut listener).await.unwrap();
        assert_eq!(listener.connections(), 1, "{server}");
        drop(second);
        assert_eq!(listener.connections(), 0, "{server}");
        for client in clients {
            drop(client.await);
        }
    }
}

/// Those whose request is there and was not answered yet, and those who have not asked yet.
pub(crate) async fn nobody_is_forgotten_at_shutdown<C: TestRuntime, S: TestRuntime>() {
    let port = free_port();
    let mut listener = listen::<S>(&over(&format!("tcp:{port}"), "ws://localhost", ""))
        .await
        .unwrap();
    let tcp = format!("tcp:127.0.0.1:{port}");
    let mut raw = Vec::new();
    for _ in 0..4 {
        raw.push(connect::<C>(&tcp).await.unwrap());
    }
    admit::<S>(&mut listener, 4).await;
    let url = Url::parse("ws://localhost/").unwrap();
    let request = ClientConfig::stream().connect(&url, &Seed::new([1; 32]));
    for raw in &mut raw[1..] {
        raw.write_all(request.request()).await.unwrap();
    }
    let ending = S::spawn(async move { listener.shutdown(Duration::from_secs(3600)).await });
    for mut raw in raw {
        let (refusal, _) = raw.read_to_end().await;
        assert!(
            refusal.starts_with(b"HTTP/1.1 503 "),
            "{}",
            refusal.escape_ascii()
        );
    }
    // And that was all, long before the hour is over.
    assert_eq!(ending.await, 0);
    let error = connect::<C>(&tcp).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

pub(crate) async fn streams_in_use_are_told<C: TestRuntime, S: TestRuntime>() {
    let port = free_port();
    let mut listener = listen::<S>(&format!("ws://127.0.0.1:{port}"))
        .await
        .unwrap();
    let asking = C::spawn(peer::<C>(port));
    let mut stream = let_in_any::<S>(&mut listener).await.unwrap();
    let mut peer = asking.await;
    let serving = S::spawn(async move {
        let (octets, ended) = stream.read_to_end().await;
        (octets, ended.unwrap_err())
    });
    peer.send(Opcode::Binary, b"hello").await;
    let ending = S::spawn(async move { listener.shutdown(Duration::from_secs(2)).await });
    assert_eq!(peer.expect_close().await.0, 1001);
    peer.send_close(1001, "").await;
    peer.expect_end().await;
    let (octets, error) = serving.await;
    assert_eq!(octets, b"hello");
    assert_eq!(StreamError::of(&error), Some(&StreamError::ShutDown));
    assert_eq!(ending.await, 0);
}

/// They are not told, and go on until they are cut off.
pub(crate) async fn plain_streams_have_their_grace<C: TestRuntime, S: TestRuntime>() {
    let directory = Directory::new();
    let port = free_port();
    let unix = format!("unix:{}", directory.quoted("s"));
    for (server, client) in [
        (format!("tcp:{port}"), format!("tcp:127.0.0.1:{port}")),
        (unix.clone(), unix),
    ] {
        let mut listener = listen::<S>(&server).await.unwrap();
        let mut client = connect::<C>(&client).await.unwrap();
        let mut stream = let_in_any::<S>(&mut listener).await.unwrap();
        let mut ending = Box::pin(listener.shutdown(Duration::from_secs(3600)));
        assert!(poll_once(&mut ending).await.is_pending());
        client.write_all(b"hello").await.unwrap();
        assert_eq!(stream.read_exact(5).await.unwrap(), b"hello");
        stream.write_all(b"how are you?").await.unwrap();
        assert_eq!(client.read_exact(12).await.unwrap(), b"how are you?");
        assert!(poll_once(&mut ending).await.is_pending());
        // Nothing listens any more, and of a Unix socket not even the file is left.
        assert!(!directory.path("s").exists());
        client.shutdown().await.unwrap();
        stream.finish().await.unwrap();
        drop(stream);
        assert_eq!(ending.await, 0);
    }
}
