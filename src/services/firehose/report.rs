//! What a delivery stream tells at each minute and at the end: levels, books, price.

use super::metrics::{BackupMetrics, DeliveryMetrics, DeliveryStreamMetrics};
use super::settings::{Destination, EndpointKind};
use super::stream::DeliveryStream;
use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::wire::{Balance, Service};

/// Bytes of a gigabyte on the bill ("Amazon Data Firehose pricing": 1,048,576 KB).
const GIGABYTE: f64 = (1_u64 << 30) as f64;

impl DeliveryStream {
    pub(super) fn update_levels(&mut self, now: Time) {
        let (oldest, oldest_of_backup) = (self.oldest(), self.oldest_of_backup());
        let copies = matches!(self.settings.destination, Destination::Redshift(_));
        let delivery = if copies { &mut self.bucket_metrics } else { &mut self.delivery_metrics };
        let backup = &mut self.backup_metrics.backup_data_freshness;
        for (level, oldest) in [(&mut delivery.data_freshness, oldest), (backup, oldest_of_backup)] {
            match oldest {
                Some(oldest) => level.set(now, (now - oldest).as_nanos()),
                None => level.clear(now),
            }
        }
        self.metrics.records_buffered.set(now, self.counts.buffered);
        self.measure_partitions(now);
    }

    /// The names that the metrics of the destination have.
    fn definitions(&self) -> &'static [MetricDefinition] {
        match &self.settings.destination {
            Destination::S3 => DeliveryMetrics::S3,
            Destination::Redshift(_) => DeliveryMetrics::REDSHIFT,
            Destination::Endpoint(endpoint) => match endpoint.kind {
                EndpointKind::OpenSearch => DeliveryMetrics::OPENSEARCH,
                EndpointKind::OpenSearchServerless => DeliveryMetrics::OPENSEARCH_SERVERLESS,
                EndpointKind::Http => DeliveryMetrics::HTTP,
                EndpointKind::Splunk => DeliveryMetrics::SPLUNK,
                EndpointKind::Iceberg => DeliveryMetrics::ICEBERG,
                EndpointKind::Snowflake => DeliveryMetrics::SNOWFLAKE,
            },
        }
    }

    pub(super) fn show_metrics(
        &mut self,
        visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>),
    ) {
        let definitions = self.definitions();
        let copies = matches!(self.settings.destination, Destination::Redshift(_));
        self.metrics.visit(&mut |position, instrument| {
            visitor(&DeliveryStreamMetrics::DEFINITIONS[position], instrument);
        });
        self.delivery_metrics.visit(&mut |position, instrument| {
            if let Some(definition) = definitions.get(position) {
                visitor(definition, instrument);
            }
        });
        if copies {
            self.bucket_metrics.visit(&mut |position, instrument| {
                if let Some(definition) = DeliveryMetrics::S3.get(position) {
                    visitor(definition, instrument);
                }
            });
        }
        self.backup_metrics
            .visit(&mut |position, instrument| visitor(&BackupMetrics::DEFINITIONS[position], instrument));
    }

    /// Every record that was accepted, and every copy for the source backup, is somewhere.
    pub(super) fn books(&self) -> Balance {
        let (metrics, counts) = (&self.metrics, &self.counts);
        vec![
            (Side::In, "accepted", counts.accepted),
            (Side::In, "copied", counts.split_off),
            (Side::In, "source_backup", counts.backup),
            (Side::Out, "delivered", metrics.records_delivered.total()),
            (Side::Out, "dropped", metrics.records_dropped.total()),
            (Side::Out, "failed", metrics.records_failed.total()),
            (Side::Out, "backed_up", metrics.records_backed_up.total()),
            (Side::Out, "not_copied", metrics.records_not_copied.total()),
            (Side::Out, "lost", metrics.records_lost.total()),
            (Side::Out, "in_transformation", counts.in_transformation),
            (Side::Out, "buffered", counts.buffered),
            (Side::Out, "in_delivery", counts.in_delivery),
            (Side::Out, "in_copy", counts.in_copy),
            (Side::Out, "source_backed_up", counts.backup - counts.backup_pending - counts.backup_lost),
            (Side::Out, "source_backup_pending", counts.backup_pending),
            (Side::Out, "source_backup_lost", counts.backup_lost),
            (Side::Memo, "throttled", metrics.throttled_records.total()),
            (Side::Memo, "refused", metrics.records_refused.total()),
            (Side::Memo, "delivered_again", metrics.duplicates.total()),
        ]
    }

    /// What it costs, in dollars: gigabytes in, what is done with them, and deliveries into a VPC.
    pub(super) fn summarise_cost(&self, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let (now, then) = (&self.counts, &self.counts_at_warm_up);
        let gigabytes = |now: u64, then: u64| (now - then) as f64 / GIGABYTE;
        let prices = &self.settings.prices;
        let billed = gigabytes(now.billed_bytes, then.billed_bytes);
        let mut cost = billed * prices.gigabyte;
        if self.settings.conversion.is_some() {
            cost += billed * prices.conversion_gigabyte;
        }
        cost += gigabytes(now.partitioned_bytes, then.partitioned_bytes) * prices.partitioned_gigabyte;
        let objects = (now.partitioned_objects - then.partitioned_objects) as f64;
        cost += objects / 1e3 * prices.thousand_partitioned_objects;
        if let Destination::Endpoint(endpoint) = &self.settings.destination
            && endpoint.vpc_zones > 0
        {
            cost += gigabytes(now.endpoint_bytes, then.endpoint_bytes) * prices.vpc_gigabyte;
            cost += f64::from(endpoint.vpc_zones) * seconds / 3_600.0 * prices.vpc_zone_hour;
        }
        let mut row = |metric, value, unit| {
            rows.push(SummaryRow::sum(Self::KIND, &self.settings.name, metric, value, unit));
        };
        let bytes = (now.billed_bytes - then.billed_bytes) as f64;
        row("billed_bytes", bytes, Unit::Bytes);
        row("estimated_cost", cost, Unit::Dollars);
    }
}
