//! Who goes, compared with a list that is searched from end to end.

use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::test_support::secs;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_origin(secs(seconds))
}

fn source(number: u8) -> Source {
    Source::V4(Ipv4Addr::new(192, 0, 2, number))
}

#[test]
fn where_connections_come_from() {
    for (one, other, is_same) in [
        ("192.0.2.1:1", "192.0.2.1:2", true),
        ("192.0.2.1:1", "192.0.2.2:1", false),
        ("192.0.2.1:1", "[::ffff:192.0.2.1]:1", true),
        ("[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:1", false),
        ("[2001:db8::1]:1", "[2001:db8::ffff:1:2:3]:1", true),
        ("[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false),
    ] {
        let [one, other] = [one, other].map(|text| {
            let address: SocketAddr = text.parse().unwrap();
            Source::of(&EndpointAddress::Tcp(address))
        });
        assert_eq!(one == other, is_same, "{one} {other}");
    }
    let [none, some] = [None, Some("/run/s".into())].map(EndpointAddress::Unix);
    assert_eq!(Source::of(&none), Source::of(&some));
    let shown = |text: &str| Source::of(&EndpointAddress::Tcp(text.parse().unwrap())).to_string();
    assert_eq!(shown("[::ffff:192.0.2.1]:1"), "192.0.2.1");
    assert_eq!(shown("[2001:db8::1]:1"), "2001:db8::/64");
    assert_eq!(Source::of(&none).to_string(), "unix");
}

/// When each began, from where; and who goes at second 10, one after the other.
#[test]
fn who_goes() {
    for (began, gone) in [
        (&[][..], &[][..]),
        (&[(9, 1)], &[0]),
        (&[(10, 1)], &[]),
        // The most, and of these the oldest; then those with as many, the oldest first.
        (&[(1, 1), (2, 2), (3, 2), (4, 2)], &[1, 2, 0, 3]),
        (&[(1, 1), (2, 2), (3, 1), (4, 2)], &[0, 1, 2, 3]),
        // Who holds the most has only young ones.
        (
            &[(1, 1), (2, 3), (10, 2), (10, 2), (10, 2), (10, 3)],
            &[1, 0],
        ),
        // They began at the same moment.
        (&[(5, 1), (5, 2), (5, 1)], &[0, 1, 2]),
    ] {
        let mut slots = Slots::new();
        for (number, (began, from)) in began.iter().enumerate() {
            let ticket = slots.issue(at(*began));
            slots.take(ticket, source(*from), number);
        }
        let went: Vec<_> = std::iter::from_fn(|| slots.evict(at(10))).collect();
        let went: Vec<_> = went.into_iter().map(|(_, number)| number).collect();
        assert_eq!(went, gone, "{began:?}");
        assert_eq!(slots.taken(), began.len() - gone.len());
    }
}

/// What happens to the slots.
#[derive(Clone, Debug)]
enum Event {
    Comes(u8),
    Ends(usize),
    Evict,
    Passes(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..5_u8).prop_map(Event::Comes),
        2 => any::<usize>().prop_map(Event::Ends),
        2 => Just(Event::Evict),
        1 => (1..1500_u64).prop_map(Event::Passes),
    ]
}

proptest! {
    #[test]
    fn as_a_list_would_have_it(events in vec(event(), 0..200)) {
        let (mut slots, mut list) = (Slots::new(), Vec::<(Ticket, Source)>::new());
        let mut now = at(0);
        for event in events {
            match event {
                Event::Passes(millis) => now = now + Duration::from_millis(millis),
                Event::Comes(from) => {
                    let ticket = slots.issue(now);
                    slots.take(ticket, source(from), ticket);
                    list.push((ticket, source(from)));
                }
                Event::Ends(_) if list.is_empty() => {}
                Event::Ends(which) => {
                    let (ticket, source) = list.remove(which % list.len());
                    prop_assert_eq!(slots.give_back(ticket), Some((source, ticket)));
                    prop_assert_eq!(slots.give_back(ticket), None);
                }
                Event::Evict => {
                    let held = |source| list.iter().filter(|(_, other)| *other == source).count();
                    let old = list.iter().filter(|(ticket, _)| ticket.begun + MIN_AGE <= now);
                    let goes = old.max_by_key(|(ticket, source)| (held(*source), Reverse(*ticket)));
                    let goes = goes.map(|(ticket, source)| (*source, *ticket));
                    list.retain(|(ticket, _)| Some(*ticket) != goes.map(|(_, ticket)| ticket));
                    prop_assert_eq!(slots.evict(now), goes);
                }
            }
            prop_assert_eq!(slots.taken(), list.len());
            prop_assert_eq!(slots.oldest(), list.iter().map(|(ticket, _)| ticket.begun).min());
            // Nothing is kept of those who have gone.
            let sources: std::collections::HashSet<_> = list.iter().map(|(_, source)| *source).collect();
            prop_assert_eq!((slots.sources.len(), slots.ranks.len()), (sources.len(), sources.len()));
        }
    }
}
