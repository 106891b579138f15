//! Listeners of several addresses, and of a queue as long as it was asked for, on every runtime. What names come to is
//! in `names.rs`.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use wsstream_core::handshake::ServerConfig;
use wsstream_tests::net::{Listener, Net, ServerEndpoint, let_in, over, tcp};
use wsstream_tests::{next_turn, within};

wsstream_tests::on_all_runtimes! {
    sockets_that_listen_already
    no_socket_is_an_error
    none_keeps_the_others_waiting
    a_shutdown_closes_all
}

const GRACE: Duration = Duration::from_secs(60);

/// A socket at each loopback address.
fn both() -> Vec<TcpListener> {
    let bind = |address| {
        let bound = TcpListener::bind(address);
        assert!(
            bound.is_ok(),
            "this test needs {address} on the loopback interface: {bound:?}"
        );
        bound.unwrap()
    };
    vec![bind("127.0.0.1:0"), bind("[::1]:0")]
}

/// A listener of them by configuration, and one by descriptor, of WebSocket.
async fn listeners<N: Net>() -> [Listener<N>; 2] {
    // The descriptor's socket is not used.
    let descriptor = over("tcp:1", "ws://localhost", "");
    let endpoint: ServerEndpoint<N> = descriptor.parse().unwrap();
    [
        Listener::<N>::from_std(both(), ServerConfig::stream()).unwrap(),
        endpoint.listen_on(both()).await.unwrap(),
    ]
}

/// Where it listens.
fn local<N: Net>(listener: &Listener<N>) -> Vec<SocketAddr> {
    assert_eq!(listener.local_addrs().first(), Some(listener.local_addr()));
    listener.local_addrs().iter().map(tcp).collect()
}

async fn sockets_that_listen_already<N: Net>() {
    for mut listener in listeners::<N>().await {
        let local = local::<N>(&listener);
        assert_eq!(local.len(), 2);
        for (at, is_ipv4) in local.into_iter().zip([true, false]) {
            assert_eq!(at.is_ipv4(), is_ipv4);
            let url = format!("ws://{at}/");
            let letting_in = async {
                let incoming = listener.accept().await.unwrap();
                let local = incoming.get_ref().local_addr();
                incoming.accept().await.map(drop).unwrap();
                tcp(&local.unwrap())
            };
            let (client, local) = tokio::join!(N::dial(&url), letting_in);
            client.unwrap();
            assert_eq!(local, at);
        }
    }
}

async fn no_socket_is_an_error<N: Net>() {
    let none = Vec::<TcpListener>::new;
    let endpoint: ServerEndpoint<N> = "tcp:1".parse().unwrap();
    for listening in [
        Listener::<N>::from_std(none(), ServerConfig::stream()),
        endpoint.listen_on(none()).await,
    ] {
        let error = listening.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

/// One is flooded: who comes to the other does not wait for all of that.
async fn none_keeps_the_others_waiting<N: Net>() {
    for flooded in [0, 1] {
        // The runtime may hear of the other one when all of the flood is through. Without turns, that is so each time.
        let mut rounds = 0;
        while waited_for::<N>(flooded).await >= FLOOD / 2 {
            rounds += 1;
            assert!(rounds < 20);
        }
    }
}

const FLOOD: usize = 60;

/// How many of a flood at one address come before the one that comes to the other address. It is second in turn. Of those
/// that are taken in one go, tasks may be through in any order.
async fn waited_for<N: Net>(flooded: usize) -> usize {
    let endpoint: ServerEndpoint<N> = "tcp:1".parse().unwrap();
    let mut listener = endpoint.listen_on(both()).await.unwrap();
    let local = local::<N>(&listener);
    let flood = (0..FLOOD).map(|_| TcpStream::connect(local[flooded]).unwrap());
    let _flood: Vec<_> = flood.collect();
    let other = TcpStream::connect(local[1 - flooded]).unwrap();
    let other = other.local_addr().unwrap();
    let mut before = 0;
    loop {
        let incoming = listener.accept().await.unwrap();
        if tcp(&incoming.peer_addr().unwrap()) == other {
            return before;
        }
        before += 1;
    }
}

async fn a_shutdown_closes_all<N: Net>() {
    for mut listener in listeners::<N>().await {
        let local = local::<N>(&listener);
        let url = format!("ws://{}/", local[1]);
        let (client, server) = tokio::join!(N::dial(&url), let_in::<N>(&mut listener));
        let shutdown = N::spawn(async move { listener.shutdown(GRACE).await });
        for at in local {
            while TcpStream::connect(at).is_ok() {
                next_turn().await;
            }
        }
        // What is open goes on.
        drop((client.unwrap(), server.unwrap()));
        let left = within::<N, _>(Duration::from_secs(10), shutdown).await;
        assert_eq!(left, Some(0));
    }
}

#[cfg(target_os = "linux")]
mod queues {
    use std::fs;
    use std::sync::{Mutex, PoisonError};

    use super::*;

    wsstream_tests::on_all_runtimes! {
        a_queue_as_long_as_it_was_asked_for
    }

    /// More than a burst of users, and within the files that a process may have.
    const BURST: usize = 300;

    /// How many are connected while nobody accepts, of a burst. The system drops what the next one asks with.
    fn fit(at: SocketAddr) -> usize {
        let connect = |_| match TcpStream::connect_timeout(&at, DROPPED) {
            Err(error) if error.kind() == ErrorKind::TimedOut => None,
            connected => Some(connected.unwrap()),
        };
        let clients: Vec<_> = (0..BURST).map_while(connect).collect();
        clients.len()
    }

    /// The system asks again after 1 s, which is dropped, too.
    const DROPPED: Duration = Duration::from_millis(500);

    async fn a_queue_as_long_as_it_was_asked_for<N: Net>() {
        // One at once: the files are the process's.
        static ALONE: Mutex<()> = Mutex::new(());
        let most = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let most: usize = most.trim().parse().unwrap();
        let at = "127.0.0.1:0";
        let websocket = || ServerEndpoint::<N>::websocket(at, ServerConfig::stream()).unwrap();
        let tcp = || ServerEndpoint::<N>::tcp(at).unwrap();
        let parsed = |text: &str| text.parse::<ServerEndpoint<N>>().unwrap();
        let descriptor = "tcp:0:interface=127.0.0.1";
        let short = format!("{descriptor}:backlog=10");
        for (endpoint, asked) in [
            (websocket(), 4096),
            (websocket().backlog(10), 10),
            (tcp(), 4096),
            (tcp().backlog(10), 10),
            (parsed(descriptor), 4096),
            (parsed(&short), 10),
            (parsed(&over(&short, "ws://localhost", "")), 10),
            (parsed(&short).backlog(20), 20),
        ] {
            let listener = endpoint.listen().await.unwrap();
            let at = local::<N>(&listener)[0];
            let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
            let got = fit(at);
            drop(alone);
            // Linux has room for one more.
            let expected = (asked.min(most) + 1).min(BURST);
            assert_eq!(got, expected, "{}", endpoint.plan());
        }
        let listener = Listener::<N>::bind(at, ServerConfig::stream())
            .await
            .unwrap();
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(fit(local::<N>(&listener)[0]), BURST.min(most + 1));
    }
}
