//! Both machines together, and the helpers of their own tests.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Debug;

use proptest::prelude::*;

use super::*;
use crate::{ConnectionConfig, Deflate, PerMessageDeflate, Seed, Url};

/// What a machine made of its input, and what it left of it.
pub(super) type Outcome<T> = (Result<Option<T>, HandshakeError>, Vec<u8>);

/// Hands in the pieces until there is a result.
pub(super) fn feed<'a, T>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    mut receive: impl FnMut(&mut &[u8]) -> Result<Option<T>, HandshakeError>,
) -> Outcome<T> {
    let mut pieces = pieces.into_iter();
    while let Some(mut piece) = pieces.next() {
        match receive(&mut piece) {
            Ok(None) => assert!(piece.is_empty(), "waits for more and leaves some"),
            Err(error) => return (Err(error), Vec::new()),
            result => {
                // A machine that is done takes nothing more.
                let mut more = &b"more"[..];
                assert!(matches!(receive(&mut more), Ok(None)));
                assert_eq!(more, b"more");
                let rest = core::iter::once(piece).chain(pieces);
                return (result, rest.flatten().copied().collect());
            }
        }
    }
    (Ok(None), Vec::new())
}

/// Feeds new machines with the whole input, with the input cut in two at every point, and octet by
/// octet: all must end the same.
pub(super) fn at_every_cut<T, R>(input: &[u8], machine: impl Fn() -> R) -> Outcome<T>
where
    T: Debug + PartialEq,
    R: FnMut(&mut &[u8]) -> Result<Option<T>, HandshakeError>,
{
    let whole = feed([input], machine());
    for cut in 0..=input.len() {
        let (left, right) = input.split_at(cut);
        assert_eq!(feed([left, right], machine()), whole, "cut at {cut}");
    }
    assert_eq!(feed(input.chunks(1), machine()), whole, "octet by octet");
    whole
}

/// A server that takes one request.
pub(super) fn acceptor() -> impl FnMut(&mut &[u8]) -> Result<Option<Request>, HandshakeError> {
    let mut acceptor = Acceptor::new(&ServerConfig::stream());
    move |input| acceptor.receive(input)
}

/// Pieces of these lengths, again and again.
fn pieces<'a>(mut input: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &len in lengths.iter().cycle() {
        if input.is_empty() {
            break;
        }
        let (piece, rest) = input.split_at(len.clamp(1, input.len()));
        pieces.push(piece);
        input = rest;
    }
    pieces
}

#[test]
fn s1_3_the_accept_key() {
    assert_eq!(
        accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="),
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
}

#[test]
fn every_error_of_a_server_has_an_answer_that_says_why() {
    let own = |text: &str| text.to_owned();
    for (error, status) in [
        (HandshakeError::BareCr, 400),
        (HandshakeError::BareLf, 400),
        (HandshakeError::ControlOctet(0x16), 400),
        (HandshakeError::DuplicateField("Host"), 400),
        (HandshakeError::DuplicateSubprotocol(own("a")), 400),
        (HandshakeError::FoldedField, 400),
        (
            HandshakeError::MalformedField {
                name: "Host",
                len: 5,
                value: None,
            },
            400,
        ),
        (HandshakeError::MalformedFieldLine, 400),
        (
            HandshakeError::MalformedField {
                name: "Connection",
                len: 5,
                value: Some("\"\r\n\u{e9}".into()),
            },
            400,
        ),
        (
            HandshakeError::MalformedStartLine {
                len: 7,
                perhaps: Some("SSH"),
            },
            400,
        ),
        (HandshakeError::MissingField("Host"), 400),
        (HandshakeError::RequestBody, 400),
        (
            HandshakeError::MalformedTarget {
                target: own("foo"),
                fault: "expected a path",
            },
            400,
        ),
        (
            HandshakeError::LostField {
                name: "Connection",
                value: Some("close".into()),
            },
            400,
        ),
        (
            HandshakeError::LostField {
                name: "Sec-WebSocket-Key",
                value: None,
            },
            400,
        ),
        (HandshakeError::UnexpectedEof, 400),
        (
            HandshakeError::OriginRefused(own("https://evil.example")),
            403,
        ),
        (HandshakeError::HostRefused(own("evil.example")), 403),
        (HandshakeError::UnknownPath(own("/x")), 404),
        (HandshakeError::MethodNotGet(own("POST")), 405),
        (
            HandshakeError::NoCommonSubprotocol {
                offered: own("a"),
                spoken: own("b"),
            },
            406,
        ),
        (HandshakeError::TimedOut, 408),
        (HandshakeError::Http10, 426),
        (
            HandshakeError::LostField {
                name: "Upgrade",
                value: None,
            },
            426,
        ),
        (
            HandshakeError::LostField {
                name: "Sec-WebSocket-Version",
                value: None,
            },
            426,
        ),
        (HandshakeError::UnsupportedVersion(own("8")), 426),
        (HandshakeError::UpgradeNotRequested, 426),
        (HandshakeError::HeadTooLarge(1), 431),
        (HandshakeError::TooManyFields, 431),
        (HandshakeError::UnsupportedHttpVersion(own("HTTP/2.0")), 505),
    ] {
        assert_eq!(error.status(), Some(status), "{error:?}");
        let mut client =
            ClientConfig::stream().connect(&Url::parse("ws://a").unwrap(), &Seed::new([0; 32]));
        let answer = error.response();
        // Our own client understands it, and shows its text.
        let Err(HandshakeError::Refused(response)) = client.receive(&mut &answer[..]) else {
            panic!("{error:?}");
        };
        assert_eq!(response.status(), status);
        assert!(!response.reason().is_empty(), "{status}");
        assert_eq!(response.body(), format!("{error}\n").as_bytes());
        assert!(
            response
                .headers()
                .list("Connection")
                .any(|option| option == b"close")
        );
        assert_eq!(
            response.headers().get("Allow"),
            (status == 405).then_some(&b"GET"[..])
        );
        let upgrade = (status == 426).then_some(&b"websocket"[..]);
        assert_eq!(response.headers().get("Upgrade"), upgrade);
        assert_eq!(
            response
                .headers()
                .list("Connection")
                .any(|one| one == b"Upgrade"),
            status == 426
        );
        let version = (status == 426).then_some(&b"13"[..]);
        assert_eq!(response.headers().get("Sec-WebSocket-Version"), version);
    }
    assert!(HandshakeError::NoSubprotocol.response().is_empty());
    let error = HandshakeError::OriginRefused(own("https://evil.example")).to_string();
    assert!(
        error.contains("https://evil.example") && error.contains("`origins`"),
        "{error}"
    );
}

#[test]
fn errors_are_small() {
    assert!(
        size_of::<HandshakeError>() <= 48,
        "{}",
        size_of::<HandshakeError>()
    );
}

/// What an end may want.
fn deflate() -> impl Strategy<Value = Deflate> {
    (any::<[bool; 2]>(), [8..=15u8, 8..=15u8]).prop_map(|(keep, bits)| {
        let deflate = Deflate::new().context_takeover(keep[0]);
        let deflate = deflate.peer_context_takeover(keep[1]);
        deflate.window_bits(bits[0]).peer_window_bits(bits[1])
    })
}

/// The same, with what is not said.
fn with_windows(agreed: &PerMessageDeflate) -> PerMessageDeflate {
    PerMessageDeflate {
        server_max_window_bits: Some(agreed.server_max_window_bits()),
        client_max_window_bits: Some(agreed.client_max_window_bits()),
        ..*agreed
    }
}

proptest! {
    /// What our client asks, our server understands; what it answers, our client accepts.
    #[test]
    fn round_trip(
        seed: [u8; 32],
        host in "[a-z][a-z0-9.-]{0,12}|\\[::[0-9a-f]{1,4}\\]",
        port in proptest::option::of(1u16..),
        path in "(/[!$&-;=@-Z_a-z~]{0,8}){0,3}",
        query in proptest::option::of("[!$&-;=?-Z_a-z~]{0,12}"),
        names in proptest::collection::vec("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}", 0..6),
        spoken in proptest::collection::vec(any::<proptest::sample::Index>(), 0..3),
        fields in proptest::collection::vec(("x-[a-z]{1,8}", "[ -~\t\u{80}-\u{ff}]{0,20}"), 0..8),
        half_close: (bool, bool),
        compression: (bool, bool),
        wanted in (deflate(), deflate()),
        stream: bool,
        lengths in proptest::collection::vec(1usize..200, 1..8),
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let url = Url::parse(&format!("ws://{host}{port}{path}{query}")).unwrap();

        let mut client = ClientConfig::stream().accept_no_subprotocol(true);
        client = client.subprotocols(&names).unwrap();
        client = client.config(
            ConnectionConfig::new().deflate(wanted.0).compression(compression.0).half_close(half_close.0));
        let mut server = if stream { ServerConfig::stream() } else { ServerConfig::messages() };
        let config = ConnectionConfig::new().deflate(wanted.1).compression(compression.1);
        server = server.config(config.half_close(half_close.1));
        for index in &spoken {
            server = server.subprotocol(names.get(index.index(6)).map_or("spoken", |name| name)).unwrap();
        }
        for (name, value) in &fields {
            client = client.header(name, value).unwrap();
            server = server.header(name, value).unwrap();
        }
        let origin = format!("https://{}", url.authority());
        client = client.origin(&origin).unwrap();
        server = server.origins(Origins::list([origin]).unwrap());

        let mut connecting = client.connect(&url, &Seed::new(seed));
        let mut wire = connecting.request().to_vec();
        wire.extend_from_slice(b"early frames");
        let (request, rest) = feed(pieces(&wire, &lengths), acceptor());
        let request = request.unwrap().unwrap();
        prop_assert_eq!(rest, b"early frames");
        prop_assert_eq!(request.target(), url.resource());
        prop_assert_eq!(request.path(), url.path());
        prop_assert_eq!(request.host(), Some(url.authority()));
        for (name, value) in &fields {
            let value = value.trim_matches([' ', '\t']).as_bytes();
            prop_assert!(request.headers().get_all(name).any(|other| other == value));
        }

        let unique = connecting.request().to_vec();
        match request.accept(&server) {
            Ok(Accepted { mut response, negotiated }) => {
                let agreed = negotiated.agreed();
                response.extend_from_slice(b"frames");
                let (connected, rest) = feed(pieces(&response, &lengths), |input| connecting.receive(input));
                let connected = connected.unwrap().unwrap();
                prop_assert_eq!(rest, b"frames");
                prop_assert_eq!(connected.negotiated.agreed(), agreed);
                prop_assert_eq!(agreed.half_close(), stream && half_close.0 && half_close.1);
                let (asks, answers) = wanted;
                let both = (compression.0 && compression.1).then_some(PerMessageDeflate {
                    server_no_context_takeover: !asks.peer_context_takeover || !answers.context_takeover,
                    client_no_context_takeover: !asks.context_takeover || !answers.peer_context_takeover,
                    server_max_window_bits: Some(asks.peer_window_bits.min(answers.window_bits)),
                    client_max_window_bits: Some(asks.window_bits.min(answers.peer_window_bits)),
                });
                prop_assert_eq!(agreed.deflate().map(with_windows), both);
                let first = request.subprotocols().find(|name| server.subprotocols.iter().any(|ours| ours == name));
                prop_assert_eq!(agreed.subprotocol(), first);
                for (name, value) in &fields {
                    let value = value.trim_matches([' ', '\t']).as_bytes();
                    prop_assert!(connected.response.headers().get_all(name).any(|other| other == value));
                }
            }
            Err(error) => {
                prop_assert_eq!(error.status(), Some(406));
                prop_assert!(stream && request.subprotocols().count() > 0);
            }
        }
        prop_assert_eq!(unique, connecting.request());
    }

    /// Any octets: no panic, and no difference by how they are cut.
    #[test]
    fn any_octets(
        input in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            // Near to what is meant.
            "(GET /\\S{0,4} HTTP/1.[01]|HTTP/1.[01] [1-5][0-9]{2} x)?(\r\n|\n|\r|\r\nh: \\S{0,3}|\r\n h|:|\t|\r\n\r\n){0,8}"
                .prop_map(String::into_bytes),
            "HTTP/1.1 404 x\r\n(Content-Length: [0-9]{1,20}\r\n|Transfer-Encoding: chunked\r\n)?\r\n([0-9a-f]{0,17}(;x)?\r\n\\S{0,10}(\r\n)?){0,3}"
                .prop_map(String::into_bytes),
        ],
        lengths in proptest::collection::vec(1usize..20, 1..8),
    ) {
        let whole = feed([&input[..]], acceptor());
        prop_assert_eq!(feed(pieces(&input, &lengths), acceptor()), whole.clone());
        if let (Ok(Some(request)), _) = whole {
            let _ = (request.path(), request.query(), request.host(), format!("{request:?}"));
            prop_assert!(request.accept(&ServerConfig::stream()).is_err());
        }
        let connecting = || {
            let mut connecting = ClientConfig::stream().connect(&Url::parse("ws://a").unwrap(), &Seed::new([0; 32]));
            move |input: &mut &[u8]| connecting.receive(input)
        };
        prop_assert_eq!(feed(pieces(&input, &lengths), connecting()), feed([&input[..]], connecting()));
    }
}
