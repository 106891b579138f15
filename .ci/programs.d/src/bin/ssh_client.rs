//! SSH over WebSocket: russh's client, unmodified, on a stream of ours.
//! `ssh_client URL USER KEY HOST_KEY.pub COMMAND` runs a command, as `ssh` does.
//!
//! The other end is any SSH server behind `relay`: `relay ws://localhost:9000 localhost:22`.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::{env, process};

use russh::client::{Handler, connect_stream};
use russh::keys::{
    PrivateKeyWithHashAlg, PublicKey, PublicKeyOrCertificate, load_public_key, load_secret_key,
};
use russh::{ChannelMsg, Disconnect};
use tokio::io::{copy, stdin};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [url, user, key, host_key, command] = &args[..] else {
        return Err("usage: ssh_client URL USER KEY HOST_KEY.pub COMMAND".into());
    };
    let server = Server(load_public_key(host_key)?);
    let key = PrivateKeyWithHashAlg::new(Arc::new(load_secret_key(key, None)?), None);

    let stream = wsstream_tokio::connect(url).await?;
    let mut session = connect_stream(Arc::default(), stream, server).await?;
    if !session.authenticate_publickey(user, key).await?.success() {
        return Err("the server does not accept the key".into());
    }
    let channel = session.channel_open_session().await?;
    channel.exec(true, command.as_str()).await?;
    let (mut from_command, to_command) = channel.split();
    tokio::spawn(async move {
        let _ = copy(&mut stdin(), &mut to_command.make_writer()).await;
        to_command.eof().await
    });

    let mut status = 255;
    while let Some(message) = from_command.wait().await {
        match message {
            ChannelMsg::Data { data } => io::stdout().write_all(&data)?,
            ChannelMsg::ExtendedData { data, .. } => io::stderr().write_all(&data)?,
            ChannelMsg::ExitStatus { exit_status } => status = exit_status.try_into()?,
            _ => {}
        }
    }
    io::stdout().flush()?;
    session
        .disconnect(Disconnect::ByApplication, "", "")
        .await?;
    // Until it is said; russh tells of every end as of an error.
    let _ = session.await;
    process::exit(status)
}

/// The key that the server must have.
struct Server(PublicKey);

impl Handler for Server {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        Ok(matches!(key, PublicKeyOrCertificate::PublicKey { key, .. } if *key == self.0))
    }
}
