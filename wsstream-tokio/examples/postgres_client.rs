//! PostgreSQL over WebSocket: tokio-postgres, unmodified, on a stream of ours.
//! `postgres_client URL USER QUERY`.
//!
//! The other end is any server behind `relay`: `relay ws://localhost:9000 localhost:5432`.

use std::io;

use clap::Parser;
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

/// Asks a PostgreSQL server over WebSocket, and prints the first column of what it answers.
#[derive(Parser)]
struct Args {
    /// Where the relay listens.
    url: String,
    /// The user, and the name of the database.
    user: String,
    /// What to ask.
    query: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let Args { url, user, query } = Args::parse();
    let stream = wsstream_tokio::connect(&url).await?;
    let (client, connection) = Config::new()
        .user(user)
        .connect_raw(stream, NoTls)
        .await
        .map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);

    for message in client
        .simple_query(&query)
        .await
        .map_err(io::Error::other)?
    {
        if let SimpleQueryMessage::Row(row) = message {
            println!("{}", row.get(0).unwrap_or("NULL"));
        }
    }

    drop(client);
    connection.await?.map_err(io::Error::other)
}
