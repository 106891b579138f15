//! The chat room, with a client of ours and one of tokio-tungstenite.

use std::io::Write as _;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::Adapter;
use crate::process::{Example, run, runtime, text};

#[test]
fn everybody_hears_everybody() {
    let mut server = Example::start(Adapter::Tokio, "chat_server", &["127.0.0.1:0"]);
    let line = server.line();
    let address = line.trim_end().strip_prefix("listening on ").unwrap();
    let url = format!("ws://{address}/");
    runtime().block_on(async {
        let (mut grace, _) = connect_async(&url).await.unwrap();
        let said = r#"{"name":"grace","text":"hi"}"#;
        grace.send(said.into()).await.unwrap();
        // From here on she is in the room.
        assert_eq!(grace.next().await.unwrap().unwrap(), said.into());

        let mut ada = Example::start(Adapter::Tokio, "chat_client", &[&url, "ada"]);
        let mut input = ada.0.stdin.take().unwrap();
        writeln!(input, "h\u{e4}llo \"all\"").unwrap();
        assert_eq!(ada.line(), "ada: h\u{e4}llo \"all\"\n");
        let heard = grace.next().await.unwrap().unwrap();
        let expected = r#"{"name":"ada","text":"hällo \"all\""}"#;
        assert_eq!(heard, expected.into());

        grace.send(said.into()).await.unwrap();
        assert_eq!(ada.line(), "grace: hi\n");
        assert_eq!(grace.next().await.unwrap().unwrap(), said.into());

        // Who sends something else has to go, and nobody else.
        grace.send("no JSON".into()).await.unwrap();
        let heard = grace.next().await.unwrap();
        assert!(matches!(heard, Ok(Message::Close(Some(close))) if u16::from(close.code) == 1001));
        assert!(server.error_line().contains("expected"));
        writeln!(input, "still here").unwrap();
        assert_eq!(ada.line(), "ada: still here\n");
        drop(input);
        assert!(ada.0.wait().unwrap().success());
    });
    let usage = run(Adapter::Tokio, "chat_client", &[], b"");
    assert!(!usage.status.success());
    assert!(text(&usage.stderr).contains("usage: chat_client URL NAME"));
}
