//! Listeners on real sockets, on every runtime: their limits and their end.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::ErrorKind;
use std::time::Duration;

use smol::net::TcpStream;
use wsstream_core::handshake::{HandshakeError, ServerConfig};
use wsstream_core::{CloseCode, ConnectionConfig, StreamError};
use wsstream_tests::contract::{read_all, stream_error};
use wsstream_tests::net::{
    Listener, Net, NetWsStream, address, connect, let_in, let_in_any, listen, over,
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
}

const GRACE: Duration = Duration::from_secs(60);

async fn listener<N: Net>(server: ServerConfig) -> (Listener<N>, String) {
    let listener = N::bind(server).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    (listener, url)
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
        busy.close().await.unwrap();
    }));
    let shutdown = N::spawn(async move { listener.shutdown(Duration::from_secs(1)).await });
    while TcpStream::connect(address).await.is_ok() {
        next_turn().await;
    }
    busy_client.write_all(b"finished").await.unwrap();
    busy_client.shutdown().await.unwrap();
    assert_eq!(read_all(&mut busy_client).await, b"finished");
    busy_client.close().await.unwrap();
    let error = idle_client.read(&mut [0; 9]).await.unwrap_err();
    assert!(matches!(stream_error(&error), Some(StreamError::Closed(_))));
    let close = idle_client.connection().received_close().unwrap();
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
    assert_eq!(listener.shutdown(Duration::ZERO).await, 0);
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
        assert_eq!(error.to_string(), format!("{wrong}: expected HOST:PORT"));
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
