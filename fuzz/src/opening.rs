//! The opening handshake as it is driven over a socket, and what follows it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::Arc;

use arbitrary::Unstructured;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::{Accept, Connect, Upgraded};
use wsstream_core::test_kit::{Clock, Job, Pipe, Sleeper};
use wsstream_core::{Close, CloseCode, ConnectionConfig, Seed, Url};

use crate::input::{number, octet, patterns};
use crate::jobs::{read_all, run, set_up, write_all};

/// However the socket cuts and waits, and whatever is said on it, an opening comes to an end; two ends
/// of ours agree, and octets, the first ones right behind the handshake, arrive as they were written.
/// Who says something else is answered in HTTP, or not at all.
///
/// Input: flags (1: the client is what the input says, 2: the server is; 4: compression; 8: Base64; 16: half
/// close), three octets for each direction, the client's first, how much each end writes, and octets.
pub(crate) fn opening(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    set_up(&near.output, &mut input);
    set_up(&far.output, &mut input);
    match flags & 3 {
        0 => both(flags, near, far, &clock, &mut input),
        1 => hostile_client(flags, near, far, &clock, input.take_rest()),
        _ => hostile_server(flags, near, far, &clock, input.take_rest()),
    }
}

fn config(flags: u8) -> ConnectionConfig {
    ConnectionConfig::new()
        .compression(flags & 4 != 0)
        .half_close(flags & 16 != 0)
}

fn client(flags: u8) -> ClientConfig {
    let name = if flags & 8 == 0 { "binary" } else { "base64" };
    ClientConfig::stream()
        .subprotocols([name])
        .unwrap()
        .config(config(flags))
}

fn connect(pipe: Pipe, clock: &Clock, flags: u8) -> Connect<Pipe, Sleeper> {
    let url = Url::parse("ws://host/").unwrap();
    Connect::new(pipe, clock.sleeper(), &url, &client(flags), Seed::new([7; 32]))
}

fn server(flags: u8) -> Arc<ServerConfig> {
    Arc::new(ServerConfig::stream().config(config(flags)))
}

fn both(flags: u8, near: Pipe, far: Pipe, clock: &Clock, input: &mut Unstructured<'_>) {
    let lens = [number(input) % MOST, number(input) % MOST];
    let agreed = RefCell::new(Vec::new());
    let talk = async |upgraded: Upgraded<Pipe, Sleeper>, [ours, theirs]: [usize; 2]| {
        agreed.borrow_mut().push(upgraded.agreed().clone());
        let mut stream = upgraded.into_stream();
        assert_eq!(write_all(&mut stream, ours).await, ours);
        poll_fn(|cx| stream.poll_flush(cx)).await.unwrap();
        let mut came = 0;
        let mut out = [0; 500];
        while came < theirs {
            let count = poll_fn(|cx| stream.poll_read(cx, &mut out)).await.unwrap();
            assert_eq!(out[..count], *patterns(came, count));
            assert!(count > 0 && came + count <= theirs);
            came += count;
        }
        let close = Close::new(CloseCode::NORMAL, "");
        poll_fn(|cx| stream.poll_close_with(cx, &close)).await.unwrap();
    };
    let jobs: Vec<Job<'_>> = vec![
        Box::pin(async {
            let upgraded = connect(near, clock, flags).await.unwrap();
            talk(upgraded, lens).await;
        }),
        Box::pin(async {
            let handshake = Accept::new(far, clock.sleeper(), server(flags)).await.unwrap();
            handshake.check().unwrap();
            let upgraded = handshake.accept().await.unwrap();
            talk(upgraded, [lens[1], lens[0]]).await;
        }),
    ];
    run(jobs, clock);
    let agreed = agreed.into_inner();
    assert_eq!(agreed[0], agreed[1]);
    assert_eq!(agreed[0].deflate().is_some(), flags & 4 != 0);
    assert_eq!(agreed[0].half_close(), flags & 16 != 0);
}

/// What is written by whom, and its end.
fn say(pipe: &Pipe, octets: &[u8]) {
    let mut line = pipe.output.get();
    line.feed(octets);
    line.finish(Ok(()));
}

fn hostile_client(flags: u8, near: Pipe, far: Pipe, clock: &Clock, octets: &[u8]) {
    say(&near, octets);
    // It takes everything.
    near.input.get().capacity = usize::MAX;
    let job = async {
        let Ok(handshake) = Accept::new(far, clock.sleeper(), server(flags)).await else {
            return;
        };
        let accepts = handshake.check().is_ok();
        let upgraded = handshake.accept().await;
        assert_eq!(accepts, upgraded.is_ok());
        if let Ok(upgraded) = upgraded {
            let mut stream = upgraded.into_stream();
            write_all(&mut stream, 100).await;
            read_all(&mut stream).await;
        }
    };
    run(vec![Box::pin(job)], clock);
    let answer = near.input.get().take();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 "));
}

fn hostile_server(flags: u8, near: Pipe, far: Pipe, clock: &Clock, octets: &[u8]) {
    say(&far, octets);
    far.input.get().capacity = usize::MAX;
    let job = async {
        // Our key is always the same, so that the input can have the answer to it.
        if let Ok(upgraded) = connect(near, clock, flags).await {
            let mut stream = upgraded.into_stream();
            write_all(&mut stream, 100).await;
            read_all(&mut stream).await;
        }
    };
    run(vec![Box::pin(job)], clock);
    let asked = far.input.get().take();
    assert!(asked.starts_with(b"GET / HTTP/1.1\r\n") || asked.len() < 16);
}

/// The most that an end writes.
const MOST: usize = 6_000;
