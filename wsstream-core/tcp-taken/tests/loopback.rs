//! What Linux tells of sockets between two ends of this machine.
#![cfg(any(target_os = "android", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use wsstream_tcp_taken::{keep_little_unsent, taken};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (near, listener.accept().unwrap().0)
}

/// Writes until the system takes no more.
fn fill(mut near: &TcpStream) -> u64 {
    near.set_nonblocking(true).unwrap();
    let (octets, mut written) = ([7; 64 << 10], 0);
    loop {
        let count = near.write(&octets);
        if let Err(error) = &count
            && error.kind() == ErrorKind::WouldBlock
        {
            return written;
        }
        written += count.unwrap() as u64;
    }
}

/// Acknowledgements come a little later.
fn comes(mut what: impl FnMut() -> bool) -> bool {
    let ends = Instant::now() + Duration::from_secs(10);
    while !what() {
        if Instant::now() > ends {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

#[test]
fn what_nobody_reads_is_not_taken_and_what_is_read_is() {
    let (near, mut far) = pair();
    let (before, _) = taken(&near).unwrap();
    let written = fill(&near);
    let (octets, all) = taken(&near).unwrap();
    assert!(octets - before < written && !all);

    let mut left = written;
    let mut last = octets;
    let mut buf = vec![0; 64 << 10];
    while left > 0 {
        left -= far.read(&mut buf).unwrap() as u64;
        let (octets, _) = taken(&near).unwrap();
        assert!(octets >= last);
        last = octets;
    }
    assert!(comes(|| taken(&near).unwrap().1));
    assert!(taken(&near).unwrap().0 - before >= written);
}

/// So it is for the end as for octets.
#[test]
fn an_end_is_taken_when_the_peer_has_it() {
    let (near, mut far) = pair();
    fill(&near);
    near.shutdown(Shutdown::Write).unwrap();
    assert!(!taken(&near).unwrap().1);
    far.read_to_end(&mut Vec::new()).unwrap();
    assert!(comes(|| taken(&near).unwrap().1));
}

#[test]
fn a_reset_is_no_acknowledgement() {
    let (near, far) = pair();
    let before = taken(&near).unwrap().0;
    let written = fill(&near);
    // What it has not read makes that a reset.
    drop(far);
    assert!(comes(|| near.take_error().unwrap().is_some()));
    let (octets, all) = taken(&near).unwrap();
    println!("{octets} of {written}, {all}");
    assert!(octets - before < written);
}

#[test]
fn of_what_is_not_tcp_nothing_is_known() {
    let (unix, _other) = UnixStream::pair().unwrap();
    assert_eq!(taken(&unix), None);
    assert_eq!(taken(UdpSocket::bind("127.0.0.1:0").unwrap()), None);
    // Nor can it be set, which is no failure.
    keep_little_unsent(&unix);
}

#[test]
fn little_waits_unsent() {
    let (near, _far) = pair();
    keep_little_unsent(&near);
    assert_eq!(
        socket2::SockRef::from(&near).tcp_notsent_lowat().unwrap(),
        128 << 10
    );
    let (much, _far) = pair();
    assert!(fill(&near) <= fill(&much));
}
