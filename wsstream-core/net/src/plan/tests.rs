//! What an adapter is told to do, for every type and those that wrap each other.

use crate::descriptor::{
    Certificates, ClientDescriptor, ClientLayer, ClientSocket, ServerDescriptor, ServerLayer,
    ServerSocket, UnsupportedEndpoint,
};

/// The socket, what goes over it, with `*` for what is below WebSocket, the limit in seconds, and whether
/// TCP_NODELAY is set; or the name of the type that is not for adapters.
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
    ("ws://h:1/x", Ok("tcp h:1, websocket /x, 40 s, nodelay")),
    ("wss://h/", Ok("tcp h:443, tls* h, websocket /, 40 s, nodelay")),
    (r"autobahn:tcp\:h\:1\:timeout\=5:url=ws\://h:handshakeTimeout=2", Ok("tcp h:1, websocket /, 7 s, nodelay")),
    (r"autobahn:unix\:/p:url=ws\://h:nodelay=0", Ok("unix /p, websocket /, 40 s, delay")),
    (r"autobahn:unix\:/p:url=wss\://h", Ok("unix /p, tls* h, websocket /, 40 s, nodelay")),
    (r"autobahn:tls\:g\:1:url=ws\://h", Ok("tcp g:1, tls* g, websocket /, 40 s, nodelay")),
    (r"autobahn:wss\://a/x:url=ws\://b/y", Ok("tcp a:443, tls* a, websocket /x, websocket /y, 50 s, nodelay")),
    (r"tls:n:endpoint=ws\://a", Ok("tcp a:80, websocket /, tls n, 40 s, nodelay")),
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

#[test]
fn of_clients() {
    for &(text, expected) in CLIENTS {
        let plan = ClientDescriptor::parse(text).unwrap().plan();
        let told = plan.map(|plan| {
            let mut told = Vec::new();
            told.push(match &plan.socket {
                ClientSocket::Tcp(tcp) => format!("tcp {}:{}", tcp.host, tcp.port),
                ClientSocket::Unix(unix) => format!("unix {}", unix.path),
            });
            for (index, layer) in plan.layers.iter().enumerate() {
                let star = star(plan.is_below_websocket(index));
                told.push(match layer {
                    ClientLayer::Tls(tls) => format!("tls{star} {}", tls.server_name),
                    ClientLayer::WebSocket(autobahn) => {
                        format!("websocket {}", autobahn.url.path())
                    }
                });
            }
            assert_eq!(
                plan.has_tls(),
                text.contains("tls") || text.contains("ssl") || text.contains("wss"),
                "{text}"
            );
            told.push(format!("{} s", plan.limit.as_secs_f64()));
            told.push(if plan.nodelay { "nodelay" } else { "delay" }.to_string());
            told.join(", ")
        });
        assert_eq!(told, result(expected), "{text}");
    }
}

#[test]
fn of_servers() {
    for &(text, expected) in SERVERS {
        let plan = ServerDescriptor::parse(text).unwrap().plan();
        let told = plan.map(|plan| {
            let mut told = Vec::new();
            told.push(match &plan.socket {
                ServerSocket::Tcp(tcp) => format!("tcp {} {}", tcp.interface, tcp.port),
                ServerSocket::Unix(unix) => format!("unix {}", unix.path),
            });
            for (index, layer) in plan.layers.iter().enumerate() {
                let star = star(plan.is_below_websocket(index));
                told.push(match layer {
                    ServerLayer::Tls(tls) => match &tls.certificates {
                        Certificates::Directory(path) => format!("tls{star} {path}"),
                        Certificates::Files { identity, .. } => {
                            format!("tls{star} {}", identity.private_key)
                        }
                    },
                    ServerLayer::WebSocket(autobahn) => {
                        format!("websocket {}", autobahn.url.path())
                    }
                });
            }
            told.push(format!("{} s", plan.limit.as_secs_f64()));
            told.push(if plan.nodelay { "nodelay" } else { "delay" }.to_string());
            told.join(", ")
        });
        assert_eq!(told, result(expected), "{text}");
    }
}

fn result(expected: Result<&str, &'static str>) -> Result<String, UnsupportedEndpoint> {
    match expected {
        Ok(told) => Ok(told.to_string()),
        Err(name) => Err(UnsupportedEndpoint::Forwarder { name }),
    }
}
