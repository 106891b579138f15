//! Listening at names, each test in a network of its own, where names mean what the test says.
//!
//! Only Linux has such networks. The tests need `unshare` of util-linux, `ip` of iproute2, and a system that lets users
//! have networks, so they run when they are asked for: `cargo test -p wsstream-tests --test names -- --ignored`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::env;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Mutex;

use wsstream_core::handshake::ServerConfig;
use wsstream_tests::net::{
    Directory, Listener, Net, ServerEndpoint, address, let_in_any, over, tcp,
};

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
            #[ignore = "it needs unshare and ip, and the right to have a network"]
            fn $story() {
                let name = concat!(stringify!($module), "::", stringify!($story));
                super::elsewhere::<$runtime>(name, super::$story::<$runtime>());
            })*
        }
    };
}

in_networks_of_their_own! {
    all_addresses_are_served
    one_in_use_fails_all
    what_the_machine_does_not_have_is_passed_over
    nothing_but_what_the_machine_does_not_have
    the_port_is_free_at_all_addresses
    all_addresses_of_the_machine
}

/// What names mean there. The machine has none of the addresses for documentation.
const HOSTS: &str = "\
127.0.0.1 localhost
::1 localhost
127.0.0.1 localhost
192.0.2.99 part.test
127.0.0.1 part.test
2001:db8::99 part.test
192.0.2.99 nobody.test
2001:db8::99 nobody.test
0.0.0.0 any.test
:: any.test
";

/// Whether this process is there.
const THERE: &str = "WSSTREAM_TESTS_NETWORK";

/// Runs the test of this name in a process that has a network of its own.
fn elsewhere<N: Net>(test: &str, story: impl Future<Output = ()>) {
    if env::var_os(THERE).is_some() {
        return N::run(story);
    }
    let directory = Directory::new();
    let hosts = directory.path("hosts");
    fs::write(&hosts, HOSTS).unwrap();
    let set_up = r#"mount --bind "$1" /etc/hosts && ip link set lo up && shift && exec "$@""#;
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "--net"])
        .args(["sh", "-c", set_up, "sh"])
        .args([hosts, env::current_exe().unwrap()])
        .args(["--ignored", "--exact", test])
        .env(THERE, "yes")
        .output()
        .expect("this test needs unshare");
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let passed = output.status.success() && told.contains("1 passed");
    assert!(passed, "{told}");
}

/// All ways to say a name and a port, and whether there is WebSocket. A URL cannot have port 0.
fn ways<N: Net>(name: &str, port: u16) -> Vec<(ServerEndpoint<N>, bool)> {
    let at = format!("{name}:{port}");
    let tcp = format!("tcp:{port}:interface={name}");
    let websocket = ServerEndpoint::<N>::websocket(&at, ServerConfig::stream());
    let url = (port > 0).then(|| (format!("ws://{at}").parse().unwrap(), true));
    let mut ways = vec![
        (websocket.unwrap(), true),
        (over(&tcp, "ws://chat.example", "").parse().unwrap(), true),
        (ServerEndpoint::<N>::tcp(&at).unwrap(), false),
        (tcp.parse().unwrap(), false),
    ];
    ways.extend(url);
    ways
}

/// The addresses, which have one port.
fn local<N: Net>(listener: &Listener<N>) -> (Vec<IpAddr>, u16) {
    let port = address::<N>(listener).port();
    let local = listener.local_addrs().iter().map(|local| {
        assert_eq!(tcp(local).port(), port);
        tcp(local).ip()
    });
    (local.collect(), port)
}

/// Whether a connection to this address is let in, and whether anybody listens there.
async fn is_let_in<N: Net>(listener: &mut Listener<N>, to: SocketAddr, websocket: bool) -> bool {
    let Ok(tcp) = TcpStream::connect(to) else {
        return false;
    };
    let dialling = N::spawn(async move {
        match websocket {
            true => N::dial(&format!("ws://{to}/")).await.map(drop).unwrap(),
            false => drop(tcp),
        }
    });
    let let_in = let_in_any::<N>(listener).await;
    dialling.await;
    let_in.is_ok()
}

const BOTH: [IpAddr; 2] = [
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::LOCALHOST),
];

/// Whichever the resolver tells first.
fn sorted(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    addresses.sort_by_key(IpAddr::is_ipv4);
    addresses
}

async fn all_addresses_are_served<N: Net>() {
    // Each port a second time, though connections of before linger.
    for port in [0, 9000, 9000] {
        for (endpoint, websocket) in ways::<N>("localhost", port) {
            let mut listener = endpoint.listen().await.unwrap();
            let (ips, bound) = local::<N>(&listener);
            assert!(bound > 0 && [0, bound].contains(&port), "{bound}");
            assert_eq!(sorted(ips), BOTH);
            for ip in BOTH {
                let to = SocketAddr::new(ip, bound);
                assert!(is_let_in::<N>(&mut listener, to, websocket).await, "{to}");
            }
        }
    }
    let bound = Listener::<N>::bind("localhost:0", ServerConfig::stream()).await;
    assert_eq!(sorted(local::<N>(&bound.unwrap()).0), BOTH);
}

/// It is served at none of the others, then.
async fn one_in_use_fails_all<N: Net>() {
    for (taken, other) in [(BOTH[0], BOTH[1]), (BOTH[1], BOTH[0])] {
        let taken = TcpListener::bind((taken, 0)).unwrap();
        let in_use = taken.local_addr().unwrap();
        for (endpoint, _) in ways::<N>("localhost", in_use.port()) {
            let error = endpoint.listen().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
            let said = error.to_string();
            assert!(said.starts_with(&format!("{in_use}: ")), "{said}");
            let refused = TcpStream::connect((other, in_use.port())).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        }
    }
}

/// That is told in the log.
async fn what_the_machine_does_not_have_is_passed_over<N: Net>() {
    let directory = Directory::new();
    let path = directory.path("log");
    let log = File::options().create(true).append(true).open(&path);
    let log = log.unwrap();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(Mutex::new(log))
        .init();
    for (endpoint, websocket) in ways::<N>("part.test", 9000) {
        fs::write(&path, "").unwrap();
        let mut listener = endpoint.listen().await.unwrap();
        let (ips, port) = local::<N>(&listener);
        assert_eq!(ips, [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        let to = SocketAddr::new(ips[0], port);
        assert!(is_let_in::<N>(&mut listener, to, websocket).await);
        let log = fs::read_to_string(&path).unwrap();
        for address in ["192.0.2.99:", "[2001:db8::99]:"] {
            let told = log.lines().filter(|line| line.contains(address));
            let told: Vec<_> = told.collect();
            assert_eq!(told.len(), 1, "{told:?}");
            let line = told[0];
            assert!(
                line.contains(" WARN wsstream: not listening there"),
                "{line}"
            );
        }
    }
}

async fn nothing_but_what_the_machine_does_not_have<N: Net>() {
    for (endpoint, _) in ways::<N>("nobody.test", 9) {
        let error = endpoint.listen().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        let said = error.to_string();
        for address in ["192.0.2.99:9: ", "[2001:db8::99]:9: "] {
            assert!(said.contains(address), "{said}");
        }
    }
    for (endpoint, _) in ways::<N>("unknown.test", 9) {
        let said = endpoint.listen().await.unwrap_err().to_string();
        assert!(said.starts_with("unknown.test:9: "), "{said}");
    }
}

/// The system chooses one for the first address alone, and half of its ports are in use at the other one.
async fn the_port_is_free_at_all_addresses<N: Net>() {
    let range = "/proc/sys/net/ipv4/ip_local_port_range";
    fs::write(range, "30000 30003").unwrap();
    let hold = |port| {
        let held = BOTH.map(|ip| TcpListener::bind((ip, port)));
        held.into_iter().collect::<io::Result<Vec<_>>>().unwrap()
    };
    // One at each, of ports of either parity: Linux prefers even ones.
    let mut held = vec![
        TcpListener::bind((BOTH[0], 30000)).unwrap(),
        TcpListener::bind((BOTH[1], 30001)).unwrap(),
    ];
    for (endpoint, _) in ways::<N>("localhost", 0) {
        let listener = endpoint.listen().await.unwrap();
        let (ips, port) = local::<N>(&listener);
        assert_eq!(sorted(ips), BOTH);
        assert!([30002, 30003].contains(&port), "{port}");
    }
    held.extend([30002, 30003].into_iter().flat_map(hold));
    for (endpoint, _) in ways::<N>("localhost", 0) {
        let error = endpoint.listen().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}

/// By a name that means both families, and as the system has it.
async fn all_addresses_of_the_machine<N: Net>() {
    for (name, reached) in [
        ("any.test", [true, true]),
        ("0.0.0.0", [false, true]),
        // As `net.ipv6.bindv6only` says, which is new in this network.
        ("[::]", [true, true]),
    ] {
        let endpoint = ServerEndpoint::<N>::tcp(&format!("{name}:0")).unwrap();
        let mut listener = endpoint.listen().await.unwrap();
        let port = local::<N>(&listener).1;
        for (ip, reached) in BOTH.into_iter().zip(reached) {
            let to = SocketAddr::new(ip, port);
            let got = is_let_in::<N>(&mut listener, to, false).await;
            assert_eq!(got, reached, "{name} at {to}");
        }
    }
}
