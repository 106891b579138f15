//! 3.3: memory is bounded, whatever the peer or the application does. Every octet that a connection
//! allocates is counted, on the thread that has both ends; the peers allocate nothing. On every runtime.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

#[path = "../benches/budget/idle.rs"]
mod idle;

use std::future::poll_fn;
use std::task::Poll;

use allocation_counter::{AllocationInfo, measure};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use wsstream_core::Opcode::{Binary, Continuation, Ping, Text};
use wsstream_core::handshake::{ClientConfig, Negotiated, ServerConfig};
use wsstream_core::pump::Permit;
use wsstream_core::{ConnectionConfig, Deflate, Header, Opcode, Seed, Url};
use wsstream_net::accept_with;
use wsstream_tests::{
    Raw, Read, TestRuntime, Thread, Tokio, Write, WsStream, fragment, masked, next_turn,
};
use wsstream_tokio::{Io, Listener, NetSocket};

use idle::{idle, read_exact};

wsstream_tests::on_threads_of_their_own! {
    a_gibibyte_of_zeros
    pings_from_a_peer_that_does_not_read
    fragments_of_one_octet
    empty_continuations
    an_endless_frame
    a_length_of_2_to_the_62
    an_application_that_stops_reading
    a_peer_that_stops_reading_a_server
    a_peer_that_stops_reading_a_client
    a_head_that_never_ends
    an_idle_connection_has_no_buffers
    an_idle_connection
    an_idle_connection_that_its_task_has_accepted
    an_idle_compressed_connection_without_context
    an_idle_compressed_connection_with_its_context
    no_allocation_per_message
}

/// What a connection may have while it works, and while it is idle.
const ACTIVE: u64 = 136 << 10;
const IDLE: i64 = 1 << 10;

/// What is known of a direction that may be compressed, while it is not.
const AGREED: i64 = 200;

/// What is kept of a peer that may refer to what it has sent before.
const WINDOW: i64 = 32 << 10;

/// What inflates, while it does; its buffer grows, and half of it is there twice meanwhile.
const INFLATER: u64 = (64 + 32 + 12) << 10;

const PLAIN: ConnectionConfig = ConnectionConfig::new().compression(false);

/// A server's stream, and the peer's end of its transport.
async fn server<A: TestRuntime>(subprotocol: &str) -> (WsStream<A>, Raw<A>) {
    let fields = [
        ("Host", "localhost"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", subprotocol),
    ];
    let fields = fields.map(|(name, value)| (name, value.as_bytes()));
    upgraded::<A>(ServerConfig::stream().negotiate(fields).unwrap()).await
}

async fn upgraded<A: TestRuntime>(negotiated: Negotiated) -> (WsStream<A>, Raw<A>) {
    let (peer, server) = A::tcp().await;
    let stream = A::opened(server, negotiated, Vec::new());
    (stream, peer)
}

/// Counts what happens while the peer writes `wire` `times` times and our application reads: on a thread
/// of its own, as each has its pool of buffers.
fn flooded<A: TestRuntime>(subprotocol: &str, wire: &[u8], times: usize) -> AllocationInfo {
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| flood::<A>(subprotocol, wire, times));
        flood.join().unwrap()
    })
}

fn flood<A: TestRuntime>(subprotocol: &str, wire: &[u8], times: usize) -> AllocationInfo {
    let thread = A::thread();
    let (mut stream, mut peer) = thread.block_on(server::<A>(subprotocol));
    let mut buf = vec![0; 64 << 10];
    measure(|| {
        thread.block_on(async {
            let write = async {
                for _ in 0..times {
                    peer.write_all(wire).await.unwrap();
                }
            };
            let total = (wire.len() * times) as u64;
            // Until all of it was received.
            let read = poll_fn(|cx| {
                while let Poll::Ready(read) = stream.poll_read(cx, &mut buf) {
                    assert_ne!(read.unwrap(), 0);
                }
                if stream.info().counters.received == total {
                    return Poll::Ready(());
                }
                Poll::Pending
            });
            tokio::join!(write, read);
        });
    })
}

/// A bomb to a server: messages of 16 MiB of zeros, each of which refers to the one before.
fn bomb() -> Vec<u8> {
    let mut raw = zlib_rs::Deflate::new(9, false, 15);
    let mut wire = Vec::new();
    let zeros = vec![0; 16 << 20];
    for _ in 0..64 {
        let (mut payload, before) = (vec![0; 64 << 10], raw.total_out());
        raw.compress(&zeros, &mut payload, zlib_rs::DeflateFlush::SyncFlush)
            .unwrap();
        payload.truncate(usize::try_from(raw.total_out() - before).unwrap() - 4);
        let mut message = masked(Binary, &payload);
        message[0] |= 0x40;
        wire.extend(message);
    }
    wire
}

/// A GiB of zeros, to a reader who is slow: memory is constant, and so is what has been inflated ahead of
/// the reader.
fn a_gibibyte_of_zeros<A: TestRuntime>() {
    let (thread, wire) = (A::thread(), bomb());
    let fields = ClientConfig::stream().fields();
    let mut fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    fields.push(("Host", b"localhost"));
    let negotiated = ServerConfig::stream().negotiate(fields).unwrap();
    assert!(negotiated.agreed().deflate().is_some());
    let (mut stream, mut peer) = thread.block_on(upgraded::<A>(negotiated));
    let (mut buf, zeros) = (vec![1; 5000], vec![0; 5000]);
    let info = measure(|| {
        thread.block_on(async {
            let write = async {
                peer.write_all(&wire).await.unwrap();
            };
            let read = async {
                let mut total = 0;
                while total < 1 << 30 {
                    let count = stream.read(&mut buf).await.unwrap();
                    assert!(count > 0 && buf[..count] == zeros[..count]);
                    total += count;
                    let inflated = stream.info().counters.inflated;
                    assert_eq!(inflated, total as u64);
                }
                assert_eq!(total, 1 << 30);
            };
            tokio::join!(write, read);
        });
    });
    within("a GiB of zeros", &info, ACTIVE + INFLATER);
}

fn within(about: &str, info: &AllocationInfo, budget: u64) {
    println!("{about}: at most {} octets of heap", info.bytes_max);
    assert!(info.bytes_max <= budget, "{about}: {info:?}");
}

fn pings_from_a_peer_that_does_not_read<A: TestRuntime>() {
    let wire = masked(Ping, &[7; 125]).repeat(500);
    within("ping flood", &flooded::<A>("binary", &wire, 300), ACTIVE);
    let wire = masked(Ping, b"").repeat(10_000);
    within(
        "ping flood, empty",
        &flooded::<A>("binary", &wire, 100),
        ACTIVE,
    );
}

fn fragments_of_one_octet<A: TestRuntime>() {
    let wire = fragment(Continuation, false, b"x").repeat(100_000);
    let wire = [fragment(Binary, false, b"x"), wire].concat();
    within(
        "one-octet fragments",
        &flooded::<A>("binary", &wire, 1),
        ACTIVE,
    );
    let wire = fragment(Continuation, false, b"A").repeat(100_000);
    let wire = [fragment(Text, false, b"A"), wire].concat();
    let info = flooded::<A>("base64", &wire, 1);
    within("one-octet fragments, base64", &info, ACTIVE);
}

fn empty_continuations<A: TestRuntime>() {
    let wire = fragment(Continuation, false, b"").repeat(100_000);
    let wire = [fragment(Binary, false, b""), wire].concat();
    within(
        "empty continuations",
        &flooded::<A>("binary", &wire, 1),
        ACTIVE,
    );
}

fn an_endless_frame<A: TestRuntime>() {
    for (subprotocol, opcode) in [("binary", Binary), ("base64", Text)] {
        let mut wire = header(opcode, u64::MAX >> 1);
        wire.extend(vec![b'A'; 20_000_000]);
        let info = flooded::<A>(subprotocol, &wire, 1);
        within(&format!("endless frame, {subprotocol}"), &info, ACTIVE);
    }
}

fn a_length_of_2_to_the_62<A: TestRuntime>() {
    let mut wire = header(Binary, 1 << 62);
    wire.push(b'A');
    within(
        "a length of 2^62",
        &flooded::<A>("binary", &wire, 1),
        ACTIVE,
    );
}

fn an_application_that_stops_reading<A: TestRuntime>() {
    let thread = A::thread();
    let (mut stream, mut peer) = thread.block_on(server::<A>("binary"));
    let wire = masked(Binary, &vec![7; 65_536]);
    let info = measure(|| {
        thread.block_on(async {
            // Until the system's buffers and ours are full.
            let (mut stuck, mut at) = (0, 0);
            while stuck < 100 {
                match peer.write_until_pending(&wire[at..]).await.unwrap() {
                    0 => stuck += 1,
                    count => (stuck, at) = (0, (at + count) % wire.len()),
                }
                poll_fn(|cx| {
                    stream.poll_drive(cx);
                    Poll::Ready(())
                })
                .await;
                next_turn().await;
            }
        });
    });
    within("an application that stops reading", &info, ACTIVE);
}

fn a_peer_that_stops_reading_a_server<A: TestRuntime>() {
    a_peer_that_stops_reading::<A>(false);
}

fn a_peer_that_stops_reading_a_client<A: TestRuntime>() {
    a_peer_that_stops_reading::<A>(true);
}

fn a_peer_that_stops_reading<A: TestRuntime>(as_client: bool) {
    let thread = A::thread();
    let (stream, mut peer) = thread.block_on(server::<A>("binary"));
    let mut stream = if as_client {
        let (tcp, received) = A::into_socket(stream).into_inner();
        let seed = Seed::new([7; 32]);
        let negotiated = Negotiated::nothing(ClientConfig::stream().config, Some(seed));
        A::opened(tcp, negotiated, received)
    } else {
        stream
    };
    let data = vec![7; 1 << 20];
    let ping = if as_client {
        wsstream_tests::frame(Ping, b"still there?")
    } else {
        masked(Ping, b"still there?")
    };
    let info = measure(|| {
        thread.block_on(async {
            let writing = async {
                loop {
                    stream.write_all(&data).await.unwrap();
                }
            };
            let pinging = async {
                // It pings all the same.
                for _ in 0..10_000 {
                    peer.write_all(&ping).await.unwrap();
                    next_turn().await;
                }
            };
            tokio::select! {
                () = writing => unreachable!("it writes for ever"),
                () = pinging => {}
            }
        });
    });
    let role = if as_client { "client" } else { "server" };
    within(
        &format!("a peer that stops reading a {role}"),
        &info,
        ACTIVE,
    );
}

fn a_head_that_never_ends<A: TestRuntime>() {
    let thread = A::thread();
    let (mut peer, tcp) = thread.block_on(A::tcp());
    let wire = [&b"GET / HTTP/1.1\r\nX: "[..], &vec![b'x'; 1 << 20]].concat();
    let options = ServerConfig::stream();
    let info = measure(|| {
        thread.block_on(async {
            let sending = async {
                // It is refused before its end.
                let _ = peer.write_all(&wire).await;
                peer.shutdown().await.ok();
            };
            let (accepted, ()) = tokio::join!(A::accept_with(tcp, &options), sending);
            assert!(accepted.is_err());
        });
    });
    within("a head that never ends", &info, ACTIVE);
}

/// Nothing stays behind but the stream, whatever has gone through it.
fn an_idle_connection_has_no_buffers<A: TestRuntime>() {
    let (fresh, used) = idle::<A>(false, &PLAIN);
    assert_eq!(fresh, used);
    assert!(used < 4 * IDLE, "{used}");
}

/// A stream that was handed to the task that uses it.
fn an_idle_connection<A: TestRuntime>() {
    let (fresh, used) = idle::<A>(false, &PLAIN);
    assert!(fresh <= IDLE, "{fresh}");
    assert!(used <= IDLE, "{used}");
}

/// A task that has accepted its stream itself: it keeps the room that this took.
fn an_idle_connection_that_its_task_has_accepted<A: TestRuntime>() {
    let (fresh, used) = idle::<A>(true, &PLAIN);
    assert!(fresh <= IDLE, "{fresh}");
    assert!(used <= IDLE, "{used}");
}

/// With compression, and without context takeover: everything goes back.
fn an_idle_compressed_connection_without_context<A: TestRuntime>() {
    let deflate = Deflate::new()
        .context_takeover(false)
        .peer_context_takeover(false);
    for accepted_by_task in [false, true] {
        let (fresh, used) = idle::<A>(accepted_by_task, &ConnectionConfig::new().deflate(deflate));
        println!("compressed, no context: fresh {fresh}, used {used} octets of heap");
        assert!(fresh <= IDLE + AGREED, "{fresh}");
        assert!(used <= IDLE + AGREED, "{used}");
    }
}

/// With its context it keeps what the peer may refer to; what it may refer to itself it gives up.
fn an_idle_compressed_connection_with_its_context<A: TestRuntime>() {
    let (fresh, used) = idle::<A>(false, &ConnectionConfig::new());
    println!("compressed: fresh {fresh}, used {used} octets of heap");
    assert!(fresh <= IDLE + AGREED, "{fresh}");
    assert!((WINDOW..=WINDOW + IDLE + AGREED).contains(&used), "{used}");
}

fn no_allocation_per_message<A: TestRuntime>() {
    let thread = A::thread();
    for (subprotocol, compression) in [("binary", false), ("binary", true), ("base64", false)] {
        let options = ClientConfig::stream().subprotocols([subprotocol]).unwrap();
        let options = options.config(ConnectionConfig::new().compression(compression));
        let all = ServerConfig::stream();
        let (mut client, mut server) = thread.block_on(async {
            let (client, server) = A::tcp().await;
            let (client, server) =
                tokio::join!(A::connect(client, &options), A::accept(server, &all));
            (client.unwrap(), server.unwrap())
        });
        let (sent, mut there, mut back) = (vec![7; 64 << 10], vec![0; 64 << 10], vec![0; 64 << 10]);
        for len in [1, 16, 125, 126, 1024, 16 << 10, 64 << 10] {
            let mut round_trips = |count: usize| {
                thread.block_on(async {
                    for _ in 0..count {
                        let (sending, ()) = tokio::join!(
                            client.write_all(&sent[..len]),
                            read_exact(&mut server, &mut there[..len])
                        );
                        sending.unwrap();
                        let (sending, ()) = tokio::join!(
                            server.write_all(&there[..len]),
                            read_exact(&mut client, &mut back[..len])
                        );
                        sending.unwrap();
                    }
                });
            };
            // Buffers that grow have grown.
            round_trips(100);
            // A machine that has no turn for us for a second has what compresses rest, which allocates.
            let mut runs = (0..3).map(|_| measure(|| round_trips(100)));
            let info = runs.find(|info| info.count_total == 0);
            let info = info.unwrap_or_else(|| measure(|| round_trips(100)));
            println!(
                "{subprotocol}, {len} octets: {} allocations",
                info.count_total
            );
            assert_eq!(info.count_total, 0, "{subprotocol}, {len} octets");
        }
    }
}

/// What a listener knows of a connection that it has let in, so that it can end it: 16 octets of heap, and as
/// many that every stream has room for. On tokio, whose tasks can all be on the thread that counts; what is
/// known is the core's.
#[test]
fn an_idle_connection_of_a_listener() {
    assert_eq!(size_of::<Option<Permit>>(), 16);
    let (by_listener, by_hand) = (held(true), held(false));
    println!("100 idle connections: {by_listener} octets by a listener, {by_hand} by hand");
    assert!(by_listener - by_hand <= 100 * 16);
    // Nor has who was accepted and not read from yet a buffer.
    assert!(by_hand <= 100 * 2 * IDLE);
}

/// The heap of a hundred connections.
fn held(by_listener: bool) -> i64 {
    const COUNT: usize = 100;
    let thread = Tokio::thread();
    let url = Url::parse("ws://localhost/").unwrap();
    let connecting = ClientConfig::stream().connect(&url, &Seed::new([1; 32]));
    let server = ServerConfig::stream();
    let (tcp, peers) = thread.block_on(async {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peers = Vec::new();
        for _ in 0..=COUNT {
            let mut peer = TcpStream::connect(tcp.local_addr().unwrap()).await.unwrap();
            AsyncWriteExt::write_all(&mut peer, connecting.request())
                .await
                .unwrap();
            peers.push(peer);
        }
        (tcp, peers)
    });
    // One at once: what tasks have needed is given back.
    let (mut listener, tcp) = if by_listener {
        let tcp = tcp.into_std().unwrap();
        let listener = thread.block_on(async { Listener::from_std(tcp, server.clone()) });
        (Some(listener.unwrap().max_handshakes(1)), None)
    } else {
        (None, Some(tcp))
    };
    let mut streams = Vec::with_capacity(COUNT + 1);
    let mut open = |count: usize| {
        thread.block_on(async {
            for _ in 0..count {
                let upgraded = if let Some(listener) = &mut listener {
                    listener.accept().await.unwrap().upgrade().await
                } else {
                    let (tcp, _) = tcp.as_ref().unwrap().accept().await.unwrap();
                    let socket = NetSocket::from_tcp(Io::new(tcp));
                    let handshake = accept_with::<_, Tokio>(socket, &server).await;
                    handshake.unwrap().accept().await
                };
                streams.push(upgraded.unwrap().into_stream());
            }
            // Until the runtime has done what it puts off.
            for _ in 0..500 {
                next_turn().await;
            }
        });
    };
    // What is there once.
    open(1);
    let info = measure(|| open(COUNT));
    drop(peers);
    info.bytes_current
}

fn header(opcode: Opcode, len: u64) -> Vec<u8> {
    let mask = Some([0; 4]);
    let header = Header::new(opcode, len);
    Header { mask, ..header }.encode().to_vec()
}
