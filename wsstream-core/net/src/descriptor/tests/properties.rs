//! What is quoted comes out, what is written reads back, and no text makes a panic.

use std::time::Duration;

use proptest::option;
use proptest::prelude::*;

use crate::descriptor::syntax::{Text, fields};
use crate::descriptor::{
    AutobahnClient, ClientDescriptor, Exec, PemFiles, ServerDescriptor, TcpClient, TcpServer,
    TlsClient, UnixClient, UnixServer, quote_argument, quote_value,
};
use wsstream_core::handshake::MAX_HEAD;
use wsstream_core::{Keepalive, Url};

/// What is special, and what is not.
const TEXT: &str = r"[:=\\a-c %é]{1,6}";

fn seconds() -> impl Strategy<Value = Duration> {
    (0..1_000_000u64, 1..1_000_000_000u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos))
}

fn client() -> impl Strategy<Value = ClientDescriptor> {
    let leaf = prop_oneof![
        Just(ClientDescriptor::Stdio),
        (TEXT, 1..=u16::MAX, seconds(), option::of(TEXT)).prop_map(
            |(host, port, timeout, bind_address)| ClientDescriptor::Tcp(TcpClient {
                host,
                port,
                timeout,
                bind_address,
            })
        ),
        (TEXT, seconds(), any::<bool>()).prop_map(|(path, timeout, lockfile)| {
            ClientDescriptor::Unix(UnixClient {
                path,
                timeout,
                lockfile,
            })
        }),
        (TEXT, prop::collection::vec(r"[:=\\a ]{0,3}", 0..3))
            .prop_map(|(program, arguments)| ClientDescriptor::Exec(Exec { program, arguments })),
    ];
    leaf.prop_recursive(3, 4, 1, |inner| {
        let identity = option::of(
            (TEXT, TEXT).prop_map(|(certificate, private_key)| PemFiles {
                certificate,
                private_key,
            }),
        );
        let tls = (inner.clone(), TEXT, option::of(TEXT), identity);
        let options = (
            option::of(any::<bool>()),
            0..5000usize,
            prop::collection::vec("[a-z]{1,3}", 0..3),
            prop::collection::vec(("[a-z]{1,3}", r"[:=\\a]{0,3}"), 0..3),
            option::of(option::of((seconds(), seconds()))),
            [(); 3].map(|()| option::of(seconds())),
            any::<u8>(),
            option::of(1..=MAX_HEAD),
        );
        let url = "wss?://([a-z]{1,3}(:[a-z=]{1,3})?@)?[a-z]{1,3}(:[1-9])?(/[a-z=:]{0,3})?";
        prop_oneof![
            tls.prop_map(|(endpoint, server_name, trust_roots, identity)| {
                ClientDescriptor::Tls(TlsClient {
                    endpoint: Box::new(endpoint),
                    server_name,
                    trust_roots,
                    identity,
                })
            }),
            (inner, url, options).prop_map(|(endpoint, url, options)| {
                let mut autobahn = AutobahnClient::new(endpoint, Url::parse(&url).unwrap());
                let (
                    compression,
                    auto_fragment,
                    subprotocols,
                    headers,
                    keepalive,
                    times,
                    redirects,
                    max_head,
                ) = options;
                autobahn.redirects = redirects;
                autobahn.options.max_head = max_head;
                autobahn.options.compression = compression;
                autobahn.options.auto_fragment = auto_fragment;
                autobahn.options.subprotocols = subprotocols;
                autobahn.options.headers = headers;
                autobahn.options.keepalive = keepalive.map(|times| {
                    times.map(|(interval, timeout)| Keepalive::new(interval, timeout).unwrap())
                });
                let [close, idle, life] = times;
                autobahn.options.close_timeout = close;
                autobahn.options.idle_timeout = idle;
                autobahn.options.max_lifetime = life;
                ClientDescriptor::Autobahn(autobahn)
            }),
        ]
    })
}

fn server() -> impl Strategy<Value = ServerDescriptor> {
    let leaf = prop_oneof![
        (TEXT, any::<u16>(), any::<u32>()).prop_map(|(interface, port, backlog)| {
            ServerDescriptor::Tcp(TcpServer {
                interface,
                port,
                backlog,
            })
        }),
        (TEXT, 0..=0o7777u32, any::<u32>(), any::<bool>()).prop_map(
            |(path, mode, backlog, lockfile)| ServerDescriptor::Unix(UnixServer {
                path,
                mode,
                backlog,
                lockfile,
            })
        ),
    ];
    leaf.prop_recursive(3, 4, 1, |inner| {
        inner.prop_map(|inner| ServerDescriptor::Haproxy(Box::new(inner)))
    })
}

/// Texts that are nearly descriptors.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(Vec::from([
        "autobahn",
        "tcp",
        "tls",
        "ssl",
        "unix",
        "haproxy",
        "exec",
        "ws://",
        "wss://h",
        "url",
        "=",
        ":",
        "\\",
        "\\:",
        "\\\\",
        "\\=",
        "h",
        "1",
        "port",
        "timeout",
        "endpoint",
        "é",
        " ",
        "compress",
        "header",
        "origins",
        "hosts",
        "healthPath",
        "keepalive",
        "maxHead",
        ",",
        "true",
    ]));
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_quoted_comes_out(argument in ".*", value in ".*", again in 0..4) {
        let mut text = format!("{}:k={}", quote_argument(&argument), quote_value(&value));
        for _ in 0..again {
            text = quote_argument(&text);
        }
        let mut text = Text::given(&text);
        for _ in 0..again {
            let mut outer = fields(&text).unwrap();
            prop_assert_eq!(outer.len(), 1);
            text = outer.remove(0).value;
        }
        let fields = fields(&text).unwrap();
        prop_assert_eq!(fields.len(), 2);
        prop_assert!(fields[0].key.is_none());
        prop_assert_eq!(fields[0].value.as_str(), argument);
        prop_assert_eq!(fields[1].key.as_ref().unwrap().as_str(), "k");
        prop_assert_eq!(fields[1].value.as_str(), value);
    }

    #[test]
    fn what_is_written_reads_back(client in client(), server in server()) {
        prop_assert_eq!(ClientDescriptor::parse(&client.to_string()), Ok(client));
        prop_assert_eq!(ServerDescriptor::parse(&server.to_string()), Ok(server));
    }

    #[test]
    fn no_text_makes_a_panic(text in prop_oneof![nearly(), ".*"]) {
        match ClientDescriptor::parse(&text) {
            Ok(client) => prop_assert_eq!(ClientDescriptor::parse(&client.to_string()), Ok(client)),
            Err(error) => prop_assert!(error.position() <= text.len()),
        }
        match ServerDescriptor::parse(&text) {
            Ok(server) => prop_assert_eq!(ServerDescriptor::parse(&server.to_string()), Ok(server)),
            Err(error) => prop_assert!(error.position() <= text.len()),
        }
    }
}
