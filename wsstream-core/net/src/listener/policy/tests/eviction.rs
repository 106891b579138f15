//! Who has to go when there is no room.

use super::*;

const MANY: Source = Source::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const FEW: Source = Source::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

impl House {
    /// Lets everybody in who comes, and expects that nobody has asked.
    #[track_caller]
    fn waits(&mut self) {
        assert!(self.accept().is_pending());
    }

    fn queued(&self) -> usize {
        self.queue.borrow().next.len()
    }
}

/// The three ways to have no room.
#[test]
fn who_is_silent_makes_room() {
    for no_room in ["slots", "connections", "sockets"] {
        let mut house = House::new();
        match no_room {
            "slots" => house.listener.set_max_handshakes(4),
            "connections" => house.listener.set_max_connections(4),
            _ => {}
        }
        let young = [house.connects_from(FEW)];
        house.waits();
        house.clock.advance(secs(1));
        let silent: Vec<_> = (0..3).map(|_| house.connects_from(MANY)).collect();
        house.waits();
        // Nobody else has come: there is no need for more room.
        house.clock.advance(secs(5));
        house.waits();
        assert!(!silent.iter().chain(&young).any(is_gone), "{no_room}");
        if no_room == "sockets" {
            house.comes(Err(io::Error::from_raw_os_error(24)));
        }
        let good = house.asks();
        let _stream = open(ready(house.accept()));
        assert!(text(&good).starts_with("HTTP/1.1 101 "));
        // Its oldest, although another one is older.
        let gone: Vec<_> = silent.iter().chain(&young).map(is_gone).collect();
        assert_eq!(gone, [true, false, false, false], "{no_room}");
        assert_eq!(house.listener.connections(), 4);
    }
}

#[test]
fn who_has_just_come_stays() {
    for limits_connections in [true, false] {
        let mut house = House::new();
        match limits_connections {
            true => house.listener.set_max_connections(2),
            false => house.listener.set_max_handshakes(2),
        }
        let young = [house.connects(), house.connects()];
        house.waits();
        let good = house.asks();
        house.clock.advance(Duration::from_millis(999));
        house.waits();
        assert_eq!((house.queued(), house.listener.connections()), (1, 2));
        assert!(!young.iter().any(is_gone));
        assert!(house.clock.advance_to_deadline());
        let _stream = open(ready(house.accept()));
        assert_eq!(house.clock.now().since_origin(), secs(1));
        assert!(text(&good).starts_with("HTTP/1.1 101 "));
        assert_eq!(young.iter().filter(|far| is_gone(far)).count(), 1);
    }
}

/// Open streams and requests that wait for an answer keep their places.
#[test]
fn who_is_through_stays() {
    let mut house = House::new();
    house.listener.set_max_connections(2);
    let (_stream, _far) = house.serves();
    let _asked = house.asks();
    let _incoming = ready(house.accept());
    house.clock.advance(secs(5));
    let _next = house.asks();
    house.waits();
    assert_eq!(house.queued(), 1);
    // Nothing to wake up for.
    assert!(!house.clock.advance_to_deadline());
}

/// The request that came while its slot was taken away is served, and another one goes.
#[test]
fn who_asks_at_the_last_moment_stays() {
    let mut house = House::new();
    house.listener.set_max_connections(2);
    let late = house.connects();
    house.waits();
    house.clock.advance(secs(1));
    let silent = house.connects();
    house.waits();
    house.clock.advance(secs(1));
    // Its task is through, and nobody has asked yet what came of it.
    late.output.get().feed(&request());
    let accepting = house.listener.accepting_mut();
    let task = Task::new();
    let Poll::Ready(ended) = accepting.poll_handshake(&mut task.cx()) else {
        panic!("pending");
    };
    accepting.ended.push_front(ended);
    let good = house.asks();
    house.listener.evict(house.clock.now());
    let _late_stream = open(ready(house.accept()));
    assert!(text(&late).starts_with("HTTP/1.1 101 "));
    let _stream = open(ready(house.accept()));
    assert!(text(&good).starts_with("HTTP/1.1 101 "));
    assert!(is_gone(&silent));
}

/// A slot that a complete handshake leaves is enough.
#[test]
fn who_is_slow_stays_while_others_are_through() {
    let mut house = House::new();
    house.listener.set_max_handshakes(2);
    let (slow, late) = (house.connects(), house.connects());
    house.waits();
    house.clock.advance(secs(2));
    late.output.get().feed(&request());
    let _next = house.asks();
    let _late_incoming = ready(house.accept());
    let _next_incoming = ready(house.accept());
    assert!(!is_gone(&slow));
}

/// A crowd comes, is silent, and comes back as often as it is thrown out; an honest client every 100 ms gets in.
#[test]
fn a_crowd_that_comes_back_keeps_nobody_out() {
    for limits_connections in [true, false] {
        let mut house = House::new();
        match limits_connections {
            true => house.listener.set_max_connections(10),
            false => house.listener.set_max_handshakes(10),
        }
        let mut crowd: Vec<_> = (0..30).map(|_| house.connects_from(MANY)).collect();
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let good = house.asks();
            let asked = house.clock.now();
            let incoming = loop {
                if let Poll::Ready(incoming) = house.accept() {
                    break incoming;
                }
                for far in &mut crowd {
                    if far.input.get().end.is_some() {
                        *far = house.connects_from(MANY);
                    }
                }
                house.clock.advance(Duration::from_millis(100));
            };
            longest = longest.max(house.clock.now() - asked);
            let _stream = open(incoming);
            assert!(text(&good).starts_with("HTTP/1.1 101 "));
        }
        // All those before it in the queue get their second.
        assert!(longest <= secs(3), "{longest:?}");
    }
}

#[test]
fn who_is_not_admitted_takes_nobodys_place() {
    let mut house = House::new();
    house.listener.set_max_handshakes(1);
    house.listener.accepting_mut().banned = Some(MANY);
    let silent = house.connects_from(FEW);
    house.waits();
    house.clock.advance(secs(2));
    let banned: Vec<_> = (0..100).map(|_| house.connects_from(MANY)).collect();
    house.waits();
    assert!(banned.iter().all(is_gone));
    assert!(!is_gone(&silent));
    assert_eq!(house.listener.connections(), 1);
    let _good = house.asks();
    ready(house.accept());
    assert!(is_gone(&silent));
}
