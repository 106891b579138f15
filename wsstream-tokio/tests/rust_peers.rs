//! Other crates' WebSocket at the other end, as client and as server: tokio-tungstenite, which speaks of
//! messages and frames, and tokio-websockets, which cuts messages itself.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame};
use tokio_tungstenite::tungstenite::{self, ClientRequestBuilder, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};
use tokio_websockets as tw;
use wsstream_tokio::{
    ClientConfig, Close, CloseCode, ClosedBy, ConnectionConfig, Io, ServerConfig, StreamError,
    WsStream, accept_with, connect_on,
};

/// What a peer receives.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Data(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
    /// The connection has ended as it should.
    End,
}

/// The other crate's end.
trait Peer: Sized {
    /// Whether it knows of subprotocols.
    const SUBPROTOCOL: Option<&'static str>;
    async fn connect(io: DuplexStream) -> Self;
    async fn accept(io: DuplexStream) -> Self;
    async fn send(&mut self, octets: Vec<u8>);
    /// One message in several frames, with pings in between.
    async fn send_in_fragments(&mut self, octets: &[u8]);
    async fn ping(&mut self, payload: &'static [u8]);
    async fn close(&mut self, code: u16, reason: &str);
    async fn told(&mut self) -> Told;
}

struct Tungstenite(WebSocketStream<DuplexStream>);

impl Peer for Tungstenite {
    const SUBPROTOCOL: Option<&'static str> = Some("binary");

    async fn connect(io: DuplexStream) -> Self {
        let request = ClientRequestBuilder::new("ws://localhost/x".parse().unwrap())
            .with_sub_protocol("mqtt")
            .with_sub_protocol("binary");
        let (socket, response) = client_async(request, io).await.unwrap();
        assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "binary");
        Self(socket)
    }

    async fn accept(io: DuplexStream) -> Self {
        #[expect(clippy::result_large_err, reason = "it is theirs")]
        let select = |request: &Request, mut response: Response| {
            assert_eq!(request.headers()["Sec-WebSocket-Protocol"], "binary,base64");
            let selected = "binary".parse().unwrap();
            response
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", selected);
            Ok(response)
        };
        Self(accept_hdr_async(io, select).await.unwrap())
    }

    async fn send(&mut self, octets: Vec<u8>) {
        self.0.send(Message::binary(octets)).await.unwrap();
    }

    async fn send_in_fragments(&mut self, octets: &[u8]) {
        use frame::coding::{Data, OpCode};
        let pieces: Vec<_> = octets.chunks(octets.len().div_ceil(3)).collect();
        for (number, piece) in pieces.iter().enumerate() {
            let opcode = match number {
                0 => OpCode::Data(Data::Binary),
                _ => OpCode::Data(Data::Continue),
            };
            let last = number + 1 == pieces.len();
            let frame = frame::Frame::message(piece.to_vec(), opcode, last);
            self.0.send(Message::Frame(frame)).await.unwrap();
            if !last {
                self.ping(b"inside").await;
            }
        }
    }

    async fn ping(&mut self, payload: &'static [u8]) {
        self.0.send(Message::Ping(payload.into())).await.unwrap();
    }

    async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        self.0.close(Some(frame)).await.unwrap();
    }

    async fn told(&mut self) -> Told {
        match self.0.next().await {
            Some(Ok(Message::Binary(octets))) => Told::Data(octets.into()),
            Some(Ok(Message::Pong(octets))) => Told::Pong(octets.into()),
            Some(Ok(Message::Close(Some(frame)))) => {
                Told::Close(frame.code.into(), frame.reason.as_str().to_owned())
            }
            None | Some(Err(tungstenite::Error::ConnectionClosed)) => Told::End,
            other => panic!("{other:?}"),
        }
    }
}

struct TokioWebsockets(tw::WebSocketStream<DuplexStream>);

/// It cuts messages into frames of so many octets.
const FRAME: usize = 1000;

impl Peer for TokioWebsockets {
    const SUBPROTOCOL: Option<&'static str> = None;

    async fn connect(io: DuplexStream) -> Self {
        let uri = "ws://localhost/x".parse().unwrap();
        let config = tw::Config::default().frame_size(FRAME);
        let builder = tw::ClientBuilder::from_uri(uri).config(config);
        Self(builder.connect_on(io).await.unwrap().0)
    }

    async fn accept(io: DuplexStream) -> Self {
        let config = tw::Config::default().frame_size(FRAME);
        let builder = tw::ServerBuilder::new().config(config);
        Self(builder.accept(io).await.unwrap().1)
    }

    async fn send(&mut self, octets: Vec<u8>) {
        self.0.send(tw::Message::binary(octets)).await.unwrap();
    }

    async fn send_in_fragments(&mut self, octets: &[u8]) {
        self.send(octets.to_vec()).await;
    }

    async fn ping(&mut self, payload: &'static [u8]) {
        self.0.send(tw::Message::ping(payload)).await.unwrap();
    }

    async fn close(&mut self, code: u16, reason: &str) {
        let close = tw::Message::close(Some(code.try_into().unwrap()), reason);
        self.0.send(close).await.unwrap();
    }

    async fn told(&mut self) -> Told {
        match self.0.next().await {
            Some(Ok(message)) => match message.as_close() {
                Some((code, reason)) => Told::Close(code.into(), reason.to_owned()),
                None if message.is_pong() => Told::Pong(message.into_payload().to_vec()),
                None => {
                    assert!(message.is_binary());
                    Told::Data(message.into_payload().to_vec())
                }
            },
            None => Told::End,
            Some(Err(error)) => panic!("{error}"),
        }
    }
}

/// Both ends of a connection, over a pipe with little room.
async fn client_of_ours<P: Peer>(config: ConnectionConfig) -> (WsStream<Io<DuplexStream>>, P) {
    let (ours, theirs) = duplex(700);
    let mut client = ClientConfig::stream().config(config);
    if P::SUBPROTOCOL.is_none() {
        let nothing: [&str; 0] = [];
        client = client
            .subprotocols(nothing)
            .unwrap()
            .accept_no_subprotocol(true);
    }
    let (opened, peer) = tokio::join!(
        connect_on(ours, "ws://localhost/x", &client),
        P::accept(theirs)
    );
    let stream = opened.unwrap().into_stream();
    assert_eq!(stream.info().agreed.subprotocol(), P::SUBPROTOCOL);
    (stream, peer)
}

async fn server_of_ours<P: Peer>(config: ConnectionConfig) -> (WsStream<Io<DuplexStream>>, P) {
    let (ours, theirs) = duplex(700);
    let server = ServerConfig::stream().config(config);
    let accepted = async {
        let incoming = accept_with(ours, &server).await.unwrap();
        incoming.accept().await.unwrap().into_stream()
    };
    let (stream, peer) = tokio::join!(accepted, P::connect(theirs));
    assert_eq!(stream.info().agreed.subprotocol(), P::SUBPROTOCOL);
    (stream, peer)
}

/// Around the lengths at which headers change, and more than the pipe holds.
fn blocks() -> Vec<Vec<u8>> {
    let mut x = 1_u32;
    let mut octet = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        x.to_be_bytes()[0]
    };
    [1, 125, 126, 3000, 65_535, 65_536, 2, 150_000, 16_000]
        .iter()
        .map(|&len| (0..len).map(|_| octet()).collect())
        .collect()
}

async fn both_directions<P: Peer>(mut stream: WsStream<Io<DuplexStream>>, mut peer: P) {
    let blocks = blocks();
    let all = blocks.concat();

    let sending = async {
        for (number, block) in blocks.iter().enumerate() {
            if number % 2 == 0 {
                peer.send_in_fragments(block).await;
            } else {
                peer.send(block.clone()).await;
            }
        }
        // An empty message is nothing.
        peer.send(Vec::new()).await;
        peer.ping(b"last").await;
    };
    let receiving = async {
        let mut received = vec![0; all.len()];
        stream.read_exact(&mut received).await.unwrap();
        assert!(received == all);
    };
    tokio::join!(sending, receiving);

    let sending = async {
        stream.write_all(&all).await.unwrap();
        stream.shutdown().await.unwrap();
        // Theirs, to ours.
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(stream.info().closed_by, Some(ClosedBy::Us));
        stream.finish().await.unwrap();
    };
    let receiving = async {
        let (mut received, mut last_pong) = (Vec::new(), Vec::new());
        loop {
            match peer.told().await {
                Told::Data(octets) => received.extend(octets),
                Told::Pong(payload) => last_pong = payload,
                Told::Close(code, _) => assert_eq!(code, 1000),
                Told::End => break,
            }
        }
        assert!(received == all);
        assert_eq!(last_pong, b"last");
        // A client waits for its server to end the transport.
        drop(peer);
    };
    tokio::join!(sending, receiving);
}

/// Their Close is our error, if it has a code other than 1000, and they get its code back.
async fn they_close<P: Peer>(mut stream: WsStream<Io<DuplexStream>>, mut peer: P, code: u16) {
    let theirs = async {
        peer.send(b"the rest".to_vec()).await;
        peer.close(code, "gone").await;
        assert!(matches!(peer.told().await, Told::Close(answer, _) if answer == code));
        assert_eq!(peer.told().await, Told::End);
        drop(peer);
    };
    let ours = async {
        let mut received = Vec::new();
        let ended = stream.read_to_end(&mut received).await;
        assert_eq!(received, b"the rest");
        let close = Close::new(CloseCode::new(code).unwrap(), "gone");
        assert_eq!(stream.info().received_close.as_ref(), Some(&close));
        if code == 1000 {
            assert_eq!(ended.unwrap(), 8);
            stream.finish().await.unwrap();
        } else {
            let error = ended.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
            let source = error.get_ref().unwrap().downcast_ref::<StreamError>();
            assert_eq!(source, Some(&StreamError::Closed(close)));
            assert!(stream.finish().await.is_err());
        }
        drop(stream);
    };
    tokio::join!(theirs, ours);
}

/// Our Close is theirs, with code and reason; its answer is no error.
async fn we_close<P: Peer>(mut stream: WsStream<Io<DuplexStream>>, mut peer: P, code: u16) {
    let ours = async {
        stream.write_all(b"the rest").await.unwrap();
        let code = CloseCode::new(code).unwrap();
        stream.close_with(code, "bye").await.unwrap();
        assert_eq!(stream.info().received_close.unwrap().code(), Some(code));
    };
    let theirs = async {
        assert_eq!(peer.told().await, Told::Data(b"the rest".to_vec()));
        assert_eq!(peer.told().await, Told::Close(code, "bye".to_owned()));
        assert_eq!(peer.told().await, Told::End);
        drop(peer);
    };
    tokio::join!(ours, theirs);
}

async fn stories<P: Peer>() {
    for fragment in [0, 4096, 100] {
        let config = ConnectionConfig::new().auto_fragment(fragment);
        let (stream, peer) = client_of_ours::<P>(config.clone()).await;
        both_directions(stream, peer).await;
        let (stream, peer) = server_of_ours::<P>(config).await;
        both_directions(stream, peer).await;
    }
    for code in [1000, 1001, 1011, 4001] {
        let (stream, peer) = client_of_ours::<P>(ConnectionConfig::new()).await;
        they_close(stream, peer, code).await;
        let (stream, peer) = server_of_ours::<P>(ConnectionConfig::new()).await;
        they_close(stream, peer, code).await;
        let (stream, peer) = client_of_ours::<P>(ConnectionConfig::new()).await;
        we_close(stream, peer, code).await;
        let (stream, peer) = server_of_ours::<P>(ConnectionConfig::new()).await;
        we_close(stream, peer, code).await;
    }
}

#[tokio::test]
async fn tokio_tungstenite_is_the_peer() {
    stories::<Tungstenite>().await;
}

#[tokio::test]
async fn tokio_websockets_is_the_peer() {
    stories::<TokioWebsockets>().await;
}
