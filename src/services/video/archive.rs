//! What a video stream keeps: its fragments in the order of their numbers, until their time is over.

use crate::engine::{Span, Time};
use crate::wire::{MessageId, Messages};
use std::collections::VecDeque;

/// A fragment that is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragment {
    pub(super) message: MessageId,
    /// When its last byte arrived: its server timestamp.
    pub(super) received_at: Time,
    /// From when on the archive has it. Never before that of the fragment before.
    pub(super) persisted_at: Time,
    pub(super) milliseconds: u32,
    pub(super) frames: u16,
}

/// How long fragments are kept ("`CreateStream`", `DataRetentionInHours`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// In the archive, for so long.
    Retained(Span),
    /// On the host alone: for so long, and as long as all of them are not larger than this.
    HostBuffer(Span, u64),
}

/// The fragments of one stream. Numbers begin at zero and rise by one.
#[derive(Debug, Default)]
pub(super) struct Archive {
    fragments: VecDeque<Fragment>,
    first: u32,
    bytes: u64,
}

impl Archive {
    /// A fragment has arrived; gives its number. The archive holds its message.
    pub(super) fn push(&mut self, fragment: Fragment, bytes: u32) -> u32 {
        self.fragments.push_back(fragment);
        self.bytes += u64::from(bytes);
        self.end() - 1
    }

    /// The number of the oldest fragment, or that of the next one when there is none.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    /// The number of the next fragment to come.
    pub(super) fn end(&self) -> u32 {
        self.first + self.fragments.len() as u32
    }

    /// The fragment of this number, while it is kept.
    pub(super) fn get(&self, number: u32) -> Option<&Fragment> {
        self.fragments.get(number.checked_sub(self.first)? as usize)
    }

    /// All of them, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Fragment> {
        self.fragments.iter()
    }

    /// One more than the newest number that is archived.
    pub(super) fn persisted_end(&self, now: Time) -> u32 {
        self.first + self.fragments.partition_point(|fragment| fragment.persisted_at <= now) as u32
    }

    /// The first number that was received then or later.
    pub(super) fn received_from(&self, time: Time) -> u32 {
        self.first + self.fragments.partition_point(|fragment| fragment.received_at < time) as u32
    }

    /// The first number whose first frame was taken then or later. What was sent again is out of this order.
    pub(super) fn produced_from(&self, time: Time, messages: &Messages) -> u32 {
        let is_later = |fragment: &Fragment| messages.published_at(fragment.message) >= time;
        self.first + self.fragments.iter().position(is_later).unwrap_or(self.fragments.len()) as u32
    }

    /// Takes out a fragment whose time is over, if there is one; gives it with its size.
    pub(super) fn pop_expired(
        &mut self,
        keeping: Keeping,
        now: Time,
        messages: &Messages,
    ) -> Option<(Fragment, u32)> {
        let oldest = *self.fragments.front()?;
        let is_over = match keeping {
            Keeping::Retained(retention) => oldest.received_at + retention <= now,
            Keeping::HostBuffer(time, bytes) => oldest.received_at + time <= now || self.bytes > bytes,
        };
        if !is_over {
            return None;
        }
        self.fragments.pop_front();
        self.first += 1;
        let bytes = messages.bytes(oldest.message);
        self.bytes -= u64::from(bytes);
        Some((oldest, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Detail, EntityId, NewMessage};

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_seconds(seconds)
    }

    /// Fragments of 100 bytes, received at these seconds and produced two seconds earlier.
    fn archive(seconds: &[u64]) -> (Archive, Messages) {
        let (mut archive, mut messages) = (Archive::default(), Messages::new(0));
        for (sequence, second) in seconds.iter().enumerate() {
            let message = messages.create(NewMessage {
                published_at: at(second - 2),
                producer: EntityId(0),
                sequence: sequence as u64,
                bytes: 100,
                poison: false,
                detail: Detail::NONE,
            });
            let fragment = Fragment {
                message,
                received_at: at(*second),
                persisted_at: at(*second) + Span::from_millis(500),
                milliseconds: 2_000,
                frames: 50,
            };
            archive.push(fragment, 100);
        }
        (archive, messages)
    }

    #[test]
    fn retention_ends_to_the_nanosecond() {
        let (mut archive, messages) = archive(&[2, 4, 6]);
        let keeping = Keeping::Retained(Span::from_seconds(60));
        let before = Time::from_nanos(at(62).as_nanos() - 1);
        assert!(archive.pop_expired(keeping, before, &messages).is_none());
        assert!(archive.pop_expired(keeping, at(62), &messages).is_some());
        assert!(archive.pop_expired(keeping, at(62), &messages).is_none());
        assert_eq!((archive.first(), archive.end()), (1, 3));
    }

    #[test]
    fn the_host_buffer_ends_by_time_or_by_size() {
        let (mut archive, messages) = archive(&[2, 4, 6]);
        let keeping = Keeping::HostBuffer(Span::from_seconds(300), 200);
        assert!(archive.pop_expired(keeping, at(6), &messages).is_some(), "300 bytes are more than 200");
        assert!(archive.pop_expired(keeping, at(6), &messages).is_none(), "200 bytes are not");
        assert!(archive.pop_expired(keeping, at(304), &messages).is_some());
        assert!(archive.pop_expired(keeping, at(305), &messages).is_none());
    }

    #[test]
    fn places_are_found_by_number_and_by_both_timestamps() {
        let (archive, messages) = archive(&[2, 4, 6]);
        assert_eq!(archive.received_from(at(4)), 1);
        assert_eq!(archive.received_from(at(5)), 2);
        assert_eq!(archive.produced_from(at(4), &messages), 2);
        assert_eq!(archive.produced_from(at(5), &messages), 3);
        assert_eq!(archive.persisted_end(at(6)), 2);
        assert_eq!(archive.persisted_end(at(6) + Span::from_millis(500)), 3);
        assert!(archive.get(2).is_some() && archive.get(3).is_none());
    }
}
