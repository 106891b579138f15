//! Dialling, in time that passes when it is told to.

use std::cell::RefCell;
use std::future::pending;
use std::io::ErrorKind;
use std::task::{Context, Poll};

use proptest::prelude::*;
use wsstream_core::Timestamp;
use wsstream_core::test_kit::{self, Task};

use super::*;
use crate::test_support::secs;

/// A clock that begins when it is made, as real ones do.
struct Own(test_kit::Sleeper, Timestamp);

impl Own {
    fn of(clock: &test_kit::Clock) -> Self {
        Self(clock.sleeper(), clock.now())
    }
}

impl Clock for Own {
    fn now(&self) -> Timestamp {
        Timestamp::from_origin(self.0.now() - self.1)
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        self.0.poll_sleep(cx, self.1 + deadline.since_origin())
    }

    fn forget_sleep(&mut self) {
        self.0.forget_sleep();
    }
}

const A: Target<'_> = Target {
    host: "a",
    port: 9,
    is_proxy: false,
};

/// What an address does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Host {
    Answers,
    /// After so many milliseconds.
    AnswersLate(u64),
    Refuses,
    RefusesLate(u64),
    Swallows,
}

use Host::{Answers, AnswersLate, Refuses, RefusesLate, Swallows};

/// The host that was reached, when each host was tried, in milliseconds, and how long it took.
type Dialled = (Result<Host, DialError>, Vec<(Host, u64)>, Duration);

/// Tells what came of it, and when each address was tried. No hosts are a name service that does not answer.
fn dialled_within(limit: Duration, hosts: Option<&[Host]>) -> Dialled {
    let (clock, task) = (test_kit::Clock::default(), Task::new());
    let tried = RefCell::new(Vec::new());
    let result = {
        let look_up = async {
            let Some(hosts) = hosts else {
                return pending().await;
            };
            let ports = 1..=u16::try_from(hosts.len()).unwrap();
            Ok(ports
                .map(|port| ([192, 0, 2, u8::try_from(port).unwrap()], port).into())
                .collect())
        };
        let connect = |address: SocketAddr| {
            let host = hosts.unwrap()[usize::from(address.port()) - 1];
            let (tried, clock) = (&tried, &clock);
            async move {
                let now = clock.now();
                let at = u64::try_from(now.since_origin().as_millis()).unwrap();
                tried.borrow_mut().push((host, at));
                let late = |millis| {
                    let (mut sleeper, due) = (clock.sleeper(), now + Duration::from_millis(millis));
                    async move { within(&mut sleeper, due, pending::<()>()).await }
                };
                match host {
                    Answers => return Ok(host),
                    AnswersLate(millis) => {
                        late(millis).await;
                        return Ok(host);
                    }
                    Refuses => {}
                    RefusesLate(millis) => drop(late(millis).await),
                    Swallows => pending().await,
                }
                Err(ErrorKind::ConnectionRefused.into())
            }
        };
        let mut dialling = Box::pin(dial(A, limit, || Own::of(&clock), look_up, connect));
        loop {
            if let Poll::Ready(result) = dialling.as_mut().poll(&mut task.cx()) {
                break result;
            }
            assert!(clock.advance_to_deadline(), "nothing is waited for");
        }
    };
    let took = clock.now().since_origin();
    (result, tried.into_inner(), took)
}

/// RFC 8305 §5: an attempt begins when the one before has failed, or after a while; and each has its share of 12 seconds.
#[test]
fn attempts_begin_before_others_have_ended() {
    for (hosts, tried_at, reached, took) in [
        (&[Answers, Answers][..], &[0][..], Answers, 0),
        (&[Refuses, Answers], &[0, 0], Answers, 0),
        (&[Swallows, Answers], &[0, 250], Answers, 250),
        (&[Swallows, Refuses, Answers], &[0, 250, 250], Answers, 250),
        (&[Refuses, Swallows, Answers], &[0, 0, 250], Answers, 250),
        (&[RefusesLate(100), Answers], &[0, 100], Answers, 100),
        // The one before it comes first all the same.
        (
            &[AnswersLate(300), AnswersLate(100)],
            &[0, 250],
            AnswersLate(300),
            300,
        ),
        (
            &[AnswersLate(400), AnswersLate(100)],
            &[0, 250],
            AnswersLate(100),
            350,
        ),
        // One that fails late has the next one begin, not the one that has begun already.
        (
            &[RefusesLate(300), Swallows, Answers],
            &[0, 250, 300],
            Answers,
            300,
        ),
        // Its share is over: half of 12 seconds.
        (
            &[AnswersLate(6001), AnswersLate(11_000)],
            &[0, 250],
            AnswersLate(11_000),
            11_250,
        ),
    ] {
        let (result, tried, after) = dialled_within(secs(12), Some(hosts));
        let expected: Vec<_> = hosts
            .iter()
            .copied()
            .zip(tried_at.iter().copied())
            .collect();
        assert_eq!(tried, expected, "{hosts:?}");
        assert_eq!(after, Duration::from_millis(took), "{hosts:?}");
        assert_eq!(result.unwrap(), reached, "{hosts:?}");
    }
}

#[test]
fn all_failures_are_told_and_the_limit_is_kept() {
    for (hosts, kind, after, says) in [
        (
            Some(&[][..]),
            ErrorKind::NotFound,
            0,
            "a:9: the name has no address",
        ),
        (
            Some(&[Refuses]),
            ErrorKind::ConnectionRefused,
            0,
            "a:9: connection refused (192.0.2.1)",
        ),
        // In their order, whichever was the first to fail.
        (
            Some(&[RefusesLate(900), Refuses]),
            ErrorKind::ConnectionRefused,
            900,
            "a:9: connection refused (192.0.2.1, 192.0.2.2)",
        ),
        (
            Some(&[Refuses, Swallows]),
            ErrorKind::ConnectionRefused,
            12_000,
            "a:9: connection refused (192.0.2.1); timed out (192.0.2.2)",
        ),
        (
            Some(&[Swallows, Refuses]),
            ErrorKind::ConnectionRefused,
            6000,
            "a:9: connection refused (192.0.2.2); timed out (192.0.2.1)",
        ),
        (
            Some(&[Swallows; 3]),
            ErrorKind::TimedOut,
            12_000,
            "timed out connecting to a:9, tried 192.0.2.1, 192.0.2.2 and 192.0.2.3",
        ),
        (
            None,
            ErrorKind::TimedOut,
            12_000,
            "timed out looking up a:9",
        ),
    ] {
        let (result, _, took) = dialled_within(secs(12), hosts);
        let error = result.unwrap_err();
        let after = Duration::from_millis(after);
        assert_eq!((error.kind(), took), (kind, after), "{hosts:?}");
        assert_eq!(error.to_string(), says, "{hosts:?}");
    }
}

/// However little time there is, each address is tried.
#[test]
fn a_short_limit_is_shared() {
    let (result, tried, took) = dialled_within(Duration::from_millis(300), Some(&[Swallows; 3]));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(tried, [(Swallows, 0), (Swallows, 100), (Swallows, 200)]);
    assert_eq!(took, Duration::from_millis(300));
}

#[test]
fn a_limit_without_end_is_none() {
    let (result, tried, took) = dialled_within(Duration::MAX, Some(&[Refuses, Answers]));
    assert_eq!((result.unwrap(), tried.len(), took), (Answers, 2, secs(0)));
}

proptest! {
    /// §4: the families alternate as long as there are both, the first one first, and no order within one is changed.
    #[test]
    fn families_are_interleaved(families in prop::collection::vec(any::<bool>(), 0..9)) {
        let mut port = 0;
        let addresses: Vec<SocketAddr> = families.iter().map(|is_ipv4| {
            port += 1;
            match is_ipv4 {
                true => ([192, 0, 2, 1], port).into(),
                false => ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], port).into(),
            }
        }).collect();
        let all = interleaved(addresses.clone());
        prop_assert_eq!(all.first(), addresses.first());
        for is_ipv4 in [true, false] {
            let of = |all: &[SocketAddr]| {
                all.iter().copied().filter(|one| one.is_ipv4() == is_ipv4).collect::<Vec<_>>()
            };
            prop_assert_eq!(of(&all), of(&addresses));
        }
        let twice = addresses.iter().chain(&addresses).copied().collect();
        prop_assert_eq!(&interleaved(twice), &all);
        let fewer = families.iter().filter(|is| **is).count();
        let fewer = fewer.min(families.len() - fewer);
        for pair in all[..2 * fewer].windows(2) {
            prop_assert_ne!(pair[0].is_ipv4(), pair[1].is_ipv4());
        }
    }
}
