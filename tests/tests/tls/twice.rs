//! TLS twice: WebSocket over TLS over WebSocket over TLS. A server's descriptor has TLS right above TCP and nowhere
//! else, so its second TLS is always made by hand; a client's descriptor has all of it.

use std::fs;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_net::descriptor::quote_value;
use wsstream_net::tls::ServerTls;
use wsstream_net::{Runtime, accept_with, connect_over};
use wsstream_tests::net::{
    ClientEndpoint, Directory, Listener, Net, NetSocket, address, connect, free_port, let_in_any,
    listen, over,
};
use wsstream_tests::{Read, TestRuntime, Write};

use crate::certificates::{Authority, Identity};

wsstream_tests::on_all_runtimes! {
    by_url
    by_descriptor
}

/// The layers of a socket, from the outermost one down to TCP.
fn layers<R: TestRuntime>(socket: &NetSocket<R>) -> Vec<&'static str> {
    let mut layers = Vec::new();
    let mut below = Some(socket);
    while let Some(socket) = below {
        layers.push(match socket.websocket() {
            Some(_) => "WebSocket",
            None if socket.is_tls() => "TLS",
            None => "TCP",
        });
        below = socket.below();
    }
    layers
}

/// Lets one in over the listener's plan, does TLS and WebSocket over that, and echoes.
async fn serve<S: TestRuntime>(mut listener: Listener<S>, tls: ServerTls) {
    let outer = S::into_socket(let_in_any::<S>(&mut listener).await.unwrap());
    let secured = S::Net::tls_accept(outer, &tls).await;
    let secured = NetSocket::<S>::from_tls(secured.map_err(|(error, _)| error).unwrap());
    assert_eq!(layers::<S>(&secured), ["TLS", "WebSocket", "TLS", "TCP"]);
    let inner = accept_with::<_, S::Net>(secured, &ServerConfig::stream()).await;
    let inner = inner.unwrap();
    assert_eq!(inner.request().path(), "/inner");
    let mut stream = S::stream(inner.accept().await.unwrap().into_stream());
    let (octets, ended) = stream.read_to_end().await;
    ended.unwrap();
    stream.write_all(&octets).await.unwrap();
    stream.finish().await.unwrap();
}

async fn ask(stream: &mut (impl Read + Write)) {
    let sent = vec![7; 1_000_000];
    stream.write_all(&sent).await.unwrap();
    stream.shutdown().await.unwrap();
    let (back, ended) = stream.read_to_end().await;
    ended.unwrap();
    assert!(back == sent);
}

async fn by_url<N: Net>() {
    let authority = Authority::new();
    let (outer_tls, inner_tls) = (authority.localhost(), authority.localhost());
    let server = ServerConfig::stream();
    let listener = N::bind(server).await.tls(outer_tls.server());
    let port = address::<N>(&listener).port();
    let url = format!("wss://localhost:{port}/outer");
    let serving = N::spawn(serve::<N>(listener, inner_tls.server()));
    let (client, tls) = (ClientConfig::stream(), authority.client());
    let endpoint = ClientEndpoint::<N>::url(&url, client.clone()).unwrap();
    let outer = endpoint.tls(tls.clone()).connect().await.map(N::stream);
    let outer = N::into_socket(outer.unwrap());
    let secured = N::Net::tls_connect(outer, &tls, "localhost").await.unwrap();
    let secured = NetSocket::<N>::from_tls(secured);
    let client = client.assume_secure(true);
    let inner = connect_over::<_, N::Net>(secured, "wss://localhost/inner", &client).await;
    let mut stream = N::stream(inner.unwrap().into_stream());
    assert_eq!(
        layers::<N>(stream.get_ref()),
        ["TLS", "WebSocket", "TLS", "TCP"]
    );
    // What is asked of the system reaches its socket through all of them.
    let tcp = stream.get_ref().tcp().unwrap();
    let to = N::Net::tcp_ref(tcp).peer_addr().unwrap().as_socket();
    assert_eq!(stream.peer_addr().unwrap().tcp(), to);
    assert_eq!(to.unwrap().port(), port);
    for nodelay in [false, true] {
        stream.set_nodelay(nodelay).unwrap();
        assert_eq!(N::Net::tcp_ref(tcp).tcp_nodelay().unwrap(), nodelay);
    }
    ask(&mut stream).await;
    stream.finish().await.unwrap();
    serving.await;
}

async fn by_descriptor<N: Net>() {
    let (authority, directory) = (Authority::new(), Directory::new());
    fs::create_dir(directory.path("roots")).unwrap();
    fs::write(directory.path("roots/a.pem"), authority.pem()).unwrap();
    let Identity { chain, key } = authority.localhost();
    fs::write(directory.path("server.pem"), format!("{chain}{key}")).unwrap();
    let [roots, server] = ["roots", "server.pem"].map(|name| directory.quoted(name));
    let port = free_port();
    let outer = over(
        &format!("ssl:{port}:privateKey={server}"),
        "wss://localhost/outer",
        "",
    );
    let listener = listen::<N>(&outer).await.unwrap();
    let serving = N::spawn(serve::<N>(listener, authority.localhost().server()));
    let outer = over(
        &format!("tls:localhost:{port}:trustRoots={roots}"),
        "wss://localhost/outer",
        "",
    );
    let secured = format!(
        "tls:localhost:443:trustRoots={roots}:endpoint={}",
        quote_value(&outer)
    );
    let inner = over(&secured, "wss://localhost/inner", "");
    let mut stream = connect::<N>(&inner).await.unwrap();
    assert_eq!(
        layers::<N>(&stream),
        ["WebSocket", "TLS", "WebSocket", "TLS", "TCP"]
    );
    ask(&mut stream).await;
    stream.finish().await.unwrap();
    serving.await;
}
