//! Servers that refuse: what a client reports of them, and when.

use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

use super::*;
use crate::handshake::MAX_BODY;

/// What comes, and the status and the body that a client reports; `true` if it waits for the end.
#[rustfmt::skip]
const REFUSALS: &[(&str, &str, u16, &str, bool)] = &[
    ("RFC 9112 §6.3 a length", "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno\nnonsense", 403, "no\nno", false),
    ("§6.3 no body", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nnext", 404, "", false),
    ("§6.3 204", "HTTP/1.1 204 No Content\r\n\r\nnext", 204, "", false),
    ("§6.3 until the end", "HTTP/1.1 406 this server only speaks x\r\n\r\nbody", 406, "body", true),
    ("§6.3 less than was said", "HTTP/1.1 500 x\r\nContent-Length: 100\r\n\r\nbody", 500, "body", true),
    ("§6.3 nothing of it", "HTTP/1.1 500 x\r\nContent-Length: 100\r\n\r\n", 500, "", true),
    ("a length that is none", "HTTP/1.1 500 x\r\nContent-Length: +5\r\n\r\nbody", 500, "body", true),
    ("a length beyond all", "HTTP/1.1 500 x\r\nContent-Length: 99999999999999999999\r\n\r\nbody", 500, "body", true),
    ("a length that is large", "HTTP/1.1 500 x\r\nContent-Length: 18446744073709551615\r\n\r\nbody", 500, "body", true),
    ("HTTP/1.0", "HTTP/1.0 503 x\r\n\r\nbusy", 503, "busy", true),
    ("no reason", "HTTP/1.1 502\r\nContent-Length: 1\r\n\r\nx", 502, "x", false),
    ("200", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false),
    ("a redirect", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, "", false),
    ("§7.1 chunks", "HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\n\r\nnext", 404, "abc0123456789", false),
    ("§6.3 a coding goes before a length", "HTTP/1.1 404 x\r\nContent-Length: 1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n", 404, "ab", false),
    ("§7.1 chunks cut off", "HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", 404, "ab", true),
    ("§7.1 no chunk size", "HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 404, "", false),
    ("§7.1 a size beyond all", "HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nabc", 404, "", false),
    ("§7.1 the largest size", "HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc", 404, "abc", true),
    ("another coding", "HTTP/1.1 404 x\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc", 404, "abc", true),
    ("RFC 9110 §15.2 interim responses", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: a\r\n\r\nHTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", 404, "", false),
];

pub(super) fn response(error: HandshakeError) -> Response {
    let HandshakeError::Refused(response) = error else {
        panic!("{error:?}");
    };
    *response
}

#[test]
fn s4_1_a_server_that_refuses() {
    for &(what, input, status, body, waits) in REFUSALS {
        let (result, _) = at_every_cut(input.as_bytes(), machine(&ClientConfig::stream()));
        let got = if waits {
            assert_eq!(result, Ok(None), "{what}");
            // The end of the transport, or of the time, is the end of the body.
            let mut connecting = connect(&ClientConfig::stream());
            assert_eq!(
                connecting.receive(&mut input.as_bytes()),
                Ok(None),
                "{what}"
            );
            let at_eof = response(connecting.recv_eof());
            let client = ClientConfig::stream().handshake_timeout(Duration::ZERO);
            let mut connecting = connect(&client);
            assert_eq!(
                connecting.receive(&mut input.as_bytes()),
                Ok(None),
                "{what}"
            );
            let now = Timestamp::from_origin(Duration::ZERO);
            assert_eq!(
                response(connecting.poll_time(now).unwrap_err()),
                at_eof,
                "{what}"
            );
            at_eof
        } else {
            response(result.unwrap_err())
        };
        assert_eq!(
            (got.status(), got.body()),
            (status, body.as_bytes()),
            "{what}"
        );
    }
}

/// A refusal is known with its head. What could be said about it has 200 ms, however it trickles.
#[test]
fn a_body_has_200_ms() {
    let at = |millis| Timestamp::from_origin(Duration::from_millis(millis));
    for (head, body) in [
        ("404 x", "a"),
        ("500 x\r\nContent-Length: 1000", "a"),
        ("500 x\r\nTransfer-Encoding: chunked", "1\r\na\r\n"),
        ("500 x\r\nTransfer-Encoding: gzip", "a"),
    ] {
        let mut connecting = connect(&ClientConfig::stream());
        assert_eq!(connecting.poll_time(at(0)), Ok(at(30_000)));
        let head = format!("HTTP/1.1 {head}\r\n\r\n");
        assert_eq!(connecting.receive(&mut head.as_bytes()), Ok(None));
        for now in (1000..1200).step_by(10) {
            assert_eq!(connecting.poll_time(at(now)), Ok(at(1200)), "{head}");
            assert_eq!(connecting.receive(&mut body.as_bytes()), Ok(None));
        }
        let response = response(connecting.poll_time(at(1200)).unwrap_err());
        assert_eq!(response.body(), "a".repeat(20).as_bytes(), "{head}");
    }
    // It is no longer than the handshake has left.
    let mut connecting = connect(&ClientConfig::stream());
    assert_eq!(connecting.poll_time(at(0)), Ok(at(30_000)));
    assert_eq!(
        connecting.receive(&mut &b"HTTP/1.1 404 x\r\n\r\n"[..]),
        Ok(None)
    );
    assert_eq!(connecting.poll_time(at(29_900)), Ok(at(30_000)));
    // What goes on by its nature is not waited for at all.
    for of in ["text/event-stream", "Multipart/X-Mixed-Replace; boundary=x"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {of}\r\n\r\ndata: x");
        let error = feed([head.as_bytes()], machine(&ClientConfig::stream())())
            .0
            .unwrap_err();
        assert_eq!(response(error).body(), b"");
    }
}

#[test]
fn a_body_without_end_ends_at_4_kib() {
    let chunks = "1\r\na\r\n".repeat(10_000);
    let extensions = format!("1{}", ";x".repeat(10_000));
    for (field, body, kept) in [
        ("A: b", "a".repeat(10_000), MAX_BODY),
        ("Content-Length: 10000", "a".repeat(10_000), MAX_BODY),
        (
            "Transfer-Encoding: chunked",
            format!("2710\r\n{}", "a".repeat(10_000)),
            MAX_BODY,
        ),
        // What is around small chunks is bounded too.
        ("Transfer-Encoding: chunked", chunks, 819),
        ("Transfer-Encoding: chunked", extensions, 0),
    ] {
        let input = format!("HTTP/1.1 404 x\r\n{field}\r\n\r\n{body}");
        let whole = feed([input.as_bytes()], machine(&ClientConfig::stream())()).0;
        assert_eq!(
            feed(
                input.as_bytes().chunks(1),
                machine(&ClientConfig::stream())()
            )
            .0,
            whole
        );
        assert_eq!(response(whole.unwrap_err()).body().len(), kept, "{field}");
    }
}

#[test]
fn a_refusal_is_told_in_one_line() {
    for (input, told) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nno\r\nsee",
            "refused by the server: HTTP 404 Not Found, \"no\"",
        ),
        (
            "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
            "refused by the server: HTTP 404",
        ),
        (
            "HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\n\x1bc",
            "refused by the server: HTTP 404",
        ),
    ] {
        let error = feed([input.as_bytes()], machine(&ClientConfig::stream())())
            .0
            .unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}
