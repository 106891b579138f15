//! What speaks TCP, into a WebSocket URL.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::spawn;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_tokio::{CloseCode, Incoming, Message, Refusal};

use crate::process::{
    Example, echo, failed, foreign, free, line, run, runtime, server, start_relay, start_tunnel,
    succeeded, target, text,
};
use crate::{Adapter, of_either, of_pairs};

of_pairs! { standard_input conversation port }
of_either! {
    output_closed port_to_nobody port_in_use to_nobody refused redirects unclean_end subprotocols credentials
    to_who_knows_no_half_close
}
#[cfg(target_os = "linux")]
of_either! { @ without_files_of_tokio (Adapter::Tokio) port_without_files }
#[cfg(target_os = "linux")]
of_either! { @ without_files_of_async_std (Adapter::AsyncStd) port_without_files }

fn standard_input(of: Adapter, relayed_by: Adapter) {
    let (_relay, url) = start_relay(relayed_by, target());
    for len in [0, 5, 3_000_000] {
        let input: Vec<u8> = (0..=250).cycle().take(len).collect();
        let output = run(of, "tunnel", &["-", &url], &input);
        succeeded(&output);
        assert!(output.stdout == input, "{len} octets");
    }
}

/// What is said arrives before the end of it, without a line's end.
fn conversation(of: Adapter, relayed_by: Adapter) {
    let (_relay, url) = start_relay(relayed_by, echo());
    let mut tunnel = Example::start(of, "tunnel", &["-", &url]);
    let mut stdin = tunnel.0.stdin.take().unwrap();
    let stdout = tunnel.0.stdout.as_mut().unwrap();
    for said in [&b"one"[..], b"two", b"three"] {
        stdin.write_all(said).unwrap();
        let mut heard = vec![0; said.len()];
        stdout.read_exact(&mut heard).unwrap();
        assert_eq!(heard, said);
    }
    drop(stdin);
    assert_eq!(stdout.read(&mut [0; 1]).unwrap(), 0);
    assert!(tunnel.0.wait().unwrap().success());
}

/// Who does not take the reply is not listened to for ever, though the input has no end.
fn output_closed(of: Adapter) {
    let (_relay, url) = start_relay(Adapter::Tokio, echo());
    let mut tunnel = Example::start(of, "tunnel", &["-", &url]);
    let mut stdin = tunnel.0.stdin.take().unwrap();
    drop(tunnel.0.stdout.take());
    stdin.write_all(b"hello").unwrap();
    assert!(tunnel.error_line().starts_with("tunnel: Broken pipe"));
    assert!(!tunnel.0.wait().unwrap().success());
    drop(stdin);
}

fn port(of: Adapter, relayed_by: Adapter) {
    let (_relay, url) = start_relay(relayed_by, target());
    let (_tunnel, address) = start_tunnel(of, &url);
    for len in [0, 5, 1_000_000] {
        let sent = vec![7; len];
        let mut tcp = TcpStream::connect(&address).unwrap();
        tcp.write_all(&sent).unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        let mut reply = Vec::new();
        tcp.read_to_end(&mut reply).unwrap();
        assert!(reply == sent, "{len} octets");
    }
}

/// No more files is no reason to end: what is open goes on, and so does the tunnel.
#[cfg(target_os = "linux")]
fn port_without_files(of: Adapter) {
    use std::collections::BTreeSet;

    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

    let (_relay, url) = start_relay(Adapter::Tokio, echo());
    let (mut tunnel, address) = start_tunnel(of, &url);
    let mut open = TcpStream::connect(&address).unwrap();
    let talk = |tcp: &mut TcpStream| {
        tcp.write_all(b"hello")?;
        let mut echo = [0; 5];
        tcp.read_exact(&mut echo)?;
        assert_eq!(&echo, b"hello");
        io::Result::Ok(())
    };
    talk(&mut open).unwrap();
    // Not one file more: with one left, a connection could be accepted whose other end then cannot be dialled, over and
    // over, and no accept would fail.
    let files = std::fs::read_dir(format!("/proc/{}/fd", tunnel.0.id())).unwrap();
    let files = files.map(|file| file.unwrap().file_name().to_str().unwrap().parse());
    let used: BTreeSet<u64> = files.map(Result::unwrap).collect();
    let none = Rlimit {
        current: (0..).find(|file| !used.contains(file)),
        // The program's is ours.
        ..getrlimit(Resource::Nofile)
    };
    let process = Some(Pid::from_child(&tunnel.0));
    let before = prlimit(process, Resource::Nofile, none).unwrap();
    let many: Vec<_> = (0..30)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    while !tunnel
        .error_line()
        .starts_with("tunnel: Too many open files")
    {}
    talk(&mut open).unwrap();
    drop(many);
    prlimit(process, Resource::Nofile, before).unwrap();
    // After those that have gone.
    talk(&mut TcpStream::connect(&address).unwrap()).unwrap();
    talk(&mut open).unwrap();
}

fn port_to_nobody(of: Adapter) {
    let nobody = free();
    let (mut tunnel, address) = start_tunnel(of, &format!("ws://{nobody}"));
    let mut tcp = TcpStream::connect(&address).unwrap();
    // A reset, and no end.
    tcp.read(&mut [0; 1]).unwrap_err();
    let line = tunnel.error_line();
    assert!(line.starts_with("tunnel: 127.0.0.1:"), "{line}");
    assert!(line.contains(&format!(" ws://{nobody}/: ")), "{line}");
}

fn port_in_use(of: Adapter) {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(of, "tunnel", &[&address, "ws://localhost:9000"], b"");
    failed(&output, &format!("tunnel: {address}: "));
}

fn to_nobody(of: Adapter) {
    let nobody = free();
    let output = run(of, "tunnel", &["-", &format!("ws://{nobody}")], b"");
    failed(&output, &format!("tunnel: ws://{nobody}/: "));
}

fn refused(of: Adapter) {
    let runtime = runtime();
    let url = server(&runtime, async |incoming: Incoming| {
        let refusal = Refusal::new(403).body("not you\n");
        incoming.refuse(&refusal).await.unwrap();
    });
    failed(&run(of, "tunnel", &["-", &url], b""), "403");
}

/// Five times by default, as often as the option says, or not at all.
fn redirects(of: Adapter) {
    let runtime = runtime();
    // `/3` leads to `/2`, and that to `/1`, which leads to the end.
    let url = server(&runtime, async |incoming: Incoming| {
        let path = incoming.request().unwrap().path();
        match path[1..].parse::<u8>() {
            Ok(left @ 1..) => {
                let to = format!("/{}", left - 1);
                let refusal = Refusal::new(307).header("Location", &to).unwrap();
                incoming.refuse(&refusal).await.unwrap();
            }
            _ => {
                let mut stream = incoming.upgrade().await.unwrap().into_stream();
                stream.write_all(b"here").await.unwrap();
                stream.finish().await.unwrap();
            }
        }
    });
    for (args, hops, why) in [
        (&["-"][..], 5, None),
        (&["-"], 6, Some("redirected more than 5 times")),
        (&["--redirects", "6", "-"], 6, None),
        (
            &["--redirects", "1", "-"],
            2,
            Some("redirected more than 1 time, the setting `redirects`, HTTP 307: "),
        ),
        (&["--redirects", "0", "-"], 1, Some("HTTP 307")),
    ] {
        let url = format!("{url}{hops}");
        let output = run(of, "tunnel", &[args, &[&*url]].concat(), b"");
        match why {
            Some(why) => failed(&output, why),
            None => {
                succeeded(&output);
                assert_eq!(text(&output.stdout), "here");
            }
        }
    }
}

/// How the other end may fail: what came before it is printed all the same.
fn unclean_end(of: Adapter) {
    let runtime = runtime();
    let url = server(&runtime, async |incoming: Incoming| {
        let path = incoming.request().unwrap().path().to_owned();
        let mut stream = incoming.upgrade().await.unwrap().into_stream();
        // Nothing is left unread, as TCP would make a reset of that.
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        stream.write_all(b"so far so good").await.unwrap();
        if path == "/abort" {
            stream.abort();
        } else {
            let closing = stream.close_with(CloseCode::INTERNAL, "out of order");
            let _ = closing.await;
        }
    });
    let output = run(of, "tunnel", &["-", &format!("{url}abort")], b"");
    assert_eq!(
        text(&output.stdout),
        "so far so good",
        "{}",
        text(&output.stderr)
    );
    failed(&output, "without a Close");
    let output = run(of, "tunnel", &["-", &format!("{url}close")], b"");
    assert_eq!(
        text(&output.stdout),
        "so far so good",
        "{}",
        text(&output.stderr)
    );
    failed(&output, "1011 (out of order)");
}

fn subprotocols(of: Adapter) {
    let runtime = runtime();
    // Tells what was agreed.
    let url = server(&runtime, async |incoming: Incoming| {
        let Ok(opened) = incoming.upgrade().await else {
            return;
        };
        let agreed = opened.agreed().subprotocol().unwrap_or("none").to_owned();
        let mut stream = opened.into_stream();
        stream.write_all(agreed.as_bytes()).await.unwrap();
        stream.finish().await.unwrap();
    });
    for (args, agreed) in [
        (&["-", &url][..], "binary"),
        (&["--subprotocol", "base64", "-", &url], "base64"),
        (&["--subprotocol", "binary", "-", &url], "binary"),
    ] {
        let output = run(of, "tunnel", args, b"");
        succeeded(&output);
        assert_eq!(text(&output.stdout), agreed);
    }
    let output = run(of, "tunnel", &["--subprotocol", "mqtt", "-", &url], b"");
    failed(&output, "406");
}

/// What the URL says of who asks is asked with.
fn credentials(of: Adapter) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://user:secret@{}", listener.local_addr().unwrap());
    let asking = spawn(move || run(of, "tunnel", &["-", &url], b""));
    let (mut tcp, _) = listener.accept().unwrap();
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        request += &line(&mut tcp);
    }
    assert!(request.contains("\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
    tcp.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    failed(&asking.join().unwrap(), "401");
}

/// A server that knows no half close, and answers a Close at once: the reply to what came before the end
/// of input arrives all the same. One that never ends is not waited for without end.
fn to_who_knows_no_half_close(of: Adapter) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    for ends in [true, false] {
        let (path, wait) = (url.clone(), if ends { "60" } else { "1" });
        let asking = spawn(move || run(of, "tunnel", &["--wait", wait, "-", &path], b"question"));
        let (tcp, _) = listener.accept().unwrap();
        tcp.set_nonblocking(true).unwrap();
        runtime().block_on(async {
            let tcp = tokio::net::TcpStream::from_std(tcp).unwrap();
            let mut socket = foreign(tcp).await;
            let question = socket.recv().await.unwrap().unwrap();
            assert_eq!(question.as_bytes(), b"question");
            for piece in ["so ", "far", " so good"] {
                // Slower than its client sees the end of its input.
                tokio::time::sleep(Duration::from_millis(50)).await;
                let piece = Message::Binary(piece.as_bytes().into());
                socket.send(piece).await.unwrap();
            }
            if ends {
                socket.close().await.unwrap();
            } else {
                assert_eq!(socket.recv().await.unwrap(), None);
            }
        });
        let output = asking.join().unwrap();
        assert_eq!(text(&output.stdout), "so far so good");
        if ends {
            succeeded(&output);
        } else {
            failed(&output, "no more of the reply for 1s");
        }
    }
}
