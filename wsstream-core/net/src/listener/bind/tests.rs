use std::io::ErrorKind;
use std::net::TcpListener;

use super::*;

/// Addresses of this machine, and of none: they are for documentation (RFC 5737, RFC 3849).
const LOOPBACK: [&str; 2] = ["127.0.0.1:0", "[::1]:0"];
const NOBODY: [&str; 2] = ["192.0.2.99:0", "[2001:db8::99]:0"];

fn addresses(texts: &[&str], port: u16) -> Vec<SocketAddr> {
    let parsed = texts.iter().map(|text| {
        let mut address: SocketAddr = text.parse().unwrap();
        address.set_port(port);
        address
    });
    parsed.collect()
}

/// Tests that need IPv6 do not pass without.
fn needs_ipv6() {
    let bound = TcpListener::bind("[::1]:0").map(drop);
    assert!(
        bound.is_ok(),
        "this test needs ::1 on the loopback interface: {bound:?}"
    );
}

fn listen_on(texts: &[&str], port: u16) -> io::Result<Vec<TcpListener>> {
    listen_on_all(&addresses(texts, port), 10)
}

fn local(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    let local = listeners.iter().map(|tcp| tcp.local_addr().unwrap());
    local.collect()
}

#[test]
fn each_address_once() {
    for (given, expected) in [
        (&[][..], &[][..]),
        (&["127.0.0.1:1", "127.0.0.1:1"], &["127.0.0.1:1"]),
        (
            &["[::1]:1", "127.0.0.1:1", "[::1]:1"],
            &["[::1]:1", "127.0.0.1:1"],
        ),
        (&["127.0.0.1:1", "[::ffff:127.0.0.1]:1"], &["127.0.0.1:1"]),
        (
            &["[fe80::1%1]:1", "[fe80::1%2]:1"],
            &["[fe80::1%1]:1", "[fe80::1%2]:1"],
        ),
    ] {
        let parse = |text: &&str| text.parse::<SocketAddr>().unwrap();
        let got = distinct(given.iter().map(parse));
        let expected: Vec<_> = expected.iter().map(parse).collect();
        assert_eq!(got, expected);
    }
}

#[test]
fn all_have_one_port() {
    needs_ipv6();
    let listeners = listen_on(&LOOPBACK, 0).unwrap();
    let local = local(&listeners);
    let port = local[0].port();
    assert_ne!(port, 0);
    assert_eq!(local, addresses(&LOOPBACK, port));
    // And it was listened to with each.
    for address in local {
        std::net::TcpStream::connect(address).unwrap();
    }
}

/// The first address that the machine has decides on the port.
#[test]
fn what_the_machine_does_not_have_is_passed_over() {
    let [ipv4, _] = LOOPBACK;
    let [no_ipv4, no_ipv6] = NOBODY;
    for texts in [
        [ipv4, no_ipv4, no_ipv6],
        [no_ipv4, ipv4, no_ipv6],
        [no_ipv6, no_ipv4, ipv4],
    ] {
        let listeners = listen_on(&texts, 0).unwrap();
        let local = local(&listeners);
        assert_eq!(local, addresses(&[ipv4], local[0].port()), "{texts:?}");
    }
}

#[test]
fn nothing_but_what_the_machine_does_not_have() {
    let error = listen_on(&NOBODY, 9).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    let expected = "192.0.2.99:9: address not available; [2001:db8::99]:9: address not available";
    assert_eq!(error.to_string(), expected);
}

/// In the words of a client that finds no address.
#[test]
fn a_name_that_nobody_knows() {
    let tcp = TcpServer {
        port: 9,
        interface: "nobody.invalid".into(),
        backlog: 10,
    };
    let said = listen_tcp(&tcp).map(drop).unwrap_err().to_string();
    assert!(
        said.starts_with("nobody.invalid:9: name look-up failed: "),
        "{said}"
    );
    assert!(!said.contains("failed to lookup"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_family_that_the_system_does_not_know_is_missing() {
    let number = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    assert!(is_missing(&io::Error::from_raw_os_error(number)));
    let number = rustix::io::Errno::ADDRINUSE.raw_os_error();
    assert!(!is_missing(&io::Error::from_raw_os_error(number)));
}

/// It is served at all addresses or at none, whichever is in use.
#[test]
fn one_in_use_fails_all() {
    needs_ipv6();
    for taken in LOOPBACK {
        let other = LOOPBACK.into_iter().find(|other| *other != taken).unwrap();
        let held = TcpListener::bind(taken).unwrap();
        let in_use = held.local_addr().unwrap();
        let error = listen_on(&LOOPBACK, in_use.port()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert_eq!(error.to_string(), format!("{in_use}: address in use"));
        listen_on(&[other], in_use.port()).unwrap();
    }
}

/// Those of both families have a socket each; alone, `[::]` is as the system has it.
#[test]
fn all_addresses_of_both_families() {
    needs_ipv6();
    for texts in [["0.0.0.0:0", "[::]:0"], ["[::]:0", "0.0.0.0:0"]] {
        let listeners = listen_on(&texts, 0).unwrap();
        let local = local(&listeners);
        assert_eq!(local, addresses(&texts, local[0].port()));
    }
    let alone = listen_on(&["[::]:0"], 0).unwrap();
    let std = TcpListener::bind("[::]:0").unwrap();
    let [ours, of_std] = [&alone[0], &std].map(|tcp| {
        let socket = socket2::SockRef::from(tcp);
        socket.only_v6().unwrap()
    });
    // The standard library leaves it as it is on Unix.
    assert!(!cfg!(unix) || ours == of_std);
}
