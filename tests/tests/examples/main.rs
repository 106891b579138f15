//! The examples, as processes: what they print, and how they end. One text for the programs of both
//! adapters, with each other where there are two of them.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod chat;
mod endings;
mod listening;
mod options;
mod process;
mod proxies;
mod relay;
#[cfg(unix)]
mod signals;
mod tunnel;

use std::net::TcpListener;
use std::process::Output;

use process::{Example, free, run, runtime, succeeded, text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_tokio::{ClientConfig, ClientEndpoint};

/// Whose programs.
#[derive(Clone, Copy, Debug)]
enum Adapter {
    Tokio,
    AsyncStd,
}

impl Adapter {
    /// What the names of its examples begin with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Tokio => "",
            Self::AsyncStd => "async_std_",
        }
    }
}

/// Makes tests of functions that are to be told whose program to start.
macro_rules! of_either {
    ($($test:ident)*) => {
        of_either! { @ of_tokio (Adapter::Tokio) $($test)* }
        of_either! { @ of_async_std (Adapter::AsyncStd) $($test)* }
    };
    (@ $name:ident $told:tt $($test:ident)*) => {
        mod $name {
            use crate::Adapter;
            $(
                #[test]
                fn $test() {
                    super::$test $told;
                }
            )*
        }
    };
}

/// The same where there are two programs: the client's adapter comes first.
macro_rules! of_pairs {
    ($($test:ident)*) => {
        of_either! { @ tokio_with_tokio (Adapter::Tokio, Adapter::Tokio) $($test)* }
        of_either! { @ tokio_with_async_std (Adapter::Tokio, Adapter::AsyncStd) $($test)* }
        of_either! { @ async_std_with_tokio (Adapter::AsyncStd, Adapter::Tokio) $($test)* }
        of_either! { @ async_std_with_async_std (Adapter::AsyncStd, Adapter::AsyncStd) $($test)* }
    };
}

pub(crate) use {of_either, of_pairs};

of_pairs! { hello }
of_either! { hello_to_nobody hello_where_somebody_is }
// Only one adapter has it.
of_either! { @ of_tokio_alone (Adapter::Tokio) echo_server }

/// What one adapter's programs can be told the other's can be told, in the same words.
#[test]
fn options() {
    for name in [
        "autobahn_server",
        "hello_client",
        "hello_server",
        "relay",
        "tunnel",
    ] {
        let [tokio, async_std] = [Adapter::Tokio, Adapter::AsyncStd].map(|of| {
            let output = run(of, name, &["--help"], b"");
            succeeded(&output);
            text(&output.stdout).replace(of.prefix(), "")
        });
        assert!(tokio.contains(&format!("Usage: {name} ")), "{tokio}");
        assert_eq!(tokio, async_std);
    }
}

fn hello(of: Adapter, served_by: Adapter) {
    let address = free();
    let url = format!("ws://{address}");
    let mut server = Example::start(served_by, "hello_server", &[&url]);
    assert_eq!(server.line(), format!("listening on {address}\n"));
    for _ in 0..2 {
        let client = run(of, "hello_client", &[&url], b"");
        succeeded(&client);
        assert_eq!(text(&client.stdout), "how are you?\n");
        assert_eq!(server.line(), "hello\n");
    }
}

/// On smol's sockets, each end with the other, and with those of tokio.
#[test]
fn hello_on_smol() {
    let smol_server = (Adapter::AsyncStd, "smol_server");
    let smol_client = (Adapter::AsyncStd, "smol_client");
    for ((of, server), (client_of, client)) in [
        (smol_server, smol_client),
        (smol_server, (Adapter::Tokio, "hello_client")),
        ((Adapter::Tokio, "hello_server"), smol_client),
    ] {
        let address = free().to_string();
        let url = format!("ws://{address}");
        let at = if server == "hello_server" {
            &url
        } else {
            &address
        };
        let mut server = Example::start(of, server, &[at]);
        assert_eq!(server.line(), format!("listening on {address}\n"));
        let client = run(client_of, client, &[&url], b"");
        succeeded(&client);
        assert_eq!(text(&client.stdout), "how are you?\n");
        assert_eq!(server.line(), "hello\n");
    }
}

fn hello_to_nobody(of: Adapter) {
    let client = run(of, "hello_client", &[&format!("ws://{}", free())], b"");
    assert!(!client.status.success());
    assert_eq!(text(&client.stdout), "");
    says_why("hello_client", &client);
}

fn hello_where_somebody_is(of: Adapter) {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let server = run(of, "hello_server", &[&format!("ws://{address}")], b"");
    assert!(!server.status.success());
    says_why("hello_server", &server);
}

/// In one line, and as a text.
fn says_why(name: &str, output: &Output) {
    let errors = text(&output.stderr);
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.starts_with(&format!("{name}: ")), "{errors}");
    assert!(!errors.contains('{'), "{errors}");
}

fn echo_server(of: Adapter) {
    let mut server = Example::start(of, "echo_server", &["127.0.0.1:0"]);
    let line = server.line();
    let address = line.trim_end().strip_prefix("listening on ").unwrap();
    let where_somebody_is = run(of, "echo_server", &[address], b"");
    assert!(!where_somebody_is.status.success());
    says_why("echo_server", &where_somebody_is);
    let url = format!("ws://{address}/");
    runtime().block_on(async {
        for subprotocol in [Some("binary"), Some("base64"), None] {
            let client = ClientConfig::stream().subprotocols(subprotocol).unwrap();
            let client = client.accept_no_subprotocol(true);
            let endpoint = ClientEndpoint::url(&url, client).unwrap();
            let opened = endpoint.open().await.unwrap();
            assert_eq!(opened.agreed().subprotocol(), subprotocol);
            let mut stream = opened.into_stream();
            for len in [1, 1000, 65_536] {
                let sent = vec![7; len];
                stream.write_all(&sent).await.unwrap();
                let mut echo = vec![0; len];
                stream.read_exact(&mut echo).await.unwrap();
                assert!(echo == sent, "{subprotocol:?}, {len} octets");
            }
            stream.finish().await.unwrap();
        }
    });
}
