//! The way through an HTTP proxy: RFC 9110 §9.3.6.

use arbitrary::Unstructured;
use wsstream_core::proxy::{Proxy, ProxyConnect, ProxyError};

use crate::input::{octets, one_by_one};
use crate::work::call;

/// Whatever names a proxy and whatever it answers: the request is one head, the answer is what a plain
/// reading makes of it however it is cut, and nothing behind it is taken.
///
/// Input: the proxy's URL, the host, where what `no_proxy` says ends, each with its length; and the answer.
pub(crate) fn proxy(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let [url, host, except] = [(); 3].map(|()| String::from_utf8_lossy(octets(&mut input)));
    let answer = input.take_rest();
    environment(&url, &host, &except);
    let fallback = || Proxy::parse("http://u:p@proxy").unwrap();
    let proxy = Proxy::parse(&url).unwrap_or_else(|_| fallback());
    let Ok(connect) = ProxyConnect::new(&proxy, &host, 443) else {
        assert!(host.bytes().any(|octet| !octet.is_ascii_graphic()));
        return;
    };
    request(connect.request());
    let ask = |parts: &[&[u8]]| {
        let connect = ProxyConnect::new(&proxy, &host, 443).unwrap();
        ask(connect, parts)
    };
    let answered = ask(&[answer]);
    assert_eq!(ask(&one_by_one(answer)), answered);
    check(answer, &answered);
}

/// What the environment says is what is said by itself, or nothing.
fn environment(url: &str, host: &str, except: &str) {
    let variable = |name: &str| match name {
        "https_proxy" => Some(url.to_owned()),
        "no_proxy" => Some(except.to_owned()),
        _ => None,
    };
    let found = Proxy::of_environment(true, host, 443, variable);
    let covered = matches!(found, Ok(None));
    assert!(covered || found.map(Option::unwrap) == Proxy::parse(url));
    if except.is_empty() {
        assert_eq!(covered, url.is_empty());
    }
}

/// One head of CONNECT, and nothing in it but what belongs there.
fn request(request: &[u8]) {
    let text = str::from_utf8(request).unwrap();
    let head = text.strip_suffix("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap();
    assert!(first.starts_with("CONNECT ") && first.ends_with(":443 HTTP/1.1"));
    let names: Vec<_> = lines.map(|line| line.split_once(": ").unwrap().0).collect();
    assert!(names.len() <= 2 && names[0] == "Host");
    assert!(names.get(1).is_none_or(|name| *name == "Proxy-Authorization"));
    assert!(!head.contains("\r\n\r\n"));
}

/// Whether there is a tunnel, and how many octets were taken.
type Answered = (Result<bool, ProxyError>, usize);

fn ask(mut connect: ProxyConnect, parts: &[&[u8]]) -> Answered {
    let mut taken = 0;
    for part in parts {
        let mut rest = *part;
        while !rest.is_empty() {
            call();
            let wants = connect.wants();
            assert!((1..=ProxyConnect::MOST).contains(&wants));
            let (now, after) = rest.split_at(wants.min(rest.len()));
            taken += now.len();
            rest = after;
            match connect.receive(now) {
                Ok(false) => {}
                done => return (done, taken),
            }
        }
    }
    (Ok(false), taken)
}

/// The answer ends with its first empty line, and its status is what was taken for it.
fn check(answer: &[u8], (result, taken): &Answered) {
    let end = answer.windows(4).position(|octets| octets == b"\r\n\r\n");
    assert_eq!(*taken, end.map_or(answer.len(), |end| end + 4));
    let head = String::from_utf8_lossy(&answer[..*taken]);
    let says = |status: &str| head.trim_start().starts_with("HTTP/1.") && head.contains(status);
    match result {
        Ok(false) => assert_eq!(end, None),
        Ok(true) => assert!(says(" 2")),
        Err(ProxyError::Refused(status)) => {
            assert!(!(200..300).contains(status) && says(&format!(" {status:03}")));
        }
        Err(error) => assert_eq!((*error, end.is_some()), (ProxyError::Malformed, true)),
    }
}
