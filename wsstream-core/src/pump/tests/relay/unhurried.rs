//! A clean relay is never cut, however long its peers pause.

use super::*;

/// A program at the far end of a relay: what it says and when, and how fast it reads.
#[derive(Clone, Debug)]
struct Script {
    is_websocket: bool,
    tells_taken: bool,
    capacity: usize,
    /// Pauses in seconds, and how much is said after each.
    says: Vec<(u64, usize)>,
    /// The pause before the end.
    ends_after: u64,
    /// The pause between reads, which is not long enough to be given up, and how much is read then.
    reads_every: u64,
    reads: usize,
}

impl Script {
    /// A relay takes 64 KiB at once, and the next when that is read. Who reads them in more than the 60 s in which a peer has
    /// to take something reads less than the 16 KiB/s that are promised to suffice.
    fn is_read_in_time_by(&self, reader: &Self) -> bool {
        let all: usize = self.says.iter().map(|(_, len)| len).sum();
        let every = usize::try_from(reader.reads_every).unwrap();
        all < 64_000 || reader.reads.min(reader.capacity) / every * 60 > 64 << 10
    }
}

fn script() -> impl Strategy<Value = Script> {
    let says = prop::collection::vec((0..300_u64, 0..30_000_usize), 0..5);
    let capacity = prop_oneof![Just(1_000_usize), Just(20_000), Just(1 << 20)];
    (
        (any::<bool>(), any::<bool>(), capacity),
        (says, 0..300_u64, 1..50_u64, 2_000..20_000_usize),
    )
        .prop_map(
            |((is_websocket, tells_taken, capacity), (says, ends_after, reads_every, reads))| {
                Script {
                    is_websocket,
                    tells_taken,
                    capacity,
                    says,
                    ends_after,
                    reads_every,
                    reads,
                }
            },
        )
}

struct Program {
    end: Option<Box<dyn RelayEnd>>,
    line: SharedLine,
    script: Script,
    says: Vec<(u64, Vec<u8>)>,
    all: Vec<u8>,
    heard: Vec<u8>,
    has_said: bool,
    has_heard: bool,
    next_read: u64,
    next_word: u64,
}

fn end(pipe: Pipe, clock: &Clock, is_websocket: bool, role: Role) -> Box<dyn RelayEnd> {
    let sleeper = clock.sleeper();
    match is_websocket {
        true => Box::new(stream(
            pipe,
            sleeper,
            role,
            Encoding::Binary,
            ConnectionConfig::new(),
        )),
        false => Box::new(SocketEnd::new(pipe, sleeper)),
    }
}

impl Program {
    fn new(script: Script, clock: &Clock) -> (Box<dyn RelayEnd>, Self) {
        let (near, far) = Pipe::pair(true);
        for line in [&near.input, &near.output] {
            let mut line = line.get();
            (line.capacity, line.tells_taken) = (script.capacity, script.tells_taken);
        }
        let mut at = 0;
        let mut says: Vec<_> = script
            .says
            .iter()
            .map(|&(pause, len)| {
                at += pause;
                (at, octets(len))
            })
            .collect();
        says.reverse();
        let all = script
            .says
            .iter()
            .flat_map(|&(_, len)| octets(len))
            .collect();
        let line = far.output.clone();
        let program = Self {
            next_word: at + script.ends_after,
            end: Some(end(far, clock, script.is_websocket, Role::Client)),
            line,
            says,
            all,
            heard: Vec::new(),
            has_said: false,
            has_heard: false,
            next_read: 0,
            script,
        };
        (
            end(near, clock, program.script.is_websocket, Role::Server),
            program,
        )
    }

    fn act(&mut self, now: u64, task: &Task) {
        let Some(end) = &mut self.end else { return };
        let cx = &mut task.cx();
        while let Some((at, word)) = self.says.last_mut() {
            if *at > now {
                break;
            }
            if word.is_empty() {
                self.says.pop();
                continue;
            }
            match end.poll_write(cx, word) {
                Poll::Ready(count) => drop(word.drain(..count.unwrap())),
                Poll::Pending => break,
            }
        }
        if self.says.is_empty() && !self.has_said && now >= self.next_word {
            self.has_said = match end.poll_shutdown(cx) {
                Poll::Ready(ended) => {
                    ended.unwrap();
                    true
                }
                Poll::Pending => false,
            };
        }
        if !self.has_heard && now >= self.next_read {
            self.next_read = now + self.script.reads_every;
            let mut left = self.script.reads;
            let mut out = vec![0; left];
            while left > 0 {
                match end.poll_read(cx, &mut out[..left]) {
                    Poll::Pending => break,
                    Poll::Ready(count) => {
                        let count = count.unwrap();
                        self.heard.extend(&out[..count]);
                        left -= count;
                        if count == 0 {
                            self.has_heard = true;
                            break;
                        }
                    }
                }
            }
        }
        let _ = end.poll_flush(cx);
        end.poll_drive(cx);
        if self.has_said && self.has_heard {
            self.end = None;
            self.line.get().has_hung_up = true;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_ends_by_itself_is_whole(a in script(), b in script()) {
        prop_assume!(a.is_read_in_time_by(&b) && b.is_read_in_time_by(&a));
        let clock = Clock::default();
        let ((mut near, mut left), (mut far, mut right)) =
            (Program::new(a, &clock), Program::new(b, &clock));
        let (task, others) = (Task::new(), Task::new());
        let mut relay = Relay::new(&mut *near, &mut *far, clock.sleeper());
        let mut relayed = None;
        for now in 0..20_000 {
            for _ in 0..20 {
                left.act(now, &others);
                right.act(now, &others);
                let mut polls = 0;
                while relayed.is_none() && task.is_woken() {
                    polls += 1;
                    prop_assert!(polls < 10_000, "spinning");
                    if let Poll::Ready(ended) = Pin::new(&mut relay).poll(&mut task.cx()) {
                        relayed = Some(ended);
                    }
                }
            }
            if relayed.is_some() {
                break;
            }
            clock.advance(secs(1));
        }
        let relayed = relayed.expect("hangs");
        prop_assert!(relayed.a_failed.is_none() && relayed.b_failed.is_none(), "{relayed:?}");
        prop_assert_eq!(relayed.a_to_b.ended, Complete);
        prop_assert_eq!(relayed.b_to_a.ended, Complete);
        // What the relay has passed on may still be read.
        drop(relay);
        drop((near, far));
        for now in 20_000..40_000 {
            left.act(now, &others);
            right.act(now, &others);
            clock.advance(secs(1));
        }
        prop_assert!(left.heard == right.all && right.heard == left.all);
        prop_assert!(left.has_heard && right.has_heard);
    }
}
