//! A relay between a WebSocket and a plain stream.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::Arc;

use arbitrary::Unstructured;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::{Accept, Connect, End, Plain, Relay};
use wsstream_core::test_kit::{Clock, Job, Pipe};
use wsstream_core::{ConnectionConfig, Seed, Url};

use crate::input::{number, octet, patterns};
use crate::jobs::{read_all, run, set_up, write_all};

/// What goes in on one side of a relay comes out on the other, in both directions and however the
/// transports cut and wait, as far as it comes; all of it, with its end, where half close was agreed on.
/// Nobody waits for ever.
///
/// Input: flags (4: compression, 16: half close), three octets for each of client to relay, relay to client,
/// relay to target, target to relay; how much the client writes, and the target.
pub(crate) fn relay(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let clock = Clock::default();
    let (client, near) = Pipe::pair(&clock, true);
    let (far, target) = Pipe::pair(&clock, flags & 1 == 0);
    for pipe in [&client, &near, &far, &target] {
        set_up(&pipe.output, &mut input);
    }
    let lens = [number(&mut input) % MOST, number(&mut input) % MOST];
    let came = RefCell::new([None, None]);
    let half_close = flags & 16 != 0;
    let config = || {
        ConnectionConfig::new()
            .compression(flags & 4 != 0)
            .half_close(half_close)
    };
    let asks = ClientConfig::stream().config(config());
    let serves = Arc::new(ServerConfig::stream().config(config()));
    let relayed = RefCell::new(None);
    let jobs: Vec<Job<'_>> = vec![
        Box::pin(async {
            let url = Url::parse("ws://host/").unwrap();
            let opened = Connect::new(client, &url, &asks, Seed::new([7; 32])).await.unwrap();
            let mut stream = opened.into_stream();
            write_all(&mut stream, lens[0]).await;
            let _ = poll_fn(|cx| stream.poll_shutdown(cx)).await;
            came.borrow_mut()[1] = Some(read_all(&mut stream).await);
        }),
        Box::pin(async {
            let incoming = Accept::new(near, serves).await.unwrap();
            let mut near = incoming.accept().await.unwrap().into_stream();
            let mut far = Plain::new(far);
            *relayed.borrow_mut() = Some(Relay::new(&mut near, &mut far, clock.sleeper()).await);
        }),
        Box::pin(async {
            let mut target = Plain::new(target);
            let (mut sent, mut shut, mut all) = (0, false, Vec::new());
            let mut out = [0; 300];
            // Both at once, as who only writes may stop the relay from reading.
            let good = poll_fn(|cx| {
                let mut writing = true;
                while writing && !shut {
                    writing = if sent < lens[1] {
                        match target.poll_write(cx, patterns(sent, lens[1] - sent)) {
                            std::task::Poll::Ready(Ok(count)) => {
                                sent += count;
                                true
                            }
                            std::task::Poll::Ready(Err(_)) => {
                                shut = true;
                                false
                            }
                            std::task::Poll::Pending => false,
                        }
                    } else {
                        shut = target.poll_shutdown(cx).is_ready();
                        false
                    };
                }
                loop {
                    match target.poll_read(cx, &mut out) {
                        std::task::Poll::Ready(Ok(0)) if shut => return true.into(),
                        std::task::Poll::Ready(Ok(0)) => return std::task::Poll::Pending,
                        std::task::Poll::Ready(Ok(count)) => all.extend_from_slice(&out[..count]),
                        std::task::Poll::Ready(Err(_)) => return false.into(),
                        std::task::Poll::Pending => return std::task::Poll::Pending,
                    }
                }
            })
            .await;
            came.borrow_mut()[0] = Some((all, good));
        }),
    ];
    run(jobs, &clock);
    let relayed = relayed.into_inner().unwrap();
    for (came, len) in came.into_inner().into_iter().zip(lens) {
        let (octets, good) = came.unwrap();
        assert!(octets.len() <= len && octets == patterns(0, octets.len()));
        if half_close {
            assert!(good && octets.len() == len, "{good}, {} of {len}", octets.len());
        }
    }
    if half_close {
        let (there, back) = relayed.into_result().unwrap();
        assert_eq!([there, back], lens.map(|len| len as u64));
    }
}

/// The most that an end writes.
const MOST: usize = 6_000;
