//! SOCKS5 (RFC 1928, with the user and password of RFC 1929), SOCKS4 and SOCKS4a.
//!
//! A client asks for nothing but a connection: two or three short messages, each of a length that is known before it
//! is read. No library of the field does that without a runtime, an error crate and a procedural macro.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wsstream_core::Url;
use wsstream_core::pump::Socket;

use super::error::{Failed, InvalidProxy, ProxyErrorKind};
use super::exchange::{fill, receive, send};

/// Who asks, in the version of the protocol.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum User {
    /// SOCKS4 has only a name.
    Socks4(Option<String>),
    /// A name and a password.
    Socks5(Option<(String, String)>),
}

impl User {
    /// The user of a URL for SOCKS4.
    pub(super) fn socks4(url: &Url) -> Result<Self, InvalidProxy> {
        let invalid = InvalidProxy::Socks4User;
        Ok(Self::Socks4(match userinfo(url) {
            None => None,
            Some(Some((name, password)))
                if password.is_empty() && (1..=MAX_SOCKS4_USER).contains(&name.len()) =>
            {
                Some(name)
            }
            Some(_) => return Err(invalid),
        }))
    }

    /// The user and password of a URL for SOCKS5.
    pub(super) fn socks5(url: &Url) -> Result<Self, InvalidProxy> {
        // RFC 1929 §2: each has 1 to 255 octets.
        let is_valid = |text: &String| (1..=255).contains(&text.len());
        Ok(Self::Socks5(match userinfo(url) {
            None => None,
            Some(Some((name, password))) if is_valid(&name) && is_valid(&password) => {
                Some((name, password))
            }
            Some(_) => return Err(InvalidProxy::User),
        }))
    }
}

/// The user and the password of a URL, if it has them; `Some(None)` if they are not UTF-8.
fn userinfo(url: &Url) -> Option<Option<(String, String)>> {
    // RFC 7617 §2: Base64 of the user, a colon and the password.
    let encoded = url.authorization()?.strip_prefix("Basic ")?;
    let decoded = STANDARD.decode(encoded).unwrap_or_default();
    Some(String::from_utf8(decoded).ok().map(|decoded| {
        let (name, password) = decoded.split_once(':').unwrap_or_default();
        (name.to_owned(), password.to_owned())
    }))
}

/// Omits the user and the password.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("User(..)")
    }
}

/// Opens a tunnel. It reads no octet behind the proxy's response.
pub(super) async fn tunnel(
    socket: &mut impl Socket,
    user: &User,
    host: &str,
    port: u16,
) -> Result<(), Failed> {
    match user {
        User::Socks4(name) => version_4(socket, name.as_deref(), host, port).await,
        User::Socks5(login) => version_5(socket, login.as_ref(), host, port).await,
    }
}

/// The protocol as its authors published it, and SOCKS4a for names.
async fn version_4(
    socket: &mut impl Socket,
    user: Option<&str>,
    host: &str,
    port: u16,
) -> Result<(), Failed> {
    let (address, name) = match host.parse() {
        Ok(IpAddr::V4(ip)) => (ip.octets(), None),
        Ok(IpAddr::V6(_)) => return Err(ProxyErrorKind::Ipv6.into()),
        // No host has this address. It says that a name follows.
        Err(_) => ([0, 0, 0, 1], Some(host)),
    };
    let mut request = vec![4, CONNECT];
    request.extend(port.to_be_bytes());
    request.extend(address);
    for text in [Some(user.unwrap_or_default()), name].into_iter().flatten() {
        request.extend(text.bytes());
        request.push(0);
    }
    send(socket, &request).await?;
    match receive(socket).await? {
        [0, 90, _, _, _, _, _, _] => Ok(()),
        // The one refusal for all that it can be.
        [0, 91, ..] if name.is_some() => Err(refused(
            "request rejected or failed, perhaps as it takes addresses alone",
        )),
        [0, 91, ..] => Err(refused("request rejected or failed")),
        // It asks the client's machine who the user is (RFC 1413).
        [0, 92 | 93, ..] => Err(not_let_in(user.is_some())),
        _ => Err(ProxyErrorKind::NotSocks.into()),
    }
}

/// RFC 1928.
async fn version_5(
    socket: &mut impl Socket,
    login: Option<&(String, String)>,
    host: &str,
    port: u16,
) -> Result<(), Failed> {
    // §3: no authentication, and a user and a password if there are any.
    let methods: &[u8] = match login {
        Some(_) => &[5, 2, 0, 2],
        None => &[5, 1, 0],
    };
    send(socket, methods).await?;
    match (receive(socket).await?, login) {
        ([5, 0], _) => {}
        ([5, 2], Some(login)) => authenticate(socket, login).await?,
        ([5, 0xff], Some(_)) => {
            return Err(refused("it authenticates by other means than a password"));
        }
        // It wants what was not offered, or nothing that was.
        ([5, 2 | 0xff], None) => return Err(not_let_in(false)),
        _ => return Err(ProxyErrorKind::NotSocks.into()),
    }
    // §4 and §5.
    let mut request = vec![5, CONNECT, 0];
    match host.parse() {
        Ok(IpAddr::V4(ip)) => {
            request.push(IPV4);
            request.extend(ip.octets());
        }
        Ok(IpAddr::V6(ip)) => {
            request.push(IPV6);
            request.extend(ip.octets());
        }
        Err(_) => {
            request.push(NAME);
            counted(&mut request, host)?;
        }
    }
    request.extend(port.to_be_bytes());
    send(socket, &request).await?;
    // §6.
    let kind = match receive(socket).await? {
        [5, 0, 0, kind] => kind,
        [5, reply, 0, _] => return Err(replied(reply)),
        _ => return Err(ProxyErrorKind::NotSocks.into()),
    };
    // The address from which it connects, and the port: nobody needs them.
    let len = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(receive::<1>(socket).await?[0]),
        _ => return Err(ProxyErrorKind::NotSocks.into()),
    };
    let mut bound = vec![0; len + 2];
    fill(socket, &mut bound).await?;
    let name = bound.get(..len).unwrap_or_default();
    if kind == NAME && str::from_utf8(name).is_err() {
        return Err(ProxyErrorKind::NotSocks.into());
    }
    Ok(())
}

/// RFC 1929 §2.
async fn authenticate(
    socket: &mut impl Socket,
    (name, password): &(String, String),
) -> Result<(), Failed> {
    let mut request = vec![1];
    counted(&mut request, name)?;
    counted(&mut request, password)?;
    send(socket, &request).await?;
    match receive(socket).await? {
        [1, 0] => Ok(()),
        [1, _] => Err(not_let_in(true)),
        _ => Err(ProxyErrorKind::NotSocks.into()),
    }
}

/// A text behind its length, which its caller has limited to 255 octets.
fn counted(request: &mut Vec<u8>, text: &str) -> Result<(), Failed> {
    request.push(u8::try_from(text.len()).map_err(|_| ProxyErrorKind::Host)?);
    request.extend(text.bytes());
    Ok(())
}

/// What a reply means, RFC 1928 §6.
fn replied(reply: u8) -> Failed {
    refused(match reply {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => return ProxyErrorKind::NotSocks.into(),
    })
}

fn refused(reason: &str) -> Failed {
    ProxyErrorKind::Socks(reason.to_owned()).into()
}

fn not_let_in(credentials: bool) -> Failed {
    ProxyErrorKind::SocksUser { credentials }.into()
}

/// Whether a proxy that refused for this reason may connect later: not if it forbids the target, or cannot do what it is
/// asked for.
pub(crate) fn may_connect_later(reason: &str) -> bool {
    let lasts = [
        "not allowed",
        "not supported",
        "other means",
        "takes addresses",
    ];
    !lasts.iter().any(|lasting| reason.contains(lasting))
}

/// RFC 1928 §4, and the same in version 4.
const CONNECT: u8 = 1;

/// RFC 1928 §5.
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// With the longest host, a request is then as long as the longest of RFC 1929.
const MAX_SOCKS4_USER: usize = 513 - 10 - 255;
