//! What is no descriptor, where, and what is said.

use crate::descriptor::{
    ClientDescriptor, EndpointErrorKind, MAX_LEN, MAX_NESTING, ServerDescriptor, quote_argument,
};

#[rustfmt::skip]
const CLIENTS: &[(&str, &str)] = &[
    ("", "at 0: unknown type of endpoint, expected for instance tcp:..., autobahn:... or ws://..."),
    ("tpc:h:1", "at 0: unknown type of endpoint `tpc`, did you mean `tcp`?"),
    ("a=b:auto", "at 4: unknown type of endpoint `auto`, did you mean `autobahn`?"),
    ("systemd:INET:0", "at 0: systemd is for servers only"),
    ("haproxy:tcp:9000", "at 0: haproxy is for servers only"),
    ("tcp", "at 3: tcp needs `host`"),
    ("tcp:h", "at 5: tcp needs `port`"),
    ("tcp::1", "at 4: `host` is empty, expected some text"),
    ("tcp:h:0", "at 6: `port` has 1 octet, expected 1 to 65535"),
    ("tcp:h:70000", "at 6: `port` has 5 octets, expected 1 to 65535"),
    ("tcp:h:x\n", r"at 6: `port` has 2 octets, expected 1 to 65535"),
    ("tcp:h:1:5", r"at 8: argument of 1 octet, but tcp takes 2 at most without a key: write `:` in a value as `\:`"),
    ("tcp:h:1:port=2", "at 8: `port` of tcp is given twice"),
    ("tcp:h:1:timeout=2:timeout=2", "at 18: `timeout` of tcp is given twice"),
    ("tcp:h:1:timeout=0", "at 16: `timeout` has 1 octet, expected seconds, more than 0"),
    ("tcp:h:1:timeout=-1", "at 16: `timeout` has 2 octets, expected seconds, more than 0"),
    ("tcp:h:1:Timeout=1", "at 8: unknown key `Timeout` of tcp, did you mean `timeout`?"),
    ("tcp:h:1:tiemout=1", "at 8: unknown key `tiemout` of tcp, did you mean `timeout`?"),
    ("tcp:h:1:bind=x", "at 8: unknown key `bind` of tcp, did you mean `bindAddress`?"),
    ("tcp:h:1:xyz=1", "at 8: unknown key of tcp, expected host, port, timeout, bindAddress"),
    (r"tcp:h:1\", r"at 7: `\` at the end, expected a character behind it"),
    ("tls:h:443:hostname=n", "at 10: unknown key of tls, expected host, port, timeout, bindAddress, certificate, privateKey, trustRoots, endpoint"),
    ("tls:h:443:privateKey=k", "at 22: tls needs `certificate`"),
    ("ssl:h:443:privateKey=k", "at 22: ssl needs `certKey`"),
    (r"tls:h:443:timeout=3:endpoint=tcp\:h\:1", "at 18: `timeout` contradicts `endpoint`"),
    (r"tls:h:443:endpoint=tcp\:h\:x", "at 27: `port` has 1 octet, expected 1 to 65535"),
    ("unix:", "at 5: `path` is empty, expected some text"),
    ("unix:/p:lockfile=2", "at 17: `lockfile` has 1 octet, expected true or false"),
    ("stdio:x", r"at 6: argument of 1 octet, but stdio takes none without a key: write `:` in a value as `\:`"),
    ("exec", "at 4: exec needs `program`"),
    ("exec:p:--x=1", r"at 7: unknown key of exec, which has none: write `=` in an argument as `\=`"),
    (r"autobahn:tcp\:h\:1", "at 18: autobahn needs `url`"),
    (r"autobahn:url=ws\://h", "at 20: autobahn needs `description`"),
    (r"autobahn:tcp:h:1:url=ws\://h", r"at 13: argument of 1 octet, but autobahn takes 1 at most without a key: write `:` in a value as `\:`"),
    (r"autobahn:tcp\:h\:1:url=ws://h", r"at 26: argument of 3 octets, but autobahn takes 1 at most without a key: write `:` in a value as `\:`"),
    (r"autobahn:tcp\:h:url=ws\://h", "at 15: tcp needs `port`"),
    (r"autobahn:tcp\:h\:1\:tiemout\=1:url=ws\://h", "at 20: unknown key `tiemout` of tcp, did you mean `timeout`?"),
    (r"autobahn:tcp\:h\:1:url=http\://h", "at 23: scheme \"http\", expected ws: write ws:// for http://"),
    ("https://h", "at 0: scheme \"https\", expected wss: write wss:// for https://"),
    (r"autobahn:tcp\:h\:1:url=ws\:// h /a b", "at 34: ' ', which a URL cannot hold: write %20"),
    (r"autobahn:tcp\:h\:1:url=ws\://h/{id}", "at 31: '{', which a URL cannot hold: write %7B"),
    (r"autobahn:tcp\:h\:1:url=ws\://h/%zz", "at 31: '%' without two hexadecimal digits behind it: write %25"),
    ("autobahn:tcp\\:h\\:1:url=ws\\://h\u{f6}/", "at 30: host \"h\u{f6}\" is not ASCII: write its punycode form, with xn--"),
    (r"autobahn:tcp\:h\:1:url=ws\://u\:p|w@h/", "at 33: character in the user or password that has to be escaped, as %XX"),
    (r"autobahn:tcp\:h\:1:url=ws\://[fe80\:\:1%]/", "at 39: zone \"%\", expected %25 and a network interface, as in [fe80::1%25eth0]"),
    ("ws://[fe80::1%25eth0]:9/a b", "at 25: ' ', which a URL cannot hold: write %20"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:compres=false", "at 31: unknown key `compres` of autobahn, did you mean `compress`?"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:compress=no", "at 40: `compress` has 2 octets, expected true or false"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:compress=true:compression=false", "at 40: `compress` contradicts `compression`"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:autofrag=-1", "at 40: `autofrag` has 2 octets, expected octets"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:maxHead=0", "at 39: `maxHead` has 1 octet, expected octets, 1 to 1048576"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:maxHead=64K", "at 39: `maxHead` has 3 octets, expected octets, 1 to 1048576"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:subprotocol=a, b c", "at 46: subprotocol: octet 0x20 at 1, expected a token"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:header=X", r"at 38: `header` has 1 octet, expected NAME\: VALUE"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:header=Upgrade\: x", "at 38: field Upgrade is set by the handshake itself"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:header=Origin\: x", "at 38: origin: expected scheme://host[:port] or null"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:origin=x", "at 38: origin: expected scheme://host[:port] or null"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:origins=any", "at 31: unknown key `origins` of autobahn, did you mean `origin`?"),
    (r"autobahn:tcp\:h\:1:url=ws\://h:keepaliveTimeout=3", "at 49: autobahn needs `keepalive`"),
    ("ws://h:0/", "at 0: port \"0\", expected 1 to 65535"),
    ("wss://h/a b", "at 9: ' ', which a URL cannot hold: write %20"),
];

#[rustfmt::skip]
const SERVERS: &[(&str, &str)] = &[
    ("tcp", "at 3: tcp needs `port`"),
    ("tcp:65536", "at 4: `port` has 5 octets, expected 0 to 65535"),
    ("tcp:9000:backlog=x", "at 17: `backlog` has 1 octet, expected 0 to 4294967295"),
    ("tcp6:9000:interface=127.0.0.1", "at 20: `interface` has 9 octets, expected an IPv6 address"),
    ("ssl:443:sslmethod=SSLv23_METHOD", "at 8: `sslmethod` of ssl: the version of TLS is agreed with each client"),
    ("ssl:443:k:c:SSLv23_METHOD", "at 12: `sslmethod` of ssl: the version of TLS is agreed with each client"),
    ("ssl:443:dhParameters=f", "at 8: `dhParameters` of ssl: keys are exchanged on elliptic curves"),
    ("unix:/p:mode=888", "at 13: `mode` has 3 octets, expected permissions in octal, up to 7777"),
    ("unix:/p:mode=10000", "at 13: `mode` has 5 octets, expected permissions in octal, up to 7777"),
    ("systemd:INET", "at 12: systemd needs `name`"),
    ("systemd:IN:0", "at 8: `domain` has 2 octets, expected INET, INET6 or UNIX"),
    ("systemd:INET:0:n", "at 13: `index` contradicts `name`"),
    ("haproxy", "at 7: haproxy needs `endpoint`"),
    (r"haproxy:tcp\:9000", "at 8: unknown type of endpoint, expected for instance tcp:..., autobahn:... or ws://..."),
    ("haproxy:tcp:x", "at 12: `port` has 1 octet, expected 0 to 65535"),
    ("wss://h/", r"at 0: wss:// names no certificate, expected autobahn:ssl\:PORT\:certKey\=FILE...:url=..."),
    ("ws://u:p@h/", "at 0: `url` of autobahn: a server asks for no user and password"),
    ("ws://h/x?y", "at 8: `url` of autobahn: a server takes every query: leave out the `?` and what follows"),
    ("ws://h?", "at 6: `url` of autobahn: a server takes every query: leave out the `?` and what follows"),
    (r"autobahn:tcp\:1:url=ws\://h/?token", "at 28: `url` of autobahn: a server takes every query: leave out the `?` and what follows"),
    (r"autobahn:tcp\:1:url=ws\://u@h", "at 20: `url` of autobahn: a server asks for no user and password"),
    (r"autobahn:tcp\:1:url=ws\://h:maxHead=1048577", "at 36: `maxHead` has 7 octets, expected octets, 1 to 1048576"),
    (r"autobahn:tcp\:1:url=ws\://h:origins=null, x", "at 42: origin: expected scheme://host[:port] or null"),
    (r"autobahn:tcp\:1:url=ws\://h:hosts=h, h\:1", "at 37: host: expected a name or an IP address, without a port"),
    (r"autobahn:tcp\:1:url=ws\://h:healthPath=", "at 39: `healthPath` is empty, expected a path without a query"),
    (r"autobahn:tcp\:1:url=ws\://h:healthPath=/a?b", "at 39: `healthPath` has 4 octets, expected a path without a query"),
    (r"autobahn:tcp\:1:url=ws\://h:healthPath=/a b", "at 39: `healthPath` has 4 octets, expected a path without a query"),
];

#[test]
fn errors_say_where_and_what() {
    for &(text, expected) in CLIENTS {
        let error = ClientDescriptor::parse(text).map_err(|error| error.to_string());
        assert_eq!(error, Err(String::from(expected)), "{text:?}");
    }
    for &(text, expected) in SERVERS {
        let error = ServerDescriptor::parse(text).map_err(|error| error.to_string());
        assert_eq!(error, Err(String::from(expected)), "{text:?}");
    }
}

#[test]
fn limits() {
    let long = |len: usize| format!("unix:{}", "x".repeat(len - 5));
    assert!(ClientDescriptor::parse(&long(MAX_LEN)).is_ok());
    let error = ServerDescriptor::parse(&long(MAX_LEN + 1)).unwrap_err();
    assert_eq!(error.kind(), &EndpointErrorKind::TooLong);

    let mut text = String::from("tcp:h:1");
    for _ in 0..MAX_NESTING {
        text = format!(r"autobahn:{}:url=ws\://h", quote_argument(&text));
        assert!(ClientDescriptor::parse(&text).is_ok(), "{text:?}");
    }
    text = format!(r"autobahn:{}:url=ws\://h", quote_argument(&text));
    let error = ClientDescriptor::parse(&text).unwrap_err();
    assert_eq!(error.kind(), &EndpointErrorKind::TooDeep);
    let tcp = |count| format!("{}tcp:1", "haproxy:".repeat(count));
    assert!(ServerDescriptor::parse(&tcp(MAX_NESTING)).is_ok());
    let error = ServerDescriptor::parse(&tcp(MAX_NESTING + 1)).unwrap_err();
    assert_eq!(error.position(), "haproxy:".len() * (MAX_NESTING + 1));
}
