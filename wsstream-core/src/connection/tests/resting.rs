//! What compression gives back when nothing is compressed for a while.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::deflate::{pair, received};
use super::support::secs;
use crate::connection::resting::IDLE;
use crate::deflate::tests::sample;
use crate::{CompressionBudget, Connection, DataKind, Deflate, PerMessageDeflate, Timestamp};

fn agreed(bits: u8, no_context: bool) -> PerMessageDeflate {
    PerMessageDeflate {
        server_no_context_takeover: no_context,
        client_no_context_takeover: no_context,
        server_max_window_bits: Some(bits),
        client_max_window_bits: Some(bits),
    }
}

/// Whether there is a compressor, a decompressor, and how long the window is that is kept without one.
fn held(connection: &Connection) -> (bool, bool, usize) {
    let codec = connection.codec().unwrap();
    (
        codec.sending.compressor.is_some(),
        codec.receiving.decompressor.is_some(),
        codec.receiving.window.len(),
    )
}

/// What was queued, written.
fn written(connection: &mut Connection) -> Vec<u8> {
    let wire = connection.outbox().octets().to_vec();
    connection.outbox().consume(usize::MAX);
    wire
}

/// Both ends rest between some messages and not between others: what is sent arrives, with any window.
#[test]
fn who_has_rested_goes_on() {
    let data = sample(60_000);
    for bits in 8..=15 {
        for no_context in [false, true] {
            let [mut client, mut server] = pair(Deflate::new(), &agreed(bits, no_context), 0);
            let mut now = Timestamp::ORIGIN;
            for (count, message) in data.chunks(3000).enumerate() {
                let (from, to) = if count % 3 == 0 {
                    (&mut server, &mut client)
                } else {
                    (&mut client, &mut server)
                };
                assert_eq!(
                    from.send(DataKind::Binary, message, true),
                    Ok(message.len())
                );
                let wire = written(from);
                let (messages, rest, error) = received(to, &wire, 1000, 700);
                assert_eq!((error, rest), (None, Vec::new()), "{bits} bits");
                assert!(messages == [message]);
                let rests = count % 4 < 2;
                for end in [&mut client, &mut server] {
                    assert_eq!(end.wants_time(), held(end) != (false, false, held(end).2));
                    let next = end.poll_time(now);
                    assert_eq!(next.is_some(), end.wants_time());
                    if rests {
                        let before = held(end);
                        end.poll_time(now + IDLE * 9 / 10);
                        assert_eq!(held(end), before);
                        end.poll_time(now + IDLE);
                        let (compressor, decompressor, window) = held(end);
                        assert_eq!((compressor, decompressor), (false, false));
                        assert!(window <= if no_context { 0 } else { 1 << bits });
                        assert!(!end.wants_time());
                    }
                }
                now = now + secs(10);
            }
            for end in [&client, &server] {
                assert!(end.counters().messages_inflated > 0);
            }
            assert!(no_context || held(&server).2 > 0 || held(&server).1);
        }
    }
}

/// What came of a message that has not ended cannot be given back, nor has it to be asked for again and again.
#[test]
fn inside_a_message_the_inflater_is_kept() {
    let [mut client, mut server] = pair(Deflate::new(), &agreed(15, false), 0);
    let text = sample(2000);
    client.send(DataKind::Binary, &text, false).unwrap();
    let wire = written(&mut client);
    let (_, message, _) = received(&mut server, &wire, 100, 100);
    assert_eq!(server.poll_time(Timestamp::ORIGIN), None);
    assert_eq!(server.poll_time(Timestamp::ORIGIN + IDLE), None);
    assert_eq!(held(&server), (false, true, 0));
    // Our own context goes even there: each piece ends where a block ends.
    client.poll_time(Timestamp::ORIGIN);
    client.poll_time(Timestamp::ORIGIN + IDLE);
    assert_eq!(held(&client), (false, false, 0));
    client.send(DataKind::Binary, &text, true).unwrap();
    let wire = written(&mut client);
    let (messages, rest, error) = received(&mut server, &wire, 100, 100);
    assert_eq!(error, None);
    assert!([message, messages.concat(), rest].concat() == [&text[..], &text].concat());
}

/// Where little is left of the budget our context is forgotten at once: what is sent is compressed all the same.
#[test]
fn a_compressor_is_kept_only_where_there_is_plenty() {
    let one = CompressionBudget::default();
    let (_, reserved) = one.reserve_inflater(15, true).unwrap();
    let compressor = one.reserve_compressor().unwrap();
    let both = one.used();
    drop((reserved, compressor));
    for (octets, kept) in [(2 * both, true), (2 * both - 1, false)] {
        let budget = CompressionBudget::new(octets);
        let [mut client, mut server] = pair(Deflate::new(), &agreed(15, false), 0);
        let (_, reserved) = budget.reserve_inflater(15, true).unwrap();
        server.set_reserved(Arc::new(reserved));
        let inflater = budget.used();
        for _ in 0..3 {
            let text = sample(2000);
            server.send(DataKind::Binary, &text, true).unwrap();
            let wire = written(&mut server);
            assert!(wire.len() < text.len());
            assert!(received(&mut client, &wire, 100, 100).0 == [text]);
            assert_eq!(held(&server), (kept, false, 0));
            assert_eq!(budget.used(), if kept { both } else { inflater });
        }
        server.poll_time(Timestamp::ORIGIN);
        server.poll_time(Timestamp::ORIGIN + IDLE);
        assert_eq!(budget.used(), inflater);
        drop(server);
        assert_eq!(budget.used(), 0);
    }
}
