//! A server that looks at each request before it answers: `decide_server HOST:PORT [ORIGIN]`.
//!
//! `/public` is for everybody, `/private` for those with the cookie of a session, and anything else is not found. Pages of
//! `ORIGIN` may use it; by default those of the server's own host and port. Ctrl-C ends the program: connections that are
//! open have 10 seconds.

use std::env;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy, split};
use tokio::select;
use tokio::signal::ctrl_c;
use wsstream_tokio::{ConnectionConfig, Incoming, Listener, Origins, Refusal, ServerConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let address = args
        .next()
        .ok_or("usage: decide_server HOST:PORT [ORIGIN]")?;
    let mut config = ServerConfig::stream();
    if let Some(origin) = args.next() {
        config = config.origins(Origins::list([origin])?);
    }
    let mut listener = Listener::bind(address, config.clone()).await?;
    println!("listening on {}", listener.local_addr());
    let mut asked_to_end = pin!(ctrl_c());
    loop {
        let incoming = select! {
            Some(incoming) = listener.accept() => incoming,
            _ = &mut asked_to_end => break,
        };
        let config = config.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(incoming, config).await {
                eprintln!("{error}");
            }
        });
    }
    listener.shutdown(Duration::from_secs(10)).await;
    Ok(())
}

async fn serve(
    incoming: Incoming,
    config: ServerConfig,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let Some(request) = incoming.request() else {
        return Ok(());
    };
    let user = request.cookie("session").and_then(user_of);
    let (config, user) = match (request.path(), user) {
        ("/public", _) => (config, "whoever you are"),
        ("/private", Some(user)) => {
            let hour = ConnectionConfig::new().max_lifetime(Some(Duration::from_secs(3600)));
            (config.config(hour).header("X-User", user)?, user)
        }
        ("/private", None) => {
            let refusal = Refusal::new(401).body("Log in first.\n");
            return Ok(incoming.refuse(&refusal).await?);
        }
        _ => return Ok(incoming.refuse(&Refusal::new(404)).await?),
    };
    let mut stream = incoming.accept_with(&config).await?;
    stream
        .write_all(format!("Hello, {user}!\n").as_bytes())
        .await?;
    let (mut read, mut write) = split(&mut stream);
    copy(&mut read, &mut write).await?;
    Ok(stream.finish().await?)
}

/// Whose session that is. A real server asks its database.
fn user_of(session: &str) -> Option<&'static str> {
    match session {
        "c0ffee" => Some("Ada"),
        "f00d" => Some("Grace"),
        _ => None,
    }
}
