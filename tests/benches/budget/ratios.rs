//! CPU time of both ends, on one thread, against raw TCP in the same run: elapsed time is noise on a
//! shared machine. Raw and WebSocket runs take turns; a ratio is of medians, and more is better.

use std::hint::black_box;
use std::io;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wsstream_core::ConnectionConfig;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_tests::{Read, TestRuntime, Write, open_with};

/// What is measured, its budget, and the run: octets a message, messages, from whom.
pub(crate) struct Row {
    pub(crate) name: &'static str,
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

pub(crate) const ROWS: &[Row] = &[
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

impl Row {
    /// Measures on one runtime, and prints.
    pub(crate) fn print<R: TestRuntime>(&self) -> io::Result<()> {
        let Self { name, budget, run } = self;
        let (mut raw, mut ws) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            raw.push(R::run_on_one_thread(async {
                let (client, server) = R::tcp().await;
                measure(*run, client, server).await
            })?);
            ws.push(R::run_on_one_thread(async {
                // What compression gains and costs is a bench of its own.
                let plain =
                    ClientConfig::stream().config(ConnectionConfig::new().compression(false));
                let ends = R::tcp().await;
                let (client, server) = open_with::<R>(ends, &plain, &ServerConfig::stream()).await;
                measure(*run, client, server).await
            })?);
        }
        let (raw, ws) = (median(raw), median(ws));
        let ratio = raw.as_secs_f64() / ws.as_secs_f64();
        println!("{name:36} {budget:>10.2} {ratio:>10.3} {raw:>12.1?} {ws:>12.1?}");
        Ok(())
    }
}

async fn measure<S: Read + Write>(run: Run, client: S, server: S) -> io::Result<Duration> {
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
}

async fn echo<S: Read + Write>(
    mut client: S,
    mut server: S,
    len: usize,
    count: usize,
) -> io::Result<Duration> {
    let (sent, mut back, mut there) = (vec![7; len], vec![0; len], vec![0; len]);
    let start = cpu_time();
    let ask = async {
        for _ in 0..count {
            client.write_all(&sent).await?;
            fill(&mut client, &mut back).await?;
        }
        io::Result::Ok(())
    };
    let answer = async {
        for _ in 0..count {
            fill(&mut server, &mut there).await?;
            server.write_all(&there).await?;
        }
        io::Result::Ok(())
    };
    tokio::try_join!(ask, answer)?;
    black_box(&back);
    Ok(cpu_time() - start)
}

async fn transfer<S: Read + Write>(
    mut from: S,
    mut to: S,
    len: usize,
    count: usize,
) -> io::Result<Duration> {
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
            left -= match to.read(&mut received).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => count,
            };
        }
        Ok(())
    };
    tokio::try_join!(send, receive)?;
    black_box(&received);
    Ok(cpu_time() - start)
}

async fn fill(from: &mut impl Read, mut buf: &mut [u8]) -> io::Result<()> {
    while !buf.is_empty() {
        match from.read(buf).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => buf = &mut buf[count..],
        }
    }
    Ok(())
}

pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
