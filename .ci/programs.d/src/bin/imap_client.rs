//! IMAP over WebSocket: async-imap, unmodified, on a stream of ours. `imap_client URL USER PASSWORD` lists the inbox.
//!
//! The other end is any IMAP server behind `relay`: `relay ws://localhost:9000 localhost:143`.

use std::env;
use std::error::Error;

use async_imap::Client;
use futures_util::TryStreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [url, user, password] = &args[..] else {
        return Err("usage: imap_client URL USER PASSWORD".into());
    };
    let mut client = Client::new(wsstream_tokio::connect(url).await?);
    // The server speaks first.
    client.read_response().await?;
    let mut session = client
        .login(user, password)
        .await
        .map_err(|(error, _)| error)?;
    session.select("INBOX").await?;
    let mut messages = session.fetch("1:*", "(ENVELOPE BODY.PEEK[])").await?;
    while let Some(message) = messages.try_next().await? {
        let subject = message
            .envelope()
            .and_then(|envelope| envelope.subject.as_deref());
        let subject = String::from_utf8_lossy(subject.unwrap_or_default());
        let octets = message.body().map_or(0, <[u8]>::len);
        println!("{subject}: {octets} octets");
    }
    drop(messages);
    Ok(session.logout().await?)
}
