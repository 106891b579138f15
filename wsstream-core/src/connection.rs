//! An open connection: RFC 6455 §5.4, §5.5, §6 and §7.
//!
//! [`Connection`] keeps the rules that need memory: fragments, control frames, masking direction, the
//! closing handshake, keepalive. It holds no message: it passes data on as it arrives, and does not
//! check text. Applications use [`Assembler`](crate::Assembler) or [`ByteStream`](crate::ByteStream) on
//! top.

mod ahead;
mod closing;
mod collecting;
mod control_payload;
mod deflating;
mod event;
mod inflating;
mod pinging;
mod receiving;
mod resting;
mod sending;
mod time;
mod timers;
mod trace;

#[cfg(test)]
mod tests;

use core::time::Duration;

pub use ahead::LookAhead;
pub use closing::ClosedBy;
pub use event::Event;
pub use timers::Taken;

use crate::close::Close;
use crate::config::{ConnectionConfig, SharedConfig};
use crate::data_kind::DataKind;
use crate::decoder::Decoder;
use crate::deflate::Codec;
use crate::error::StreamError;
use crate::frame::Opcode;
use crate::outbox::Outbox;
use crate::protocol_error::ProtocolError;
use crate::role::Role;
use crate::seed::{MaskKeys, Seed};
use crate::work::Work;
use closing::Closing;
use collecting::Collecting;
use control_payload::ControlPayload;
use timers::Timers;

/// One end of an open connection.
///
/// Octets from the peer go in through [`recv`](Self::recv), messages through [`send`](Self::send).
/// Octets for the peer come out of [`outbox`](Self::outbox). Write the outbox after every call that can
/// fill it, tell the time through [`poll_time`](Self::poll_time), and shut the transport down when
/// [`wants_shutdown`](Self::wants_shutdown) says so.
///
/// ```
/// use wsstream_core::{ConnectionConfig, Connection, DataKind, Event, Seed};
///
/// let mut client = Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([1; 32])));
/// let mut server = Connection::without_extensions(ConnectionConfig::new(), None);
///
/// client.send(DataKind::Text, b"Hello", true)?;
/// let mut wire = client.outbox().octets().to_vec();
/// let mut input = &mut wire[..];
/// while let Some(event) = server.recv(&mut input)? {
///     let Event::Data { kind: DataKind::Text, payload, end: true } = event else { panic!() };
///     assert_eq!(payload.unmask(), b"Hello");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    config: SharedConfig,
    /// The masking keys of a client, §5.3; `None` on a server.
    mask_keys: Option<MaskKeys>,
    decoder: Decoder,
    /// `None` unless permessage-deflate was agreed on.
    deflate: Option<alloc::boxed::Box<Codec>>,
    /// The kinds of the fragmented messages that are being received and sent.
    receiving: Option<DataKind>,
    sending: Option<DataKind>,
    /// The payload of the control frame that is being received.
    control: ControlPayload,
    /// The newest ping that is not answered yet, §5.5.3.
    unanswered: Option<alloc::boxed::Box<ControlPayload>>,
    /// The application's newest ping, until its pong has come.
    pinged: Option<alloc::boxed::Box<pinging::Pinged>>,
    outbox: Outbox,
    output_lost: bool,
    /// Octets that the transport has accepted but not flushed, and whether it is being shut down.
    unflushed: bool,
    shutting_down: bool,
    closing: Closing,
    /// Half close was agreed on.
    half_close: bool,
    expects_close: bool,
    /// Incoming data is thrown away.
    discarding: bool,
    /// The frames after the peer's Close are invalid and cannot be parsed.
    deaf: bool,
    /// Keepalive is on unless the settings say otherwise.
    pings_by_default: bool,
    timers: Timers,
    /// Whether octets arrived since the time was last told.
    heard: bool,
    /// Whether octets wait because nobody reads.
    stalled: bool,
    /// `None` until a message is collected.
    collecting: Option<alloc::boxed::Box<Collecting>>,
    counters: Counters,
    /// How much work may be done in one turn.
    work: Work,
}

/// Totals for a connection since it was opened.
///
/// ```
/// # use wsstream_core::Counters;
/// fn saved(counters: &Counters) -> u64 {
///     // What compression saves includes what the headers of frames cost.
///     counters.deflated.saturating_sub(counters.sent)
/// }
/// # assert_eq!(saved(&Counters::default()), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Octets received, headers included.
    pub received: u64,
    /// Payload octets of received data frames.
    pub payload_received: u64,
    /// Frames received, of any kind.
    pub frames_received: u64,
    /// Pings received.
    pub pings_received: u64,
    /// Octets written to the transport, headers included.
    pub sent: u64,
    /// Payload octets of data frames that were queued or sent.
    pub payload_sent: u64,
    /// Frames queued or sent, of any kind.
    pub frames_sent: u64,
    /// Octets of received compressed messages, after inflating.
    pub inflated: u64,
    /// Compressed messages received.
    pub messages_inflated: u64,
    /// Octets of sent compressed messages, before compressing.
    pub deflated: u64,
    /// Compressed messages queued or sent.
    pub messages_deflated: u64,
    /// Plain messages queued or sent on a connection with permessage-deflate.
    pub messages_plain: u64,
    /// Keepalive pings sent.
    pub pings_sent: u64,
}

impl Connection {
    /// The client's end if there is a seed, which determines its masking keys, or else the server's; without extensions.
    /// After a handshake, open the connection that was [`Negotiated`](crate::handshake::Negotiated) instead: a peer
    /// that has agreed to an extension uses it.
    #[must_use]
    pub fn without_extensions(config: impl Into<SharedConfig>, seed: Option<&Seed>) -> Self {
        let config = config.into();
        match seed {
            Some(seed) => Self::new(Role::Client, Some(seed.mask_keys()), config),
            None => Self::new(Role::Server, None, config),
        }
    }

    fn new(role: Role, mask_keys: Option<MaskKeys>, config: SharedConfig) -> Self {
        Self {
            config,
            mask_keys,
            decoder: Decoder::new(),
            deflate: None,
            receiving: None,
            sending: None,
            control: ControlPayload::EMPTY,
            unanswered: None,
            pinged: None,
            outbox: Outbox::default(),
            output_lost: false,
            unflushed: false,
            shutting_down: false,
            closing: Closing::new(role),
            half_close: false,
            expects_close: false,
            discarding: false,
            deaf: false,
            pings_by_default: false,
            timers: Timers::new(),
            heard: false,
            stalled: false,
            collecting: None,
            counters: Counters::default(),
            work: Work::unbounded(),
        }
    }

    /// The work that may be done in one turn. When it is spent, the connection takes nothing more. Its
    /// driver then lets other tasks run, and renews the work.
    #[cfg(feature = "std")]
    pub(crate) const fn work(&mut self) -> &mut Work {
        &mut self.work
    }

    /// Enables half close, after both ends agreed on it. The peer's Close with 1000, or without a code,
    /// then ends only its direction, and our answer waits until [`close`](Self::close). Without half
    /// close, every Close is answered at once, §5.5.1.
    #[must_use]
    pub(crate) const fn with_half_close(mut self) -> Self {
        self.half_close = true;
        self
    }

    /// Whether it has half close.
    #[cfg(feature = "std")]
    pub(crate) const fn half_close(&self) -> bool {
        self.half_close
    }

    /// Sends keepalive pings unless the settings say otherwise.
    #[cfg(feature = "std")]
    pub(crate) const fn ping_by_default(&mut self) {
        self.pings_by_default = true;
    }

    /// The total work done.
    #[cfg(all(test, feature = "std"))]
    pub(crate) const fn work_spent(&self) -> usize {
        self.work.spent
    }

    /// Which end this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.closing.role
    }

    /// The settings of this connection.
    #[must_use]
    pub fn config(&self) -> &ConnectionConfig {
        &self.config
    }

    /// The octets to write to the transport.
    #[inline]
    pub fn outbox(&mut self) -> &mut Outbox {
        self.answer_ping();
        &mut self.outbox
    }

    /// Sends `close`, once. Does nothing if a Close has been sent or the connection is over. If the
    /// peer has closed and waits for an answer, this is the answer, and it carries the peer's code,
    /// §5.5.1.
    pub fn close(&mut self, close: &Close) {
        if self.closing.can_send() {
            let close = match self.closing.received_close() {
                Some(received) if close.is_normal() => received.answer(),
                _ => close.clone(),
            };
            self.send_close(close);
        }
    }

    /// Fails the connection, §7.1.7: queues a Close with the error's code, and takes nothing more from
    /// the peer. For a layer above that finds the fault. Returns the error.
    pub fn fail(&mut self, error: ProtocolError) -> ProtocolError {
        if self.closing.can_receive() {
            self.trace_fault(error);
            let can_send = self.closing.can_send();
            self.closing.violated(error);
            if can_send {
                self.send_close(Close::new(
                    error.close_code(),
                    &alloc::string::ToString::to_string(&error),
                ));
            }
        }
        error
    }

    fn send_close(&mut self, close: Close) {
        let (payload, len) = close.payload();
        self.push_control(Opcode::Close, &payload[..len]);
        let end = self.outbox.written() + self.outbox.len() as u64;
        self.closing.sent(close, end);
    }

    /// Whether everything up to and including our Close has been written.
    pub(crate) fn close_has_left(&self) -> bool {
        self.closing.close_has_left(self.outbox.written())
    }

    /// Reports that the transport has no more octets. You can still receive those that it gave before.
    #[inline]
    pub const fn recv_eof(&mut self) {
        self.closing.ended();
    }

    /// Reports what the transport is still doing: a flush or a shutdown. Time limits apply to these,
    /// too.
    #[inline]
    #[cfg(feature = "std")]
    pub(crate) const fn set_pending(&mut self, flush: bool, shutdown: bool) {
        (self.unflushed, self.shutting_down) = (flush, shutdown);
    }

    /// Throws away incoming data from now on, without inflating it. Until the peer's Close, such data
    /// does not extend the peer's time.
    #[cfg(feature = "std")]
    pub(crate) fn discard_input(&mut self) {
        self.discarding = true;
        self.stop_inflating();
    }

    /// Whether the transport has ended.
    #[cfg(feature = "std")]
    pub(crate) const fn has_ended(&self) -> bool {
        self.closing.has_ended()
    }

    /// Whether the peer has closed and waits for our Close.
    #[cfg(feature = "std")]
    pub(crate) fn is_half_closed(&self) -> bool {
        self.closing.phase() == closing::Phase::Answer
    }

    /// The start of a header that was taken, but is not complete.
    #[cfg(feature = "std")]
    pub(crate) fn partial_header(&self) -> &[u8] {
        self.decoder.partial_header()
    }

    /// Whether messages can be sent: no Close has been sent, and the connection is not over.
    #[inline]
    #[must_use]
    pub fn can_send(&self) -> bool {
        self.closing.can_send()
    }

    /// Whether a message is unfinished: the next piece continues it.
    #[must_use]
    pub const fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    /// Whether to shut down the transport's write side once the outbox is empty.
    #[inline]
    #[must_use]
    pub fn wants_shutdown(&self) -> bool {
        self.closing.wants_shutdown()
    }

    /// Announces that our Close follows the message that is being sent. Until then the peer gets no
    /// more time than after our Close.
    #[cfg(feature = "std")]
    pub(crate) const fn expect_close(&mut self) {
        self.expects_close = true;
    }

    /// Whether there is nothing left to wait for. Once the outbox is empty and the transport is shut
    /// down, you can drop the transport.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.closing.phase() == closing::Phase::Over
    }

    /// How the connection ended, for a reader, after [`recv`](Self::recv) has taken all input: `None`
    /// if more may come, `Ok` after the peer's Close with 1000 or without a code. This is the only
    /// function that turns endings into results.
    #[inline]
    #[must_use]
    pub fn ending(&self) -> Option<Result<(), StreamError>> {
        self.closing.ending()
    }

    /// Whether queued octets were thrown away because the peer took none for too long. The outbox is
    /// then empty though not everything was written, so a flush must fail.
    #[inline]
    #[must_use]
    pub const fn output_lost(&self) -> bool {
        self.output_lost
    }

    /// The peer's Close, if it has been received.
    #[must_use]
    pub fn received_close(&self) -> Option<&Close> {
        self.closing.received_close()
    }

    /// Our Close, if it has been queued.
    #[must_use]
    pub fn sent_close(&self) -> Option<&Close> {
        self.closing.sent_close()
    }

    /// Which end closed first.
    #[must_use]
    pub const fn closed_by(&self) -> Option<ClosedBy> {
        self.closing.closed_by()
    }

    /// The totals so far.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        let mut counters = self.counters;
        counters.sent = self.outbox.written();
        counters
    }

    /// The time from the newest answered keepalive ping to its pong.
    #[must_use]
    pub fn rtt(&self) -> Option<Duration> {
        self.timers.rtt()
    }
}
