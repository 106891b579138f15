//! The same through an adapter, over a pipe in memory, on one thread.

use std::future::poll_fn;
use std::task::Poll;

use wsstream_core::handshake::Server;
use wsstream_tests::net::{Adapter, Incoming, Opened, Socket};
use wsstream_tests::{Peer, Read, Write};

use crate::kinds::Kind;
use crate::ratios::cpu_time;
use crate::{Measured, READ};

/// Reads a stream, or messages, which may be sent back.
pub(crate) fn measure<A: Adapter>(kind: &Kind, messages: bool) -> Measured {
    A::run_on_one_thread(async {
        let (near, far) = A::pipe(READ);
        let server = Server::stream();
        let accept = async {
            let incoming = A::accept_with(near, &server).await.unwrap();
            incoming.accept().await.unwrap()
        };
        let (mut peer, opened) = tokio::join!(Peer::connect(far, &kind.client), accept);
        let start = cpu_time();
        let attack = attack(&mut peer.raw, &kind.wire);
        let serve = async {
            if messages {
                serve_messages(opened.into_socket(), kind.echo).await
            } else {
                serve_stream(opened.into_stream()).await
            }
        };
        let payload = tokio::select! {
            payload = serve => payload,
            never = attack => never,
        };
        Measured::Cost {
            time: cpu_time() - start,
            wire: kind.wire.len(),
            payload,
        }
    })
}

async fn serve_stream(mut stream: impl Read) -> usize {
    let (mut buf, mut payload) = (vec![0; READ], 0);
    while let Ok(count @ 1..) = stream.read(&mut buf).await {
        payload += count;
    }
    payload
}

async fn serve_messages(mut socket: impl Socket, echo: bool) -> usize {
    let mut payload = 0;
    while let Ok(Some(message)) = socket.recv().await {
        payload += message.as_bytes().len();
        if echo && socket.send(message).await.is_err() {
            break;
        }
    }
    payload
}

/// Sends everything, and takes what comes back, for ever.
async fn attack(raw: &mut (impl Read + Write), mut wire: &[u8]) -> usize {
    let mut buf = vec![0; READ];
    poll_fn(|cx| {
        let mut turns = 0;
        loop {
            let mut moved = false;
            if !wire.is_empty()
                && let Poll::Ready(Ok(count)) = raw.poll_write(cx, wire)
            {
                wire = &wire[count..];
                moved = true;
            }
            moved |= matches!(raw.poll_read(cx, &mut buf), Poll::Ready(Ok(1..)));
            turns += 1;
            if !moved {
                return Poll::Pending;
            }
            if turns == 4 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    })
    .await
}
