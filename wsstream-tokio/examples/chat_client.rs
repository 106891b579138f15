//! Says its input in the chat room of `chat_server`, line by line, and prints what is said there: `chat_client URL NAME`.

use std::error::Error;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use wsstream_tokio::{ClientConfig, ClientEndpoint};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(name)) = (args.next(), args.next()) else {
        return Err("usage: chat_client URL NAME".into());
    };
    let endpoint = ClientEndpoint::url(&url, ClientConfig::messages())?;
    let (mut to_room, mut from_room) = endpoint.open().await?.into_websocket().split();

    // A thread, because reading the terminal blocks. It does not keep the program from ending.
    let (lines, mut input) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut typed = std::io::stdin().lines().map_while(Result::ok);
        typed.try_for_each(|line| lines.blocking_send(line))
    });
    let say = async {
        while let Some(text) = input.recv().await {
            let said = json!({ "name": name, "text": text });
            to_room.send(said.to_string().into()).await?;
        }
        to_room.close().await
    };
    let hear = async {
        while let Some(message) = from_room.next().await {
            let said: Value = serde_json::from_str(&message?.into_text()?)?;
            if let (Some(name), Some(text)) = (said["name"].as_str(), said["text"].as_str()) {
                println!("{name}: {text}");
            }
        }
        Ok(())
    };
    tokio::select! {
        result = say => result,
        result = hear => result,
    }?;
    Ok(())
}
