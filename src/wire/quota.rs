//! AWS's limits, by profile: what was true in September 2022, and what is true now.

use super::Region;
use crate::engine::Span;

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

/// The limits of queues. A scenario may change each of them.
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
    /// Most messages in flight in a FIFO queue ("Amazon SQS FIFO queue quotas"): 20,000 until late 2024.
    pub maximum_in_flight_fifo: u64,
    /// Messages of a FIFO queue that are searched for available groups ("Avoid large backlogs with the same message group
    /// ID"): 20,000 until late 2024.
    pub fifo_scan_window: u64,
    /// Calls a second and action to a FIFO queue ("Amazon SQS message quotas").
    pub fifo_calls_per_second: u32,
    /// The same of one partition, with high throughput ("High throughput for FIFO queues in Amazon SQS").
    pub fifo_partition_calls_per_second: u32,
    /// The same of all partitions together, in the best Region (same page): 3,000 from May 2021, 70,000 since November
    /// 2023. Other Regions have less: 19,000, 9,000, 4,500 or 2,400.
    pub fifo_high_throughput_calls_per_second: u32,
    /// How long a deduplication id is remembered ("Using the message deduplication ID in Amazon SQS").
    pub deduplication_interval: Span,
    /// Time between two purges ("`PurgeQueue`").
    pub purge_interval: Span,
    /// Most messages a second of a message move task ("`StartMessageMoveTask`").
    pub move_task_maximum_per_second: u32,
    /// Longest time a message move task runs (same page).
    pub move_task_longest: Span,
    /// Most queues that a redrive allow policy names ("`CreateQueue`").
    pub redrive_allow_sources: usize,
    /// Whether the retention clock starts anew when a FIFO queue's message is dead-lettered ("Using dead-letter queues in
    /// Amazon SQS"): the page says so today, in early 2023 it said the clock goes on.
    pub fifo_dead_letters_restart_retention: bool,
    /// Whether standard queues take message groups ("Amazon SQS fair queues"): since July 2025.
    pub fair_queues: bool,
    /// Whether a message move task takes FIFO queues ("`StartMessageMoveTask`"): since November 2023.
    pub fifo_move_tasks: bool,
}

impl SqsQuotas {
    /// The same in a Region: the quota of FIFO queues with high throughput differs ("Amazon SQS message quotas"). What it was
    /// in other Regions in 2022 is not known, and taken as the same.
    #[must_use]
    pub fn in_region(self, profile: QuotaProfile, region: Region) -> Self {
        let calls = match (profile, region) {
            (QuotaProfile::Exam2022, _) => return self,
            (_, Region::UsEast1 | Region::UsWest2 | Region::EuWest1) => 70_000,
            (_, Region::UsEast2 | Region::EuCentral1) => 19_000,
            (_, Region::ApSouth1 | Region::ApSoutheast1 | Region::ApSoutheast2 | Region::ApNortheast1) => {
                9_000
            }
            (_, Region::EuWest2 | Region::SaEast1) => 4_500,
            _ => 2_400,
        };
        Self { fifo_high_throughput_calls_per_second: calls, ..self }
    }

    /// The limits of a profile.
    pub fn of(profile: QuotaProfile) -> Self {
        let current = Self {
            maximum_message_bytes: 1_048_576,
            maximum_batch_bytes: 1_048_576,
            maximum_batch_entries: 10,
            maximum_in_flight: 120_000,
            billing_chunk_bytes: 65_536,
            maximum_in_flight_fifo: 120_000,
            fifo_scan_window: 120_000,
            fifo_calls_per_second: 300,
            fifo_partition_calls_per_second: 300,
            fifo_high_throughput_calls_per_second: 70_000,
            deduplication_interval: Span::from_minutes(5),
            purge_interval: Span::from_minutes(1),
            move_task_maximum_per_second: 500,
            move_task_longest: Span::from_hours(36),
            redrive_allow_sources: 10,
            fifo_dead_letters_restart_retention: true,
            fair_queues: true,
            fifo_move_tasks: true,
        };
        match profile {
            QuotaProfile::Current => current,
            QuotaProfile::Exam2022 => Self {
                maximum_message_bytes: 262_144,
                maximum_batch_bytes: 262_144,
                maximum_in_flight_fifo: 20_000,
                fifo_scan_window: 20_000,
                fifo_high_throughput_calls_per_second: 3_000,
                fifo_dead_letters_restart_retention: false,
                fair_queues: false,
                fifo_move_tasks: false,
                ..current
            },
        }
    }
}
