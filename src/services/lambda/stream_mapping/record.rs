//! What Lambda counts as a record. A poll brings records as they lie in the stream, one that the Kinesis Producer Library
//! aggregated as a whole; a subscription takes it apart ("Using Lambda to process records from Amazon Kinesis Data Streams").

use super::entity::{Lane, StreamMapping};
use super::reading::lane_of;
use super::settings::StreamMappingAssumptions;
use crate::wire::{AGGREGATE_BYTES, AGGREGATED_RECORD_BYTES, BatchId, Context, Entry, Messages};

/// Which of the batches at a time aggregated records belong to: all of them have the partition key `a` (source of the KPL:
/// `kinesis_record.cc`).
pub(super) const LANE_OF_AGGREGATES: u32 = 0;

/// How many records these are.
pub(super) fn count(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| !entry.aggregated).count()
}

/// Where the first so many records end.
pub(super) fn end_of(entries: &[Entry], records: usize) -> usize {
    let mut starts = entries.iter().enumerate().filter(|(_, entry)| !entry.aggregated);
    starts.nth(records).map_or(entries.len(), |(position, _)| position)
}

/// Whether the record that begins or goes on at a position has several parts.
pub(super) fn is_part(entries: &[Entry], position: usize) -> bool {
    entries[position].aggregated || entries.get(position + 1).is_some_and(|next| next.aggregated)
}

/// What one record needs of a payload: its data in Base64, and what is said about it.
pub(super) fn payload<'a>(
    parts: impl Iterator<Item = &'a Entry>,
    messages: &Messages,
    assumptions: &StreamMappingAssumptions,
) -> u64 {
    let (mut bytes, mut number) = (0, 0);
    for part in parts {
        bytes += u64::from(messages.bytes(part.message));
        number += 1;
    }
    if number > 1 {
        bytes += u64::from(AGGREGATE_BYTES) + number * u64::from(AGGREGATED_RECORD_BYTES);
    }
    bytes.div_ceil(3) * 4 + assumptions.record_overhead_bytes
}

/// What records need of a payload.
pub(super) fn payload_of_all(
    entries: &[Entry],
    messages: &Messages,
    assumptions: &StreamMappingAssumptions,
) -> u64 {
    entries
        .chunk_by(|_, next| next.aggregated)
        .map(|record| payload(record.iter(), messages, assumptions))
        .sum()
}

impl Lane {
    /// The parts of the record that has waited longest.
    pub(super) fn front(&self) -> impl Iterator<Item = &Entry> {
        let rest = self.waiting.iter().skip(1).take_while(|entry| entry.aggregated);
        self.waiting.front().into_iter().chain(rest)
    }
}

impl StreamMapping {
    /// A subscription brings the parts of aggregated records, each a record of its own. With more than one batch at a time only
    /// those come through whose partition key belongs to the batch of the whole; the others are dropped without a word.
    pub(super) fn take_apart<O>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        let factor = self.settings.parallelization_factor;
        let read = cx.batches.entries(batch).len();
        let mut kept = 0;
        for position in 0..read {
            let entries = cx.batches.entries(batch);
            let (entry, is_part) = (entries[position], is_part(entries, position));
            if is_part && lane_of(cx.messages.group(entry.message), factor) != LANE_OF_AGGREGATES {
                cx.messages.release(entry.message);
                continue;
            }
            cx.batches.entries_mut(batch)[kept] = entry;
            kept += 1;
        }
        self.metrics.misplaced_events.add((read - kept) as u64);
        let entries = cx.batches.entries_mut(batch);
        entries.truncate(kept);
        for entry in entries.iter_mut() {
            entry.aggregated = false;
        }
    }
}
