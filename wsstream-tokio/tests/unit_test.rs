//! What the unit tests of a protocol look like, without a network: a line is asked, and comes back in capitals.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use wsstream_tokio::test_kit;

/// The client.
async fn ask(stream: impl AsyncRead + AsyncWrite + Unpin, line: &str) -> io::Result<String> {
    let mut stream = BufReader::new(stream);
    stream.write_all(format!("{line}\n").as_bytes()).await?;
    let mut reply = String::new();
    stream.read_line(&mut reply).await?;
    if !reply.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(reply)
}

/// The server.
async fn shout(stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    stream.write_all(line.to_uppercase().as_bytes()).await?;
    stream.shutdown().await
}

#[tokio::test]
async fn an_answer_in_capitals() {
    let (client, server) = test_kit::pair().await.unwrap();
    let (reply, served) = tokio::join!(ask(client, "hello"), shout(server));
    assert_eq!(reply.unwrap(), "HELLO\n");
    served.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_cut_off() {
    let (client, server) = test_kit::pair().await.unwrap();
    // Behind the header of a frame and three letters.
    client.get_ref().input.cut_after(2 + 3);
    let (reply, _) = tokio::join!(ask(client, "hello"), shout(server));
    assert_eq!(reply.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

/// A minute passes at once.
#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come() {
    let (client, server) = test_kit::pair().await.unwrap();
    client.get_ref().input.stall_after(0);
    let begun = tokio::time::Instant::now();
    let (reply, _) = tokio::join!(ask(client, "hello"), shout(server));
    assert_eq!(reply.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(begun.elapsed() >= Duration::from_secs(60));
}
