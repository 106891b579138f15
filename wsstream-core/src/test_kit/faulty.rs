//! A socket that goes wrong where a test says.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Context, Poll, Waker, ready};
use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::pump::{Socket, Taken};

/// A socket over another one that goes wrong where a test says, in either direction: it cuts off, stalls, fails, or
/// carries octets in small pieces.
///
/// ```
/// use std::future::poll_fn;
/// use wsstream_core::pump::Socket;
/// use wsstream_core::test_kit::{Faulty, Pipe, run_all};
///
/// let (near, far) = Pipe::pair(true);
/// let (mut near, mut far) = (Faulty::new(near), Faulty::new(far));
/// near.input.cut_after(3);
/// far.output.split(2);
/// run_all(vec![Box::pin(async move {
///     let buf = &mut [0; 16];
///     for piece in [b"he", b"ll", b"o."] {
///         poll_fn(|cx| far.poll_write(cx, &[std::io::IoSlice::new(piece)])).await.unwrap();
///     }
///     assert_eq!(poll_fn(|cx| near.poll_read(cx, buf)).await.unwrap(), 3);
///     assert_eq!(poll_fn(|cx| near.poll_read(cx, buf)).await.unwrap(), 0);
///     assert_eq!(buf[..3], *b"hel");
/// })]);
/// ```
#[derive(Debug)]
pub struct Faulty<S> {
    /// What goes wrong with what it reads.
    pub input: Faults,
    /// What goes wrong with what it writes.
    pub output: Faults,
    socket: S,
    /// Whether the socket below was told that what is written has ended.
    is_cut: bool,
}

impl<S> Faulty<S> {
    /// A socket that does as the one below it, until it is told otherwise.
    pub fn new(socket: S) -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let faults = |direction| Faults {
            shared: Arc::clone(&shared),
            direction,
        };
        Self {
            input: faults(INPUT),
            output: faults(OUTPUT),
            socket,
            is_cut: false,
        }
    }

    /// The socket below.
    pub const fn get_ref(&self) -> &S {
        &self.socket
    }
}

impl<S: Socket> Faulty<S> {
    /// Lets the peer know of a cut, whatever is polled.
    fn cut(&mut self, cx: &mut Context<'_>) {
        if !self.is_cut && self.output.is_cut() {
            self.is_cut = self.socket.poll_shutdown(cx).is_ready();
        }
    }
}

/// What goes wrong with one direction of a [`Faulty`]. Clones are the same direction: keep one, and tell it from
/// anywhere, while the socket is used.
///
/// Octets are counted from the call on. A direction has one fault at a time: the last that it was told. Tasks that wait
/// for the socket are woken.
#[derive(Clone, Debug)]
pub struct Faults {
    shared: Arc<Mutex<Shared>>,
    direction: usize,
}

impl Faults {
    /// Ends the direction after so many more octets, as a connection does that breaks: its reader has the end, and its
    /// writer `BrokenPipe`. Over WebSocket that is an end without a Close.
    pub fn cut_after(&self, octets: u64) {
        self.set(octets, Fault::Cut);
    }

    /// Reads or writes fail after so many more octets, and keep failing. Whoever is at the other end is not told.
    pub fn fail_after(&self, octets: u64, kind: ErrorKind) {
        self.set(octets, Fault::Fail(kind));
    }

    /// Reads or writes wait after so many more octets, until [`release`](Self::release).
    pub fn stall_after(&self, octets: u64) {
        self.set(octets, Fault::Stall);
    }

    /// Moves at most so many octets in one read or write.
    ///
    /// # Panics
    ///
    /// If it is 0: a read of nothing would be an end.
    pub fn split(&self, most: usize) {
        assert!(most > 0, "pieces of 0 octets");
        self.lock().directions[self.direction].piece = most;
    }

    /// Ends a stall or a failure, and calls off what was to come. What was cut stays cut.
    pub fn release(&self) {
        let mut shared = self.lock();
        let fault = &mut shared.directions[self.direction].fault;
        if !matches!(fault, Some((0, Fault::Cut))) {
            *fault = None;
        }
        wake(shared);
    }

    fn set(&self, octets: u64, fault: Fault) {
        let mut shared = self.lock();
        let direction = &mut shared.directions[self.direction];
        if !matches!(direction.fault, Some((0, Fault::Cut))) {
            direction.fault = Some((octets, fault));
        }
        wake(shared);
    }

    /// Registers the task, and tells how many octets may move now, or why none may.
    fn look(&self, cx: &Context<'_>) -> Result<usize, Fault> {
        let mut shared = self.lock();
        shared.wakers[self.direction] = Some(cx.waker().clone());
        let Direction { piece, fault } = shared.directions[self.direction];
        match fault {
            Some((0, fault)) => Err(fault),
            Some((left, _)) => Ok(usize::try_from(left).unwrap_or(usize::MAX).min(piece)),
            None => Ok(piece),
        }
    }

    fn moved(&self, octets: usize) {
        if let Some((left, _)) = &mut self.lock().directions[self.direction].fault {
            *left = left.saturating_sub(octets as u64);
        }
    }

    fn is_cut(&self) -> bool {
        matches!(
            self.lock().directions[self.direction].fault,
            Some((0, Fault::Cut))
        )
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both directions, and the tasks that wait for either.
#[derive(Debug, Default)]
struct Shared {
    directions: [Direction; 2],
    wakers: [Option<Waker>; 2],
}

const INPUT: usize = 0;
const OUTPUT: usize = 1;

#[derive(Clone, Copy, Debug)]
struct Direction {
    piece: usize,
    /// What happens, after so many more octets.
    fault: Option<(u64, Fault)>,
}

impl Default for Direction {
    fn default() -> Self {
        Self {
            piece: usize::MAX,
            fault: None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Cut,
    Fail(ErrorKind),
    Stall,
}

/// Without the lock: wakers are foreign code.
fn wake(mut shared: MutexGuard<'_, Shared>) {
    let wakers = core::mem::take(&mut shared.wakers);
    drop(shared);
    wakers.into_iter().flatten().for_each(Waker::wake);
}

impl<S: Socket> Socket for Faulty<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.cut(cx);
        let most = match self.input.look(cx) {
            Ok(most) => most.min(buf.len()),
            Err(Fault::Cut) => return Poll::Ready(Ok(0)),
            Err(Fault::Fail(kind)) => return Poll::Ready(Err(kind.into())),
            Err(Fault::Stall) => return Poll::Pending,
        };
        let count = ready!(self.socket.poll_read(cx, &mut buf[..most]))?;
        self.input.moved(count);
        Poll::Ready(Ok(count))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.cut(cx);
        let mut most = match self.output.look(cx) {
            Ok(most) => most,
            Err(Fault::Cut) => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            Err(Fault::Fail(kind)) => return Poll::Ready(Err(kind.into())),
            Err(Fault::Stall) => return Poll::Pending,
        };
        let mut front = Vec::with_capacity(bufs.len());
        for buf in bufs {
            let len = buf.len().min(most);
            if len > 0 || front.is_empty() {
                front.push(IoSlice::new(&buf[..len]));
            }
            most -= len;
        }
        let count = ready!(self.socket.poll_write(cx, &front))?;
        self.output.moved(count);
        self.cut(cx);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.cut(cx);
        match self.output.look(cx) {
            Err(Fault::Cut) => Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            Err(Fault::Fail(kind)) => Poll::Ready(Err(kind.into())),
            // What it has taken is on its way.
            Err(Fault::Stall) | Ok(_) => self.socket.poll_flush(cx),
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.output.look(cx) {
            Err(Fault::Fail(kind)) => Poll::Ready(Err(kind.into())),
            Err(Fault::Stall) => Poll::Pending,
            Err(Fault::Cut) | Ok(_) => self.socket.poll_shutdown(cx),
        }
    }

    fn taken(&self) -> Option<Taken> {
        self.socket.taken()
    }

    fn readable(&self) -> usize {
        self.socket.readable()
    }

    fn has_hung_up(&self) -> bool {
        self.socket.has_hung_up()
    }

    fn cut_off(&self) -> Option<io::Error> {
        self.socket.cut_off()
    }

    fn abort_on_drop(&mut self, abort: bool) {
        self.socket.abort_on_drop(abort);
    }

    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        self.socket.poll_drive(cx);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use core::future::poll_fn;

    use super::*;
    use crate::test_kit::{Pipe, Task, run_all};

    type End = Faulty<Pipe>;
    type Polled<T> = Poll<Result<T, ErrorKind>>;

    fn ends() -> (End, End) {
        let (near, far) = Pipe::pair(true);
        (Faulty::new(near), Faulty::new(far))
    }

    fn read(end: &mut End, task: &Task) -> Polled<Vec<u8>> {
        let mut buf = [0; 100];
        let read = end.poll_read(&mut task.cx(), &mut buf);
        read.map_ok(|count| buf[..count].to_vec())
            .map_err(|error| error.kind())
    }

    fn write(end: &mut End, task: &Task, octets: &[u8]) -> Polled<usize> {
        // In two slices.
        let (front, back) = octets.split_at(octets.len() / 2);
        let bufs = [IoSlice::new(front), IoSlice::new(back)];
        end.poll_write(&mut task.cx(), &bufs)
            .map_err(|error| error.kind())
    }

    fn octets(octets: &[u8]) -> Polled<Vec<u8>> {
        Poll::Ready(Ok(octets.to_vec()))
    }

    #[test]
    fn faults_of_reading_come_at_their_octet_and_stay() {
        type Set = fn(&Faults);
        let table: [(Set, Polled<Vec<u8>>); 3] = [
            (|input| input.cut_after(3), octets(b"")),
            (
                |input| input.fail_after(3, ErrorKind::ConnectionReset),
                Poll::Ready(Err(ErrorKind::ConnectionReset)),
            ),
            (|input| input.stall_after(3), Poll::Pending),
        ];
        for (set, expected) in table {
            let ((mut near, mut far), task) = (ends(), Task::new());
            assert_eq!(write(&mut far, &task, b"ab"), Poll::Ready(Ok(2)));
            assert_eq!(read(&mut near, &task), octets(b"ab"));
            set(&near.input);
            assert_eq!(write(&mut far, &task, b"cdefg"), Poll::Ready(Ok(5)));
            assert_eq!(read(&mut near, &task), octets(b"cde"));
            for _ in 0..2 {
                assert_eq!(read(&mut near, &task), expected);
            }
            // The other direction goes on.
            assert_eq!(write(&mut near, &task, b"hi"), Poll::Ready(Ok(2)));
            assert_eq!(read(&mut far, &task), octets(b"hi"));
            near.input.release();
            let is_over = expected == octets(b"");
            let rest = if is_over { expected } else { octets(b"fg") };
            assert_eq!(read(&mut near, &task), rest);
        }
    }

    #[test]
    fn faults_of_writing_come_at_their_octet_and_a_cut_is_an_end_for_the_reader() {
        type Set = fn(&Faults);
        let table: [(Set, Polled<usize>, bool); 3] = [
            (
                |output| output.cut_after(3),
                Poll::Ready(Err(ErrorKind::BrokenPipe)),
                true,
            ),
            (
                |output| output.fail_after(3, ErrorKind::TimedOut),
                Poll::Ready(Err(ErrorKind::TimedOut)),
                false,
            ),
            (|output| output.stall_after(3), Poll::Pending, false),
        ];
        for (set, expected, ends_there) in table {
            let ((mut near, mut far), task) = (ends(), Task::new());
            set(&near.output);
            assert_eq!(write(&mut near, &task, b"abcde"), Poll::Ready(Ok(3)));
            assert_eq!(read(&mut far, &task), octets(b"abc"));
            let end = if ends_there {
                octets(b"")
            } else {
                Poll::Pending
            };
            assert_eq!(read(&mut far, &task), end);
            for _ in 0..2 {
                assert_eq!(write(&mut near, &task, b"de"), expected);
            }
            let flushed = near
                .poll_flush(&mut task.cx())
                .map_err(|error| error.kind());
            let is_stalled = expected.is_pending();
            assert_eq!(
                flushed.is_ready() && flushed != Poll::Ready(Ok(())),
                !is_stalled
            );
            let shut = near.poll_shutdown(&mut task.cx());
            assert_eq!(shut.is_pending(), is_stalled);
            if is_stalled {
                near.output.release();
                assert_eq!(write(&mut near, &task, b"de"), Poll::Ready(Ok(2)));
                assert_eq!(read(&mut far, &task), octets(b"de"));
            }
        }
    }

    /// Whatever the task waits for: a cut of what is written shows at the next read, too.
    #[test]
    fn whoever_waits_is_woken_by_every_change() {
        type Set = fn(&End);
        let sets: [Set; 5] = [
            |end| end.input.cut_after(0),
            |end| end.output.cut_after(0),
            |end| end.input.fail_after(0, ErrorKind::Other),
            |end| end.output.stall_after(0),
            |end| end.input.release(),
        ];
        for set in sets {
            let ((mut near, _far), task) = (ends(), Task::new());
            assert!(read(&mut near, &task).is_pending());
            task.is_woken();
            set(&near);
            assert!(task.is_woken());
        }
        let ((mut near, mut far), task) = (ends(), Task::new());
        near.output.cut_after(0);
        assert!(read(&mut near, &task).is_pending());
        assert_eq!(read(&mut far, &task), octets(b""));
    }

    #[test]
    fn pieces_are_as_small_as_asked_and_nothing_is_lost() {
        for (most_read, most_written) in [(1, 100), (100, 1), (2, 3), (7, 7)] {
            let (mut near, mut far) = ends();
            near.output.split(most_written);
            far.input.split(most_read);
            let all: Vec<u8> = (0..100).collect();
            let (sent, mut received) = (all.clone(), Vec::new());
            run_all(vec![
                alloc::boxed::Box::pin(async move {
                    let mut rest = &sent[..];
                    while !rest.is_empty() {
                        let now = [IoSlice::new(rest)];
                        let count = poll_fn(|cx| near.poll_write(cx, &now)).await.unwrap();
                        assert!(count <= most_written);
                        rest = &rest[count..];
                    }
                }),
                alloc::boxed::Box::pin(async {
                    let buf = &mut [0; 100];
                    while received.len() < 100 {
                        let count = poll_fn(|cx| far.poll_read(cx, buf)).await.unwrap();
                        assert!(0 < count && count <= most_read);
                        received.extend_from_slice(&buf[..count]);
                    }
                }),
            ]);
            assert_eq!(received, all);
        }
    }
}
