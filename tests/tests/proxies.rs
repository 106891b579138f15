//! Through every kind of proxy, by URL and by descriptor, on every runtime. Over TLS: `tls/proxies.rs`; which proxy the
//! environment names: `endpoints/proxy.rs`.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::spawn;

use wsstream_core::handshake::ClientConfig;
use wsstream_net::proxy::Proxy;
use wsstream_tests::net::By::{self, Descriptor, Url};
use wsstream_tests::net::{ClientEndpoint, Net, address, over, server, talk_with, tcp};
use wsstream_tests::proxy::Asked::{self, Http, HttpOpen, Socks4, Socks5, Socks5Open};
use wsstream_tests::proxy::proxy;

wsstream_tests::on_all_runtimes! {
    an_http_proxy_by_url
    an_http_proxy_by_descriptor
    a_socks_proxy_by_url
    a_socks_proxy_by_descriptor
    names_are_looked_up_there
    who_is_not_let_through
}

const LEN: usize = 100_000;

async fn through<N: Net>(by: By, asked: Asked) {
    let (listener, client) = server::<N>(by).await;
    let port = address::<N>(&listener).port();
    let (at, targets) = proxy(asked);
    let client = client.proxy(Proxy::parse(&asked.url(at)).unwrap());
    let talked = talk_with::<N, N>(listener, &client, LEN).await;
    assert_eq!(targets.recv().unwrap(), format!("127.0.0.1:{port}"));
    assert_eq!(tcp(&talked.reached), at);
    assert_eq!(talked.path.as_deref(), Some("/here"));
}

async fn an_http_proxy_by_url<N: Net>() {
    for asked in [Http, HttpOpen] {
        through::<N>(Url, asked).await;
    }
}

async fn an_http_proxy_by_descriptor<N: Net>() {
    for asked in [Http, HttpOpen] {
        through::<N>(Descriptor, asked).await;
    }
}

async fn a_socks_proxy_by_url<N: Net>() {
    for asked in [Socks5, Socks5Open, Socks4] {
        through::<N>(Url, asked).await;
    }
}

async fn a_socks_proxy_by_descriptor<N: Net>() {
    for asked in [Socks5, Socks5Open, Socks4] {
        through::<N>(Descriptor, asked).await;
    }
}

/// `localhost` means the proxy's own machine.
async fn names_are_looked_up_there<N: Net>() {
    for asked in [Http, HttpOpen, Socks5, Socks5Open, Socks4] {
        for by in [Url, Descriptor] {
            let (listener, _) = server::<N>(by).await;
            let port = address::<N>(&listener).port();
            let client = to::<N>(by, &format!("localhost:{port}"));
            let (at, targets) = proxy(asked);
            let client = client.proxy(Proxy::parse(&asked.url(at)).unwrap());
            talk_with::<N, N>(listener, &client, LEN).await;
            assert_eq!(targets.recv().unwrap(), format!("localhost:{port}"));
        }
    }
}

fn to<N: Net>(by: By, authority: &str) -> ClientEndpoint<N> {
    match by {
        Url => {
            let url = format!("ws://{authority}/here");
            ClientEndpoint::<N>::url(&url, ClientConfig::stream()).unwrap()
        }
        Descriptor => {
            let descriptor = over(&format!("tcp:{authority}"), "ws://localhost/here", "");
            descriptor.parse().unwrap()
        }
    }
}

/// The error says which proxy it is, what it wants, and no password.
async fn who_is_not_let_through<N: Net>() {
    for (asked, user, says) in [
        (
            Http,
            "http://",
            "it asks for a user and a password (Basic): HTTP 407 Proxy Authentication Required",
        ),
        (
            Http,
            "http://me:wrong@",
            "it refused the user and password: HTTP 407 Proxy Authentication Required",
        ),
        (Socks5, "socks5://", "it asks for a user and a password"),
        (
            Socks5,
            "socks5://me:wrong0@",
            "it refused the user and password",
        ),
    ] {
        for by in [Url, Descriptor] {
            let (at, _) = proxy(asked);
            let through = Proxy::parse(&format!("{user}{at}")).unwrap();
            let client = to::<N>(by, "nowhere.invalid:80").proxy(through);
            let error = client.connect().await.map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            let text = error.to_string();
            let begins = format!("{}: proxy {at}: {says}", error.place().unwrap());
            assert!(text.starts_with(&begins), "{text}");
            assert!(!text.contains("wrong"), "{text}");
        }
    }
    // What speaks another protocol.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    spawn(move || {
        for tcp in listener.incoming() {
            let mut tcp = tcp.unwrap();
            tcp.write_all(b"SSH-2.0-x\r\n").unwrap();
            // It is the other end that ends it.
            while tcp.read(&mut [0; 99]).is_ok_and(|count| count > 0) {}
        }
    });
    for (scheme, says) in [
        ("http", "it speaks SSH, not HTTP"),
        ("socks5", "it does not speak the SOCKS version of its URL"),
        ("socks4", "it does not speak the SOCKS version of its URL"),
    ] {
        for by in [Url, Descriptor] {
            let through = Proxy::parse(&format!("{scheme}://{at}")).unwrap();
            let client = to::<N>(by, "nowhere.invalid:80").proxy(through);
            let error = client.connect().await.map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            let text = error.to_string();
            let begins = format!("{}: proxy {at}: {says}", error.place().unwrap());
            assert!(text.starts_with(&begins), "{text}");
        }
    }
}
