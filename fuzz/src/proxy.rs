//! The way through a proxy: HTTP as in RFC 9110 §9.3.6, SOCKS5 as in RFC 1928 and RFC 1929.

mod socks;

use std::future::Future as _;
use std::pin::pin;
use std::task::Poll;

use arbitrary::Unstructured;
use wsstream_core::test_kit::{Pipe, Task};
use wsstream_net::proxy::{Proxy, ProxyError};

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
        assert_eq!(Tunnelled::new(&proxy, &host, &parts, true), whole);
    }
    if !(1..=255).contains(&host.len()) || host.bytes().any(|octet| !octet.is_ascii_graphic()) {
        assert_eq!(whole.result, Err(ProxyError::Host));
        assert_eq!((whole.told.len(), whole.taken), (0, 0));
    } else if named.is_socks {
        socks::check(answer, &host, named.userinfo.map(basic), &whole);
    } else {
        asks_http(&whole, named.userinfo);
        check_http(answer, &whole);
    }
}

/// A plain reading of a proxy's URL.
struct Named<'a> {
    is_socks: bool,
    scheme: &'a str,
    userinfo: Option<&'a str>,
    rest: &'a str,
}

impl<'a> Named<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        let userinfo = authority.rsplit_once('@').map(|(userinfo, _)| userinfo);
        Self {
            is_socks: scheme.to_ascii_lowercase().starts_with("socks5"),
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
            let other = Proxy::parse(&format!("{}://q:7@{}", self.scheme, self.rest)).unwrap();
            assert_eq!(other.to_string(), proxy.to_string());
            assert_eq!(format!("{other:?}"), format!("{proxy:?}"));
        }
    }
}

/// What came of it.
#[derive(Debug, PartialEq)]
struct Tunnelled {
    result: Result<(), ProxyError>,
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
        let mut tunnelling = pin!(proxy.tunnel(&mut near, host, PORT));
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
            inner.downcast_ref::<ProxyError>().unwrap().clone()
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

/// The answer ends with its first empty line, and its status is what was taken for it.
fn check_http(answer: &[u8], Tunnelled { result, taken, .. }: &Tunnelled) {
    let end = answer.windows(4).position(|octets| octets == b"\r\n\r\n");
    assert_eq!(*taken, end.map_or(answer.len(), |end| end + 4));
    let head = String::from_utf8_lossy(&answer[..*taken]);
    let says = |status: &str| head.trim_start().starts_with("HTTP/1.") && head.contains(status);
    match result {
        Ok(()) => assert!(end.is_some() && says(" 2")),
        Err(ProxyError::Refused(status)) => {
            assert!(!(200..300).contains(status) && says(&format!(" {status:03}")));
        }
        Err(error) => assert_eq!(*error, ProxyError::Malformed),
    }
}

/// Where the tunnel is to lead.
const PORT: u16 = 443;
/// An answer of HTTP that is longer is refused before its end is seen.
const MAX_ANSWER: usize = 16 << 10;
