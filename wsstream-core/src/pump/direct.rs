//! Writing without a copy: frame headers and the caller's slice in one vectored write.

use core::task::Poll;
use std::io::{self, IoSlice};

use super::engine::Pump;
use super::{Clock, Socket};
use crate::connection::Connection;
use crate::frame::EncodedHeader;

impl<S: Socket, C: Clock> Pump<S, C> {
    /// Writes frames with the front of `data` past the outbox, if the socket takes them now. The outbox completes a
    /// frame that was only written in part. `None` if a direct write is not possible now.
    pub(super) fn send_direct(
        &mut self,
        data: &[u8],
        direct: impl Fn(&Connection, &[u8]) -> Option<(EncodedHeader, usize)>,
    ) -> io::Result<Option<usize>> {
        self.check_sendable()?;
        if !self.wire.is_write_vectored() || self.poll_write_out()?.is_pending() {
            return Ok(None);
        }
        if data.len() <= Connection::MAX_STREAM_MESSAGE {
            self.send_frames::<1>(data, direct)
        } else {
            self.send_frames::<MANY>(data, direct)
        }
    }

    fn send_frames<const N: usize>(
        &mut self,
        data: &[u8],
        direct: impl Fn(&Connection, &[u8]) -> Option<(EncodedHeader, usize)>,
    ) -> io::Result<Option<usize>> {
        let mut frames = [const { (EncodedHeader::EMPTY, 0) }; N];
        let (mut count, mut rest) = (0, data);
        while count < N
            && let Some((header, len)) = direct(&self.connection, rest)
        {
            frames[count] = (header, len);
            (count, rest) = (count + 1, &rest[len..]);
        }
        let frames = &frames[..count];
        let mut slices = [[IoSlice::new(&[]); 2]; N];
        let mut rest = data;
        for ((header, len), slices) in frames.iter().zip(&mut slices) {
            let (payload, after) = rest.split_at(*len);
            *slices = [IoSlice::new(header), IoSlice::new(payload)];
            rest = after;
        }
        if frames.is_empty() {
            return Ok(None);
        }
        match self.wire.poll_write(slices[..count].as_flattened()) {
            Poll::Ready(Ok(written)) => Ok(Some(self.sent_direct(frames, data, written))),
            Poll::Ready(Err(error)) => Err(self.write_failed(error)),
            Poll::Pending => Ok(None),
        }
    }

    /// Accounts for `written` octets of frames. Returns how much of `data` the frames contain that were begun.
    fn sent_direct(
        &mut self,
        frames: &[(EncodedHeader, usize)],
        data: &[u8],
        mut written: usize,
    ) -> usize {
        let mut sent = 0;
        for (header, len) in frames {
            let share = written.min(header.len() + len);
            if share < header.len() + len {
                self.lend_outbox();
            }
            if !self
                .connection
                .sent_direct(header, &data[sent..sent + len], share)
            {
                break;
            }
            (written, sent) = (written - share, sent + len);
        }
        self.send_queued();
        sent
    }
}

/// The most frames in one vectored write: enough for 256 KiB, a usual size of long writes.
const MANY: usize = 5;
