//! Clients that connect and say nothing, to a listener with TLS: others get in all the same, and a shutdown does not
//! wait for them.

use std::fs;
use std::time::Duration;

use smol::net::TcpStream;
use wsstream_core::handshake::ServerConfig;
use wsstream_tests::net::{Directory, Listener, Net, address, let_in, listen, over};
use wsstream_tests::{Read as _, within};

use crate::certificates::{Authority, Identity};
use crate::open;

wsstream_tests::on_all_runtimes! {
    who_is_silent_makes_room
    a_shutdown_waits_for_no_handshake
}

/// Those who say nothing, one handshake at a time: another client gets in as soon as they had their second.
async fn who_is_silent_makes_room<N: Net>() {
    let authority = Authority::new();
    let listener = N::bind(ServerConfig::stream()).await;
    let tls = authority.localhost().server();
    let mut listener = listener.tls(tls).max_handshakes(1);
    let address = address::<N>(&listener);
    let mut silent = silent::<N>(&mut listener, 1).await;
    let opening =
        N::spawn(async move { open::<N>(address, "localhost", &authority.client()).await });
    let _stream = let_in::<N>(&mut listener).await.unwrap();
    opening.await.unwrap();
    assert!(silent[0].read_to_end().await.0.is_empty());
}

/// By URL and by descriptor. They have ten seconds otherwise.
async fn a_shutdown_waits_for_no_handshake<N: Net>() {
    let files = Directory::new();
    let Identity { chain, key } = Authority::new().localhost();
    fs::write(files.path("server.pem"), format!("{chain}{key}")).unwrap();
    let ssl = format!(
        "ssl:0:privateKey={}:interface=127.0.0.1",
        files.quoted("server.pem")
    );
    let url = N::bind(ServerConfig::stream()).await;
    for mut listener in [
        url.tls(Authority::new().localhost().server()),
        listen::<N>(&over(&ssl, "wss://localhost", ""))
            .await
            .unwrap(),
        listen::<N>(&ssl).await.unwrap(),
    ] {
        let silent = silent::<N>(&mut listener, 5).await;
        let grace = Duration::from_millis(500);
        let left = within::<N, _>(Duration::from_secs(5), listener.shutdown(grace)).await;
        assert!(left.is_some());
        for mut tcp in silent {
            assert!(tcp.read_to_end().await.0.is_empty());
        }
    }
}

/// So many who connect and say nothing, and of whom the listener knows.
async fn silent<N: Net>(listener: &mut Listener<N>, count: usize) -> Vec<TcpStream> {
    let mut silent = Vec::new();
    for _ in 0..count {
        silent.push(TcpStream::connect(address::<N>(listener)).await.unwrap());
    }
    while listener.connections() < count {
        let accepted = within::<N, _>(Duration::from_millis(1), listener.accept()).await;
        assert!(accepted.is_none());
    }
    silent
}
