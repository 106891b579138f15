//! URLs, and the requests that are made of them.

use wsstream_core::handshake::{Acceptor, ClientConfig, ServerConfig};
use wsstream_core::{InvalidUrl, Seed, Url};

use crate::base64::decode;

/// A text that is a URL says where it leads: written and read again it is the same but for user and
/// password, which are nowhere but in `Authorization`. What our client asks for it, our server takes.
/// A text that is none gives an error that can be shown.
///
/// Input: the text.
pub(crate) fn url(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let url = match Url::parse(&text) {
        Ok(url) => url,
        Err(error) => return refused(&text, &error),
    };
    let again = Url::parse(&url.to_string()).unwrap();
    assert_eq!(again.to_string(), url.to_string());
    assert_eq!(again.authorization(), None);
    let parts = |url: &Url| {
        (
            url.is_secure(),
            url.host().to_owned(),
            url.zone().map(str::to_owned),
            url.port(),
            url.resource().to_owned(),
        )
    };
    assert_eq!(parts(&again), parts(&url));
    assert_eq!(again == url, url.authorization().is_none());

    let (scheme, rest) = text.split_once("://").unwrap();
    assert_eq!(url.is_secure(), scheme.eq_ignore_ascii_case("wss"));
    let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if resource.starts_with('/') { "" } else { "/" };
    assert_eq!(url.resource(), [slash, resource].concat());
    let userinfo = authority.rsplit_once('@').map(|(userinfo, _)| userinfo);
    assert_eq!(url.authorization().map(credentials), userinfo.map(basic));
    assert!(!url.authority().contains('@') && url.port() > 0);
    // RFC 6455 §4.1 item 4: the port is named unless it is the scheme's.
    let default = if url.is_secure() { 443 } else { 80 };
    let named = url.authority().ends_with(&format!(":{}", url.port()));
    assert!(named == (url.port() != default) || url.host().contains(':'));
    asks(&url);
}

fn refused(text: &str, error: &InvalidUrl) {
    assert!(!error.to_string().is_empty());
    if let Some(index) = error.index() {
        assert!(text.is_char_boundary(index));
    }
    if let InvalidUrl::Character {
        index, character, ..
    } = error
    {
        assert!(text[*index..].starts_with(*character));
    }
}

fn asks(url: &Url) {
    let mut connecting = ClientConfig::stream().connect(url, &Seed::new([7; 32]));
    let mut wire = connecting.request();
    if wire.len() > MAX_HEAD {
        return;
    }
    let server = ServerConfig::stream();
    let request = Acceptor::new(&server).receive(&mut wire).unwrap().unwrap();
    assert!(wire.is_empty());
    assert_eq!(request.method(), "GET");
    assert_eq!(request.target(), url.resource());
    assert_eq!(request.path(), url.path());
    assert_eq!(request.host(), Some(url.authority()));
    let authorization = request.headers().get("Authorization");
    assert_eq!(authorization, url.authorization().map(str::as_bytes));
    let fields = 7 + usize::from(authorization.is_some());
    assert!(request.headers().len() <= fields);
    let accepted = request.accept(&server).unwrap();
    let connected = connecting.receive(&mut &accepted.response[..]);
    let connected = connected.unwrap().unwrap();
    assert_eq!(connected.negotiated.agreed(), accepted.negotiated.agreed());
}

/// RFC 7617 §2.
pub(crate) fn credentials(value: &str) -> Vec<u8> {
    let text = value.strip_prefix("Basic ").unwrap();
    let (octets, fault) = decode(&[text.as_bytes(), b"\0"].concat());
    assert_eq!(fault, None);
    octets
}

/// The model: the octets that are meant, and a colon after the user.
pub(crate) fn basic(userinfo: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = userinfo.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        octets.push(match (octet, after) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                let digit = |digit: u8| char::from(digit).to_digit(16).unwrap();
                u8::try_from(digit(*high) << 4 | digit(*low)).unwrap()
            }
            _ => octet,
        });
    }
    if !userinfo.contains(':') {
        octets.push(b':');
    }
    octets
}

/// The largest head that a server takes by default.
const MAX_HEAD: usize = 16 << 10;
