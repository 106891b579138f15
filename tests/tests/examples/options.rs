//! What programs can be told for peers that are not of this library: subprotocols, pages, and load balancers. Where that
//! is missing, they name the option.

use std::io::{Read, Write};
use std::net::TcpStream;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_tokio::{Cause, ClientConfig, ClientEndpoint, HandshakeError, Listener, ServerConfig};

use crate::process::{Example, echo, failed, free, run, runtime, succeeded, text};
use crate::{Adapter, of_either};

of_either! {
    a_client_of_mqtt_alone who_is_refused_is_told_the_option a_balancer a_large_head
    a_server_that_selects_none
}

/// A relay to an echo service with these options, and its URL.
fn start_relay(of: Adapter, options: &[&str]) -> (Example, String) {
    let (url, target) = (format!("ws://{}/", free()), echo().to_string());
    let args = [options, &[&*url, &*target]].concat();
    let mut relay = Example::start(of, "relay", &args);
    relay.line();
    (relay, url)
}

/// As MQTT.js does in a browser.
fn a_client_of_mqtt_alone(of: Adapter) {
    let (_relay, url) = start_relay(of, &["--subprotocol", "mqtt", "--subprotocol", "mqttv3.1"]);
    runtime().block_on(async {
        for (offered, agreed) in [
            (&["mqtt"][..], "mqtt"),
            (&["mqttv3.1"], "mqttv3.1"),
            (&["x", "mqtt"], "mqtt"),
            (&["binary", "mqtt"], "binary"),
        ] {
            let client = ClientConfig::stream().subprotocols(offered).unwrap();
            let endpoint = ClientEndpoint::url(&url, client).unwrap();
            let opened = endpoint.open().await.unwrap();
            assert_eq!(opened.agreed().subprotocol(), Some(agreed));
            let mut stream = opened.into_stream();
            stream.write_all(b"hello").await.unwrap();
            let mut heard = [0; 5];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"hello");
            stream.finish().await.unwrap();
        }
    });
}

/// The status, and the body of what is refused.
fn refused(url: &str, client: ClientConfig) -> (u16, String) {
    let opened = runtime().block_on(ClientEndpoint::url(url, client).unwrap().open());
    let error = opened.map(drop).unwrap_err();
    let Cause::Handshake(HandshakeError::Refused(response)) = error.cause() else {
        unreachable!("{error:?}");
    };
    (response.status(), text(response.body()).to_owned())
}

/// In the answer, and on standard error.
fn who_is_refused_is_told_the_option(of: Adapter) {
    let (mut relay, url) = start_relay(of, &["--host", "relay.example"]);
    let client = ClientConfig::stream;
    let at = url.trim_start_matches("ws://").trim_end_matches('/');
    let (_, port) = at.rsplit_once(':').unwrap();
    let host = format!("evil.example:{port}");
    let rebound = client().header("Host", &host).unwrap();
    for (client, status, says) in [
        (
            client().origin("https://example.org").unwrap(),
            403,
            "origin \"https://example.org\" is not allowed by this server: add --origin ORIGIN",
        ),
        (
            client().origin("null").unwrap(),
            403,
            "origin \"null\" is not allowed by this server: see the setting `origins`",
        ),
        (
            rebound.origin(&format!("http://{host}")).unwrap(),
            403,
            "host \"evil.example\" is not one of this server's: add --host NAME",
        ),
        (
            client().subprotocols(["mqtt"]).unwrap(),
            406,
            "subprotocols \"mqtt\" offered, this server speaks \"binary,base64\": add --subprotocol NAME",
        ),
    ] {
        let (got, body) = refused(&url, client);
        assert_eq!((got, &*body), (status, &*format!("{says}\n")));
        let line = relay.error_line();
        assert!(line.starts_with("relay: 127."), "{line}");
        assert!(line.ends_with(&format!(": {says}\n")), "{line}");
    }
}

/// Single sign-on has cookies that are larger than heads usually are.
fn a_large_head(of: Adapter) {
    let cookies = || ClientConfig::stream().header("Cookie", &"a".repeat(40_000));
    let (_relay, url) = start_relay(of, &[]);
    assert_eq!(refused(&url, cookies().unwrap()).0, 431);
    let (_relay, url) = start_relay(of, &["--max-head", "65536"]);
    let endpoint = ClientEndpoint::url(&url, cookies().unwrap()).unwrap();
    runtime().block_on(endpoint.open()).unwrap();
}

/// Each is answered, and nothing is said of it.
fn a_balancer(of: Adapter) {
    let (mut relay, url) = start_relay(of, &["--health", "/health"]);
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    let ask = |request: &str| {
        let mut tcp = TcpStream::connect(address).unwrap();
        tcp.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer
    };
    for request in [
        "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD /health HTTP/1.0\r\n\r\n",
        "OPTIONS / HTTP/1.0\r\n\r\n",
    ] {
        let answer = ask(request);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    let answer = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    let line = relay.error_line();
    assert!(line.contains("request without an upgrade"), "{line}");
}

/// As servers do that have not heard of `binary`.
fn a_server_that_selects_none(of: Adapter) {
    let runtime = runtime();
    let listener = Listener::bind("127.0.0.1:0", ServerConfig::messages());
    let mut listener = runtime.block_on(listener).unwrap();
    let url = format!("ws://{}/", listener.local_addr().tcp().unwrap());
    runtime.spawn(async move {
        while let Some(incoming) = listener.accept().await {
            let Ok(opened) = incoming.upgrade().await else {
                continue;
            };
            let mut stream = opened.into_stream();
            let _ = stream.write_all(b"here").await;
            let _ = stream.finish().await;
        }
    });
    let output = run(of, "tunnel", &["-", &url], b"");
    failed(
        &output,
        "the server selected no subprotocol: add --accept-no-subprotocol\n",
    );
    let output = run(of, "tunnel", &["--accept-no-subprotocol", "-", &url], b"");
    succeeded(&output);
    assert_eq!(text(&output.stdout), "here");
}
