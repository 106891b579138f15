use alloc::format;
use alloc::string::ToString;

use super::*;
use crate::handshake::tests::{acceptor, at_every_cut};
use crate::handshake::{Acceptor, ServerConfig};

/// The default of a server.
const MAX_HEAD: usize = 16 << 10;

/// What is wrong, the octets, and what is said about them.
#[rustfmt::skip]
const REFUSED: &[(&str, &[u8], u16, &str)] = &[
    ("RFC 9112 §2.2 bare LF", b"GET / HTTP/1.1\n", 400, "LF without CR, expected CR LF"),
    ("§2.2 bare LF in a field", b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400, "LF without CR, expected CR LF"),
    ("§2.2 bare LF as the blank line", b"GET / HTTP/1.1\r\nA: b\r\n\n", 400, "LF without CR, expected CR LF"),
    ("§2.2 bare CR", b"GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", 400, "CR without LF, expected CR LF"),
    ("§2.2 CR CR LF", b"GET / HTTP/1.1\r\r\n\r\n", 400, "CR without LF, expected CR LF"),
    ("§2.2 two empty lines before it", b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400, "first line of 0 octets, expected HTTP/1.1"),
    ("§2.2 blanks before the first field", b"GET / HTTP/1.1\r\n A: b\r\n\r\n", 400, "field folded over two lines"),
    ("§5.2 folded field", b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400, "field folded over two lines"),
    ("§5.2 folded by a tab", b"GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", 400, "field folded over two lines"),
    ("RFC 9110 §5.5 NUL", b"GET / HTTP/1.1\r\nA: \0\r\n\r\n", 400, "control octet 0x00, expected HTTP"),
    ("§5.5 DEL", b"GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", 400, "control octet 0x7f, expected HTTP"),
    ("§5.5 escape in the target", b"GET /\x1b HTTP/1.1\r\n\r\n", 400, "control octet 0x1b, expected HTTP"),
    ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x46", 400, "octet 0x15, perhaps TLS, expected HTTP"),
    ("a TLS record", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "octet 0x16, perhaps TLS, expected HTTP"),
    ("PROXY protocol 2", b"\r\n\r\n\0\r\nQUIT\n", 400, "first line of 0 octets, expected HTTP/1.1"),
    ("PROXY protocol 1", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n", 400, "first line of 30 octets, perhaps the PROXY protocol, expected HTTP/1.1"),
    ("SSH, at once", b"SSH-2.0-OpenSSH_9.2p1\r\n", 400, "first line of 21 octets, perhaps SSH, expected HTTP/1.1"),
    ("HTTP/0.9", b"GET /\r\n", 400, "first line of 5 octets, expected HTTP/1.1"),
    ("§2.3 two digits", b"GET / HTTP/11.1\r\n\r\n", 400, "first line of 15 octets, expected HTTP/1.1"),
    ("§2.3 case", b"GET / http/1.1\r\n\r\n", 400, "first line of 14 octets, expected HTTP/1.1"),
    ("HTTP/2 with prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP version \"HTTP/2.0\", expected HTTP/1.1"),
    ("HTTP/1.2", b"GET / HTTP/1.2\r\n\r\n", 505, "HTTP version \"HTTP/1.2\", expected HTTP/1.1"),
    ("§3 no target", b"GET HTTP/1.1\r\n\r\n", 400, "first line of 12 octets, expected HTTP/1.1"),
    ("§3 two blanks", b"GET  / HTTP/1.1\r\n\r\n", 400, "first line of 15 octets, expected HTTP/1.1"),
    ("§3 a blank in the target", b"GET /a b HTTP/1.1\r\n\r\n", 400, "first line of 17 octets, expected HTTP/1.1"),
    ("§3 a blank first", b" GET / HTTP/1.1\r\n\r\n", 400, "first line of 15 octets, expected HTTP/1.1"),
    ("§3 a blank last", b"GET / HTTP/1.1 \r\n\r\n", 400, "first line of 15 octets, expected HTTP/1.1"),
    ("RFC 3986 §2 UTF-8 in the target", "GET /\u{e9} HTTP/1.1\r\n\r\n".as_bytes(), 400, "first line of 16 octets, expected HTTP/1.1"),
    ("§5.1 blank before the colon", b"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400, "malformed field, expected name: value"),
    ("§5 no colon", b"GET / HTTP/1.1\r\nA\r\n\r\n", 400, "malformed field, expected name: value"),
    ("§5 no name", b"GET / HTTP/1.1\r\n: b\r\n\r\n", 400, "malformed field, expected name: value"),
    ("§5 name is no token", b"GET / HTTP/1.1\r\nA(: b\r\n\r\n", 400, "malformed field, expected name: value"),
];

#[test]
fn heads_that_are_refused() {
    for &(what, input, status, says) in REFUSED {
        let (result, _) = at_every_cut(input, acceptor);
        let error = result.unwrap_err();
        assert_eq!(
            (error.status(), error.to_string().as_str()),
            (Some(status), says),
            "{what}"
        );
    }
}

/// What is odd and passes, with the number of fields.
#[rustfmt::skip]
const TAKEN: &[(&str, &[u8], usize)] = &[
    ("no field", b"GET / HTTP/1.1\r\n\r\n", 0),
    ("RFC 9112 §2.2 one empty line before it", b"\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n", 1),
    ("another method", b"M-SEARCH /x HTTP/1.1\r\n\r\n", 0),
    ("HTTP/1.0, to be refused later", b"GET / HTTP/1.0\r\n\r\n", 0),
    ("RFC 9110 §5.5 tabs and other octets in a value", b"GET / HTTP/1.1\r\nA:\t\xff\xfe \xc3\xa9\t\r\n\r\n", 1),
    ("empty values", b"GET / HTTP/1.1\r\nA:\r\nB: \t \r\n\r\n", 2),
];

#[test]
fn heads_that_pass() {
    for &(what, input, fields) in TAKEN {
        let (result, rest) = at_every_cut(&[input, b"\0rest\n"].concat(), acceptor);
        assert_eq!(result.unwrap().unwrap().headers().len(), fields, "{what}");
        assert_eq!(rest, b"\0rest\n", "{what}");
    }
}

#[test]
fn values_are_trimmed_and_names_have_no_case() {
    let input = b"GET / HTTP/1.1\r\nA: \t\xff x\t \r\na: ,b,, c\r\nB:\r\n\r\n";
    let request = at_every_cut(input, acceptor).0.unwrap().unwrap();
    let headers = request.headers();
    let all: Vec<_> = headers.iter().collect();
    assert_eq!(all, [("A", &b"\xff x"[..]), ("a", b",b,, c"), ("B", b"")]);
    assert_eq!(headers.get("b"), Some(&b""[..]));
    assert_eq!(headers.get("c"), None);
    assert_eq!(
        headers.list("A").collect::<Vec<_>>(),
        [&b"\xff x"[..], b"b", b"c"]
    );
}

/// A request whose head has this many octets.
fn request_of(len: usize) -> Vec<u8> {
    let mut head = Vec::from(*b"GET / HTTP/1.1\r\nA: ");
    head.resize(len - 4, b'a');
    head.extend_from_slice(b"\r\n\r\n");
    head
}

#[test]
fn a_head_may_have_16_kib() {
    let mut acceptor = acceptor();
    assert!(acceptor(&mut &request_of(MAX_HEAD)[..]).unwrap().is_some());
    for input in [
        request_of(MAX_HEAD + 1),
        b"a".repeat(MAX_HEAD + 1),
        request_of(100 * MAX_HEAD),
    ] {
        let mut acceptor = Acceptor::new(&ServerConfig::stream());
        for octet in &input[..MAX_HEAD] {
            assert_eq!(acceptor.receive(&mut &[*octet][..]), Ok(None));
        }
        let error = acceptor.receive(&mut &input[MAX_HEAD..]).unwrap_err();
        assert_eq!(
            (&error, error.status()),
            (&HandshakeError::HeadTooLarge(MAX_HEAD), Some(431))
        );
    }
}

#[test]
fn a_head_may_have_100_fields() {
    let request = |fields| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(fields));
    let (result, _) = at_every_cut(request(MAX_FIELDS).as_bytes(), acceptor);
    assert_eq!(result.unwrap().unwrap().headers().len(), MAX_FIELDS);
    let (result, _) = at_every_cut(request(MAX_FIELDS + 1).as_bytes(), acceptor);
    assert_eq!(result, Err(HandshakeError::TooManyFields));
    assert_eq!(HandshakeError::TooManyFields.status(), Some(431));
}

#[test]
fn each_octet_is_looked_at_once() {
    let input = request_of(MAX_HEAD);
    let mut head = Head::new(Kind::Request, MAX_HEAD);
    for octet in &input {
        head.receive(&mut &[*octet][..]).unwrap();
        head.receive(&mut &[][..]).unwrap();
    }
    assert_eq!(head.seen, input.len());
}

#[test]
fn the_time_is_a_total() {
    let at = |millis| Timestamp::from_origin(Duration::from_millis(millis));
    let mut acceptor = Acceptor::new(&ServerConfig::stream());
    // The clock starts when the time is first told, and octets do not stop it.
    assert_eq!(acceptor.poll_time(at(5_000)), Ok(at(15_000)));
    assert_eq!(acceptor.receive(&mut &b"GET / HTTP/1.1\r\n"[..]), Ok(None));
    assert_eq!(acceptor.poll_time(at(14_999)), Ok(at(15_000)));
    assert_eq!(
        acceptor.poll_time(at(15_000)),
        Err(HandshakeError::TimedOut)
    );
    assert!(
        HandshakeError::TimedOut
            .response()
            .starts_with(b"HTTP/1.1 408 Request Timeout\r\n")
    );
    let server = ServerConfig::stream().handshake_timeout(Duration::ZERO);
    assert_eq!(
        Acceptor::new(&server).poll_time(at(0)),
        Err(HandshakeError::TimedOut)
    );
}
