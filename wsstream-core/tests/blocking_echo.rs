//! The examples `blocking_echo` and `poll_echo`, as processes: the machines driven by hand, and the pump
//! over a runtime of fifty lines, against octets made by hand.
#![cfg(feature = "std")]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::env::current_exe;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use wsstream_core::handshake::{ClientConfig, Negotiated};
use wsstream_core::{Close, ConnectionConfig, Encoding, Seed, Url};

/// The example, which is ended when the test is, and its address.
struct Example(Child, String);

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(name: &str) -> Example {
    let this = current_exe().unwrap();
    // target/PROFILE/deps/this, target/PROFILE/examples/NAME
    let folder = this.parent().unwrap().parent().unwrap().join("examples");
    let mut child = Command::new(folder.join(name))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.as_mut().unwrap());
    stdout.read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on ").unwrap().trim_end();
    let address = address.to_owned();
    Example(child, address)
}

/// Behind the opening handshake.
fn open(example: &Example, subprotocol: &str) -> (TcpStream, Negotiated) {
    let mut tcp = TcpStream::connect(&example.1).unwrap();
    let url = Url::parse("ws://localhost/").unwrap();
    let plain = ConnectionConfig::new().compression(false);
    let client = ClientConfig::stream().subprotocols([subprotocol]).unwrap();
    let client = client.config(plain);
    let mut connecting = client.connect(&url, &Seed::new([1; 32]));
    tcp.write_all(connecting.request()).unwrap();
    let mut octet = [0];
    loop {
        tcp.read_exact(&mut octet).unwrap();
        if let Some(connected) = connecting.receive(&mut &octet[..]).unwrap() {
            return (tcp, connected.negotiated);
        }
    }
}

#[test]
fn what_is_sent_comes_back_and_a_close_is_answered() {
    for (name, subprotocol, encoding) in [
        ("blocking_echo", "binary", Encoding::Binary),
        ("blocking_echo", "base64", Encoding::Base64),
        ("poll_echo", "binary", Encoding::Binary),
        ("poll_echo", "base64", Encoding::Base64),
    ] {
        let example = start(name);
        let (mut tcp, negotiated) = open(&example, subprotocol);
        let (mut connection, mut stream) = negotiated.open();
        assert_eq!(stream.encoding(), encoding);
        let sent: Vec<u8> = (0..=250).cycle().take(30_000).collect();
        assert_eq!(stream.write(&mut connection, &sent), Ok(sent.len()));
        connection.close(&Close::default());
        tcp.write_all(connection.outbox().octets()).unwrap();
        let mut wire = Vec::new();
        tcp.read_to_end(&mut wire).unwrap();
        let (mut echo, mut input) = (vec![0; 40_000], &mut wire[..]);
        let count = stream.read(&mut connection, &mut input, &mut echo);
        assert!(echo[..count] == sent, "{count} octets");
        assert_eq!(stream.read(&mut connection, &mut input, &mut echo), 0);
        assert_eq!(connection.ending(), Some(Ok(())));
    }
}

#[test]
fn a_fault_is_answered_with_its_code() {
    let example = start("blocking_echo");
    let (mut tcp, _) = open(&example, "binary");
    // Not masked.
    tcp.write_all(b"\x82\x01x").unwrap();
    let mut wire = Vec::new();
    tcp.read_to_end(&mut wire).unwrap();
    assert_eq!((wire[0], &wire[2..4]), (0x88, &1002_u16.to_be_bytes()[..]));
}

#[test]
fn a_bad_request_is_answered() {
    let example = start("blocking_echo");
    let mut tcp = TcpStream::connect(&example.1).unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
}
