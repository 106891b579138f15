//! So many octets there, and as many back, wherever a descriptor leads: what foreign endpoints are asked too.

use std::io;

use clap::{Parser, ValueEnum};

/// Asks or answers, once.
#[derive(Parser)]
struct Args {
    adapter: Adapter,
    role: Role,
    descriptor: String,
    /// How many octets, each way.
    len: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Adapter {
    Tokio,
    AsyncStd,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Client,
    Server,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    match args.adapter {
        Adapter::Tokio => {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().build()?.block_on(on_tokio(args))
        }
        Adapter::AsyncStd => async_std::task::block_on(on_async_std(args)),
    }
}

/// The adapters' functions have the same names, and so have the traits of their runtimes.
macro_rules! adapter {
    ($name:ident, $adapter:ident, $($traits:tt)*) => {
        async fn $name(Args { role, descriptor, len, .. }: Args) -> io::Result<()> {
            use $adapter::{ClientEndpoint, ServerEndpoint};
            use $($traits)*;

            let mut received = vec![0; len];
            match role {
                Role::Client => {
                    let endpoint: ClientEndpoint = descriptor.parse()?;
                    let mut stream = endpoint.connect().await?;
                    stream.write_all(&noise(1, len)).await?;
                    stream.read_exact(&mut received).await?;
                    check(&received, 2)?;
                    stream.finish().await
                }
                Role::Server => {
                    let endpoint: ServerEndpoint = descriptor.parse()?;
                    let mut listener = endpoint.listen().await?;
                    println!("listening on {}", listener.local_addr());
                    let incoming = listener.accept().await;
                    let incoming = incoming.ok_or_else(|| io::Error::other("no more clients"))?;
                    let mut stream = incoming.accept().await?;
                    stream.read_exact(&mut received).await?;
                    check(&received, 1)?;
                    stream.write_all(&noise(2, len)).await?;
                    let rest = stream.read(&mut [0]).await?;
                    if rest > 0 {
                        return Err(io::Error::other("more came"));
                    }
                    stream.finish().await
                }
            }?;
            println!("all of it");
            Ok(())
        }
    };
}

adapter!(on_tokio, wsstream_tokio, tokio::io::{AsyncReadExt as _, AsyncWriteExt as _});
adapter!(
    on_async_std,
    wsstream_async_std,
    futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _}
);

fn check(received: &[u8], seed: u32) -> io::Result<()> {
    if received != noise(seed, received.len()) {
        return Err(io::Error::other("other octets came"));
    }
    Ok(())
}

/// The same in the foreign peer; nothing can compress it.
fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}
