//! A little proxy, in threads of its own.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;

/// How the proxy is asked for a tunnel.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are no more")]
pub enum Asked {
    /// RFC 9110 §9.3.6, with the user `me` and the password `secret`. Interim responses come before the answer.
    Http,
    /// The same, without a user.
    HttpOpen,
    /// RFC 1928, with the user and password of RFC 1929.
    Socks5,
    /// RFC 1928, without them.
    Socks5Open,
    /// SOCKS4a, with the user `me`.
    Socks4,
}

impl Asked {
    /// The URL of a proxy at this address that is asked so, with user and password if it wants them.
    #[must_use]
    pub fn url(self, at: SocketAddr) -> String {
        match self {
            Self::Http => format!("http://me:secret@{at}"),
            Self::HttpOpen => format!("http://{at}"),
            Self::Socks5 => format!("socks5://me:secret@{at}"),
            Self::Socks5Open => format!("socks5h://{at}"),
            Self::Socks4 => format!("socks4://me@{at}"),
        }
    }

    /// The target, if the proxy is asked for one as it wants to be. Otherwise it has answered.
    fn target(self, tcp: &mut TcpStream) -> io::Result<Option<String>> {
        match self {
            Self::Http | Self::HttpOpen => {
                let Some(head) = head(tcp)? else {
                    tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
                    return Ok(None);
                };
                let user = "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n";
                if matches!(self, Self::Http) && !head.contains(user) {
                    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n";
                    tcp.write_all(refusal.as_bytes())?;
                    return Ok(None);
                }
                let target = head.strip_prefix("CONNECT ");
                Ok(target.and_then(|rest| rest.split(' ').next().map(str::to_owned)))
            }
            Self::Socks5 | Self::Socks5Open => socks5(tcp, matches!(self, Self::Socks5)),
            Self::Socks4 => socks4(tcp).map(Some),
        }
    }

    const fn yes(self) -> &'static [u8] {
        match self {
            Self::Http | Self::HttpOpen => {
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
            }
            Self::Socks5 | Self::Socks5Open => &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
            Self::Socks4 => &[0, 90, 0, 0, 0, 0, 0, 0],
        }
    }
}

/// A proxy, and the targets it was asked for.
///
/// # Panics
///
/// If it cannot listen.
#[must_use]
pub fn proxy(asked: Asked) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, targets) = channel();
    spawn(move || {
        for near in listener.incoming() {
            let tell = tell.clone();
            spawn(move || -> io::Result<()> {
                let mut near = near?;
                let Some(target) = asked.target(&mut near)? else {
                    return Ok(());
                };
                let far = TcpStream::connect(&target)?;
                // Its test may not look.
                let _ = tell.send(target);
                near.write_all(asked.yes())?;
                let [up, down] = [near.try_clone()?, far.try_clone()?];
                spawn(move || copy(up, far));
                copy(down, near);
                Ok(())
            });
        }
    });
    (address, targets)
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// Octet by octet, so that nothing behind it is taken. `None` if it is not HTTP.
fn head(tcp: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let [octet] = octets(tcp)?;
        if octet.is_ascii_control() && !octet.is_ascii_whitespace() {
            return Ok(None);
        }
        head.push(octet.into());
    }
    Ok(Some(head))
}

/// RFC 1928 and RFC 1929.
fn socks5(tcp: &mut TcpStream, wants_user: bool) -> io::Result<Option<String>> {
    let [_version, count] = octets(tcp)?;
    let methods: Vec<_> = (0..count)
        .map(|_| octets::<1>(tcp))
        .collect::<Result<_, _>>()?;
    if wants_user {
        if !methods.contains(&[2]) {
            tcp.write_all(&[5, 0xff])?;
            return Ok(None);
        }
        tcp.write_all(&[5, 2])?;
        let is_me = &octets(tcp)? == b"\x01\x02me\x06secret";
        tcp.write_all(&[1, u8::from(!is_me)])?;
        if !is_me {
            return Ok(None);
        }
    } else {
        tcp.write_all(&[5, 0])?;
    }
    let [_version, _connect, _reserved, kind] = octets(tcp)?;
    let host = match kind {
        1 => Ipv4Addr::from(octets(tcp)?).to_string(),
        _ => {
            let [len] = octets(tcp)?;
            let mut name = vec![0; len.into()];
            tcp.read_exact(&mut name)?;
            String::from_utf8_lossy(&name).into_owned()
        }
    };
    Ok(Some(format!("{host}:{}", u16::from_be_bytes(octets(tcp)?))))
}

fn socks4(tcp: &mut TcpStream) -> io::Result<String> {
    let [_version, _connect, high, low, address @ ..] = octets::<8>(tcp)?;
    let user = until_nul(tcp)?;
    assert_eq!(user, "me");
    let host = match address {
        [0, 0, 0, 1] => until_nul(tcp)?,
        address => Ipv4Addr::from(address).to_string(),
    };
    Ok(format!("{host}:{}", u16::from_be_bytes([high, low])))
}

fn until_nul(tcp: &mut TcpStream) -> io::Result<String> {
    let mut text = String::new();
    loop {
        match octets(tcp)? {
            [0] => return Ok(text),
            [octet] => text.push(octet.into()),
        }
    }
}

fn octets<const COUNT: usize>(tcp: &mut TcpStream) -> io::Result<[u8; COUNT]> {
    let mut octets = [0; COUNT];
    tcp.read_exact(&mut octets)?;
    Ok(octets)
}
