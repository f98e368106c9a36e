//! AWS's limits, by profile: what was true in September 2022, and what is true now.

/// A set of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuotaProfile {
    /// As AWS documents them now (read November 2026).
    #[default]
    Current,
    /// As they were in September 2022, the limits of the exam notes of that year.
    Exam2022,
}

impl QuotaProfile {
    /// The name of the profile in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            QuotaProfile::Current => "current",
            QuotaProfile::Exam2022 => "2022",
        }
    }
}

/// The limits of standard queues. A scenario may change each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqsQuotas {
    /// Largest message, attributes included ("Amazon SQS message quotas"): 1 MiB since August 2025, 256 KiB before.
    pub maximum_message_bytes: u32,
    /// Largest sum of the messages of a `SendMessageBatch` (same page).
    pub maximum_batch_bytes: u32,
    /// Most entries of a batch ("`SendMessageBatch`").
    pub maximum_batch_entries: u32,
    /// Most messages in flight in a standard queue ("Amazon SQS queue quotas"), approximately.
    pub maximum_in_flight: u64,
    /// Payload that counts as one request in the bill ("Amazon SQS pricing").
    pub billing_chunk_bytes: u32,
    /// .
    pub maximum_in_flight_fifo: u64,
    /// .
    pub fifo_scan_window: u64,
    /// .
    pub fifo_calls_per_second: u32,
    /// .
    pub fifo_partition_calls_per_second: u32,
    /// .
    pub fifo_high_throughput_calls_per_second: u32,
    /// .
    pub deduplication_interval: crate::engine::Span,
    /// .
    pub purge_interval: crate::engine::Span,
    /// .
    pub move_task_maximum_per_second: u32,
    /// .
    pub move_task_longest: crate::engine::Span,
    /// .
    pub redrive_allow_sources: usize,
    /// .
    pub fifo_dead_letters_restart_retention: bool,
    /// .
    pub fair_queues: bool,
    /// .
    pub fifo_move_tasks: bool,
}

impl SqsQuotas {
    /// The limits of a profile.
    pub fn of(profile: QuotaProfile) -> Self {
        let largest = match profile {
            QuotaProfile::Current => 1_048_576,
            QuotaProfile::Exam2022 => 262_144,
        };
        Self {
            maximum_message_bytes: largest,
            maximum_batch_bytes: largest,
            maximum_batch_entries: 10,
            maximum_in_flight: 120_000,
            billing_chunk_bytes: 65_536,
            maximum_in_flight_fifo: if profile == QuotaProfile::Current { 120_000 } else { 20_000 },
            fifo_scan_window: if profile == QuotaProfile::Current { 120_000 } else { 20_000 },
            fifo_calls_per_second: 300,
            fifo_partition_calls_per_second: 300,
            fifo_high_throughput_calls_per_second: if profile == QuotaProfile::Current {
                70_000
            } else {
                3_000
            },
            deduplication_interval: crate::engine::Span::from_seconds(300),
            purge_interval: crate::engine::Span::from_seconds(60),
            move_task_maximum_per_second: 500,
            move_task_longest: crate::engine::Span::from_hours(36),
            redrive_allow_sources: 10,
            fifo_dead_letters_restart_retention: profile == QuotaProfile::Current,
            fair_queues: profile == QuotaProfile::Current,
            fifo_move_tasks: profile == QuotaProfile::Current,
        }
    }
}
