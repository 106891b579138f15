//! Answers of HTTP servers that do not open a WebSocket.

/// A row: the status line and fields, the body, and the line that the client prints behind "refused by the server: ".
pub(crate) type Row = (&'static str, &'static [u8], &'static str);

/// The server keeps the connection open after each of them.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    // Where a body ends, or does not.
    ("404 Not Found\r\nContent-Length: 0", b"", "HTTP 404 Not Found"),
    ("404 Not Found\r\nContent-Length: 3", b"no.", "HTTP 404 Not Found, \"no.\""),
    ("404 Not Found\r\nConnection: keep-alive", b"", "HTTP 404 Not Found"),
    ("404 Not Found\r\nConnection: keep-alive", b"no such room\n", "HTTP 404 Not Found, \"no such room\""),
    ("404 Not Found\r\nContent-Length: 100", b"", "HTTP 404 Not Found"),
    ("404 Not Found\r\nContent-Length: 100", b"cut of", "HTTP 404 Not Found, \"cut of\""),
    ("500 Internal Server Error\r\nTransfer-Encoding: chunked", b"", "HTTP 500 Internal Server Error"),
    ("500 Internal Server Error\r\nTransfer-Encoding: chunked", b"64\r\nat line 1\n", "HTTP 500 Internal Server Error, \"at line 1\""),
    ("500 Internal Server Error\r\nTransfer-Encoding: chunked", b"3\r\nat \r\n6\r\nline 1\r\n0\r\n\r\n", "HTTP 500 Internal Server Error, \"at line 1\""),
    ("500 Internal Server Error\r\nTransfer-Encoding: chunked", b"no chunk", "HTTP 500 Internal Server Error"),
    ("200 OK\r\nContent-Type: text/event-stream", b"data: x\n\n", "HTTP 200 OK"),
    ("200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x", b"--x\r\n", "HTTP 200 OK"),
    ("204 No Content", b"", "HTTP 204 No Content"),
    ("304 Not Modified", b"", "HTTP 304 Not Modified"),
    // Which status.
    ("200 OK\r\nContent-Length: 0", b"", "HTTP 200 OK"),
    ("200 OK\r\nContent-Length: 86", b"It looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n\n", "HTTP 200 OK, \"It looks like you are trying to access MongoDB over HTTP on the native driver port.\""),
    ("400 Bad Request", b"Client sent an HTTP request to an HTTPS server.\n", "HTTP 400 Bad Request, \"Client sent an HTTP request to an HTTPS server.\""),
    ("400 Bad Request\r\nContent-Type: text/html", b"<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>", "HTTP 400 Bad Request, \"400 The plain HTTP request was sent to HTTPS port\""),
    ("403 Forbidden\r\nContent-Length: 0", b"", "HTTP 403 Forbidden"),
    ("426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0", b"", "HTTP 426 Upgrade Required"),
    ("502 \r\nContent-Length: 0", b"", "HTTP 502"),
    ("502\r\nContent-Length: 0", b"", "HTTP 502"),
    ("599 ?\r\nContent-Length: 0", b"", "HTTP 599 ?"),
    ("500 a\tb   \u{e9}\r\nContent-Length: 0", b"", "HTTP 500"),
    // Interim answers come before.
    ("100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0", b"", "HTTP 404 Not Found"),
    // What to do next.
    ("301 Moved Permanently\r\nLocation: wss://example.org/x\r\nContent-Length: 0", b"", "HTTP 301 Moved Permanently, to wss://example.org/x"),
    ("302 Found\r\nLocation: https://me:pw@example.org/login?next=/x&token=secret#top\r\nContent-Length: 0", b"", "HTTP 302 Found, to https://example.org/login"),
    ("302 Found\r\nLocation: /login?token=secret\r\nContent-Length: 0", b"", "HTTP 302 Found, to /login"),
    ("302 Found\r\nLocation: ws://elsewhere/\r\nContent-Type: text/html", b"<html><title>302 Found</title>", "HTTP 302 Found, to ws://elsewhere/"),
    ("302 Found\r\nContent-Length: 0", b"", "HTTP 302 Found"),
    ("302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0", b"", "HTTP 302 Found"),
    ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a, b\"\r\nContent-Length: 0", b"", "HTTP 401 Unauthorized, asks for Basic"),
    ("401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM, Basic realm=x\r\nContent-Length: 0", b"", "HTTP 401 Unauthorized, asks for Negotiate, NTLM, Basic"),
    ("401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r, Basic\", qop=\"auth,auth-int\", nonce=secret\r\nContent-Type: text/plain", b"Sign in first", "HTTP 401 Unauthorized, asks for Digest, \"Sign in first\""),
    ("401 Unauthorized\r\nContent-Length: 0", b"", "HTTP 401 Unauthorized"),
    ("407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0", b"", "HTTP 407 Proxy Authentication Required, asks for NTLM"),
    ("403 Forbidden\r\nWWW-Authenticate: Basic\r\nContent-Length: 0", b"", "HTTP 403 Forbidden"),
    ("503 Service Unavailable\r\nRetry-After: 120\r\nContent-Length: 0", b"", "HTTP 503 Service Unavailable, try again after 120 s"),
    ("503 Service Unavailable\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\nContent-Type: text/html", b"<title>Maintenance", "HTTP 503 Service Unavailable, try again after Wed, 21 Oct 2026 07:28:00 GMT, \"Maintenance\""),
    ("429 Too Many Requests\r\nRetry-After: soon\r\nContent-Length: 0", b"", "HTTP 429 Too Many Requests"),
    // Pages.
    ("404 Not Found\r\nContent-Type: text/html", b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n", "HTTP 404 Not Found"),
    ("404 Not Found\r\nContent-Type: text/html; charset=utf-8", b"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot GET /here</pre>\n", "HTTP 404 Not Found, \"Cannot GET /here\""),
    ("403 Forbidden\r\nContent-Type: text/html", b"<html><body>\n<h1>Forbidden</h1>\n<p>You are not allowed.", "HTTP 403 Forbidden"),
    ("403 Forbidden\r\nContent-Type: text/html", b"<html><body><h1>Not from <b>your</b> network</h1>", "HTTP 403 Forbidden, \"Not from your network\""),
    ("403 Forbidden\r\nContent-Type: text/html", b"<title>\n  Attention Required! &#124;\n  Cloud&amp;Flare\n</title>", "HTTP 403 Forbidden, \"Attention Required! | Cloud&Flare\""),
    ("403 Forbidden", b"<html><title>No type", "HTTP 403 Forbidden, \"No type\""),
    ("403 Forbidden\r\nContent-Type: application/xml", b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code>", "HTTP 403 Forbidden, \"AccessDenied\""),
    // JSON.
    ("403 Forbidden\r\nContent-Type: application/problem+json", b"{\"title\":\"No credit\",\"detail\":\"Your balance is 30 \\u20ac\"}", "HTTP 403 Forbidden, \"Your balance is 30 \u{20ac}\""),
    ("403 Forbidden\r\nContent-Type: application/json", b"{\"error\":{\"code\":7,\"message\":\"no \\\"such\\\" room\"}}", "HTTP 403 Forbidden, \"no 'such' room\""),
    ("403 Forbidden", b"{\"error\":\"not you\"}", "HTTP 403 Forbidden, \"not you\""),
    ("404 Not Found\r\nContent-Type: application/json", b"{\"status\":404,\"error\":\"Not Found\",\"path\":\"/x\"}", "HTTP 404 Not Found"),
    ("400 Bad Request\r\nContent-Type: application/json", b"{\"code\":7}", "HTTP 400 Bad Request, \"{'code':7}\""),
    // Text of any kind, and what is none.
    ("403 Forbidden", "zu: \u{fc}ber \u{4e2d}\u{6587}\r\nzwei".as_bytes(), "HTTP 403 Forbidden, \"zu: \u{fc}ber \u{4e2d}\u{6587}\""),
    ("403 Forbidden\r\nContent-Type: text/plain; charset=iso-8859-1", b"f\xfcr dich", "HTTP 403 Forbidden, \"f\u{fc}r dich\""),
    ("403 Forbidden", b"a \x1b[31mred\x1b[0m word\x1b]0;title\x07, \xe2\x80\xaea \xc2\x9b2Jb", "HTTP 403 Forbidden, \"a red word, a b\""),
    ("403 Forbidden", b"Cannot GET /here?token=secret", "HTTP 403 Forbidden, \"Cannot GET /here?...\""),
    ("403 Forbidden\r\nContent-Type: text/html\r\nContent-Encoding: gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xb3", "HTTP 403 Forbidden"),
    ("403 Forbidden\r\nContent-Type: text/html\r\nContent-Encoding: br", b"no text at all", "HTTP 403 Forbidden"),
    ("403 Forbidden\r\nTransfer-Encoding: gzip, chunked", b"2\r\nab\r\n", "HTTP 403 Forbidden"),
    ("403 Forbidden\r\nContent-Type: image/png", b"\x89PNG\r\n\x1a\n", "HTTP 403 Forbidden"),
    ("403 Forbidden\r\nContent-Type: application/grpc", b"\0\0\0\0\x05", "HTTP 403 Forbidden"),
];
