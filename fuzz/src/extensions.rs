//! Lists of extensions, and what is agreed on by them.

use arbitrary::Unstructured;
use wsstream_core::ConnectionConfig;
use wsstream_core::handshake::{ClientConfig, Extension, HALF_CLOSE, HandshakeError, Negotiated, ServerConfig};

use crate::input::{SEED, octet};

/// A list is what a plain reading of the grammar makes of it, and reads the same once it has been
/// written. A server accepts what it knows of any offer and refuses none that is well-formed; a client
/// accepts nothing but what it has offered. What the server answers, the client confirms.
///
/// Input: flags (1: the server has no half close, 2: the client does not offer it, 4: each line is a
/// field of its own), and the values.
pub(crate) fn extensions(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let text = input.take_rest();
    let values: Vec<&[u8]> = if flags & 4 == 0 {
        vec![text]
    } else {
        text.split(|&octet| octet == b'\n').collect()
    };

    let mut all = Some(Vec::new());
    for value in &values {
        let list = Extension::parse_list(value).ok();
        assert_eq!(list.as_deref().map(plain), read(value));
        let list = list.inspect(|list| written(list));
        all = all.zip(list).map(|(all, list)| [all, list].concat());
    }
    negotiated(&values, all.as_deref(), flags & 1 == 0, flags & 2 == 0);
}

/// permessage-deflate is a property of its own.
fn config() -> ConnectionConfig {
    ConnectionConfig::new().compression(false)
}

fn stream() -> ClientConfig {
    ClientConfig::stream()
        .accept_no_subprotocol(true)
        .config(config())
}

fn negotiated(values: &[&[u8]], all: Option<&[Extension]>, spoken: bool, offered: bool) {
    let fields = values
        .iter()
        .map(|&value| ("sec-websocket-Extensions", value));
    let version: (&str, &[u8]) = ("Sec-WebSocket-Version", b"13");
    let server = ServerConfig::stream().config(config().half_close(spoken));
    let client = stream().config(config().half_close(offered));

    let known = |one: &Extension| one.name() == HALF_CLOSE && one.params().count() == 0;
    let agreed = server.negotiate(fields.clone().chain([version]));
    let agreed = agreed.as_ref().map(Negotiated::agreed);
    match (agreed, all) {
        (Ok(agreed), Some(all)) => {
            assert_eq!(agreed.half_close(), spoken && all.iter().any(known));
            let answer = agreed.fields();
            let answer = answer.iter().map(|(name, value)| (*name, value.as_bytes()));
            let confirmed = stream().confirm(answer, &SEED);
            assert_eq!(confirmed.as_ref().map(Negotiated::agreed), Ok(agreed));
        }
        (Err(error), None) => assert_eq!(error.status(), Some(400)),
        _ => unreachable!("{agreed:?} for {all:?}"),
    }

    let confirmed = client
        .confirm(fields, &SEED)
        .map(|negotiated| negotiated.agreed().half_close());
    match all {
        None => assert!(matches!(
            confirmed,
            Err(HandshakeError::MalformedField { .. })
        )),
        Some([]) => assert_eq!(confirmed, Ok(false)),
        Some([one]) if offered && known(one) => assert_eq!(confirmed, Ok(true)),
        Some([one, ..]) if offered && known(one) => assert!(confirmed.is_err()),
        Some(_) => assert!(matches!(
            confirmed,
            Err(HandshakeError::UnofferedExtension(_))
        )),
    }
}

fn written(list: &[Extension]) {
    let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
    let again = Extension::parse_list(texts.join(", ").as_bytes());
    assert_eq!(again.as_deref(), Ok(list));
    for octet in texts.concat().bytes() {
        assert!(octet.is_ascii_graphic() || octet == b' ');
    }
}

/// Names and parameters.
type Plain = Vec<(String, Vec<(String, Option<String>)>)>;

fn plain(list: &[Extension]) -> Plain {
    let own = |(name, value): (&str, Option<&str>)| (name.to_owned(), value.map(str::to_owned));
    list.iter()
        .map(|one| (one.name().to_owned(), one.params().map(own).collect()))
        .collect()
}

/// The model: cut at commas, semicolons and the equals sign. It can be so plain because what is quoted
/// has to be a token, too, which has none of these (§9.1).
fn read(value: &[u8]) -> Option<Plain> {
    let value = str::from_utf8(value).ok()?;
    let blank = [' ', '\t'];
    let elements = value.split(',').map(|element| element.trim_matches(blank));
    let list: Plain = elements
        .filter(|element| !element.is_empty())
        .map(|element| {
            let mut parts = element.split(';').map(|part| part.trim_matches(blank));
            let name = token(parts.next()?)?;
            let params: Option<_> = parts
                .map(|part| match part.split_once('=') {
                    None => Some((token(part)?, None)),
                    Some((name, value)) => {
                        let name = token(name.trim_end_matches(blank))?;
                        Some((name, Some(word(value.trim_start_matches(blank))?)))
                    }
                })
                .collect();
            Some((name, params?))
        })
        .collect::<Option<_>>()?;
    (!list.is_empty()).then_some(list)
}

fn word(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else {
        return token(text);
    };
    let mut octets = rest.strip_suffix('"')?.chars();
    let mut word = String::new();
    while let Some(octet) = octets.next() {
        word.push(if octet == '\\' { octets.next()? } else { octet });
    }
    token(&word)
}

fn token(text: &str) -> Option<String> {
    let is_in = |octet: u8| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&octet);
    (!text.is_empty() && text.bytes().all(is_in)).then(|| text.to_owned())
}
