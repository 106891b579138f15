//! Dialling, in time that passes when it is told to.

use std::cell::RefCell;
use std::future::{Future, pending};
use std::io::{self, ErrorKind};
use std::task::Poll;
use std::time::Duration;

use super::support::*;

use crate::Url;
use crate::pump::Dialler;
use crate::pump::dial::dial;
use crate::test_kit::Clock;

/// What an address does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Host {
    Answers,
    Refuses,
    Swallows,
}

use Host::{Answers, Refuses, Swallows};

/// A network of a few addresses: each time one is tried is written down.
struct Network {
    /// `None` for a name service that does not answer.
    hosts: Option<Vec<Host>>,
    clock: Clock,
    tried: RefCell<Vec<(Host, Duration)>>,
}

impl Dialler for Network {
    type Address = Host;
    type Connection = Host;
    type Transport = Host;

    fn has_tls(&self) -> bool {
        true
    }

    async fn look_up(&self, _: &Url) -> io::Result<Vec<Host>> {
        match &self.hosts {
            Some(hosts) => Ok(hosts.clone()),
            None => pending().await,
        }
    }

    async fn connect(&self, host: Host) -> io::Result<Host> {
        let now = self.clock.now().since_origin();
        self.tried.borrow_mut().push((host, now));
        match host {
            Answers => Ok(host),
            Refuses => Err(ErrorKind::ConnectionRefused.into()),
            Swallows => pending().await,
        }
    }

    /// `wss` is never done.
    async fn secure(&self, host: Host, url: &Url) -> io::Result<Host> {
        if url.is_secure() {
            pending::<()>().await;
        }
        Ok(host)
    }
}

/// The host that was reached and the time left, when each host was tried, and how long it took.
type Dialled = (
    io::Result<(Host, Duration)>,
    Vec<(Host, Duration)>,
    Duration,
);

/// A URL, the addresses of its host, the error and when it comes, and what it says.
type Failure<'a> = (&'a str, Option<&'a [Host]>, ErrorKind, u64, &'a str);

/// Dials with 12 seconds, and tells what came of it, and when each address was tried.
fn dialled(url: &str, hosts: Option<&[Host]>) -> Dialled {
    dialled_within(secs(12), url, hosts)
}

fn dialled_within(limit: Duration, url: &str, hosts: Option<&[Host]>) -> Dialled {
    let clock = Clock::default();
    let network = Network {
        hosts: hosts.map(<[_]>::to_vec),
        clock: clock.clone(),
        tried: RefCell::default(),
    };
    let (url, mut timer, task) = (Url::parse(url).unwrap(), clock.sleeper(), Task::new());
    let result = {
        let mut dialling = Box::pin(dial(&network, &mut timer, &url, limit));
        loop {
            if let Poll::Ready(result) = dialling.as_mut().poll(&mut task.cx()) {
                break result;
            }
            assert!(clock.advance_to_deadline(), "nothing is waited for");
        }
    };
    let took = clock.now().since_origin();
    (result, network.tried.into_inner(), took)
}

#[test]
fn addresses_are_tried_in_turn_each_with_its_share() {
    let table = [
        (vec![Answers, Answers], vec![(Answers, 0)]),
        (vec![Refuses, Answers], vec![(Refuses, 0), (Answers, 0)]),
        (vec![Swallows, Answers], vec![(Swallows, 0), (Answers, 6)]),
        (
            vec![Swallows, Refuses, Answers],
            vec![(Swallows, 0), (Refuses, 4), (Answers, 4)],
        ),
        // What one did not need is for the others.
        (
            vec![Refuses, Swallows, Answers],
            vec![(Refuses, 0), (Swallows, 0), (Answers, 6)],
        ),
        (
            vec![Swallows, Swallows, Answers],
            vec![(Swallows, 0), (Swallows, 4), (Answers, 8)],
        ),
    ];
    for (hosts, expected) in table {
        let (result, tried, took) = dialled("ws://localhost/", Some(&hosts));
        let expected: Vec<_> = expected.iter().map(|&(h, at)| (h, secs(at))).collect();
        assert_eq!(tried, expected, "{hosts:?}");
        assert_eq!(result.unwrap(), (Answers, secs(12) - took), "{hosts:?}");
    }
}

#[test]
fn the_last_failure_is_told_and_the_limit_is_kept() {
    let table: [Failure<'_>; 6] = [
        ("ws://a/", Some(&[]), ErrorKind::NotFound, 0, "no address"),
        (
            "ws://a/",
            Some(&[Refuses; 2]),
            ErrorKind::ConnectionRefused,
            0,
            "refused",
        ),
        (
            "ws://a/",
            Some(&[Refuses, Swallows]),
            ErrorKind::TimedOut,
            12,
            "no connection to a",
        ),
        (
            "ws://a/",
            Some(&[Swallows, Refuses]),
            ErrorKind::ConnectionRefused,
            6,
            "refused",
        ),
        ("ws://a/", None, ErrorKind::TimedOut, 12, "no address to a"),
        (
            "wss://a/",
            Some(&[Swallows, Answers]),
            ErrorKind::TimedOut,
            12,
            "no TLS",
        ),
    ];
    for (url, hosts, kind, after, says) in table {
        let (result, _, took) = dialled(url, hosts);
        let error = result.unwrap_err();
        assert_eq!((error.kind(), took), (kind, secs(after)), "{url} {hosts:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_limit_without_end_is_none() {
    let (result, tried, took) = dialled_within(Duration::MAX, "ws://a/", Some(&[Refuses, Answers]));
    let (found, left) = result.unwrap();
    // Centuries: as far as a timestamp goes.
    assert_eq!((found, left > secs(500 * 365 * 86_400)), (Answers, true));
    assert_eq!((tried.len(), took), (2, secs(0)));
}
