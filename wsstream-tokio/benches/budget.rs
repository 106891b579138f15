//! The performance budget, against raw TCP in the same run: `cargo bench --bench budget [-- NAME]`, where
//! NAME is a part of the rows' names.
//!
//! Both ends are on one thread, and what counts is its CPU time: elapsed time is noise on a shared
//! machine. Raw and WebSocket runs take turns; a ratio is of medians, and more is better.

use std::hint::black_box;
use std::io;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use wsstream_tokio::{WsStream, accept, connect_on};

type Ws = WsStream<TcpStream>;

/// What is measured, its budget, and the run: octets a message, messages, from whom.
struct Row {
    name: &'static str,
    budget: f64,
    run: Run,
}

#[derive(Clone, Copy)]
enum Run {
    Echo {
        len: usize,
        count: usize,
    },
    Bulk {
        len: usize,
        count: usize,
        from: From,
    },
}

#[derive(Clone, Copy)]
enum From {
    Client,
    Server,
}

const ROWS: &[Row] = &[
    Row {
        name: "echo 16 B",
        budget: 0.95,
        run: Run::Echo {
            len: 16,
            count: 5000,
        },
    },
    Row {
        name: "echo 125 B",
        budget: 0.95,
        run: Run::Echo {
            len: 125,
            count: 5000,
        },
    },
    Row {
        name: "echo 1 KiB",
        budget: 0.93,
        run: Run::Echo {
            len: 1 << 10,
            count: 5000,
        },
    },
    Row {
        name: "echo 16 KiB",
        budget: 0.85,
        run: Run::Echo {
            len: 16 << 10,
            count: 2000,
        },
    },
    Row {
        name: "bulk client to server, 64 KiB",
        budget: 0.85,
        run: bulk(64 << 10, From::Client),
    },
    Row {
        name: "bulk client to server, 256 KiB",
        budget: 0.85,
        run: bulk(256 << 10, From::Client),
    },
    Row {
        name: "bulk server to client, 64 KiB",
        budget: 0.95,
        run: bulk(64 << 10, From::Server),
    },
    Row {
        name: "bulk server to client, 256 KiB",
        budget: 0.95,
        run: bulk(256 << 10, From::Server),
    },
];

const fn bulk(len: usize, from: From) -> Run {
    Run::Bulk {
        len,
        count: (256 << 20) / len,
        from,
    }
}

const ROUNDS: usize = 11;

fn main() -> io::Result<()> {
    let wanted: Vec<_> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    println!(
        "{:32} {:>8} {:>8}",
        "CPU time, raw TCP to WebSocket", "budget", "ratio"
    );
    for Row { name, budget, run } in ROWS {
        if !wanted.iter().all(|part| name.contains(part)) {
            continue;
        }
        let (mut raw, mut ws) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (client, server) = runtime.block_on(raw_pair())?;
            raw.push(measure(&runtime, *run, client, server)?);
            let (client, server) = runtime.block_on(ws_pair())?;
            ws.push(measure(&runtime, *run, client, server)?);
        }
        let ratio = median(raw).as_secs_f64() / median(ws).as_secs_f64();
        println!("{name:32} {budget:>8.2} {ratio:>8.3}");
    }
    Ok(())
}

async fn raw_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    Ok((client, server))
}

async fn ws_pair() -> io::Result<(Ws, Ws)> {
    let (client, server) = raw_pair().await?;
    let options = wsstream_tokio::Client::stream();
    let (client, server) = tokio::try_join!(
        connect_on(client, "ws://localhost/", &options),
        accept(server)
    )?;
    Ok((client.into_stream(), server))
}

fn measure<S>(runtime: &Runtime, run: Run, client: S, server: S) -> io::Result<Duration>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    runtime.block_on(async {
        match run {
            Run::Echo { len, count } => echo(client, server, len, count).await,
            Run::Bulk {
                len,
                count,
                from: From::Client,
            } => transfer(client, server, len, count).await,
            Run::Bulk {
                len,
                count,
                from: From::Server,
            } => transfer(server, client, len, count).await,
        }
    })
}

async fn echo<S>(mut client: S, mut server: S, len: usize, count: usize) -> io::Result<Duration>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sent, mut back, mut there) = (vec![7; len], vec![0; len], vec![0; len]);
    let start = cpu_time();
    let ask = async {
        for _ in 0..count {
            client.write_all(&sent).await?;
            client.read_exact(&mut back).await?;
        }
        io::Result::Ok(())
    };
    let answer = async {
        for _ in 0..count {
            server.read_exact(&mut there).await?;
            server.write_all(&there).await?;
        }
        io::Result::Ok(())
    };
    tokio::try_join!(ask, answer)?;
    black_box(&back);
    Ok(cpu_time() - start)
}

async fn transfer<S>(mut from: S, mut to: S, len: usize, count: usize) -> io::Result<Duration>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sent, mut received) = (vec![7; len], vec![0; 64 << 10]);
    let start = cpu_time();
    let send = async {
        for _ in 0..count {
            from.write_all(&sent).await?;
        }
        from.flush().await
    };
    let receive = async {
        let mut left = len * count;
        while left > 0 {
            left -= to.read(&mut received).await?;
        }
        Ok(())
    };
    tokio::try_join!(send, receive)?;
    black_box(&received);
    Ok(cpu_time() - start)
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
