//! A relay between a WebSocket and a plain socket.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::IoSlice;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arbitrary::Unstructured;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::{self, Accept, Connect, Socket as _};
use wsstream_core::test_kit::{Clock, Job, Pipe};
use wsstream_core::{ConnectionConfig, Seed, Url};

use crate::input::{number, octet, patterns};
use crate::jobs::{read_all, run, set_up, write_all};

/// What goes in on one side of a relay comes out on the other, in both directions and however the
/// sockets cut and wait, as far as it comes; all of it, with its end, where half close was agreed on.
/// Nobody waits for ever.
///
/// Input: flags (4: compression, 16: half close), three octets for each of client to relay, relay to client,
/// relay to target, target to relay; how much the client writes, and the target.
pub(crate) fn relay(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let clock = Clock::default();
    let (client, near) = Pipe::pair(true);
    let (far, target) = Pipe::pair(flags & 1 == 0);
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
            let connect = Connect::new(client, clock.sleeper(), &url, &asks, Seed::new([7; 32]));
            let mut stream = connect.await.unwrap().into_stream();
            write_all(&mut stream, lens[0]).await;
            let _ = poll_fn(|cx| stream.poll_shutdown(cx)).await;
            came.borrow_mut()[1] = Some(read_all(&mut stream).await);
        }),
        Box::pin(async {
            let handshake = Accept::new(near, clock.sleeper(), serves).await.unwrap();
            let mut near = handshake.accept().await.unwrap().into_stream();
            let mut far = far;
            let relaying = pump::relay(&mut near, &mut far, PATIENCE, || clock.sleeper());
            *relayed.borrow_mut() = Some(relaying.await);
        }),
        Box::pin(async {
            let mut target = target;
            let (mut sent, mut shut, mut all) = (0, false, Vec::new());
            let mut out = [0; 300];
            // Both at once, as who only writes may stop the relay from reading.
            let good = poll_fn(|cx: &mut Context<'_>| {
                let mut writing = true;
                while writing && !shut {
                    writing = if sent < lens[1] {
                        let data = IoSlice::new(patterns(sent, lens[1] - sent));
                        match target.poll_write(cx, &[data]) {
                            Poll::Ready(Ok(count)) => {
                                sent += count;
                                true
                            }
                            Poll::Ready(Err(_)) => {
                                shut = true;
                                false
                            }
                            Poll::Pending => false,
                        }
                    } else {
                        shut = target.poll_shutdown(cx).is_ready();
                        false
                    };
                }
                loop {
                    match target.poll_read(cx, &mut out) {
                        Poll::Ready(Ok(0)) if shut => return true.into(),
                        Poll::Ready(Ok(0)) => return Poll::Pending,
                        Poll::Ready(Ok(count)) => all.extend_from_slice(&out[..count]),
                        Poll::Ready(Err(_)) => return false.into(),
                        Poll::Pending => return Poll::Pending,
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

/// How long the relay waits for more of a reply.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most that an end writes.
const MOST: usize = 6_000;
