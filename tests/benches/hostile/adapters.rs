//! The same through an adapter, over a pipe in memory, on one thread.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use wsstream_core::handshake::ServerConfig;
use wsstream_core::pump::{Clock, Socket, WebSocket};
use wsstream_tests::{Peer, Read, TestRuntime, Write};

use crate::kinds::Kind;
use crate::ratios::cpu_time;
use crate::{Measured, READ};

/// Reads a stream, or messages, which may be sent back.
pub(crate) fn measure<A: TestRuntime>(kind: &Kind, messages: bool) -> Measured {
    A::run_on_one_thread(async {
        let (near, far) = A::pipe(READ);
        let server = ServerConfig::stream();
        let accept = async {
            let handshake = A::accept_with(near, &server).await.unwrap();
            handshake.accept().await.unwrap()
        };
        let (mut peer, opened) = tokio::join!(Peer::connect(far, &kind.client), accept);
        let start = cpu_time();
        let attack = attack(&mut peer.raw, &kind.wire);
        let serve = async {
            if messages {
                serve_messages(opened.into_websocket(), kind.echo).await
            } else {
                serve_stream(A::stream(opened.into_stream())).await
            }
        };
        let served = tokio::select! {
            served = serve => served,
            never = attack => never,
        };
        match served {
            (payload, ending) if !is_refusal(&ending) => Measured::Cost {
                time: cpu_time() - start,
                wire: kind.wire.len(),
                payload,
            },
            _ => Measured::Refused,
        }
    })
}

/// How much was delivered, and how it ended.
type Served = (usize, io::Result<()>);

async fn serve_stream(mut stream: impl Read) -> Served {
    let (mut buf, mut payload) = (vec![0; READ], 0);
    loop {
        match stream.read(&mut buf).await {
            Ok(0) => return (payload, Ok(())),
            Ok(count) => payload += count,
            Err(error) => return (payload, Err(error)),
        }
    }
}

async fn serve_messages<S: Socket, C: Clock>(mut socket: WebSocket<S, C>, echo: bool) -> Served {
    let mut payload = 0;
    loop {
        match socket.recv().await {
            Ok(None) => return (payload, Ok(())),
            Ok(Some(message)) => {
                payload += message.as_bytes().len();
                if echo && let Err(error) = socket.send(message).await {
                    return (payload, Err(error));
                }
            }
            Err(error) => return (payload, Err(error)),
        }
    }
}

fn is_refusal(ending: &io::Result<()>) -> bool {
    matches!(ending, Err(error) if error.kind() == io::ErrorKind::InvalidData)
}

/// Sends everything, and takes what comes back, for ever.
pub(crate) async fn attack(raw: &mut (impl Read + Write), mut wire: &[u8]) -> Served {
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
