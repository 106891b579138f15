//! Which plan follows which `Location`, and what goes along.

use proptest::prelude::*;
use wsstream_core::Seed;

use std::error::Error as _;

use super::*;
use crate::client::ClientEndpoint;
use crate::test_support::runtime::Virtual;

type Endpoint = ClientEndpoint<Virtual>;

/// A response that redirects, as a connection fails with it.
fn refused(status: u16, fields: &[u8]) -> io::Error {
    let url = Url::parse("ws://h").unwrap();
    let mut connecting = ClientConfig::stream().connect(&url, &Seed::new([7; 32]));
    let head = format!("HTTP/1.1 {status} Moved\r\nContent-Length: 0\r\n");
    let response = [head.as_bytes(), fields, b"\r\n"].concat();
    connecting.receive(&mut &*response).unwrap_err().into()
}

fn to(location: &str) -> io::Error {
    refused(302, format!("Location: {location}\r\n").as_bytes())
}

fn inner(error: &io::Error) -> Option<&RedirectError> {
    error.get_ref()?.downcast_ref()
}

/// The plan for the next connection after one has failed in this layer, or what the error is.
fn next(
    redirects: &mut Redirects,
    plan: &ClientPlan,
    layer: usize,
    error: io::Error,
) -> Result<ClientPlan, String> {
    let next = redirects.next_plan(plan, Failed::at(layer, error));
    next.map_err(|error| match inner(&error).map(|error| &error.kind) {
        Some(RedirectErrorKind::Location(_)) => "Location".to_owned(),
        Some(kind) => format!("{kind:?}"),
        None => error.to_string(),
    })
}

/// The lines of a plan, without limits.
fn told(plan: &ClientPlan) -> String {
    let is_limit = |part: &str| part.starts_with("within") || part.starts_with("up to");
    let plan = plan.to_string();
    let lines = plan.lines().map(|line| {
        let parts = line.split(", ").filter(|part| !is_limit(part));
        parts.collect::<Vec<_>>().join(", ")
    });
    lines.collect::<Vec<_>>().join(" | ")
}

/// The endpoint, the `Location`, and what is done then. `redirects` is added to descriptors.
#[rustfmt::skip]
const PLACES: &[(&str, &str, Result<&str, &str>)] = &[
    // The same origin, in all forms.
    ("ws://h/a/b?c", "d", Ok("tcp h:80 | websocket ws://h/a/d")),
    ("ws://h/a/b?c", "/d", Ok("tcp h:80 | websocket ws://h/d")),
    ("ws://h/a/b?c", "?d", Ok("tcp h:80 | websocket ws://h/a/b?...")),
    ("ws://h/a/b", "../d", Ok("tcp h:80 | websocket ws://h/d")),
    ("ws://h/a", "//h/d", Ok("tcp h:80 | websocket ws://h/d")),
    ("ws://h/a", "WS://H:80/d", Ok("tcp h:80 | websocket ws://h/d")),
    ("ws://h/a", "http://h/d", Ok("tcp h:80 | websocket ws://h/d")),
    ("wss://h/a", "https://h:443/d", Ok("tcp h:443 | tls with h, trusting the platform's authorities | websocket wss://h/d")),
    ("ws://[2001:db8::1]:9/a", "/d", Ok("tcp [2001:db8::1]:9 | websocket ws://[2001:db8::1]:9/d")),
    // A zone is that of the same address.
    ("ws://[fe80::1%25eth0]:9/a", "http://[fe80::1]:9/d", Ok("tcp [fe80::1%eth0]:9 | websocket ws://[fe80::1]:9/d")),
    ("ws://[fe80::1%25eth0]:9/a", "http://[fe80::1]:8/d", Ok("tcp [fe80::1%eth0]:8 | websocket ws://[fe80::1]:8/d")),
    ("ws://[fe80::1%25eth0]:9/a", "http://g/d", Ok("tcp g:80 | websocket ws://g/d")),
    ("ws://h/a", "ws://[fe80::1%25eth0]/", Err("Location")),
    // Another one.
    ("ws://h/a", "ws://g/d", Ok("tcp g:80 | websocket ws://g/d")),
    ("ws://h/a", "//g", Ok("tcp g:80 | websocket ws://g/")),
    ("ws://h/a", "http://h:81/", Ok("tcp h:81 | websocket ws://h:81/")),
    ("ws://h/a", "https://h/", Ok("tcp h:443 | tls with h, trusting the platform's authorities | websocket wss://h/")),
    ("ws://h/a", "wss://[2001:db8::1]:9/", Ok("tcp [2001:db8::1]:9 | tls with 2001:db8::1, trusting the platform's authorities | websocket wss://[2001:db8::1]:9/")),
    ("wss://h/a", "//g/", Ok("tcp g:443 | tls with g, trusting the platform's authorities | websocket wss://g/")),
    ("wss://h/a", "wss://h:444/", Ok("tcp h:444 | tls with h, trusting the platform's authorities | websocket wss://h:444/")),
    // Never from TLS to plain.
    ("wss://h/a", "ws://h/a", Err("ToPlain")),
    ("wss://h/a", "http://h/a", Err("ToPlain")),
    ("wss://h:80/a", "http://h/a", Err("ToPlain")),
    ("wss://h/a", "http://g/a", Err("ToPlain")),
    (r"autobahn:unix\:/p:url=wss\://h", "ws://g/", Err("ToPlain")),
    (r"autobahn:tls\:h\:80:url=ws\://h", "ws://g/", Err("ToPlain")),
    (r"autobahn:wss\://h:url=ws\://g", "ws://h/", Err("ToPlain")),
    // A descriptor that is what the URL says.
    (r"autobahn:tcp\:H\:80\:timeout\=5\:bindAddress\=b:url=ws\://h:nodelay=0", "ws://g/", Ok("tcp g:80, from b, delayed | websocket ws://g/")),
    (r"autobahn:tls\:h\:443\:trustRoots\=/r\:certificate\=c:url=wss\://h", "wss://g/", Ok("tcp g:443 | tls with g, trusting /r | websocket wss://g/")),
    (r"autobahn:tls\:h\:443\:trustRoots\=/r\:certificate\=c:url=wss\://h", "/d", Ok("tcp h:443 | tls with h, trusting /r, showing c | websocket wss://h/d")),
    // An endpoint that was given stays.
    (r"autobahn:unix\:/p:url=ws\://h/a", "/d", Ok("unix /p | websocket ws://h/d")),
    (r"autobahn:unix\:/p:url=ws\://h/a", "ws://g/", Err("GivenEndpoint")),
    (r"autobahn:unix\:/p:url=ws\://h/a", "wss://h/", Err("GivenEndpoint")),
    (r"autobahn:tcp\:g\:80:url=ws\://h/a", "ws://h/d", Ok("tcp g:80 | websocket ws://h/d")),
    (r"autobahn:tcp\:g\:80:url=ws\://h/a", "ws://g/", Err("GivenEndpoint")),
    (r"autobahn:tcp\:h\:81:url=ws\://h/a", "ws://h:81/", Err("GivenEndpoint")),
    (r"autobahn:ssl\:h\:443\:hostname\=g:url=wss\://h", "wss://g/", Err("GivenEndpoint")),
    (r"autobahn:tls\:h\:80:url=ws\://h", "/d", Ok("tcp h:80 | tls with h, trusting the platform's authorities | websocket ws://h/d")),
    (r"autobahn:tls\:h\:80:url=ws\://h", "wss://h/", Err("GivenEndpoint")),
    (r"autobahn:ws\://h/a:url=ws\://g:redirects=0", "ws://g/", Err("refused by the server: HTTP 302 Moved, to ws://g/")),
    // What is no URL to follow.
    ("ws://h/a", "ftp://h/", Err("Location")),
    ("ws://h/a", "mailto:me", Err("Location")),
    ("ws://h/a", "ws://me:secret@g/", Err("Location")),
    ("ws://h/a", "ws://h:0/", Err("Location")),
    ("ws://h/a", "ws://", Err("Location")),
    ("ws://h/a", "/b c", Err("Location")),
    ("ws://h/a", "/\u{e9}", Err("Location")),
    ("ws://h/a", "", Err("refused by the server: HTTP 302 Moved")),
    // In a circle.
    ("ws://h/a", "/a", Err("Loop")),
    ("ws://me:secret@h/a?b", "http://h:80/a?b", Err("Loop")),
];

#[test]
fn where_a_location_leads() {
    for &(text, location, expected) in PLACES {
        let endpoint: Endpoint = text.parse().unwrap();
        let plan = match text.contains("redirects") {
            true => endpoint.plan().clone(),
            false => endpoint.redirects(1).plan().clone(),
        };
        let top = plan.layers.len() - 1;
        let next = next(&mut Redirects::default(), &plan, top, to(location));
        let next = next.map(|plan| told(&plan));
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(next, expected, "{text} {location}");
    }
}

/// Where a WebSocket is over another one, either may ask for another path of its own server.
#[test]
fn each_layer_for_itself() {
    let endpoint: Endpoint = r"autobahn:ws\://h/a:url=ws\://g/b".parse().unwrap();
    let plan = endpoint.redirects(1).plan().clone();
    let mut redirects = Redirects::default();
    let plan = next(&mut redirects, &plan, 0, to("/b")).unwrap();
    assert_eq!(
        told(&plan),
        "tcp h:80 | websocket ws://h/b | websocket ws://g/b"
    );
    let plan = next(&mut redirects, &plan, 1, to("/a")).unwrap();
    assert_eq!(
        told(&plan),
        "tcp h:80 | websocket ws://h/b | websocket ws://g/a"
    );
    let mut again = |layer, location| next(&mut redirects, &plan, layer, to(location)).unwrap_err();
    assert_eq!(again(0, "/c"), "TooMany(1)");
    assert_eq!(again(1, "/b"), "Loop");
    for layer in [0, 1] {
        let next = next(&mut Redirects::default(), &plan, layer, to("ws://i/"));
        assert_eq!(next.unwrap_err(), "GivenEndpoint");
    }
}

/// The status, the fields, and whether this is a redirect.
#[rustfmt::skip]
const RESPONSES: &[(u16, &[u8], bool)] = &[
    (301, b"Location: /x\r\n", true),
    (302, b"location: /x\r\n", true),
    (303, b"LOCATION:   /x  \r\n", true),
    (307, b"Location: /x\r\nRetry-After: 1\r\n", true),
    (308, b"Location: /x\r\nSet-Cookie: a=b\r\n", true),
    (200, b"Location: /x\r\n", false),
    (201, b"Location: /x\r\n", false),
    (300, b"Location: /x\r\n", false),
    (304, b"Location: /x\r\n", false),
    (305, b"Location: /x\r\n", false),
    (306, b"Location: /x\r\n", false),
    (309, b"Location: /x\r\n", false),
    (401, b"Location: /x\r\n", false),
    (503, b"Location: /x\r\n", false),
    (301, b"", false),
    (302, b"Content-Location: /x\r\n", false),
    (302, b"Location:\r\n", false),
    // Nobody knows which one counts.
    (302, b"Location: /x\r\nLocation: /y\r\n", false),
    (302, b"Location: /x\r\nLocation: /x\r\n", true),
];

#[test]
fn which_responses_redirect() {
    let endpoint: Endpoint = "ws://h/a".parse().unwrap();
    for most in [0, 1] {
        let plan = endpoint.clone().redirects(most).plan().clone();
        for &(status, fields, redirects) in RESPONSES {
            let error = refused(status, fields);
            let next = next(&mut Redirects::default(), &plan, 0, error);
            let next = next.map(|plan| told(&plan));
            if redirects && most > 0 {
                assert_eq!(next.unwrap(), "tcp h:80 | websocket ws://h/x", "{status}");
            } else {
                let says = format!("refused by the server: HTTP {status} Moved");
                assert!(next.unwrap_err().starts_with(&says), "{status}");
            }
        }
    }
}

/// Errors of the socket and of TLS have no layer.
#[test]
fn other_errors_stay() {
    let endpoint: Endpoint = "ws://h/a".parse().unwrap();
    let plan = endpoint.redirects(1).plan().clone();
    for failed in [
        Failed::from(to("/x")),
        Failed::at(0, io::ErrorKind::TimedOut.into()),
        Failed::at(0, io::Error::other("302")),
        Failed::at(7, to("/x")),
    ] {
        let error = Redirects::default().next_plan(&plan, failed).unwrap_err();
        assert!(inner(&error).is_none(), "{error}");
    }
}

/// The fields of the request that a plan sends, but for those of the handshake.
fn fields(plan: &ClientPlan) -> Vec<String> {
    let Some(ClientLayer::WebSocket(websocket)) = plan.layers.last() else {
        panic!("no WebSocket");
    };
    let connecting = websocket
        .config
        .connect(&websocket.url, &Seed::new([7; 32]));
    let request = String::from_utf8(connecting.request().to_vec()).unwrap();
    let handshake = |line: &&str| !line.starts_with("Sec-WebSocket-") && !line.contains("pgrade");
    let lines = request.lines().skip(1).filter(handshake);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn with_credentials() -> ClientPlan {
    let mut config = ClientConfig::stream();
    for (name, value) in [
        ("Host", "other"),
        ("Origin", "http://page"),
        ("user-agent", "me"),
        ("Accept-Language", "cy"),
        ("Cookie", "secret"),
        ("X-Api-Key", "secret"),
        ("Proxy-Authorization", "secret"),
    ] {
        config = config.header(name, value).unwrap();
    }
    let url = "ws://user:secret@h/a?secret";
    let endpoint = Endpoint::url(url, config).unwrap().redirects(5);
    endpoint.plan().clone()
}

#[test]
fn at_the_same_origin_everything_is_kept() {
    let plan = with_credentials();
    for location in ["/b", "ws://h/b", "http://h:80/b"] {
        let next = next(&mut Redirects::default(), &plan, 0, to(location)).unwrap();
        assert_eq!(fields(&next), fields(&plan), "{location}");
        assert_eq!(fields(&next).len(), 8, "{location}");
    }
}

/// Scheme, host or port are others; and all of it stays behind when the way leads back.
#[test]
fn credentials_stay_behind() {
    for location in ["ws://g/b", "ws://h:81/b", "wss://h/b", "https://h:80/b"] {
        let plan = with_credentials();
        let mut redirects = Redirects::default();
        let next = next(&mut redirects, &plan, 0, to(location)).unwrap();
        let authority = location.split('/').nth(2).unwrap();
        let host = format!("Host: {authority}");
        let harmless = [
            "Origin: http://page",
            "user-agent: me",
            "Accept-Language: cy",
        ];
        assert_eq!(fields(&next)[0], host, "{location}");
        assert_eq!(fields(&next)[1..], harmless, "{location}");
        if next.has_tls() {
            continue;
        }
        let back = self::next(&mut redirects, &next, 0, to("ws://h/c")).unwrap();
        assert_eq!(fields(&back)[0], "Host: h", "{location}");
        assert_eq!(fields(&back)[1..], harmless, "{location}");
    }
}

#[test]
fn limits_and_circles_name_the_chain() {
    let mut plan = with_credentials();
    let mut redirects = Redirects::default();
    for location in ["/b?secret", "ws://g/c", "ws://h/d", "/e", "/f"] {
        plan = next(&mut redirects, &plan, 0, to(location)).unwrap();
    }
    let error = redirects.next_plan(&plan, Failed::at(0, to("ws://h/a?b")));
    let error = error.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Other);
    assert_eq!(
        error.to_string(),
        "redirected more than 5 times, the setting `redirects`, HTTP 302: \
         ws://h/a -> ws://h/b -> ws://g/c -> ws://h/d -> ws://h/e -> ws://h/f -> ws://h/a"
    );
    let error = inner(&error).unwrap();
    assert_eq!(error.chain.len(), 7);
    assert_eq!(error.response.status(), 302);
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    assert!(error.chain.iter().all(|url| !url.to_string().contains('?')));
}

/// Each kind, in words that say what to do, without secrets.
#[test]
fn errors_say_what_to_do() {
    let long = format!("ws://h/{}", "x".repeat(1000));
    for (text, location, says) in [
        (
            "wss://h/a",
            "ws://g/?secret",
            "redirected from TLS to a URL without, HTTP 302, which is never followed: wss://h/a -> ws://g/",
        ),
        (
            r"autobahn:unix\:/p:url=ws\://h",
            "//g/?secret",
            "redirected to another server, HTTP 302, but where to connect was given apart from the URL: give the new URL and where to connect for it: ws://h/ -> ws://g/",
        ),
        (
            "ws://h/?secret",
            "/?secret",
            "redirected in a circle, HTTP 302: ws://h/ -> ws://h/",
        ),
        (
            "ws://h/?secret",
            "ws://a:secret@h/",
            "redirected to no WebSocket URL, HTTP 302, ",
        ),
        (
            &long,
            "ftp://h",
            &*format!(
                "redirected to no WebSocket URL, HTTP 302, scheme \"ftp\", expected ws or wss, as in ws://host:9000: ws://h/{}...",
                "x".repeat(127)
            ),
        ),
    ] {
        let endpoint: Endpoint = text.parse().unwrap();
        let plan = endpoint.redirects(1).plan().clone();
        let failed = Failed::at(plan.layers.len() - 1, to(location));
        let error = Redirects::default().next_plan(&plan, failed).unwrap_err();
        assert!(error.to_string().starts_with(says), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        // The text has it all. Who prints the sources too says nothing twice.
        let source = inner(&error).unwrap().source();
        let said = source.is_some_and(|source| error.to_string().contains(&source.to_string()));
        assert!(!said, "{error}");
    }
}

#[test]
fn a_proxy_that_was_given_stays() {
    let endpoint: Endpoint = "ws://h/a".parse().unwrap();
    let endpoint = endpoint
        .redirects(1)
        .proxy(Proxy::parse("me:secret@p").unwrap());
    let next = next(&mut Redirects::default(), endpoint.plan(), 0, to("ws://g")).unwrap();
    assert_eq!(next.proxy.as_ref(), endpoint.plan().proxy.as_ref());
    assert!(!next.proxy_from_env);
    assert_eq!(
        told(&next),
        "tcp g:80, through http://p:80 | websocket ws://g/"
    );
}

/// Whatever the environment says of the new host, which is another one than of the old.
#[test]
fn the_proxy_of_the_environment_is_looked_up_again() {
    let endpoint: Endpoint = "ws://h/a".parse().unwrap();
    let mut plan = endpoint
        .redirects(1)
        .proxy_from_env()
        .unwrap()
        .plan()
        .clone();
    assert!(plan.proxy_from_env);
    let of_h = Proxy::parse("of-the-first-host.example").unwrap();
    plan.proxy = Some(of_h.clone());
    let same = next(&mut Redirects::default(), &plan, 0, to("/b")).unwrap();
    assert_eq!(same.proxy, Some(of_h));
    let other = next(&mut Redirects::default(), &plan, 0, to("ws://g")).unwrap();
    assert_eq!(other.proxy, Proxy::from_env(false, "g", 80).unwrap());
    assert!(other.proxy_from_env);
}

/// Texts that are nearly a `Location`.
fn nearly() -> impl Strategy<Value = String> {
    let pieces = [
        "ws:",
        "wss:",
        "http:",
        "HTTPS:",
        "ftp:",
        "//",
        "/",
        "h",
        "g",
        "h:80",
        "h:443",
        "h:81",
        "[::1]",
        "you:them@",
        "?",
        "#",
        "..",
        ".",
        "%20",
        " ",
        "\\",
        "\t",
        "\u{e9}",
        ":",
        "a",
    ];
    let piece = prop::sample::select(pieces.to_vec());
    let texts = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    let urls = "(wss?|https?)://(h|g|h:80|h:81)/[a-d]{1,2}(\\?[a-b])?";
    prop_oneof![2 => urls, 1 => "/[a-d]{1,2}", 1 => texts]
}

proptest! {
    /// Whatever servers say, one after the other: secrets go to the first origin alone and until it is left, TLS is
    /// never left, the limit is kept, and no text makes a panic.
    #[test]
    fn wherever_servers_lead(locations in prop::collection::vec(nearly(), 1..12), secure: bool) {
        let mut plan = with_credentials();
        if secure {
            let Some(ClientLayer::WebSocket(websocket)) = plan.layers.pop() else { unreachable!() };
            let url = Url::parse("wss://user:secret@h/a?secret").unwrap();
            plan = ClientPlan::url(url, ClientConfig::clone(&websocket.config));
            plan = Endpoint::from(plan).redirects(5).plan().clone();
        }
        let origin = |plan: &ClientPlan| {
            let url = layers(plan).unwrap().1.url.redacted();
            (url.is_secure(), url.host_and_port())
        };
        let (first, mut has_left) = (origin(&plan), false);
        let mut redirects = Redirects::default();
        for (hop, location) in locations.iter().enumerate() {
            let field = format!("Location: {location}\r\n");
            let mut connecting = ClientConfig::stream().connect(&Url::parse("ws://h").unwrap(), &Seed::new([7; 32]));
            let head = format!("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n{field}\r\n");
            let error = connecting.receive(&mut head.as_bytes()).unwrap_err();
            let failed = Failed::at(plan.layers.len() - 1, error.into());
            let next = match redirects.next_plan(&plan, failed) {
                Ok(next) => next,
                Err(error) => {
                    prop_assert!(!error.to_string().contains("secret"), "{}", error);
                    prop_assert!(!format!("{error:?}").contains("secret"), "{:?}", error);
                    break;
                }
            };
            prop_assert!(hop < 5);
            prop_assert!(!plan.has_tls() || next.has_tls());
            let (secure, to) = origin(&next);
            prop_assert_eq!(next.has_tls(), secure);
            let ClientSocket::Tcp(tcp) = &next.socket else { unreachable!() };
            let dialled = HostPort(&tcp.host, tcp.port).to_string();
            prop_assert_eq!(dialled, &*to);
            has_left |= (secure, to) != first;
            let sent = fields(&next).concat();
            for secret in ["Basic", "secret"] {
                prop_assert_eq!(sent.contains(secret), !has_left);
            }
            plan = next;
        }
    }
}
