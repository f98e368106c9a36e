//! What the video streams of a section tell at the end: books and price.

use super::VideoStreams;
use super::settings::StorageTier;
use crate::engine::Time;
use crate::record::{Side, SummaryRow, Unit};
use crate::wire::{Balance, Service};

/// Bytes of a gigabyte on the bill ("Amazon Kinesis Video Streams pricing": 1,024 MB).
const GIGABYTE: f64 = (1_u64 << 30) as f64;
/// Seconds of the 30 days that a price a month is reckoned with.
const MONTH_SECONDS: f64 = 30.0 * 86_400.0;

impl VideoStreams {
    pub(super) fn books(&self) -> Balance {
        let metrics = &self.metrics;
        vec![
            (Side::In, "taken", metrics.incoming_fragments.total()),
            (Side::Out, "expired", metrics.fragments_expired.total()),
            (Side::Out, "kept", self.counts.kept),
            (Side::Memo, "copies", metrics.copies.total()),
            (Side::Memo, "refused", metrics.error_ack_count.total()),
            (Side::Memo, "lost", metrics.fragments_lost.total()),
        ]
    }

    /// Gigabytes in, gigabytes out, gigabytes stored for a month.
    pub(super) fn summarise_cost(&mut self, now: Time, rows: &mut Vec<SummaryRow>) {
        let (metrics, prices) = (&mut self.metrics, &self.settings.prices);
        let gigabytes = |bytes: u64| bytes as f64 / GIGABYTE;
        let is_retained = self.streams.iter().any(|stream| !stream.retention.is_zero());
        let stored = if is_retained { metrics.bytes_stored.area_seconds(now) } else { 0.0 };
        let stored = stored / GIGABYTE / MONTH_SECONDS;
        let taken = gigabytes(metrics.incoming_bytes.since_warm_up() - metrics.refused_bytes.since_warm_up());
        let (ingestion, storage) = match self.settings.tier {
            StorageTier::Hot => (taken * prices.ingested_gigabyte, stored * prices.stored_gigabyte_month),
            StorageTier::Warm => {
                let fragments = metrics.incoming_fragments.since_warm_up() as f64;
                let short = self.counts.warm_byte_seconds_short - self.short_at_warm_up;
                let months = stored + short / GIGABYTE / MONTH_SECONDS;
                (fragments / 1e3 * prices.warm_thousand_fragments, months * prices.warm_gigabyte_month)
            }
        };
        let consumed =
            gigabytes(metrics.get_media_bytes.since_warm_up() + metrics.fragment_list_bytes.since_warm_up());
        let played = gigabytes(metrics.media_fragment_bytes.since_warm_up());
        let consumption = consumed * prices.consumed_gigabyte + played * prices.played_gigabyte;
        let mut row = |metric, value| {
            rows.push(SummaryRow::sum(Self::KIND, &self.settings.name, metric, value, Unit::Dollars));
        };
        row("ingestion_cost", ingestion);
        row("storage_cost", storage);
        row("consumption_cost", consumption);
        row("estimated_cost", ingestion + storage + consumption);
    }
}
