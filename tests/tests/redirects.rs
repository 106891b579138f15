//! Servers that redirect, over real sockets of every runtime, by URL and by descriptor: where the client goes, what it
//! shows to whom, and how it ends. With TLS: `tls/redirects.rs`.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io::{self, Error, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::spawn;
use std::time::{Duration, Instant};

use wsstream_core::handshake::{ClientConfig, HandshakeError, accept_key};
use wsstream_net::{Cause, RedirectError, RedirectErrorKind};
use wsstream_tests::net::By::{Descriptor, Url};
use wsstream_tests::net::{By, ClientEndpoint, Directory, Net, free_port, over, stream};
use wsstream_tests::{Read, TestRuntime};

wsstream_tests::on_all_runtimes! {
    each_status
    each_form
    a_chain_up_to_the_limit
    circles
    what_another_server_sees
    cookies_that_a_redirect_sets
    a_unix_socket_stays
    an_address_that_was_given_stays
    where_nobody_listens
    one_limit_for_all
}

/// What a server says to a request.
enum Answer {
    /// It opens, and says "hi".
    Open,
    /// It refuses, with this status and these fields.
    Head(u16, String),
    /// Nothing, while the client is there.
    Nothing,
}

fn found(location: impl Into<String>) -> Answer {
    Answer::Head(302, format!("Location: {}\r\n", location.into()))
}

/// The heads of all requests to some servers, in order.
#[derive(Clone, Default)]
struct Heads(Arc<Mutex<Vec<String>>>);

impl Heads {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The targets alone.
    fn targets(&self) -> Vec<String> {
        let target = |head: String| head.split(' ').nth(1).unwrap().to_owned();
        self.take().into_iter().map(target).collect()
    }

    /// Answers one request, and waits until the client has closed: the next one waits for that.
    fn serve(&self, mut socket: impl io::Read + io::Write, answer: impl Fn(&str) -> Answer) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let mut octet = [0];
            if socket.read_exact(&mut octet).is_err() {
                return;
            }
            head.push(octet[0].into());
        }
        let target = head.split(' ').nth(1).unwrap().to_owned();
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let accept = accept_key(key.unwrap().as_bytes());
        let heads = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads().push(head);
        let octets = match answer(&target) {
            Answer::Open => {
                let head = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: binary\r\n\r\n"
                );
                [head.as_bytes(), b"\x82\x02hi"].concat()
            }
            Answer::Head(status, fields) => {
                format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n{fields}\r\n").into()
            }
            Answer::Nothing => Vec::new(),
        };
        let _ = socket.write_all(&octets);
        let _ = socket.read_to_end(&mut Vec::new());
    }
}

/// A server that takes one connection after the other.
fn server(heads: &Heads, answer: impl Fn(&str) -> Answer + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heads = heads.clone();
    spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            heads.serve(&socket, &answer);
        }
    });
    address
}

/// A client of a URL that follows so many redirects. The descriptor says where to connect as well.
fn client<R: TestRuntime>(by: By, url: &str, most: u8) -> ClientEndpoint<R> {
    match by {
        Url => {
            let endpoint = ClientEndpoint::<R>::url(url, ClientConfig::stream()).unwrap();
            endpoint.redirects(most)
        }
        Descriptor => {
            let authority = url.split('/').nth(2).unwrap();
            let address = authority.split('@').next_back().unwrap();
            let redirects = format!(":redirects={most}");
            over(&format!("tcp:{address}"), url, &redirects)
                .parse()
                .unwrap()
        }
    }
}

/// Opens, reads what the server says, and tells where redirects have led.
async fn hi<N: Net>(client: &ClientEndpoint<N>) -> io::Result<Option<String>> {
    let upgraded = client.open().await?;
    let led_to = upgraded.redirected_to().map(ToString::to_string);
    let mut stream = stream::<N>(upgraded);
    assert_eq!(stream.read_exact(2).await?, b"hi");
    drop(N::into_socket(stream).into_inner());
    Ok(led_to)
}

fn redirect_error(error: &Error) -> &RedirectError {
    match Cause::of(error) {
        Cause::Redirect(redirect) => redirect,
        _ => panic!("{error}"),
    }
}

/// The status of a refusal that is none of a redirect.
fn status(error: &Error) -> u16 {
    match Cause::of(error) {
        Cause::Handshake(HandshakeError::Refused(response)) => response.status(),
        _ => panic!("{error}"),
    }
}

async fn each_status<N: Net>() {
    for by in [Url, Descriptor] {
        for (code, fields, follows) in [
            (301, "Location: /b\r\n", true),
            (302, "Location: /b\r\n", true),
            (303, "Location: /b\r\n", true),
            (307, "Location: /b\r\n", true),
            (308, "Location: /b\r\n", true),
            (300, "Location: /b\r\n", false),
            (304, "Location: /b\r\n", false),
            (401, "Location: /b\r\n", false),
            (503, "Location: /b\r\n", false),
            (302, "", false),
            (302, "Location: /b\r\nLocation: /c\r\n", false),
        ] {
            let heads = Heads::default();
            let at = server(&heads, move |target| match target {
                "/a" => Answer::Head(code, fields.to_owned()),
                _ => Answer::Open,
            });
            let url = format!("ws://{at}/a");
            let followed = hi::<N>(&client::<N>(by, &url, 5)).await;
            let expected: &[&str] = if follows {
                assert_eq!(followed.unwrap(), Some(format!("ws://{at}/b")));
                &["/a", "/b"]
            } else {
                assert_eq!(status(&followed.unwrap_err()), code, "{by:?}");
                &["/a"]
            };
            assert_eq!(heads.targets(), expected, "{code} {by:?}");
            // Without a limit nothing is followed.
            let refused = hi::<N>(&client::<N>(by, &url, 0)).await.unwrap_err();
            assert_eq!(status(&refused), code, "{by:?}");
            assert_eq!(heads.targets(), ["/a"], "{code} {by:?}");
        }
    }
}

/// In each form, to another path and to another port, where there is a second server.
async fn each_form<N: Net>() {
    for by in [Url, Descriptor] {
        let heads = Heads::default();
        let elsewhere = server(&heads, |_| Answer::Open);
        for (location, target, is_elsewhere) in [
            ("b", "/x/b", false),
            ("../b?c", "/b?c", false),
            ("/b", "/b", false),
            ("?c", "/x/a?c", false),
            ("//HERE/b", "/b", false),
            ("ws://HERE/b", "/b", false),
            ("HTTP://HERE", "/", false),
            ("//THERE/b?c", "/b?c", true),
            ("ws://THERE/b", "/b", true),
            ("http://THERE", "/", true),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let here = listener.local_addr().unwrap();
            let location = location.replace("THERE", &elsewhere.to_string());
            let location = location.replace("HERE", &here.to_string());
            let (recorded, answered) = (heads.clone(), location.clone());
            spawn(move || {
                while let Ok((socket, _)) = listener.accept() {
                    recorded.serve(&socket, |target| match target {
                        "/x/a" => found(&*answered),
                        _ => Answer::Open,
                    });
                }
            });
            let client = client::<N>(by, &format!("ws://{here}/x/a"), 1);
            hi::<N>(&client).await.unwrap();
            let [first, second] = heads.take().try_into().unwrap();
            assert!(first.contains(&format!("\r\nHost: {here}\r\n")), "{first}");
            let host = if is_elsewhere { elsewhere } else { here };
            let begins = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n");
            assert!(second.starts_with(&begins), "{location} {by:?}: {second}");
        }
    }
}

async fn a_chain_up_to_the_limit<N: Net>() {
    for by in [Url, Descriptor] {
        let heads = Heads::default();
        // `/3` leads to `/2`, and that to `/1`, which leads to the end.
        let at = server(&heads, |target| match target[1..2].parse() {
            Ok(0) | Err(_) => Answer::Open,
            Ok(left) => found(format!("/{}", left - 1)),
        });
        for hops in 0..4 {
            let url = format!("ws://{at}/{hops}");
            let led_to = hi::<N>(&client::<N>(by, &url, hops)).await.unwrap();
            assert_eq!(led_to, (hops > 0).then(|| format!("ws://{at}/0")));
            assert_eq!(heads.targets().len(), usize::from(hops) + 1, "{by:?}");
        }
        for most in 1..4 {
            let url = format!("ws://{at}/{}?secret", most + 1);
            let error = hi::<N>(&client::<N>(by, &url, most)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Other, "{by:?}");
            let inner = redirect_error(&error);
            assert_eq!(inner.kind, RedirectErrorKind::TooMany(most), "{by:?}");
            let paths: Vec<_> = inner.chain.iter().map(|url| url.path()).collect();
            let expected: Vec<_> = (0..most + 2).rev().map(|left| format!("/{left}")).collect();
            assert_eq!(paths, expected, "{by:?}");
            assert_eq!(heads.targets().len(), usize::from(most) + 1, "{by:?}");
            let says = format!("ws://{at}/{} -> ws://{at}/{most} -> ", most + 1);
            assert!(error.to_string().contains(&says), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}

/// A server that redirects to what is set later.
fn leading_back(heads: &Heads) -> (SocketAddr, Arc<Mutex<String>>) {
    let back = Arc::new(Mutex::new(String::new()));
    let to = Arc::clone(&back);
    let leading = server(heads, move |_| {
        found(&*to.lock().unwrap_or_else(PoisonError::into_inner))
    });
    (leading, back)
}

/// At one server, and between two.
async fn circles<N: Net>() {
    for by in [Url, Descriptor] {
        let heads = Heads::default();
        let (second, back) = leading_back(&heads);
        let first = server(&heads, move |target| match target {
            "/self" => found("/self"),
            _ => found(format!("//{second}/b")),
        });
        *back.lock().unwrap() = format!("http://{first}/a");
        for (path, asked) in [("/self", 1), ("/a", 2)] {
            let client = client::<N>(by, &format!("ws://{first}{path}"), 5);
            let error = hi::<N>(&client).await.unwrap_err();
            let inner = redirect_error(&error);
            assert_eq!(inner.kind, RedirectErrorKind::Loop, "{path} {by:?}");
            assert_eq!(inner.chain.first(), inner.chain.last(), "{path} {by:?}");
            assert_eq!(heads.take().len(), asked, "{path} {by:?}");
        }
    }
}

/// The first server redirects within itself, then to the second, which leads back.
async fn what_another_server_sees<N: Net>() {
    const SECRETS: [&str; 4] = ["authorization: ", "cookie: ", "x-api-key: ", "host: other"];
    for by in [Url, Descriptor] {
        let heads = Heads::default();
        let (second, back) = leading_back(&heads);
        let first = server(&heads, move |target| match target {
            "/a" => found("/b"),
            "/b" => found(format!("ws://{second}/")),
            _ => Answer::Open,
        });
        *back.lock().unwrap() = format!("ws://{first}/c");
        let url = format!("ws://me:secret@{first}/a");
        let client: ClientEndpoint<N> = match by {
            Url => {
                let mut config = ClientConfig::stream();
                for (name, value) in FIELDS {
                    config = config.header(name, value).unwrap();
                }
                let endpoint = ClientEndpoint::<N>::url(&url, config).unwrap();
                endpoint.redirects(5)
            }
            Descriptor => {
                let keys = FIELDS.map(|(name, value)| format!(r":header={name}\: {value}"));
                let keys = format!(":redirects=5{}", keys.concat());
                over(&format!("tcp:{first}"), &url, &keys).parse().unwrap()
            }
        };
        hi::<N>(&client).await.unwrap();
        let heads = heads.take();
        assert_eq!(heads.len(), 4, "{by:?}");
        for (hop, head) in heads.iter().enumerate() {
            let head = head.to_ascii_lowercase();
            for secret in SECRETS {
                assert_eq!(
                    head.contains(secret),
                    hop < 2,
                    "{by:?} {hop} {secret}: {head}"
                );
            }
            assert!(head.contains("user-agent: me\r\n"), "{by:?} {hop}: {head}");
        }
    }
}

const FIELDS: [(&str, &str); 4] = [
    ("Host", "other"),
    ("cookie", "a=b"),
    ("X-Api-Key", "secret"),
    ("User-Agent", "me"),
];

async fn cookies_that_a_redirect_sets<N: Net>() {
    for by in [Url, Descriptor] {
        let heads = Heads::default();
        let at = server(&heads, |target| match target {
            "/a" => Answer::Head(302, "Location: /b\r\nSet-Cookie: a=b\r\n".into()),
            _ => Answer::Open,
        });
        let client = client::<N>(by, &format!("ws://{at}/a"), 5);
        hi::<N>(&client).await.unwrap();
        let heads = heads.take();
        assert_eq!(heads.len(), 2, "{by:?}");
        assert!(!heads[1].to_lowercase().contains("cookie"), "{}", heads[1]);
    }
}

/// It can be asked for another path, and another host is never dialled.
async fn a_unix_socket_stays<N: Net>() {
    let directory = Directory::new();
    let path = directory.path("s");
    let listener = UnixListener::bind(&path).unwrap();
    let heads = Heads::default();
    let elsewhere = server(&heads, |_| Answer::Open);
    let recorded = heads.clone();
    spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            recorded.serve(&socket, |target| match target {
                "/a" => found("http://localhost/b"),
                "/c" => found(format!("ws://{elsewhere}/d")),
                _ => Answer::Open,
            });
        }
    });
    let by_descriptor = |target: &str| {
        let endpoint = format!("unix:{}", directory.quoted("s"));
        over(
            &endpoint,
            &format!("ws://localhost{target}"),
            ":redirects=5",
        )
        .parse::<ClientEndpoint<N>>()
        .unwrap()
    };
    let by_url = |target: &str| {
        let url = format!("ws://localhost{target}");
        client::<N>(Url, &url, 5).unix(&path)
    };
    for client in [by_url("/a"), by_descriptor("/a")] {
        hi::<N>(&client).await.unwrap();
        assert_eq!(heads.targets(), ["/a", "/b"]);
    }
    for client in [by_url("/c"), by_descriptor("/c")] {
        let error = hi::<N>(&client).await.unwrap_err();
        let kind = &redirect_error(&error).kind;
        assert_eq!(*kind, RedirectErrorKind::GivenEndpoint);
        assert_eq!(heads.targets(), ["/c"]);
    }
}

async fn an_address_that_was_given_stays<N: Net>() {
    let heads = Heads::default();
    let elsewhere = server(&heads, |_| Answer::Open);
    let at = server(&heads, move |target| match target {
        "/a" => found("ws://far.example/b"),
        "/c" => found(format!("ws://{elsewhere}/d")),
        _ => Answer::Open,
    });
    let client = |target: &str| {
        let url = format!("ws://far.example{target}");
        over(&format!("tcp:{at}"), &url, ":redirects=5")
            .parse::<ClientEndpoint<N>>()
            .unwrap()
    };
    hi::<N>(&client("/a")).await.unwrap();
    assert_eq!(heads.targets(), ["/a", "/b"]);
    let error = hi::<N>(&client("/c")).await.unwrap_err();
    let kind = &redirect_error(&error).kind;
    assert_eq!(*kind, RedirectErrorKind::GivenEndpoint);
    assert_eq!(heads.targets(), ["/c"]);
}

/// The error is that of the server that could not be reached, and names it.
async fn where_nobody_listens<N: Net>() {
    for by in [Url, Descriptor] {
        let heads = Heads::default();
        let gone = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let at = server(&heads, move |_| found(format!("ws://{gone}/")));
        let client = client::<N>(by, &format!("ws://{at}/"), 5);
        let error = hi::<N>(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{by:?}");
        assert!(error.to_string().contains(&gone.to_string()), "{error}");
    }
}

/// The last of several servers says nothing.
async fn one_limit_for_all<N: Net>() {
    for by in [Url, Descriptor] {
        let heads = Heads::default();
        let silent = server(&heads, |_| Answer::Nothing);
        let at = server(&heads, move |target| match target {
            "/a" => found("/b"),
            _ => found(format!("ws://{silent}/c")),
        });
        let limit = Duration::from_millis(300);
        let client = client::<N>(by, &format!("ws://{at}/a"), 5).timeout(limit);
        let began = Instant::now();
        let error = hi::<N>(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{by:?}: {error}");
        assert!(began.elapsed() >= limit, "{by:?}");
        assert_eq!(heads.targets(), ["/a", "/b", "/c"], "{by:?}");
    }
}
