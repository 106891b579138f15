//! URLs, proxies, requests, answers, and what is wrong with them.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wsstream_core::handshake::{
    Acceptor, ClientConfig, HandshakeError, Hosts, InvalidField, Origins, Refusal, ServerConfig,
};
use wsstream_core::test_kit::{Clock, Pipe};
use wsstream_core::{Seed, Url};
use wsstream_net::proxy::Proxy;

use crate::{MARK, Printed};

/// With what has to be hidden: user and password, the query, values of header fields.
pub(crate) fn client() -> ClientConfig {
    ClientConfig::stream()
        .header("Authorization", &format!("Bearer {MARK}"))
        .and_then(|client| client.header("X-Api-Key", MARK))
        .unwrap()
}

pub(crate) fn server() -> ServerConfig {
    ServerConfig::stream()
        .header("Set-Cookie", &format!("session={MARK}"))
        .unwrap()
}

fn url() -> Url {
    Url::parse(&format!("ws://{MARK}:{MARK}@localhost/path?token={MARK}")).unwrap()
}

#[test]
fn urls_and_proxies() {
    let mut printed = Printed::default();
    printed.debug("url", &url());
    for text in [
        "MARK:x@host/",
        "MARK:80/",
        "user:MARK@host:80",
        "ws://user:pa/MARK@host",
        "ws://host:MARK@x",
        "ws://user:pass@host:0?MARK",
        "ws://us%3Aer:MARK@h/",
        "ws://user:MARK%0A@h/",
        "ws://host/?MARK#x",
        "ws://host/\n?MARK",
        "ws://[v1.x]/?MARK",
        "ws://user:MARK{@host/",
        "ws://user:MARK\u{e9}@host/",
        "ws://user:MARK@h\u{f6}st/?MARK",
        "ws://user:MARK@host/{}?MARK",
        "ws://host/?MARK MARK",
        "ws://user:MARK@[::1%]/?MARK",
        "ws:///?MARK",
        "http://u:MARK@host/?MARK",
        "token=MARK",
        "MARK",
    ] {
        let text = text.replace("MARK", MARK);
        if let Err(error) = Url::parse(&text) {
            printed.error(&text, &error);
        }
        match Proxy::parse(&text) {
            Ok(proxy) => printed.debug(&text, &proxy),
            Err(error) => printed.error(&text, &error),
        }
    }
    for scheme in ["http", "socks5", "https", "socks4"] {
        let text = format!("{scheme}://{MARK}:{MARK}@proxy:3128/?{MARK}");
        match Proxy::parse(&text) {
            Ok(proxy) => {
                printed.debug("proxy", &proxy);
                for answer in [
                    format!("HTTP/1.1 407 No\r\nX: {MARK}\r\n\r\nwho?\n{MARK}"),
                    format!("HTTP/1.1 100 {MARK}\r\n\r\nHTTP/1.1 403 No\r\n\r\n"),
                    format!("\x05\x01{MARK}"),
                    format!("\x05\x02\x01\x01{MARK}"),
                    MARK.to_owned(),
                ] {
                    let (mut near, far) = Pipe::pair(true);
                    far.output.get().feed(answer.as_bytes());
                    far.output.get().finish(Ok(()));
                    let mut clock = Clock::default().sleeper();
                    let tunnel = pin!(proxy.tunnel(&mut near, &mut clock, "host", 1));
                    let cx = &mut Context::from_waker(Waker::noop());
                    let Poll::Ready(Err(error)) = tunnel.poll(cx) else {
                        panic!("it is no tunnel");
                    };
                    printed.error("proxy", &error);
                }
            }
            Err(error) => printed.error(&text, &error),
        }
    }
    printed.check(200);
}

/// A URL in place of an address, or a token that was read from a file.
#[test]
fn what_is_no_address() {
    use wsstream_tokio::{ClientEndpoint, ServerConfig, ServerEndpoint};
    let mut printed = Printed::default();
    for text in [
        "ws://me:MARK@localhost/",
        "me:MARK@localhost:80",
        "ws://localhost/?token=MARK",
        "Bearer MARK",
        "MARK\n",
    ] {
        let text = text.replace("MARK", MARK);
        let errors = [
            ClientEndpoint::tcp(&text).map(drop),
            ServerEndpoint::tcp(&text).map(drop),
            ServerEndpoint::websocket(&text, ServerConfig::stream()).map(drop),
        ];
        for error in errors {
            let error = error.unwrap_err();
            printed.error(&text, &error);
            printed.error(&text, &std::io::Error::from(error));
        }
    }
    printed.check(100);
}

/// Keys that lost their line ends, as in a variable of the environment, or in a file of something else.
#[cfg(feature = "rustls")]
#[test]
fn what_is_no_pem() {
    use wsstream_tokio::{ClientTls, ServerTls};
    let mut printed = Printed::default();
    for text in [
        "-----BEGIN PRIVATE KEY-----MARK-----END PRIVATE KEY-----",
        "-----BEGIN MARK-----\nMARK\n",
        "-----BEGIN PRIVATE KEY-----\nMARK\n-----END MARK-----\n",
        "-----BEGIN PRIVATE KEY-----\nMARK!\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMARK\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----MARK",
        "-----BEGIN CERTIFICATE-----\nMARK!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMARK\n-----END CERTIFICATE-----\n",
        "MARK",
    ] {
        let text = text.replace("MARK", MARK);
        let pem = text.as_bytes();
        let identity = rcgen::generate_simple_self_signed(["h".to_owned()]).unwrap();
        let (chain, key) = (identity.cert.pem(), identity.signing_key.serialize_pem());
        let errors = [
            ClientTls::with_roots(pem).map(drop),
            ServerTls::from_pem(pem, key.as_bytes()).map(drop),
            ServerTls::from_pem(chain.as_bytes(), pem).map(drop),
            ServerTls::require_client_certs(pem, chain.as_bytes(), key.as_bytes()).map(drop),
        ];
        for error in errors {
            printed.error(&text, &error.unwrap_err());
        }
    }
    printed.check(200);
}

/// A token that was read from a file has its line end; arguments come in the wrong order.
#[test]
fn what_cannot_be_sent() {
    let mut printed = Printed::default();
    let mut field = |what: &str, error: Option<InvalidField>| {
        let error = error.unwrap_or_else(|| unreachable!("{what} can be sent"));
        printed.error(what, &error);
        printed.error(what, &std::io::Error::from(error));
    };
    let token = format!("Bearer {MARK}\n");
    for (name, value) in [
        ("Authorization", &token[..]),
        (&token[..], "Authorization"),
        (&*format!("Authorization: {MARK}"), ""),
        (&*format!("Sec-WebSocket-X: {MARK}"), ""),
        ("Origin", &format!("https://me:{MARK}@example.org")),
        ("", &token),
    ] {
        field(name, ClientConfig::stream().header(name, value).err());
        if name != "Origin" {
            field(name, ServerConfig::stream().header(name, value).err());
            field(name, Refusal::new(401).header(name, value).err());
        }
    }
    for text in [&*format!("{MARK} "), &format!("https://{MARK}@h"), &token] {
        field(
            "subprotocol",
            ClientConfig::stream().subprotocol(text).err(),
        );
        field(
            "subprotocol",
            ServerConfig::stream().subprotocol(text).err(),
        );
        field("origin", ClientConfig::stream().origin(text).err());
        field("origins", Origins::list([text]).err());
        field("hosts", Hosts::list([text]).err());
    }
    printed.check(100);
}

/// A request that is good, with something replaced.
fn request(from: &str, to: &str) -> String {
    let good = "GET /path?token=MARK HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nX-Api-Key: MARK\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: a=MARK\r\n\
        Authorization: Basic OlpxN3hLdzl2SjNwUTRtVDg=\r\n\r\n";
    assert!(good.contains(from));
    good.replacen(from, to, 1).replace("MARK", MARK)
}

/// What came from the peer; the log and its own answer tell of it.
fn refused(printed: &mut Printed, what: &str, error: &HandshakeError) {
    printed.error(what, error);
    printed.text(what, &String::from_utf8_lossy(&error.response()));
    if let Some(refusal) = error.refusal() {
        printed.debug(what, &refusal);
    }
}

#[test]
fn requests() {
    let mut printed = Printed::default();
    let server = server().path("/path");
    printed.debug("server", &server);
    for (from, to) in [
        ("GET", "GET"),
        ("GET", "POST"),
        (" /path?token=MARK", " /other?token=MARK"),
        (
            " /path?token=MARK",
            " http://me:MARK@localhost/path?token=MARK",
        ),
        (
            " /path?token=MARK",
            " http://me:MARK@localhost/other?token=MARK",
        ),
        (" /path?token=MARK", " me:MARK@localhost:80"),
        (" /path?token=MARK", " path?token=MARK"),
        (" /path?token=MARK", " /path#MARK"),
        (" /path?token=MARK", " /path?token=MARK#x"),
        (" /path?token=MARK", " ftp://me:MARK@localhost/path"),
        (" /path?token=MARK", " http://me:MARK/x@localhost/path"),
        (" /path?token=MARK", " http://localhost:MARK/path"),
        (" /path?token=MARK HTTP/1.1", " /path?token=MARK"),
        (" /path?token=MARK HTTP/1.1", " /path?token=MARK HTTP/2.0"),
        (" /path?token=MARK HTTP/1.1", " /path?token=MARK HTTP/1.1 x"),
        (" /path?token=MARK", " /path?token=MARK\u{e9}"),
        (" /path", " path"),
        ("GET /path", "MARK"),
        ("GET /path", "PASSWORD: MARK\r\n"),
        ("GET /path", "\r\n\r\nMARK"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("localhost", "me:MARK@localhost"),
        ("localhost", "localhost:MARK"),
        ("websocket", "h2c"),
        ("Connection: Upgrade", "Connection: close"),
        ("Connection: Upgrade", "X-Other: MARK"),
        ("Upgrade: websocket", "X-Other: MARK"),
        ("Sec-WebSocket-Version: 13", "X-Other: MARK"),
        (
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "X-Other: MARK",
        ),
        ("n: 13", "n: 8"),
        ("n: 13", "n: MARK"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "MARK"),
        (
            "dGhlIHNhbXBsZSBub25jZQ==",
            "dGhl\r\nSec-WebSocket-Key: MARK",
        ),
        ("X-Api-Key: MARK", "X-Api-Key MARK"),
        ("X-Api-Key: MARK", "X-Api-Key: \r\n MARK"),
        ("X-Api-Key: MARK", "X-Api-Key: MARK\n"),
        ("X-Api-Key: MARK", "X-Api-Key: MARK\u{1}"),
        ("X-Api-Key: MARK", "Origin: https://me:MARK@example.org"),
        (
            "X-Api-Key: MARK",
            "Sec-WebSocket-Protocol: binary, bearer/MARK",
        ),
        ("X-Api-Key: MARK", "Sec-WebSocket-Protocol: bearer, MARK"),
        ("X-Api-Key: MARK", "Sec-WebSocket-Protocol: MARK, MARK"),
        ("X-Api-Key: MARK", "Sec-WebSocket-Protocol: MARKMARKMARK, y"),
        (
            "X-Api-Key: MARK",
            "Sec-WebSocket-Protocol: MARKMARKMARK, MARKMARKMARK",
        ),
        ("X-Api-Key: MARK", "Sec-WebSocket-Extensions: a=\"MARK"),
        ("X-Api-Key: MARK", "Content-Length: MARK"),
        ("X-Api-Key: MARK", "Transfer-Encoding: MARK"),
    ] {
        let octets = request(from, to);
        let mut acceptor = Acceptor::new(&server);
        // As it comes in.
        let mut input = octets.as_bytes();
        let mut first = &input[..octets.len() / 2];
        let half = first.len();
        let mut received = acceptor.receive(&mut first);
        printed.debug(to, &acceptor);
        if matches!(received, Ok(None)) {
            input = &input[half..];
            received = acceptor.receive(&mut input);
        }
        printed.debug(to, &acceptor);
        match received {
            Ok(Some(request)) => {
                printed.debug(to, &request);
                printed.debug(to, request.headers());
                match request.accept(&server) {
                    Ok(accepted) => printed.debug(to, &accepted),
                    Err(error) => refused(&mut printed, to, &error),
                }
            }
            Ok(None) => {}
            Err(error) => refused(&mut printed, to, &error),
        }
    }
    let refusal = Refusal::new(401)
        .header("WWW-Authenticate", MARK)
        .unwrap()
        .body(MARK);
    printed.debug("refusal", &refusal);
    printed.check(500);
}

/// What operators need is there.
#[test]
fn what_is_shown() {
    let octets = request("GET", "GET");
    let request = Acceptor::new(&server())
        .receive(&mut octets.as_bytes())
        .unwrap()
        .unwrap();
    let text = format!("{request:?}");
    for shown in [
        "GET",
        "/path",
        "22 octets",
        "X-Api-Key",
        "16 octets",
        "Cookie",
        "18 octets",
    ] {
        assert!(text.contains(shown), "{shown} in {text}");
    }
    let error = ClientConfig::stream()
        .header("Authorization", "Bearer abc\n")
        .unwrap_err();
    let text = error.to_string();
    assert_eq!(text, "field Authorization: control octet 0x0a at 10");
}

#[test]
fn answers() {
    let mut printed = Printed::default();
    let client = client();
    printed.debug("client", &client);
    let good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: ACCEPT\r\nSet-Cookie: a=MARK\r\nX-Token: MARK\r\n\
        Sec-WebSocket-Protocol: binary\r\n\r\n";
    for (from, to) in [
        ("X", "X"),
        (
            "101 Switching Protocols",
            "302 Found\r\nLocation: https://me:MARK@h/?MARK",
        ),
        ("101 Switching Protocols", "099 MARK"),
        ("HTTP/1.1", "HTTP/3.0 MARK"),
        ("HTTP/1.1", "220 MARK"),
        ("HTTP/1.1", "MARK"),
        (": websocket", ": h2c"),
        (": binary", ": \"MARK\""),
        (": binary", ": MARK"),
        (": binary", ": MARKMARKMARK"),
        ("X-Token: MARK", "Sec-WebSocket-Extensions: \"MARK"),
        ("X-Token: MARK", "X-Token MARK"),
    ] {
        let mut connecting = client.connect(&url(), &Seed::new([7; 32]));
        printed.debug("before", &connecting);
        let key = connecting.request().split(|octet| *octet == b'\n');
        let key = key
            .filter_map(|line| line.strip_prefix(b"Sec-WebSocket-Key: "))
            .next()
            .unwrap();
        let accept = wsstream_core::handshake::accept_key(key.trim_ascii());
        assert!(good.contains(from));
        let answer = good
            .replacen(from, to, 1)
            .replace("ACCEPT", &accept)
            .replace("MARK", MARK);
        let (one, two) = answer.split_at(answer.len() / 2);
        let mut result = connecting.receive(&mut one.as_bytes());
        printed.debug(to, &connecting);
        if matches!(result, Ok(None)) {
            result = connecting.receive(&mut two.as_bytes());
        }
        printed.debug(to, &connecting);
        match result {
            Ok(None) => printed.error(to, &connecting.recv_eof()),
            Ok(Some(connected)) => {
                printed.debug(to, &connected);
                printed.debug(to, connected.negotiated.agreed());
            }
            Err(error) => printed.error(to, &error),
        }
    }
    // A body is the server's word to the user: its first line is told, and it is nowhere in `Debug`.
    let mut connecting = client.connect(&url(), &Seed::new([7; 32]));
    let answer = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: 24\r\n\r\nno way\n\n{MARK}");
    let error = connecting.receive(&mut answer.as_bytes()).unwrap_err();
    assert!(
        error.to_string().contains("403 Forbidden, \"no way\""),
        "{error}"
    );
    printed.error("body", &error);
    printed.check(150);
}
