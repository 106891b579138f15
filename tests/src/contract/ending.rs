//! 3.4: the peer's Close 1000, or without a code, is an end; every other end is an error that says so.

use std::error::Error as _;
use std::io::{self, ErrorKind};

use wsstream_core::{Close, CloseCode, ClosedBy, ConnectionConfig, Opcode, StreamError};

use super::{client_and_peer, server_and_peer, stream_error};
use crate::{Read, TestRuntime, Write, masked};

/// What a peer says at the end, and whether that is a good end.
pub async fn codes<R: TestRuntime>() {
    let good: [&[u8]; 3] = [b"", b"\x03\xe8", b"\x03\xe8bye"];
    for payload in good {
        let (mut stream, mut peer) =
            server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
        peer.send(Opcode::Binary, b"data").await;
        peer.send(Opcode::Close, payload).await;
        let (received, ended) = stream.read_to_end().await;
        assert_eq!(received, b"data");
        ended.unwrap();
        // It stays that way, and so does what is known of it.
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        let close = Close::parse(payload).unwrap();
        assert_eq!(stream.info().received_close, Some(close));
        assert_eq!(stream.info().closed_by, Some(ClosedBy::Peer));
    }
    let codes = [
        1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000, 4999,
    ];
    for code in codes {
        let (mut stream, mut peer) =
            client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
        peer.send(Opcode::Binary, b"data").await;
        peer.send_close(code, "because").await;
        let (received, ended) = stream.read_to_end().await;
        assert_eq!(received, b"data");
        let error = ended.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        assert_eq!(
            error.to_string(),
            format!("closed by the peer: {code} (because)")
        );
        let close = Close::new(CloseCode::new(code).unwrap(), "because");
        let expected = StreamError::Closed(close.clone());
        assert_eq!(stream_error(&error), Some(&expected));
        assert_eq!(stream.info().received_close, Some(close));
        assert_eq!(stream.info().closed_by, Some(ClosedBy::Peer));
        // Such a Close is answered at once, with its code.
        assert_eq!(peer.expect_close().await, (code, String::new()));
    }
}

/// The transport's end without a Close, wherever it comes.
pub async fn truncation<R: TestRuntime>() {
    let message = masked(Opcode::Binary, b"data");
    for cut in 0..=message.len() {
        let (mut stream, mut peer) =
            server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
        peer.send(Opcode::Binary, b"before").await;
        peer.raw.write_all(&message[..cut]).await.unwrap();
        drop(peer);
        let (received, ended) = stream.read_to_end().await;
        let whole = cut.saturating_sub(6);
        assert_eq!(received, [&b"before"[..], &b"data"[..whole]].concat());
        let error = ended.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(stream_error(&error), Some(&StreamError::Truncated));
        assert_eq!(stream.info().received_close, None);
    }
}

/// The same over TCP, by an end and by a reset.
pub async fn truncation_over_tcp<R: TestRuntime>() {
    for reset in [false, true] {
        let (mut stream, mut peer) =
            client_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
        peer.send(Opcode::Binary, b"before").await;
        assert_eq!(stream.read_exact(6).await.unwrap(), b"before");
        if reset {
            R::reset(peer.raw);
        } else {
            drop(peer);
        }
        let error = stream.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "reset: {reset}");
        assert_eq!(stream_error(&error), Some(&StreamError::Truncated));
        // The system's own error is the source.
        let source = error
            .source()
            .map(|source| source.downcast_ref::<io::Error>().unwrap());
        assert_eq!(
            source.map(io::Error::kind),
            reset.then_some(ErrorKind::ConnectionReset)
        );
        assert_eq!(
            source.is_some_and(|source| source.raw_os_error().is_some()),
            reset
        );
    }
}

/// A truncation is no good end of `finish` either.
pub async fn close_tells_a_truncation<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let (closed, ()) = tokio::join!(stream.finish(), async {
        assert_eq!(peer.expect_close().await.0, 1000);
        drop(peer);
    });
    assert_eq!(closed.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

/// After both Closes a reset is an end.
pub async fn reset_after_both_closes<R: TestRuntime>() {
    let (mut stream, mut peer) =
        client_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let (closed, ()) = tokio::join!(stream.finish(), async {
        assert_eq!(peer.expect_close().await.0, 1000);
        peer.send_close(1000, "").await;
        R::reset(peer.raw);
    });
    closed.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

/// What was received before an error is delivered before it.
pub async fn data_before_an_error<R: TestRuntime>() {
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let mut wire = peer.frame(Opcode::Binary, b"data");
    // A frame that is not masked.
    wire.extend(crate::frame(Opcode::Binary, b"bad"));
    peer.raw.write_all(&wire).await.unwrap();
    let (received, ended) = stream.read_to_end().await;
    assert_eq!(received, b"data");
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(peer.expect_close().await.0, 1002);
    // Nothing from beyond the fault.
    peer.send(Opcode::Binary, b"more").await;
    let error = stream.read(&mut [0; 4]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

/// That nothing can be written any more is not told to the reader before its end.
pub async fn write_errors_do_not_hide_the_end<R: TestRuntime>() {
    for code in [1000, 1011] {
        let (mut stream, mut peer) =
            server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
        peer.send(Opcode::Binary, b"last words").await;
        peer.send_close(code, "enough").await;
        // Gone: writing fails from now on.
        drop(peer);
        let error = async {
            loop {
                if let Err(error) = stream.write_all(b"anybody there?").await {
                    return error;
                }
            }
        };
        assert_eq!(error.await.kind(), ErrorKind::BrokenPipe);
        let (received, ended) = stream.read_to_end().await;
        assert_eq!(received, b"last words");
        match ended {
            Ok(()) => assert_eq!(code, 1000),
            Err(error) => {
                assert_eq!(code, 1011);
                assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
            }
        }
        let close = stream.info().received_close.unwrap();
        assert_eq!(close.reason(), "enough");
    }
}

/// A Close of one's own code: the peer's echo of it is a good end, on both sides of the table.
pub async fn close_with_a_code<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let code = CloseCode::new(4321).unwrap();
    let (closed, ()) = tokio::join!(stream.close_with(code, "enough"), async {
        assert_eq!(peer.expect_close().await, (4321, String::from("enough")));
        peer.send_close(4321, "enough").await;
        drop(peer);
    });
    closed.unwrap();
    assert_eq!(stream.info().sent_close, Some(Close::new(code, "enough")));
    assert_eq!(stream.info().closed_by, Some(ClosedBy::Us));
}

/// Aborted, a stream ends without a word.
pub async fn abort<R: TestRuntime>() {
    let (stream, mut peer) = client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    drop(R::into_socket(stream).into_inner());
    peer.expect_end().await;
}

/// A server closes TCP last, with nothing unread: its client reads an end, and no reset.
pub async fn a_server_leaves_nothing_unread<R: TestRuntime>() {
    for server_first in [true, false] {
        let (mut stream, mut peer) =
            server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
        if !server_first {
            peer.send_close(1000, "").await;
        }
        let server = async {
            let closed = stream.finish().await;
            drop(stream);
            closed.unwrap();
        };
        let client = async {
            if server_first {
                // It has much to say before it notices.
                for _ in 0..100 {
                    peer.send(Opcode::Binary, &[0; 10_000]).await;
                }
            }
            assert_eq!(peer.expect_close().await.0, 1000);
            if server_first {
                peer.send_close(1000, "").await;
            }
            peer.expect_end().await;
        };
        tokio::join!(server, client);
    }
}
