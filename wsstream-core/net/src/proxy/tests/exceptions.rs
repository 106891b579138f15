//! `no_proxy`, as people write it.

use super::super::exceptions::Exceptions;

#[rustfmt::skip]
const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("", &[], &["h:80", "192.0.2.1:80"]),
    ("*", &["h:80", "192.0.2.1:80", "2001:db8::1:80"], &[]),
    ("*:80", &["h:80", "192.0.2.1:80"], &["h:81"]),
    // Names.
    ("example.org", &["example.org:1", "www.example.org:1", "a.b.example.org:1", "EXAMPLE.org:1", "example.org.:1"],
        &["badexample.org:1", "example.com:1", "org:1", "example.org.uk:1"]),
    (".example.org", &["example.org:1", "www.example.org:1"], &["badexample.org:1"]),
    ("*.example.org", &["example.org:1", "www.example.org:1"], &["badexample.org:1"]),
    ("Example.ORG.", &["example.org:1", "www.example.org.:1"], &[]),
    (".example.org.:443", &["www.example.org:443"], &["www.example.org:444"]),
    ("h", &["h:1", "a.h:1"], &["hh:1"]),
    ("a_b.xn--nxasmq6b", &["a_b.xn--nxasmq6b:1"], &[]),
    ("3com.example", &["3com.example:1"], &[]),
    // Separators, and what stands around entries.
    ("a,b", &["a:1", "b:1"], &["c:1"]),
    (" a ,\tb c\n,,d,", &["a:1", "b:1", "c:1", "d:1"], &["e:1"]),
    // Ports.
    ("a:443", &["a:443", "b.a:443"], &["a:80"]),
    ("192.0.2.1:443", &["192.0.2.1:443"], &["192.0.2.1:80", "192.0.2.2:443"]),
    ("[2001:db8::1]:443", &["2001:db8::1:443"], &["2001:db8::1:80"]),
    ("10.0.0.0/8:443", &["10.1.2.3:443"], &["10.1.2.3:80"]),
    // Addresses, in any writing.
    ("192.0.2.1", &["192.0.2.1:1", "::ffff:192.0.2.1:1"], &["192.0.2.10:1", "a.192.0.2.1.example:1"]),
    ("2001:DB8:0::1", &["2001:db8::1:1", "[2001:db8::1]:1"], &["2001:db8::2:1"]),
    ("[2001:db8::1]", &["2001:db8::1:1"], &["2001:db8::2:1"]),
    ("fe80::1", &["fe80::1%eth0:1", "fe80::1%25eth0:1"], &["fe80::2%eth0:1"]),
    // Networks.
    ("10.0.0.0/8", &["10.0.0.0:1", "10.255.255.255:1", "::ffff:10.0.0.1:1"], &["11.0.0.0:1", "9.255.255.255:1", "ten:1"]),
    ("10.1.2.3/8", &["10.9.9.9:1"], &["11.1.2.3:1"]),
    ("192.168.1.128/25", &["192.168.1.128:1", "192.168.1.255:1"], &["192.168.1.127:1", "192.168.2.128:1"]),
    ("192.0.2.1/32", &["192.0.2.1:1"], &["192.0.2.0:1"]),
    ("0.0.0.0/0", &["192.0.2.1:1"], &["2001:db8::1:1", "h:1"]),
    ("2001:db8::/32", &["2001:db8::1:1", "2001:db8:ffff::1:1"], &["2001:db9::1:1", "192.0.2.1:1"]),
    ("[2001:db8::]/33", &["2001:db8:7fff::1:1"], &["2001:db8:8000::1:1"]),
    ("::/0", &["2001:db8::1:1"], &["192.0.2.1:1"]),
    // RFC 4291 §2.5.5.2: IPv4 in the writing of IPv6.
    ("::ffff:10.0.0.0/104", &["10.1.2.3:1", "::ffff:10.1.2.3:1"], &["11.0.0.0:1", "2001:db8::1:1"]),
    ("::ffff:0:0/96", &["10.1.2.3:1"], &["2001:db8::1:1", "::1:1"]),
    ("2001:db8::1/128", &["2001:db8::1:1"], &["2001:db8::2:1"]),
];

#[test]
fn what_is_covered() {
    for (text, covered, others) in TABLE {
        let exceptions = Exceptions::parse(text);
        assert!(
            exceptions.wrong.is_empty(),
            "{text}: {:?}",
            exceptions.wrong
        );
        let covers = |target: &&str| {
            let (host, port) = target.rsplit_once(':').unwrap();
            exceptions.cover(host, port.parse().unwrap())
        };
        for target in *covered {
            assert!(covers(target), "{text:?} covers {target}");
        }
        for target in *others {
            assert!(!covers(target), "{text:?} does not cover {target}");
        }
    }
}

/// They match no host, and the others do.
#[test]
fn wrong_entries() {
    for text in [
        "http://h",
        "h/x",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0/8",
        "2001:db8::/129",
        "::ffff:10.0.0.0/8",
        "2001:db8::1:x",
        "[::1",
        "[h]",
        "[192.0.2.1]",
        "192.168.",
        "192.168.*",
        "10.*",
        "256.0.0.1",
        "ex*mple",
        "*example",
        "*.*.example",
        "a..b",
        "..a",
        ".",
        "*.",
        ":80",
        "h:",
        "h:http",
        "h:65536",
        "bücher.example",
        "exa;mple",
    ] {
        let exceptions = Exceptions::parse(&format!("a {text},b"));
        assert_eq!(exceptions.wrong, [format!("{text:?}")]);
        for host in ["a", "b"] {
            assert!(exceptions.cover(host, 1), "{text}");
        }
        for host in ["h", "10.0.0.1", "::1", "192.168.1.1", "example", "", "."] {
            assert!(!exceptions.cover(host, 80), "{text} {host}");
        }
    }
    let long = "x!".repeat(40);
    assert_eq!(Exceptions::parse(&long).wrong, ["one of 80 octets"]);
}
