//! A server that decides on each request: by its path and its cookie, with a configuration for each.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use wsstream_core::ConnectionConfig;
use wsstream_core::handshake::{ClientConfig, HandshakeError, Origins, Refusal, ServerConfig};
use wsstream_net::Cause;
use wsstream_tests::net::{ClientEndpoint, Incoming, Listener, Upgraded, address};
use wsstream_tests::{TestRuntime, Write};

wsstream_tests::on_one_thread! {
    each_request_gets_its_own
    what_a_configuration_refuses
    a_configuration_knows_where_the_listener_listens
    whole_messages_at_one_path
}

type Answer<A> = Result<Upgraded<A>, HandshakeError>;

/// What a client gets of a server that decides so.
async fn asked<A, D>(path: &str, client: ClientConfig, decide: D) -> Answer<A>
where
    A: TestRuntime,
    D: AsyncFnOnce(Incoming<A>),
{
    let mut listener = Listener::<A>::bind("127.0.0.1:0", ServerConfig::stream())
        .await
        .unwrap();
    let url = format!("ws://{}{path}", address::<A>(&listener));
    let endpoint = ClientEndpoint::<A>::url(&url, client).unwrap();
    let serving = async { decide(listener.accept().await.unwrap()).await };
    let (opened, ()) = tokio::join!(endpoint.open(), serving);
    opened.map_err(|error| match error.cause() {
        Cause::Handshake(error) => error.clone(),
        cause => panic!("{cause:?}"),
    })
}

/// A configuration for each path; 401 without a session, 404 elsewhere.
async fn decide<A: TestRuntime>(incoming: Incoming<A>) {
    let request = incoming.request().unwrap();
    let base = ServerConfig::stream();
    let config = match (request.path(), request.cookie("session")) {
        ("/login", _) => base.header("Set-Cookie", "session=1a2b; HttpOnly").unwrap(),
        ("/mqtt", Some("1a2b")) => base.subprotocols(["mqtt"]).unwrap(),
        ("/plain", Some("1a2b")) => base.config(ConnectionConfig::new().compression(false)),
        ("/mqtt" | "/plain", _) => return incoming.refuse(&Refusal::new(401)).await.unwrap(),
        _ => return incoming.refuse(&Refusal::new(404)).await.unwrap(),
    };
    assert_eq!(incoming.check_with(&config), Ok(()));
    let mut stream = A::stream(incoming.accept_with(&config).await.unwrap());
    stream.write_all(b"welcome").await.unwrap();
}

async fn each_request_gets_its_own<A: TestRuntime>() {
    let stream = ClientConfig::stream;
    let known = || {
        stream()
            .header("Cookie", "theme=dark; session=1a2b")
            .unwrap()
    };
    for (path, client, subprotocol, is_compressed) in [
        ("/login", stream(), "binary", true),
        (
            "/mqtt",
            known().subprotocols(["mqtt", "binary"]).unwrap(),
            "mqtt",
            true,
        ),
        ("/plain", known(), "binary", false),
    ] {
        let upgraded = asked::<A, _>(path, client, decide::<A>).await.unwrap();
        assert_eq!(upgraded.agreed().subprotocol(), Some(subprotocol));
        assert_eq!(
            upgraded.agreed().deflate().is_some(),
            is_compressed,
            "{path}"
        );
        let cookie = upgraded.response().unwrap().headers().get_str("Set-Cookie");
        let expected = (path == "/login").then_some("session=1a2b; HttpOnly");
        assert_eq!(cookie, expected);
    }
    for (path, client, status) in [
        ("/mqtt", stream(), 401),
        (
            "/plain",
            stream().header("Cookie", "session=wrong").unwrap(),
            401,
        ),
        ("/elsewhere", known(), 404),
    ] {
        let Err(HandshakeError::Refused(response)) = asked::<A, _>(path, client, decide::<A>).await
        else {
            panic!("{path}");
        };
        assert_eq!(response.status(), status);
    }
}

/// It refuses as the listener's own would.
async fn what_a_configuration_refuses<A: TestRuntime>() {
    for (client, status) in [
        (ClientConfig::stream(), 406),
        (
            ClientConfig::stream()
                .subprotocols(["mqtt"])
                .unwrap()
                .origin("http://a")
                .unwrap(),
            403,
        ),
    ] {
        let refused = asked::<A, _>("/", client, async |incoming: Incoming<A>| {
            let config = ServerConfig::stream().subprotocols(["mqtt"]).unwrap();
            let error = incoming.check_with(&config).unwrap_err();
            assert_eq!(error.status(), Some(status));
            incoming.accept_with(&config).await.map(drop).unwrap_err();
        });
        let Err(HandshakeError::Refused(response)) = refused.await else {
            panic!("{status}");
        };
        assert_eq!(response.status(), status);
    }
}

/// So that a page which has rebound its name to this machine is refused all the same.
async fn a_configuration_knows_where_the_listener_listens<A: TestRuntime>() {
    let config = ServerConfig::stream().origins(Origins::any());
    for (at_its_own, name) in [(true, "rebound.example"), (false, "localhost")] {
        let client = ClientConfig::stream().origin("http://a").unwrap();
        let config = config.clone();
        let mut listener = Listener::<A>::bind("127.0.0.1:0", config.clone())
            .await
            .unwrap();
        let address = listener.local_addr().tcp().unwrap();
        let client = client
            .header("Host", &format!("{name}:{}", address.port()))
            .unwrap();
        let endpoint = ClientEndpoint::<A>::url(&format!("ws://{address}"), client).unwrap();
        let serving = async {
            let incoming = listener.accept().await.unwrap();
            incoming.accept_with(&config).await.is_err()
        };
        let (opened, refused) = tokio::join!(endpoint.open(), serving);
        assert_eq!(
            (opened.is_err(), refused),
            (at_its_own, at_its_own),
            "{name}"
        );
    }
}

async fn whole_messages_at_one_path<A: TestRuntime>() {
    let client = ClientConfig::messages();
    let served = async |incoming: Incoming<A>| {
        let upgraded = incoming
            .upgrade_with(&ServerConfig::messages())
            .await
            .unwrap();
        let mut websocket = upgraded.into_websocket();
        websocket.send("hello").await.unwrap();
    };
    let upgraded = asked::<A, _>("/", client, served).await;
    let upgraded = upgraded.unwrap();
    assert_eq!(upgraded.agreed().subprotocol(), None);
    let message = upgraded.into_websocket().recv().await.unwrap();
    assert_eq!(message, Some("hello".into()));
}
