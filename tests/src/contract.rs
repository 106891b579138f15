//! The stories, by the sentences of the contract that they prove.
//!
//! Which test shows which sentence, as `file::test`; that they exist is a test too (`tests/table.rs`).
//!
//! | contract | shown by |
//! |---|---|
//! | 1 faithful: any chunking, both ways | `faithful::any_sizes` `faithful::sixteen_mib_over_tcp` `faithful::octets_out_are_octets_in` |
//! | any fragmentation, interleaved control frames | `faithful::any_fragmentation` `faithful::auto_fragmentation` `byte_stream::what_goes_in_comes_out` |
//! | any compression choice (every story runs with it and without) | `deflate::what_goes_in_comes_out` `deflate_zlib::zlib_inflates_what_we_send` `deflate_zlib::we_inflate_what_zlib_sends` `faithful::octets_out_are_octets_in` |
//! | message size up to 2^63-1 | `faithful::the_longest_frame` |
//! | an empty message is nothing | `faithful::empty_messages_are_nothing` `faithful::empty_writes_are_nothing` |
//! | 2 prompt: readable before frame or message end | `prompt::payload_before_its_frame_ends` `prompt::base64_before_its_message_ends` |
//! | a write leaves without flush | `prompt::a_write_leaves_without_flush` `prompt::what_was_refused_leaves_with_the_other_half` |
//! | 3 bounded: idle, fresh and after traffic | `memory::an_idle_connection` `memory::an_idle_connection_that_its_task_has_accepted` |
//! | active, whatever the peer does | `memory::pings_from_a_peer_that_does_not_read` `memory::fragments_of_one_octet` `memory::empty_continuations` `memory::an_endless_frame` `memory::a_length_of_2_to_the_62` `memory::a_head_that_never_ends` |
//! | a bomb; with compression, idle | `memory::a_gibibyte_of_zeros` `memory::an_idle_compressed_connection_without_context` `memory::an_idle_compressed_connection_with_its_context` `deflate::codecs_are_taken_on_first_use_and_given_back` |
//! | backpressure both ways | `bounded::an_application_that_does_not_read` `bounded::a_peer_that_does_not_read` `memory::an_application_that_stops_reading` `memory::a_peer_that_stops_reading_a_server` |
//! | one pong waits, the newest | `bounded::one_pong_waits` |
//! | 4 shutdown: all queued, Close 1000, flushed; reading goes on | `shutdown::sends_all_then_close` `shutdown::waits_until_it_has_left` |
//! | close discards, waits for Close and a client for the end | `shutdown::close_discards_input` `shutdown::a_client_waits_for_the_end` |
//! | only close knows that all arrived | `shutdown::close_tells_that_all_arrived` `shutdown::close_waits_for_a_late_reader` `ending::close_tells_a_truncation` |
//! | `close_with`, `abort` | `ending::close_with_a_code` `ending::abort` |
//! | Close 1000 or none is the end, others are errors; who closed stays readable | `ending::codes` `observable::closed_by` |
//! | truncation is never silent | `ending::truncation` `ending::truncation_over_tcp` `byte_stream::a_close_inside_a_message_is_no_end` `tls::a_cut_is_seen` |
//! | after both Closes any end is clean | `ending::reset_after_both_closes` `endings::after_both_closes_a_reset_is_clean` |
//! | what came before an error is delivered | `ending::data_before_an_error` |
//! | write errors wait for the end of reading | `ending::write_errors_do_not_hide_the_end` |
//! | half close, agreed: the answer waits without limit, echoes | `half_close::a_long_reply` `half_close::a_slow_reply` `half_close::a_late_reply` `half_close::a_slowly_read_reply` `half_close::the_answer_echoes` |
//! | not agreed: answered at once, and behind an end of TCP too | `half_close::switched_off` `half_close::a_close_and_an_end_at_once` `relay::relay_answers_a_close` |
//! | after the peer's Close, and after ours: keepalive and pongs, data discarded | `half_close::keepalive_goes_on` `half_close::after_the_peers_close` `shutdown::pings_after_our_close` |
//! | what a foreign peer's reply is given, and what is told where it is cut | `relay::a_foreign_peers_reply_is_waited_for` `relay::a_reply_that_does_not_come` |
//! | `finish` has an end | `shutdown::finish_has_an_end` `time::closing_has_an_end_whatever_the_peer_says` |
//! | a server leaves nothing unread | `ending::a_server_leaves_nothing_unread` |
//! | drop is TLS's | `drops::close_1001` `drops::the_answer` `drops::close_1011_when_panicking` |
//! | what a write has accepted is delivered | `drops::what_was_accepted` `drops::sixteen_mib_over_tcp` `delivering::all_that_was_accepted_arrives_and_the_close_behind_it` `delivering::the_socket_is_held_until_the_peer_has_taken_what_the_system_holds` |
//! | bounded by progress, and by the listener's shutdown | `delivering::a_peer_that_takes_nothing_is_given_up_in_the_progress_timeout` `delivering::the_listeners_shutdown_ends_it` `delivery::a_shutdown_ends_it` |
//! | 5 dropping any future loses nothing | `cancel::every_future_dropped_at_every_poll` `cancel::close_dropped_at_every_poll` `turns::a_handshake_dropped_at_every_poll` `turns::messages_dropped_at_every_poll` `turns::dialling_and_accepting_dropped_at_every_poll` `failures::a_relay_that_is_dropped_with_octets_under_way_ends_as_a_failure` |
//! | halves in different tasks | `cancel::halves_in_different_tasks` `faithful::halves_in_four_tasks_over_seven_octets_lose_no_wake_up` |
//! | pings answered whatever is polled | `cancel::pings_while_reading` `cancel::pings_while_writing` `cancel::pings_while_driving` `pings::pings_are_answered_behind_64_kib_and_not_behind_more` |
//! | 6 keepalive off by default, by progress | `alive::off_by_default` `alive::a_silent_peer` `alive::an_answering_peer` `alive::a_slow_busy_link_in` `alive::a_slow_busy_link_out` `alive::times_that_never_come` |
//! | an idle limit and a maximum life by option, told on the wire | `alive::an_idle_stream` `alive::an_idle_half` `alive::a_life_that_is_over` `limits::only_payload_keeps_a_connection_from_being_idle` `limits::a_life_ends_whatever_goes_either_way` `limits::what_is_queued_goes_first_and_the_peer_is_told` `limits::no_answer_makes_a_whole_of_it` `limits::the_peers_answer_has_its_limit` `limits::one_direction_keeps_the_limits` `limits::what_is_taken_slowly_is_not_idle` |
//! | handshake limits are totals | `alive::a_dripping_request` `alive::a_dripping_response` `bad_handshakes::a_request_that_drips` |
//! | 7 observable: addresses, the request | `opening::addresses_of_both_ends` `opening::the_request_is_in_hand` |
//! | counters, what was agreed, leftovers | `observable::counters` `observable::agreed` `observable::octets_behind_the_handshake` `observable::leftovers` |
//! | frame-level logs | `debug::every_frame_of_those_who_are_set_to_it` |
//! | 8 driven by polling | `alive::timers_while_driven` `relay::plain_copy_does_not` `relay::relay_answers_a_close` `relay::pings_through_a_silent_relay` |
//! | fixed words on the wire, the system's errors in the log | `relay::the_target_resets`; of a target that cannot be dialled `tests/examples/relay.rs` |
//! | relay: ends and failures pass on | `relay::the_client_ends_first` `relay::the_target_ends_first` `relay::a_target_that_is_gone_at_once` `relay::the_target_resets` `relay::the_client_vanishes` `told::a_slow_reader_gets_everything_and_then_whether_that_is_all` |
//! | relay: nothing passes for a whole that is none, wherever it leads | `bad_ends` `relay::a_reply_that_does_not_come_is_told` `relay::a_dropped_relay_says_so` `told::a_relay_that_is_dropped_lets_nothing_pass_for_a_whole` |
//! | relay: who has gone stops who sends | `relay::who_has_gone_stops_who_sends` `gone::an_upload_to_a_target_that_has_gone` `gone::a_download_whose_reader_has_gone`; `.ci/ends` |
//!
//! | what the peers need | shown by |
//! |---|---|
//! | `.ci/peers`: each foreign peer, both directions, every encoding, plain and compressed | a step of CI |
//! | subprotocols: `binary,base64` offered, the client's first, none, 406, a client that fails | `connecting::s4_1_the_request` `subprotocols::s4_2_2_the_first_of_the_clients_list_that_the_server_speaks` `subprotocols::s4_1_what_a_client_takes` `connecting::s4_1_no_subprotocol_is_an_error_unless_it_is_accepted` `acceptor::what_a_server_answers` |
//! | base64: streaming and strict, 1003 for another kind | `byte_stream::at_every_cut_and_in_any_room` `byte_stream::a_message_of_the_wrong_kind_is_refused_at_its_header` `bad_frames::on_base64` |
//! | autofrag counts what is on the wire, and leaves no empty frame | `byte_stream::autofrag_counts_the_text_on_the_wire_and_makes_no_empty_frame` `sending::s5_4_auto_fragmentation` |
//! | compression: offers, answers, windows, what does not compress | `deflate::s5_1_offers` `deflate::s7_1_answers` `deflate::s7_1_checks` `deflate::rfc7692_s7_1_2_no_reference_is_further_back_than_the_window` `deflate::data_that_does_not_compress_goes_plain_and_is_noticed_when_it_does` |
//! | Close: any echo, a reset after it | `ending::codes` `ending::close_with_a_code` `ending::reset_after_both_closes` |
//! | heads: what is tolerated, what is refused, 426 and 405 with their fields | `head::heads_that_pass` `head::heads_that_are_refused` `acceptor::s4_2_what_a_server_accepts_and_what_it_refuses` `acceptor::s4_4_the_refusals_that_carry_fields` `connecting::s4_1_what_a_client_takes_for_an_answer` |
//! | `Origin`: the same host, a list, any | `origin::s10_2_the_same_host_and_port` `origin::s10_2_a_list` |
//! | `Origin` over our own TLS: the scheme too | `origin::over_tls_the_scheme_counts` `own::pages_have_to_be_of_https` |
//! | `Host`: names of this machine, a list, any; a proxy is not asked | `hosts::which_names_a_local_server_answers_to` `hosts::a_list_is_all_there_is` `hosts::no_port_is_the_default_port` `hosts::a_rebound_page` `hosts::a_list_of_hosts` `hosts::a_server_on_all_addresses` `hosts::a_unix_socket_is_never_asked` |
//! | `Origin` with a slash at its end | `origin::s10_2_the_same_host_and_port` `origin::a_list_is_told_without_slashes` |
//! | requests that a proxy has spoilt, HTTP/1.0, targets of every form | `request::a_part_of_a_handshake_is_explained` `request::http10_names_what_a_proxy_needs` `request::rfc9112_s3_2_where_a_request_goes` `target::rfc9112_s3_2_targets` |
//! | health checks, which the application and the log hear nothing of | `health::what_is_a_health_check` `requests::a_balancer_is_answered` `requests::a_balancer_at_the_end` `debug::no_health_check` |
//! | cookies: one line, and heads as large as they need | `connecting::rfc6265_s5_4_one_line_of_cookies` `answers::large_requests` `answers::large_responses` |
//! | `wss` without TLS sends nothing | `opening::wss_needs_a_secure_socket` `client::wss_needs_tls_below` |
//! | half close by agreement, where it is asked for | `connecting::s4_1_what_can_be_asked_for` `negotiation::what_a_client_asks_a_server_answers_and_the_client_confirms` `negotiation::messages_know_no_half_close` |
//! | URLs, and paths that are listened on | `url::s3_urls` `url::s3_what_is_no_websocket_url` `url::userinfo_becomes_basic_authorization_and_is_shown_nowhere` `acceptor::s4_2_2_a_path_that_is_not_served` `accepted::wss_is_tls_for_the_urls_host` |
//! | what no URL holds is named, with what to write instead | `url::characters_that_no_url_holds_are_named` `url::what_is_wrong_is_said_without_secrets` |
//! | zones are for dialling alone | `url::zones_are_for_dialling_alone` `dialling::zones_of_link_local_addresses` |
//! | a server's URL has no query | `dialling::a_server_takes_every_query` |
//! | descriptors | `accepted::the_specifications_examples` `accepted::written_and_read_again` `refused::errors_say_where_and_what` `syntax::as_twisted_splits` `properties::what_is_quoted_comes_out` `properties::what_is_written_reads_back` `plan::of_clients` `plan::of_servers` `defaults::defaults_are_twisteds` `defaults::what_is_said_counts`; over sockets `tests/endpoints` and `endpoints::the_same_program` `endpoints::writes_need_no_flush` |
//!
//! | one stack: the same by URL and by descriptor, on every runtime | shown by |
//! |---|---|
//! | through an HTTP proxy, over TLS or not, through SOCKS5 and SOCKS4 | `proxies::an_http_proxy_by_url` `proxies::an_http_proxy_by_descriptor` `proxies::a_socks_proxy_by_url` `proxies::a_socks_proxy_by_descriptor` `proxies::over_tls_by_url` `proxies::over_tls_by_descriptor` |
//! | what a proxy refuses, and says before it does not | `proxies::who_is_not_let_through` `http::refusals` `http::responses_that_open` `http::a_body_that_stalls` `socks::version_5` `socks::version_4` |
//! | which proxy the environment names, and what is ignored of it | `environment::what_the_environment_says` `environment::errors_name_the_variable` `environment::warnings` `exceptions::what_is_covered` `exceptions::wrong_entries` |
//! | a host that cannot be connected to: each address, the most telling first | `error::the_most_telling_comes_first` `error::an_address_is_told_once` `error::look_ups_and_proxies` `dialling::refused_addresses` `dialling::a_proxy_that_is_not_there` |
//! | a listener at all addresses of a name, or at none; its queue | `bind::all_have_one_port` `bind::one_in_use_fails_all` `bind::what_the_machine_does_not_have_is_passed_over` `addresses::none_keeps_the_others_waiting` `addresses::a_queue_as_long_as_it_was_asked_for`; in networks of their own `tests/names.rs` |
//! | all of these with servers and proxies that others use: `.ci/reach` | a step of CI |
//! | over a Unix socket | `ways::a_unix_socket_by_url` `ways::a_unix_socket_by_descriptor` |
//! | TLS over WebSocket over TLS | `twice::by_url` `twice::by_descriptor` |
//! | from a source address | `ways::a_source_address_by_url` `ways::a_source_address_by_descriptor` |
//! | redirects: each status and form, limits, circles, what another origin sees, endpoints that were given | `redirects::each_status` `redirects::each_form` `redirects::a_chain_up_to_the_limit` `redirects::circles` `redirects::what_another_server_sees` `redirects::cookies_that_a_redirect_sets` `redirects::a_unix_socket_stays` `redirects::an_address_that_was_given_stays` `redirects::where_nobody_listens` `redirects::one_limit_for_all` `redirects::where_a_location_leads` `redirects::wherever_servers_lead` |
//! | redirects: to TLS, and never from it to plain | `redirects::never_from_tls_to_plain` `redirects::from_plain_to_tls` `redirects::the_name_is_that_of_the_new_url` `redirects::a_clients_certificate_stays` |
//! | a request looked at, and refused before the 101 | `ways::refused_before_the_101_by_url` `ways::refused_before_the_101_by_descriptor` |
//! | a listener that has shut down, or of a socket that listens already | `ways::no_more_after_shutdown` `ways::tcp_that_listens_already` `ways::unix_that_listens_already` |
//! | a relay of any two streams | `ways::relay_of_two_websockets` `ways::relay_of_two_websockets_of_which_one_fails` `ways::relay_of_two_descriptors` |
//!
//! | bad input | shown by |
//! |---|---|
//! | each status, and the next connection unharmed | `bad_handshakes::every_row_and_the_next_connection` `bad_handshakes::the_same_octet_by_octet` |
//! | 408 in total | `bad_handshakes::a_request_that_drips` `bad_handshakes::a_request_that_never_comes` |
//! | a line in the log that says what came | `debug::every_refusal` `debug::every_failure` `debug::who_is_gone_before_asking` |
//! | answers that a client refuses, each with the line that it prints | `answers::faults` `answers::refusals` `response::what_is_shown` |
//! | answers that a client does not wait for the end of | `answers::answers_without_end` `answers::answers_that_drip` `opening::a_refusal_without_end_is_told_within_200_ms` |
//! | ports of other protocols, named | `answers::what_is_no_http` `answers::what_is_no_http_and_greets` `beginning::what_is_no_http_is_named` |
//! | heads as large as is set, and no larger | `answers::large_requests` `answers::large_responses` |
//! | each octet of a head scanned once | `head::each_octet_is_looked_at_once` |
//! | each close code, nothing from beyond, the next connection | `bad_frames::on_binary` `bad_frames::on_base64` `bad_frames::at_a_client` |
//! | 1007 and 1009 for whole messages | `message::s8_1_text_fails_at_its_first_bad_octet` `bad_frames::on_messages` |
//! | an opcode refused at its header | `wire::a_frame_is_refused_at_its_header_not_after_its_payload` |
//! | work per poll is bounded | `turns::one_poll_is_bounded_whatever_the_peer_has_ready` `turns::other_tasks_have_their_turn` |
//! | of a bomb, too | `deflate::one_poll_inflates_a_bounded_part_of_a_bomb` `deflate::close_discards_a_bomb_without_inflating_it` |
//! | no deflate data, RSV1 where it must not be | `bad_frames::with_compression` |
//! | whole feeding as octet by octet | `corpus::every_property_holds` |
//! | TLS: names, dates, authorities, garbage | `tls::a_wrong_name_is_refused` `tls::what_is_expired_or_not_yet_valid_is_refused` `tls::what_is_no_tls_ends_in_time` |
//!
//! | what has gone wrong elsewhere | shown not to here by |
//! |---|---|
//! | inflating without a limit; losing what the limit leaves | `memory::a_gibibyte_of_zeros` `deflate::a_gibibyte_of_zeros_comes_at_the_readers_pace` |
//! | fragments or empty continuations without end | `memory::fragments_of_one_octet` `memory::empty_continuations` |
//! | memory for a length that was only announced | `memory::a_length_of_2_to_the_62` `memory::an_endless_frame` |
//! | a peer that does not read, or floods pings | `memory::pings_from_a_peer_that_does_not_read` `memory::a_peer_that_stops_reading_a_server` |
//! | heads parsed again and again, or without end | `head::each_octet_is_looked_at_once` `memory::a_head_that_never_ends` |
//! | more fields than the limit | `bad_handshakes::every_row_and_the_next_connection` `answers::faults` |
//! | lengths that overflow | `frame::s5_2_refused_as_soon_as_seen` `wire::a_frame_is_refused_at_its_header_not_after_its_payload` |
//! | window bits out of range, unknown parameters | `deflate::s7_1_answers` `deflate::s7_1_checks` |
//! | control frames that disturb compression, RSV1 without agreement | `deflate::rfc7692_s7_2_3_examples_and_faults_at_every_cut` `deflate::without_agreement_rsv1_is_refused` |
//! | pages of other origins | `origin::s10_2_a_list` `origin::s10_2_the_same_host_and_port` |
//! | pages that let their name point to us (DNS rebinding) | `hosts::a_rebound_page` |
//! | a tunnel though the upgrade failed, bodies and second requests taken for frames | `answers::faults` `bad_handshakes::every_row_and_the_next_connection` |
//! | mask keys that can be predicted | `seed::the_nonce_tells_nothing_of_the_keys` |
//! | text of the peer in status lines and fields | `refusal::fields_cannot_inject` |
//! | a certificate for another name | `tls::a_wrong_name_is_refused` |
//! | octets lost when the target closes | `relay::the_target_ends_first` |

pub mod alive;
pub mod bounded;
pub mod cancel;
pub mod drops;
pub mod ending;
pub mod faithful;
pub mod half_close;
pub mod observable;
pub mod prompt;
pub mod relay;
pub mod shutdown;

use std::io;

use wsstream_core::handshake::{ClientConfig, Negotiated, ServerConfig};
use wsstream_core::pump::{Clock, Socket, Stream};
use wsstream_core::{ConnectionConfig, Seed, StreamError};

use crate::{Peer, Raw, Read, TestRuntime, WsStream};

/// The encodings: `binary` and `base64` as subprotocols, and none.
pub const ENCODINGS: [Option<&str>; 3] = [Some("binary"), Some("base64"), None];

/// A client that offers this, and nothing else.
#[must_use]
pub fn offering(subprotocol: Option<&str>) -> ClientConfig {
    let client = ClientConfig::stream().subprotocols(subprotocol).unwrap();
    client.accept_no_subprotocol(subprotocol.is_none())
}

/// A stream as a server, and its peer, who sends frames made by hand.
pub async fn server_and_peer<R: TestRuntime>(
    (peer, server): (Raw<R>, Raw<R>),
    config: ConnectionConfig,
) -> (WsStream<R>, Peer<Raw<R>>) {
    let (client, server_options) = (
        ClientConfig::stream(),
        ServerConfig::stream().config(config),
    );
    let (peer, stream) = tokio::join!(
        Peer::connect(peer, &client),
        R::accept(server, &server_options)
    );
    (stream.unwrap(), peer)
}

/// A stream as a client, and its peer, who sends frames made by hand.
pub async fn client_and_peer<R: TestRuntime>(
    (client, peer): (Raw<R>, Raw<R>),
    config: ConnectionConfig,
) -> (WsStream<R>, Peer<Raw<R>>) {
    let options = ClientConfig::stream().config(config);
    let (stream, peer) = tokio::join!(R::connect(client, &options), Peer::accept(peer));
    (stream.unwrap(), peer)
}

/// A client's stream in binary over a transport, on whose other end nothing was said yet.
pub fn bare_client<R: TestRuntime>(raw: Raw<R>, config: ConnectionConfig) -> WsStream<R> {
    let negotiated = Negotiated::nothing(config, Some(Seed::new([7; 32])));
    R::opened(raw, negotiated, Vec::new())
}

/// A server's.
pub fn bare_server<R: TestRuntime>(raw: Raw<R>, config: ConnectionConfig) -> WsStream<R> {
    R::opened(raw, Negotiated::nothing(config, None), Vec::new())
}

/// What is inside an error of a stream.
#[must_use]
pub fn stream_error(error: &io::Error) -> Option<&StreamError> {
    StreamError::of(error)
}

/// Some of what a [`Pattern`](crate::Pattern) gives is worth compressing: so a stream that wrote enough of it
/// did so if that was agreed on, and did not if it was not.
///
/// # Panics
///
/// If it is not so.
pub fn assert_compressed<S: Socket, C: Clock>(stream: &Stream<S, C>) {
    let info = stream.info();
    let (counters, agreed) = (info.counters, info.agreed.deflate().is_some());
    assert_eq!(counters.messages_deflated > 0, agreed, "{counters:?}");
    assert!(
        !agreed || counters.payload_sent < counters.deflated,
        "{counters:?}"
    );
}

/// Reads to the end, which has to be a clean one.
pub async fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let (octets, ended) = stream.read_to_end().await;
    ended.unwrap();
    octets
}
