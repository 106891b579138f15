//! A chat room: what one client says, all hear: `chat_server [HOST:PORT]`. A message is JSON with a `name` and a `text`.

use std::io;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Sender, channel};
use wsstream_tokio::{Incoming, Listener, Message, ServerConfig};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("localhost:9000");
    let mut listener = Listener::bind(address, ServerConfig::messages()).await?;
    if let Some(address) = listener.local_addr().tcp() {
        println!("listening on {address}");
    }
    let (room, _) = channel(100);
    while let Some(incoming) = listener.accept().await {
        let room = room.clone();
        tokio::spawn(async move {
            if let Err(error) = chat(incoming, room).await {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

async fn chat(incoming: Incoming, room: Sender<Message>) -> io::Result<()> {
    let (mut to_client, mut from_client) = incoming.upgrade().await?.into_websocket().split();
    let mut from_room = room.subscribe();
    let hear = async {
        // Until the client is a hundred messages behind.
        while let Ok(message) = from_room.recv().await {
            to_client.send(message).await?;
        }
        Ok(())
    };
    let say = async {
        while let Some(message) = from_client.next().await {
            let said: Value = serde_json::from_slice(message?.as_bytes())?;
            let (Some(name), Some(text)) = (said["name"].as_str(), said["text"].as_str()) else {
                return Err(io::Error::other("a message without a name or a text"));
            };
            let _ = room.send(json!({ "name": name, "text": text }).to_string().into());
        }
        Ok(())
    };
    tokio::select! {
        result = hear => result,
        result = say => result,
    }?;
    to_client.close().await
}
