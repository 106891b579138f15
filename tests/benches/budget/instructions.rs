//! Instructions that the core alone takes for a message, by callgrind: the difference of two runs of this
//! program, of which one sends more messages.

use std::hint::black_box;
use std::io;
use std::process::Command;

use wsstream_core::{ByteStream, Connection, ConnectionConfig, Encoding, Opcode, Seed};
use wsstream_tests::masked;

/// What is counted, and the goal.
pub(crate) const ROWS: &[(&str, u32)] = &[(RECEIVE, 350), (CLIENT_SEND, 500), (SERVER_SEND, 300)];

/// Has this program do nothing but what is counted.
pub(crate) const FLAG: &str = "--core";

const RECEIVE: &str = "server receive, 16 B";
const CLIENT_SEND: &str = "client send, 16 B";
const SERVER_SEND: &str = "server send, 16 B";

/// Counts the instructions of one message.
///
/// # Errors
///
/// `NotFound` without valgrind.
pub(crate) fn count(name: &str) -> io::Result<u64> {
    // Multiples of the masking keys of a refill.
    let (few, many) = (640, 6400);
    Ok((collected(name, many)? - collected(name, few)?) / (many - few))
}

fn collected(name: &str, times: u64) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([FLAG, name, &times.to_string()])
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once("Collected : "));
    match collected {
        Some((_, count)) if output.status.success() => {
            count.trim().parse().map_err(io::Error::other)
        }
        _ => Err(io::Error::other(log)),
    }
}

/// Sends or receives so many messages.
pub(crate) fn run(name: &str, times: usize) {
    let (data, mut out) = ([7; 16], [0; 16]);
    let mut bytes = ByteStream::new(Encoding::Binary);
    let mut client =
        Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([1; 32])));
    let mut server = Connection::without_extensions(ConnectionConfig::new(), None);
    let frame = masked(Opcode::Binary, &data);
    let mut wire = frame.clone();
    for _ in 0..times {
        let data = black_box(&data);
        match name {
            RECEIVE => {
                wire.copy_from_slice(&frame);
                let count = bytes.read(&mut server, &mut &mut wire[..], &mut out);
                assert_eq!(count, out.len());
            }
            CLIENT_SEND => {
                assert_eq!(bytes.write(&mut client, data), Ok(data.len()));
                client.outbox().consume(usize::MAX);
            }
            _ => {
                let (header, len) = bytes.direct(&server, data).unwrap();
                let written = header.len() + len;
                assert!(server.sent_direct(&header, data, written));
            }
        }
    }
    black_box(&out);
}
