//! Every parameter of Twisted's: what it is if nothing is said, and that what is said counts.

use crate::descriptor::{ClientDescriptor, ServerDescriptor};

/// What is short, and the same with everything that Twisted has as the default, but for a longer `backlog`.
#[rustfmt::skip]
const CLIENTS: &[(&str, &str)] = &[
    ("tcp:h:1", "tcp:host=h:port=1:timeout=30:bindAddress="),
    ("ssl:h:1", "ssl:host=h:port=1:timeout=30:bindAddress=:hostname=h"),
    ("ssl:h:1:certKey=c", "ssl:h:1:certKey=c:privateKey=c"),
    ("tls:h:1", "tls:host=h:port=1:timeout=30:bindAddress="),
    ("tls:h:1:certificate=c", "tls:h:1:certificate=c:privateKey=c"),
    ("unix:/p", "unix:path=/p:timeout=30:lockfile=0"),
    (r"autobahn:stdio:url=ws\://h", r"autobahn:stdio:url=ws\://h:autofrag=0:debug=false:redirects=0"),
];

#[rustfmt::skip]
const SERVERS: &[(&str, &str)] = &[
    ("tcp:1", "tcp:port=1:interface=:backlog=4096"),
    ("tcp:1", "tcp:1:0.0.0.0:4096"),
    ("tcp6:1", "tcp6:port=1:backlog=4096:interface=\\:\\:"),
    ("tcp6:1", "tcp6:1:4096:\\:\\:"),
    ("ssl:1", "ssl:port=1:privateKey=server.pem:certKey=server.pem:interface=:backlog=4096"),
    ("ssl:1:privateKey=k", "ssl:1:k:k"),
    ("tls:/d", "tls:path=/d:port=443:backlog=4096:interface=\\:\\:"),
    ("tls:/d", "tls:/d:443:4096:\\:\\:"),
    ("unix:/p", "unix:address=/p:mode=666:backlog=4096:lockfile=1"),
    ("unix:/p", "unix:/p:666:4096:1"),
    (r"autobahn:stdio:url=ws\://h", r"autobahn:description=stdio:url=ws\://h:autofrag=0:debug=false"),
];

/// What stands alone, and what more may be said of it.
#[rustfmt::skip]
const MORE_OF_CLIENTS: &[(&str, &[&str])] = &[
    ("tcp:h:1", &["timeout=31", "bindAddress=b"]),
    ("ssl:h:1", &["timeout=31", "bindAddress=b", "hostname=n", "caCertsDir=d", "certKey=c"]),
    ("ssl:h:1:certKey=c", &["privateKey=k"]),
    ("tls:h:1", &["timeout=31", "bindAddress=b", "trustRoots=d", "certificate=c", r"endpoint=unix\:/p"]),
    ("tls:h:1:certificate=c", &["privateKey=k"]),
    ("unix:/p", &["timeout=31", "lockfile=1"]),
    (r"autobahn:stdio:url=ws\://h", &["compression=false", "compress=true", "autofrag=1", "maxHead=1", "debug=true", "subprotocol=a", "redirects=5"]),
];

#[rustfmt::skip]
const MORE_OF_SERVERS: &[(&str, &[&str])] = &[
    ("tcp:1", &["interface=127.0.0.1", "backlog=51"]),
    ("tcp6:1", &["interface=\\:\\:1", "backlog=51"]),
    ("ssl:1", &["interface=127.0.0.1", "backlog=51", "privateKey=k", "certKey=c", "extraCertChain=x"]),
    ("tls:/d", &["port=444", "interface=127.0.0.1", "backlog=51"]),
    ("unix:/p", &["mode=600", "backlog=51", "lockfile=0"]),
    (r"autobahn:stdio:url=ws\://h", &["compression=false", "compress=true", "autofrag=1", "maxHead=1", "debug=true", "subprotocol=a"]),
];

#[test]
fn defaults_are_twisteds() {
    for (short, long) in CLIENTS {
        let [short_one, long_one] =
            [short, long].map(|text| ClientDescriptor::parse(text).unwrap());
        assert_eq!(short_one, long_one, "{short} {long}");
    }
    for (short, long) in SERVERS {
        let [short_one, long_one] =
            [short, long].map(|text| ServerDescriptor::parse(text).unwrap());
        assert_eq!(short_one, long_one, "{short} {long}");
    }
}

#[test]
fn what_is_said_counts() {
    for (text, more) in MORE_OF_CLIENTS {
        for more in *more {
            let [one, other] = [(*text).into(), format!("{text}:{more}")]
                .map(|text: String| ClientDescriptor::parse(&text).unwrap());
            assert_ne!(one, other, "{text}:{more}");
        }
    }
    for (text, more) in MORE_OF_SERVERS {
        for more in *more {
            let [one, other] = [(*text).into(), format!("{text}:{more}")]
                .map(|text: String| ServerDescriptor::parse(&text).unwrap());
            assert_ne!(one, other, "{text}:{more}");
        }
    }
}
