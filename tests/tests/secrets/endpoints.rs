//! Descriptors: what comes of them, and what is wrong with them.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::spawn;

use wsstream_net::descriptor::{ClientDescriptor, ServerDescriptor};
use wsstream_net::plan::{ClientPlan, ServerPlan};

use crate::{MARK, Printed};

#[test]
fn good_descriptors() {
    let mut printed = Printed::default();
    for text in [
        r"ws://me:MARK@host/path?token=MARK",
        r"wss://me:MARK@host/path?token=MARK",
        r"autobahn:tcp\:h\:1:url=ws\://me\:MARK@h/?MARK:header=X-Api-Key\: MARK",
        r"autobahn:tls\:h\:1:url=wss\://h/?MARK:header=Authorization\: Bearer MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h/?MARK:header=Cookie\: MARK:redirects=5",
        r"exec:curl:-u:me\:MARK:https\://h/?MARK",
    ] {
        let endpoint = ClientDescriptor::parse(&text.replace("MARK", MARK)).unwrap();
        printed.debug(text, &endpoint);
        match ClientPlan::try_from(&endpoint) {
            Ok(plan) => printed.both(text, &plan),
            Err(error) => printed.error(text, &error),
        }
        if let ClientDescriptor::Autobahn(autobahn) = &endpoint {
            printed.debug(text, &autobahn.client_config().unwrap());
        }
    }
    for text in [
        r"autobahn:tcp\:1:url=ws\://h/:header=Set-Cookie\: MARK",
        r"autobahn:unix\:/run/s:url=ws\://h/:header=X-Key\: MARK",
    ] {
        let endpoint = ServerDescriptor::parse(&text.replace("MARK", MARK)).unwrap();
        printed.debug(text, &endpoint);
        printed.both(text, &ServerPlan::try_from(&endpoint).unwrap());
        if let ServerDescriptor::Autobahn(autobahn) = &endpoint {
            printed.debug(text, &autobahn.server_config().unwrap());
        }
    }
    printed.check(60);
}

#[test]
fn wrong_descriptors() {
    let mut printed = Printed::default();
    for text in [
        // Secrets with a `:` or a `=` that is not quoted, and so in the wrong place.
        r"autobahn:tcp\:h\:1:url=ws\://h:header=Authorization\: Bearer MARK==:MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h:header=X-Api-Key:MARK",
        // Wrong for servers.
        r"ws://host/path?token=MARK",
        r"autobahn:tcp\:1:url=ws\://h/?MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h:header=X-Api-Key:MARK=",
        r"autobahn:tcp\:h\:1:url=ws\://h:header=MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h:header=MARK\: x y",
        "autobahn:tcp\\:h\\:1:url=ws\\://h:header=Authorization\\: MARK\nX",
        r"autobahn:tcp\:h\:1:url=ws\://h:header=Origin\: https\://me\:MARK@h",
        r"autobahn:tcp\:h\:1:url=ws\://h:header=Upgrade MARK\: x",
        r"autobahn:tcp\:h\:1:url=ws\://h:header=Sec-WebSocket-MARK x\: x",
        r"autobahn:tcp\:h\:1:url=ws\://h:subprotocol=bearer MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h:origin=https\://me\:MARK@h",
        r"autobahn:tcp\:h\:1:url=ws\://h:origins=https\://me\:MARK@h",
        r"autobahn:tcp\:h\:1:url=ws\://h:keepalive=MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h:autofrag=MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h:debug=MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h:token=MARK",
        r"autobahn:tcp\:h\:1:url=ws\://h:MARK=x",
        r"autobahn:tcp\:h\:1:url=ws://me:MARK@h",
        r"autobahn:tcp\:h\:1:url=ws\://me\:MARK@h:80x",
        r"autobahn:tcp\:h\:1:url=MARK\:x@h",
        r"autobahn:tcp\:h\:1:url=http\://me\:MARK@h",
        r"autobahn:ws\://me\:MARK@h\:x:url=ws\://h",
        r"tcp:me:MARK@host:80",
        r"tcp:me:80:MARK",
        r"tcp:host:MARK",
        r"tcp:host:80:timeout=MARK",
        r"me:MARK@host",
        r"MARK:x@host",
        r"MARK=x",
        r"stdio:MARK",
        r"unix:/run/s:MARK",
        r"tls:h:443:certificate=a:MARK",
        r"ws://me:MARK@host:0",
        r"ws://me:MARK@host#MARK",
        r"tcp:1:interface=h:MARK",
        r"tcp:MARK",
        r"tcp:1:backlog=MARK",
        r"unix:/run/s:mode=MARK",
        r"systemd:domain=MARK:index=0",
        r"exec::MARK",
        r"ws://host:0/path?token=MARK",
        r"autobahn:tcp\:1:url=ws\://h/?MARK",
    ] {
        let text = text.replace("MARK", MARK);
        let client = ClientDescriptor::parse(&text).err();
        let server = ServerDescriptor::parse(&text).err();
        assert!(client.is_some() || server.is_some(), "{text}");
        for error in [client, server].into_iter().flatten() {
            printed.error(&text, &error);
            printed.both(&text, error.kind());
            printed.error(&text, &std::io::Error::from(error));
        }
    }
    printed.check(1000);
}

/// What redirects lead to may have a secret as well, and so may what the client has asked for.
#[tokio::test]
async fn redirects() {
    let mut printed = Printed::default();
    for location in [
        "ws://127.0.0.1:1/?MARK",
        "/path?MARK",
        "ws://me:MARK@h/",
        "ftp://h/?MARK",
        "?MARK#MARK",
        "/ MARK",
    ] {
        for (limit, path) in [(0, ""), (1, ""), (1, "path")] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let at = listener.local_addr().unwrap();
            let fields = format!("Location: {location}\r\nSet-Cookie: MARK");
            let head = format!("HTTP/1.1 302 Found\r\n{fields}\r\nContent-Length: 0\r\n\r\n");
            let head = head.replace("MARK", MARK);
            spawn(move || {
                while let Ok((mut tcp, _)) = listener.accept() {
                    let _ = tcp.read(&mut [0; 4096]);
                    let _ = tcp.write_all(head.as_bytes());
                }
            });
            let url = format!("ws://me:{MARK}@{at}/{path}?{MARK}");
            let config = wsstream_tokio::ClientConfig::stream();
            let endpoint = wsstream_tokio::ClientEndpoint::url(&url, config).unwrap();
            let error = endpoint
                .redirects(limit)
                .open()
                .await
                .map(drop)
                .unwrap_err();
            printed.error(location, &error);
        }
    }
    printed.check(100);
}
