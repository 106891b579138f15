//! Tests of stories that are no part of the contract's suite, for whom they concern.

/// Makes a test of each story for each runtime.
#[macro_export]
macro_rules! on_all_runtimes {
    ($($story:ident)*) => {
        $crate::tests_of_all! { run, $($story)* }
    };
}

/// Makes a test of each story for each runtime, on one thread.
#[macro_export]
macro_rules! on_one_thread {
    ($($story:ident)*) => {
        $crate::tests_of_all! { run_on_one_thread, $($story)* }
    };
}

/// Makes a test of each story for each adapter, where a story makes the threads that it runs on and counts what they
/// have. What smol's sockets keep on the heap is not ours.
#[macro_export]
macro_rules! on_threads_of_their_own {
    ($($story:ident)*) => {
        $crate::tests_of! { on_tokio, $crate::Tokio, drop::<()>, $($story)* }
        $crate::tests_of! { on_async_std, $crate::AsyncStd, drop::<()>, $($story)* }
    };
}

/// Makes a test of each story for each runtime, which is asked to run it like this.
#[doc(hidden)]
#[macro_export]
macro_rules! tests_of_all {
    ($run:ident, $($story:ident)*) => {
        $crate::tests_of! { on_tokio, $crate::Tokio, <$crate::Tokio as $crate::TestRuntime>::$run, $($story)* }
        $crate::tests_of! { on_async_std, $crate::AsyncStd, <$crate::AsyncStd as $crate::TestRuntime>::$run, $($story)* }
        $crate::tests_of! { on_smol, $crate::Smol, <$crate::Smol as $crate::TestRuntime>::$run, $($story)* }
    };
}

/// Makes a test of each story for one runtime, in a module.
#[doc(hidden)]
#[macro_export]
macro_rules! tests_of {
    ($module:ident, $runtime:path, $run:expr, $($story:ident)*) => {
        mod $module {
            $(#[test]
            fn $story() {
                ($run)(super::$story::<$runtime>());
            })*
        }
    };
}
