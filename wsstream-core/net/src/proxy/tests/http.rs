//! HTTP CONNECT: RFC 9110 §9.3.6.

use std::io::ErrorKind;

use proptest::prelude::*;
use wsstream_core::handshake::HandshakeError;
use wsstream_core::test_kit::at_every_cut;

use super::*;

#[test]
fn requests() {
    for (proxy, host, told) in [
        ("proxy", "h", "CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\n\r\n"),
        (
            "https://u:p@proxy",
            "::1",
            "CONNECT [::1]:22 HTTP/1.1\r\nHost: [::1]:22\r\nProxy-Authorization: Basic dTpw\r\n\r\n",
        ),
        // RFC 6874 §4: it means something on this machine alone.
        (
            "proxy",
            "fe80::1%eth0",
            "CONNECT [fe80::1]:22 HTTP/1.1\r\nHost: [fe80::1]:22\r\n\r\n",
        ),
    ] {
        let tunnelled = Tunnelled::new(proxy, host, b"HTTP/1.1 200 OK\r\n\r\nbehind");
        assert_eq!(tunnelled.told, told.as_bytes());
        assert_eq!(tunnelled.left, b"behind");
        tunnelled.result.unwrap();
    }
}

/// RFC 9110 §15.2: what comes before the final response. Nothing behind that is taken, whatever its head says.
#[test]
fn responses_that_open() {
    for head in [
        "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n",
        "HTTP/1.0 200 Connection established\r\n\r\n",
        "HTTP/1.1 204\r\n\r\n",
        "HTTP/1.1 299 \r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let tunnelled = Tunnelled::new("proxy", "h", format!("{head}behind").as_bytes());
        assert_eq!(tunnelled.left, b"behind", "{head}");
        assert_eq!(tunnelled.took, 0);
        tunnelled.result.unwrap();
    }
}

/// A proxy that says these pieces, each when the one before it was read, and then nothing more.
fn in_pieces(pieces: &[&[u8]]) -> (Option<io::Result<()>>, Vec<u8>) {
    let proxy = Proxy::parse("proxy").unwrap();
    let (socket, clock, task) = (Scripted::saying(b"", false), Clock::default(), Task::new());
    let result = {
        let (mut near, mut sleeper) = (socket.clone(), clock.sleeper());
        let mut tunnelling = pin!(proxy.tunnel(&mut near, &mut sleeper, "h", 22));
        let mut pieces = pieces.iter();
        loop {
            match (tunnelling.as_mut().poll(&mut task.cx()), pieces.next()) {
                (Poll::Ready(result), rest) => {
                    let rest = rest.into_iter().chain(pieces).copied();
                    socket.with(|script| script.says.extend(rest.flatten()));
                    break Some(result);
                }
                (Poll::Pending, Some(piece)) => {
                    socket.with(|script| script.says.extend_from_slice(piece));
                }
                (Poll::Pending, None) if clock.advance_to_deadline() => {}
                (Poll::Pending, None) => break None,
            }
        }
    };
    (result, socket.with(|script| script.says.clone()))
}

#[test]
fn at_every_cut_the_same() {
    let opens = b"HTTP/1.1 103 Hm\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nSSH-2.0\r\n\r\nx";
    at_every_cut(opens, |pieces| {
        let (result, left) = in_pieces(pieces);
        result.unwrap().unwrap();
        assert_eq!(left, b"SSH-2.0\r\n\r\nx");
    });
    let refuses = b"HTTP/1.1 100 Hm\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 7\r\n\r\nnot you";
    at_every_cut(refuses, |pieces| {
        let error = in_pieces(pieces).0.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        let text = error.to_string();
        assert!(
            text.starts_with("proxy proxy:80: it refused the tunnel: "),
            "{text}"
        );
        assert!(
            text.contains("403 No") && text.contains("not you"),
            "{text}"
        );
    });
}

/// The status is known at once. Its body adds 200 ms at most, whatever the proxy does then.
#[test]
fn a_body_that_stalls() {
    for (rest, took) in [
        ("\r\n", 200),
        ("Content-Length: 9\r\n\r\nnot", 200),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n", 200),
        ("Content-Length: 0\r\n\r\n", 0),
        ("Content-Length: 3\r\n\r\nnot", 0),
    ] {
        let says = format!("HTTP/1.1 502 Bad Gateway\r\n{rest}");
        let socket = Scripted::saying(says.as_bytes(), false);
        let tunnelled = Tunnelled::over("proxy", "h", &socket);
        assert_eq!(tunnelled.took, took, "{rest}");
        let ProxyErrorKind::Refused {
            response,
            credentials: false,
        } = tunnelled.kind()
        else {
            panic!("{tunnelled:?}");
        };
        assert_eq!((response.status(), response.reason()), (502, "Bad Gateway"));
        let body = if rest.contains("not") { "not" } else { "" };
        assert_eq!(response.body(), body.as_bytes());
    }
}

#[test]
fn refusals() {
    let basic = "Proxy-Authenticate: Basic realm=\"x, y\"\r\n";
    let both = "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM, basic realm=x\r\n";
    let others = "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n";
    for (proxy, status, fields, says) in [
        (
            "proxy",
            407,
            basic,
            "it asks for a user and a password (Basic): ",
        ),
        (
            "proxy",
            407,
            both,
            "it asks for a user and a password (Basic): ",
        ),
        (
            "proxy",
            407,
            "",
            "it asks for a user and a password (Basic): ",
        ),
        (
            "u:secret@proxy",
            407,
            basic,
            "it refused the user and password: ",
        ),
        (
            "u:secret@proxy",
            407,
            both,
            "it refused the user and password: ",
        ),
        (
            "proxy",
            407,
            others,
            "it asks for authentication by Negotiate, NTLM, but only Basic is spoken here: ",
        ),
        (
            "u:secret@proxy",
            407,
            others,
            "it asks for authentication by Negotiate, NTLM, but only Basic is spoken here: ",
        ),
        (
            "u:secret@proxy",
            401,
            "WWW-Authenticate: Basic realm=\"tinyproxy\"\r\n",
            "it refused the user and password: ",
        ),
        ("proxy", 403, "", "it refused the tunnel: "),
        ("u:secret@proxy", 503, "", "it refused the tunnel: "),
        (
            "proxy",
            302,
            "Location: http://login.example/\r\n",
            "it refused the tunnel: ",
        ),
    ] {
        let answer = format!("HTTP/1.1 {status} Hm\r\n{fields}Content-Length: 7\r\n\r\nnot you");
        let tunnelled = Tunnelled::new(proxy, "h", answer.as_bytes());
        let expected = match status {
            401 | 403 | 407 => ErrorKind::PermissionDenied,
            404 => ErrorKind::NotFound,
            504 => ErrorKind::TimedOut,
            _ => ErrorKind::Other,
        };
        assert_eq!(tunnelled.error().kind(), expected, "{answer}");
        let text = tunnelled.error().to_string();
        let to = match status {
            302 => ", to http://login.example/",
            _ => "",
        };
        // What a 407 asks for is told once.
        let says = format!("proxy proxy:80: {says}HTTP {status} Hm{to}, \"not you\"");
        assert_eq!(text, says);
    }
}

#[test]
fn what_is_no_response() {
    let (ended, invalid) = (ErrorKind::UnexpectedEof, ErrorKind::InvalidData);
    let endless = [b"HTTP/1.1 200 OK\r\nX: ", &*vec![b'x'; 20 << 10]].concat();
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(9);
    for (says, kind, text) in [
        (&b""[..], ended, "it ended the connection"),
        (b"HTTP/1.1 200 OK\r\n", ended, "it ended the connection"),
        (b"HTTP/1.1 100 OK\r\n\r\n", ended, "it ended the connection"),
        (b"SSH-2.0-x\r\n", invalid, "it speaks SSH, not HTTP"),
        (
            b"\x15\x03\x01\x00\x02\x02\x16",
            invalid,
            "it speaks TLS, so its URL has to begin with https://",
        ),
        (b"HTTP/1.1 OK\r\n\r\n", invalid, "it does not speak HTTP"),
        (b"\x05\xff\0\0", invalid, "it does not speak HTTP"),
        (
            &endless,
            invalid,
            "its response has a head of more than 16384 octets",
        ),
        (&interim, invalid, "too many interim responses"),
    ] {
        let tunnelled = Tunnelled::new("proxy", "h", says);
        let error = tunnelled.error();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with("proxy proxy:80: "), "{error}");
        assert!(error.to_string().contains(text), "{error}");
        // An answer without an end does not fill the memory.
        assert!(says.len() - tunnelled.left.len() <= (16 << 10) + 4);
        let error = tunnelled.kind();
        let is_too_large = matches!(
            error,
            ProxyErrorKind::NotHttp(HandshakeError::HeadTooLarge(16_384))
        );
        assert_eq!(is_too_large, says.len() > 16 << 10);
    }
}

proptest! {
    /// However it comes in, it is the same, and what follows a response that opens is left.
    #[test]
    fn any_cut_is_the_same(
        interim in 0..3_usize,
        status in 200..600_u16,
        body in "[ -~]{0,40}",
        cuts in prop::collection::vec(1..9_usize, 0..40),
    ) {
        let head = "HTTP/1.1 100 Continue\r\n\r\n".repeat(interim);
        let says = format!("{head}HTTP/1.1 {status} Hm\r\nA: b\r\n\r\n{body}");
        let (mut pieces, mut rest) = (Vec::new(), says.as_bytes());
        for cut in cuts {
            let (piece, left) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = left;
        }
        pieces.push(rest);
        let text = |result: Option<io::Result<()>>| result.unwrap().map_err(|error| error.to_string());
        let (whole, cut) = (in_pieces(&[says.as_bytes()]), in_pieces(&pieces));
        prop_assert_eq!(&whole.1, &cut.1);
        let (whole, cut) = (text(whole.0), text(cut.0));
        prop_assert_eq!(whole.is_ok(), status < 300);
        prop_assert_eq!(whole, cut);
    }
}
