//! The parts of each adapter that no other test uses: functions that take the runtime's streams, and methods of its own
//! type of stream. One text serves both, as both have the same names.

use std::io::ErrorKind;
use std::time::Duration;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{ConnectionConfig, Opcode};
use wsstream_tests::{AsyncStd, Read, TestRuntime, Tokio, Write, masked};

macro_rules! adapter {
    ($name:ident, $runtime:ty, $adapter:ident, $net:ident) => {
        mod $name {
            use $adapter::{AsyncStream, Io, NetStream, WsStream};
            use $net::net::{TcpListener, TcpStream};

            use super::*;

            /// Both ends of a TCP connection.
            async fn tcp() -> (TcpStream, TcpStream) {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let (near, far) = ::tokio::join!(TcpStream::connect(address), listener.accept());
                (near.unwrap(), far.unwrap().0)
            }

            /// Both ends of a WebSocket over one.
            async fn pair(client: &ClientConfig) -> [WsStream<Io<TcpStream>>; 2] {
                let (near, far) = tcp().await;
                let (near, far) = ::tokio::join!(
                    async {
                        let asking = $adapter::connect_on(near, "ws://localhost/here", client);
                        asking.await.unwrap().into_stream()
                    },
                    async {
                        let server = ServerConfig::stream();
                        let handshake = $adapter::accept_with(far, &server).await.unwrap();
                        assert_eq!(handshake.request().path(), "/here");
                        handshake.get_ref().get_ref().peer_addr().unwrap();
                        handshake.accept().await.unwrap().into_stream()
                    }
                );
                [near, far]
            }

            #[test]
            fn streams_of_the_runtime() {
                <$runtime>::run(async {
                    let (near, far) = tcp().await;
                    let client = ClientConfig::stream();
                    let (near, far) = ::tokio::join!(
                        $adapter::connect_on(near, "ws://localhost/", &client),
                        $adapter::accept(far)
                    );
                    let (mut near, mut far) = (near.unwrap().into_stream(), far.unwrap());
                    near.write_all(b"hello").await.unwrap();
                    assert_eq!(far.read_exact(5).await.unwrap(), b"hello");
                    let (closed, ()) = ::tokio::join!(near.finish(), async {
                        far.finish().await.unwrap();
                        drop(far);
                    });
                    closed.unwrap();
                });
            }

            #[test]
            fn given_up_or_taken_apart() {
                <$runtime>::run(async {
                    let [near, mut far] = pair(&ClientConfig::stream()).await;
                    near.abort();
                    let error = far.read(&mut [0; 1]).await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                    // Taken apart, with the data that was not read.
                    let plain = ClientConfig::stream();
                    let plain = plain.config(ConnectionConfig::new().compression(false));
                    let [near, mut far] = pair(&plain).await;
                    let (io, received) = near.into_inner();
                    assert!(received.is_empty());
                    let mut raw = AsyncStream::from(io);
                    let frames = [masked(Opcode::Binary, b"a"), masked(Opcode::Binary, b"b")];
                    raw.write_all(&frames.concat()).await.unwrap();
                    assert_eq!(far.read_exact(1).await.unwrap(), b"a");
                    assert_eq!(far.into_inner().1, frames[1]);
                });
            }

            /// The data and the end of a target reach the client of a relay.
            #[test]
            fn relay() {
                <$runtime>::run(async {
                    for limited in [false, true] {
                        let [mut near, mut far] = pair(&ClientConfig::stream()).await;
                        let (target, behind) = tcp().await;
                        let mut target = NetStream::from_tcp(target);
                        let relaying = <$runtime>::spawn(async move {
                            if limited {
                                let patience = Duration::from_secs(9);
                                $adapter::relay_with(&mut far, &mut target, patience).await
                            } else {
                                $adapter::relay(&mut far, &mut target).await
                            }
                        });
                        near.write_all(b"hello").await.unwrap();
                        let mut behind = NetStream::from_tcp(behind);
                        assert_eq!(behind.read_exact(5).await.unwrap(), b"hello");
                        behind.write_all(b"how are you?").await.unwrap();
                        Write::shutdown(&mut behind).await.unwrap();
                        let (reply, ended) = near.read_to_end().await;
                        ended.unwrap();
                        assert_eq!(reply, b"how are you?");
                        near.finish().await.unwrap();
                        let carried = relaying.await.into_result().unwrap();
                        assert_eq!(carried, (5, 12));
                    }
                });
            }
        }
    };
}

adapter!(of_tokio, Tokio, wsstream_tokio, tokio);
adapter!(of_async_std, AsyncStd, wsstream_async_std, async_std);
