//! What a client says when it reaches nobody, by URL and by descriptor, on every runtime; and addresses with a zone.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io::ErrorKind;
use std::net::SocketAddr;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_net::descriptor::{EndpointErrorKind, quote_argument};
use wsstream_net::proxy::Proxy;
use wsstream_net::{Cause, DialError, Error};
use wsstream_tests::net::{
    ClientEndpoint, Directory, Listener, Net, ServerEndpoint, address, free_port, over,
};
use wsstream_tests::{Read, Write};

wsstream_tests::on_all_runtimes! {
    refused_addresses
    names_that_nobody_knows
    zones_that_are_not_there
    a_proxy_that_is_not_there
    a_unix_socket_that_is_not_there
    zones_of_the_loopback
    zones_of_link_local_addresses
    a_server_takes_every_query
}

/// By URL with options, by URL alone, by descriptor, and TCP without WebSocket.
fn ways<N: Net>(host: &str, port: u16) -> [ClientEndpoint<N>; 4] {
    let in_url = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let url = format!("ws://{in_url}:{port}/here");
    let tcp = format!("tcp:{}:{port}", quote_argument(host));
    [
        ClientEndpoint::<N>::url(&url, ClientConfig::stream()).unwrap(),
        url.parse().unwrap(),
        over(&tcp, "ws://localhost/here", "").parse().unwrap(),
        ClientEndpoint::<N>::tcp(&format!("{in_url}:{port}")).unwrap(),
    ]
}

async fn fails<N: Net>(client: &ClientEndpoint<N>) -> Error {
    let connected = client.connect().await;
    connected.map(drop).unwrap_err()
}

fn dial_error(error: &Error) -> &DialError {
    match error.cause() {
        Cause::Dial(dial) => dial,
        _ => panic!("{error}"),
    }
}

/// What an error says of dialling, behind the URL if there is one, which may have named the host already.
fn said(error: &Error) -> String {
    let (text, dial) = (error.to_string(), dial_error(error));
    let place = error.place().unwrap();
    if place.starts_with("ws://") {
        let rest = text
            .strip_prefix(place)
            .and_then(|text| text.strip_prefix(": "));
        let is_named =
            !dial.is_proxy && format!("{place}/").contains(&format!("{}/", dialled(dial)));
        let expected = match is_named {
            true => format!("{dial:#}"),
            false => dial.to_string(),
        };
        assert_eq!(rest, Some(&*expected));
    } else if dial.is_proxy {
        assert_eq!(text, format!("{place}: {dial}"));
    } else {
        assert_eq!(text, dial.to_string());
    }
    dial.to_string()
}

fn dialled(dial: &DialError) -> String {
    match dial.host.contains(':') {
        true => format!("[{}]:{}", dial.host, dial.port),
        false => format!("{}:{}", dial.host, dial.port),
    }
}

async fn refused_addresses<N: Net>() {
    let port = free_port();
    for host in ["127.0.0.1", "localhost"] {
        for client in ways::<N>(host, port) {
            let error = fails::<N>(&client).await;
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
            let inner = dial_error(&error);
            assert_eq!((&*inner.host, inner.port), (host, port));
            let says = said(&error);
            let begins = format!("{host}:{port}: connection refused");
            assert!(says.starts_with(&begins), "{says}");
            // Each once.
            for (address, _) in &inner.attempts {
                let ip = address.ip().to_string();
                assert_eq!(says.matches(&ip).count(), 1, "{says}");
            }
            // The system's own.
            let numbers = inner.attempts.iter().map(|(_, error)| error.raw_os_error());
            assert!(numbers.clone().all(|number| number.is_some()), "{inner:?}");
        }
    }
}

/// RFC 6761 §6.4: none ends with `.invalid`.
async fn names_that_nobody_knows<N: Net>() {
    for client in ways::<N>("nowhere.invalid", 443) {
        let error = fails::<N>(&client).await;
        let says = said(&error);
        let begins = "nowhere.invalid:443: name look-up failed: ";
        assert!(says.starts_with(begins), "{says}");
        assert_eq!(says.matches("failed").count(), 1, "{says}");
        let inner = dial_error(&error);
        assert!(inner.look_up.is_some() && inner.attempts.is_empty());
    }
}

async fn zones_that_are_not_there<N: Net>() {
    for client in ways::<N>("fe80::1%no-such-0", 9) {
        let error = fails::<N>(&client).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let says = "[fe80::1%no-such-0]:9: zone \"no-such-0\": there is no such network interface";
        assert_eq!(said(&error), says);
    }
}

async fn a_proxy_that_is_not_there<N: Net>() {
    let port = free_port();
    for client in ways::<N>("nowhere.invalid", 443) {
        let proxy = Proxy::parse(&format!("http://me:secret@127.0.0.1:{port}")).unwrap();
        let error = fails::<N>(&client.proxy(proxy)).await;
        let says = format!("proxy 127.0.0.1:{port}: connection refused");
        assert_eq!(said(&error), says);
        assert!(dial_error(&error).is_proxy);
    }
}

async fn a_unix_socket_that_is_not_there<N: Net>() {
    let directory = Directory::new();
    let path = directory.path("s");
    let [url, _, descriptor, _] = ways::<N>("nowhere.invalid", 443);
    for client in [url.unix(&path), descriptor.unix(&path)] {
        let error = fails::<N>(&client).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let begins = format!("{}: {}: ", error.place().unwrap(), path.display());
        assert!(error.to_string().starts_with(&begins), "{error}");
        // The system's own.
        let Cause::Io(system) = error.cause() else {
            panic!("{error}");
        };
        assert!(system.raw_os_error().is_some(), "{system:?}");
    }
}

/// Talks to a server at this address in each way, and looks at what the server was told.
async fn talk<N: Net>(at: SocketAddr, zones: &[String]) {
    let std = std::net::TcpListener::bind(at).unwrap();
    let mut listener = Listener::<N>::from_std(std, ServerConfig::stream()).unwrap();
    let at = address::<N>(&listener);
    for zone in zones {
        let host = format!("{}%{zone}", at.ip());
        for client in ways::<N>(&host, at.port()).into_iter().take(3) {
            let (client, incoming) = tokio::join!(client.connect(), async {
                let incoming = listener.accept().await.unwrap();
                let request = incoming.request().unwrap();
                assert_eq!(request.path(), "/here");
                let told = request.headers().get("host").unwrap();
                let told = std::str::from_utf8(told).unwrap();
                assert!(!told.contains('%'), "{told}");
                let ip = at.ip();
                let expected = [format!("[{ip}]:{}", at.port()), "localhost".to_owned()];
                assert!(expected.iter().any(|host| host == told), "{told}");
                incoming.accept().await.unwrap()
            });
            let (mut client, mut server) = (N::stream(client.unwrap()), N::stream(incoming));
            client.write_all(b"over there?").await.unwrap();
            assert_eq!(server.read_exact(11).await.unwrap(), b"over there?");
        }
    }
}

/// Its zone is for nothing, and is understood all the same.
#[cfg(target_os = "linux")]
async fn zones_of_the_loopback<N: Net>() {
    if let Some(index) = interface("lo") {
        let at = "[::1]:0".parse().unwrap();
        talk::<N>(at, &["lo".to_owned(), index.to_string()]).await;
    }
}

/// Nobody gets there without a zone. Where no interface has such an address, there is nothing to show.
#[cfg(target_os = "linux")]
async fn zones_of_link_local_addresses<N: Net>() {
    for (ip, index, name) in addresses() {
        if !ip.is_unicast_link_local() {
            continue;
        }
        let at = std::net::SocketAddrV6::new(ip, 0, 0, index);
        talk::<N>(at.into(), &[name, index.to_string()]).await;
        for client in ways::<N>(&ip.to_string(), 9) {
            let error = fails::<N>(&client).await;
            let says = error.to_string();
            let ends = "the address needs a zone as in fe80::1%eth0";
            assert!(says.ends_with(ends), "{says}");
        }
        return;
    }
}

/// The addresses of this machine with IPv6, each with its interface.
#[cfg(target_os = "linux")]
fn addresses() -> Vec<(std::net::Ipv6Addr, u32, String)> {
    let table = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let address = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let ip = u128::from_str_radix(words.next()?, 16).ok()?;
        let index = u32::from_str_radix(words.next()?, 16).ok()?;
        Some((ip.into(), index, words.nth(3)?.to_owned()))
    };
    table.lines().filter_map(address).collect()
}

#[cfg(target_os = "linux")]
fn interface(name: &str) -> Option<u32> {
    let mut addresses = addresses().into_iter();
    let found = addresses.find(|(_, _, of)| of == name);
    found.map(|(_, index, _)| index)
}

#[cfg(not(target_os = "linux"))]
async fn zones_of_the_loopback<N: Net>() {}

#[cfg(not(target_os = "linux"))]
async fn zones_of_link_local_addresses<N: Net>() {}

/// It was ignored, whatever it said.
async fn a_server_takes_every_query<N: Net>() {
    for server in [
        "ws://localhost:9000/?token=secret",
        r"autobahn:tcp\:9000:url=ws\://localhost\:9000/here?token\=secret",
    ] {
        let error = server.parse::<ServerEndpoint<N>>().unwrap_err();
        let EndpointErrorKind::Unsupported { key: "url", .. } = error.kind() else {
            panic!("{error:?}");
        };
        assert_eq!(error.position(), server.find('?').unwrap());
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(error.to_string().contains("every query"), "{error}");
    }
    // A client's is part of what it asks for.
    let client = "ws://localhost:9000/?token=secret".parse::<ClientEndpoint<N>>();
    drop(client.unwrap());
}
