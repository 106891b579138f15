//! What a write has accepted is delivered although the stream is dropped: dialled and accepted, by URL and by descriptor,
//! on every runtime. `contract::drops` has the same for a socket that was handed over.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{CloseCode, ConnectionConfig, Message, StreamError};
use wsstream_tests::contract::stream_error;
use wsstream_tests::net::By::{self, Descriptor, Url};
use wsstream_tests::net::{Listener, Net, NetStream, address, let_in_any, server};
use wsstream_tests::{Pattern, Read, Write, next_turn, within};

wsstream_tests::on_all_runtimes! {
    an_upload_by_url
    an_upload_by_descriptor
    a_download_by_url
    a_download_by_descriptor
    a_message
    it_counts_until_it_is_delivered
    a_shutdown_ends_it
}

/// One end writes more than the system takes and is dropped. The other has sent what nobody reads, and reads only then.
async fn dropped<N: Net>(by: By, uploads: bool) {
    let (mut listener, client) = server::<N>(by).await;
    let (served, asked) = tokio::join!(let_in_any::<N>(&mut listener), client.connect());
    let (served, asked) = (served.unwrap(), N::stream(asked.unwrap()));
    let (mut near, mut far) = if uploads {
        (asked, served)
    } else {
        (served, asked)
    };
    far.write_all(&[7; 1000]).await.unwrap();
    let sent = fill::<N>(&mut near).await;
    drop(near);
    let (received, ended) = far.read_to_end().await;
    assert!(received == sent, "{} octets", received.len());
    assert_eq!(code(&ended.unwrap_err()), Some(1001));
}

/// Writes until nothing more is taken, and returns what was.
async fn fill<N: Net>(stream: &mut NetStream<N>) -> Vec<u8> {
    let chunk = Pattern::new(3).take(64 << 10);
    let mut sent = Vec::new();
    while let Poll::Ready(count) = poll_fn(|cx| Poll::Ready(stream.poll_write(cx, &chunk))).await {
        sent.extend_from_slice(&chunk[..count.unwrap()]);
    }
    sent
}

async fn an_upload_by_url<N: Net>() {
    dropped::<N>(Url, true).await;
}

async fn an_upload_by_descriptor<N: Net>() {
    dropped::<N>(Descriptor, true).await;
}

async fn a_download_by_url<N: Net>() {
    dropped::<N>(Url, false).await;
}

async fn a_download_by_descriptor<N: Net>() {
    dropped::<N>(Descriptor, false).await;
}

/// A message that was begun is completed.
async fn a_message<N: Net>() {
    let config = ConnectionConfig::new().max_message(16 << 20);
    let mut listener = N::bind(ServerConfig::messages().config(config.clone())).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let client = ClientConfig::messages().config(config);
    let (served, asked) = tokio::join!(
        async { listener.accept().await.unwrap().upgrade().await },
        N::dial_with(&url, &client)
    );
    let mut near = served.unwrap().into_websocket();
    let mut far = asked.unwrap().into_websocket();
    let message = Message::Binary(Pattern::new(2).take(10 << 20).into());
    poll_fn(|cx| near.poll_ready(cx)).await.unwrap();
    near.start_send(message.clone()).unwrap();
    drop(near);
    assert!(far.recv().await.unwrap() == Some(message));
    assert_eq!(code(&far.recv().await.unwrap_err()), Some(1001));
}

/// A server's end that has written until nothing more is taken, its client's, and what was written.
async fn blocked<N: Net>() -> (Listener<N>, NetStream<N>, NetStream<N>, Vec<u8>) {
    let (mut listener, client) = server::<N>(Url).await;
    let (served, asked) = tokio::join!(let_in_any::<N>(&mut listener), client.connect());
    let (mut served, asked) = (served.unwrap(), N::stream(asked.unwrap()));
    let sent = fill::<N>(&mut served).await;
    (listener, served, asked, sent)
}

async fn it_counts_until_it_is_delivered<N: Net>() {
    let (mut listener, served, mut asked, sent) = blocked::<N>().await;
    drop(served);
    assert_eq!(listener.connections(), 1);
    let (received, ended) = asked.read_to_end().await;
    assert!(received == sent, "{} octets", received.len());
    assert_eq!(code(&ended.unwrap_err()), Some(1001));
    drop(asked);
    assert_eq!(listener.shutdown(Duration::from_secs(60)).await, 0);
}

async fn a_shutdown_ends_it<N: Net>() {
    let (mut listener, served, _asked, _) = blocked::<N>().await;
    drop(served);
    assert_eq!(listener.connections(), 1);
    // The client reads nothing, and is there until the end. The task ends as soon as it gets a turn.
    let over = async {
        listener.shutdown(Duration::from_millis(200)).await;
        while listener.connections() > 0 {
            next_turn().await;
        }
    };
    // Shorter than any time limit of a connection.
    let over = within::<N, _>(Duration::from_secs(5), over).await;
    assert!(over.is_some());
}

fn code(error: &io::Error) -> Option<u16> {
    match stream_error(error)? {
        StreamError::Closed(close) => close.code().map(CloseCode::get),
        _ => None,
    }
}
