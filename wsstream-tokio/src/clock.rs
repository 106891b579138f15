//! tokio's clock.

use std::io;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};
use wsstream_core::Timestamp;
use wsstream_core::pump::Clock;

/// tokio's clock and timers, for one connection. Time that is paused with `tokio::time::pause` is paused here too.
///
/// # Panics
///
/// Sleeping panics on a runtime without timers (`enable_time`).
///
/// ```
/// # use wsstream_core::pump::Clock;
/// # use wsstream_net::Runtime;
/// use wsstream_tokio::{TokioClock, Tokio};
///
/// let clock: TokioClock = Tokio::clock();
/// ```
#[derive(Debug)]
pub struct TokioClock {
    origin: Instant,
    /// Made when a deadline is first waited for: connections that are idle have a clock each.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl TokioClock {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            sleep: None,
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_origin(self.origin.elapsed())
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        let Some(deadline) = self.origin.checked_add(deadline.since_origin()) else {
            // No clock goes so far.
            return Poll::Pending;
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }

    fn forget_sleep(&mut self) {
        self.sleep = None;
    }

    /// tokio counts a task's turns where its sockets are asked, and nowhere else.
    fn poll_proceed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        coop::poll_proceed(cx).map(|turn| turn.made_progress())
    }
}

/// Whether this runtime has timers: else every connection would panic when it first needs one.
///
/// tokio can only be asked by making a timer. Where there are none that panics, which is caught here; the
/// program's panic hook sees it all the same.
///
/// # Errors
///
/// `Unsupported`.
pub(crate) fn check_runtime() -> io::Result<()> {
    let unsupported = |error| Err(io::Error::new(io::ErrorKind::Unsupported, error));
    if let Err(error) = Handle::try_current() {
        return unsupported(error.to_string());
    }
    match catch_unwind(|| drop(sleep_until(Instant::now()))) {
        Ok(()) => Ok(()),
        Err(_) => unsupported(NO_TIMERS.to_owned()),
    }
}

const NO_TIMERS: &str =
    "the runtime has no timers: build it with `enable_time` or `enable_all` of tokio's `Builder`";

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::net::TcpListener;
    use std::pin::pin;
    use std::task::Waker;

    use tokio::runtime::Builder;

    use super::*;
    use crate::{ClientConfig, ClientEndpoint, Error, Listener, ServerConfig, ServerEndpoint};

    /// What everything says that needs timers, for a client and a server that would find nobody.
    async fn all() -> Vec<Result<(), Error>> {
        let (url, client, server) = (
            "ws://127.0.0.1:1/",
            ClientConfig::stream(),
            ServerConfig::stream(),
        );
        let io = tokio::io::empty;
        let std = || TcpListener::bind("127.0.0.1:0").unwrap();
        let by_url = ClientEndpoint::url(url, client.clone()).unwrap();
        let by_descriptor: ClientEndpoint = "tcp:127.0.0.1:1".parse().unwrap();
        let listening: ServerEndpoint = "tcp:0".parse().unwrap();
        vec![
            crate::connect(url).await.map(drop),
            by_url.open().await.map(drop),
            by_descriptor.connect().await.map(drop),
            crate::connect_on(io(), url, &client).await.map(drop),
            crate::accept(io()).await.map(drop),
            crate::accept_with(io(), &server).await.map(drop),
            Listener::bind("127.0.0.1:0", server).await.map(drop),
            listening.listen().await.map(drop),
            Listener::from_std(std(), ServerConfig::stream()).map(drop),
            listening.listen_on(std()).await.map(drop),
        ]
    }

    #[test]
    fn a_runtime_without_timers_is_an_error_that_says_so() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        for result in runtime.block_on(all()) {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            assert!(error.to_string().contains("enable_time"), "{error}");
        }
    }

    #[test]
    fn so_is_no_runtime() {
        let cx = &mut Context::from_waker(Waker::noop());
        let Poll::Ready(results) = pin!(all()).poll(cx) else {
            panic!("there is nothing to wait for");
        };
        for result in results {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            assert!(error.to_string().contains("Tokio 1.x runtime"), "{error}");
        }
    }

    #[test]
    fn a_runtime_with_timers_will_do() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { check_runtime() }).unwrap();
    }

    /// More than a task has.
    const MANY: usize = 10_000;

    #[test]
    fn a_task_has_so_many_turns_until_others_have_theirs() {
        let runtime = Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let mut clock = TokioClock::new();
            let (mut polls, mut turns) = (0, 0);
            poll_fn(|cx| {
                polls += 1;
                while clock.poll_proceed(cx).is_ready() {
                    turns += 1;
                    if polls == 3 || turns == MANY {
                        return Poll::Ready(());
                    }
                }
                Poll::Pending
            })
            .await;
            assert!((2..MANY).contains(&turns), "{turns}");
        });
    }
}
