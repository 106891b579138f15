//! What a client sends, and what it makes of the answer.

use arbitrary::Unstructured;
use wsstream_core::handshake::{
    Acceptor, ClientConfig, Connecting, HandshakeError, MAX_BODY, MAX_FIELDS, Origins, Response,
    ResponseReader, ServerConfig,
};
use wsstream_core::{ConnectionConfig, Seed, Url};

use crate::input::{cut, feed, octet, octets, one_by_one};

/// A client that can be set up asks so that our server reads just that, whatever text it was given. And
/// whatever is sent to it, wherever that is cut, the same comes of it: an agreement on what was
/// offered, or the same fault. The body of a refusal is what a server has put into it. Whatever that is, a refusal is
/// shown in one short line.
///
/// Input: flags (1: the wire goes on after a good 101's fields; 2: a client of messages; 4: half close
/// is not offered; 8: none selected is accepted), the number of texts (up to 3), each as its length and
/// octets, of a field's name, its value, a subprotocol and an origin; the number of cuts, their
/// lengths, and the wire.
pub(crate) fn response(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let mut client = if flags & 2 == 0 {
        ClientConfig::stream()
    } else {
        ClientConfig::messages()
    };
    client = client
        .config(ConnectionConfig::new().half_close(flags & 4 == 0))
        .accept_no_subprotocol(flags & 8 != 0);
    let mut set = Set::default();
    for _ in 0..octet(&mut input) % 4 {
        let [name, value, subprotocol, origin] =
            [(); 4].map(|()| String::from_utf8_lossy(octets(&mut input)).into_owned());
        client = set.up(client, [&name, &value, &subprotocol, &origin]);
    }
    let cuts = octets(&mut input);
    let wire = input.take_rest();

    let connecting = || client.connect(&Url::parse("ws://a/x").unwrap(), &Seed::new([7; 32]));
    asks(&connecting(), &set);
    let wire = if flags & 1 == 0 {
        wire.to_vec()
    } else {
        let accept = accept(&connecting());
        let good = format!(
            "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n"
        );
        [good.as_bytes(), wire].concat()
    };
    let receive = |parts: &[&[u8]]| {
        let mut connecting = connecting();
        match feed(parts, |input| connecting.receive(input)) {
            (Ok(None), _) => (Err(connecting.recv_eof()), Vec::new()),
            ended => ended,
        }
    };
    let whole = receive(&[&wire]);
    assert_eq!(receive(&one_by_one(&wire)), whole);
    assert_eq!(receive(&cut(&wire, cuts)), whole);
    match whole.0 {
        Ok(connected) => {
            let negotiated = connected.unwrap().negotiated;
            let agreed = negotiated.agreed();
            assert!(flags & 4 == 0 || !agreed.half_close());
            match agreed.subprotocol() {
                Some(name) => assert!(offers(&connecting(), name)),
                None => assert!(flags & 10 != 0),
            }
        }
        Err(HandshakeError::Refused(response)) => {
            assert!(response.body().len() <= MAX_BODY);
            is_shown(&response);
        }
        Err(error) => assert!(format!("{error}").len() < 1500),
    }
    alone(&wire, cuts);
    body(&connecting, &wire, cuts);
    texts(&wire);
}

/// A reader alone gives the same wherever its input is cut, for an upgrade and for a tunnel. It takes nothing after the
/// end, and what it wants never reaches behind the head of a response that opens.
fn alone(wire: &[u8], cuts: &[u8]) {
    for new in [ResponseReader::upgrade, ResponseReader::tunnel] {
        let receive = |parts: &[&[u8]]| {
            let mut reader = new(MAX_HEAD);
            match feed(parts, |input| reader.receive(input)) {
                (Ok(None), _) => (reader.end(), Vec::new()),
                ended => ended,
            }
        };
        let whole = receive(&[wire]);
        assert_eq!(receive(&one_by_one(wire)), whole);
        assert_eq!(receive(&cut(wire, cuts)), whole);
        let (mut reader, mut rest) = (new(MAX_HEAD), wire);
        while !rest.is_empty() {
            let (mut wanted, behind) = rest.split_at(reader.wants().min(rest.len()));
            let received = reader.receive(&mut wanted);
            rest = behind;
            match received {
                Ok(None) => assert!(wanted.is_empty()),
                Ok(Some(response)) => {
                    assert_eq!(whole.0.as_ref(), Ok(&Some(response)));
                    assert_eq!(wanted.len() + behind.len(), whole.1.len());
                    break;
                }
                Err(error) => {
                    assert_eq!(whole.0.as_ref(), Err(&error));
                    break;
                }
            }
        }
    }
}

/// One line, of bounded length, without what moves a cursor. What it says comes from fields of their own.
fn is_shown(response: &Response) {
    let shown = response.to_string();
    assert!(shown.chars().count() < 1000, "{shown}");
    assert!(!shown.contains(|one: char| one.is_control() || matches!(one, '\u{2028}' | '\u{2029}' | '\u{202e}')));
    let schemes = response.authenticate();
    assert!(schemes.len() <= 16 && schemes.iter().all(|scheme| scheme.len() <= 32));
    assert!(schemes.is_empty() || matches!(response.status(), 401 | 407));
    let location = response.location().unwrap_or_default();
    assert!(location.bytes().all(|octet| octet.is_ascii_graphic()));
    let _ = response.retry_after();
}

/// The same of any body of any type.
fn texts(content: &[u8]) {
    for of in ["text/html", "application/json", "text/plain", "text/plain; charset=iso-8859-1", "x"] {
        let head = format!("HTTP/1.1 403 x\r\nContent-Type: {of}\r\n\r\n");
        let mut reader = ResponseReader::upgrade(MAX_HEAD);
        let wire = [head.as_bytes(), content].concat();
        let received = reader.receive(&mut &wire[..]).unwrap();
        is_shown(&received.or_else(|| reader.end().unwrap()).unwrap());
    }
}

/// What a client was told to send, as far as it took it.
#[derive(Default)]
struct Set {
    fields: Vec<(String, String)>,
    host: bool,
    origin: Option<String>,
    subprotocols: Vec<String>,
}

impl Set {
    fn up(&mut self, mut client: ClientConfig, texts: [&str; 4]) -> ClientConfig {
        let [name, value, subprotocol, origin] = texts;
        if let Ok(with) = client.clone().header(name, value) {
            client = with;
            if name.eq_ignore_ascii_case("Origin") {
                self.origin = Some(without_slash(value).to_owned());
            } else {
                self.host |= name.eq_ignore_ascii_case("Host");
                self.fields.push((name.to_owned(), value.to_owned()));
            }
        }
        if let Ok(with) = client.clone().subprotocol(subprotocol) {
            client = with;
            self.subprotocols.push(subprotocol.to_owned());
        }
        if let Ok(with) = client.clone().origin(origin) {
            client = with;
            self.origin = Some(without_slash(origin).to_owned());
        }
        client
    }
}

/// An origin as it is sent. That of a page from a file has no host, but two slashes.
fn without_slash(origin: &str) -> &str {
    match origin {
        "file://" => origin,
        _ => origin.strip_suffix('/').unwrap_or(origin),
    }
}

/// Nothing that was set adds a line, or takes one away.
fn asks(connecting: &Connecting, set: &Set) {
    let mut wire = connecting.request();
    let server = ServerConfig::messages().origins(Origins::any());
    let request = Acceptor::new(&server).receive(&mut wire).unwrap().unwrap();
    assert!(wire.is_empty());
    let headers = request.headers();
    assert_eq!((request.method(), request.target()), ("GET", "/x"));
    for (name, value) in &set.fields {
        let value = value.trim_matches([' ', '\t']).as_bytes();
        // Of several hosts the last one counts.
        let last = !name.eq_ignore_ascii_case("Host") || headers.get_all(name).count() == 1;
        // All cookies are one value.
        let is_part = name.eq_ignore_ascii_case("Cookie");
        let is_value = |one: &[u8]| {
            one == value || is_part && one.windows(value.len().max(1)).any(|part| part == value || value.is_empty())
        };
        assert!(last && (name.eq_ignore_ascii_case("Host") || headers.get_all(name).any(is_value)));
    }
    // An origin has no path, not even a slash.
    let origin = set.origin.as_deref();
    let origin = origin.map(|origin| origin.strip_suffix('/').unwrap_or(origin));
    assert_eq!(request.origin(), origin);
    for name in &set.subprotocols {
        assert_eq!(request.subprotocols().filter(|one| one == name).count(), 1);
    }
    let own = set
        .fields
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("Host"));
    assert!(headers.len() - own.count() <= 8 && headers.len() <= MAX_FIELDS);
    // A Host of the application's own may be any text.
    assert!(set.host || request.accept(&server).is_ok());
}

fn offers(connecting: &Connecting, name: &str) -> bool {
    let asked = Acceptor::new(&ServerConfig::messages()).receive(&mut connecting.request());
    asked
        .unwrap()
        .unwrap()
        .subprotocols()
        .any(|one| one == name)
}

fn accept(connecting: &Connecting) -> String {
    let asked = Acceptor::new(&ServerConfig::messages()).receive(&mut connecting.request());
    let asked = asked.unwrap().unwrap();
    wsstream_core::handshake::accept_key(asked.headers().get("Sec-WebSocket-Key").unwrap())
}

/// `content` as the body of a refusal, once with its length, once in chunks of these lengths, once until the
/// end of the transport.
fn body(connecting: &impl Fn() -> Connecting, content: &[u8], lengths: &[u8]) {
    let head = "HTTP/1.1 404 \r\n";
    let counted = format!("{head}Content-Length: {}\r\n\r\n", content.len());
    let mut chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in cut(content, lengths)
        .iter()
        .filter(|chunk| !chunk.is_empty())
    {
        chunked.extend_from_slice(format!("{:x};x\r\n", chunk.len()).as_bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let open = format!("{head}\r\n");
    for wire in [
        [counted.as_bytes(), content].concat(),
        chunked,
        [open.as_bytes(), content].concat(),
    ] {
        let mut connecting = connecting();
        let error = match connecting.receive(&mut &wire[..]) {
            Ok(_) => connecting.recv_eof(),
            Err(error) => error,
        };
        let HandshakeError::Refused(response) = error else {
            unreachable!("{error:?}")
        };
        let kept = &content[..content.len().min(MAX_BODY)];
        // A body that is little but chunk headers is not read to its end.
        if wire.len() - content.len() < MAX_BODY {
            assert_eq!(response.body(), kept);
        } else {
            assert!(kept.starts_with(response.body()));
        }
    }
}

/// The largest head that a client takes by default.
const MAX_HEAD: usize = 64 << 10;
