//! What a runtime's traits call a method means the same on a stream itself, whichever of them is in scope.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::future::poll_fn;
use std::pin::Pin;

use wsstream_core::pump;
use wsstream_net::Half;
use wsstream_tests::{AsyncStd, TestRuntime as _, Tokio, open};

/// Fails to compile if a type has a method of its own with a name of these, as it would hide the trait's of that name.
macro_rules! not_inherent {
    ($module:ident ($($name:ident)*) $types:tt) => {
        mod $module {
            // Nothing else that has methods.
            #[allow(unused_imports, reason = "not all need all")]
            use super::{AsyncStd, Half, Stream, Tokio};

            struct Hidden;

            // An inherent method hides a trait's that takes `self` in the same way: so there is one of each.
            mod by_value {
                pub(super) trait Names: Sized {
                    $(fn $name(self) -> super::Hidden { super::Hidden })*
                }
                impl<T> Names for T {}
            }
            mod by_reference {
                pub(super) trait Names {
                    $(fn $name(&self) -> super::Hidden { super::Hidden })*
                }
                impl<T> Names for T {}
            }
            mod by_mutable_reference {
                pub(super) trait Names {
                    $(fn $name(&mut self) -> super::Hidden { super::Hidden })*
                }
                impl<T> Names for T {}
            }

            not_inherent! { @each ($($name)*) $types }
        }
    };
    (@each $names:tt ($($type:ty,)*)) => {
        $(const _: () = { not_inherent! { @type $names $type } };)*
    };
    (@type ($($name:ident)*) $type:ty) => {
        const _: () = {
            use by_value::Names as _;
            $(const _: fn($type) -> Hidden = |it| it.$name();)*
        };
        const _: () = {
            use by_reference::Names as _;
            $(const _: fn(&$type) -> Hidden = |it| it.$name();)*
        };
        const _: () = {
            use by_mutable_reference::Names as _;
            $(const _: fn(&mut $type) -> Hidden = |it| it.$name();)*
        };
    };
}

type Stream<R> = pump::Stream<wsstream_net::NetSocket<R>, <R as wsstream_net::Runtime>::Clock>;

not_inherent! {
    in_tokios_traits
    (
        chain read read_buf read_exact read_to_end read_to_string read_u8 read_u16 read_u32 take
        flush shutdown write write_all write_all_buf write_buf write_u8 write_vectored
    )
    (
        wsstream_tokio::WsStream, wsstream_tokio::NetStream,
        wsstream_tokio::ReadHalf<wsstream_tokio::NetSocket>, wsstream_tokio::WriteHalf<wsstream_tokio::NetSocket>,
        wsstream_tokio::NetSocket, Stream<Tokio>, Half<Stream<Tokio>>,
    )
}

not_inherent! {
    in_traits_of_futures
    (
        chain read read_exact read_to_end read_to_string read_vectored split take
        close flush into_sink write write_all write_all_vectored write_vectored
    )
    (
        wsstream_async_std::WsStream, wsstream_async_std::NetStream,
        wsstream_async_std::ReadHalf<wsstream_async_std::NetSocket>,
        wsstream_async_std::WriteHalf<wsstream_async_std::NetSocket>,
        wsstream_async_std::NetSocket, Stream<AsyncStd>, Half<Stream<AsyncStd>>,
    )
}

// `send` and `close` of a WebSocket do what those of a sink do.
not_inherent! {
    in_traits_of_messages
    (
        all any boxed buffered by_ref chain chunks collect concat count cycle enumerate filter filter_map
        flatten fold for_each forward fuse inspect into_future map next peekable ready_chunks scan
        select_next_some skip split take take_until then unzip zip
    )
    (wsstream_tokio::WebSocket, wsstream_async_std::WebSocket,)
}

not_inherent! {
    in_traits_of_sinks
    (
        buffer fanout feed flush send_all sink_err_into sink_map_err with with_flat_map
    )
    (wsstream_tokio::WebSocket, wsstream_async_std::WebSocket,)
}

/// A name for one way to end the write direction: the other direction goes on, and the peer has its end.
macro_rules! ends_one_direction {
    ($($name:ident: $runtime:ident, |$stream:ident| $end:expr;)*) => {$(
        #[test]
        fn $name() {
            $runtime::run(async {
                let (mut $stream, mut peer) = open::<$runtime>($runtime::pipe(1000)).await;
                $end.await.unwrap();
                let end = wsstream_tests::Read::read(&mut peer, &mut [0]).await;
                assert_eq!(end.unwrap(), 0);
                wsstream_tests::Write::write_all(&mut peer, b"still here").await.unwrap();
                let reply = wsstream_tests::Read::read_exact(&mut $stream, 10).await;
                assert_eq!(reply.unwrap(), b"still here");
                let normal = |close: Option<wsstream_core::Close>| close.unwrap().is_normal();
                assert!(normal($stream.info().sent_close));
                assert_eq!($stream.info().received_close, None);
            });
        }
    )*};
}

ends_one_direction! {
    tokios_trait: Tokio, |stream| tokio::io::AsyncWriteExt::shutdown(&mut stream);
    tokios_method: Tokio, |stream| { use tokio::io::AsyncWriteExt as _; stream.shutdown() };
    tokios_poll: Tokio, |stream| {
        use tokio::io::AsyncWrite as _;
        poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx))
    };
    futures_trait: AsyncStd, |stream| futures_util::AsyncWriteExt::close(&mut stream);
    futures_method: AsyncStd, |stream| { use futures_util::AsyncWriteExt as _; stream.close() };
    futures_poll: AsyncStd, |stream| {
        use futures_util::AsyncWrite as _;
        poll_fn(|cx| Pin::new(&mut stream).poll_close(cx))
    };
    the_name_of_both: AsyncStd, |stream| stream.shutdown();
    poll_of_the_stream_on_tokio: Tokio, |stream| poll_fn(|cx| stream.poll_shutdown(cx));
    poll_of_the_stream: AsyncStd, |stream| poll_fn(|cx| stream.poll_shutdown(cx));
}
