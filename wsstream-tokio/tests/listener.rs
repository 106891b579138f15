//! The listener on real sockets: its limit, its end, and a system that has no more files.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wsstream_tokio::{
    CloseCode, Config, Listener, NetStream, Server, StreamError, WsStream, connect,
};

const GRACE: Duration = Duration::from_secs(60);

async fn listener(server: Server) -> (Listener, String) {
    let listener = Listener::bind("127.0.0.1:0", server).await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    (listener, url)
}

/// Both ends of a connection.
async fn pair(listener: &mut Listener, url: &str) -> (WsStream<NetStream>, WsStream<NetStream>) {
    let (client, server) = tokio::join!(connect(url), async {
        listener.accept().await.unwrap().accept().await
    });
    (client.unwrap(), server.unwrap().into_stream())
}

fn stream_error(error: &std::io::Error) -> &StreamError {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn the_next_one_waits_until_one_leaves() {
    let (listener, url) = listener(Server::stream()).await;
    let mut listener = listener.max_connections(1);
    let (_client, stream) = pair(&mut listener, &url).await;
    let next = tokio::spawn(async move { connect(&url).await });
    // Everything that could let it in has had its turn.
    let accepted = timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(accepted.is_err());
    drop(stream);
    let incoming = listener.accept().await.unwrap();
    let _stream = incoming.accept().await.unwrap().into_stream();
    next.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_idle_connection_gets_1001_and_a_busy_one_finishes() {
    let (mut listener, url) = listener(Server::stream()).await;
    let address = listener.local_addr().unwrap();
    let (mut idle_client, mut idle) = pair(&mut listener, &url).await;
    let (mut busy_client, mut busy) = pair(&mut listener, &url).await;
    tokio::spawn(async move {
        let error = idle.read(&mut [0; 9]).await.unwrap_err();
        assert_eq!(stream_error(&error), &StreamError::ShutDown);
    });
    tokio::spawn(async move {
        let mut request = String::new();
        busy.read_to_string(&mut request).await.unwrap();
        busy.write_all(request.as_bytes()).await.unwrap();
        busy.close().await.unwrap();
    });
    let shutdown = tokio::spawn(listener.shutdown(Duration::from_secs(1)));
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    busy_client.write_all(b"finished").await.unwrap();
    busy_client.shutdown().await.unwrap();
    let mut reply = String::new();
    busy_client.read_to_string(&mut reply).await.unwrap();
    assert_eq!(reply, "finished");
    busy_client.close().await.unwrap();
    let error = idle_client.read(&mut [0; 9]).await.unwrap_err();
    let StreamError::Closed(close) = stream_error(&error) else {
        unreachable!("{error}");
    };
    assert_eq!(close.code(), Some(CloseCode::GOING_AWAY));
    assert_eq!(shutdown.await.unwrap(), 0);
}

/// It sends for ever and answers no Close.
#[tokio::test]
async fn a_stubborn_connection_is_cut_off() {
    let config = Config::new().close_timeout(Duration::from_millis(200));
    let (mut listener, url) = listener(Server::stream().config(config)).await;
    let (client, mut stream) = pair(&mut listener, &url).await;
    let (mut raw, _) = client.into_inner();
    let sending = tokio::spawn(async move {
        let frame = [&[0x82, 0x84, 0, 0, 0, 0][..], b"more"].concat();
        while raw.write_all(&frame).await.is_ok() {}
    });
    let reading = tokio::spawn(async move {
        loop {
            if let Err(error) = stream.read(&mut [0; 4096]).await {
                return error;
            }
        }
    });
    assert_eq!(listener.shutdown(Duration::ZERO).await, 0);
    let error = reading.await.unwrap();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(stream_error(&error), &StreamError::ShutDown);
    sending.await.unwrap();
}

#[tokio::test]
async fn who_has_not_asked_yet_is_refused() {
    let (mut listener, _) = listener(Server::stream()).await;
    let address = listener.local_addr().unwrap();
    let mut tcp = TcpStream::connect(address).await.unwrap();
    while listener.connections() == 0 {
        let _ = timeout(Duration::from_millis(1), listener.accept()).await;
    }
    let shutdown = tokio::spawn(listener.shutdown(GRACE));
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(tcp);
    assert_eq!(shutdown.await.unwrap(), 0);
}

#[tokio::test]
async fn a_request_that_nobody_has_taken_is_refused() {
    let (mut listener, url) = listener(Server::stream()).await;
    let connecting = tokio::spawn(async move { connect(&url).await.map(drop) });
    while listener.connections() == 0 {
        let accepted = timeout(Duration::from_millis(1), listener.accept()).await;
        if let Ok(incoming) = accepted {
            // It was as quick as that; then the answer is ours to give.
            let shutdown = tokio::spawn(listener.shutdown(GRACE));
            tokio::task::yield_now().await;
            assert!(incoming.unwrap().accept().await.is_err());
            assert_eq!(shutdown.await.unwrap(), 0);
            let error = connecting.await.unwrap().unwrap_err();
            assert!(error.to_string().contains("503"), "{error}");
            return;
        }
    }
    assert_eq!(listener.shutdown(GRACE).await, 0);
    let error = connecting.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
}
