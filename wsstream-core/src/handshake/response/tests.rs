use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};

use super::*;
use crate::handshake::{HandshakeError, ResponseReader};

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

/// The status line, fields, the body, and the whole line that is shown.
#[rustfmt::skip]
const SHOWN: &[(&str, &[&str], &[u8], &str)] = &[
    // The status and what to do next.
    ("404 Not Found", &[], b"", "HTTP 404 Not Found"),
    ("404 ", &[], b"", "HTTP 404"),
    ("404 \u{e9}", &[], b"", "HTTP 404"),
    ("404 a\tb  c", &[], b"", "HTTP 404 a b c"),
    // What squid says; its title is the same for all.
    ("503 Service Unavailable", &["X-Squid-Error: ERR_DNS_FAIL 0", "Content-Type: text/html"], b"<title>ERROR: The requested URL could not be retrieved</title>", "HTTP 503 Service Unavailable, \"ERR_DNS_FAIL\""),
    ("503 Service Unavailable", &["X-Squid-Error: "], b"why", "HTTP 503 Service Unavailable, \"why\""),
    ("401 Unauthorized", &["WWW-Authenticate: Basic realm=\"secret\", Negotiate"], b"", "HTTP 401 Unauthorized, asks for Basic, Negotiate"),
    ("407 Proxy Authentication Required", &["Proxy-Authenticate: NTLM"], b"", "HTTP 407 Proxy Authentication Required, asks for NTLM"),
    ("302 Found", &["Location: https://me:pw@example.org/login?next=/x&token=a#b"], b"", "HTTP 302 Found, to https://example.org/login"),
    ("302 Found", &["Location: //me@example.org"], b"", "HTTP 302 Found, to //example.org"),
    ("302 Found", &["Location: https:me:pw@example.org/x"], b"", "HTTP 302 Found, to https://example.org/x"),
    ("302 Found", &["Location: https:\\\\/me:pw@example.org\\x"], b"", "HTTP 302 Found, to https://example.org/x"),
    ("302 Found", &["Location: /@me/x@y;v=1"], b"", "HTTP 302 Found, to /@me/x@y;v=1"),
    ("302 Found", &["Location: https:///me:pw@h/x"], b"", "HTTP 302 Found, to https://h/x"),
    ("302 Found", &["Location: wss://h:pw/x"], b"", "HTTP 302 Found, to wss://h/x"),
    ("302 Found", &["Location: WSS://me:pw@[::1]:8443/x:y"], b"", "HTTP 302 Found, to WSS://[::1]:8443/x:y"),
    ("302 Found", &["Location: //[::1]:pw"], b"", "HTTP 302 Found, to //[::1]"),
    ("302 Found", &["Location: /a:b//me:pw@c"], b"", "HTTP 302 Found, to /a:b//me:pw@c"),
    ("302 Found", &["Location: ftp://me@h:21/"], b"", "HTTP 302 Found, to ftp://h:21/"),
    ("302 Found", &["Location: me@you/x"], b"", "HTTP 302 Found, to you/x"),
    ("302 Found", &["Location: ?token=a"], b"", "HTTP 302 Found"),
    ("201 Created", &["Location: /x"], b"", "HTTP 201 Created"),
    ("503 Service Unavailable", &["Retry-After: 120"], b"", "HTTP 503 Service Unavailable, try again after 120 s"),
    ("503 Service Unavailable", &["Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"], b"busy",
        "HTTP 503 Service Unavailable, try again after Wed, 21 Oct 2015 07:28:00 GMT, \"busy\""),
    ("429 Too Many Requests", &["Retry-After: soon"], b"", "HTTP 429 Too Many Requests"),
    // Plain text.
    ("403 No", &[], b"no\nnonsense", "HTTP 403 No"),
    ("403 Forbidden", &[], b"\r\n  no\tentry here \r\nnonsense", "HTTP 403 Forbidden, \"no entry here\""),
    ("403 Forbidden", &[], b"Forbidden\n", "HTTP 403 Forbidden"),
    ("403 Forbidden", &[], b"Error: 403 - Forbidden!", "HTTP 403 Forbidden"),
    ("403 Forbidden", &[], "\u{feff}gesperrt: \u{fc}ber \u{4e2d}\u{6587} e\u{301}".as_bytes(), "HTTP 403 Forbidden, \"gesperrt: \u{fc}ber \u{4e2d}\u{6587} e\u{301}\""),
    ("403 Forbidden", &[], b"a \x1b[31;1mred\x1b[0m \x1b]0;title\x07word\x1b]8;;http://x\x1b\\!", "HTTP 403 Forbidden, \"a red word!\""),
    ("403 Forbidden", &[], "a \u{9b}31mb\u{202e}c\u{200b}\u{2028}d\u{9d}x\u{9c}e".as_bytes(), "HTTP 403 Forbidden, \"a bc de\""),
    ("403 Forbidden", &[], b"\x1b]", "HTTP 403 Forbidden"),
    ("403 Forbidden", &[], b"say \"no\\", "HTTP 403 Forbidden, \"say 'no\\\""),
    ("404 Not Found", &[], b"Cannot GET /ws?token=secret&a=b, really? yes", "HTTP 404 Not Found, \"Cannot GET /ws?..., really? yes\""),
    ("404 Not Found", &[], b"see (?x=secret) why", "HTTP 404 Not Found, \"see (?...) why\""),
    // RFC 3986 §3.4: what may be in a query does not end it.
    ("404 Not Found", &[], b"no /x?a=b,secret,c here", "HTTP 404 Not Found, \"no /x?... here\""),
    ("404 Not Found", &[], b"no '/x?a=(b)secret' here", "HTTP 404 Not Found, \"no '/x?...' here\""),
    ("404 Not Found", &[], b"no /x?a='secret'", "HTTP 404 Not Found, \"no /x?...'\""),
    ("404 Not Found", &[], b"no <b>/x?a,secret", "HTTP 404 Not Found, \"no <b>/x?...\""),
    ("404 Not Found", &[], b"no /x?/secret", "HTTP 404 Not Found, \"no /x?...\""),
    ("404 Not Found", &[], b"no /x?~secret or /x??secret or /x?!secret", "HTTP 404 Not Found, \"no /x?... or /x?... or /x?...\""),
    // A redirect repeats its Location.
    ("302 Found", &["Location: https://me:secret@h/x"], b"Found. Redirecting to https://me:secret@h/x", "HTTP 302 Found, to https://h/x, \"Found. Redirecting to https://h/x\""),
    ("502 Bad Gateway", &[], b"no way to http://me:sec@ret@h:80/@x, or ws://h/ me@h", "HTTP 502 Bad Gateway, \"no way to http://h:80/@x, or ws://h/ me@h\""),
    ("502 Bad Gateway", &[], br#"{"error":"see https:\/\/me:secret\u0040h"}"#, "HTTP 502 Bad Gateway, \"see https://h\""),
    ("404 Not Found", &[], b"what?! (who?) 'why?', how?", "HTTP 404 Not Found, \"what?! (who?) 'why?', how?\""),
    ("403 Forbidden", &["Content-Type: text/plain"], b"<b>bold</b>", "HTTP 403 Forbidden, \"<b>bold</b>\""),
    // What is no text.
    ("403 Forbidden", &["Content-Encoding: gzip"], b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "HTTP 403 Forbidden"),
    ("403 Forbidden", &["Content-Encoding: br"], b"text, perhaps", "HTTP 403 Forbidden"),
    ("403 Forbidden", &["Content-Encoding: identity"], b"text, perhaps", "HTTP 403 Forbidden, \"text, perhaps\""),
    ("403 Forbidden", &["Content-Type: text/html"], b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "HTTP 403 Forbidden"),
    ("403 Forbidden", &["Transfer-Encoding: gzip"], b"text, perhaps", "HTTP 403 Forbidden"),
    ("403 Forbidden", &[], b"text\0binary", "HTTP 403 Forbidden"),
    ("403 Forbidden", &[], b"text \xff binary", "HTTP 403 Forbidden"),
    ("403 Forbidden", &["Content-Type: text/plain"], b"text \xff more", "HTTP 403 Forbidden, \"text \u{fffd} more\""),
    ("403 Forbidden", &["Content-Type: text/plain; charset=ISO-8859-1"], b"f\xfcr dich", "HTTP 403 Forbidden, \"f\u{fc}r dich\""),
    ("403 Forbidden", &[], b"cut \xe4\xb8", "HTTP 403 Forbidden, \"cut\""),
    // Pages.
    ("404 Not Found", &["Content-Type: text/html"], b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n", "HTTP 404 Not Found"),
    ("404 Not Found", &["Content-Type: text/html"], b"<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=\"utf-8\">\n<TITLE class=x>\n No such\n  room &amp; more&nbsp;&#8211; &#x41;&bogus;&</TITLE>\n<p>text", "HTTP 404 Not Found, \"No such room & more \u{2013} A&bogus;&\""),
    ("404 Not Found", &["Content-Type: text/html; charset=utf-8"], b"<!DOCTYPE html>\n<html><head><title>Error</title>\n</head><body>\n<pre>Cannot GET /ws?a=b</pre>\n</body>", "HTTP 404 Not Found, \"Cannot GET /ws?...\""),
    ("403 Forbidden", &["Content-Type: text/html"], b"<html><style>b {}</style><script>if (a</b/) '</b>';</script><!-- <title>no</title> --><body>You may <b>not</b>.<br>Go", "HTTP 403 Forbidden, \"You may not.\""),
    ("403 Forbidden", &["Content-Type: text/html"], b"just text", "HTTP 403 Forbidden, \"just text\""),
    ("403 Forbidden", &["Content-Type: text/html"], b"a < b & c <1> d<p>e", "HTTP 403 Forbidden, \"a < b & c <1> d\""),
    ("403 Forbidden", &[], b"\n <title>x y", "HTTP 403 Forbidden, \"x y\""),
    ("403 Forbidden", &["Content-Type: text/html"], b"<html", "HTTP 403 Forbidden"),
    ("403 Forbidden", &["Content-Type: text/html"], b"<!-- never closed <title>x", "HTTP 403 Forbidden"),
    ("403 Forbidden", &["Content-Type: application/xml"], b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access</Message>", "HTTP 403 Forbidden, \"AccessDenied\""),
    // JSON.
    ("403 Forbidden", &["Content-Type: application/problem+json"], br#"{"type": "about:blank", "title":"No credit", "status": 403, "detail" : "Your balance is 30,\n but \"that\" costs 50\u20ac \ud83d\ude00\ud83d."}"#, "HTTP 403 Forbidden, \"Your balance is 30, but 'that' costs 50\u{20ac} \u{1f600}\u{fffd}.\""),
    ("403 Forbidden", &[], br#"{"error":"no such room"}"#, "HTTP 403 Forbidden, \"no such room\""),
    ("403 Forbidden", &[], br#"{"error":{"code":7,"message":"deep"}}"#, "HTTP 403 Forbidden, \"deep\""),
    ("404 Not Found", &["Content-Type: application/json"], br#"{"timestamp":1,"status":404,"error":"Not Found","message":"","path":"/x"}"#, "HTTP 404 Not Found"),
    ("400 Bad Request", &["Content-Type: application/json"], br#"{"error":"invalid_grant","error_description":"too \u001b[31mold"}"#, "HTTP 400 Bad Request, \"too old\""),
    ("403 Forbidden", &["Content-Type: application/json"], b"{\n \"code\": 7\n}", "HTTP 403 Forbidden, \"{ 'code': 7 }\""),
    ("403 Forbidden", &[], br#"{"message":"cut of"#, "HTTP 403 Forbidden, \"cut of\""),
    ("403 Forbidden", &[], br#"{"message":"\uZZZZ \u00 \u0041\u004"#, "HTTP 403 Forbidden, \"ZZZZ 00 A004\""),
    ("403 Forbidden", &[], br#"{"message" "a", "error": "b\"#, "HTTP 403 Forbidden, \"b\""),
];

#[test]
fn what_is_shown() {
    for &(line, fields, body, expected) in SHOWN {
        let shown = response(line, fields, body).to_string();
        assert_eq!(shown, expected, "{line} {fields:?} {}", body.escape_ascii());
    }
}

/// For whoever has said already what a challenge asks for.
#[test]
fn without_what_it_asks_for() {
    for (line, field, body, expected) in [
        (
            "407 No",
            "Proxy-Authenticate: NTLM",
            "not you",
            "HTTP 407 No, \"not you\"",
        ),
        ("401 No", "WWW-Authenticate: Basic", "", "HTTP 401 No"),
        ("302 Found", "Location: /x", "", "HTTP 302 Found, to /x"),
        (
            "503 Busy",
            "Retry-After: 9",
            "",
            "HTTP 503 Busy, try again after 9 s",
        ),
    ] {
        let shown = format!("{:#}", response(line, &[field], body.as_bytes()));
        assert_eq!(shown, expected);
    }
}

#[test]
fn what_is_shown_is_short() {
    let long = "word ".repeat(1000);
    let cut = long[..199].to_owned() + "...";
    let path = "/word".repeat(1000);
    for (line, fields, body, expected) in [
        (
            "403 Forbidden",
            "X: y",
            long.clone(),
            format!("HTTP 403 Forbidden, \"{cut}\""),
        ),
        (
            "403 Forbidden",
            "X: y",
            format!("<title>{long}"),
            format!("HTTP 403 Forbidden, \"{cut}\""),
        ),
        (
            &format!("403 {long}"),
            "X: y",
            String::new(),
            format!("HTTP 403 {cut}"),
        ),
        (
            "302 Found",
            &format!("Location: {path}"),
            String::new(),
            format!("HTTP 302 Found, to {}...", &path[..200]),
        ),
        (
            "403 Forbidden",
            "X: y",
            "\u{4e2d}".repeat(1300),
            format!("HTTP 403 Forbidden, \"{}...\"", "\u{4e2d}".repeat(200)),
        ),
        (
            "403 Forbidden",
            "X: y",
            format!("at ws://me:{}@h", "secret".repeat(100)),
            "HTTP 403 Forbidden, \"at ws://...\"".to_owned(),
        ),
        (
            "403 Forbidden",
            "X: y",
            "x".repeat(200),
            format!("HTTP 403 Forbidden, \"{}\"", "x".repeat(200)),
        ),
    ] {
        assert_eq!(response(line, &[fields], body).to_string(), expected);
    }
}

/// The way out of a proxy's mistake is at the end of the text.
#[test]
fn our_own_advice_is_shown_whole() {
    let lost = |name, value: Option<&str>| HandshakeError::LostField {
        name,
        value: value.map(Into::into),
    };
    for error in [
        HandshakeError::Http10,
        lost("Upgrade", None),
        lost("Connection", Some("keep-alive")),
        lost("Sec-WebSocket-Version", None),
    ] {
        let wire = error.response();
        let mut reader = ResponseReader::upgrade(64 << 10);
        let refused = reader.receive(&mut &wire[..]).unwrap();
        let refused = refused.or_else(|| reader.end().unwrap()).unwrap();
        // What is in quotes does not have other ones inside.
        let text = error.to_string().replace('"', "'");
        let shown = refused.to_string();
        assert!(shown.ends_with(&format!("\"{text}\"")), "{shown}");
    }
}

/// What a scanner that goes back would take long for. It takes no time worth mentioning.
#[test]
fn no_body_is_hard_to_read() {
    for (of, unit) in [
        ("text/html", "<"),
        ("text/html", "</"),
        ("text/html", "<script>"),
        ("text/html", "<title>"),
        ("text/html", "<!--"),
        ("text/html", "&"),
        ("text/html", "<a"),
        ("text/html", "</script"),
        ("application/json", "\""),
        ("application/json", "\\"),
        ("application/json", "\"error\":\""),
        ("application/json", "\"error\":\"\\"),
        ("application/json", "\"message\":"),
        ("application/json", "\\u"),
        ("application/json", "{\"error\":\"\\u00\\u0041"),
        ("text/plain", "\u{1b}["),
        ("text/plain", "?x"),
    ] {
        for begins in ["", "<title>", "{\"error\":\"", "<p>"] {
            let body = begins.to_owned() + &unit.repeat(4096 / unit.len());
            let shown = response("403 No", &[&format!("Content-Type: {of}")], body).to_string();
            assert!(
                shown.chars().count() < 230 && !shown.contains('\u{1b}'),
                "{shown}"
            );
        }
    }
}
