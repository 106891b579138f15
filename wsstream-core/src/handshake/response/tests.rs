use alloc::format;
use alloc::string::String;

use super::*;
use crate::handshake::ResponseReader;

/// A response with these octets: status and reason, fields, body.
fn response(line: &str, fields: &[&str], body: impl AsRef<[u8]>) -> Response {
    let mut wire = format!("HTTP/1.1 {line}\r\n");
    for field in fields {
        wire += &format!("{field}\r\n");
    }
    let wire = [wire.as_bytes(), b"\r\n", body.as_ref()].concat();
    let mut reader = ResponseReader::upgrade(64 << 10);
    let received = reader.receive(&mut &wire[..]).unwrap();
    received.or_else(|| reader.end().unwrap()).unwrap()
}

#[test]
fn rfc9110_s10_2_2_where_it_is() {
    for (fields, expected) in [
        (&[][..], None),
        (&["Location: /login"][..], Some("/login")),
        (
            &["location:  wss://example.org/x?token=a "],
            Some("wss://example.org/x?token=a"),
        ),
        (&["Location:"], None),
        (&["Location: /a b"], None),
        (&["Location: /\u{e9}"], None),
        (&["Location: /a", "Location: /b"], None),
        (&["Location: /a", "Location: /a"], Some("/a")),
    ] {
        assert_eq!(
            response("302 Found", fields, "").location(),
            expected,
            "{fields:?}"
        );
    }
}

#[test]
fn rfc9110_s10_2_3_when_to_try_again() {
    let date = |date| Some(RetryAfter::Date(date));
    for (value, expected) in [
        ("120", Some(RetryAfter::Seconds(120))),
        ("0", Some(RetryAfter::Seconds(0))),
        ("18446744073709551615", Some(RetryAfter::Seconds(u64::MAX))),
        ("18446744073709551616", None),
        ("+5", None),
        ("-5", None),
        ("1.5", None),
        ("5 s", None),
        ("", None),
        (
            "Wed, 21 Oct 2015 07:28:00 GMT",
            date("Wed, 21 Oct 2015 07:28:00 GMT"),
        ),
        (
            "Wednesday, 09-Nov-94 08:49:37 GMT",
            date("Wednesday, 09-Nov-94 08:49:37 GMT"),
        ),
        ("Sun Nov  6 08:49:37 1994", date("Sun Nov  6 08:49:37 1994")),
        (
            "Later, when the moon is full and the wind is from the west",
            None,
        ),
        ("Soon\u{e9}", None),
        ("Soon\"", None),
    ] {
        let response = response("503 Busy", &[&format!("Retry-After: {value}")], "");
        assert_eq!(response.retry_after(), expected, "{value:?}");
    }
    assert_eq!(response("503 Busy", &[], "").retry_after(), None);
}

#[test]
fn rfc9110_s11_6_1_what_is_asked_for() {
    for (values, expected) in [
        (&["Basic realm=\"x\""][..], &["Basic"][..]),
        (&["Negotiate"], &["Negotiate"]),
        (&["Negotiate, NTLM"], &["Negotiate", "NTLM"]),
        (
            &["NTLM", "Basic realm=x", "basic realm=y"],
            &["NTLM", "Basic"],
        ),
        // The RFC's own example.
        (
            &[
                "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
            ],
            &["Basic", "Newauth"],
        ),
        (
            &["Digest realm=\"a, Bearer x\", qop=\"auth,auth-int\", nonce=x, Basic"],
            &["Digest", "Basic"],
        ),
        (
            &["Digest realm = \"a\" , nonce = x,Bearer"],
            &["Digest", "Bearer"],
        ),
        (&["Basic realm=\"a\\\", Bearer\", NTLM"], &["Basic", "NTLM"]),
        (
            &["Negotiate YII=, NTLM TlRMTVNTUAAC=="],
            &["Negotiate", "NTLM"],
        ),
        (&[", ,Basic,,"], &["Basic"]),
        (&["Basic realm=\"a, Bearer"], &["Basic"]),
        (&["realm=x, \"Basic\", B\u{e9}, B@"], &[]),
        (&[""], &[]),
        (&["Basic\trealm=x"], &["Basic"]),
    ] {
        for (status, name) in [(401, "WWW-Authenticate"), (407, "proxy-authenticate")] {
            let fields: Vec<_> = values
                .iter()
                .map(|value| format!("{name}: {value}"))
                .collect();
            let fields: Vec<_> = fields.iter().map(String::as_str).collect();
            let refused = response(&format!("{status} No"), &fields, "");
            assert_eq!(refused.authenticate(), expected, "{fields:?}");
            let other = response("403 No", &fields, "");
            assert!(other.authenticate().is_empty());
        }
    }
    // Each status has its field.
    let other = response("401 No", &["Proxy-Authenticate: Basic"], "");
    assert!(other.authenticate().is_empty());
    let long = format!("WWW-Authenticate: {}", "x".repeat(33));
    assert!(response("401 No", &[&long], "").authenticate().is_empty());
    let many: String = (0..9_000).map(|number| format!("S{number},")).collect();
    let many = format!("WWW-Authenticate: {many}");
    assert_eq!(response("401 No", &[&many], "").authenticate().len(), 16);
}
