//! Answers that are HTTP, and wrong.

use std::io::ErrorKind::{self, InvalidData, UnexpectedEof};

/// A row: what it is about, the answer, in which `ACCEPT` stands for what answers the key, the kind of the error, and the
/// line that the client prints.
pub(crate) type Row = (&'static str, String, ErrorKind, &'static str);

/// What a server has to begin with.
pub(crate) const SWITCHING: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

pub(crate) fn rows() -> Vec<Row> {
    let head = |head: &str| format!("{head}\r\n\r\n");
    let switching = |fields: &str| format!("{SWITCHING}{fields}\r\n\r\n");
    // All is well but for this.
    let with = |fields: &str| switching(&format!("Sec-WebSocket-Accept: ACCEPT\r\n{fields}"));
    let binary = |fields: &str| with(&format!("Sec-WebSocket-Protocol: binary\r\n{fields}"));
    let fields = ["X: y"; 101].join("\r\n");
    let long = format!("X: {}", "y".repeat(64 << 10));
    #[rustfmt::skip]
    let rows = [
        ("a folded field", with("X: a\r\n b"), "field folded over two lines"),
        ("bare LF", with("X: a\nY: b"), "LF without CR, expected CR LF"),
        ("bare CR", with("X: a\rY: b"), "CR without LF, expected CR LF"),
        ("NUL", with("X: a\0"), "control octet 0x00, expected HTTP"),
        ("no field", with("X"), "malformed field, expected name: value"),
        ("HTTP/1.0", head(&SWITCHING.replace("1.1", "1.0")), "HTTP version \"HTTP/1.0\", expected HTTP/1.1"),
        ("HTTP/2", head("HTTP/2.0 101 x"), "HTTP version \"HTTP/2.0\", expected HTTP/1.1"),
        ("HTTP/x", head("HTTP/x 101 x"), "first line of 12 octets, expected HTTP/1.1"),
        ("no status", head("HTTP/1.1 ok"), "first line of 11 octets, expected HTTP/1.1"),
        ("an odd status", head("HTTP/1.1 999 x"), "first line of 14 octets, expected HTTP/1.1"),
        ("100 fields and one", with(&fields), "head of more than 100 fields"),
        ("64 KiB", with(&long), "head of more than 65536 octets: see the setting `max_head`"),
        ("no upgrade", head("HTTP/1.1 101 x\r\nConnection: Upgrade"), "no Upgrade field"),
        ("no connection", head("HTTP/1.1 101 x\r\nUpgrade: websocket"), "no Connection field"),
        ("another upgrade", head("HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade"), "malformed field Upgrade: \"h2c\""),
        ("no accept", switching("X: y"), "no Sec-WebSocket-Accept field"),
        // The one that RFC 6455 §1.3 gives for a key, which is not ours.
        ("a wrong accept (Apache CVE-2019-17567)", switching("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "Sec-WebSocket-Accept \"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\" does not answer our key"),
        ("two subprotocols", binary("Sec-WebSocket-Protocol: base64"), "more than one Sec-WebSocket-Protocol field"),
        ("two subprotocols in one field", with("Sec-WebSocket-Protocol: binary, base64"),
            "malformed field Sec-WebSocket-Protocol, of 14 octets"),
        ("a subprotocol that was not offered", with("Sec-WebSocket-Protocol: mqtt"),
            "subprotocol \"mqtt\" selected, which was not offered"),
        ("no subprotocol", with("X: y"), NO_SUBPROTOCOL),
        ("an extension that was not offered", binary("Sec-WebSocket-Extensions: x-unheard-of"),
            "extension \"x-unheard-of\" accepted, which was not offered"),
        ("interim answers without end", head("HTTP/1.1 100 Continue").repeat(9), "too many interim responses"),
    ];
    let rows = rows.map(|(about, answer, says)| (about, answer, InvalidData, says));
    let ends = "connection ended in the opening handshake";
    let ended = [
        ("the end", ""),
        ("the end in the head", "HTTP/1.1 101 x\r\n"),
    ];
    let ended = ended.map(|(about, answer)| (about, answer.to_owned(), UnexpectedEof, ends));
    rows.into_iter().chain(ended).collect()
}

const NO_SUBPROTOCOL: &str =
    "the server selected no subprotocol: see the setting `accept_no_subprotocol(true)`";
