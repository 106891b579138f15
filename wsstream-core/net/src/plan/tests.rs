//! What is done, for every type of endpoint and those that wrap each other; and what plans say of themselves.

use wsstream_core::Url;
use wsstream_core::handshake::{ClientConfig, ServerConfig};

use super::*;
use crate::descriptor::{Certificates, ServerDescriptor, UnsupportedEndpoint};
use crate::proxy::Proxy;

/// The socket, what goes over it, with `*` for what is below WebSocket, the limit in seconds, and whether
/// TCP_NODELAY is set; or the name of the type that is not for libraries.
type Row = (&'static str, Result<&'static str, &'static str>);

#[rustfmt::skip]
const CLIENTS: &[Row] = &[
    ("tcp:h:1", Ok("tcp h:1, 30 s, nodelay")),
    ("tcp:h:1:timeout=5", Ok("tcp h:1, 5 s, nodelay")),
    ("tls:h:1", Ok("tcp h:1, tls h, 30 s, nodelay")),
    ("tls:n:endpoint=tcp\\:h\\:1\\:timeout\\=5", Ok("tcp h:1, tls n, 5 s, nodelay")),
    ("ssl:h:1:hostname=n:timeout=5", Ok("tcp h:1, tls n, 5 s, nodelay")),
    ("unix:/p", Ok("unix /p, 30 s, nodelay")),
    ("unix:/p:timeout=5", Ok("unix /p, 5 s, nodelay")),
    ("ws://h:1/x", Ok("tcp h:1, websocket /x, 60 s, nodelay")),
    ("wss://h/", Ok("tcp h:443, tls* h, websocket /, 60 s, nodelay")),
    (r"autobahn:tcp\:h\:1\:timeout\=5:url=ws\://h:handshakeTimeout=2", Ok("tcp h:1, websocket /, 7 s, nodelay")),
    (r"autobahn:tcp\:h\:1:url=ws\://h:nodelay=0", Ok("tcp h:1, websocket /, 60 s, delay")),
    (r"autobahn:unix\:/p:url=ws\://h", Ok("unix /p, websocket /, 60 s, nodelay")),
    (r"autobahn:unix\:/p:url=wss\://h", Ok("unix /p, tls* h, websocket /, 60 s, nodelay")),
    (r"autobahn:tls\:g\:1:url=ws\://h", Ok("tcp g:1, tls* g, websocket /, 60 s, nodelay")),
    (r"autobahn:wss\://a/x:url=ws\://b/y", Ok("tcp a:443, tls* a, websocket /x, websocket /y, 90 s, nodelay")),
    (r"tls:n:endpoint=ws\://a", Ok("tcp a:80, websocket /, tls n, 60 s, nodelay")),
    ("wss://[fe80::1%25eth0]:9/", Ok("tcp fe80::1%eth0:9, tls* fe80::1, websocket /, 60 s, nodelay")),
    (r"tls:fe80\:\:1%eth0:9", Ok("tcp fe80::1%eth0:9, tls fe80::1, 30 s, nodelay")),
    ("stdio", Err("stdio")),
    ("exec:cat", Err("exec")),
    (r"autobahn:stdio:url=ws\://h", Err("stdio")),
    (r"tls:n:endpoint=exec\:cat", Err("exec")),
];

#[rustfmt::skip]
const SERVERS: &[Row] = &[
    ("tcp:1", Ok("tcp 0.0.0.0 1, 10 s, nodelay")),
    ("tcp6:1", Ok("tcp :: 1, 10 s, nodelay")),
    ("tls:/d:1", Ok("tcp :: 1, tls /d, 10 s, nodelay")),
    ("ssl:1:privateKey=k", Ok("tcp 0.0.0.0 1, tls k, 10 s, nodelay")),
    ("unix:/p", Ok("unix /p, 10 s, nodelay")),
    ("ws://h:1/x", Ok("tcp h 1, websocket /x, 10 s, nodelay")),
    ("ws://[fe80::1%25eth0]:1/x", Ok("tcp fe80::1%eth0 1, websocket /x, 10 s, nodelay")),
    (r"autobahn:ssl\:1\:privateKey\=k:url=wss\://h:nodelay=0", Ok("tcp 0.0.0.0 1, tls* k, websocket /, 10 s, delay")),
    // The first opening handshake's, whatever the others have.
    (r"autobahn:ws\://a/x:url=ws\://b/y:handshakeTimeout=3", Ok("tcp a 80, websocket /x, websocket /y, 10 s, nodelay")),
    (r"autobahn:tcp\:1:url=ws\://h:handshakeTimeout=3", Ok("tcp 0.0.0.0 1, websocket /, 3 s, nodelay")),
    ("stdio", Err("stdio")),
    ("exec:cat", Err("exec")),
    ("haproxy:tcp:1", Err("haproxy")),
    ("systemd:INET:index=0", Err("systemd")),
    (r"autobahn:haproxy\:tcp\:1:url=ws\://h", Err("haproxy")),
    (r"autobahn:systemd\:UNIX\:name\=n:url=ws\://h", Err("systemd")),
];

const fn star(below_websocket: bool) -> &'static str {
    if below_websocket { "*" } else { "" }
}

const fn delay(nodelay: bool) -> &'static str {
    if nodelay { "nodelay" } else { "delay" }
}

#[test]
fn of_clients() {
    for &(text, expected) in CLIENTS {
        let told = ClientPlan::parse(text).map(|plan| {
            let mut nodelay = true;
            let mut told = vec![match &plan.socket {
                ClientSocket::Tcp(tcp) => {
                    nodelay = tcp.nodelay;
                    format!("tcp {}:{}", tcp.host, tcp.port)
                }
                ClientSocket::Unix(unix) => format!("unix {}", unix.path.display()),
            }];
            told.extend(plan.layers.iter().map(|layer| match layer {
                ClientLayer::Tls(tls) => format!("tls{} {}", star(tls.websocket), tls.server_name),
                ClientLayer::WebSocket(websocket) => format!("websocket {}", websocket.url.path()),
            }));
            let has_tls = ["tls", "ssl", "wss"].iter().any(|tls| text.contains(tls));
            assert_eq!(plan.has_tls(), has_tls, "{text}");
            told.push(format!("{} s", plan.timeout.as_secs_f64()));
            told.push(delay(nodelay).to_owned());
            told.join(", ")
        });
        assert_eq!(told, result(expected), "{text}");
    }
}

#[test]
fn of_servers() {
    for &(text, expected) in SERVERS {
        let told = ServerPlan::parse(text).map(|plan| {
            let mut told = vec![match &plan.socket {
                ServerSocket::Tcp(tcp) => format!("tcp {} {}", tcp.interface, tcp.port),
                ServerSocket::Unix(unix) => format!("unix {}", unix.path),
            }];
            told.extend(plan.layers.iter().map(|layer| match layer {
                ServerLayer::Tls(ServerTlsLayer { source, websocket }) => {
                    let star = star(*websocket);
                    match source {
                        ServerTlsSource::Files(Certificates::Directory(path)) => {
                            format!("tls{star} {path}")
                        }
                        ServerTlsSource::Files(Certificates::Files { identity, .. }) => {
                            format!("tls{star} {}", identity.private_key)
                        }
                        ServerTlsSource::Given(_) => format!("tls{star}"),
                    }
                }
                ServerLayer::WebSocket(config) => {
                    let served = ["/x", "/y"].into_iter().filter(|path| config.serves(path));
                    match served.collect::<Vec<_>>()[..] {
                        [path] => format!("websocket {path}"),
                        _ => "websocket /".to_owned(),
                    }
                }
            }));
            told.push(format!("{} s", plan.handshake_timeout.as_secs_f64()));
            told.push(delay(plan.nodelay).to_owned());
            told.join(", ")
        });
        assert_eq!(told, result(expected), "{text}");
    }
}

fn result(expected: Result<&str, &'static str>) -> Result<String, EndpointError> {
    let told = expected.map(str::to_owned);
    told.map_err(|name| {
        let unsupported = UnsupportedEndpoint::Forwarder { name };
        no_plan(EndpointErrorKind::Endpoint(unsupported))
    })
}

/// It is the system that says `Unsupported`, and a caller may ask why.
#[test]
fn an_endpoint_for_others_is_unsupported() {
    let error = ClientPlan::parse("stdio").unwrap_err();
    assert_eq!(
        error.to_string(),
        "endpoints `stdio` belong to the forwarder command"
    );
    let error = std::io::Error::from(error);
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let name = "stdio";
    assert_eq!(inner, Some(&UnsupportedEndpoint::Forwarder { name }));
}

/// Two ways to say the same, but for the limits: a URL's is the one of its configuration.
#[test]
fn a_url_is_a_plan() {
    for url in ["ws://h:1/x", "wss://h/"] {
        let described = ClientPlan::parse(url).unwrap();
        let mut plan = ClientPlan::url(Url::parse(url).unwrap(), ClientConfig::stream());
        assert_eq!(plan.timeout, Duration::from_secs(30));
        plan.timeout = described.timeout;
        let ClientSocket::Tcp(tcp) = &mut plan.socket else {
            panic!("no TCP");
        };
        tcp.timeout = Duration::from_secs(30);
        assert_eq!(plan.to_string(), described.to_string());
    }
}

#[test]
fn plans_print_themselves() {
    for (text, expected) in [
        ("tcp:h:1", "tcp h:1, within 30 s; 30 s in all"),
        (
            "tcp:h:1:bindAddress=10.0.0.1:timeout=2.5",
            "tcp h:1, within 2.5 s, from 10.0.0.1; 2.5 s in all",
        ),
        (
            "tcp:\\:\\:1:1:bindAddress=n",
            "tcp [::1]:1, within 30 s, from n; 30 s in all",
        ),
        (
            "unix:/p:lockfile=1",
            "unix /p, within 30 s, if locked; 30 s in all",
        ),
        (
            "tls:h:1:trustRoots=/roots:certificate=/c.pem:privateKey=/k.pem",
            "tcp h:1, within 30 s\ntls with h, trusting /roots, showing /c.pem; 30 s in all",
        ),
        (
            r"autobahn:wss\://user\:secret@h/x?token\=secret:url=ws\://h:nodelay=0:header=A\: secret",
            "tcp h:443, within 30 s, delayed\n\
             tls with h, trusting the platform's authorities\n\
             websocket wss://h/x?..., within 30 s\n\
             websocket ws://h/, within 30 s; 90 s in all",
        ),
        (
            r"autobahn:autobahn\:tcp\\\:h\\\:1\:url\=ws\\\://h\:redirects\=1:url=ws\://h:redirects=5",
            "tcp h:1, within 30 s\n\
             websocket ws://h/, within 30 s, up to 1 redirect\n\
             websocket ws://h/, within 30 s, up to 5 redirects; 90 s in all",
        ),
    ] {
        let plan = ClientPlan::parse(text).unwrap();
        assert_eq!(plan.to_string(), expected, "{text}");
        assert!(!format!("{plan:?}").contains("secret"), "{plan:?}");
    }
    for (text, expected) in [
        ("tcp:1", "tcp 0.0.0.0:1, backlog 4096"),
        (
            "unix:/p:mode=600",
            "unix /p, mode 600, backlog 4096, with a lock",
        ),
        (
            "tls:/d:1",
            "tcp [::]:1, backlog 4096\ntls, certificates of /d; first handshakes within 10 s",
        ),
        (
            r"autobahn:ssl\:1\:privateKey\=k\:certKey\=c\:extraCertChain\=e:url=ws\://h:nodelay=0:header=A\: secret",
            "tcp 0.0.0.0:1, backlog 4096, delayed\n\
             tls, certificate c and e, key k\n\
             websocket, within 10 s; first handshakes within 10 s",
        ),
        (
            r"autobahn:tcp\:1:url=ws\://h:healthPath=up",
            "tcp 0.0.0.0:1, backlog 4096\n\
             websocket, within 10 s, health checks at /up; first handshakes within 10 s",
        ),
    ] {
        let plan = ServerPlan::parse(text).unwrap();
        assert_eq!(plan.to_string(), expected, "{text}");
        assert!(!format!("{plan:?}").contains("secret"), "{plan:?}");
    }
    let mut plan = ClientPlan::parse("tcp:h:1").unwrap();
    plan.proxy = Some(Proxy::parse("socks5://user:secret@p").unwrap());
    let expected = "tcp h:1, within 30 s, through socks5://p:1080; 30 s in all";
    assert_eq!(plan.to_string(), expected);
    assert!(!format!("{plan:?}").contains("secret"), "{plan:?}");
}

#[cfg(unix)]
#[test]
fn websocket_over_a_unix_socket() {
    let plan = ServerPlan::websocket_unix("/p", ServerConfig::stream()).unwrap();
    let expected = "unix /p, mode 666, backlog 4096, with a lock\n\
                    websocket, within 10 s; first handshakes within 10 s";
    assert_eq!(plan.to_string(), expected);
}

/// RFC 7301: whether WebSocket goes over it, the protocols that were set, and those that are offered.
#[cfg(feature = "ring")]
#[test]
fn only_websocket_is_known_by_name() {
    use std::sync::Arc;

    use rustls::{RootCertStore, crypto::ring};

    type Protocols = &'static [&'static str];
    let table: [(&str, Protocols, Protocols); 5] = [
        ("wss://h", &["http/1.1"], &["http/1.1"]),
        ("wss://h", &[], &[]),
        ("tls:h:1", &["http/1.1"], &[]),
        ("tls:h:1", &["postgresql"], &["postgresql"]),
        ("tls:h:1", &["h2", "http/1.1"], &["h2", "http/1.1"]),
    ];
    for (text, set, offered) in table {
        let mut config =
            rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
        config.alpn_protocols = set.iter().map(|name| name.as_bytes().to_vec()).collect();
        let plan = ClientPlan::parse(text).unwrap();
        let Some(ClientLayer::Tls(mut layer)) = plan.layers.into_iter().next() else {
            panic!("{text}: no TLS");
        };
        layer.source = ClientTlsSource::Given(Arc::new(config).into());
        let read = layer.load().unwrap();
        let protocols = read.config().alpn_protocols.iter();
        let protocols: Vec<_> = protocols
            .map(|name| String::from_utf8_lossy(name))
            .collect();
        assert_eq!(protocols, offered, "{text}");
    }
}

#[test]
fn tcp_to_host_and_port() {
    for (address, to) in [
        ("h:1", "h:1"),
        ("127.0.0.1:65535", "127.0.0.1:65535"),
        ("[::1]:80", "[::1]:80"),
        ("::1:80", "[::1]:80"),
    ] {
        let plan = ClientPlan::tcp(address).unwrap().to_string();
        let expected = format!("tcp {to}, within 10 s; 30 s in all");
        assert_eq!(plan, expected, "{address}");
        let plan = ServerPlan::tcp(address).unwrap().to_string();
        assert_eq!(plan, format!("tcp {to}, backlog 4096"), "{address}");
        let plan = ServerPlan::websocket(address, ServerConfig::stream()).unwrap();
        let expected = format!(
            "tcp {to}, backlog 4096\n\
             websocket, within 10 s; first handshakes within 10 s"
        );
        assert_eq!(plan.to_string(), expected, "{address}");
    }
    for address in [
        "",
        "h",
        "8080",
        "h:",
        ":8080",
        "h:http",
        "h:65536",
        "ws://h:1",
        "ws://h:1/",
        "h/x:1",
    ] {
        for error in [
            ClientPlan::tcp(address).map(drop),
            ServerPlan::tcp(address).map(drop),
            ServerPlan::websocket(address, ServerConfig::stream()).map(drop),
        ] {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            let said = format!("expected HOST:PORT, not {address:?}");
            assert_eq!(error.to_string(), said);
        }
    }
}

/// A descriptor can be changed after it was read.
#[test]
fn a_server_takes_every_query() {
    let mut descriptor = ServerDescriptor::parse("ws://h/x").unwrap();
    let ServerDescriptor::Autobahn(autobahn) = &mut descriptor else {
        unreachable!("{descriptor:?}");
    };
    for (url, is_fit) in [
        ("ws://h/", true),
        ("ws://h/?x", false),
        ("ws://u@h/", false),
    ] {
        autobahn.url = Url::parse(url).unwrap();
        let plan = ServerPlan::try_from(&ServerDescriptor::Autobahn(autobahn.clone()));
        assert_eq!(plan.is_ok(), is_fit, "{url}");
    }
}
