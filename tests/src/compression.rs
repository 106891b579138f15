//! A runtime whose streams are compressed, or not.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;

use wsstream_net::Runtime;

use crate::runtime::{SendSocket, TestRuntime};

/// Another runtime, whose streams offer and accept permessage-deflate if `ON`, whatever a story has set.
#[derive(Debug)]
pub struct Compression<R, const ON: bool>(PhantomData<fn() -> R>);

impl<R: TestRuntime, const ON: bool> TestRuntime for Compression<R, ON> {
    type Net = R::Net;
    type Stream<S: SendSocket> = R::Stream<S>;
    type ReadHalf<S: SendSocket> = R::ReadHalf<S>;
    type WriteHalf<S: SendSocket> = R::WriteHalf<S>;
    type Thread = R::Thread;

    const COMPRESSION: Option<bool> = Some(ON);

    fn stream<S: SendSocket>(stream: <R::Net as Runtime>::Stream<S>) -> R::Stream<S> {
        R::stream(stream)
    }

    fn into_socket<S: SendSocket>(stream: R::Stream<S>) -> S {
        R::into_socket(stream)
    }

    fn split<S: SendSocket>(stream: R::Stream<S>) -> (R::ReadHalf<S>, R::WriteHalf<S>) {
        R::split(stream)
    }

    fn plain_copy<S: SendSocket, T: SendSocket>(
        a: &mut R::Stream<S>,
        b: &mut R::Stream<T>,
    ) -> impl Future<Output = io::Result<()>> + Send {
        R::plain_copy(a, b)
    }

    fn run(story: impl Future<Output = ()>) {
        R::run(story);
    }

    fn run_paused(story: impl Future<Output = ()>) {
        R::run_paused(story);
    }

    fn now() -> Duration {
        R::now()
    }

    fn run_on_one_thread<T>(story: impl Future<Output = T>) -> T {
        R::run_on_one_thread(story)
    }

    fn thread() -> R::Thread {
        R::thread()
    }

    fn spawn<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        R::spawn(task)
    }
}
