//! The `PutMedia` connection of a video stream: one at a time, with its limits ("`PutMedia`").

use crate::engine::{Span, Time};
use crate::wire::{AckError, ApiError, LimitBucket, LimitModel, VideoQuotas};

/// A connection that is open.
#[derive(Debug, Clone, Copy)]
struct Connection {
    number: u16,
    opened_at: Time,
    /// When the last fragment was complete.
    fed_until: Time,
    /// Since when no bytes have come, where that is known before the next fragment.
    quiet_since: Option<Time>,
    /// Where the last fragment ended, by the camera's clock.
    timecode: Time,
}

/// What a fragment is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offered {
    pub(super) connection: u16,
    /// When its first byte arrived.
    pub(super) begun_at: Time,
    /// When its first frame was taken.
    pub(super) taken_at: Time,
    pub(super) duration: Span,
    pub(super) bytes: u32,
    pub(super) tracks: u8,
}

/// Why a fragment is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its connection is closed: nobody answers.
    Closed,
    /// With an `ERROR` acknowledgement.
    Error(AckError),
}

/// The producer's side of a stream.
#[derive(Debug)]
pub(super) struct Ingest {
    connection: Option<Connection>,
    calls: LimitBucket,
}

impl Ingest {
    pub(super) fn new(quotas: &VideoQuotas, model: LimitModel) -> Self {
        Self {
            connection: None,
            calls: LimitBucket::full(quotas.calls_per_second, quotas.calls_per_second, model),
        }
    }

    /// Whether a producer is connected.
    pub(super) fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// Closes a connection that has been without data for too long; tells whether it did.
    pub(super) fn close_idle(&mut self, now: Time, quotas: &VideoQuotas) -> bool {
        let quiet_since = self.connection.and_then(|open| open.quiet_since);
        let is_idle = quiet_since.is_some_and(|since| now.saturating_since(since) >= quotas.idle_time);
        if is_idle {
            self.connection = None;
        }
        is_idle
    }

    /// `PutMedia`: the newest connection is refused while another one is open.
    pub(super) fn open(&mut self, number: u16, now: Time) -> Result<(), ApiError> {
        if !self.calls.has(1, now) {
            return Err(ApiError::ClientLimitExceededException);
        }
        self.calls.spend(1);
        if self.connection.is_some() {
            return Err(ApiError::ConnectionLimitExceededException);
        }
        self.connection = Some(Connection {
            number,
            opened_at: now,
            fed_until: now,
            quiet_since: None,
            timecode: Time::ZERO,
        });
        Ok(())
    }

    /// No more bytes come; a connection that the stream knows to be closed is.
    pub(super) fn end(&mut self, number: u16, is_closed: bool, now: Time) {
        match &mut self.connection {
            Some(open) if open.number == number && is_closed => self.connection = None,
            Some(open) if open.number == number => open.quiet_since = Some(now),
            _ => {}
        }
    }

    /// Whether a fragment whose last byte arrives now is taken.
    pub(super) fn judge(
        &mut self,
        offered: &Offered,
        now: Time,
        quotas: &VideoQuotas,
    ) -> Result<(), Refusal> {
        let Some(open) = self.connection.as_mut().filter(|open| open.number == offered.connection) else {
            return Err(Refusal::Closed);
        };
        if offered.begun_at.saturating_since(open.fed_until) >= quotas.idle_time {
            self.connection = None;
            return Err(Refusal::Closed);
        }
        (open.fed_until, open.quiet_since) = (now, None);
        if now.saturating_since(open.opened_at) > quotas.longest_connection {
            self.connection = None;
            return Err(Refusal::Error(AckError::MaxConnectionDurationReached));
        }
        let error = if offered.bytes > quotas.fragment_bytes {
            Some(AckError::MaxFragmentSizeReached)
        } else if offered.duration > quotas.longest_fragment {
            Some(AckError::MaxFragmentDurationReached)
        } else if offered.duration < quotas.shortest_fragment {
            Some(AckError::MinFragmentDurationReached)
        } else if offered.tracks > quotas.tracks {
            Some(AckError::MoreThanAllowedTracksFound)
        } else if offered.taken_at < open.timecode {
            Some(AckError::FragmentTimecodeLesserThanPrevious)
        } else {
            None
        };
        if let Some(error) = error {
            return Err(Refusal::Error(error));
        }
        open.timecode = offered.taken_at + offered.duration;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTAS: VideoQuotas = VideoQuotas::CURRENT;

    fn at(milliseconds: u64) -> Time {
        Time::ZERO + Span::from_millis(milliseconds)
    }

    fn open() -> Ingest {
        let mut ingest = Ingest::new(&QUOTAS, LimitModel::TokenBucket);
        ingest.open(1, at(0)).unwrap();
        ingest
    }

    fn two_seconds(end: u64) -> Offered {
        Offered {
            connection: 1,
            begun_at: at(end - 2_000),
            taken_at: at(end - 2_000),
            duration: Span::from_seconds(2),
            bytes: 1_000,
            tracks: 1,
        }
    }

    #[test]
    fn the_newest_connection_is_refused_until_the_old_one_is_idle_for_30_seconds() {
        let mut ingest = open();
        assert_eq!(ingest.judge(&two_seconds(2_000), at(2_000), &QUOTAS), Ok(()));
        ingest.end(1, false, at(2_000));
        assert!(!ingest.close_idle(at(31_999), &QUOTAS));
        assert_eq!(ingest.open(2, at(31_999)), Err(ApiError::ConnectionLimitExceededException));
        assert!(ingest.close_idle(at(32_000), &QUOTAS));
        assert_eq!(ingest.open(2, at(32_000)), Ok(()));
        assert_eq!(ingest.judge(&two_seconds(34_000), at(34_000), &QUOTAS), Err(Refusal::Closed));
    }

    #[test]
    fn five_calls_a_second() {
        let mut ingest = open();
        for _ in 0..4 {
            ingest.end(1, true, at(0));
            ingest.open(1, at(0)).unwrap();
        }
        ingest.end(1, true, at(0));
        assert_eq!(ingest.open(1, at(199)), Err(ApiError::ClientLimitExceededException));
        assert_eq!(ingest.open(1, at(200)), Ok(()));
    }

    #[test]
    fn fragments_are_judged_at_their_limits() {
        let judged = |change: &dyn Fn(&mut Offered)| {
            let mut offered = two_seconds(20_000);
            offered.begun_at = at(10_000);
            change(&mut offered);
            open().judge(&offered, at(20_000), &QUOTAS)
        };
        let error = |error| Err(Refusal::Error(error));
        assert_eq!(judged(&|one| one.bytes = 50_000_000), Ok(()));
        assert_eq!(judged(&|one| one.bytes = 50_000_001), error(AckError::MaxFragmentSizeReached));
        assert_eq!(judged(&|one| one.duration = Span::from_seconds(20)), Ok(()));
        assert_eq!(
            judged(&|one| one.duration = Span::from_millis(20_001)),
            error(AckError::MaxFragmentDurationReached)
        );
        assert_eq!(judged(&|one| one.duration = Span::from_seconds(1)), Ok(()));
        assert_eq!(
            judged(&|one| one.duration = Span::from_millis(999)),
            error(AckError::MinFragmentDurationReached)
        );
        assert_eq!(judged(&|one| one.tracks = 3), Ok(()));
        assert_eq!(judged(&|one| one.tracks = 4), error(AckError::MoreThanAllowedTracksFound));
        assert_eq!(judged(&|one| one.connection = 2), Err(Refusal::Closed));
    }

    #[test]
    fn a_fragment_begins_after_the_one_before_ends() {
        let mut ingest = open();
        assert_eq!(ingest.judge(&two_seconds(2_000), at(2_000), &QUOTAS), Ok(()));
        let early = Offered { taken_at: at(1_999), ..two_seconds(4_000) };
        assert_eq!(
            ingest.judge(&early, at(4_000), &QUOTAS),
            Err(Refusal::Error(AckError::FragmentTimecodeLesserThanPrevious))
        );
        assert_eq!(ingest.judge(&two_seconds(4_000), at(4_000), &QUOTAS), Ok(()));
    }

    #[test]
    fn a_connection_lasts_45_minutes() {
        let minutes = |minutes: u64| 60_000 * minutes;
        let mut ingest = open();
        for end in (20_000..=minutes(45)).step_by(20_000) {
            assert_eq!(ingest.judge(&two_seconds(end), at(end), &QUOTAS), Ok(()));
        }
        let end = minutes(45) + 2_000;
        assert_eq!(
            ingest.judge(&two_seconds(end), at(end), &QUOTAS),
            Err(Refusal::Error(AckError::MaxConnectionDurationReached))
        );
        assert!(!ingest.is_open());
    }
}
