//! What errors say, of which kind they are, and whether it makes sense to try again.

use std::error::Error as _;
use std::io::ErrorKind;

use wsstream_core::handshake::ClientConfig;
use wsstream_core::{Close, CloseCode, ProtocolError, Seed, Timeout};

use super::*;
use crate::context::{timed_out, with_context};
use crate::plan::ClientPlan;
use crate::proxy::{Proxy, ProxyErrorKind};
use crate::redirect_error::RedirectErrorKind;
use crate::test_support::secs;
use crate::tls::tls_error;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// What a client makes of this response.
fn answered(head: &str) -> HandshakeError {
    let mut connecting = ClientConfig::stream().connect(&url("ws://h"), &Seed::new([7; 32]));
    let response = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
    connecting.receive(&mut response.as_bytes()).unwrap_err()
}

fn dial(kind: ErrorKind) -> DialError {
    DialError {
        host: "h".into(),
        port: 9,
        is_proxy: false,
        look_up: None,
        attempts: vec![(([192, 0, 2, 1], 9).into(), kind.into())],
    }
}

fn looked_up(says: &str) -> DialError {
    DialError {
        look_up: Some(io::Error::other(format!("name look-up failed: {says}"))),
        attempts: Vec::new(),
        ..dial(ErrorKind::NotFound)
    }
}

fn proxied(kind: ProxyErrorKind) -> ProxyError {
    ProxyError::new("p:3128".into(), kind)
}

fn closed(code: u16) -> StreamError {
    StreamError::Closed(Close::new(CloseCode::new(code).unwrap(), ""))
}

fn redirected() -> RedirectError {
    let HandshakeError::Refused(response) = answered("302 Found") else {
        unreachable!();
    };
    RedirectError {
        kind: RedirectErrorKind::Loop,
        chain: vec![url("ws://h:9/x"), url("ws://h:9/x")],
        response,
    }
}

/// Each cause, its kind, and whether it is transient.
fn all() -> Vec<(Error, ErrorKind, bool)> {
    use ErrorKind::*;
    let mut all: Vec<(Error, ErrorKind, bool)> = Vec::new();
    for (kind, transient) in [
        (ConnectionRefused, true),
        (ConnectionReset, true),
        (ConnectionAborted, true),
        (HostUnreachable, true),
        (NetworkUnreachable, true),
        (NetworkDown, true),
        (TimedOut, true),
        (PermissionDenied, false),
        (AddrNotAvailable, false),
        (NotFound, false),
    ] {
        all.push((dial(kind).into(), kind, transient));
        all.push((io::Error::from(kind).into(), kind, transient));
        all.push((with_context("/run/s", kind.into()).into(), kind, transient));
        all.push((tls_error("h:9", kind.into()).into(), kind, transient));
    }
    for (status, kind, transient) in [
        (302, Other, false),
        (400, Other, false),
        (401, PermissionDenied, false),
        (403, PermissionDenied, false),
        (404, NotFound, false),
        (406, Other, false),
        (407, PermissionDenied, false),
        (408, TimedOut, true),
        (410, NotFound, false),
        (425, Other, true),
        (426, Other, false),
        (429, Other, true),
        (500, Other, true),
        (501, Other, false),
        (502, Other, true),
        (503, Other, true),
        (504, TimedOut, true),
        (505, Other, false),
    ] {
        let refused = answered(&format!("{status} No"));
        let HandshakeError::Refused(response) = refused.clone() else {
            unreachable!();
        };
        let by_proxy = proxied(ProxyErrorKind::Refused {
            response,
            credentials: false,
        });
        for error in [Error::from(refused), by_proxy.into()] {
            assert_eq!(error.status(), Some(status));
            all.push((error, kind, transient));
        }
    }
    for (code, transient) in [
        (1001, true),
        (1002, false),
        (1003, false),
        (1007, false),
        (1008, false),
        (1009, false),
        (1011, true),
        (1012, true),
        (1013, true),
        (1014, true),
        (3000, false),
        (4001, false),
    ] {
        all.push((closed(code).into(), ConnectionAborted, transient));
    }
    let broken_pipe = io::Error::new(BrokenPipe, closed(1001));
    let eof = || io::Error::new(UnexpectedEof, "tls handshake eof");
    all.extend([
        (
            looked_up("Temporary failure in name resolution").into(),
            Other,
            true,
        ),
        (looked_up("Name or service not known").into(), Other, false),
        (HandshakeError::TimedOut.into(), TimedOut, true),
        (HandshakeError::UnexpectedEof.into(), UnexpectedEof, true),
        (HandshakeError::NoSubprotocol.into(), InvalidData, false),
        (HandshakeError::NotSecure.into(), InvalidInput, false),
        (answered("101 Yes").into(), InvalidData, false),
        (StreamError::Truncated.into(), UnexpectedEof, true),
        (StreamError::Unfinished.into(), UnexpectedEof, true),
        (
            StreamError::TimedOut(Timeout::Keepalive(secs(9))).into(),
            TimedOut,
            true,
        ),
        (PingError::Closed.into(), BrokenPipe, false),
        (PingError::TooLong(126).into(), InvalidInput, false),
        (NotText.into(), InvalidData, false),
        (StreamError::ShutDown.into(), TimedOut, false),
        (
            StreamError::Protocol(ProtocolError::Masked).into(),
            InvalidData,
            false,
        ),
        (broken_pipe.into(), BrokenPipe, true),
        (io::Error::from(BrokenPipe).into(), BrokenPipe, true),
        (timed_out("connecting to /run/s").into(), TimedOut, true),
        (tls_error("h:9", eof()).into(), UnexpectedEof, true),
        (tls_error("", eof()).into(), UnexpectedEof, true),
        (
            with_context("proxy p:3128", tls_error("", eof())).into(),
            UnexpectedEof,
            true,
        ),
        (proxied(ProxyErrorKind::Ended).into(), UnexpectedEof, true),
        (proxied(ProxyErrorKind::Host).into(), InvalidInput, false),
        (
            proxied(ProxyErrorKind::Socks("Host unreachable".into())).into(),
            ConnectionRefused,
            true,
        ),
        (
            proxied(ProxyErrorKind::Socks(
                "Connection not allowed by ruleset".into(),
            ))
            .into(),
            ConnectionRefused,
            false,
        ),
        (redirected().into(), Other, false),
        (
            Url::parse("ftp://h").unwrap_err().into(),
            InvalidInput,
            false,
        ),
        (
            Proxy::parse("ftp://h").unwrap_err().into(),
            InvalidInput,
            false,
        ),
        (
            ClientPlan::parse("tcp:h").unwrap_err().into(),
            InvalidInput,
            false,
        ),
        (
            ClientPlan::parse("stdio").unwrap_err().into(),
            Unsupported,
            false,
        ),
        (UnsupportedEndpoint::Tls.into(), Unsupported, false),
        (
            ClientConfig::stream()
                .header("X", "y\n")
                .unwrap_err()
                .into(),
            InvalidInput,
            false,
        ),
        (
            wsstream_core::Keepalive::new(secs(0), secs(0))
                .unwrap_err()
                .into(),
            InvalidInput,
            false,
        ),
        (ClientPlan::tcp("h").unwrap_err(), InvalidInput, false),
    ]);
    #[cfg(feature = "rustls")]
    {
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let refused = io::Error::new(InvalidData, unknown);
        all.push((tls_error("h:9", refused).into(), InvalidData, false));
    }
    all
}

fn place() -> Place {
    Place::of_url(&url("ws://me:secret@h:9/x?token=secret"))
}

#[test]
fn each_has_its_kind_and_may_be_transient() {
    for (error, kind, transient) in all() {
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(
            error.is_transient(),
            transient,
            "{error}: {:?}",
            error.cause()
        );
    }
}

/// As an `io::Error` and back, with a place and without: nothing gets lost.
#[test]
fn there_and_back() {
    let named = |error: &Error| {
        let cause = format!("{:?}", error.cause());
        (error.to_string(), error.kind(), cause)
    };
    for with_place in [false, true] {
        for (mut error, kind, transient) in all() {
            if with_place {
                error = Error::at(place(), error.into());
                // The first place stays.
                error = Error::at(Place::new("elsewhere"), error.into());
            }
            let before = named(&error);
            let as_io = io::Error::from(error);
            assert_eq!(as_io.kind(), kind);
            assert_eq!(as_io.to_string(), before.0);
            let cause = Cause::of(&as_io);
            assert_eq!(format!("{cause:?}"), before.2);
            assert_eq!(cause.is_transient(), transient);
            let error = Error::from(as_io);
            assert_eq!(named(&error), before);
            assert_eq!(error.place(), with_place.then_some("ws://h:9/x"));
        }
    }
}

/// What anyhow and others print of a chain of errors.
#[test]
fn nothing_is_told_twice() {
    for with_place in [false, true] {
        for (mut error, ..) in all() {
            if with_place {
                error = Error::at(place(), error.into());
            }
            let text = error.to_string();
            assert!(error.source().is_none(), "{text}: {:?}", error.source());
            assert_eq!(format!("{error:?}"), text);
            assert_eq!(
                text.matches("ws://h:9/x").count(),
                match error.cause() {
                    // A circle.
                    Cause::Redirect(_) => 2,
                    _ => usize::from(with_place),
                },
                "{text}"
            );
            // The host with its port, but for the URL.
            let peers = text.replace("ws://h:9/x", "").matches("h:9").count();
            assert!(peers <= usize::from(!with_place), "{text}");
            let as_io = io::Error::from(error);
            assert!(as_io.source().is_none(), "{as_io}");
        }
    }
}

/// The source of an error of somebody else's socket is none of ours to hide.
#[test]
fn what_others_have_to_tell_stays() {
    #[derive(Debug)]
    struct Theirs(io::Error);
    impl fmt::Display for Theirs {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("theirs")
        }
    }
    impl std::error::Error for Theirs {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let inner = Theirs(io::Error::other("deeper"));
    let error = Error::at(place(), io::Error::other(inner));
    assert_eq!(error.to_string(), "ws://h:9/x: theirs");
    assert_eq!(error.source().unwrap().to_string(), "deeper");
    // As `main` prints it.
    assert_eq!(format!("{error:?}"), "ws://h:9/x: theirs; deeper");
}

#[test]
fn places() {
    let refused = || io::Error::from(dial(ErrorKind::ConnectionRefused));
    let long = format!("ws://h/{}", "x".repeat(200));
    let from = Place {
        redirected_from: Some("ws://g/".into()),
        ..place()
    };
    for (place, error, says) in [
        (
            place(),
            refused(),
            "ws://h:9/x: connection refused (192.0.2.1)",
        ),
        (
            from,
            refused(),
            "ws://h:9/x, redirected from ws://g/: connection refused (192.0.2.1)",
        ),
        (
            Place::of_url(&url("ws://h")),
            refused(),
            "ws://h/: h:9: connection refused (192.0.2.1)",
        ),
        (
            Place::of_url(&url("ws://h:90")),
            refused(),
            "ws://h:90/: h:9: connection refused (192.0.2.1)",
        ),
        (
            Place::new("h:9"),
            refused(),
            "h:9: connection refused (192.0.2.1)",
        ),
        (
            Place::new("/s"),
            with_context("/s", ErrorKind::PermissionDenied.into()),
            "/s: not permitted",
        ),
        (
            Place::new("/s"),
            timed_out("connecting to /s"),
            "timed out connecting to /s",
        ),
        (
            place(),
            tls_error("h:9", ErrorKind::ConnectionReset.into()),
            "ws://h:9/x: TLS: connection reset",
        ),
        (
            place(),
            tls_error("g", ErrorKind::ConnectionReset.into()),
            "ws://h:9/x: TLS with g: connection reset",
        ),
        (
            place(),
            HandshakeError::TimedOut.into(),
            "ws://h:9/x: opening handshake not complete in time",
        ),
        (
            place(),
            redirected().into(),
            "redirected in a circle, HTTP 302: ws://h:9/x -> ws://h:9/x",
        ),
        (
            Place::of_url(&url(&long)),
            HandshakeError::TimedOut.into(),
            &format!(
                "ws://h/{}...: opening handshake not complete in time",
                "x".repeat(127)
            ),
        ),
    ] {
        let error = Error::at(place, error);
        assert_eq!(error.to_string(), says);
    }
}

/// `Result<(), Error>` is returned through many functions.
#[test]
fn it_is_small() {
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}
