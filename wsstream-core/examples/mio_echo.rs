//! Byte-stream echo in an event loop of mio's: `mio_echo [HOST:PORT]`. One thread, any number of clients, and timers for
//! their handshakes, pings and closing handshakes.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use wsstream_core::handshake::{Acceptor, HandshakeError, ServerConfig};
use wsstream_core::{ByteStream, Close, Connection, ConnectionConfig, Keepalive, Timestamp};

struct Client {
    tcp: TcpStream,
    acceptor: Acceptor,
    /// After the opening handshake.
    open: Option<(Connection, ByteStream)>,
    /// What has come, and was not taken yet.
    unread: Vec<u8>,
    /// What is to be written.
    unsent: Vec<u8>,
    has_ended: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:9000");
    let mut listener = TcpListener::bind(address.parse()?)?;
    println!("listening on {}", listener.local_addr()?);
    let keepalive = Keepalive::new(Duration::from_secs(30), Duration::from_secs(60))?;
    let server = ServerConfig::stream().config(ConnectionConfig::new().keepalive(keepalive));
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(256));
    let both = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut listener, Token(0), both)?;
    let (mut clients, start): (Vec<Client>, _) = (Vec::new(), Instant::now());
    let mut wakes_at: Option<Timestamp> = None;
    loop {
        let now = || Timestamp::from_origin(start.elapsed());
        poll.poll(&mut events, wakes_at.take().map(|at| at - now()))?;
        while let Ok((mut tcp, _)) = listener.accept() {
            poll.registry().register(&mut tcp, Token(1), both)?;
            clients.push(Client {
                tcp,
                acceptor: Acceptor::new(&server),
                open: None,
                unread: Vec::new(),
                unsent: Vec::new(),
                has_ended: false,
            });
        }
        // Whoever it was: with thousands of clients, go by the events, and keep the times in a heap.
        clients.retain_mut(|client| {
            client.turn(&server, now()).is_ok_and(|at| {
                wakes_at = wakes_at.into_iter().chain(at).min();
                !client.is_done()
            })
        });
    }
}

impl Client {
    /// Moves what can be moved, and returns when there is something to do although nothing moves.
    fn turn(&mut self, server: &ServerConfig, now: Timestamp) -> io::Result<Option<Timestamp>> {
        while self.read()? | self.work(server)? | self.write()? {}
        match &mut self.open {
            Some((connection, _)) => Ok(connection.poll_time(now)),
            None => match self.acceptor.poll_time(now) {
                Err(error) => self.refuse(error),
                at => Ok(at.ok()),
            },
        }
    }

    fn read(&mut self) -> io::Result<bool> {
        if self.has_ended || !self.unread.is_empty() {
            return Ok(false);
        }
        let mut wire = [0; 4 << 10];
        let count = unless_blocked(self.tcp.read(&mut wire))?;
        self.unread.extend_from_slice(&wire[..count.unwrap_or(0)]);
        self.has_ended = count == Some(0);
        if let (true, Some((connection, _))) = (self.has_ended, &mut self.open) {
            connection.recv_eof();
        }
        Ok(count.is_some())
    }

    /// The handshake, then the echo.
    fn work(&mut self, server: &ServerConfig) -> io::Result<bool> {
        let Some((connection, stream)) = &mut self.open else {
            let mut input = &self.unread[..];
            let request = self.acceptor.receive(&mut input);
            let taken = self.unread.len() - input.len();
            self.unread.drain(..taken);
            let accepted = request.and_then(|it| it.map(|it| it.accept(server)).transpose());
            if let Some(accepted) = accepted.or_else(|error| self.refuse(error))? {
                self.unsent = accepted.response;
                self.open = Some(accepted.negotiated.open());
            }
            return Ok(self.open.is_some());
        };
        if !self.unsent.is_empty() {
            // A peer that does not read what it gets back is not read either.
            return Ok(false);
        }
        let (mut input, mut data) = (&mut self.unread[..], [0; 4 << 10]);
        let count = stream.read(connection, &mut input, &mut data);
        let rest = input.len();
        let mut echo = &data[..count];
        while !echo.is_empty() && connection.can_send() {
            echo = &echo[stream.write(connection, echo)?..];
        }
        if count == 0 && connection.ending().is_some() {
            connection.close(&Close::default());
        }
        self.unsent.extend_from_slice(connection.outbox().octets());
        connection.outbox().consume(usize::MAX);
        let taken = self.unread.drain(..self.unread.len() - rest).len();
        Ok(taken + count > 0)
    }

    fn write(&mut self) -> io::Result<bool> {
        let is_over = matches!(&self.open, Some((open, _)) if open.wants_shutdown());
        if is_over && self.unsent.is_empty() {
            // What the peer still sends is read, to its end: a reset could destroy our last octets.
            let _ = self.tcp.shutdown(Shutdown::Write);
        }
        let written = unless_blocked(self.tcp.write(&self.unsent))?.unwrap_or(0);
        self.unsent.drain(..written);
        Ok(written > 0)
    }

    /// The answer is short, so that the system takes it at once.
    fn refuse<T>(&mut self, error: HandshakeError) -> io::Result<T> {
        self.tcp.write_all(&error.response())?;
        Err(error.into())
    }

    fn is_done(&self) -> bool {
        match &self.open {
            Some((connection, _)) => connection.is_over() && self.unsent.is_empty(),
            None => self.has_ended,
        }
    }
}

fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        result => result.map(Some),
    }
}
