//! What is a descriptor: what it means, and how it is written back.

use std::time::Duration;

use crate::descriptor::{
    AutobahnClient, AutobahnServer, Certificates, ClientDescriptor, ServerDescriptor, SystemdSocket,
};
use wsstream_core::handshake::{Acceptor, Hosts, Origins, ServerConfig};
use wsstream_core::{ConnectionConfig, Keepalive, Seed};

/// What a configuration does not tell but in `Debug`.
fn says(config: &ConnectionConfig, said: &[&str]) {
    let config = format!("{config:?}");
    for said in said {
        assert!(config.contains(said), "{said} is not in {config}");
    }
}

const FRAMES: [&str; 2] = ["auto_fragment: Some(4096)", "debug: true"];

fn client(text: &str) -> AutobahnClient {
    match ClientDescriptor::parse(text) {
        Ok(ClientDescriptor::Autobahn(autobahn)) => autobahn,
        other => panic!("{text:?}: {other:?}"),
    }
}

fn server(text: &str) -> AutobahnServer {
    match ServerDescriptor::parse(text) {
        Ok(ServerDescriptor::Autobahn(autobahn)) => autobahn,
        other => panic!("{text:?}: {other:?}"),
    }
}

/// The examples of the specification, word for word.
#[test]
fn the_specifications_examples() {
    let plain = client(r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000");
    assert_eq!(plain.endpoint.to_string(), "tcp:localhost:9000");
    assert_eq!(plain.url.to_string(), "ws://localhost:9000/");
    assert_eq!(plain.options.compression, None);
    says(&plain.client_config().unwrap().config, &["debug: false"]);
    let text = r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000:compress=false";
    assert_eq!(client(text).options.compression, Some(false));
    let text = r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000:autofrag=4096:debug=true";
    says(&client(text).client_config().unwrap().config, &FRAMES);

    let plain = server(r"autobahn:tcp\:9000:url=ws\://localhost\:9000");
    assert_eq!(plain.endpoint.to_string(), "tcp:9000");
    let text = r"autobahn:tcp\:9000:url=ws\://localhost\:9000:autofrag=4096:debug=true";
    says(&server(text).server_config().unwrap().config, &FRAMES);
    let text = r"autobahn:tcp\:9000\:interface\=0.0.0.0:url=ws\://localhost\:9000:compress=true";
    assert_eq!(server(text).options.compression, Some(true));
    let ServerDescriptor::Tcp(tcp) = *server(text).endpoint else {
        panic!("no TCP");
    };
    assert_eq!(
        (&*tcp.interface, tcp.port, tcp.backlog),
        ("0.0.0.0", 9000, 4096)
    );
}

/// What is given, and how it is written.
#[rustfmt::skip]
const CLIENTS: &[(&str, &str)] = &[
    ("TCP:h:1", "tcp:h:1"),
    ("tcp:port=1:host=h:timeout=30:bindAddress=", "tcp:h:1"),
    ("tcp:1:host=h", "tcp:h:1"),
    ("host=h:tcp:1", "tcp:h:1"),
    ("tcp:h:port= 1 ", "tcp:h:1"),
    (r"tcp:\:\:1:1:timeout=2.50:bindAddress=\:\:2", r"tcp:\:\:1:1:timeout=2.5:bindAddress=\:\:2"),
    (r"tcp:a\=b:1", r"tcp:a\=b:1"),
    ("tls:h:443", "tls:h:443"),
    ("tls:h:443:5:b:c:k:t", "tls:h:443:timeout=5:bindAddress=b:trustRoots=t:certificate=c:privateKey=k"),
    ("tls:h:443:certificate=c:privateKey=c", "tls:h:443:certificate=c"),
    ("ssl:h:443", "tls:h:443"),
    ("ssl:h:443:hostname=n:caCertsDir=d:certKey=c", "ssl:h:443:hostname=n:caCertsDir=d:certKey=c"),
    (r"tls:n:443:endpoint=tcp\:h\:1", "ssl:h:1:hostname=n"),
    (r"tls:n:endpoint=unix\:/p", r"tls:n:443:endpoint=unix\:/p"),
    ("unix:path=/p:timeout=3:lockfile=1", "unix:/p:timeout=3:lockfile=1"),
    ("stdio:", "stdio"),
    (r"exec:p:-x:\=\:\\:", r"exec:p:-x:\=\:\\:"),
    ("ws://H:80", "ws://h/"),
    ("ws:// h /x", "ws://h/x"),
    ("wss://u%21:p%3a@h/x", "wss://u%21:p:@h/x"),
    (r"autobahn:tcp\:h\:80:url=ws\://h", "ws://h/"),
    (r"autobahn:tcp\:h\:443:url=wss\://h", "wss://h/"),
    (r"autobahn:tls\:h\:443:url=wss\://h", "wss://h/"),
    (r"autobahn:tcp\:g\:443:url=wss\://h", r"autobahn:tcp\:g\:443:url=wss\://h/"),
    (r"autobahn:tls\:g\:443:url=wss\://h", r"autobahn:tls\:g\:443:url=wss\://h/"),
    (r"autobahn:unix\:/p:url=wss\://h", r"autobahn:unix\:/p:url=wss\://h/"),
    (r"autobahn:ws\://a:url=ws\://b", r"autobahn:ws\://a/:url=ws\://b/"),
    // Zones stay, but for the name in the certificate.
    ("ws://[fe80::1%eth0]:9000", "ws://[fe80::1%25eth0]:9000/"),
    (r"tcp:fe80\:\:1%eth0:9000", r"tcp:fe80\:\:1%eth0:9000"),
    (r"tls:fe80\:\:1%eth0:9000", r"tls:fe80\:\:1%eth0:9000"),
    (r"ssl:fe80\:\:1%eth0:9000:hostname=fe80\:\:1", r"tls:fe80\:\:1%eth0:9000"),
    (r"autobahn:tls\:fe80\\\:\\\:1%eth0\:443:url=wss\://[fe80\:\:1%25eth0]", "wss://[fe80::1%25eth0]/"),
    (r"autobahn:stdio:url=ws\://h:compress= TRUE :compression=1:autofrag=0:debug=false", r"autobahn:stdio:url=ws\://h/:compression=true"),
    (r"autobahn:stdio:url=ws\://h:keepalive=30", r"autobahn:stdio:url=ws\://h/:keepalive=30"),
    (r"autobahn:stdio:url=ws\://h:keepalive=False", r"autobahn:stdio:url=ws\://h/:keepalive=false"),
    (r"autobahn:stdio:url=ws\://h/?a=b:subprotocol=A, b:header=X\:y:header=X\: z", r"autobahn:stdio:url=ws\://h/?a=b:subprotocol=A,b:header=X\: y:header=X\: z"),
    (r"autobahn:autobahn\:tcp\\\:h\\\:1\:url\=ws\\\://h\\\:1:url=ws\://h\:1", r"autobahn:ws\://h\:1/:url=ws\://h\:1/"),
];

#[rustfmt::skip]
const SERVERS: &[(&str, &str)] = &[
    ("tcp:9000:127.0.0.1:7", "tcp:9000:interface=127.0.0.1:backlog=7"),
    ("tcp:9000:interface=", "tcp:9000"),
    (r"tcp:0:\:\:1", r"tcp:0:interface=\:\:1"),
    (r"tcp:9000:\:\:", "tcp6:9000"),
    (r"tcp6:9000:7:\:\:1", r"tcp:9000:interface=\:\:1:backlog=7"),
    (r"tcp6:9000:interface=fe80\:\:1%eth0", r"tcp:9000:interface=fe80\:\:1%eth0"),
    ("ssl:443", "ssl:443"),
    ("ssl:443:k:c:extraCertChain=x:interface=h", "ssl:443:interface=h:privateKey=k:certKey=c:extraCertChain=x"),
    ("tls:/d", "tls:/d:443"),
    ("tls:/d:1:2:0.0.0.0", "tls:/d:1:interface=0.0.0.0:backlog=2"),
    ("unix:/p:0o600:7:0", "unix:/p:mode=600:backlog=7:lockfile=0"),
    ("unix:/p:mode=0666", "unix:/p"),
    ("systemd:INET6:index=2", "systemd:INET6:index=2"),
    ("systemd:domain=UNIX:name=n", "systemd:UNIX:name=n"),
    ("haproxy:haproxy:tcp:9000:interface=h", "haproxy:haproxy:tcp:9000:interface=h"),
    ("haproxy:ws://h:9000", "haproxy:ws://h:9000/"),
    ("ws://localhost:9000/x", "ws://localhost:9000/x"),
    (r"autobahn:description=tcp\:9000:url=wss\://h", r"autobahn:tcp\:9000:url=wss\://h/"),
    (r"autobahn:haproxy\:tcp\:1:url=ws\://h:origins=any", r"autobahn:haproxy\:tcp\:1:url=ws\://h/:origins=any"),
    (r"autobahn:stdio:url=ws\://h:origins=null, https\://a", r"autobahn:stdio:url=ws\://h/:origins=null,https\://a"),
    (r"autobahn:stdio:url=ws\://h:origins=", r"autobahn:stdio:url=ws\://h/:origins="),
    (r"autobahn:stdio:url=ws\://h:hosts=any", r"autobahn:stdio:url=ws\://h/:hosts=any"),
    (r"autobahn:stdio:url=ws\://h:hosts= h, \:\:1", r"autobahn:stdio:url=ws\://h/:hosts=h,\:\:1"),
    (r"autobahn:stdio:url=ws\://h:healthPath= /up ", r"autobahn:stdio:url=ws\://h/:healthPath=/up"),
    (r"autobahn:stdio:url=ws\://h:origins=https\://a/", r"autobahn:stdio:url=ws\://h/:origins=https\://a"),
];

#[test]
fn written_and_read_again() {
    for &(text, expected) in CLIENTS {
        let endpoint = ClientDescriptor::parse(text);
        let endpoint = endpoint.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(endpoint.to_string(), expected, "{text:?}");
        assert_eq!(ClientDescriptor::parse(expected), Ok(endpoint), "{text:?}");
    }
    for &(text, expected) in SERVERS {
        let endpoint = ServerDescriptor::parse(text);
        let endpoint = endpoint.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(endpoint.to_string(), expected, "{text:?}");
        assert_eq!(ServerDescriptor::parse(expected), Ok(endpoint), "{text:?}");
    }
}

#[test]
fn wss_is_tls_for_the_urls_host() {
    for text in [r"autobahn:tcp\:g\:1:url=wss\://h", "wss://h"] {
        let ClientDescriptor::Tls(tls) = *client(text).endpoint else {
            panic!("{text:?} goes over no TLS");
        };
        assert_eq!(tls.server_name, "h", "{text:?}");
        assert_eq!((tls.trust_roots, tls.identity), (None, None), "{text:?}");
    }
    let text = r"autobahn:ssl\:h\:1\:hostname\=n:url=wss\://h";
    let ClientDescriptor::Tls(tls) = *client(text).endpoint else {
        panic!("no TLS");
    };
    assert_eq!(tls.server_name, "n");
    assert!(matches!(&*tls.endpoint, ClientDescriptor::Tcp(tcp) if tcp.host == "h"));
}

#[test]
fn defaults_and_files() {
    let Ok(ServerDescriptor::Tls(tls)) = ServerDescriptor::parse("ssl:443") else {
        panic!("no TLS");
    };
    assert_eq!(tls.tcp.interface, "0.0.0.0");
    let Certificates::Files { identity, .. } = tls.certificates else {
        panic!("no files");
    };
    assert_eq!(
        (&*identity.certificate, &*identity.private_key),
        ("server.pem", "server.pem")
    );
    let Ok(ServerDescriptor::Unix(unix)) = ServerDescriptor::parse("unix:/p") else {
        panic!("no Unix socket");
    };
    assert_eq!(
        (unix.mode, unix.backlog, unix.lockfile),
        (0o666, 4096, true)
    );
    let Ok(ClientDescriptor::Unix(unix)) = ClientDescriptor::parse("unix:/p") else {
        panic!("no Unix socket");
    };
    assert_eq!(
        (unix.timeout, unix.lockfile),
        (Duration::from_secs(30), false)
    );
    let Ok(ServerDescriptor::Systemd(systemd)) = ServerDescriptor::parse("systemd:INET:3") else {
        panic!("no inherited socket");
    };
    assert_eq!(systemd.socket, SystemdSocket::Index(3));
}

#[test]
fn builders_get_what_is_said() {
    let seconds = Duration::from_secs_f64;
    let common = r"subprotocol=mqtt:header=X-A\: b=c:keepalive=3:keepaliveTimeout=1.5:maxHead=50000:handshakeTimeout=4:closeTimeout=5:idleTimeout=6:maxLifetime=7:halfClose=false:nodelay=0";
    let described = client(&format!(
        r"autobahn:stdio:url=ws\://h/p:{common}:origin=http\://o"
    ));
    let client = described.client_config().unwrap();
    assert_eq!(client.handshake_timeout, seconds(4.));
    assert!(format!("{client:?}").contains("max_head: 50000"));
    let config = &*client.config;
    assert_eq!(config.close_timeout, seconds(5.));
    let keepalive = Keepalive::new(seconds(3.), seconds(1.5)).unwrap();
    assert_eq!(described.options.keepalive, Some(Some(keepalive)));
    says(
        config,
        &[
            "half_close: false",
            "idle_timeout: Some(6s)",
            "max_lifetime: Some(7s)",
            &format!("On({keepalive:?})"),
        ],
    );
    let request = client.connect(&described.url, &Seed::new([7; 32]));
    let request = std::str::from_utf8(request.request()).unwrap().to_string();
    for line in [
        "GET /p HTTP/1.1\r\n",
        "Sec-WebSocket-Protocol: binary,base64,mqtt\r\n",
        "X-A: b=c\r\n",
        "Origin: http://o\r\n",
    ] {
        assert!(request.contains(line), "{line:?} is not in {request:?}");
    }
    // One of the two that are always offered, said: then it is the whole list.
    for (list, offered) in [
        ("base64", "base64"),
        ("binary", "binary"),
        ("base64, binary", "base64,binary"),
        ("mqtt,base64", "mqtt,base64"),
        ("a,b", "binary,base64,a,b"),
    ] {
        let text = format!(r"autobahn:stdio:url=ws\://h:subprotocol={list}");
        let described = self::client(&text);
        let request = described.client_config().unwrap();
        let request = request.connect(&described.url, &Seed::new([7; 32]));
        let request = std::str::from_utf8(request.request()).unwrap().to_string();
        let line = format!("Sec-WebSocket-Protocol: {offered}\r\n");
        assert!(request.contains(&line), "{line:?} is not in {request:?}");
        assert_eq!(
            ClientDescriptor::parse(&text).unwrap().to_string(),
            text.replace(", ", ",").replace("h:sub", "h/:sub")
        );
    }
    // A server's answer without a subprotocol is taken where it is said, and half close offered.
    let lax = self::client(r"autobahn:stdio:url=ws\://h:acceptNoSubprotocol=true");
    let mut connecting = lax
        .client_config()
        .unwrap()
        .connect(&lax.url, &Seed::new([7; 32]));
    let mut request = connecting.request();
    let half_close = request
        .windows(24)
        .any(|part| part == b"Sec-WebSocket-Extensions");
    assert!(half_close);
    let messages = ServerConfig::messages();
    let request = Acceptor::new(&messages)
        .receive(&mut request)
        .unwrap()
        .unwrap();
    let accepted = request.accept(&messages).unwrap();
    let connected = connecting.receive(&mut &accepted.response[..]).unwrap();
    assert_eq!(connected.unwrap().negotiated.agreed().subprotocol(), None);
    // Credentials do not get into logs.
    let shown = format!("{described:?}");
    assert!(shown.contains("X-A") && !shown.contains("b=c"), "{shown}");

    let described = server(&format!(
        r"autobahn:stdio:url=ws\://h/p:{common}:origins=http\://o,null:hosts=h,192.0.2.1:healthPath=up"
    ));
    assert_eq!(
        described.origins,
        Origins::list(["http://o", "null"]).unwrap()
    );
    assert_eq!(described.hosts, Hosts::list(["h", "192.0.2.1"]).unwrap());
    let server = described.server_config().unwrap();
    assert!(server.serves("/p") && !server.serves("/"));
    assert_eq!(server.health(), Some("/up"));
    assert_eq!(server.handshake_timeout, seconds(4.));
    assert!(format!("{server:?}").contains("max_head: 50000"));
}
