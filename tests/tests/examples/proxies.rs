//! The tunnel through proxies: which it takes, and what it says of them.

use std::net::TcpListener;
use std::process::Output;

use wsstream_tests::proxy::Asked::{Http, HttpOpen, Socks4, Socks5, Socks5Open};
use wsstream_tests::proxy::proxy;

use crate::process::{failed, free, run_in, start_relay, succeeded, target, text};
use crate::{Adapter, of_either};

of_either! { by_option by_environment none warned refused wrong }

fn tunnel(of: Adapter, args: &[&str], environment: &[(&str, &str)]) -> Output {
    run_in(of, "tunnel", args, b"hello", environment)
}

fn by_option(of: Adapter) {
    let (_relay, url) = start_relay(of, target());
    let authority = url.trim_start_matches("ws://").trim_end_matches('/');
    for asked in [Http, HttpOpen, Socks5, Socks5Open, Socks4] {
        let (at, targets) = proxy(asked);
        // Who asks for it by option has it, on this machine and everywhere.
        let output = tunnel(
            of,
            &["--proxy", &asked.url(at), "-", &url],
            &[("no_proxy", "*"), ("http_proxy", "http://127.0.0.1:1")],
        );
        succeeded(&output);
        assert_eq!(output.stdout, b"hello");
        assert_eq!(targets.recv().unwrap(), authority);
    }
}

/// A name that no name service knows, and the proxy does.
fn by_environment(of: Adapter) {
    for (variable, url, target) in [
        ("http_proxy", "ws://nowhere.invalid/", "nowhere.invalid:80"),
        (
            "all_proxy",
            "ws://nowhere.invalid:81/",
            "nowhere.invalid:81",
        ),
        ("ALL_PROXY", "ws://192.0.2.1/", "192.0.2.1:80"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let serving = std::thread::spawn(move || {
            use std::io::{Read as _, Write as _};
            let (mut tcp, _) = listener.accept().unwrap();
            let mut head = [0; 1024];
            let count = tcp.read(&mut head).unwrap();
            tcp.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 8\r\n\r\nnot here")
                .unwrap();
            String::from_utf8_lossy(&head[..count]).into_owned()
        });
        let output = tunnel(of, &["-", url], &[(variable, &at.to_string())]);
        failed(
            &output,
            &format!("proxy {at}: it refused the tunnel: HTTP 403 No"),
        );
        failed(&output, "not here");
        let request = serving.join().unwrap();
        assert!(
            request.starts_with(&format!("CONNECT {target} ")),
            "{request}"
        );
    }
}

/// This machine needs none, and there is one only for who wants one.
fn none(of: Adapter) {
    let (_relay, url) = start_relay(of, target());
    let nobody = format!("http://{}", free());
    let environment = [("http_proxy", &*nobody)];
    for args in [
        &["-", &*url][..],
        &["--proxy", "", "-", &url],
        &["--no-proxy", "-", &url],
    ] {
        let output = tunnel(of, args, &environment);
        succeeded(&output);
        assert_eq!(output.stdout, b"hello");
    }
    // That of the environment is not asked: the proxy would be the one that is not there.
    for args in [
        &["--proxy", "", "-", "ws://nowhere.invalid"][..],
        &["--no-proxy", "-", "ws://nowhere.invalid"],
    ] {
        let output = tunnel(of, args, &environment);
        failed(&output, "nowhere.invalid");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("proxy"));
    }
    let output = tunnel(of, &["-", "ws://nowhere.invalid"], &environment);
    failed(&output, &format!("proxy {}: ", &nobody[7..]));
}

/// What is ignored is told, in one line.
fn warned(of: Adapter) {
    let nobody = format!("http://me:secret@{}", free());
    for (environment, says) in [
        (&[("HTTP_PROXY", &*nobody)][..], "HTTP_PROXY is ignored"),
        (
            &[("http_proxy", &*nobody), ("no_proxy", "*, 10.0.*")],
            "entries of no_proxy that match no host: \"10.0.*\"",
        ),
    ] {
        let output = tunnel(of, &["-", "ws://nowhere.invalid"], environment);
        let errors = text(&output.stderr);
        assert_eq!(errors.lines().count(), 2, "{errors}");
        let (warning, error) = errors.split_once('\n').unwrap();
        assert!(warning.contains(&format!("WARN {says}")), "{errors}");
        assert!(
            error.starts_with("tunnel: ws://nowhere.invalid/: "),
            "{errors}"
        );
        assert!(!errors.contains("secret"), "{errors}");
    }
    // This machine needs none, and nothing is said.
    let (_relay, url) = start_relay(of, target());
    let output = tunnel(of, &["-", &url], &[("HTTP_PROXY", &nobody)]);
    succeeded(&output);
}

fn refused(of: Adapter) {
    for (asked, user, why) in [
        (Http, "http://", "it asks for a user and a password (Basic)"),
        (Http, "http://me:wrong@", "it refused the user and password"),
        (Socks5, "socks5://", "it asks for a user and a password"),
    ] {
        let (at, _) = proxy(asked);
        let through = format!("{user}{at}");
        let output = tunnel(of, &["--proxy", &through, "-", "ws://nowhere.invalid"], &[]);
        failed(&output, &format!("proxy {at}: {why}"));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("wrong"));
    }
}

fn wrong(of: Adapter) {
    let url = "ws://nowhere.invalid";
    let output = tunnel(of, &["--proxy", "quic://me:secret@h", "-", url], &[]);
    failed(&output, r#"proxy: scheme "quic""#);
    let output = tunnel(of, &["-", url], &[("ALL_PROXY", "quic://me:secret@h")]);
    failed(&output, r#"ALL_PROXY in the environment: scheme "quic""#);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
}
