//! 3.6: peers that take their time, over real sockets, which hold megabytes on the way. Every limit is a
//! twentieth of what it is by default, and readers are twenty times as fast as one of 100 KiB/s: so what
//! the sockets hold takes as long to be read, compared with the limits, as it does there.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::time::Duration;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{ConnectionConfig, Keepalive};
use wsstream_tests::net::{Net, NetWsStream, address, let_in, stream};
use wsstream_tests::{Pattern, Read, Write};

wsstream_tests::on_all_runtimes! {
    a_reply_that_is_read_slowly
    an_upload_that_is_read_slowly
    a_reply_that_comes_late
}

/// How much is sent: more than sockets hold.
const MUCH: usize = 8 << 20;

/// How much is read at a time, and how long a reader then does something else.
const PIECE: usize = 64 << 10;
const PAUSE: Duration = Duration::from_millis(32);

fn config(half_close: bool, asks: bool) -> ConnectionConfig {
    let config = ConnectionConfig::new()
        .half_close(half_close)
        // What fits into the sockets whole would be no test.
        .compression(false)
        .close_timeout(Duration::from_millis(500))
        .progress_timeout(Duration::from_secs(3));
    if !asks {
        return config.without_keepalive();
    }
    let keepalive = Keepalive::new(Duration::from_millis(1500), Duration::from_secs(3)).unwrap();
    config.keepalive(keepalive.unanswered(Duration::from_secs(15)).unwrap())
}

async fn pair<N: Net>(
    half_close: bool,
    client_asks: bool,
    server_asks: bool,
) -> (NetWsStream<N>, NetWsStream<N>) {
    let server = ServerConfig::stream().config(config(half_close, server_asks));
    let client = ClientConfig::stream().config(config(half_close, client_asks));
    let mut listener = N::bind(server).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let (client, server) = tokio::join!(N::dial_with(&url, &client), let_in::<N>(&mut listener));
    let (client, server) = (stream::<N>(client.unwrap()), server.unwrap());
    assert_eq!(client.info().agreed.half_close(), half_close);
    (client, server)
}

async fn read_slowly<N: Net>(stream: &mut NetWsStream<N>) {
    let (mut pattern, mut buf) = (Pattern::new(1), vec![0; PIECE]);
    loop {
        match stream.read(&mut buf).await.unwrap() {
            0 => break,
            count => pattern.check(&buf[..count]),
        }
        N::sleep(PAUSE).await;
    }
    assert_eq!(pattern.total(), MUCH);
}

/// Half close agreed or not, pings from either side or not.
const CASES: [(bool, bool, bool); 5] = [
    (true, false, false),
    (true, true, false),
    (true, false, true),
    (true, true, true),
    (false, true, true),
];

/// All cases at once.
macro_rules! for_all_cases {
    ($story:path) => {
        tokio::join!(
            $story(CASES[0]),
            $story(CASES[1]),
            $story(CASES[2]),
            $story(CASES[3]),
            $story(CASES[4]),
        )
    };
}

/// The client has ended its direction, if both ends agreed that it can, and the server leaves as soon as it
/// may.
async fn a_reply_that_is_read_slowly<N: Net>() {
    for_all_cases!(reply::<N>);
}

async fn reply<N: Net>((half_close, client_asks, server_asks): (bool, bool, bool)) {
    let (mut client, mut server) = pair::<N>(half_close, client_asks, server_asks).await;
    let replying = async {
        if half_close {
            assert_eq!(server.read(&mut [0; 9]).await.unwrap(), 0);
        }
        server.write_all(&Pattern::new(1).take(MUCH)).await.unwrap();
        server.shutdown().await.unwrap();
        if !half_close {
            assert_eq!(server.read(&mut [0; 9]).await.unwrap(), 0);
        }
        drop(server);
    };
    let reading = async {
        if half_close {
            client.shutdown().await.unwrap();
        }
        read_slowly::<N>(&mut client).await;
        client.finish().await.unwrap();
    };
    tokio::join!(replying, reading);
}

/// `finish` of the writer waits until the reader has come to the end.
async fn an_upload_that_is_read_slowly<N: Net>() {
    for_all_cases!(upload::<N>);
}

async fn upload<N: Net>((half_close, client_asks, server_asks): (bool, bool, bool)) {
    let (mut client, mut server) = pair::<N>(half_close, client_asks, server_asks).await;
    let writing = async {
        client.write_all(&Pattern::new(1).take(MUCH)).await.unwrap();
        client.finish().await.unwrap();
    };
    let reading = async {
        read_slowly::<N>(&mut server).await;
        server.finish().await.unwrap();
    };
    tokio::join!(writing, reading);
}

/// Four times the close timeout after the end of the request.
async fn a_reply_that_comes_late<N: Net>() {
    let (mut client, mut server) = pair::<N>(true, true, true).await;
    let replying = async {
        assert_eq!(server.read_to_end().await.0, b"request");
        N::sleep(Duration::from_secs(2)).await;
        server.write_all(b"reply").await.unwrap();
        server.finish().await.unwrap();
    };
    let asking = async {
        client.write_all(b"request").await.unwrap();
        client.shutdown().await.unwrap();
        let (reply, ended) = client.read_to_end().await;
        ended.unwrap();
        assert_eq!(reply, b"reply");
        client.finish().await.unwrap();
    };
    tokio::join!(replying, asking);
}
