use std::collections::VecDeque;
use std::task::Poll;

use super::poll_in_turn;

/// What queues have, in which order it is taken from them, and what is left to wait for.
#[test]
fn every_queue_has_its_turn() {
    for (queues, expected) in [
        (&[][..], ""),
        (&[""], ""),
        (&["aaa"], "aaa"),
        (&["aaaa", "b"], "abaaa"),
        (&["a", "bbbb"], "abbbb"),
        (&["aaa", "bbb", "ccc"], "abcabcabc"),
        (&["", "bb", "", "dd"], "bdbd"),
        (&["aaaa", "", "c"], "acaaa"),
    ] {
        let mut sockets: Vec<VecDeque<char>> =
            queues.iter().map(|queue| queue.chars().collect()).collect();
        let mut next = 0;
        let mut taken = String::new();
        while let Poll::Ready(from) = poll_in_turn(&mut sockets, &mut next, |socket| {
            socket.pop_front().map_or(Poll::Pending, Poll::Ready)
        }) {
            taken.push(from);
        }
        assert_eq!(taken, expected, "{queues:?}");
    }
}

/// Where nothing is ready, each of them is asked to wake the task.
#[test]
fn all_are_asked() {
    for next in 0..3 {
        let mut asked = [0; 3];
        let mut turn = next;
        let polled = poll_in_turn(&mut asked, &mut turn, |socket| {
            *socket += 1;
            Poll::<()>::Pending
        });
        assert_eq!((polled, asked, turn), (Poll::Pending, [1; 3], next));
    }
}
