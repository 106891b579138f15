//! What every runtime does around an opening handshake: looking up, dialling, giving up; sockets and their
//! options; the request and the answer to it.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::time::Duration;

use smol::net::TcpListener;
use wsstream_core::ClosedBy;
use wsstream_core::Opcode::Binary;
use wsstream_core::handshake::{ClientConfig, HandshakeError, Refusal, ServerConfig};
use wsstream_net::{Cause, Runtime};
use wsstream_tests::net::{
    ClientEndpoint, Listener, Net, NetSocket, NetWsStream, address, connect, is_kept_alive, let_in,
    let_in_any, listen, over, stream,
};
use wsstream_tests::{Peer, Read, TestRuntime, Write, within};

wsstream_tests::on_all_runtimes! {
    a_name_with_several_addresses
    what_cannot_be_dialled
    a_server_that_says_nothing
    addresses_of_both_ends
    sockets_send_at_once_unless_told_otherwise
    sockets_are_kept_alive
    the_request_is_in_hand
    a_refusal_by_hand
    a_check_answers_nothing
    one_handshake_at_once
    no_two_connections_have_the_same_keys
    whole_messages_answer_a_stream_that_has_ended
}

async fn listener<N: Net>(server: ServerConfig) -> (Listener<N>, String) {
    let listener = N::bind(server).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    (listener, url)
}

fn handshake_error(error: &io::Error) -> Option<&HandshakeError> {
    match Cause::of(error) {
        Cause::Handshake(error) => Some(error),
        _ => None,
    }
}

/// `localhost` may be `::1` first, where nobody listens.
async fn a_name_with_several_addresses<N: Net>() {
    let (mut listener, _) = listener::<N>(ServerConfig::stream()).await;
    let url = format!("ws://localhost:{}/", address::<N>(&listener).port());
    let (client, server) = tokio::join!(N::dial(&url), let_in::<N>(&mut listener));
    client.unwrap();
    server.unwrap();
}

async fn what_cannot_be_dialled<N: Net>() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("ws://{}/", gone.local_addr().unwrap());
    drop(gone);
    let mut table = vec![
        ("http://localhost/", ErrorKind::InvalidInput),
        ("ws://localhost/#fragment", ErrorKind::InvalidInput),
        (&nobody, ErrorKind::ConnectionRefused),
    ];
    if !cfg!(feature = "rustls") {
        table.push(("wss://localhost/", ErrorKind::Unsupported));
    }
    for (url, kind) in table {
        let error = N::dial(url).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), kind, "{url}: {error}");
        assert!(handshake_error(&error).is_none(), "{url}: {error}");
    }
}

async fn a_server_that_says_nothing<N: Net>() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", silent.local_addr().unwrap());
    let client = ClientConfig::stream().handshake_timeout(Duration::from_millis(50));
    let error = N::dial_with(&url, &client).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(handshake_error(&error), Some(&HandshakeError::TimedOut));
}

/// Both ends of a connection, and what the listener saw.
async fn pair<N: Net>(nodelay: bool) -> (NetWsStream<N>, NetWsStream<N>) {
    let (listener, url) = listener::<N>(ServerConfig::stream()).await;
    let mut listener = listener.nodelay(nodelay);
    let client = ClientEndpoint::<N>::url(&url, ClientConfig::stream()).unwrap();
    let client = client.nodelay(nodelay);
    let (client, server) = tokio::join!(client.open(), let_in::<N>(&mut listener));
    (stream::<N>(client.unwrap()), server.unwrap())
}

async fn addresses_of_both_ends<N: Net>() {
    let (client, server) = pair::<N>(true).await;
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    assert_eq!(client.local_addr().unwrap(), server.peer_addr().unwrap());
    let (near, far) = (client.get_ref(), server.get_ref());
    assert_eq!(near.peer_addr().unwrap(), client.peer_addr().unwrap());
    assert_eq!(near.local_addr().unwrap(), client.local_addr().unwrap());
    assert!(!near.is_tls() && !far.is_tls());
    assert!(N::into_socket(client).into_inner().0.into_tcp().is_ok());
}

async fn sockets_send_at_once_unless_told_otherwise<N: Net>() {
    for nodelay in [true, false] {
        let (client, server) = pair::<N>(nodelay).await;
        assert_eq!(sends_at_once::<N>(client.get_ref()), nodelay);
        assert_eq!(sends_at_once::<N>(server.get_ref()), nodelay);
        for other in [!nodelay, nodelay] {
            client.set_nodelay(other).unwrap();
            assert_eq!(sends_at_once::<N>(client.get_ref()), other);
        }
    }
}

fn sends_at_once<N: TestRuntime>(socket: &NetSocket<N>) -> bool {
    let tcp = N::Net::tcp_ref(socket.tcp().unwrap());
    tcp.tcp_nodelay().unwrap()
}

/// By URL, and by descriptors of every kind that has TCP.
async fn sockets_are_kept_alive<N: Net>() {
    let (client, server) = pair::<N>(true).await;
    assert!(is_kept_alive::<N>(client.get_ref()));
    assert!(is_kept_alive::<N>(server.get_ref()));
    let tcp = "tcp:0:interface=127.0.0.1";
    for (descriptor, has_websocket) in [(tcp, false), (&over(tcp, "ws://localhost", ""), true)] {
        let mut listener = listen::<N>(descriptor).await.unwrap();
        let to = format!("tcp:127.0.0.1:{}", address::<N>(&listener).port());
        let to = match has_websocket {
            true => over(&to, "ws://localhost", ""),
            false => to,
        };
        let (client, server) = tokio::join!(connect::<N>(&to), let_in_any::<N>(&mut listener));
        for stream in [client.unwrap(), server.unwrap()] {
            assert!(is_kept_alive::<N>(&N::into_socket(stream)), "{descriptor}");
        }
    }
}

async fn the_request_is_in_hand<N: Net>() {
    let (mut listener, url) = listener::<N>(ServerConfig::stream()).await;
    let url = format!("{url}here?what");
    let client = ClientConfig::stream().header("X-Who", "me").unwrap();
    let (client, server) = tokio::join!(N::dial_with(&url, &client), async {
        let incoming = listener.accept().await.unwrap();
        let request = incoming.request().unwrap();
        assert_eq!((request.path(), request.query()), ("/here", Some("what")));
        assert_eq!(request.headers().get("x-who"), Some(&b"me"[..]));
        incoming.upgrade().await
    });
    let (client, server) = (client.unwrap(), server.unwrap());
    assert_eq!(server.request().unwrap().path(), "/here");
    assert!(server.response().is_none() && client.request().is_none());
    assert_eq!(client.response().unwrap().status(), 101);
}

async fn a_refusal_by_hand<N: Net>() {
    let (mut listener, url) = listener::<N>(ServerConfig::stream()).await;
    let options = ClientConfig::stream();
    let (client, ()) = tokio::join!(N::dial_with(&url, &options), async {
        let incoming = listener.accept().await.unwrap();
        let refusal = Refusal::new(418)
            .header("X-Why", "short and stout")
            .unwrap();
        incoming.refuse(&refusal.body("a teapot")).await.unwrap();
    });
    let error = client.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    let Some(HandshakeError::Refused(response)) = handshake_error(&error) else {
        unreachable!("{error}");
    };
    assert_eq!(response.status(), 418);
    assert_eq!(
        response.headers().get("x-why"),
        Some(&b"short and stout"[..])
    );
    assert_eq!(response.body(), b"a teapot");
    // Nobody counts any more.
    assert_eq!(listener.connections(), 0);
}

/// It may still be refused for something else, or accepted.
async fn a_check_answers_nothing<N: Net>() {
    let (mut listener, url) = listener::<N>(ServerConfig::stream().path("/here")).await;
    for (path, good) in [("here", true), ("there", false)] {
        let (url, client) = (format!("{url}{path}"), ClientConfig::stream());
        let (opened, ()) = tokio::join!(N::dial_with(&url, &client), async {
            let incoming = listener.accept().await.unwrap();
            assert_eq!(incoming.check().is_ok(), good);
            incoming.refuse(&Refusal::new(403)).await.unwrap();
        });
        let error = opened.map(drop).unwrap_err();
        assert!(error.to_string().contains("403"), "{error}");
    }
}

/// With one at once, who says nothing holds up the next one until its time is up.
async fn one_handshake_at_once<N: Net>() {
    let limit = Duration::from_millis(200);
    let (listener, url) = listener::<N>(ServerConfig::stream().handshake_timeout(limit)).await;
    let mut listener = listener.max_handshakes(1);
    let silent = smol::net::TcpStream::connect(address::<N>(&listener));
    let mut silent = silent.await.unwrap();
    let refused = N::spawn(async move { silent.read_to_end().await.0 });
    let next = N::spawn(async move { N::dial(&url).await.map(drop) });
    let accepted = within::<N, _>(limit / 2, listener.accept()).await;
    assert!(accepted.is_none(), "two at once");
    let incoming = listener.accept().await.unwrap();
    incoming.accept().await.unwrap();
    next.await.unwrap();
    assert!(refused.await.starts_with(b"HTTP/1.1 408 "));
}

/// The key of the handshake, and those of frames, are from the system's own randomness.
async fn no_two_connections_have_the_same_keys<N: Net>() {
    const COUNT: usize = 10;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let mut masks = BTreeSet::new();
    for _ in 0..COUNT {
        let (stream, mut peer) = tokio::join!(N::dial(&url), async {
            Peer::accept(listener.accept().await.unwrap().0).await
        });
        let mut stream = stream.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let frame = peer.recv().await;
        assert_eq!(frame.header.opcode, Binary);
        masks.insert(frame.header.mask.unwrap());
    }
    // That two of ten are the same by chance happens once in a hundred million runs.
    assert_eq!(masks.len(), COUNT);
}

/// Half close holds for the connection that agreed on it, whatever a server makes of it.
async fn whole_messages_answer_a_stream_that_has_ended<N: Net>() {
    let (mut listener, url) = listener::<N>(ServerConfig::stream()).await;
    let serving = N::spawn(async move {
        let upgraded = listener.accept().await.unwrap().upgrade().await;
        let mut websocket = upgraded.unwrap().into_websocket();
        let question = websocket.recv().await.unwrap().unwrap();
        assert!(websocket.recv().await.unwrap().is_none());
        websocket.send(question).await.unwrap();
        websocket.close().await.unwrap();
        let info = websocket.info();
        assert_eq!(info.agreed.subprotocol(), Some("binary"));
        assert_eq!(info.closed_by, Some(ClosedBy::Peer));
        assert_eq!(
            websocket.peer_addr().unwrap(),
            websocket.get_ref().peer_addr().unwrap()
        );
        websocket.set_nodelay(false).unwrap();
        assert!(!sends_at_once::<N>(websocket.get_mut()));
    });
    let mut client = N::dial(&url).await.unwrap();
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let (answer, ended) = client.read_to_end().await;
    ended.unwrap();
    assert_eq!(answer, b"question");
    serving.await;
}
