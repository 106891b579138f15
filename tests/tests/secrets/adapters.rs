//! What the network stack prints on each runtime, over sockets.

use std::time::Duration;

use wsstream_core::Message;
use wsstream_core::handshake::Refusal;
use wsstream_net::proxy::Proxy;
use wsstream_tests::net::{ClientEndpoint, Listener, Net as _, ServerEndpoint};
use wsstream_tests::{AsyncStd, Smol, TestRuntime as _, Tokio};

use crate::handshakes::{client, server};
use crate::{MARK, Printed};

macro_rules! adapter {
    ($name:ident, $runtime:ty) => {
        #[test]
        fn $name() {
            <$runtime>::run_on_one_thread(async {
                let mut printed = Printed::default();
                let mut listener = Listener::<$runtime>::bind("127.0.0.1:0", server())
                    .await
                    .unwrap();
                printed.debug("listener", &listener);
                let port = wsstream_tests::net::address::<$runtime>(&listener).port();
                let url = format!("ws://me:{MARK}@127.0.0.1:{port}/path?token={MARK}");
                for whole in [false, true] {
                    let client = client();
                    let server = async {
                        let incoming = listener.accept().await.unwrap();
                        incoming
                    };
                    let dialled = <$runtime>::dial_with(&url, &client);
                    let accepted = async {
                        let incoming = server.await;
                        let text = [format!("{incoming:?}"), format!("{incoming:#?}")].concat();
                        (incoming.upgrade().await.unwrap(), text)
                    };
                    let (near, (far, text)) = tokio::join!(dialled, accepted);
                    let near = near.unwrap();
                    printed.text("incoming", &text);
                    printed.debug("near", &near);
                    printed.debug("far", &far);
                    if whole {
                        let (mut near, mut far) = (near.into_websocket(), far.into_websocket());
                        near.send(Message::Text(MARK.into())).await.unwrap();
                        printed.debug("near", &near);
                        let message = far.recv().await.unwrap();
                        printed.debug("message", &message);
                        printed.debug("far", &far);
                    } else {
                        printed.debug("near", &near.into_stream());
                        printed.debug("far", &far.into_stream());
                    }
                }
                // Refused.
                let client = client();
                let refusing = async {
                    let incoming = listener.accept().await.unwrap();
                    let refusal = Refusal::new(401).header("X-Token", MARK).unwrap();
                    incoming
                        .refuse(&refusal.body(format!("who?\n{MARK}")))
                        .await
                };
                let dialled = <$runtime>::dial_with(&url, &client);
                let (error, _) = tokio::join!(dialled, refusing);
                printed.error("refused", &error.unwrap_err());
                for wrong in [
                    format!("ws://me:{MARK}@127.0.0.1:0/?{MARK}"),
                    format!("{MARK}:x@h"),
                    format!("ws://{MARK}:x@nowhere.invalid/?{MARK}"),
                ] {
                    printed.error(
                        &wrong,
                        &<$runtime>::dial(&wrong).await.map(drop).unwrap_err(),
                    );
                }
                // By descriptors.
                let proxy = format!("http://me:{MARK}@127.0.0.1:1");
                for text in [
                    url.clone(),
                    format!(
                        r"autobahn:tcp\:127.0.0.1\:1:url=ws\://h/?{MARK}:header=X-Key\: {MARK}"
                    ),
                ] {
                    let endpoint = text.parse::<ClientEndpoint<$runtime>>().unwrap();
                    let endpoint = endpoint.proxy(Proxy::parse(&proxy).unwrap());
                    printed.debug("endpoint", &endpoint);
                    printed.text("plan", &endpoint.plan().to_string());
                    printed.error("endpoint", &endpoint.connect().await.map(drop).unwrap_err());
                }
                let text = format!(r"autobahn:tcp\:0:url=ws\://h/:header=X-Key\: {MARK}");
                let endpoint = text.parse::<ServerEndpoint<$runtime>>().unwrap();
                printed.debug("endpoint", &endpoint);
                printed.text("plan", &endpoint.plan().to_string());
                let mut listening = endpoint.listen().await.unwrap();
                printed.debug("listening", &listening);
                printed.text("address", &format!("{}", listening.local_addr()));
                listening.shutdown(Duration::ZERO).await;
                listener.shutdown(Duration::ZERO).await;
                printed.check(60);
            });
        }
    };
}

adapter!(of_tokio, Tokio);
adapter!(of_async_std, AsyncStd);
adapter!(of_smol, Smol);
