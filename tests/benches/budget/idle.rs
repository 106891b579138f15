//! What an idle connection keeps on the heap, exactly.

use allocation_counter::measure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use wsstream_core::Opcode::{Ping, Pong};
use wsstream_core::{Connection, DataKind, Header};
use wsstream_tests::masked;
use wsstream_tokio::{Client, Config, Seed, Server, Url, accept};

/// Echoes whatever comes, with what a task that does so needs.
macro_rules! echo {
    ($stream:ident) => {
        let mut buf = vec![0; 4096];
        while let Ok(count @ 1..) = $stream.read(&mut buf).await {
            $stream.write_all(&buf[..count]).await.unwrap();
        }
    };
}

/// The heap of an idle connection above that of a raw TCP task, fresh and after echoes, to a peer that is
/// set to this.
pub(crate) fn idle(accepted_by_task: bool, peers: &Config) -> (i64, i64) {
    let runtime = runtime();
    // The request, and what is to be echoed, are made before anything is counted.
    let url = Url::parse("ws://localhost/").unwrap();
    let client = Client::stream().config(peers.clone());
    let connecting = client.connect(&url, &Seed::new([1; 32]));
    let message = [message(&client), masked(Ping, b"done?")].concat();
    let mut buf = vec![0; 1 << 20];
    let mut count = |what: &mut dyn FnMut(&mut [u8])| {
        runtime.block_on(settle());
        measure(|| {
            what(&mut buf);
            runtime.block_on(settle());
        })
        .bytes_current
    };
    let mut connection = || {
        let (mut peer, tcp) = runtime.block_on(tcp());
        let mut tcp = Some(tcp);
        let fresh = count(&mut |buf| {
            runtime.block_on(async {
                let tcp = tcp.take().unwrap();
                peer.write_all(connecting.request()).await.unwrap();
                if accepted_by_task {
                    tokio::spawn(async move {
                        let mut stream = accept(tcp).await.unwrap();
                        echo!(stream);
                    });
                } else {
                    let mut stream = accept(tcp).await.unwrap();
                    // Captured, and not moved again, as a future has room for both places.
                    tokio::spawn(async move {
                        echo!(stream);
                    });
                }
                let count = peer.read(buf).await.unwrap();
                assert!(buf[..count].starts_with(b"HTTP/1.1 101 "));
            });
        });
        let used = count(&mut |buf| {
            runtime.block_on(async {
                for _ in 0..20 {
                    peer.write_all(&message).await.unwrap();
                    // Whatever it is in, all but the end of the echo comes before the pong.
                    loop {
                        peer.read_exact(&mut buf[..4]).await.unwrap();
                        let (header, _) = Header::parse(&buf[..4]).unwrap().unwrap();
                        let len = usize::try_from(header.len).unwrap();
                        let from = if len < 126 { 2 } else { 4 };
                        peer.read_exact(&mut buf[4..len + from]).await.unwrap();
                        if header.opcode == Pong {
                            break;
                        }
                    }
                }
            });
        });
        (peer, fresh, fresh + used)
    };
    // What is there once, for all connections: the runtime's own, and the pool of buffers.
    let (_first, ..) = connection();
    let (_peer, fresh, used) = connection();
    let (_raw_peer, tcp) = runtime.block_on(tcp());
    let mut tcp = Some(tcp);
    let raw = count(&mut |_| {
        runtime.block_on(async {
            let mut tcp = tcp.take().unwrap();
            tokio::spawn(async move {
                echo!(tcp);
            });
        });
    });
    (fresh - raw, used - raw)
}

/// 64 KiB, compressed if the client is set to that.
fn message(client: &Client) -> Vec<u8> {
    let config = client.connection_config();
    let mut fields = client.fields();
    fields.push(("Host", "localhost".to_owned()));
    let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
    let agreed = Server::stream().negotiate(fields).unwrap();
    let mut connection = Connection::client(config.clone(), &Seed::new([1; 32]));
    if let Some(deflate) = agreed.deflate() {
        connection = connection.with_deflate(deflate);
    }
    let (mut wire, mut rest) = (Vec::new(), &[7; 64 << 10][..]);
    while !rest.is_empty() {
        // The first compressed message is a short one, as a trial.
        let len = rest.len().min(2 << 10);
        let count = connection
            .send(DataKind::Binary, &rest[..len], true)
            .unwrap();
        wire.extend_from_slice(connection.outbox().octets());
        connection.outbox().consume(usize::MAX);
        rest = &rest[count..];
    }
    wire
}

/// Until the runtime has done what it puts off.
async fn settle() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (server, _) = listener.accept().await.unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (client, server)
}
