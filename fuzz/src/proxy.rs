//! The way through a proxy: HTTP as in RFC 9110 §9.3.6, SOCKS5 as in RFC 1928 and RFC 1929, SOCKS4a.

mod socks;

use std::future::Future as _;
use std::net::Ipv6Addr;
use std::pin::pin;
use std::task::Poll;

use arbitrary::Unstructured;
use wsstream_core::test_kit::{Clock, Pipe, Task};
use wsstream_net::proxy::{Proxy, ProxyError, ProxyErrorKind};

use crate::input::{cut, octets, one_by_one};
use crate::url::{basic, credentials};
use crate::work::call;

/// Whatever names a proxy and whatever it answers: it is asked as the RFCs say, its answer is what a plain reading makes
/// of it, however it is cut and the socket waits, and nothing behind it is taken. A proxy shows no password.
///
/// Input: the proxy's URL, the host, the lengths of cuts, each with its length; and the answer.
pub(crate) fn proxy(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let [url, host] = [(); 2].map(|()| String::from_utf8_lossy(octets(&mut input)));
    let cuts = octets(&mut input);
    let answer = input.take_rest();
    let answer = &answer[..answer.len().min(MAX_ANSWER)];
    let url = match Proxy::parse(&url) {
        Ok(_) => &url,
        Err(error) => {
            assert!(error.to_string().starts_with("proxy: "));
            "http://u:p@proxy"
        }
    };
    let proxy = Proxy::parse(url).unwrap();
    let named = Named::of(url);
    named.shows_no_password(&proxy);

    let whole = Tunnelled::new(&proxy, &host, &[answer], false);
    for parts in [one_by_one(answer), cut(answer, cuts)] {
        let mut in_parts = Tunnelled::new(&proxy, &host, &parts, true);
        let is_http = |kind: &ProxyErrorKind| {
            matches!(kind, ProxyErrorKind::Refused { .. } | ProxyErrorKind::NotHttp(_))
        };
        if whole.result.as_ref().is_err_and(is_http) {
            // Nobody reads on, so more may be taken than shows it.
            in_parts.taken = whole.taken;
        }
        assert_eq!(in_parts, whole);
    }
    // A zone names a network of this machine, so the proxy is not told of it (RFC 6874 §4).
    let host = match host.split_once('%') {
        Some((address, _)) if address.parse::<Ipv6Addr>().is_ok() => address,
        _ => &host,
    };
    if !(1..=255).contains(&host.len()) || host.bytes().any(|octet| !octet.is_ascii_graphic()) {
        assert_eq!(whole.result, Err(ProxyErrorKind::Host));
        assert_eq!((whole.told.len(), whole.taken), (0, 0));
        return;
    }
    let user = named.userinfo.map(basic);
    match named.kind {
        Kind::Socks5 => socks::check(answer, host, user, &whole),
        Kind::Socks4 => socks::check_version_4(answer, host, user, &whole),
        Kind::Http => {
            asks_http(&whole, named.userinfo);
            check_http(answer, named.userinfo.is_some(), &whole);
        }
    }
}

/// A plain reading of a proxy's URL.
struct Named<'a> {
    kind: Kind,
    scheme: &'a str,
    userinfo: Option<&'a str>,
    rest: &'a str,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Http,
    Socks4,
    Socks5,
}

impl<'a> Named<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        let userinfo = authority.rsplit_once('@').map(|(userinfo, _)| userinfo);
        let kind = match &*scheme.to_ascii_lowercase() {
            "http" | "https" => Kind::Http,
            "socks4" | "socks4a" => Kind::Socks4,
            _ => Kind::Socks5,
        };
        Self {
            kind,
            scheme,
            userinfo,
            rest: &rest[userinfo.map_or(0, |userinfo| userinfo.len() + 1)..],
        }
    }

    /// With another user and password it looks the same. Written and read again it is the same, but for these.
    fn shows_no_password(&self, proxy: &Proxy) {
        let again = Proxy::parse(&proxy.to_string()).unwrap();
        assert_eq!(again.to_string(), proxy.to_string());
        assert_eq!((again.host(), again.port()), (proxy.host(), proxy.port()));
        if self.userinfo.is_some() {
            let other = match self.kind {
                Kind::Socks4 => "q",
                Kind::Http | Kind::Socks5 => "q:7",
            };
            let other = Proxy::parse(&format!("{}://{other}@{}", self.scheme, self.rest)).unwrap();
            assert_eq!(other.to_string(), proxy.to_string());
            assert_eq!(format!("{other:?}"), format!("{proxy:?}"));
        }
    }
}

/// What came of it.
#[derive(Debug, PartialEq)]
struct Tunnelled {
    result: Result<(), ProxyErrorKind>,
    /// What the proxy was told.
    told: Vec<u8>,
    /// How many times what was told was passed on.
    flushes: usize,
    /// How many octets of the answer were taken.
    taken: usize,
}

impl Tunnelled {
    /// Over a socket that cuts and waits too, or not, by which the answer comes in these parts. Then it ends.
    fn new(proxy: &Proxy, host: &str, parts: &[&[u8]], waits: bool) -> Self {
        let (mut near, far) = Pipe::pair(false);
        if waits {
            let mut line = far.input.get();
            (line.chunk, line.pend_every, line.flush_begins) = (3, 3, true);
            far.output.get().pend_every = 3;
        }
        let (task, mut parts, mut fed) = (Task::new(), parts.iter(), 0);
        let mut clock = Clock::default().sleeper();
        let mut tunnelling = pin!(proxy.tunnel(&mut near, &mut clock, host, PORT));
        let result = loop {
            call();
            if task.is_woken() {
                match tunnelling.as_mut().poll(&mut task.cx()) {
                    Poll::Ready(result) => break result,
                    Poll::Pending => continue,
                }
            }
            let mut line = far.output.get();
            match parts.next() {
                Some(part) => {
                    fed += part.len();
                    line.feed(part);
                }
                None => line.finish(Ok(())),
            }
        };
        let inner = |error: std::io::Error| {
            let inner = error.get_ref().unwrap();
            let error = inner.downcast_ref::<ProxyError>().unwrap();
            assert!(proxy.to_string().ends_with(&format!("://{}", error.proxy())));
            error.kind().clone()
        };
        let mut line = far.input.get();
        Self {
            result: result.map_err(inner),
            told: line.take(),
            flushes: line.flushes,
            taken: fed - far.output.get().octets.len(),
        }
    }
}

/// One head of CONNECT, and nothing in it but what belongs there.
fn asks_http(tunnelled: &Tunnelled, userinfo: Option<&str>) {
    assert_eq!(tunnelled.flushes, 1);
    let text = str::from_utf8(&tunnelled.told).unwrap();
    let head = text.strip_suffix("\r\n\r\n").unwrap();
    assert!(!head.contains("\r\n\r\n"));
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap();
    assert!(first.starts_with("CONNECT ") && first.ends_with(":443 HTTP/1.1"));
    let fields: Vec<_> = lines.map(|line| line.split_once(": ").unwrap()).collect();
    assert_eq!(fields[0].0, "Host");
    assert_eq!(first, format!("CONNECT {} HTTP/1.1", fields[0].1));
    let authorization = fields.get(1).map(|(name, value)| {
        assert_eq!(*name, "Proxy-Authorization");
        credentials(value)
    });
    assert_eq!(authorization, userinfo.map(basic));
    assert!(fields.len() <= 2);
}

/// The answer is the first response that is not interim, and its status is what was taken for it.
fn check_http(answer: &[u8], has_user: bool, Tunnelled { result, taken, .. }: &Tunnelled) {
    let end = final_response(answer);
    match result {
        Ok(()) => assert!(matches!(end, Some((200..=299, end)) if end == *taken)),
        Err(ProxyErrorKind::Refused {
            response,
            credentials,
        }) => {
            assert!((300..600).contains(&response.status()));
            assert_eq!(end.map(|(status, _)| status), Some(response.status()));
            assert_eq!(*credentials, has_user);
        }
        Err(ProxyErrorKind::Ended) => assert!(end.is_none() && *taken == answer.len()),
        Err(ProxyErrorKind::NotHttp(_)) => {}
        Err(error) => unreachable!("{error:?}"),
    }
}

/// A plain reading of the first response that is not interim: its status, and where its head ends.
fn final_response(answer: &[u8]) -> Option<(u16, usize)> {
    let mut begin = 0;
    loop {
        let mut rest = &answer[begin..];
        if let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        }
        let end = rest.windows(4).position(|octets| octets == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&rest[..end]);
        begin = answer.len() - rest.len() + end + 4;
        let status = head.split_ascii_whitespace().nth(1)?.parse().ok()?;
        if !(100..200).contains(&status) {
            return Some((status, begin));
        }
    }
}

/// Where the tunnel is to lead.
const PORT: u16 = 443;
/// An answer of HTTP that is longer is refused before its end is seen.
const MAX_ANSWER: usize = 16 << 10;
