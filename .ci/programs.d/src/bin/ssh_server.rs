//! SSH over WebSocket: russh's server, unmodified, on streams of ours. `ssh_server HOST:PORT HOST_KEY USERS_KEY.pub`
//!
//! Every command is an echo service. OpenSSH reaches it through `tunnel`:
//! `ssh -o 'ProxyCommand=tunnel - ws://localhost:9000' localhost echo`.

use std::env;
use std::error::Error;
use std::sync::Arc;

use russh::keys::{PublicKey, load_public_key, load_secret_key};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, run_stream};
use russh::{Channel, ChannelId};
use wsstream_tokio::{Incoming, Listener, ServerConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [address, host_key, users_key] = &args[..] else {
        return Err("usage: ssh_server HOST:PORT HOST_KEY USERS_KEY.pub".into());
    };
    let users_key = load_public_key(users_key)?;
    let config = Arc::new(Config {
        keys: vec![load_secret_key(host_key, None)?],
        ..Config::default()
    });
    let mut listener = Listener::bind(address, ServerConfig::stream()).await?;
    println!("listening on {}", listener.local_addr());
    while let Some(incoming) = listener.accept().await {
        let (config, user) = (Arc::clone(&config), User(users_key.clone()));
        tokio::spawn(async move {
            if let Err(error) = serve(incoming, config, user).await {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

async fn serve(
    incoming: Incoming,
    config: Arc<Config>,
    user: User,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stream = incoming.accept().await?;
    Ok(run_stream(config, stream, user).await?.await?)
}

/// The key that the user must have.
struct User(PublicKey);

impl Handler for User {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _: &str, key: &PublicKey) -> Result<Auth, russh::Error> {
        Ok(if *key == self.0 {
            Auth::Accept
        } else {
            Auth::reject()
        })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.data(channel, data.to_vec())
    }

    async fn channel_eof(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.exit_status_request(channel, 0)?;
        session.close(channel)
    }
}
