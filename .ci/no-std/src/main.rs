//! Two machines of wsstream-core greet each other and close, with nothing below them but libc.
#![no_std]
#![no_main]

use core::ffi::{c_char, c_int};

use wsstream_core::{ByteStream, Close, Connection, ConnectionConfig, Encoding, Seed};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// std has one too: together they do not link.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: always allowed, and does not return.
    unsafe { libc::abort() }
}

/// What the C runtime calls. Exits with 0 if all went well.
// SAFETY: there is no other `main`.
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    c_int::from(!greeting_and_close())
}

fn greeting_and_close() -> bool {
    let client = Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([1; 32])));
    let server = Connection::without_extensions(ConnectionConfig::new(), None);
    let mut ends =
        [client, server].map(|connection| (connection, ByteStream::new(Encoding::Base64)));
    for (connection, stream) in &mut ends {
        if stream.write(connection, b"hello") != Ok(5) {
            return false;
        }
        connection.close(&Close::default());
    }
    let [client, server] = &mut ends;
    let heard = [hears(client, server), hears(server, client)] == [true; 2];
    client.0.recv_eof();
    heard
        && [client, server]
            .iter()
            .all(|(end, _)| end.is_over() && end.ending() == Some(Ok(())))
}

/// Whether `to` reads what `from` wrote.
fn hears(to: &mut (Connection, ByteStream), from: &mut (Connection, ByteStream)) -> bool {
    let mut wire = from.0.outbox().octets().to_vec();
    from.0.outbox().consume(wire.len());
    let (connection, stream) = to;
    let mut out = [0; 16];
    let count = stream.read(connection, &mut &mut wire[..], &mut out);
    &out[..count] == b"hello"
}
