//! Runtimes that differ in one thing from those that they are.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;

use wsstream_net::{ReuniteError, Runtime};

use crate::runtime::{SendSocket, TestRuntime};

/// Another runtime, whose streams offer and accept permessage-deflate if `ON`, whatever a story has set.
#[derive(Debug)]
pub struct Compression<R, const ON: bool>(PhantomData<fn() -> R>);

/// Another runtime, whose streams are split by [`TestRuntime::into_split`], whatever way a story takes.
#[derive(Debug)]
pub struct IntoSplit<R>(PhantomData<fn() -> R>);

/// Does as the runtime `R`, but for what is said.
macro_rules! variant {
    ([$($generics:tt)*] $variant:ty {
        halves: $read:ident, $write:ident, $split:ident;
        compression: $compression:expr;
    }) => {
        impl<R: TestRuntime, $($generics)*> TestRuntime for $variant {
            type Net = R::Net;
            type Stream<S: SendSocket> = R::Stream<S>;
            type ReadHalf<S: SendSocket> = R::$read<S>;
            type WriteHalf<S: SendSocket> = R::$write<S>;
            type OwnReadHalf<S: SendSocket> = R::OwnReadHalf<S>;
            type OwnWriteHalf<S: SendSocket> = R::OwnWriteHalf<S>;
            type Thread = R::Thread;

            const COMPRESSION: Option<bool> = $compression;

            fn stream<S: SendSocket>(stream: <R::Net as Runtime>::Stream<S>) -> R::Stream<S> {
                R::stream(stream)
            }

            fn into_socket<S: SendSocket>(stream: R::Stream<S>) -> S {
                R::into_socket(stream)
            }

            fn split<S: SendSocket>(stream: R::Stream<S>) -> (R::$read<S>, R::$write<S>) {
                R::$split(stream)
            }

            fn into_split<S: SendSocket>(
                stream: R::Stream<S>,
            ) -> (R::OwnReadHalf<S>, R::OwnWriteHalf<S>) {
                R::into_split(stream)
            }

            fn reunite<S: SendSocket>(
                read: R::OwnReadHalf<S>,
                write: R::OwnWriteHalf<S>,
            ) -> Result<R::Stream<S>, ReuniteError<R::OwnReadHalf<S>, R::OwnWriteHalf<S>>> {
                R::reunite(read, write)
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
    };
}

variant!([const ON: bool] Compression<R, ON> {
    halves: ReadHalf, WriteHalf, split;
    compression: Some(ON);
});

variant!([] IntoSplit<R> {
    halves: OwnReadHalf, OwnWriteHalf, into_split;
    compression: R::COMPRESSION;
});
