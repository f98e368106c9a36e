//! The limits and the prices of Amazon Data Firehose.

use super::{PriceList, QuotaProfile, Region};
use crate::engine::Span;

/// The limits of delivery streams. A scenario may change those that AWS raises on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirehoseQuotas {
    /// Records a second that a stream with Direct PUT takes ("Amazon Data Firehose Quota").
    pub records_per_second: u64,
    /// Calls a second that it takes, `PutRecord` and `PutRecordBatch` together (same page).
    pub requests_per_second: u64,
    /// Bytes a second that it takes (same page).
    pub bytes_per_second: u64,
    /// Largest record, before it is encoded (same page).
    pub record_bytes: u32,
    /// Most records of a `PutRecordBatch` call (same page).
    pub batch_records: usize,
    /// Most bytes of a `PutRecordBatch` call (same page).
    pub batch_bytes: u32,
    /// How long data of Direct PUT is kept when its destination cannot be reached (same page).
    pub retention: Span,
    /// Most active partitions of a stream with dynamic partitioning (same page).
    pub active_partitions: u32,
    /// Bytes a second to one partition (same page): 40 MB in 2022.
    pub partition_bytes_per_second: u64,
    /// Shortest buffer interval ("Configure buffering hints"): zero since between December 2023 and August 2024.
    pub shortest_interval: Span,
    /// Whether the hints of a Splunk destination can be changed (same page): since then too.
    pub splunk_hints: bool,
    /// Whether there are the destinations that came after the autumn of 2022 ("Document history").
    pub new_destinations: bool,
    /// Smallest buffer of a transformation, in bytes ("Transform source data in Amazon Data Firehose"): a whole MiB in 2022.
    pub smallest_transform_buffer: u64,
    /// Its default, in bytes (same page).
    pub default_transform_buffer: u64,
    /// Whether limits rise by themselves while a stream throttles ("Amazon Data Firehose Quota"): not in 2022.
    pub limits_rise: bool,
}

const MEBIBYTE: u64 = 1 << 20;

impl FirehoseQuotas {
    /// The limits of a profile in a Region.
    pub fn of(profile: QuotaProfile, region: Region) -> Self {
        let is_large = matches!(region, Region::UsEast1 | Region::UsWest2 | Region::EuWest1);
        let (records, requests, mebibytes) = if is_large { (500_000, 2_000, 5) } else { (100_000, 1_000, 1) };
        let current = Self {
            records_per_second: records,
            requests_per_second: requests,
            bytes_per_second: mebibytes * MEBIBYTE,
            record_bytes: 1_000 * 1_024,
            batch_records: 500,
            batch_bytes: 4 << 20,
            retention: Span::from_hours(24),
            active_partitions: 500,
            partition_bytes_per_second: 1 << 30,
            shortest_interval: Span::ZERO,
            splunk_hints: true,
            new_destinations: true,
            smallest_transform_buffer: MEBIBYTE / 5,
            default_transform_buffer: MEBIBYTE,
            limits_rise: true,
        };
        match profile {
            QuotaProfile::Current => current,
            QuotaProfile::Exam2022 => Self {
                partition_bytes_per_second: 40 * MEBIBYTE,
                shortest_interval: Span::from_seconds(60),
                splunk_hints: false,
                new_destinations: false,
                smallest_transform_buffer: MEBIBYTE,
                default_transform_buffer: 3 * MEBIBYTE,
                limits_rise: false,
                ..current
            },
        }
    }
}

/// What delivery streams cost, in dollars ("Amazon Data Firehose pricing", first tier).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirehosePrices {
    /// A gigabyte that comes in, each record rounded up to 5 KB.
    pub gigabyte: f64,
    /// On top of it with format conversion.
    pub conversion_gigabyte: f64,
    /// A gigabyte delivered with dynamic partitioning.
    pub partitioned_gigabyte: f64,
    /// A thousand objects delivered with it.
    pub thousand_partitioned_objects: f64,
    /// A gigabyte delivered into a VPC.
    pub vpc_gigabyte: f64,
    /// An hour of an Availability Zone of such a delivery.
    pub vpc_zone_hour: f64,
}

impl FirehosePrices {
    /// Those of a list.
    pub fn of(list: &PriceList) -> Self {
        Self {
            gigabyte: list.dollars("firehose_gigabyte"),
            conversion_gigabyte: list.dollars("firehose_format_conversion_gigabyte"),
            partitioned_gigabyte: list.dollars("firehose_dynamic_partitioning_gigabyte"),
            thousand_partitioned_objects: list.dollars("firehose_dynamic_partitioning_per_thousand_objects"),
            vpc_gigabyte: list.dollars("firehose_vpc_delivery_gigabyte"),
            vpc_zone_hour: list.dollars("firehose_vpc_delivery_zone_hour"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_differ_by_region_and_profile() {
        let here = FirehoseQuotas::of(QuotaProfile::Current, Region::UsWest2);
        let there = FirehoseQuotas::of(QuotaProfile::Current, Region::EuCentral1);
        let rates = |quotas: &FirehoseQuotas| {
            (quotas.records_per_second, quotas.requests_per_second, quotas.bytes_per_second)
        };
        assert_eq!(rates(&here), (500_000, 2_000, 5 << 20));
        assert_eq!(rates(&there), (100_000, 1_000, 1 << 20));
        let then = FirehoseQuotas::of(QuotaProfile::Exam2022, Region::UsWest2);
        assert_eq!(rates(&then), rates(&here));
        assert_eq!((then.shortest_interval, then.limits_rise), (Span::from_seconds(60), false));
        assert_eq!(here.smallest_transform_buffer, 209_715);
    }
}
