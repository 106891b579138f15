//! What compressed messages hold, beside another codec: zlib.

use arbitrary::Unstructured;
use flate2::{Decompress, FlushDecompress, Status};
use wsstream_core::{ConnectionConfig, Connection, Event, Opcode, ProtocolError, Role};

use crate::blocks::{Blocks, TAIL};
use crate::input::{agreeing, number, octet, permessage_deflate, push_frame};
use crate::work::call;

/// A connection inflates what zlib inflates, octet for octet, and refuses what it refuses; and what ends
/// inside a block or refers back further than the agreed window, which zlib cannot know. It may refuse more
/// blocks without content in a row than anybody needs. It is the same however the messages come.
///
/// Input: flags (1: the context is not kept, 2: messages are received in small pieces; then three bits, how much
/// less than 15 the window has) and messages, each with its length in two octets, compressed.
pub(crate) fn inflating(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let forgets = flags & 1 != 0;
    let window_bits = 15 - (flags >> 2 & 7);
    let parameter = if forgets { "; client_no_context_takeover" } else { "" };
    let agreed = permessage_deflate(&format!(
        "permessage-deflate{parameter}; client_max_window_bits={window_bits}"
    ));
    let new = || agreeing(Role::Server, ConnectionConfig::new(), false, Some(&agreed));
    let (mut whole, mut in_pieces) = (new(), new());
    let mut zlib = Zlib::new();
    let mut blocks = Blocks::new(1 << window_bits);
    while !input.is_empty() {
        let len = number(&mut input).min(input.len());
        let message = input.bytes(len).unwrap();
        if forgets {
            (zlib, blocks) = (Zlib::new(), Blocks::new(1 << window_bits));
        }
        // No octet at all is an empty message, and no block: nothing is added to it.
        let tail = if message.is_empty() { &[][..] } else { TAIL };
        let with_tail = [message, tail].concat();
        let (theirs, good) = zlib.message(&with_tail);
        let before = blocks.out.len();
        let read = blocks.message(&with_tail);
        let (out, verdict) = receive(&mut whole, message, usize::MAX, 4096);
        let (cut, max) = if flags & 2 == 0 { (1, 4096) } else { (99, 7) };
        let pieces = receive(&mut in_pieces, message, cut, max);
        assert_eq!(pieces.1, verdict, "it matters how it comes");
        let most = if verdict == Verdict::Long { MOST } else { usize::MAX };
        let [ours, others] = [&out, &pieces.0].map(|out| &out[..out.len().min(most)]);
        assert!(ours == others, "it matters how it comes");
        assert!(out.starts_with(&theirs) || theirs.starts_with(&out));
        match verdict {
            Verdict::Good => {
                assert!(good && out == theirs, "zlib refuses, or differs");
                assert!(read.is_ok(), "{read:?}");
                assert_eq!(blocks.out[before..], out, "the model is wrong");
            }
            Verdict::Refused => {
                let fault = !good || read.is_err();
                assert!(fault || blocks.most_empty > HONEST, "zlib accepts");
                return;
            }
            Verdict::Long => return,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    Refused,
    /// Long enough: what comes next is not looked at.
    Long,
}

/// What one message comes to that arrives in pieces of `cut` octets, of which at most `max` are asked for.
fn receive(
    connection: &mut Connection,
    message: &[u8],
    cut: usize,
    max: usize,
) -> (Vec<u8>, Verdict) {
    let (mut wire, mut out) = (Vec::new(), Vec::new());
    push_frame(&mut wire, Role::Server, (true, true), Opcode::Binary, message);
    for mut piece in wire.chunks_mut(cut) {
        loop {
            call();
            match connection.recv_up_to(max, &mut piece) {
                Ok(Some(Event::Data { payload, end, .. })) => {
                    out.extend_from_slice(payload.unmask());
                    if out.len() > MOST {
                        return (out, Verdict::Long);
                    }
                    if end {
                        return (out, Verdict::Good);
                    }
                }
                Ok(None) if piece.is_empty() => break,
                Ok(other) => unreachable!("{other:?}"),
                Err(error) => {
                    assert_eq!(error, ProtocolError::InvalidDeflate);
                    return (out, Verdict::Refused);
                }
            }
        }
    }
    unreachable!("it waits for more of a whole message");
}

/// zlib, which is begun anew behind a final block, with what can be referred to.
struct Zlib {
    zlib: Decompress,
    out: Vec<u8>,
}

impl Zlib {
    fn new() -> Self {
        Self {
            zlib: Decompress::new_with_window_bits(false, 15),
            out: Vec::new(),
        }
    }

    /// What there is in a message, and whether it is good.
    fn message(&mut self, mut data: &[u8]) -> (Vec<u8>, bool) {
        let begin = self.out.len();
        let mut good = true;
        let mut room = [0; 4096];
        loop {
            call();
            let (taken, made) = (self.zlib.total_in(), self.zlib.total_out());
            let status = self.zlib.decompress(data, &mut room, FlushDecompress::None);
            let taken = usize::try_from(self.zlib.total_in() - taken).unwrap();
            let made = usize::try_from(self.zlib.total_out() - made).unwrap();
            data = &data[taken..];
            self.out.extend_from_slice(&room[..made]);
            match status {
                Ok(Status::StreamEnd) => {
                    self.zlib.reset(false);
                    let known = self.out.len().min(32 << 10);
                    let window = &self.out[self.out.len() - known..];
                    if !window.is_empty() {
                        self.zlib.set_dictionary(window).unwrap();
                    }
                    if data.len() == TAIL.len() {
                        break;
                    }
                }
                Ok(_) => {}
                Err(_) => {
                    good = false;
                    break;
                }
            }
            let idle = taken == 0 && made == 0 && !matches!(status, Ok(Status::StreamEnd));
            if (data.is_empty() && made < room.len()) || idle {
                break;
            }
        }
        (self.out[begin..].to_vec(), good)
    }
}

/// Blocks without content in a row that have to be accepted.
const HONEST: usize = 4;
const MOST: usize = 4 << 20;
