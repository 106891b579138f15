//! Listening at names, each test in a network of its own, where names mean what the test says. Linux alone has such
//! networks. The tests need `unshare` of util-linux and `ip` of iproute2, and no rights.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::env;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use wsstream_core::handshake::ServerConfig;
use wsstream_tests::net::{Directory, Listener, Net, address};

/// Makes a test of each story for each runtime, in a network of its own.
macro_rules! in_networks_of_their_own {
    ($($story:ident)*) => {
        in_networks_of_their_own! { @ on_tokio Tokio $($story)* }
        in_networks_of_their_own! { @ on_async_std AsyncStd $($story)* }
        in_networks_of_their_own! { @ on_smol Smol $($story)* }
    };
    (@ $module:ident $runtime:ident $($story:ident)*) => {
        mod $module {
            use wsstream_tests::$runtime;
            $(#[test]
            fn $story() {
                let name = concat!(stringify!($module), "::", stringify!($story));
                super::elsewhere::<$runtime>(name, super::$story::<$runtime>());
            })*
        }
    };
}

in_networks_of_their_own! {
    a_name_is_bound_at_all_its_addresses
}

/// What names mean there.
const HOSTS: &str = "127.0.0.1 both.test\n::1 both.test\n";

/// Whether this process is there.
const THERE: &str = "WSSTREAM_TESTS_NETWORK";

/// Runs the test of this name in a process that has a network of its own.
fn elsewhere<N: Net>(test: &str, story: impl Future<Output = ()>) {
    if env::var_os(THERE).is_some() {
        return N::run(story);
    }
    let directory = Directory::new();
    let hosts = directory.path("hosts");
    std::fs::write(&hosts, HOSTS).unwrap();
    let set_up = r#"mount --bind "$1" /etc/hosts && ip link set lo up && shift && exec "$@""#;
    let output = Command::new("unshare")
        .args([
            "--map-root-user",
            "--mount",
            "--net",
            "sh",
            "-c",
            set_up,
            "sh",
        ])
        .args([hosts, env::current_exe().unwrap()])
        .args(["--exact", test])
        .env(THERE, "yes")
        .output()
        .unwrap_or_else(|error| panic!("unshare, which this test needs: {error}"));
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}"
    );
}

async fn a_name_is_bound_at_all_its_addresses<N: Net>() {
    let listener = Listener::<N>::bind("both.test:0", ServerConfig::stream())
        .await
        .unwrap();
    let port = address::<N>(&listener).port();
    for ip in ["127.0.0.1", "::1"] {
        let to = SocketAddr::new(ip.parse().unwrap(), port);
        TcpStream::connect(to).unwrap();
    }
}
