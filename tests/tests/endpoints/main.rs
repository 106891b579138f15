//! Endpoint descriptors over real sockets: the same program whatever they say, on every runtime and from
//! one to the other. Those with TLS are in the tests of that.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod files;
mod listener;
mod processes;
mod program;
mod proxy;
mod sockets;
mod wire;

use wsstream_tests::{AsyncStd, Smol, TestRuntime, Tokio};

/// Makes a test of each story, for a client's runtime and a server's.
macro_rules! suite {
    ($runner:ty, $client:ty, $server:ty) => {
        suite! { $runner, $client, $server:
            files {
                the_next_servers_files_stay
                what_comes_back_is_still_removed
                what_took_their_place_stays
            }
            listener {
                at_most_so_many
                nobody_is_forgotten_at_shutdown
                plain_streams_have_their_grace
                streams_in_use_are_told
            }
            program {
                over_everything
                the_specifications_examples
                what_belongs_to_the_forwarder
            }
            proxy {
                given
                to_a_server
            }
            sockets {
                backlog
                connect_from
                connecting_has_a_limit
                ended_already
                files
                interface
                locks
                mode
                where_none_can_be
            }
            wire {
                autofrag_of_a_client
                autofrag_of_a_server
                closing_with_a_code
                what_is_agreed_on
            }
        }
    };
    ($runner:ty, $client:ty, $server:ty: $($module:ident { $($story:ident)* })*) => {$(
        mod $module {
            use super::*;
            $(
                #[test]
                fn $story() {
                    <$runner as TestRuntime>::run(crate::$module::$story::<$client, $server>());
                }
            )*
        }
    )*};
}

mod tokio {
    use super::*;
    suite!(Tokio, Tokio, Tokio);
}

mod async_std {
    use super::*;
    suite!(AsyncStd, AsyncStd, AsyncStd);
}

mod smol {
    use super::*;
    suite!(Smol, Smol, Smol);
}

mod tokio_to_async_std {
    use super::*;
    suite!(Tokio, Tokio, AsyncStd);
}

mod async_std_to_tokio {
    use super::*;
    suite!(Tokio, AsyncStd, Tokio);
}
