//! What all topics of an account share: limits, and the messages that may still be published.

use super::{Budget, QuotaProfile, Region};
use crate::engine::{Span, Time};

/// The limits of topics ("Amazon Simple Notification Service endpoints and quotas").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnsQuotas {
    /// Messages a second that an account may publish to all its standard topics together, in single calls and batches.
    pub publishes_per_second: u32,
    /// The same of its FIFO topics.
    pub fifo_publishes_per_second: u32,
    /// Largest message, attributes included.
    pub maximum_message_bytes: u32,
    /// Most entries of a batch ("`PublishBatch`").
    pub maximum_batch_entries: u32,
    /// Largest value of a topic's `MaximumMessageSize` ("`CreateTopic`"): 1 MiB since September 2026.
    pub largest_maximum_message_bytes: u32,
    /// Most subscriptions of a topic with larger messages than usual (same page).
    pub large_topic_subscriptions: u32,
    /// Most subscriptions of a standard topic.
    pub subscriptions: u32,
    /// Most subscriptions of a FIFO topic.
    pub fifo_subscriptions: u32,
    /// Most standard topics of the account.
    pub topics: u32,
    /// Most FIFO topics of the account.
    pub fifo_topics: u32,
    /// Messages a second to a FIFO topic: 300 until November 2023, then 3,000.
    pub fifo_messages_per_second: u32,
    /// Bytes a second to a FIFO topic: 10 MB before, then 20 MB.
    pub fifo_bytes_per_second: u32,
    /// Messages a second to a message group of a FIFO topic.
    pub fifo_group_messages_per_second: u32,
    /// Most filter policies of a topic ("Filter policy constraints").
    pub filter_policies: u32,
    /// Whether the throughput of a FIFO topic can be that of its groups (`FifoThroughputScope`): since January 2025.
    pub fifo_throughput_scope: bool,
    /// Whether standard queues can subscribe to FIFO topics ("FIFO topic message delivery"): not in 2022.
    pub fifo_to_standard_queues: bool,
    /// Whether messages of standard topics can have a group, for fair queues: since 2025.
    pub groups_on_standard_topics: bool,
    /// Whether FIFO topics have an archive ("Message archiving and replay for FIFO topics"): since October 2023.
    pub archive: bool,
    /// E-mails a second, of the account: a hard limit.
    pub emails_per_second: u32,
    /// SMS messages a second, of the account, of each [`SmsType`].
    pub sms_per_second: u32,
    /// How long a FIFO topic remembers deduplication ids ("Message deduplication for FIFO topics").
    pub deduplication_interval: Span,
}

impl SnsQuotas {
    /// Most subscriptions of a topic.
    pub fn subscriptions_of(&self, is_fifo: bool) -> u32 {
        if is_fifo { self.fifo_subscriptions } else { self.subscriptions }
    }

    /// Most topics of a kind.
    pub fn topics_of(&self, is_fifo: bool) -> u32 {
        if is_fifo { self.fifo_topics } else { self.topics }
    }

    /// The limits of a profile in a Region.
    pub fn of(profile: QuotaProfile, region: Region) -> Self {
        let publishes_per_second = match region {
            Region::UsEast1 => 30_000,
            Region::UsWest2 | Region::EuWest1 => 9_000,
            Region::UsEast2
            | Region::UsWest1
            | Region::ApSouth1
            | Region::ApNortheast1
            | Region::ApNortheast2
            | Region::ApSoutheast1
            | Region::ApSoutheast2
            | Region::EuCentral1 => 1_500,
            _ => 300,
        };
        let current = Self {
            publishes_per_second,
            // "Amazon Simple Notification Service endpoints and quotas": 3,000 in most Regions, where standard topics have less.
            fifo_publishes_per_second: publishes_per_second.max(3_000),
            maximum_message_bytes: 262_144,
            maximum_batch_entries: 10,
            largest_maximum_message_bytes: 1_048_576,
            large_topic_subscriptions: 100,
            subscriptions: 12_500_000,
            fifo_subscriptions: 100,
            topics: 100_000,
            fifo_topics: 1_000,
            fifo_messages_per_second: 3_000,
            fifo_bytes_per_second: 20_000_000,
            fifo_group_messages_per_second: 300,
            filter_policies: 200,
            fifo_throughput_scope: true,
            fifo_to_standard_queues: true,
            groups_on_standard_topics: true,
            archive: true,
            emails_per_second: 10,
            sms_per_second: 20,
            deduplication_interval: Span::from_minutes(5),
        };
        match profile {
            QuotaProfile::Current => current,
            QuotaProfile::Exam2022 => Self {
                largest_maximum_message_bytes: 262_144,
                fifo_publishes_per_second: publishes_per_second,
                fifo_messages_per_second: 300,
                fifo_bytes_per_second: 10_000_000,
                fifo_throughput_scope: false,
                fifo_to_standard_queues: false,
                groups_on_standard_topics: false,
                archive: false,
                ..current
            },
        }
    }
}

/// A rate that is kept one by one: whoever comes too early waits for its turn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// Least time between two.
    each: Span,
    /// When the next one may be.
    next: Time,
}

impl Pace {
    /// Two have at least this between them; zero is no limit.
    pub fn every(each: Span) -> Self {
        Self { each, next: Time::ZERO }
    }

    /// So many a second, evenly.
    pub fn per_second(number: u32) -> Self {
        Self::every(Span::from_seconds(1) / u64::from(number.max(1)))
    }

    /// The turn of one who comes now.
    #[inline]
    pub fn turn(&mut self, now: Time) -> Time {
        let at = now.max(self.next);
        self.next = at + self.each;
        at
    }
}

/// What SMS messages are for ("Sending SMS messages"): each kind has a rate of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsType {
    /// Marketing and the like: SNS's default.
    Promotional,
    /// Passwords for one time, alarms.
    Transactional,
}

/// What the topics of the account have in common.
#[derive(Debug, Clone)]
pub struct SnsAccount {
    /// Messages that may still be published to standard topics.
    pub publishes: Budget,
    /// Messages that may still be published to FIFO topics.
    pub fifo_publishes: Budget,
    /// When the next e-mail may leave.
    pub emails: Pace,
    sms: [Pace; 2],
    /// What SMS messages have cost so far, in dollars.
    pub sms_spent: f64,
}

impl SnsAccount {
    /// The account at the start of a run.
    pub fn new(quotas: &SnsQuotas) -> Self {
        Self {
            publishes: Budget::per_second(quotas.publishes_per_second),
            fifo_publishes: Budget::per_second(quotas.fifo_publishes_per_second),
            emails: Pace::per_second(quotas.emails_per_second),
            sms: [Pace::per_second(quotas.sms_per_second); 2],
            sms_spent: 0.0,
        }
    }

    /// When the next SMS of a kind may leave.
    pub fn sms(&mut self, kind: SmsType) -> &mut Pace {
        &mut self.sms[kind as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_gives_one_turn_after_another_and_saves_nothing_up() {
        let mut pace = Pace::per_second(10);
        let at = |millis: u64| Time::ZERO + Span::from_millis(millis);
        assert_eq!(
            [0, 0, 50, 1_000, 1_000].map(|now| pace.turn(at(now))),
            [0, 100, 200, 1_000, 1_100].map(at)
        );
        assert_eq!(Pace::default().turn(at(7)), at(7));
    }

    #[test]
    fn quotas_differ_by_region_and_profile() {
        let of = |profile, region| SnsQuotas::of(profile, region);
        assert_eq!(of(QuotaProfile::Current, Region::UsEast1).publishes_per_second, 30_000);
        assert_eq!(of(QuotaProfile::Current, Region::EuWest1).publishes_per_second, 9_000);
        assert_eq!(of(QuotaProfile::Exam2022, Region::EuWest3).publishes_per_second, 300);
        let of_fifo = |region| of(QuotaProfile::Current, region).fifo_publishes_per_second;
        let regions = [Region::UsEast1, Region::EuWest1, Region::EuCentral1, Region::EuWest3];
        assert_eq!(regions.map(of_fifo), [30_000, 9_000, 3_000, 3_000]);
        assert_eq!(of(QuotaProfile::Exam2022, Region::UsEast1).fifo_messages_per_second, 300);
    }
}
