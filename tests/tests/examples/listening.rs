//! Where programs listen, and how many wait there.

use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};

use crate::process::{Example, target};
use crate::{Adapter, of_either};

of_either! { at_all_addresses_of_a_name }

/// Starts a program that listens there, with more arguments. The line is what it prints about that.
fn start(of: Adapter, name: &str, at: &str, more: &[&str]) -> (Example, String) {
    let to = target().to_string();
    let url = format!("ws://{at}");
    match name {
        "relay" => {
            let mut relay = Example::start(of, name, &[more, &[&url, &to]].concat());
            relay.line();
            let line = relay.line();
            (relay, line)
        }
        _ => {
            let to = format!("ws://{to}");
            let mut tunnel = Example::start(of, name, &[more, &[at, &to]].concat());
            let line = tunnel.error_line();
            (tunnel, line.replace("tunnel: ", ""))
        }
    }
}

/// A port that is free at each address of this machine's, for a moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// All are printed, and served: what the resolver says, each once.
fn at_all_addresses_of_a_name(of: Adapter) {
    for name in ["relay", "tunnel"] {
        let at = format!("localhost:{}", free_port());
        let (_program, line) = start(of, name, &at, &[]);
        let mut addresses: Vec<SocketAddr> = at.to_socket_addrs().unwrap().collect();
        addresses.dedup();
        let printed: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
        assert_eq!(line, format!("listening on {}\n", printed.join(" and ")));
        for address in addresses {
            TcpStream::connect(address).unwrap();
        }
    }
}

#[cfg(target_os = "linux")]
mod queues {
    use std::time::Duration;

    use rustix::process::{Pid, Signal, WaitOptions, waitpid};

    use super::*;

    of_either! { as_long_as_it_was_asked_for }

    /// A program that does not accept, as it is stopped, and how many are connected all the same.
    fn as_long_as_it_was_asked_for(of: Adapter) {
        for name in ["relay", "tunnel"] {
            for (more, fit) in [(&["--backlog", "10"][..], 11), (&[], 300)] {
                let at = format!("127.0.0.1:{}", free_port());
                let (program, line) = start(of, name, &at, more);
                let address: SocketAddr = line
                    .trim_end()
                    .replace("listening on ", "")
                    .parse()
                    .unwrap();
                program.signal(Signal::STOP);
                let process = Some(Pid::from_child(&program.0));
                waitpid(process, WaitOptions::UNTRACED).unwrap();
                let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(500));
                let clients: Vec<_> = (0..300).map_while(|turn| connect(turn).ok()).collect();
                assert_eq!(clients.len(), fit, "{name} {more:?}");
            }
        }
    }
}
