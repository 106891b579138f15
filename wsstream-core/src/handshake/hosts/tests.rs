use super::*;

/// The addresses have blanks between them.
fn at(addresses: &str, tls: bool) -> Listening {
    let addresses = addresses.split(' ').map(|address| address.parse().unwrap());
    let addresses = addresses.collect();
    Listening { addresses, tls }
}

fn answers(hosts: &Hosts, at: &Listening, host: Option<&str>, origin: Option<&str>) -> bool {
    let fields = origin.map(|origin| ("origin", origin.as_bytes()));
    let known_as = ["known.example".to_owned(), "192.0.2.9".to_owned()];
    let checked = hosts.check(fields.into_iter(), host, at, &known_as);
    match &checked {
        Ok(()) => {}
        Err(HandshakeError::HostRefused(refused)) => {
            let (name, _) = host.and_then(split_authority).unwrap();
            assert_eq!(refused, name);
        }
        Err(other) => panic!("{other}"),
    }
    checked.is_ok()
}

#[test]
fn which_names_a_local_server_answers_to() {
    for (host, answered) in [
        ("localhost:9000", true),
        ("LocalHost:9000", true),
        ("localhost.:9000", true),
        ("app.localhost:9000", true),
        ("127.0.0.1:9000", true),
        ("[::1]:9000", true),
        ("[2001:db8::1]:9000", true),
        ("192.0.2.1:9000", true),
        ("known.example:9000", true),
        ("Known.Example.:9000", true),
        ("evil.example:9000", false),
        ("localhost.evil.example:9000", false),
        ("evillocalhost:9000", false),
        ("127.0.0.1.evil.example:9000", false),
        ("www.known.example:9000", false),
        // A browser would have made 127.0.0.1 of it.
        ("127.1:9000", false),
        // Another port: who asked was a proxy.
        ("evil.example:80", true),
        ("evil.example", true),
        ("evil.example:", true),
    ] {
        for local in [
            "127.0.0.1:9000",
            "127.8.8.8:9000",
            "[::1]:9000",
            "[::ffff:127.0.0.1]:9000",
            "127.0.0.1:9000 [::1]:9000",
        ] {
            for tls in [false, true] {
                let at = at(local, tls);
                let page = Some("http://page.example");
                let hosts = Hosts::default();
                assert_eq!(
                    answers(&hosts, &at, Some(host), page),
                    answered,
                    "{host} at {local}"
                );
                assert!(answers(&hosts, &at, Some(host), None), "no page: {host}");
                assert!(answers(&Hosts::any(), &at, Some(host), page), "any: {host}");
            }
        }
        for public in [
            "0.0.0.0:9000",
            "[::]:9000",
            "192.0.2.1:9000",
            "127.0.0.1:9000 192.0.2.1:9000",
            "[2001:db8::1]:9000 [::1]:9000",
        ] {
            let at = at(public, false);
            assert!(
                answers(&Hosts::default(), &at, Some(host), Some("null")),
                "{host} at {public}"
            );
        }
    }
}

/// No port is the scheme's: that of the server, which knows whether it does TLS.
#[test]
fn no_port_is_the_default_port() {
    for (local, tls, host, answered) in [
        ("127.0.0.1:80", false, "evil.example", false),
        ("127.0.0.1:80", false, "evil.example:80", false),
        ("127.0.0.1:443", true, "evil.example", false),
        ("127.0.0.1:443", true, "evil.example:443", false),
        ("127.0.0.1:9000 [::1]:80", false, "evil.example", false),
        ("127.0.0.1:9000 [::1]:80", false, "evil.example:9000", false),
        ("127.0.0.1:9000 [::1]:80", false, "evil.example:9001", true),
        ("127.0.0.1:80", true, "evil.example", true),
        ("127.0.0.1:443", false, "evil.example", true),
    ] {
        let got = answers(&Hosts::default(), &at(local, tls), Some(host), Some("null"));
        assert_eq!(got, answered, "{host} at {local}, TLS {tls}");
    }
}

#[test]
fn a_list_is_all_there_is() {
    let hosts =
        Hosts::list(["relay.example", "192.0.2.1", "2001:db8::1", "[2001:db8::2]"]).unwrap();
    for (host, answered) in [
        ("relay.example:9000", true),
        ("RELAY.example.:9000", true),
        ("192.0.2.1:9000", true),
        ("[2001:db8::1]:9000", true),
        ("[2001:DB8:0::2]:9000", true),
        ("localhost:9000", false),
        ("127.0.0.1:9000", false),
        ("known.example:9000", false),
        ("www.relay.example:9000", false),
        ("www.relay.example:9001", true),
    ] {
        for local in ["127.0.0.1:9000", "0.0.0.0:9000"] {
            let at = at(local, false);
            let page = Some("https://page.example");
            assert_eq!(
                answers(&hosts, &at, Some(host), page),
                answered,
                "{host} at {local}"
            );
            assert!(answers(&hosts, &at, Some(host), None), "no page: {host}");
        }
    }
    let nobody = Hosts::list([""; 0]).unwrap();
    let local = at("127.0.0.1:9000", false);
    assert!(!answers(
        &nobody,
        &local,
        Some("localhost:9000"),
        Some("null")
    ));
}

#[test]
fn an_entry_that_could_never_match_is_an_error() {
    for entry in [
        "", "a:80", "a:", "http://a", "*.a", "a b", "[::1]:80", "[::1", "a/", "u@a",
    ] {
        assert_eq!(Hosts::list([entry]), Err(InvalidField::Host), "{entry:?}");
    }
}
