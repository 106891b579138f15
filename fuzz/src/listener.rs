//! A listener, and clients that do anything.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use arbitrary::Unstructured;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep, timeout};
use wsstream_core::ConnectionConfig;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_tokio::{ClientEndpoint, Incoming, Listener};

use crate::directory::Directory;
use crate::input::{octet, octets};

/// Whatever clients send, in whatever pieces, and whenever they come, go and are silent: an honest client is served
/// within the time that those before it may take, connections are forgotten once their clients have gone, and a
/// shutdown is over in time.
///
/// Input: flags (the last 2 bits: how many handshakes at a time, less one; 4: shut down while clients are there; 8:
/// after a grace time); then steps of an octet: what is done (its last 3 bits), the client that does it (the next 3),
/// and what that needs.
pub(crate) fn listener(data: &[u8]) {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(serve(&mut Unstructured::new(data)));
}

async fn serve(input: &mut Unstructured<'_>) {
    let directory = Directory::new();
    let flags = octet(input);
    let config = ConnectionConfig::new().close_timeout(CLOSE_TIMEOUT);
    let config = ServerConfig::stream().config(config).handshake_timeout(HANDSHAKE_TIMEOUT);
    let bound = Listener::bind_unix(directory.path("s"), config).await;
    let mut listener = bound.unwrap().max_handshakes(1 + usize::from(flags & 3));
    let mut clients = Clients {
        directory: &directory,
        clients: [const { None }; 8],
    };
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        let step = octet(input);
        let who = usize::from(step / 8 % 8);
        let passes = match step % 8 {
            0 => clients.come(who),
            1 => clients.send_request(who, usize::from(octet(input))),
            2 => clients.send(who, octets(input)),
            3 => clients.end(who),
            4 => clients.go(who),
            5 => clients.read(who),
            6 => Duration::from_millis(1 << (octet(input) % 12)),
            _ => {
                meanwhile(&mut listener, clients.honest()).await;
                Duration::ZERO
            }
        };
        meanwhile(&mut listener, sleep(passes)).await;
    }
    meanwhile(&mut listener, clients.honest()).await;
    let began = Instant::now();
    let grace = if flags & 8 != 0 { GRACE } else { Duration::ZERO };
    if flags & 4 != 0 {
        ticking(listener.shutdown(grace)).await;
        let took = began.elapsed();
        assert!(took <= grace + TICK, "a shutdown of {grace:?} has taken {took:?}");
        // Without a grace time, the streams that were cut off are dropped only now.
        sleep(TICK).await;
    } else {
        drop(clients);
        meanwhile(&mut listener, sleep(CLOSE_TIMEOUT)).await;
    }
    assert_eq!(listener.connections(), 0);
}

/// What goes on while the listener does its work. A stream gives back what it gets.
async fn meanwhile<T>(listener: &mut Listener, work: impl Future<Output = T>) -> T {
    let accepting = async {
        while let Some(incoming) = listener.accept().await {
            tokio::spawn(echo(incoming));
        }
        unreachable!("the listener has not been shut down");
    };
    tokio::select! {
        done = ticking(work) => done,
        () = accepting => unreachable!(),
    }
}

async fn echo(incoming: Incoming) {
    let Ok(mut stream) = incoming.accept().await else { return };
    let mut octets = [0; 100];
    while let Ok(count @ 1..) = stream.read(&mut octets).await {
        if stream.write_all(&octets[..count]).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// Time passes in small steps. The clock jumps to the next one while sockets have something to tell, and would pass
/// over it otherwise.
async fn ticking<T>(work: impl Future<Output = T>) -> T {
    let ticks = async {
        loop {
            sleep(TICK).await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        () = ticks => unreachable!(),
    }
}

/// Those that are there, and how much each has sent of a request.
struct Clients<'a> {
    directory: &'a Directory,
    clients: [Option<(UnixStream, usize)>; 8],
}

/// What a client does never fails: what cannot be done is not done.
impl Clients<'_> {
    fn come(&mut self, who: usize) -> Duration {
        let client = UnixStream::connect(self.directory.path("s")).unwrap();
        client.set_nonblocking(true).unwrap();
        self.clients[who] = Some((client, 0));
        TICK
    }

    fn go(&mut self, who: usize) -> Duration {
        self.clients[who] = None;
        TICK
    }

    /// The next octets of an honest request; 0 is all that is left of it.
    fn send_request(&mut self, who: usize, count: usize) -> Duration {
        if let Some((client, sent)) = &mut self.clients[who] {
            let rest = &REQUEST[*sent..];
            let count = if count == 0 { rest.len() } else { count.min(rest.len()) };
            *sent += client.write(&rest[..count]).unwrap_or(0);
        }
        TICK
    }

    fn send(&mut self, who: usize, octets: &[u8]) -> Duration {
        if let Some((client, _)) = &mut self.clients[who] {
            let _ = client.write(octets);
        }
        TICK
    }

    fn end(&self, who: usize) -> Duration {
        if let Some((client, _)) = &self.clients[who] {
            let _ = client.shutdown(Shutdown::Write);
        }
        TICK
    }

    fn read(&mut self, who: usize) -> Duration {
        if let Some((client, _)) = &mut self.clients[who] {
            let _ = client.read(&mut [0; 1000]);
        }
        TICK
    }

    /// All who are there may be before it, and take what they may take for their handshake.
    async fn honest(&self) {
        let most = (HANDSHAKE_TIMEOUT + REFUSED) * 9;
        let config = ClientConfig::stream().handshake_timeout(most * 2);
        let endpoint = ClientEndpoint::url("ws://localhost/", config).unwrap();
        let endpoint = endpoint.unix(self.directory.path("s"));
        let talk = async {
            let mut stream = endpoint.connect().await.unwrap();
            stream.write_all(b"honest").await.unwrap();
            stream.flush().await.unwrap();
            let mut answer = [0; 6];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"honest");
            stream.finish().await.unwrap();
        };
        let served = timeout(most, talk).await.is_ok();
        assert!(served, "an honest client waits longer than {most:?}");
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(1);
/// Who is refused has so long to take the answer.
const REFUSED: Duration = Duration::from_secs(2);

const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);
const GRACE: Duration = Duration::from_secs(2);

const TICK: Duration = Duration::from_millis(40);

const STEPS: usize = 24;
