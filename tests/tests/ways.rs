//! Every way there is to a server, by URL and by descriptor, on every runtime: over Unix sockets, from
//! a source address, refused before the 101. And listeners and relays, for any of them. Proxies are in `proxies.rs`, TLS
//! twice is in `tls/twice.rs`.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use smol::Async;
use wsstream_core::handshake::{ClientConfig, HandshakeError, Refusal, ServerConfig};
use wsstream_core::pump::Ended;
use wsstream_core::{CloseCode, StreamError};
use wsstream_net::descriptor::EndpointAddress;
use wsstream_net::{BlockingSocket, Cause, relay};
use wsstream_tests::contract::{read_all, stream_error};
use wsstream_tests::net::By::{self, Descriptor, Url};
use wsstream_tests::net::{
    ClientEndpoint, Directory, Listener, Net, NetWsStream, ServerEndpoint, address, connect,
    free_port, let_in, let_in_any, listen, over, server, talk_with, tcp,
};
use wsstream_tests::{Pattern, Read, Write};

wsstream_tests::on_all_runtimes! {
    a_unix_socket_by_url
    a_unix_socket_by_descriptor
    a_source_address_by_url
    a_source_address_by_descriptor
    refused_before_the_101_by_url
    refused_before_the_101_by_descriptor
    no_more_after_shutdown
    tcp_that_listens_already
    unix_that_listens_already
    a_descriptor_on_what_listens_already
    relay_of_two_websockets
    relay_of_two_websockets_of_which_one_fails
    relay_of_two_descriptors
    relay_of_what_blocks
    a_reset_instead_of_an_end
}

const LEN: usize = 100_000;

async fn over_a_unix_socket<N: Net>(by: By) {
    let directory = Directory::new();
    let path = directory.path("s");
    let (listener, client) = match by {
        Url => {
            let listener = Listener::<N>::bind_unix(&path, ServerConfig::stream()).await;
            // No name service knows it, and nobody asks one.
            let url = "ws://nowhere.invalid/here";
            let client = ClientEndpoint::<N>::url(url, ClientConfig::stream());
            (listener.unwrap(), client.unwrap().unix(&path))
        }
        Descriptor => {
            let unix = format!("unix:{}", directory.quoted("s"));
            let descriptor = over(&unix, "ws://localhost/here", "");
            let listener = listen::<N>(&descriptor).await.unwrap();
            (listener, descriptor.parse().unwrap())
        }
    };
    let here = EndpointAddress::Unix(Some(path.to_str().unwrap().into()));
    assert_eq!(listener.local_addr(), &here);
    let talked = talk_with::<N, N>(listener, &client, LEN).await;
    assert_eq!(talked.reached, here);
    assert_eq!(talked.let_in, EndpointAddress::Unix(None));
    assert_eq!(talked.path.as_deref(), Some("/here"));
    // The listener is gone, and its files are too.
    assert!(!path.exists());
}

async fn a_unix_socket_by_url<N: Net>() {
    over_a_unix_socket::<N>(Url).await;
}

async fn a_unix_socket_by_descriptor<N: Net>() {
    over_a_unix_socket::<N>(Descriptor).await;
}

/// Linux's loopback has many addresses.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

async fn a_source_address_by_url<N: Net>() {
    let (listener, client) = server::<N>(Url).await;
    let talked = talk_with::<N, N>(listener, &client.bind_address(SOURCE), LEN).await;
    assert_eq!(tcp(&talked.let_in).ip(), SOURCE);
    // With a port that matters.
    let (listener, client) = server::<N>(Url).await;
    let from = SocketAddr::new(SOURCE, free_port());
    let talked = talk_with::<N, N>(listener, &client.bind_address(from), LEN).await;
    assert_eq!(tcp(&talked.let_in), from);
}

async fn a_source_address_by_descriptor<N: Net>() {
    let (listener, _) = server::<N>(Descriptor).await;
    let port = address::<N>(&listener).port();
    let client = format!("tcp:127.0.0.1:{port}:bindAddress={SOURCE}");
    let client = over(&client, "ws://localhost/here", "").parse().unwrap();
    let talked = talk_with::<N, N>(listener, &client, LEN).await;
    assert_eq!(tcp(&talked.let_in).ip(), SOURCE);
}

/// It is looked at before anything is answered.
async fn refused_before_the_101<N: Net>(by: By) {
    let (mut listener, client) = server::<N>(by).await;
    let (refused, ()) = tokio::join!(client.open(), async {
        let incoming = listener.accept().await.unwrap();
        assert_eq!(
            tcp(&incoming.peer_addr().unwrap()).ip(),
            Ipv4Addr::LOCALHOST
        );
        assert_eq!(incoming.request().unwrap().path(), "/here");
        incoming.check().unwrap();
        let refusal = Refusal::new(403).body("not you");
        incoming.refuse(&refusal).await.unwrap();
    });
    let error = refused.map(drop).unwrap_err();
    let Cause::Handshake(HandshakeError::Refused(response)) = error.cause() else {
        panic!("{error}");
    };
    assert_eq!((response.status(), response.body()), (403, &b"not you"[..]));
    assert_eq!(listener.connections(), 0);
}

async fn refused_before_the_101_by_url<N: Net>() {
    refused_before_the_101::<N>(Url).await;
}

async fn refused_before_the_101_by_descriptor<N: Net>() {
    refused_before_the_101::<N>(Descriptor).await;
}

async fn no_more_after_shutdown<N: Net>() {
    for by in [Url, Descriptor] {
        let (mut listener, client) = server::<N>(by).await;
        assert_eq!(listener.shutdown(Duration::ZERO).await, 0);
        assert!(listener.accept().await.is_none());
        assert!(listener.accept().await.is_none());
        let error = client.connect().await.map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}

async fn tcp_that_listens_already<N: Net>() {
    let std = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = std.local_addr().unwrap();
    let listener = Listener::<N>::from_std(std, ServerConfig::stream()).unwrap();
    assert_eq!(address::<N>(&listener), at);
    let client = ClientEndpoint::<N>::url(&format!("ws://{at}/here"), ClientConfig::stream());
    talk_with::<N, N>(listener, &client.unwrap(), LEN).await;
}

async fn unix_that_listens_already<N: Net>() {
    let directory = Directory::new();
    let path = directory.path("s");
    let std = UnixListener::bind(&path).unwrap();
    let listener = Listener::<N>::from_std(std, ServerConfig::stream()).unwrap();
    let client = ClientEndpoint::<N>::url("ws://localhost/", ClientConfig::stream());
    talk_with::<N, N>(listener, &client.unwrap().unix(&path), LEN).await;
    // It was not made here.
    assert!(path.exists());
}

/// Where the descriptor would listen does not matter then.
async fn a_descriptor_on_what_listens_already<N: Net>() {
    for (server, path) in [
        ("tcp:1:interface=192.0.2.1".to_owned(), None),
        (
            over("unix:/nowhere/s", "ws://localhost/", ""),
            Some("/here"),
        ),
    ] {
        let std = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = std.local_addr().unwrap();
        let server: ServerEndpoint<N> = server.parse().unwrap();
        let listener = server.listen_on(std).await.unwrap();
        assert_eq!(address::<N>(&listener), at);
        let client = format!("tcp:127.0.0.1:{}", at.port());
        let client = match path {
            Some(path) => over(&client, &format!("ws://localhost{path}"), ""),
            None => client,
        };
        let talked = talk_with::<N, N>(listener, &client.parse().unwrap(), LEN).await;
        assert_eq!(talked.path.as_deref(), path);
    }
}

/// Both ends of a connection.
async fn pair<N: Net>() -> (NetWsStream<N>, NetWsStream<N>) {
    let (mut listener, client) = server::<N>(Url).await;
    let opening = async { client.open().await.map(wsstream_tests::net::stream::<N>) };
    let (client, server) = tokio::join!(opening, let_in::<N>(&mut listener));
    (client.unwrap(), server.unwrap())
}

/// Asks at one end of a relay, answers at the other, and ends in turn.
async fn converse(near: impl Read + Write, far: impl Read + Write) -> [Vec<u8>; 2] {
    let (mut near, mut far) = (near, far);
    let asking = async {
        near.write_all(&Pattern::new(1).take(LEN)).await.unwrap();
        near.shutdown().await.unwrap();
        read_all(&mut near).await
    };
    let answering = async {
        let question = read_all(&mut far).await;
        far.write_all(&Pattern::new(2).take(2 * LEN)).await.unwrap();
        far.shutdown().await.unwrap();
        question
    };
    let (answer, question) = tokio::join!(asking, answering);
    [question, answer]
}

async fn relay_of_two_websockets<N: Net>() {
    let (near, mut a) = pair::<N>().await;
    let (mut b, far) = pair::<N>().await;
    let relaying = N::spawn(async move { relay::<N::Net>(&mut *a, &mut *b).await });
    let [question, answer] = converse(near, far).await;
    assert!(question == Pattern::new(1).take(LEN));
    assert!(answer == Pattern::new(2).take(2 * LEN));
    let carried = relaying.await.into_result().unwrap();
    assert_eq!(carried, (LEN as u64, 2 * LEN as u64));
}

/// A stream that was cut does not pass for whole at the other end.
async fn relay_of_two_websockets_of_which_one_fails<N: Net>() {
    let (mut near, mut a) = pair::<N>().await;
    let (mut b, mut far) = pair::<N>().await;
    let relaying = N::spawn(async move { relay::<N::Net>(&mut *a, &mut *b).await });
    far.write_all(b"so far so good").await.unwrap();
    assert_eq!(near.read_exact(14).await.unwrap(), b"so far so good");
    drop(N::into_socket(far).into_inner());
    let error = near.read(&mut [0; 1]).await.unwrap_err();
    let Some(StreamError::Closed(close)) = stream_error(&error) else {
        panic!("{error}");
    };
    assert_eq!(close.code(), Some(CloseCode::INTERNAL));
    drop(near);
    let relayed = relaying.await;
    assert_eq!(relayed.b_to_a.octets, 14);
    assert_eq!(relayed.b_to_a.ended, Ended::ReadFailed);
    let error = relayed.b_failed.unwrap();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

/// A program that knows two descriptors, and joins them: WebSocket or not.
async fn relay_of_two_descriptors<N: Net>() {
    let directory = Directory::new();
    let unix = format!("unix:{}", directory.quoted("s"));
    for (near_websocket, far_websocket) in
        [(true, false), (false, true), (true, true), (false, false)]
    {
        let port = free_port();
        let maybe = |websocket: bool, endpoint: &str| match websocket {
            true => over(endpoint, "ws://localhost/", ""),
            false => endpoint.to_owned(),
        };
        let near = maybe(near_websocket, &format!("tcp:{port}"));
        let mut here = listen::<N>(&near).await.unwrap();
        let target = maybe(far_websocket, &unix);
        let mut there = listen::<N>(&target).await.unwrap();
        let relaying = N::spawn(async move {
            let mut a = let_in_any::<N>(&mut here).await.unwrap();
            let mut b = connect::<N>(&target).await.unwrap();
            relay::<N::Net>(&mut *a, &mut *b).await
        });
        let near = maybe(near_websocket, &format!("tcp:127.0.0.1:{port}"));
        let (near, far) = tokio::join!(connect::<N>(&near), let_in_any::<N>(&mut there));
        let [question, answer] = converse(near.unwrap(), far.unwrap()).await;
        assert!(question == Pattern::new(1).take(LEN));
        assert!(answer == Pattern::new(2).take(2 * LEN));
        let carried = relaying.await.into_result().unwrap();
        assert_eq!(carried, (LEN as u64, 2 * LEN as u64));
    }
}

/// As standard input and output are: here they are both of a connection's halves.
async fn relay_of_what_blocks<N: Net>() {
    let (near, mut a) = pair::<N>().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (tcp, _) = listener.accept().unwrap();
    let output = Output(tcp.try_clone().unwrap());
    let mut b = BlockingSocket::<N::Net>::new(tcp, output);
    let relaying = N::spawn(async move {
        let relayed = relay::<N::Net>(&mut *a, &mut b).await;
        (relayed, b.input_ended())
    });
    let far = Async::new(far).unwrap();
    let [question, answer] = converse(near, smol::net::TcpStream::from(far)).await;
    assert!(question == Pattern::new(1).take(LEN));
    assert!(answer == Pattern::new(2).take(2 * LEN));
    let (relayed, input_ended) = relaying.await;
    let carried = relayed.into_result().unwrap();
    assert_eq!(carried, (LEN as u64, 2 * LEN as u64));
    assert!(input_ended);
}

/// Its drop is the end of what is written.
struct Output(TcpStream);

impl io::Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }
}

async fn a_reset_instead_of_an_end<N: Net>() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for resets in [false, true] {
        let client = ClientEndpoint::<N>::tcp(&address).unwrap();
        let mut near = client.connect().await.unwrap();
        near.abort_on_drop(true);
        near.abort_on_drop(resets);
        drop(near);
        let read = listener.accept().unwrap().0.read(&mut [0; 1]);
        let read = read.map_err(|error| error.kind());
        match resets {
            true => assert_eq!(read, Err(io::ErrorKind::ConnectionReset)),
            false => assert_eq!(read, Ok(0)),
        }
    }
    // There is none of a Unix socket's.
    let directory = Directory::new();
    let unix = format!("unix:{}", directory.quoted("s"));
    let mut listener = listen::<N>(&unix).await.unwrap();
    let (near, far) = tokio::join!(connect::<N>(&unix), let_in_any::<N>(&mut listener));
    let (mut near, mut far) = (near.unwrap(), far.unwrap());
    near.abort_on_drop(true);
    drop(near);
    assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
}
