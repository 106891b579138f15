//! Listeners on real sockets, on every runtime: their limits and their end.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::{self, ErrorKind};
use std::time::Duration;

use smol::net::TcpStream;
use wsstream_core::handshake::{HandshakeError, ServerConfig};
use wsstream_core::{CloseCode, ConnectionConfig, StreamError};
use wsstream_tests::contract::{read_all, stream_error};
use wsstream_tests::net::{
    Directory, Listener, Net, NetWsStream, address, connect, let_in, let_in_any, listen, over,
};
use wsstream_tests::{Read, Write, next_turn, poll_once, within};

wsstream_tests::on_all_runtimes! {
    the_next_one_waits_until_one_leaves
    an_idle_connection_gets_1001_and_a_busy_one_finishes
    a_stubborn_connection_is_cut_off
    who_has_not_asked_yet_is_refused
    a_request_that_nobody_has_taken_is_refused
    a_shutdown_that_is_dropped_cuts_off
    an_address_is_a_host_and_a_port
    what_was_cut_off_stays_so
    handshakes_are_cut_off_while_the_listener_lives
    a_plain_connection_is_itself
    a_plain_connection_is_not_upgraded
    a_connection_that_nobody_has_taken_comes_too_late
    clients_that_never_answer_have_no_more_than_the_grace
    plain_streams_have_no_more_than_the_grace
    handshakes_over_a_handshake_have_no_more_than_the_grace
    who_is_silent_makes_room
    who_is_not_admitted_is_gone_at_once
}

const GRACE: Duration = Duration::from_secs(60);

/// A grace to wait for.
const SOON: Duration = Duration::from_millis(500);

/// Longer than that, even where nothing runs smoothly, and shorter than any time limit of a connection.
const IN_TIME: Duration = Duration::from_secs(5);

async fn listener<N: Net>(server: ServerConfig) -> (Listener<N>, String) {
    let listener = N::bind(server).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    (listener, url)
}

/// A listener of a URL and one of a descriptor.
async fn listeners<N: Net>() -> [Listener<N>; 2] {
    let websocket = over("tcp:0:interface=127.0.0.1", "ws://localhost", "");
    [
        N::bind(ServerConfig::stream()).await,
        listen::<N>(&websocket).await.unwrap(),
    ]
}

/// Has the listener look who has come until it knows of so many, none of whom is through.
async fn admit<N: Net>(listener: &mut Listener<N>, count: usize) {
    while listener.connections() < count {
        let accepted = within::<N, _>(Duration::from_millis(1), listener.accept()).await;
        assert!(accepted.is_none());
    }
}

/// Shuts down, within the grace alone. Tasks that are cut off then drop their streams as soon as they get a turn.
async fn ends_in_time<N: Net>(listener: &mut Listener<N>) {
    let left = within::<N, _>(IN_TIME, listener.shutdown(SOON)).await;
    assert!(left.is_some());
    while listener.connections() > 0 {
        next_turn().await;
    }
}

/// Both ends of a connection.
async fn pair<N: Net>(listener: &mut Listener<N>, url: &str) -> (NetWsStream<N>, NetWsStream<N>) {
    let (client, server) = tokio::join!(N::dial(url), let_in::<N>(listener));
    (client.unwrap(), server.unwrap())
}

async fn the_next_one_waits_until_one_leaves<N: Net>() {
    let (listener, url) = listener::<N>(ServerConfig::stream()).await;
    let mut listener = listener.max_connections(1);
    let (_client, stream) = pair::<N>(&mut listener, &url).await;
    let next = N::spawn(async move { N::dial(&url).await });
    // Everything that could let it in has had its turn.
    let accepted = within::<N, _>(Duration::from_millis(100), listener.accept()).await;
    assert!(accepted.is_none());
    drop(stream);
    let _stream = let_in::<N>(&mut listener).await.unwrap();
    next.await.unwrap();
}

async fn an_idle_connection_gets_1001_and_a_busy_one_finishes<N: Net>() {
    let (mut listener, url) = listener::<N>(ServerConfig::stream()).await;
    let address = address::<N>(&listener);
    let (mut idle_client, mut idle) = pair::<N>(&mut listener, &url).await;
    let (mut busy_client, mut busy) = pair::<N>(&mut listener, &url).await;
    drop(N::spawn(async move {
        let error = idle.read(&mut [0; 9]).await.unwrap_err();
        assert_eq!(stream_error(&error), Some(&StreamError::ShutDown));
    }));
    drop(N::spawn(async move {
        let request = read_all(&mut busy).await;
        busy.write_all(&request).await.unwrap();
        busy.finish().await.unwrap();
    }));
    let shutdown = N::spawn(async move { listener.shutdown(Duration::from_secs(2)).await });
    while TcpStream::connect(address).await.is_ok() {
        next_turn().await;
    }
    busy_client.write_all(b"finished").await.unwrap();
    busy_client.shutdown().await.unwrap();
    assert_eq!(read_all(&mut busy_client).await, b"finished");
    busy_client.finish().await.unwrap();
    let error = idle_client.read(&mut [0; 9]).await.unwrap_err();
    assert!(matches!(stream_error(&error), Some(StreamError::Closed(_))));
    let close = idle_client.info().received_close.unwrap();
    assert_eq!(close.code(), Some(CloseCode::GOING_AWAY));
    assert_eq!(shutdown.await, 0);
}

/// It sends for ever and answers no Close.
async fn a_stubborn_connection_is_cut_off<N: Net>() {
    let config = ConnectionConfig::new().close_timeout(Duration::from_millis(200));
    let (mut listener, url) = listener::<N>(ServerConfig::stream().config(config)).await;
    let (client, mut stream) = pair::<N>(&mut listener, &url).await;
    let mut raw = N::wrap(N::into_socket(client).into_inner().0);
    let sending = N::spawn(async move {
        let frame = [&[0x82, 0x84, 0, 0, 0, 0][..], b"more"].concat();
        while raw.write_all(&frame).await.is_ok() {}
    });
    let reading = N::spawn(async move {
        loop {
            if let Err(error) = stream.read(&mut [0; 4096]).await {
                return error;
            }
        }
    });
    ends_in_time::<N>(&mut listener).await;
    let error = reading.await;
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(stream_error(&error), Some(&StreamError::ShutDown));
    sending.await;
}

async fn who_has_not_asked_yet_is_refused<N: Net>() {
    let (mut listener, _) = listener::<N>(ServerConfig::stream()).await;
    let address = address::<N>(&listener);
    let mut tcp = TcpStream::connect(address).await.unwrap();
    while listener.connections() == 0 {
        let _ = within::<N, _>(Duration::from_millis(1), listener.accept()).await;
    }
    let shutdown = N::spawn(async move { listener.shutdown(GRACE).await });
    let answer = String::from_utf8(read_all(&mut tcp).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(tcp);
    assert_eq!(shutdown.await, 0);
}

async fn a_request_that_nobody_has_taken_is_refused<N: Net>() {
    let (mut listener, url) = listener::<N>(ServerConfig::stream()).await;
    let connecting = N::spawn(async move { N::dial(&url).await.map(drop) });
    while listener.connections() == 0 {
        let accepted = within::<N, _>(Duration::from_millis(1), listener.accept()).await;
        if let Some(incoming) = accepted {
            // It was as quick as that; then the answer is ours to give.
            let mut shutdown = Box::pin(listener.shutdown(GRACE));
            assert!(poll_once(&mut shutdown).await.is_pending());
            assert!(incoming.unwrap().accept().await.is_err());
            assert_eq!(shutdown.await, 0);
            let error = connecting.await.unwrap_err();
            assert!(error.to_string().contains("503"), "{error}");
            return;
        }
    }
    assert_eq!(listener.shutdown(GRACE).await, 0);
    let error = connecting.await.unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
}

/// Before it is polled, too.
async fn a_shutdown_that_is_dropped_cuts_off<N: Net>() {
    let (mut listener, url) = listener::<N>(ServerConfig::stream()).await;
    let (mut client, mut server) = pair::<N>(&mut listener, &url).await;
    drop(listener.shutdown(GRACE));
    let error = server.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(stream_error(&error), Some(&StreamError::ShutDown));
    drop(server);
    client.read(&mut [0; 1]).await.unwrap_err();
}

async fn an_address_is_a_host_and_a_port<N: Net>() {
    for wrong in [
        "9000",
        "localhost",
        "localhost:",
        "localhost:99999",
        "ws://localhost:0",
        "ws://localhost:0/",
    ] {
        let bound = Listener::<N>::bind(wrong, ServerConfig::stream()).await;
        let error = bound.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let said = format!("expected HOST:PORT, not {wrong:?}");
        assert_eq!(error.to_string(), said);
    }
    for right in ["localhost:0", "127.0.0.1:0"] {
        let bound = Listener::<N>::bind(right, ServerConfig::stream()).await;
        assert!(address::<N>(&bound.unwrap()).ip().is_loopback());
    }
}

/// Whatever is said of others later.
async fn what_was_cut_off_stays_so<N: Net>() {
    let (mut listener, url) = listener::<N>(ServerConfig::stream()).await;
    let (_client, mut server) = pair::<N>(&mut listener, &url).await;
    drop(listener.shutdown(GRACE));
    let mut again = Box::pin(listener.shutdown(GRACE));
    assert!(poll_once(&mut again).await.is_pending());
    let read = within::<N, _>(Duration::from_secs(5), server.read(&mut [0; 1])).await;
    let error = read.unwrap().unwrap_err();
    assert_eq!(stream_error(&error), Some(&StreamError::ShutDown));
}

/// It is counted, and can be taken out all the same.
async fn a_plain_connection_is_itself<N: Net>() {
    let mut listener = listen::<N>("tcp:0:interface=127.0.0.1").await.unwrap();
    let connecting = TcpStream::connect(address::<N>(&listener));
    let (_client, server) = tokio::join!(connecting, let_in_any::<N>(&mut listener));
    assert_eq!(listener.connections(), 1);
    let socket = N::into_socket(server.unwrap());
    assert!(socket.tcp().is_some());
    let _tcp = socket.into_tcp().unwrap();
    assert_eq!(listener.connections(), 0);
}

/// There is no WebSocket to give, and that is told without an answer on the wire.
async fn a_plain_connection_is_not_upgraded<N: Net>() {
    let mut listener = listen::<N>("tcp:0:interface=127.0.0.1").await.unwrap();
    let connecting = TcpStream::connect(address::<N>(&listener));
    let (client, incoming) = tokio::join!(connecting, listener.accept());
    let error = incoming.unwrap().upgrade().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(read_all(&mut client.unwrap()).await, b"");
    assert_eq!(listener.connections(), 0);
}

/// With no WebSocket, or with one over another: what waits to be accepted is refused before it gets any further.
async fn a_connection_that_nobody_has_taken_comes_too_late<N: Net>() {
    let tcp = "tcp:0:interface=127.0.0.1";
    let one = over(tcp, "ws://localhost", "");
    for (descriptor, layers) in [(tcp, 0), (&one, 1), (&over(&one, "ws://localhost", ""), 2)] {
        let mut listener = listen::<N>(descriptor).await.unwrap();
        let to = format!("tcp:127.0.0.1:{}", address::<N>(&listener).port());
        let to = (0..layers).fold(to, |below, _| over(&below, "ws://localhost", ""));
        let connecting = N::spawn(async move {
            let stream = connect::<N>(&to).await;
            match stream {
                Err(error) => error,
                // Without a request there is nothing to answer.
                Ok(mut stream) => {
                    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
                    ErrorKind::NotConnected.into()
                }
            }
        });
        let incoming = listener.accept().await.unwrap();
        incoming.check().unwrap();
        let mut shutdown = Box::pin(listener.shutdown(GRACE));
        assert!(poll_once(&mut shutdown).await.is_pending());
        assert_eq!(incoming.check(), Err(HandshakeError::ShuttingDown));
        incoming.accept().await.map(drop).unwrap_err();
        assert_eq!(shutdown.await, 0);
        let error = connecting.await;
        if layers > 0 {
            assert!(error.to_string().contains("503"), "{error}");
        }
    }
}

/// Of one WebSocket over another: the inner one's, which knows of no listener.
async fn handshakes_are_cut_off_while_the_listener_lives<N: Net>() {
    let below = over("tcp:0:interface=127.0.0.1", "ws://localhost", "");
    let mut listener = listen::<N>(&over(&below, "ws://localhost", ""))
        .await
        .unwrap();
    let mut tcp = TcpStream::connect(address::<N>(&listener)).await.unwrap();
    while listener.connections() == 0 {
        let _ = within::<N, _>(Duration::from_millis(1), listener.accept()).await;
    }
    drop(listener.shutdown(GRACE));
    let answer = within::<N, _>(Duration::from_secs(5), read_all(&mut tcp)).await;
    assert_eq!(answer.unwrap(), b"");
    while listener.connections() > 0 {
        next_turn().await;
    }
}

/// They are told in time for an answer, none of them gives one, and all is over.
async fn clients_that_never_answer_have_no_more_than_the_grace<N: Net>() {
    for mut listener in listeners::<N>().await {
        let url = format!("ws://{}/", address::<N>(&listener));
        let (mut clients, mut reading) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            let (client, mut stream) = pair::<N>(&mut listener, &url).await;
            clients.push(N::wrap(N::into_socket(client).into_inner().0));
            reading.push(N::spawn(async move {
                stream.read(&mut [0; 9]).await.unwrap_err()
            }));
        }
        ends_in_time::<N>(&mut listener).await;
        for (mut client, reading) in clients.into_iter().zip(reading) {
            assert_eq!(stream_error(&reading.await), Some(&StreamError::ShutDown));
            // A Close, and nothing more.
            assert_eq!(read_all(&mut client).await, [0x88, 2, 0x03, 0xe9]);
        }
    }
}

/// They cannot be told, and are cut off, reading or writing. Over TCP their peers see that it is no end.
async fn plain_streams_have_no_more_than_the_grace<N: Net>() {
    let directory = Directory::new();
    let unix = format!("unix:{}", directory.quoted("s"));
    for server in ["tcp:0:interface=127.0.0.1", &unix] {
        let mut listener = listen::<N>(server).await.unwrap();
        let client = match listener.local_addr().tcp() {
            Some(tcp) => format!("tcp:{}:{}", tcp.ip(), tcp.port()),
            None => unix.clone(),
        };
        let mut clients = Vec::new();
        let mut serving = Vec::new();
        for writes in [false, true] {
            clients.push(connect::<N>(&client).await.unwrap());
            let mut stream = let_in_any::<N>(&mut listener).await.unwrap();
            serving.push(N::spawn(async move {
                let error = loop {
                    let ended = match writes {
                        true => stream.write_all(&[7; 10_000]).await,
                        false => stream.read_exact(1).await.map(drop),
                    };
                    if let Err(error) = ended {
                        break error;
                    }
                };
                (error, stream.shutdown().await.unwrap_err())
            }));
        }
        ends_in_time::<N>(&mut listener).await;
        for serving in serving {
            let (error, shut_down) = serving.await;
            for error in [error, shut_down] {
                assert_eq!(stream_error(&error), Some(&StreamError::ShutDown));
            }
        }
        for mut client in clients {
            let ended = client.read_to_end().await.1.map_err(|error| error.kind());
            match server == unix {
                true => assert_eq!(ended, Ok(())),
                false => assert_eq!(ended, Err(ErrorKind::ConnectionReset)),
            }
        }
    }
}

/// The application has accepted the outer WebSocket, and waits for the request of one over it, which does not come.
async fn handshakes_over_a_handshake_have_no_more_than_the_grace<N: Net>() {
    let tcp = "tcp:0:interface=127.0.0.1".to_owned();
    let three = (0..3).fold(tcp, |below, _| over(&below, "ws://localhost", ""));
    let mut listener = listen::<N>(&three).await.unwrap();
    let url = format!("ws://{}/", address::<N>(&listener));
    let dialling = N::spawn(async move { N::dial(&url).await });
    let incoming = listener.accept().await.unwrap();
    let accepting = N::spawn(async move { incoming.accept().await.map(drop).unwrap_err() });
    let _outer = dialling.await.unwrap();
    ends_in_time::<N>(&mut listener).await;
    let error = io::Error::from(accepting.await);
    assert_eq!(stream_error(&error), Some(&StreamError::ShutDown));
}

/// A client says nothing and holds the only place, for handshakes or at all: it loses it when another one comes.
async fn who_is_silent_makes_room<N: Net>() {
    for limits_connections in [false, true] {
        for listener in listeners::<N>().await {
            let mut listener = match limits_connections {
                true => listener.max_connections(1),
                false => listener.max_handshakes(1),
            };
            let address = address::<N>(&listener);
            let mut silent = TcpStream::connect(address).await.unwrap();
            admit::<N>(&mut listener, 1).await;
            let asking = N::spawn(async move { N::dial(&format!("ws://{address}/")).await });
            let stream = within::<N, _>(IN_TIME, let_in::<N>(&mut listener)).await;
            let _stream = stream.unwrap().unwrap();
            asking.await.unwrap();
            assert_eq!(read_all(&mut silent).await, b"");
            assert_eq!(listener.connections(), 1);
        }
    }
}

/// It takes nobody's place, and is asked about with its address.
async fn who_is_not_admitted_is_gone_at_once<N: Net>() {
    for listener in listeners::<N>().await {
        let (tell, told) = std::sync::mpsc::channel();
        let mut banned = true;
        let mut listener = listener.max_connections(1).admit(move |peer| {
            tell.send(peer.clone()).unwrap();
            // The first alone.
            !std::mem::take(&mut banned)
        });
        let address = address::<N>(&listener);
        let mut tcp = TcpStream::connect(address).await.unwrap();
        let local = tcp.local_addr().unwrap();
        let asking = N::spawn(async move { N::dial(&format!("ws://{address}/")).await });
        let _stream = let_in::<N>(&mut listener).await.unwrap();
        asking.await.unwrap();
        assert_eq!(read_all(&mut tcp).await, b"");
        assert_eq!(told.recv().unwrap().tcp(), Some(local));
        assert_eq!(told.try_iter().count(), 1);
    }
}
