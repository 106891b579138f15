//! The examples that take descriptors, as processes: one adapter's with the other's.

#[cfg(target_os = "linux")]
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};

use wsstream_tests::net::{Directory, free_port, over};

/// An example, which is ended when the test is.
struct Example(Child);

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Example {
    fn start(name: &str, descriptor: &str) -> Self {
        Self(example(name, descriptor).spawn().unwrap())
    }

    fn lines(&mut self) -> impl Iterator<Item = String> + use<> {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        lines.map(Result::unwrap)
    }
}

fn example(name: &str, descriptor: &str) -> Command {
    let this = std::env::current_exe().unwrap();
    // target/PROFILE/deps/this, target/PROFILE/examples/NAME
    let folder = this.parent().unwrap().parent().unwrap().join("examples");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "the adapters' examples are not built: cargo test --workspace does it"
    );
    let mut command = Command::new(path);
    command.arg(descriptor);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

const SERVERS: [&str; 2] = ["hello_server_endpoint", "async_std_hello_server_endpoint"];
const CLIENTS: [&str; 2] = ["hello_client_endpoint", "async_std_hello_client_endpoint"];

#[test]
fn hello() {
    let directory = Directory::new();
    for server in SERVERS {
        let unix = format!("unix:{}", directory.quoted(server));
        let (port, websocket) = (free_port(), free_port());
        for (there, here) in [
            (format!("tcp:{port}"), format!("tcp:localhost:{port}")),
            (unix.clone(), unix),
            (
                over(&format!("tcp:{websocket}"), "ws://localhost", ""),
                over(&format!("tcp:localhost:{websocket}"), "ws:// localhost", ""),
            ),
        ] {
            let mut serving = Example::start(server, &there);
            let mut lines = serving.lines();
            let listening = lines.next().unwrap();
            assert!(listening.starts_with("listening on "), "{listening}");
            for client in CLIENTS {
                let output = example(client, &here).output().unwrap();
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{client} {here}: {errors}");
                assert_eq!(output.stdout, b"how are you?\n");
                assert_eq!(lines.next().unwrap(), "hello");
            }
        }
    }
}

#[test]
fn frames_are_shown_where_debug_is_said() {
    for server in SERVERS {
        let port = free_port();
        let there = over(&format!("tcp:{port}"), "ws://localhost", ":debug=true");
        let to = format!("tcp:localhost:{port}");
        let here = over(&to, "ws://localhost", ":debug=true");
        let mut serving = Example::start(server, &there);
        let errors = BufReader::new(serving.0.stderr.take().unwrap()).lines();
        let mut lines = serving.lines();
        lines.next().unwrap();
        for client in CLIENTS {
            let output = example(client, &here).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(errors.contains("frame sent"), "{client}: {errors}");
        }
        let mut errors = errors.map(Result::unwrap);
        assert!(errors.any(|line| line.contains("frame received")));
    }
}

/// Who cannot print fails, and does not panic.
#[cfg(target_os = "linux")]
#[test]
fn output_to_nowhere() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let port = free_port();
    let mut serving = Example::start(SERVERS[0], &format!("tcp:{port}"));
    let mut lines = serving.lines();
    lines.next().unwrap();
    let mut outputs = Vec::new();
    for name in SERVERS {
        outputs.push(example(name, "tcp:0").stdout(full()).output().unwrap());
    }
    for name in CLIENTS {
        let client = &mut example(name, &format!("tcp:localhost:{port}"));
        outputs.push(client.stdout(full()).output().unwrap());
    }
    for output in outputs {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains("No space left"), "{errors}");
    }
}

#[test]
fn what_is_no_descriptor() {
    for name in SERVERS.into_iter().chain(CLIENTS) {
        let output = example(name, "tpc:localhost:1").output().unwrap();
        assert!(!output.status.success());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("did you mean `tcp`?"), "{errors}");
    }
}

#[test]
fn what_is_not_for_them() {
    for name in SERVERS.into_iter().chain(CLIENTS) {
        let output = example(name, "stdio:").output().unwrap();
        assert!(!output.status.success());
        let errors = String::from_utf8_lossy(&output.stderr);
        let says = "endpoints `stdio` belong to the forwarder command";
        assert!(errors.contains(says), "{errors}");
    }
}

/// Of many who come at once one has the socket, whatever was left behind there.
#[test]
fn one_socket_for_many() {
    for left in [false, true] {
        let directory = Directory::new();
        if left {
            drop(UnixListener::bind(directory.path("s")).unwrap());
            // No process has such a number.
            symlink("4194305", directory.path("s.lock")).unwrap();
        }
        let descriptor = format!("unix:{}", directory.quoted("s"));
        let mut coming: Vec<_> = (0..8)
            .map(|number| Example::start(SERVERS[number % 2], &descriptor))
            .collect();
        // Who does not get it ends, without a word on this side.
        let firsts = coming.iter_mut().map(|example| example.lines().next());
        let listening: Vec<_> = firsts.collect();
        assert_eq!(listening.iter().flatten().count(), 1, "{listening:?}");
        let output = example(CLIENTS[0], &descriptor).output().unwrap();
        assert!(output.status.success());
    }
}
