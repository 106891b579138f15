//! Byte-stream echo with std's sockets and no async at all: `blocking_echo [HOST:PORT]`, by default at
//! `localhost:9000`. One thread a client.
//!
//! It shows all there is to driving the machines by hand: octets in, octets out, and the time.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use wsstream_core::handshake::{Acceptor, Negotiated, ServerConfig};
use wsstream_core::{Close, Connection, Timestamp};

fn main() -> io::Result<()> {
    let address = env::args()
        .nth(1)
        .unwrap_or_else(|| "localhost:9000".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    for tcp in listener.incoming() {
        let tcp = tcp?;
        thread::spawn(move || {
            if let Err(error) = serve(tcp) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

fn serve(mut tcp: TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let mut wire = vec![0; 16 << 10];
    let (negotiated, received) = accept(&mut tcp, &mut wire)?;
    let (mut connection, mut stream) = negotiated.open();
    let mut data = vec![0; 16 << 10];
    // What came behind the handshake is first.
    let mut input = &mut wire[received];
    loop {
        let count = stream.read(&mut connection, &mut input, &mut data);
        let mut rest = &data[..count];
        while !rest.is_empty() && connection.can_send() {
            rest = &rest[stream.write(&mut connection, rest)?..];
            send(&mut tcp, &mut connection)?;
        }
        if count > 0 {
            continue;
        }
        let ending = connection.ending();
        if ending.is_some() {
            // The answer to the peer's Close, if that is not on its way already.
            connection.close(&Close::default());
        }
        send(&mut tcp, &mut connection)?;
        if let Some(ending) = ending {
            // Ending TCP with octets unread would reset it, and take our Close away from the peer.
            tcp.shutdown(Shutdown::Write)?;
            tcp.set_read_timeout(Some(Duration::from_secs(1)))?;
            while tcp.read(&mut wire).is_ok_and(|count| count > 0) {}
            return Ok(ending?);
        }
        let count = tcp.read(&mut wire)?;
        if count == 0 {
            connection.recv_eof();
        }
        input = &mut wire[..count];
    }
}

fn send(tcp: &mut TcpStream, connection: &mut Connection) -> io::Result<()> {
    let outbox = connection.outbox();
    tcp.write_all(outbox.octets())?;
    outbox.consume(usize::MAX);
    Ok(())
}

/// The opening handshake: what was agreed, and where in `wire` the octets are that came behind it.
fn accept(tcp: &mut TcpStream, wire: &mut [u8]) -> io::Result<(Negotiated, Range<usize>)> {
    let server = ServerConfig::stream();
    let mut acceptor = Acceptor::new(&server);
    let start = Instant::now();
    // A blocking socket cannot be told that it is late: this is how it looks up now and then.
    tcp.set_read_timeout(Some(Duration::from_secs(1)))?;
    loop {
        let count = match tcp.read(wire) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        let mut input = &wire[..count];
        let accepted = acceptor
            .poll_time(Timestamp::from_origin(start.elapsed()))
            .and_then(|_| acceptor.receive(&mut input))
            .and_then(|request| request.map(|request| request.accept(&server)).transpose());
        match accepted {
            Ok(None) => {}
            Ok(Some(accepted)) => {
                tcp.write_all(&accepted.response)?;
                tcp.set_read_timeout(None)?;
                return Ok((accepted.negotiated, count - input.len()..count));
            }
            Err(error) => {
                tcp.write_all(&error.response())?;
                return Err(error.into());
            }
        }
    }
}
