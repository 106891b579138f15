//! DNS rebinding: a page lets its own name point to this machine, and is taken for one of the server's own. A listener
//! that is bound to loopback answers to local names only, however it was made.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::net::TcpListener;

use wsstream_core::handshake::{ClientConfig, HandshakeError, Hosts, ServerConfig};
use wsstream_net::Cause;
use wsstream_net::descriptor::EndpointAddress;
use wsstream_tests::net::{
    ClientEndpoint, Directory, Listener, Net, ServerEndpoint, free_port, listen, over,
};

wsstream_tests::on_all_runtimes! {
    a_rebound_page
    a_list_of_hosts
    a_server_on_all_addresses
    a_unix_socket_is_never_asked
}

/// The status that a page of this origin gets, or 101. `:PORT` is the listener's.
async fn asked<N: Net>(listener: &mut Listener<N>, host: &str, origin: Option<&str>) -> u16 {
    let (port, unix) = match listener.local_addr() {
        EndpointAddress::Tcp(address) => (address.port(), None),
        EndpointAddress::Unix(path) => (80, path.clone()),
        _ => unreachable!(),
    };
    let with_port = |text: &str| text.replace("PORT", &port.to_string());
    let mut client = ClientConfig::stream()
        .header("Host", &with_port(host))
        .unwrap();
    if let Some(origin) = origin {
        client = client.origin(&with_port(origin)).unwrap();
    }
    let mut endpoint =
        ClientEndpoint::<N>::url(&with_port("ws://127.0.0.1:PORT/"), client).unwrap();
    if let Some(path) = unix {
        endpoint = endpoint.unix(path);
    }
    let server = async {
        // A refusal is answered by `accept`, which then waits for the next one.
        let incoming = listener.accept().await.unwrap();
        let checked = incoming.check();
        let accepted = incoming.accept().await;
        assert_eq!(checked.is_ok(), accepted.is_ok());
    };
    let (opened, ()) = tokio::join!(endpoint.open(), server);
    let Err(error) = opened else { return 101 };
    match error.cause() {
        Cause::Handshake(HandshakeError::Refused(response)) => {
            let body = String::from_utf8_lossy(response.body()).into_owned();
            assert!(body.contains("`hosts`"), "{body}");
            response.status()
        }
        _ => unreachable!("{error}"),
    }
}

/// Listens on loopback: by `Listener::bind`, on a socket that exists already, by descriptor, by URL.
async fn local<N: Net>(hosts: &str) -> Vec<Listener<N>> {
    let std = || TcpListener::bind("127.0.0.1:0").unwrap();
    let config = || match hosts {
        "" => ServerConfig::stream().known_as("chat.example"),
        listed => ServerConfig::stream().hosts(Hosts::list([listed]).unwrap()),
    };
    let descriptor = |port: u16| {
        let tcp = format!("tcp:{port}:interface=127.0.0.1");
        let keys = match hosts {
            "" => String::new(),
            listed => format!(":hosts={listed}"),
        };
        over(&tcp, "ws://chat.example/", &keys)
    };
    let endpoint: ServerEndpoint<N> = descriptor(1).parse().unwrap();
    vec![
        Listener::<N>::bind("localhost:0", config()).await.unwrap(),
        Listener::<N>::from_std(std(), config()).unwrap(),
        listen::<N>(&descriptor(free_port())).await.unwrap(),
        endpoint.listen_on(std()).await.unwrap(),
    ]
}

/// Asks a listener on loopback each of these.
async fn table<N: Net>(hosts: &str, rows: &[(&str, Option<&str>, u16)]) {
    for mut listener in local::<N>(hosts).await {
        for (host, origin, status) in rows {
            let got = asked::<N>(&mut listener, host, *origin).await;
            let at = listener.local_addr();
            assert_eq!(got, *status, "{host}, {origin:?} at {at}");
        }
    }
}

async fn a_rebound_page<N: Net>() {
    let rows = [
        ("evil.example:PORT", Some("http://evil.example:PORT"), 403),
        ("evil.example:PORT", None, 101),
        ("localhost:PORT", Some("http://localhost:PORT"), 101),
        ("127.0.0.1:PORT", Some("http://127.0.0.1:PORT"), 101),
        ("chat.example:PORT", Some("http://chat.example:PORT"), 101),
        // A proxy on its own port was asked for this.
        ("relay.example", Some("https://relay.example"), 101),
        ("relay.example:1", Some("https://relay.example:1"), 101),
    ];
    table::<N>("", &rows).await;
}

async fn a_list_of_hosts<N: Net>() {
    let rows = [
        ("evil.example:PORT", Some("http://evil.example:PORT"), 403),
        ("localhost:PORT", Some("http://localhost:PORT"), 403),
        ("relay.example:PORT", Some("http://relay.example:PORT"), 101),
        ("localhost:PORT", None, 101),
    ];
    table::<N>("relay.example", &rows).await;
}

async fn a_server_on_all_addresses<N: Net>() {
    let listeners = [("", 101), ("relay.example", 403)].map(|(listed, status)| async move {
        let config = ServerConfig::stream();
        let config = match listed {
            "" => config,
            _ => config.hosts(Hosts::list([listed]).unwrap()),
        };
        let listener = Listener::<N>::bind("0.0.0.0:0", config).await.unwrap();
        (listener, status)
    });
    // Of two, one is for all.
    let sockets = ["127.0.0.1:0", "0.0.0.0:0"].map(|at| TcpListener::bind(at).unwrap());
    let sockets = Listener::<N>::from_std(Vec::from(sockets), ServerConfig::stream()).unwrap();
    let mut all = vec![(sockets, 101)];
    for listener in listeners {
        all.push(listener.await);
    }
    for (mut listener, status) in all {
        let page = Some("http://any.example:PORT");
        let got = asked::<N>(&mut listener, "any.example:PORT", page).await;
        assert_eq!(got, status);
    }
}

async fn a_unix_socket_is_never_asked<N: Net>() {
    let directory = Directory::new();
    let config = ServerConfig::stream().hosts(Hosts::list(["relay.example"]).unwrap());
    let listener = Listener::<N>::bind_unix(directory.path("s"), config);
    let mut listener = listener.await.unwrap();
    let page = Some("http://any.example");
    let got = asked::<N>(&mut listener, "any.example", page).await;
    assert_eq!(got, 101);
}
