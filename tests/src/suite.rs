//! Tests of all stories.

/// Makes a test of each story of the contract, with [`Compression`](crate::Compression) and without, for
/// one [`TestRuntime`](crate::TestRuntime).
#[macro_export]
macro_rules! contract_suite {
    ($runtime:ty) => {
        mod paused {
            use super::*;
            $crate::stories! { $runtime, run_paused:
                alive {
                    off_by_default
                    a_silent_peer
                    an_answering_peer
                    a_slow_busy_link_out
                    a_slow_busy_link_in
                    an_application_that_does_not_read
                    an_idle_stream
                    an_idle_half
                    a_life_that_is_over
                    a_dripping_request
                    a_dripping_response
                    timers_while_driven
                    times_that_never_come
                }
                half_close {
                    a_slow_reply
                    a_slowly_read_reply
                    a_late_reply
                    keepalive_goes_on
                }
                relay {
                    relay_answers_a_close
                    a_foreign_peers_reply_is_waited_for
                    a_reply_that_does_not_come
                    a_reply_that_does_not_come_is_told
                    who_has_gone_stops_who_sends
                    plain_copy_does_not
                }
                shutdown {
                    close_waits_for_a_late_reader
                    a_client_waits_for_the_end
                    no_answer
                    finish_has_an_end
                    a_stuck_peer_is_given_up
                }
            }
        }
        $crate::stories! { $runtime, run:
            bounded {
                an_application_that_does_not_read
                a_peer_that_does_not_read
                one_pong_waits
            }
            cancel {
                every_future_dropped_at_every_poll
                close_dropped_at_every_poll
                halves_in_different_tasks
                pings_while_reading
                pings_while_writing
                pings_while_driving
            }
            drops {
                close_1001
                the_answer
                what_was_accepted
                sixteen_mib_over_tcp
                nothing_after_shutdown
                close_1011_when_panicking
                nothing_after_into_inner
            }
            ending {
                codes
                truncation
                truncation_over_tcp
                close_tells_a_truncation
                reset_after_both_closes
                data_before_an_error
                write_errors_do_not_hide_the_end
                close_with_a_code
                abort
                a_server_leaves_nothing_unread
            }
            faithful {
                any_sizes
                sixteen_mib_over_tcp
                any_fragmentation
                the_longest_frame
                empty_messages_are_nothing
                empty_writes_are_nothing
                auto_fragmentation
            }
            half_close {
                a_long_reply
                the_answer_echoes
                switched_off
                a_close_and_an_end_at_once
                after_the_peers_close
            }
            observable {
                counters
                agreed
                closed_by
                leftovers
                octets_behind_the_handshake
            }
            prompt {
                payload_before_its_frame_ends
                base64_before_its_message_ends
                a_write_leaves_without_flush
                what_was_refused_leaves_with_the_other_half
            }
            relay {
                the_client_ends_first
                the_target_ends_first
                a_target_that_is_gone_at_once
                the_target_resets
                the_client_vanishes
                the_client_fails
                a_dropped_relay_says_so
                plain_copy_both_ways
                pings_through_a_silent_relay
            }
            shutdown {
                sends_all_then_close
                waits_until_it_has_left
                close_discards_input
                close_tells_that_all_arrived
                close_answers_pings_meanwhile
                pings_after_our_close
            }
        }
    };
}

/// Makes two tests of each story in each module.
#[doc(hidden)]
#[macro_export]
macro_rules! stories {
    ($runtime:ty, $run:ident: $($module:ident { $($story:ident)* })*) => {$(
        mod $module {
            use super::*;
            $(mod $story {
                use super::*;

                #[test]
                fn plain() {
                    type Plain = $crate::Compression<$runtime, false>;
                    <Plain as $crate::TestRuntime>::$run($crate::contract::$module::$story::<Plain>());
                }

                #[test]
                fn compressed() {
                    type Compressed = $crate::Compression<$runtime, true>;
                    <Compressed as $crate::TestRuntime>::$run($crate::contract::$module::$story::<Compressed>());
                }
            })*
        }
    )*};
}
