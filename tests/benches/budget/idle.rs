//! What an idle connection keeps on the heap, exactly.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::time::Duration;

use allocation_counter::measure;
use wsstream_core::Opcode::{Ping, Pong};
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{ConnectionConfig, DataKind, Header, Seed, Url};
use wsstream_net::accept;
use wsstream_tests::{Read, TestRuntime, Thread, Write, masked, next_turn};

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
pub(crate) fn idle<A: TestRuntime>(accepted_by_task: bool, peers: &ConnectionConfig) -> (i64, i64) {
    let (thread, tasks) = (A::thread(), Tasks::new());
    // The request, and what is to be echoed, are made before anything is counted.
    let url = Url::parse("ws://localhost/").unwrap();
    let client = ClientConfig::stream().config(peers.clone());
    let connecting = client.connect(&url, &Seed::new([1; 32]));
    let fields = client.fields();
    let compresses = fields
        .iter()
        .any(|(_, value)| value.contains("permessage-deflate"));
    let message = [message(&client), masked(Ping, b"done?")].concat();
    let mut buf = vec![0; 1 << 20];
    let mut count = |what: &mut dyn FnMut(&mut [u8])| {
        thread.block_on(tasks.run(settle()));
        measure(|| {
            what(&mut buf);
            thread.block_on(tasks.run(settle()));
        })
        .bytes_current
    };
    let mut connection = || {
        let (mut peer, tcp) = thread.block_on(A::tcp());
        let mut tcp = Some(tcp);
        let fresh = count(&mut |buf| {
            let tcp = tcp.take().unwrap();
            thread.block_on(tasks.run(async {
                peer.write_all(connecting.request()).await.unwrap();
                if accepted_by_task {
                    tasks.spawn(async move {
                        let mut stream = A::stream(accept::<_, A::Net>(tcp).await.unwrap());
                        echo!(stream);
                    });
                } else {
                    let mut stream = A::stream(accept::<_, A::Net>(tcp).await.unwrap());
                    // Captured, and not moved again, as a future has room for both places.
                    tasks.spawn(async move {
                        echo!(stream);
                    });
                }
                let count = peer.read(buf).await.unwrap();
                assert!(buf[..count].starts_with(b"HTTP/1.1 101 "));
            }));
        });
        let used = count(&mut |buf| {
            thread.block_on(tasks.run(async {
                for _ in 0..20 {
                    peer.write_all(&message).await.unwrap();
                    // Whatever it is in, all but the end of the echo comes before the pong.
                    loop {
                        read_exact(&mut peer, &mut buf[..4]).await;
                        let (header, _) = Header::parse(&buf[..4]).unwrap().unwrap();
                        let len = usize::try_from(header.len).unwrap();
                        let from = if len < 126 { 2 } else { 4 };
                        read_exact(&mut peer, &mut buf[4..len + from]).await;
                        if header.opcode == Pong {
                            break;
                        }
                    }
                }
            }));
            if compresses {
                std::thread::sleep(REST);
            }
        });
        (peer, fresh, fresh + used)
    };
    // What is there once, for all connections: the runtime's own, and the pool of buffers.
    let (_first, ..) = connection();
    let (_peer, fresh, used) = connection();
    let (_raw_peer, tcp) = thread.block_on(A::tcp());
    let mut tcp = Some(tcp);
    let raw = count(&mut |_| {
        let mut tcp = tcp.take().unwrap();
        tasks.spawn(async move {
            echo!(tcp);
        });
    });
    (fresh - raw, used - raw)
}

/// Tasks that allocate nothing but their futures.
struct Tasks<'a>(RefCell<Vec<Pin<Box<dyn Future<Output = ()> + 'a>>>>);

impl<'a> Tasks<'a> {
    fn new() -> Self {
        Self(RefCell::new(Vec::with_capacity(10)))
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'a) {
        self.0.borrow_mut().push(Box::pin(task));
    }

    /// Runs them while the story goes on.
    async fn run<T>(&self, story: impl Future<Output = T>) -> T {
        let mut story = pin!(story);
        poll_fn(|cx| {
            let told = story.as_mut().poll(cx);
            let mut tasks = self.0.borrow_mut();
            tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
            told
        })
        .await
    }
}

/// Without an allocation.
pub(crate) async fn read_exact(from: &mut impl Read, mut buf: &mut [u8]) {
    while !buf.is_empty() {
        let count = from.read(buf).await.unwrap();
        assert_ne!(count, 0);
        buf = &mut buf[count..];
    }
}

/// 64 KiB, compressed if the client is set to that.
fn message(client: &ClientConfig) -> Vec<u8> {
    let mut fields = client.fields();
    fields.push(("Host", "localhost".to_owned()));
    let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
    let negotiated = ServerConfig::stream().negotiate(fields).unwrap();
    let answer = negotiated.agreed().fields();
    let answer = answer.iter().map(|(name, value)| (*name, value.as_bytes()));
    let confirmed = client.confirm(answer, &Seed::new([1; 32]));
    let mut connection = confirmed.unwrap().connection();
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

/// How long a connection keeps what it compresses with, and a little longer.
const REST: Duration = Duration::from_millis(1100);

/// Until the runtime has done what it puts off.
async fn settle() {
    for _ in 0..500 {
        next_turn().await;
    }
}
