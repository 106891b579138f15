//! `debug` logs every frame through `tracing`, of the connections that are set to it and of no others.
#![cfg(feature = "tracing")]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;
use wsstream_tokio::{Client, Config, Server, accept_with, connect_on};

/// Where the log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        Write::write(&mut *self.0.lock().unwrap(), line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What is logged while a client says five octets and closes.
async fn logged(at_client: bool, at_server: bool) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let guard = subscriber.set_default();
    let (near, far) = duplex(1000);
    let client = Client::stream().config(Config::new().debug(at_client));
    let server = Server::stream().config(Config::new().debug(at_server));
    let (client, server) = tokio::join!(connect_on(near, "ws://localhost", &client), async {
        accept_with(far, &server).await?.accept().await
    });
    let (mut client, mut server) = (client.unwrap().into_stream(), server.unwrap().into_stream());
    client.write_all(b"hello").await.unwrap();
    let mut octets = [0; 5];
    server.read_exact(&mut octets).await.unwrap();
    let (closed, _) = tokio::join!(client.close(), server.close());
    closed.unwrap();
    drop(guard);
    let log = log.0.lock().unwrap().clone();
    String::from_utf8(log).unwrap()
}

#[tokio::test]
async fn every_frame_of_those_who_are_set_to_it() {
    for (at_client, at_server) in [(true, false), (false, true), (true, true)] {
        let log = logged(at_client, at_server).await;
        let count = |role: &str, what: &str| {
            let line = |line: &&str| line.contains(role) && line.contains(what);
            log.lines().filter(line).count()
        };
        // The data frame and a Close there, a Close back.
        let (client, server) = (usize::from(at_client), usize::from(at_server));
        assert_eq!(count("role=Client", "frame sent"), 2 * client, "{log}");
        assert_eq!(count("role=Client", "frame received"), client, "{log}");
        assert_eq!(count("role=Server", "frame received"), 2 * server, "{log}");
        assert_eq!(count("role=Server", "frame sent"), server, "{log}");
        assert_eq!(count("opcode=Binary", "len=5"), client + server, "{log}");
    }
    assert_eq!(logged(false, false).await, "");
}
