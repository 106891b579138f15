//! What a server does between a request and its answer: it is for a client that waits, and for nobody else.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smol::net::TcpListener;
use wsstream_core::Opcode::Binary;
use wsstream_core::handshake::{ClientConfig, HandshakeError, ServerConfig};
use wsstream_core::{Seed, Url};
use wsstream_tests::contract::read_all;
use wsstream_tests::net::{ClientEndpoint, Listener, Net, address, listen, over};
use wsstream_tests::{Pattern, Raw, Read, Write, masked, next_turn};

wsstream_tests::on_all_runtimes! {
    nothing_is_left_of_clients_that_leave
    what_comes_early_is_delivered
    what_comes_early_through_a_pipe_is_delivered
    a_shutdown_ends_it
    a_reset_is_noticed_without_a_request
    an_end_without_a_request_is_not_the_end
}

/// By URL, by descriptor, and with one WebSocket over another.
async fn listeners<N: Net>() -> [Listener<N>; 3] {
    let one = over("tcp:0:interface=127.0.0.1", "ws://localhost", "");
    let two = over(&one, "ws://localhost", "");
    [
        N::bind(ServerConfig::stream()).await,
        listen::<N>(&one).await.unwrap(),
        listen::<N>(&two).await.unwrap(),
    ]
}

fn request() -> Vec<u8> {
    let url = Url::parse("ws://localhost/").unwrap();
    let client = ClientConfig::stream();
    client.connect(&url, &Seed::new([1; 32])).request().to_vec()
}

/// A client that has asked.
async fn asks<N: Net>(to: SocketAddr) -> Raw<N> {
    let mut client = N::tcp_to(to).await;
    client.write_all(&request()).await.unwrap();
    client
}

/// The target takes connections and says nothing.
async fn nothing_is_left_of_clients_that_leave<N: Net>() {
    const COUNT: usize = 50;
    for mut listener in listeners::<N>().await {
        let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", target.local_addr().unwrap());
        let patient = ClientConfig::stream().handshake_timeout(Duration::MAX);
        let endpoint = ClientEndpoint::<N>::url(&url, patient).unwrap();
        let dials = Arc::new(());
        let (mut clients, mut dialled, mut tasks) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..COUNT {
            clients.push(asks::<N>(address::<N>(&listener)).await);
            let mut incoming = listener.accept().await.unwrap();
            let (endpoint, dial) = (endpoint.clone(), Arc::clone(&dials));
            tasks.push(N::spawn(async move {
                let dialling = async move {
                    let _dial = dial;
                    endpoint.connect().await
                };
                incoming.while_present(dialling).await.map(drop)
            }));
            dialled.push(target.accept().await.unwrap().0);
        }
        assert_eq!(Arc::strong_count(&dials), 1 + COUNT);
        assert_eq!(listener.connections(), COUNT);
        for (index, client) in clients.into_iter().enumerate() {
            match index % 2 {
                0 => drop(client),
                _ => N::reset(client),
            }
        }
        for task in tasks {
            assert_eq!(task.await, Err(HandshakeError::UnexpectedEof));
        }
        assert_eq!(Arc::strong_count(&dials), 1);
        assert_eq!(listener.connections(), 0);
        for mut dialled in dialled {
            // Its sockets are closed, too.
            read_all(&mut dialled).await;
        }
    }
}

/// A client that does not wait for the answer.
async fn what_comes_early_is_delivered<N: Net>() {
    for len in [1, 300_000] {
        let [by_url, by_descriptor, _] = listeners::<N>().await;
        for mut listener in [by_url, by_descriptor] {
            let payload = Pattern::new(3).take(len);
            let wire = [request(), masked(Binary, &payload)].concat();
            let to = address::<N>(&listener);
            let writing = N::spawn(async move {
                let mut client = N::tcp_to(to).await;
                client.write_all(&wire).await.unwrap();
                client
            });
            let mut incoming = listener.accept().await.unwrap();
            incoming.while_present(turns()).await.unwrap();
            let mut stream = incoming.accept().await.map(N::stream).unwrap();
            assert!(stream.read_exact(len).await.unwrap() == payload);
            drop(writing.await);
        }
    }
}

/// It holds a thousand octets: the client waits in the middle of a frame.
async fn what_comes_early_through_a_pipe_is_delivered<N: Net>() {
    for len in [1, 300_000] {
        let (mut client, server) = N::pipe(1000);
        let payload = Pattern::new(3).take(len);
        let wire = [request(), masked(Binary, &payload)].concat();
        let writing = N::spawn(async move {
            client.write_all(&wire).await.unwrap();
            client
        });
        let config = ServerConfig::stream();
        let mut handshake = N::accept_with(server, &config).await.unwrap();
        handshake.while_present(turns()).await.unwrap();
        let upgraded = handshake.accept().await.unwrap();
        let mut stream = N::stream(upgraded.into_stream());
        assert!(stream.read_exact(len).await.unwrap() == payload);
        drop(writing.await);
    }
}

/// Work that gives others their turn.
async fn turns() {
    for _ in 0..100 {
        next_turn().await;
    }
}

async fn a_shutdown_ends_it<N: Net>() {
    let plain = listen::<N>("tcp:0:interface=127.0.0.1").await.unwrap();
    let mut all = Vec::from(listeners::<N>().await);
    all.push(plain);
    for mut listener in all {
        let mut client = asks::<N>(address::<N>(&listener)).await;
        let mut incoming = listener.accept().await.unwrap();
        let has_request = incoming.request().is_some();
        let begun = Arc::new(AtomicBool::new(false));
        let has_begun = Arc::clone(&begun);
        let working = async move {
            let work = async {
                begun.store(true, Ordering::Release);
                pending::<()>().await;
            };
            let ended = incoming.while_present(work).await;
            assert_eq!(ended, Err(HandshakeError::ShuttingDown));
            incoming.accept().await.map(drop).unwrap_err();
        };
        let reading = async move {
            let answer = client.read_to_end().await.0;
            let answer = String::from_utf8(answer).unwrap();
            match has_request {
                true => assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}"),
                false => assert_eq!(answer, ""),
            }
        };
        let (working, reading) = (N::spawn(working), N::spawn(reading));
        // It has to be woken for it.
        while !has_begun.load(Ordering::Acquire) {
            next_turn().await;
        }
        turns().await;
        // Much longer than a story takes.
        let left = listener.shutdown(Duration::from_secs(600)).await;
        assert_eq!(left, 0);
        working.await;
        reading.await;
    }
}

/// Nothing is read of what is the application's; the system tells all the same.
async fn a_reset_is_noticed_without_a_request<N: Net>() {
    if cfg!(not(unix)) {
        return;
    }
    let mut listener = listen::<N>("tcp:0:interface=127.0.0.1").await.unwrap();
    let mut client = asks::<N>(address::<N>(&listener)).await;
    let mut incoming = listener.accept().await.unwrap();
    let working = N::spawn(async move { incoming.while_present(pending::<()>()).await });
    turns().await;
    client.write_all(b"more").await.unwrap();
    N::reset(client);
    assert_eq!(working.await, Err(HandshakeError::UnexpectedEof));
    assert_eq!(listener.connections(), 0);
}

/// Who has said all waits for a reply. The socket is asked meanwhile, once a second.
async fn an_end_without_a_request_is_not_the_end<N: Net>() {
    let mut listener = listen::<N>("tcp:0:interface=127.0.0.1").await.unwrap();
    let mut client = N::tcp_to(address::<N>(&listener)).await;
    client.write_all(b"all").await.unwrap();
    client.shutdown().await.unwrap();
    let mut incoming = listener.accept().await.unwrap();
    let work = N::sleep(Duration::from_millis(1200));
    incoming.while_present(work).await.unwrap();
    let mut stream = incoming.accept().await.map(N::stream).unwrap();
    assert_eq!(read_all(&mut stream).await, b"all");
}

/// In time that passes at once.
mod paused {
    use std::io::ErrorKind;

    use wsstream_core::handshake::Refusal;
    use wsstream_net::Cause;

    use super::*;

    wsstream_tests::tests_of_all! {
        run_paused,
        a_dial_may_take_longer_than_the_limit_of_a_request
        a_client_waits_30_seconds_for_an_answer
    }

    #[cfg(target_os = "linux")]
    mod silent {
        use super::*;

        wsstream_tests::tests_of_all! { run_paused, a_client_sees_the_504_of_a_silent_target }

        /// The target's system drops what asks for a connection, because its queue is full.
        async fn a_client_sees_the_504_of_a_silent_target<N: Net>() {
            let (full, _queued) = full_queue();
            let target = ClientEndpoint::<N>::tcp(&full.1.to_string()).unwrap();
            let (client, server) = N::pipe(1000);
            let relaying = N::spawn(async move {
                let config = ServerConfig::stream();
                let mut handshake = N::accept_with(server, &config).await.unwrap();
                handshake.check().unwrap();
                let dialled = handshake.while_present(target.connect()).await.unwrap();
                let error = dialled.map(drop).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::TimedOut);
                let refusal = Refusal::new(504).body("the target does not answer\n");
                handshake.refuse(&refusal).await.unwrap();
            });
            let error = N::connect_on(client, &ClientConfig::stream()).await;
            let error = error.map(drop).unwrap_err();
            let Cause::Handshake(HandshakeError::Refused(response)) = error.cause() else {
                unreachable!("{error:?}");
            };
            assert_eq!(response.status(), 504);
            assert_eq!(response.body(), b"the target does not answer\n");
            assert_eq!(N::now(), Duration::from_secs(10));
            relaying.await;
        }

        type Queue = (socket2::Socket, SocketAddr);

        /// A socket that listens, and what fills its queue.
        fn full_queue() -> (Queue, Vec<std::net::TcpStream>) {
            use socket2::{Domain, Socket, Type};
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
            socket.bind(&any.into()).unwrap();
            socket.listen(0).unwrap();
            let address = socket.local_addr().unwrap().as_socket().unwrap();
            let queued = vec![std::net::TcpStream::connect(address).unwrap()];
            ((socket, address), queued)
        }
    }

    async fn a_dial_may_take_longer_than_the_limit_of_a_request<N: Net>() {
        const DIAL: Duration = Duration::from_secs(25);
        let (client, server) = N::pipe(1000);
        let serving = N::spawn(async move {
            let config = ServerConfig::stream();
            let mut handshake = N::accept_with(server, &config).await.unwrap();
            handshake.while_present(N::sleep(DIAL)).await.unwrap();
            handshake.accept().await.map(drop).unwrap();
        });
        let connected = N::connect_on(client, &ClientConfig::stream()).await;
        connected.map(drop).unwrap();
        assert_eq!(N::now(), DIAL);
        serving.await;
    }

    async fn a_client_waits_30_seconds_for_an_answer<N: Net>() {
        let (client, server) = N::pipe(1000);
        let serving = N::spawn(async move {
            let config = ServerConfig::stream();
            let mut handshake = N::accept_with(server, &config).await.unwrap();
            handshake.while_present(pending::<()>()).await
        });
        let connected = N::connect_on(client, &ClientConfig::stream()).await;
        let error = connected.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(N::now(), Duration::from_secs(30));
        assert_eq!(serving.await, Err(HandshakeError::UnexpectedEof));
    }
}
