//! Ports at which there is no HTTP server.

/// A row: what the port says, and the name of what it speaks.
pub(crate) type Row = (&'static [u8], &'static str);

/// They say it at once, or instead of an answer, and then wait. Most have no line end yet.
#[rustfmt::skip]
pub(crate) const NAMED: &[Row] = &[
    (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
    (b"SSH-", "SSH"),
    (b"RFB 003.008\n", "VNC"),
    (b"220 mail.example.org ESMTP Postfix\r\n", "SMTP, FTP or NNTP"),
    (b"220-Welcome", "SMTP, FTP or NNTP"),
    (b"502 5.5.2 Error: command not recognized\r\n", "SMTP, FTP or NNTP"),
    (b"+OK Dovecot ready.\r\n", "POP3"),
    (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "IMAP"),
    (b"J\0\0\0\x0a8.0.35\0\x08\0\0\0", "MySQL"),
    (b"-ERR wrong number of arguments for 'get' command\r\n", "Redis or POP3"),
    (b"-NOAUTH Authentication required.\r\n", "Redis"),
    (b"ERROR\r\n", "memcached"),
    (b":irc.example.org NOTICE * :*** Looking up your hostname\r\n", "IRC"),
    (b"AMQP\0\0\x09\x01", "AMQP"),
    (b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23", "Telnet"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "the PROXY protocol"),
    (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", "the PROXY protocol"),
    (b"RTSP/1.0 400 Bad Request\r\n\r\n", "RTSP"),
    (b"<html><h1>Bad request", "HTTP/0.9"),
];

/// The same, where something else is said than its name alone.
#[rustfmt::skip]
pub(crate) const SAID: &[Row] = &[
    (b"\x15\x03\x01\0\x02\x02\x46", "this port speaks TLS, not plain HTTP: use wss://"),
    (b"\x15\x03\x03\0\x02\x02\x16", "this port speaks TLS, not plain HTTP: use wss://"),
    (b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80", "this port speaks HTTP/2 alone, expected HTTP/1.1"),
    (b"GET / HTTP/1.1\r\n", "this port repeats the request, expected an answer"),
    (b"hello", "this port does not speak HTTP, its answer begins with \"he\""),
    (b"x", "this port does not speak HTTP, its answer begins with \"x\""),
    (b"\x05\xff", "this port does not speak HTTP, its answer begins with \"\\x05\\xff\""),
    (b"HTTP 200 OK\r\n", "this port does not speak HTTP, its answer begins with \"HTTP \""),
    (b"\n\n", "this port does not speak HTTP, its answer begins with \"\\n\\n\""),
];
