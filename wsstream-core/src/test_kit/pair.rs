//! Two connections, the octets between them, and one clock.

use alloc::vec::Vec;
use core::time::Duration;

use super::seen::{Seen, data, recv};
use crate::connection::Connection;
use crate::role::Role;
use crate::{ConnectionConfig, PerMessageDeflate, Seed, Timestamp};

/// Two ends, a transport between them, and one clock.
///
/// Nothing happens by itself: what the ends send lies in their outboxes and on the wire until it is
/// [delivered](Self::deliver), and time passes when it is told [to](Self::advance).
#[derive(Debug)]
#[non_exhaustive]
pub struct Pair {
    /// The client.
    pub client: End,
    /// The server.
    pub server: End,
    /// The time that both are told.
    pub now: Timestamp,
}

/// One end, its transport, and what it was told.
#[derive(Debug)]
#[non_exhaustive]
pub struct End {
    /// The connection, to send with, and to ask how it is.
    pub connection: Connection,
    /// What it told, in order.
    pub seen: Vec<Seen>,
    /// What the transport has taken and not delivered.
    pub wire: Vec<u8>,
    /// Whether the transport takes nothing.
    pub stuck: bool,
    /// Whether the transport's write side was shut down, and the peer told.
    pub shut: bool,
}

impl Pair {
    /// Both ends, right after the opening handshake, in which half close was agreed on if both settings
    /// [have it](ConnectionConfig::half_close). The client's masking keys are always the same.
    #[must_use]
    pub fn new(client: ConnectionConfig, server: ConnectionConfig) -> Self {
        let half_close = client.half_close && server.half_close;
        Self {
            client: End::new(Role::Client, client.half_close(half_close)),
            server: End::new(Role::Server, server.half_close(half_close)),
            now: Timestamp::ORIGIN,
        }
    }

    /// One end.
    pub const fn end(&mut self, role: Role) -> &mut End {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// One end, and its peer.
    pub const fn ends(&mut self, role: Role) -> (&mut End, &mut End) {
        match role {
            Role::Client => (&mut self.client, &mut self.server),
            Role::Server => (&mut self.server, &mut self.client),
        }
    }

    /// Delivers up to `count` of the octets that `from` has sent, and tells whether there were any.
    pub fn deliver(&mut self, from: Role, count: usize) -> bool {
        let (from, to) = self.ends(from);
        from.write(usize::MAX);
        let octets: Vec<u8> = from.wire.drain(..count.min(from.wire.len())).collect();
        recv(&mut to.connection, &octets, &mut to.seen);
        !octets.is_empty()
    }

    /// Has everything delivered and done that can be without waiting.
    pub fn settle(&mut self) {
        self.settle_in(usize::MAX);
    }

    /// The same, in pieces of `count` octets.
    pub fn settle_in(&mut self, count: usize) {
        while ROLES
            .into_iter()
            .any(|role| self.deliver(role, count) || self.shut_down(role))
        {}
    }

    /// Ends the transport that `from` writes to: what it has not delivered is lost, and the peer is told
    /// of the end. The other direction goes on.
    pub fn cut_off(&mut self, from: Role) {
        let (end, peer) = self.ends(from);
        (end.shut, end.stuck) = (true, true);
        end.wire.clear();
        peer.connection.recv_eof();
    }

    /// Lets time pass, a second at a time. The transports take what they are given, and deliver nothing.
    pub fn advance(&mut self, by: Duration) {
        self.tick();
        let then = self.now + by;
        while self.now < then {
            self.now = self.now + (then - self.now).min(Duration::from_secs(1));
            self.tick();
        }
    }

    fn tick(&mut self) {
        for role in ROLES {
            let now = self.now;
            let end = self.end(role);
            end.poll_time(now);
            end.write(usize::MAX);
            end.poll_time(now);
        }
    }

    /// Shuts down or drops the transport if it is time, and tells the peer.
    fn shut_down(&mut self, role: Role) -> bool {
        let (end, peer) = self.ends(role);
        let due = end.connection.wants_shutdown() && end.connection.outbox().is_empty();
        if end.shut || !due || !end.wire.is_empty() {
            return false;
        }
        end.shut = true;
        peer.connection.recv_eof();
        true
    }
}

impl End {
    fn new(role: Role, config: ConnectionConfig) -> Self {
        Self {
            connection: connection(role, config),
            seen: Vec::new(),
            wire: Vec::new(),
            stuck: false,
            shut: false,
        }
    }

    /// Has the transport take up to `count` octets.
    pub fn write(&mut self, count: usize) {
        if !self.stuck {
            let outbox = self.connection.outbox();
            let count = count.min(outbox.len());
            self.wire.extend_from_slice(&outbox.octets()[..count]);
            outbox.consume(count);
        }
    }

    /// The data that has come, whatever the messages. Base64 is not decoded.
    #[must_use]
    pub fn data(&self) -> Vec<u8> {
        data(&self.seen)
    }

    fn poll_time(&mut self, now: Timestamp) {
        if self.connection.wants_time() {
            self.connection.poll_time(now);
        }
    }
}

/// One end of a connection for which this was agreed on, whatever its settings offer. A client's masking keys are always
/// the same.
///
/// ```
/// use wsstream_core::test_kit::negotiated;
/// use wsstream_core::{ConnectionConfig, PerMessageDeflate, Role};
///
/// let deflate = PerMessageDeflate::default();
/// let server = negotiated(Role::Server, ConnectionConfig::new(), false, Some(&deflate));
/// # let _ = server;
/// ```
#[must_use]
pub fn negotiated(
    role: Role,
    config: ConnectionConfig,
    half_close: bool,
    deflate: Option<&PerMessageDeflate>,
) -> Connection {
    let connection = connection(role, config.half_close(half_close));
    match deflate {
        Some(deflate) => connection.with_deflate(deflate),
        None => connection,
    }
}

pub(crate) fn connection(role: Role, config: ConnectionConfig) -> Connection {
    let half_close = config.half_close;
    let connection = match role {
        Role::Client => Connection::without_extensions(config, Some(&Seed::new([7; 32]))),
        Role::Server => Connection::without_extensions(config, None),
    };
    if half_close {
        connection.with_half_close()
    } else {
        connection
    }
}

#[cfg(test)]
pub(crate) const fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

pub(crate) const ROLES: [Role; 2] = [Role::Client, Role::Server];
