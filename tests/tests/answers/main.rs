//! What a client makes of every answer but the right one, over a real socket of every runtime's, by URL and by
//! descriptor: the line that it prints, whole. It prints it at once, although the server keeps the connection open.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

mod faults;
mod foreign;
mod refusals;

use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use smol::net::{TcpListener, TcpStream};
use socket2::SockRef;
use wsstream_core::handshake::{ClientConfig, HandshakeError, ServerConfig, accept_key};
use wsstream_net::{Cause, Error};
use wsstream_tests::net::{By, ClientEndpoint, Net, address, free_port, listen, over, stream};
use wsstream_tests::{Read, Write, within};

wsstream_tests::on_all_runtimes! {
    refusals
    what_is_no_http
    what_is_no_http_and_greets
    faults
    answers_without_end
    answers_that_drip
    a_reset
    large_requests
    large_responses
}

const WAYS: [By; 2] = [By::Url, By::Descriptor];

/// When a server speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    /// As soon as it is connected.
    First,
    /// When it has been asked.
    WhenAsked,
    /// The same, and ends its direction.
    AndEnds,
}

/// A server at an address, and a client on the way to it.
async fn ends<N: Net>(by: By, keys: &str) -> (TcpListener, ClientEndpoint<N>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client::<N>(by, listener.local_addr().unwrap(), keys);
    (listener, client)
}

fn client<N: Net>(by: By, address: SocketAddr, keys: &str) -> ClientEndpoint<N> {
    match by {
        By::Url => {
            let url = format!("ws://{address}/here");
            ClientEndpoint::<N>::url(&url, ClientConfig::stream()).unwrap()
        }
        By::Descriptor => {
            let tcp = format!("tcp:127.0.0.1:{}", address.port());
            over(&tcp, "ws://localhost/here", keys).parse().unwrap()
        }
    }
}

/// Waits for a client's request, and takes the key in it.
async fn asked(tcp: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.extend(tcp.read_exact(1).await.unwrap());
    }
    let request = String::from_utf8(request).unwrap();
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    key.unwrap().as_bytes().to_vec()
}

/// What a client makes of an answer. `ACCEPT` in it stands for what answers the key.
async fn told<N: Net>(by: By, speaks: Speaks, answer: &[u8]) -> Error {
    let (listener, client) = ends::<N>(by, "").await;
    let serving = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut answer = answer.to_vec();
        if speaks != Speaks::First {
            let accept = accept_key(&asked(&mut tcp).await);
            if let Ok(text) = String::from_utf8(answer.clone()) {
                answer = text.replace("ACCEPT", &accept).into_bytes();
            }
        }
        tcp.write_all(&answer).await.unwrap();
        if speaks == Speaks::AndEnds {
            tcp.shutdown(Shutdown::Write).unwrap();
        }
        tcp
    };
    let both = async { tokio::join!(client.open(), serving) };
    let about = answer.escape_ascii();
    let Some((opened, _tcp)) = within::<N, _>(LONG, both).await else {
        panic!("not told in time: {about}");
    };
    let Err(error) = opened.map(drop) else {
        panic!("opened: {about}");
    };
    error
}

async fn refusals<N: Net>() {
    for by in WAYS {
        let rows = refusals::ROWS.iter().map(|(head, body, line)| async move {
            // Of one octet each, as httparse has them: a reason may have octets beyond ASCII.
            let head: Vec<u8> = head.chars().map(|one| u8::try_from(one).unwrap()).collect();
            let answer = [b"HTTP/1.1 ", &head[..], b"\r\n\r\n", body].concat();
            let error = told::<N>(by, Speaks::WhenAsked, &answer).await;
            assert_eq!(told_of(&error), format!("refused by the server: {line}"));
            let kind = match error.status() {
                Some(401 | 403 | 407) => ErrorKind::PermissionDenied,
                Some(404 | 410) => ErrorKind::NotFound,
                Some(408 | 504) => ErrorKind::TimedOut,
                _ => ErrorKind::Other,
            };
            assert_eq!(error.kind(), kind, "{line}");
        });
        join_all(rows).await;
    }
}

async fn no_http<N: Net>(speaks: Speaks) {
    let named = foreign::NAMED.iter().map(|(answer, name)| {
        let advice = "put a WebSocket relay in front of it";
        (
            answer,
            format!("this port speaks {name}, not HTTP: {advice}"),
        )
    });
    let said = foreign::SAID
        .iter()
        .map(|(answer, line)| (answer, (*line).to_owned()));
    let rows: Vec<_> = named.chain(said).collect();
    for by in WAYS {
        let rows = rows.iter().map(|(answer, line)| async move {
            let error = told::<N>(by, speaks, answer).await;
            assert_eq!(&told_of(&error), line);
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{line}");
        });
        join_all(rows).await;
    }
}

async fn what_is_no_http<N: Net>() {
    no_http::<N>(Speaks::WhenAsked).await;
}

async fn what_is_no_http_and_greets<N: Net>() {
    no_http::<N>(Speaks::First).await;
}

async fn faults<N: Net>() {
    for by in WAYS {
        let rows = faults::rows()
            .into_iter()
            .map(|(about, answer, kind, line)| async move {
                let ends = if kind == ErrorKind::UnexpectedEof {
                    Speaks::AndEnds
                } else {
                    Speaks::WhenAsked
                };
                let error = told::<N>(by, ends, answer.as_bytes()).await;
                assert_eq!(told_of(&error), line, "{about}");
                assert_eq!(error.kind(), kind, "{about}");
            });
        join_all(rows).await;
    }
}

/// The client ends, and not because its time is up.
async fn answers_without_end<N: Net>() {
    let table = [
        (
            "fields",
            "HTTP/1.1 101 Switching Protocols\r\n",
            "X: y\r\n",
            "head of more than 100 fields",
        ),
        (
            "a line",
            "HTTP/1.1 ",
            "100",
            "head of more than 65536 octets: see the setting `max_head`",
        ),
        (
            "interim responses",
            "",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "too many interim responses",
        ),
        (
            "the body of a refusal",
            "HTTP/1.1 403 Forbidden\r\n\r\n",
            "why not: ",
            &format!(
                "refused by the server: HTTP 403 Forbidden, \"{}wh...\"",
                "why not: ".repeat(22)
            ),
        ),
    ];
    for by in WAYS {
        for (about, begins, goes_on, line) in table {
            let (listener, client) = ends::<N>(by, "").await;
            let serving = async {
                let (mut tcp, _) = listener.accept().await.unwrap();
                asked(&mut tcp).await;
                tcp.write_all(begins.as_bytes()).await.unwrap();
                let goes_on = goes_on.repeat(1000);
                while tcp.write_all(goes_on.as_bytes()).await.is_ok() {}
            };
            let both = async { tokio::join!(client.open(), serving) };
            let (opened, ()) = within::<N, _>(LONG, both).await.expect(about);
            let error = opened.map(drop).expect_err(about);
            assert_eq!(told_of(&error), line, "{about}");
        }
    }
}

/// A server that says a little from time to time makes nothing take longer.
async fn answers_that_drip<N: Net>() {
    for by in WAYS {
        for (head, drip, status) in [
            ("404 Not Found\r\n\r\n", "x", 404),
            (
                "500 x\r\nTransfer-Encoding: chunked\r\n\r\n",
                "1\r\nx\r\n",
                500,
            ),
            (
                "200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
                "data: x\n\n",
                200,
            ),
        ] {
            let (listener, client) = ends::<N>(by, "").await;
            let serving = async {
                let (mut tcp, _) = listener.accept().await.unwrap();
                asked(&mut tcp).await;
                let head = format!("HTTP/1.1 {head}");
                tcp.write_all(head.as_bytes()).await.unwrap();
                while tcp.write_all(drip.as_bytes()).await.is_ok() {
                    N::sleep(Duration::from_millis(10)).await;
                }
            };
            let both = async { tokio::join!(client.open(), serving) };
            let (opened, ()) = within::<N, _>(LONG, both).await.expect(head);
            let error = opened.map(drop).expect_err(head);
            assert_eq!(error.status(), Some(status), "{error}");
        }
    }
}

/// What the system says of it alone tells nobody when that was.
async fn a_reset<N: Net>() {
    for by in WAYS {
        let (listener, client) = ends::<N>(by, "").await;
        let serving = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            asked(&mut tcp).await;
            SockRef::from(&tcp)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
        };
        let (opened, ()) = tokio::join!(client.open(), serving);
        let error = opened.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        assert_eq!(told_of(&error), "connection reset in the opening handshake");
        // The system's own.
        let Cause::Io(system) = error.cause() else {
            panic!("{error}");
        };
        assert!(system.raw_os_error().is_some(), "{system:?}");
    }
}

/// Cookies of single sign-on, to a server that is set to take them, and to one that is not.
async fn large_requests<N: Net>() {
    for by in WAYS {
        for (setting, cookie, is_taken) in [
            (None, 12 << 10, true),
            (None, 24 << 10, false),
            (Some(64 << 10), 24 << 10, true),
            (Some(64 << 10), 48 << 10, true),
            (Some(64 << 10), 64 << 10, false),
            (Some(1 << 20), 1_000_000, true),
            (Some(1 << 20), 1 << 20, false),
        ] {
            let mut listener = match by {
                By::Url => {
                    let server = ServerConfig::stream();
                    N::bind(match setting {
                        Some(octets) => server.max_head(octets),
                        None => server,
                    })
                    .await
                }
                By::Descriptor => {
                    let keys = setting.map_or(String::new(), |octets| format!(":maxHead={octets}"));
                    let tcp = format!("tcp:{}:interface=127.0.0.1", free_port());
                    listen::<N>(&over(&tcp, "ws://127.0.0.1/here", &keys))
                        .await
                        .unwrap()
                }
            };
            let client = ClientConfig::stream().header("Cookie", "a=1").unwrap();
            let client = client.header("Cookie", &"b".repeat(cookie)).unwrap();
            let url = format!("ws://{}/here", address::<N>(&listener));
            let dialling = N::dial_with(&url, &client);
            let serving = async {
                let incoming = listener.accept().await?;
                let cookies = incoming.request()?.headers().get_all("Cookie");
                let cookies: Vec<_> = cookies.map(<[u8]>::len).collect();
                Some((cookies, incoming.upgrade().await.unwrap()))
            };
            if is_taken {
                let (dialled, served) = tokio::join!(dialling, serving);
                dialled.unwrap();
                assert_eq!(served.unwrap().0, ["a=1; ".len() + cookie]);
            } else {
                let refused = tokio::select! {
                    dialled = dialling => dialled,
                    _ = serving => panic!("taken: {cookie}"),
                };
                let limit = setting.unwrap_or(16 << 10);
                let says = format!("head of more than {limit} octets: see the setting `max_head`");
                let line = format!("HTTP 431 Request Header Fields Too Large, \"{says}\"");
                let error = Error::from(refused.map(drop).unwrap_err());
                assert_eq!(told_of(&error), format!("refused by the server: {line}"));
            }
        }
    }
}

/// The same of responses.
async fn large_responses<N: Net>() {
    for (keys, len, is_taken) in [
        ("", 40 << 10, true),
        ("", 64 << 10, false),
        (":maxHead=16384", 40 << 10, false),
        (":maxHead=1048576", 1_000_000, true),
    ] {
        for by in WAYS {
            if matches!(by, By::Url) && !keys.is_empty() {
                continue;
            }
            let (listener, client) = ends::<N>(by, keys).await;
            let serving = async {
                let (mut tcp, _) = listener.accept().await.unwrap();
                let accept = accept_key(&asked(&mut tcp).await);
                let long = "x".repeat(len);
                let answer = format!(
                    "{}Sec-WebSocket-Protocol: binary\r\nSec-WebSocket-Accept: {accept}\r\nX: {long}\r\n\r\n",
                    faults::SWITCHING
                );
                let _ = tcp.write_all(answer.as_bytes()).await;
                tcp
            };
            let (opened, _tcp) = tokio::join!(client.open(), serving);
            if is_taken {
                drop(stream::<N>(opened.unwrap()));
            } else {
                let error = opened.map(drop).unwrap_err();
                let told = error.cause();
                assert!(
                    matches!(told, Cause::Handshake(HandshakeError::HeadTooLarge(_))),
                    "{error}"
                );
            }
        }
    }
}

/// What an error says of the server. It begins with the URL.
fn told_of(error: &Error) -> String {
    let (text, url) = (error.to_string(), error.place().unwrap());
    assert!(url.starts_with("ws://"), "{text}");
    let said = text
        .strip_prefix(url)
        .and_then(|text| text.strip_prefix(": "));
    said.unwrap().to_owned()
}

/// Far longer than anything takes here, and far shorter than the time of a handshake.
const LONG: Duration = Duration::from_secs(2);
