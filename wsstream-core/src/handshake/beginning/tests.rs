use alloc::string::ToString;

use super::*;
use crate::Timestamp;
use crate::handshake::tests::at_every_cut;
use crate::handshake::{HandshakeError, ResponseReader};
use core::time::Duration;

fn reader() -> impl FnMut(&mut &[u8]) -> Result<Option<()>, HandshakeError> {
    let mut reader = ResponseReader::upgrade(64 << 10);
    move |input| Ok(reader.receive(input)?.map(drop))
}

/// What a port says, as much as shows what it is, and what it is called.
#[rustfmt::skip]
const FOREIGN: &[(&[u8], &str)] = &[
    (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
    (b"SSH-1.99-x", "SSH"),
    (b"Exceeded MaxStartups\r\n", "SSH"),
    (b"Not allowed at this time\r\n", "SSH"),
    (b"RFB 003.008\n", "VNC"),
    (b"220 mail.example.org ESMTP\r\n", "SMTP, FTP or NNTP"),
    (b"220-Welcome\r\n220 x\r\n", "SMTP, FTP or NNTP"),
    (b"421 too many connections\r\n", "SMTP, FTP or NNTP"),
    (b"502 5.5.2 Error: command not recognized\r\n", "SMTP, FTP or NNTP"),
    (b"+OK ready\r\n", "POP3"),
    (b"* OK [CAPABILITY IMAP4rev1]\r\n", "IMAP"),
    (b"* BYE\r\n", "IMAP"),
    (b"-ERR unknown command\r\n", "Redis or POP3"),
    (b"-NOAUTH Authentication required.\r\n", "Redis"),
    (b"-DENIED Redis is running in protected mode\r\n", "Redis"),
    (b":irc.example.org NOTICE * :*** Looking up\r\n", "IRC"),
    (b"NOTICE AUTH :***\r\n", "IRC"),
    (b"ERROR :Closing Link\r\n", "IRC"),
    (b"ERROR\r\n", "memcached"),
    (b"ERROR\nmessage:x\n\n\0", "STOMP"),
    (b"INFO {\"server_id\":1}\r\n", "NATS"),
    (b"@RSYNCD: 31.0\n", "rsync"),
    (b"RTSP/1.0 400 Bad Request\r\n", "RTSP"),
    (b"SIP/2.0 400 x\r\n", "SIP"),
    (b"ICY 200 OK\r\n", "Icecast"),
    (b"AMQP\0\0\x09\x01", "AMQP"),
    (b"<stream:error>", "XMPP"),
    (b"<?xml version='1.0'?>", "XMPP"),
    (b"<html><h1>Bad</h1>", "HTTP/0.9"),
    (b"<!DOCTYPE html>", "HTTP/0.9"),
    (b"GET /chat HTTP/1.1\r\n", "echo"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "TLS"),
    (b"\x15\x03\x03\x00\x02\x02\x16", "TLS"),
    (b"\x16\x03\x01\x02\x00", "TLS"),
    (b"\xff\xfd\x18\xff\xfd\x20", "Telnet"),
    (b"\xff\xfb\x01", "Telnet"),
    (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "HTTP/2"),
    (b"\x00\x00\x08\x07\x00\x00\x00\x00\x00", "HTTP/2"),
    (b"PRI * HTTP/2.0\r\n\r\n", "HTTP/2"),
    (b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "the PROXY protocol"),
    (b"\r\n\r\n\0\r\nQUIT\n\x21", "the PROXY protocol"),
    (b"\x4a\0\0\0\x0a8.0.35\0", "MySQL"),
    (b"H\0\0\0\x0a5.7\0", "MySQL"),
    (b"\x45\0\0\0\xff\x6a\x04Host is blocked", "MySQL"),
];

#[test]
fn what_is_no_http_is_named() {
    for &(input, name) in FOREIGN {
        let Err(HandshakeError::NotHttp { begins, speaks }) = at_every_cut(input, reader).0 else {
            panic!("{}", input.escape_ascii());
        };
        assert_eq!(speaks, Some(name), "{}", input.escape_ascii());
        assert!(
            input.escape_ascii().to_string().starts_with(&begins),
            "{begins}"
        );
    }
}

/// What a port says, as much as shows that it is nothing that is known.
#[test]
fn what_is_unknown_is_told_at_once() {
    for (input, shows) in [
        (&b"hello\r\n"[..], "he"),
        (b"HTTQ", "HTTQ"),
        (b"HTTP 200", "HTTP "),
        (b"http/1.1 200 OK\r\n", "ht"),
        (b"\r\nSSH-2.0", "\\r\\nS"),
        (b"\r\n\r\nHTTP/1.1", "\\r\\n\\r\\nH"),
        (b"\n", "\\n"),
        (b"\0\x01\x02", "\\x00\\x01\\x02"),
        (b"\x05\xff", "\\x05\\xff"),
        (b"6 6", "6 "),
        (b"SSH!", "SSH!"),
        (b"ERROR", "ERROR"),
    ] {
        let (result, _) = at_every_cut(input, reader);
        let mut whole = ResponseReader::upgrade(64 << 10);
        let told = whole.receive(&mut &input[..]);
        let told = match told {
            Ok(_) => whole.end().unwrap_err(),
            Err(error) => {
                assert_eq!(result, Err(error.clone()));
                error
            }
        };
        let expected = HandshakeError::NotHttp {
            begins: shows.into(),
            speaks: None,
        };
        assert_eq!(told, expected, "{}", input.escape_ascii());
    }
}

/// As long as it may be HTTP, it has the time of the handshake. After that, the time of a name.
#[test]
fn a_name_has_200_ms() {
    let at = |millis| Timestamp::from_origin(Duration::from_millis(millis));
    let mut reader = ResponseReader::upgrade(64 << 10);
    assert_eq!(reader.receive(&mut &b"H"[..]), Ok(None));
    assert_eq!(reader.body_deadline(at(0)), None);
    assert_eq!(reader.receive(&mut &b"\0"[..]), Ok(None));
    assert_eq!(reader.body_deadline(at(1000)), Some(at(1200)));
    assert_eq!(reader.receive(&mut &b"\0"[..]), Ok(None));
    assert_eq!(reader.body_deadline(at(1100)), Some(at(1200)));
    let error = HandshakeError::NotHttp {
        begins: "H\\x00\\x00".into(),
        speaks: None,
    };
    assert_eq!(reader.end(), Err(error));
    assert_eq!(reader.end(), Ok(None));
}

/// What can be answered is no accident: no name hides HTTP, and none is hidden by another.
#[test]
fn the_table_is_sound() {
    for (begin, name) in PROTOCOLS {
        assert!(begin.len() <= LONGEST, "{name}");
        for http in HTTP {
            assert!(
                !(1..=http.len()).any(|len| begin.is_all_of(&http[..len])),
                "{name}"
            );
        }
        if let Begin::Text(text) = begin {
            let others = PROTOCOLS
                .iter()
                .filter(|(other, _)| !core::ptr::eq(other, begin));
            let mut hidden = others.filter(|(other, _)| {
                (1..=text.len()).any(|len| other.is_all_of(&text.as_bytes()[..len]))
            });
            assert!(hidden.next().is_none(), "{name}");
        }
    }
}

#[test]
fn it_is_said_what_to_do() {
    for (input, says) in [
        (
            &b"RFB 003.008\n"[..],
            "this port speaks VNC, not HTTP: put a WebSocket relay in front of it",
        ),
        (
            b"\x15\x03\x03",
            "this port speaks TLS, not plain HTTP: use wss://",
        ),
        (
            b"GET / ",
            "this port repeats the request, expected an answer",
        ),
        (
            b"PRI * HTTP/2.0",
            "this port speaks HTTP/2 alone, expected HTTP/1.1",
        ),
        (
            b"\x05\xff",
            "this port does not speak HTTP, its answer begins with \"\\x05\\xff\"",
        ),
    ] {
        let error = reader()(&mut &input[..]).unwrap_err();
        assert_eq!(error.to_string(), says);
        assert_eq!(error.status(), None);
    }
}
