//! What bad frames get, over a real socket of every runtime's: octets in, the exact close code out, then the end without a
//! reset; what came before the fault is delivered, nothing from beyond it; the next connection is
//! unharmed.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io::ErrorKind;
use std::net::SocketAddr;

use smol::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wsstream_core::ConnectionConfig;
use wsstream_core::Opcode::{self, Binary, Close, Continuation, Ping, Text};
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_tests::net::{Net, address, stream};
use wsstream_tests::{Peer, Read, Write, fragment, masked, next_turn};

wsstream_tests::on_all_runtimes! {
    on_binary
    with_compression
    on_base64
    at_a_client
    an_empty_beginning_of_a_text_on_binary
    on_messages
}

/// A row: what it is about, the octets, the close code.
type Row = (&'static str, Vec<u8>, u16);

/// A masked header by hand: nothing checks it. The key is 0.
fn raw(first: u8, second: u8, more: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | second], more, &[0; 4], &[b'x'; 10]].concat()
}

fn common() -> Vec<Row> {
    let mut table = vec![
        (
            "not masked (websockify 120)",
            wsstream_tests::frame(Binary, b"x"),
            1002,
        ),
        (
            "RSV1 without an extension (aiohttp CVE-2026-59881)",
            raw(0xc2, 1, b""),
            1002,
        ),
        ("RSV2", raw(0xa2, 1, b""), 1002),
        ("RSV3", raw(0x92, 1, b""), 1002),
        ("RSV1 on a control frame", raw(0xc9, 1, b""), 1002),
        ("a fragmented ping", fragment(Ping, false, b"x"), 1002),
        (
            "a fragmented Close",
            fragment(Close, false, b"\x03\xe8"),
            1002,
        ),
        (
            "a ping of 126 octets",
            raw(0x89, 126, &126_u16.to_be_bytes()),
            1002,
        ),
        (
            "a Close of 2^62 octets",
            raw(0x88, 127, &(1_u64 << 62).to_be_bytes()),
            1002,
        ),
        (
            "125 octets in two octets of length",
            raw(0x82, 126, &125_u16.to_be_bytes()),
            1002,
        ),
        (
            "65,535 octets in eight octets of length",
            raw(0x82, 127, &65_535_u64.to_be_bytes()),
            1002,
        ),
        (
            "2^63 octets (gorilla CVE-2020-27813, undici CVE-2026-1528)",
            raw(0x82, 127, &(1_u64 << 63).to_be_bytes()),
            1002,
        ),
        (
            "2^64-1 octets (Tomcat CVE-2020-13935)",
            raw(0x82, 127, &u64::MAX.to_be_bytes()),
            1002,
        ),
        (
            "a continuation of nothing",
            masked(Continuation, b"x"),
            1002,
        ),
        (
            "a continuation of what has ended",
            [masked(Ping, b""), fragment(Continuation, false, b"x")].concat(),
            1002,
        ),
        ("a Close of one octet", masked(Close, b"\x03"), 1002),
        (
            "a Close whose reason is not UTF-8",
            masked(Close, b"\x03\xe8\xff"),
            1007,
        ),
    ];
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        table.push(("a reserved opcode", raw(0x80 | opcode, 1, b""), 1002));
    }
    // Refused at its header, not after its payload (Jetty CVE-2026-19204).
    let header = [0x83, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    table.push((
        "a reserved opcode, and its payload to come",
        header.to_vec(),
        1002,
    ));
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535_u16] {
        table.push((
            "a Close code that must not be sent",
            masked(Close, &code.to_be_bytes()),
            1002,
        ));
    }
    table
}

fn binary() -> Vec<Row> {
    let mut table = common();
    table.extend([
        ("text on binary", masked(Text, b"text"), 1003),
        (
            "a message inside a message",
            [fragment(Binary, false, b""), masked(Binary, b"x")].concat(),
            1002,
        ),
        (
            "a text inside a message",
            [fragment(Binary, false, b""), masked(Text, b"x")].concat(),
            1002,
        ),
    ]);
    table
}

fn base64() -> Vec<Row> {
    let mut table = common();
    table.extend([
        ("binary on base64", masked(Binary, b"aGVsbG8="), 1003),
        ("not the alphabet", masked(Text, b"a*b="), 1007),
        ("the URL's alphabet", masked(Text, b"a-_b"), 1007),
        ("a blank", masked(Text, b"aGVs bG8="), 1007),
        ("a line break", masked(Text, b"aGVsbG8=\n"), 1007),
        ("no padding", masked(Text, b"aGU"), 1007),
        ("too much padding", masked(Text, b"aGVsbG8=="), 1007),
        ("padding in the middle", masked(Text, b"aGU=aGU="), 1007),
        ("bits behind the end", masked(Text, b"aGV="), 1007),
        (
            "an end in the middle of a group",
            [fragment(Text, false, b"aG"), masked(Continuation, b"")].concat(),
            1007,
        ),
        ("not UTF-8", masked(Text, b"\xff\xff\xff\xff"), 1007),
    ]);
    table
}

/// What a connection has received, and how it has ended.
type Told = (Vec<u8>, Option<ErrorKind>);

/// A listener that reads, and tells.
async fn server<N: Net>() -> (SocketAddr, UnboundedReceiver<Told>) {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let address = address::<N>(&listener);
    let (tell, told) = unbounded_channel();
    drop(N::spawn(async move {
        loop {
            let incoming = listener.accept().await.unwrap();
            let tell = tell.clone();
            drop(N::spawn(async move {
                let mut stream = stream::<N>(incoming.upgrade().await.unwrap());
                let (received, ended) = stream.read_to_end().await;
                let _ = tell.send((received, ended.err().map(|error| error.kind())));
                // The Close is to arrive, whatever else is on its way.
                let _ = stream.finish().await;
            }));
        }
    }));
    (address, told)
}

async fn peer(address: SocketAddr, subprotocol: &str, compression: bool) -> Peer<TcpStream> {
    let tcp = TcpStream::connect(address).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let client = ClientConfig::stream().subprotocols([subprotocol]).unwrap();
    let config = ConnectionConfig::new().compression(compression);
    Peer::connect(tcp, &client.config(config)).await
}

/// `may` is what may be delivered of the bad frame itself: its good beginning.
async fn check<N: Net>(subprotocol: &str, table: Vec<Row>, good: (Opcode, &[u8]), may: &[u8]) {
    check_with::<N>(false, subprotocol, table, good, may).await;
}

async fn check_with<N: Net>(
    compression: bool,
    subprotocol: &str,
    table: Vec<Row>,
    good: (Opcode, &[u8]),
    may: &[u8],
) {
    let (address, mut told) = server::<N>().await;
    for (about, octets, code) in table {
        for whole in [true, false] {
            let mut peer = peer(address, subprotocol, compression).await;
            let before = masked(good.0, good.1);
            let beyond = masked(good.0, good.1);
            let wire = [&before[..], &octets, &beyond].concat();
            for piece in wire.chunks(if whole { wire.len() } else { 1 }) {
                // What comes too late is of no interest to anybody.
                if peer.raw.write_all(piece).await.is_err() {
                    break;
                }
                next_turn().await;
            }
            assert_eq!(peer.skip_to_close().await.0, code, "{about}");
            peer.expect_end().await;
            let (received, kind) = told.recv().await.unwrap();
            let of_it = received.strip_prefix(b"good").expect(about);
            assert!(may.starts_with(of_it), "{about}: {of_it:?}");
            assert_eq!(kind, Some(ErrorKind::InvalidData), "{about}");
        }
        well_behaved::<N>(address, &mut told).await;
    }
}

async fn well_behaved<N: Net>(address: SocketAddr, told: &mut UnboundedReceiver<Told>) {
    let mut stream = N::dial(&format!("ws://{address}/")).await.unwrap();
    stream.write_all(b"hello").await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(told.recv().await.unwrap(), (b"hello".to_vec(), None));
}

async fn on_binary<N: Net>() {
    check::<N>("binary", binary(), (Binary, b"good"), b"").await;
}

/// The same where permessage-deflate was agreed on, and what is bad only there.
async fn with_compression<N: Net>() {
    let is_compressed = |row: &Row| row.0.starts_with("RSV1 without");
    let mut table = binary();
    table.retain(|row| !is_compressed(row));
    table.extend([
        (
            "RSV1 on a continuation",
            [fragment(Binary, false, b""), raw(0xc0, 1, b"")].concat(),
            1002,
        ),
        ("RSV1 on a Close", raw(0xc8, 0, b""), 1002),
        ("RSV1 and RSV2", raw(0xe2, 1, b""), 1002),
        ("no deflate data", deflated(b"\x06\x00"), 1007),
        (
            "a reference to nothing",
            deflated(b"\x02\x11\x00\x00"),
            1007,
        ),
        (
            "a message that is cut short",
            deflated(b"\xca\x48\xcd"),
            1007,
        ),
        (
            "a bad end",
            deflated(b"\xca\x48\xcd\xc9\xc9\x07\x00\x06"),
            1007,
        ),
        ("text on binary, compressed", raw(0xc1, 7, b""), 1003),
    ]);
    check_with::<N>(true, "binary", table, (Binary, b"good"), b"hello").await;
}

/// A message of a client's, as it is said to be compressed.
fn deflated(payload: &[u8]) -> Vec<u8> {
    let mut wire = masked(Binary, payload);
    wire[0] |= 0x40;
    wire
}

async fn on_base64<N: Net>() {
    check::<N>("base64", base64(), (Text, b"Z29vZA=="), b"hello").await;
}

/// At a client: what a server must not send.
async fn at_a_client<N: Net>() {
    let table: [Row; 4] = [
        ("masked", masked(Binary, b"x"), 1002),
        ("RSV1", vec![0xc2, 1, b'x'], 1002),
        ("a reserved opcode", vec![0x83, 1, b'x'], 1002),
        ("text on binary", vec![0x81, 1, b'x'], 1003),
    ];
    for (about, octets, code) in table {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let serving = async {
            let (tcp, _) = listener.accept().await.unwrap();
            let mut peer = Peer::accept(tcp).await;
            peer.send(Binary, b"good").await;
            peer.raw.write_all(&octets).await.unwrap();
            assert_eq!(peer.expect_close().await.0, code, "{about}");
        };
        let reading = async {
            let config = ConnectionConfig::new().compression(false);
            let upgraded = N::dial_with(&url, &ClientConfig::stream().config(config)).await;
            let mut stream = stream::<N>(upgraded.unwrap());
            let (received, ended) = stream.read_to_end().await;
            let error = ended.unwrap_err();
            assert_eq!(
                (&received[..], error.kind()),
                (&b"good"[..], ErrorKind::InvalidData)
            );
        };
        tokio::join!(serving, reading);
    }
}

/// Refused at its header: whether or not what follows has arrived too.
async fn an_empty_beginning_of_a_text_on_binary<N: Net>() {
    let beginning = fragment(Text, false, b"");
    let table = vec![("the beginning of a text on binary", beginning, 1003)];
    check::<N>("binary", table, (Binary, b"good"), b"").await;
}

/// Whole messages: text that is not UTF-8, and a message that is too long.
async fn on_messages<N: Net>() {
    let server = ServerConfig::messages().subprotocol("binary").unwrap();
    let server = server.config(ConnectionConfig::new().max_message(8));
    let mut listener = N::bind(server).await;
    let address = address::<N>(&listener);
    let table: [Row; 4] = [
        ("no UTF-8", masked(Text, b"good\xff"), 1007),
        (
            "half a character",
            [
                fragment(Text, false, b"\xc3"),
                fragment(Continuation, true, b""),
            ]
            .concat(),
            1007,
        ),
        ("too long", masked(Binary, b"123456789"), 1009),
        (
            "too long in fragments",
            [
                fragment(Binary, false, b"12345678"),
                fragment(Continuation, true, b"9"),
            ]
            .concat(),
            1009,
        ),
    ];
    for (about, octets, code) in table {
        let serve = async {
            let incoming = listener.accept().await.unwrap();
            let mut socket = incoming.upgrade().await.unwrap().into_websocket();
            assert!(socket.recv().await.unwrap().is_some(), "{about}");
            let error = socket.recv().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{about}");
            let _ = socket.close().await;
        };
        let misbehave = async {
            let mut peer = peer(address, "binary", false).await;
            let wire = [masked(Binary, b"good"), octets].concat();
            peer.raw.write_all(&wire).await.unwrap();
            assert_eq!(peer.skip_to_close().await.0, code, "{about}");
            peer.expect_end().await;
        };
        tokio::join!(serve, misbehave);
    }
}
