//! What dial errors say.

use std::net::Ipv6Addr;

use super::*;

/// Linux's number of an error.
#[cfg(target_os = "linux")]
const fn os(number: i32) -> Result<ErrorKind, i32> {
    Err(number)
}

fn failed(host: &str, attempts: &[(&str, Result<ErrorKind, i32>)]) -> DialError {
    let error = DialError {
        host: host.to_owned(),
        port: 443,
        is_proxy: false,
        look_up: None,
        attempts: attempts
            .iter()
            .map(|(address, kind)| {
                let error = match kind {
                    Ok(kind) => (*kind).into(),
                    Err(number) => io::Error::from_raw_os_error(*number),
                };
                (address.parse().unwrap(), error)
            })
            .collect(),
    };
    error.sorted()
}

#[test]
fn the_most_telling_comes_first() {
    use ErrorKind::{
        AddrNotAvailable, ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable,
        PermissionDenied, TimedOut,
    };
    let (v4, other, v6) = ("192.0.2.1:443", "192.0.2.2:443", "[2001:db8::1]:443");
    for (attempts, kind, says) in [
        (
            &[(v6, Ok(NetworkUnreachable)), (v4, Ok(ConnectionRefused))][..],
            ConnectionRefused,
            "h:443: connection refused (192.0.2.1); network unreachable (2001:db8::1)",
        ),
        (
            &[(v6, Ok(AddrNotAvailable)), (v4, Ok(TimedOut))],
            TimedOut,
            "h:443: timed out (192.0.2.1); address not available (2001:db8::1)",
        ),
        (
            &[
                (v4, Ok(TimedOut)),
                (other, Ok(ConnectionReset)),
                (v6, Ok(HostUnreachable)),
            ],
            ConnectionReset,
            "h:443: connection reset (192.0.2.2); timed out (192.0.2.1); no route to the host (2001:db8::1)",
        ),
        (
            &[
                (v6, Ok(HostUnreachable)),
                (v4, Ok(PermissionDenied)),
                (other, Ok(PermissionDenied)),
            ],
            PermissionDenied,
            "h:443: not permitted (192.0.2.1, 192.0.2.2); no route to the host (2001:db8::1)",
        ),
        (
            &[(v4, Ok(TimedOut)), (v6, Ok(TimedOut))],
            TimedOut,
            "timed out connecting to h:443, tried 192.0.2.1 and 2001:db8::1",
        ),
        (
            &[(v4, Ok(TimedOut))],
            TimedOut,
            "timed out connecting to h:443, tried 192.0.2.1",
        ),
    ] {
        let error = failed("h", attempts);
        assert_eq!((error.kind(), &*error.to_string()), (kind, says));
    }
}

/// What is the matter with this machine is told before what may be the matter with the way.
#[cfg(target_os = "linux")]
#[test]
fn errors_of_the_system() {
    let attempts = [
        ("192.0.2.1:443", os(libc::ETIMEDOUT)),
        ("[2001:db8::1]:443", os(libc::EMFILE)),
    ];
    let error = failed("h", &attempts);
    let text = "h:443: Too many open files (2001:db8::1); timed out (192.0.2.1)";
    assert_eq!(error.to_string(), text);
    // The number is with the attempt. A source would say the same in other words.
    assert_eq!(error.attempts[0].1.raw_os_error(), Some(libc::EMFILE));
    for number in [
        libc::ECONNREFUSED,
        libc::EHOSTUNREACH,
        libc::EACCES,
        libc::EINVAL,
    ] {
        let error = io::Error::from(failed("h", &[("192.0.2.1:443", os(number))]));
        assert!(error.source().is_none(), "{error}");
        assert_eq!(error.kind(), io::Error::from_raw_os_error(number).kind());
    }
}

#[test]
fn an_address_is_told_once() {
    let refused = Ok(ErrorKind::ConnectionRefused);
    for (host, address, says) in [
        (
            "127.0.0.1",
            "127.0.0.1:443",
            "127.0.0.1:443: connection refused",
        ),
        ("::1", "[::1]:443", "[::1]:443: connection refused"),
        (
            "fe80::1%eth0",
            "[fe80::1%2]:443",
            "[fe80::1%eth0]:443: connection refused",
        ),
        (
            "fe80::1",
            "[fe80::1]:443",
            "[fe80::1]:443: connection refused, the address needs a zone as in fe80::1%eth0",
        ),
        (
            "h",
            "[fe80::1%2]:443",
            "h:443: connection refused (fe80::1%2)",
        ),
        (
            "h",
            "[fe80::1]:443",
            "h:443: connection refused, the address needs a zone as in fe80::1%eth0 (fe80::1)",
        ),
    ] {
        let error = failed(host, &[(address, refused)]);
        assert_eq!(error.to_string(), says);
        let (_, rest) = says.split_once(":443: ").unwrap();
        assert_eq!(format!("{error:#}"), rest);
    }
    let late = failed("127.0.0.1", &[("127.0.0.1:443", Ok(ErrorKind::TimedOut))]);
    assert_eq!(late.to_string(), "timed out connecting to 127.0.0.1:443");
    assert_eq!(format!("{late:#}"), "timed out connecting");
}

/// However many there are, the text stays short; the attempts are all there.
#[test]
fn not_all_of_many_are_shown() {
    let many = |kind: ErrorKind| {
        let attempts = (1..=9).map(|last| {
            let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last);
            ((address, 443).into(), kind.into())
        });
        DialError {
            attempts: attempts.collect(),
            ..failed("h", &[])
        }
    };
    let six = "2001:db8::1, 2001:db8::2, 2001:db8::3, 2001:db8::4, 2001:db8::5, 2001:db8::6";
    let error = many(ErrorKind::ConnectionRefused);
    let text = format!("h:443: connection refused ({six}); and 3 more");
    assert_eq!((error.to_string(), error.attempts.len()), (text, 9));
    let text = format!("timed out connecting to h:443, tried {six} and 3 more");
    assert_eq!(many(ErrorKind::TimedOut).to_string(), text);
}

#[test]
fn look_ups_and_proxies() {
    let with = |is_proxy, look_up: Option<io::Error>| DialError {
        is_proxy,
        look_up,
        ..failed("h", &[])
    };
    let unknown = || Some(io::Error::other("name look-up failed: nobody knows it"));
    for (error, says) in [
        (with(false, None), "h:443: the name has no address"),
        (with(true, None), "proxy h:443: the name has no address"),
        (
            with(false, unknown()),
            "h:443: name look-up failed: nobody knows it",
        ),
        (
            with(true, unknown()),
            "proxy h:443: name look-up failed: nobody knows it",
        ),
        (
            with(false, Some(ErrorKind::TimedOut.into())),
            "timed out looking up h:443",
        ),
        (
            with(true, Some(ErrorKind::TimedOut.into())),
            "timed out looking up the proxy h:443",
        ),
        (
            DialError {
                is_proxy: true,
                ..failed("h", &[("192.0.2.1:443", Ok(ErrorKind::TimedOut))])
            },
            "timed out connecting to the proxy h:443, tried 192.0.2.1",
        ),
    ] {
        assert_eq!(error.to_string(), says);
    }
}

/// What the resolvers of several systems say when they cannot tell now, and when nobody knows the name.
#[test]
fn a_look_up_may_work_later() {
    for (says, later) in [
        ("Temporary failure in name resolution", true),
        ("Name could not be resolved at this time", true),
        ("Try again", true),
        (
            "This is usually a temporary error during hostname resolution. (os error 11002)",
            true,
        ),
        ("Name or service not known", false),
        ("nodename nor servname provided, or not known", false),
        ("No such host is known. (os error 11001)", false),
        ("Non-recoverable failure in name resolution", false),
    ] {
        let system = io::Error::other(format!("{OF_LOOK_UPS}{says}"));
        let look_up = Some(look_up_failed(&system));
        let error = DialError {
            look_up,
            ..failed("h", &[])
        };
        assert_eq!(error.is_transient(), later, "{error}");
    }
    let late = DialError {
        look_up: Some(ErrorKind::TimedOut.into()),
        ..failed("h", &[])
    };
    assert!(late.is_transient());
    assert!(!failed("h", &[]).is_transient());
    // One address is enough.
    let (never, later) = (
        Ok(ErrorKind::AddrNotAvailable),
        Ok(ErrorKind::ConnectionRefused),
    );
    let both = [("[2001:db8::1]:443", never), ("192.0.2.1:443", later)];
    assert!(failed("h", &both).is_transient());
    assert!(!failed("h", &both[..1]).is_transient());
}
