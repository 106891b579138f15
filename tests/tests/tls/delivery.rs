//! What a stream over several layers had accepted when it was dropped: nothing of it outlives the listener.

use std::fs;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use wsstream_core::pump::Socket as _;
use wsstream_net::Runtime as _;
use wsstream_tests::Write as _;
use wsstream_tests::net::{ClientEndpoint, Directory, Net, free_port, let_in_any, listen, over};

use crate::certificates::{Authority, Identity};

wsstream_tests::on_all_runtimes! {
    a_shutdown_ends_all_layers
}

/// A client that reads nothing notices, once the listener is over, that its connection is too.
async fn a_shutdown_ends_all_layers<N: Net>() {
    let (authority, directory) = (Authority::new(), Directory::new());
    fs::create_dir(directory.path("roots")).unwrap();
    fs::write(directory.path("roots/a.pem"), authority.pem()).unwrap();
    let Identity { chain, key } = authority.localhost();
    fs::write(directory.path("server.pem"), format!("{chain}{key}")).unwrap();
    let [roots, identity] = ["roots", "server.pem"].map(|name| directory.quoted(name));
    for urls in [
        &[][..],
        &["wss://localhost/"],
        &["wss://localhost/", "ws://localhost/"],
    ] {
        for is_dropped_before in [false, true] {
            let port = free_port();
            let [server, client] = [
                format!("ssl:{port}:privateKey={identity}"),
                format!("tls:localhost:{port}:trustRoots={roots}"),
            ]
            .map(|tls| urls.iter().fold(tls, |below, url| over(&below, url, "")));
            let mut listener = listen::<N>(&server).await.unwrap();
            let client: ClientEndpoint<N> = client.parse().unwrap();
            let (served, asked) = tokio::join!(let_in_any::<N>(&mut listener), client.connect());
            let (mut served, asked) = (served.unwrap(), N::into_socket(N::stream(asked.unwrap())));
            // More than all systems hold.
            let mut is_full = false;
            while !is_full {
                is_full = true;
                N::sleep(Duration::from_millis(20)).await;
                while let Poll::Ready(count) =
                    poll_fn(|cx| Poll::Ready(served.poll_write(cx, &[7; 64 << 10]))).await
                {
                    (_, is_full) = (count.unwrap(), false);
                }
            }
            let dropping = N::spawn(async move {
                if !is_dropped_before {
                    // A program obeys when the listener cuts it off.
                    while served.write(&[7; 1000]).await.is_ok() {}
                }
                drop(served);
            });
            // On a busy machine the program may not come to drop it in time.
            let _ = listener.shutdown(Duration::from_millis(500)).await;
            dropping.await;
            // It takes a moment until tasks have ended. A socket that is still held would take this.
            for _ in 0..50 {
                let _ = N::Net::tcp_ref(asked.tcp().unwrap()).send(&[0; 1]);
                N::sleep(Duration::from_millis(100)).await;
                if asked.has_hung_up() {
                    break;
                }
            }
            assert!(asked.has_hung_up(), "{urls:?} {is_dropped_before}");
        }
    }
}
