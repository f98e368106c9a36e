//! Buckets, buffering hints and outages of a delivery stream in a scenario.

use super::settings::{Bucket, Hints, Outage};
use crate::engine::{Span, Time};
use crate::language::{Bytes, Duration, Place, Problems, Ratio, Reference, keyword, section};
use crate::wire::{FirehoseQuotas, PayloadStore, span, whole_seconds};

section! {
    /// When buffered records are delivered (`BufferingHints`): once there are so many bytes, or once the first of them has
    /// waited so long, whichever comes first. Each destination has ranges and defaults of its own ("Configure buffering
    /// hints"); AWS takes both or none.
    pub struct BufferingHintsConfig {
        /// So many bytes, before compression (`SizeInMBs`).
        pub size: Bytes, at_least (Bytes::from_mib(1));
        /// The wait of the first record (`IntervalInSeconds`); 0s delivers within a few seconds (zero buffering).
        pub interval: Duration, at_most (Duration::from_seconds(900));
    }
}

keyword! {
    /// How objects are compressed, by AWS's words (`CompressionFormat`).
    pub enum CompressionFormatConfig {
        /// Not at all.
        Uncompressed = "UNCOMPRESSED",
        /// Gzip.
        Gzip = "GZIP",
        /// Zip.
        Zip = "ZIP",
        /// Snappy.
        Snappy = "Snappy",
        /// Snappy for Hadoop.
        HadoopSnappy = "HADOOP_SNAPPY",
    }
}

section! {
    /// A time in which a bucket, cluster or endpoint does not work.
    pub struct FirehoseOutageConfig {
        /// When it begins.
        pub from: Duration;
        /// How long it lasts.
        pub lasts: Duration;
        /// The status an endpoint answers meanwhile, 413 being that of a request that is too large; by default nothing, so that Firehose waits
        /// in vain.
        pub status: Option<u32>, within (100, 599);
        /// Of an endpoint that does not answer: whether the data arrives all the same, and again with each repetition.
        pub data_arrives: bool = false;
    }
}

section! {
    /// A bucket, and how objects are written to it (`S3DestinationConfiguration`).
    pub struct BucketConfig {
        /// The bucket.
        pub bucket: Reference;
        /// When objects are written; by default 5 MiB or 300 s.
        pub buffering_hints: Option<BufferingHintsConfig>;
        /// How objects are compressed.
        pub compression_format: CompressionFormatConfig = CompressionFormatConfig::Uncompressed;
        /// Share of its size that an object keeps when it is compressed; by default 25% with GZIP and ZIP, 50% with Snappy. An
        /// assumption.
        pub compressed_size: Option<Ratio>, above (Ratio::ZERO);
        /// When it cannot be written to.
        pub outages: Vec<FirehoseOutageConfig> = Vec::new();
    }
}

keyword! {
    /// What the bucket of a destination gets (`S3BackupMode`).
    pub enum S3BackupModeConfig {
        /// What could not be delivered or processed.
        FailedDataOnly = "failed_data_only",
        /// That, and everything as it came in.
        AllData = "all_data",
    }
}

section! {
    /// The bucket beside an endpoint.
    pub struct S3BackupConfig {
        /// What it gets.
        pub mode: S3BackupModeConfig = S3BackupModeConfig::FailedDataOnly;
        /// The bucket.
        pub bucket: Reference;
        /// When objects are written, 60s to 900s; by default 5 MiB or 300 s.
        pub buffering_hints: Option<BufferingHintsConfig>;
        /// How objects are compressed.
        pub compression_format: CompressionFormatConfig = CompressionFormatConfig::Uncompressed;
        /// Share of its size that an object keeps when it is compressed.
        pub compressed_size: Option<Ratio>, above (Ratio::ZERO);
        /// When it cannot be written to.
        pub outages: Vec<FirehoseOutageConfig> = Vec::new();
    }
}

const MIB: u64 = 1 << 20;

/// What hints a destination takes ("Configure buffering hints").
pub(super) struct HintRange {
    pub(super) what: &'static str,
    pub(super) default_mebibytes: u64,
    pub(super) largest_mebibytes: u64,
    pub(super) default_seconds: u64,
    pub(super) shortest: Span,
    pub(super) longest_seconds: u64,
}

impl HintRange {
    pub(super) fn objects(quotas: &FirehoseQuotas) -> Self {
        Self {
            what: "a bucket",
            default_mebibytes: 5,
            largest_mebibytes: 128,
            default_seconds: 300,
            shortest: quotas.shortest_interval,
            longest_seconds: 900,
        }
    }

    /// "Configure buffering hints": zero buffering is not for the S3 backup.
    pub(super) fn backup() -> Self {
        Self {
            what: "a backup",
            default_mebibytes: 5,
            largest_mebibytes: 128,
            default_seconds: 300,
            shortest: Span::from_seconds(60),
            longest_seconds: 900,
        }
    }

    /// The hints as they are given, if they fit.
    pub(super) fn hints(&self, given: Option<&BufferingHintsConfig>, problems: &mut Problems) -> Hints {
        let mut hints = Hints {
            bytes: self.default_mebibytes * MIB,
            interval: Span::from_seconds(self.default_seconds),
            largest: self.largest_mebibytes * MIB,
            records: u64::MAX,
        };
        let Some(given) = given else { return hints };
        let most = Bytes::from_mib(self.largest_mebibytes);
        if given.size > most {
            problems
                .error(given.places.of("size"), format!("the buffer of {} has {most} at most", self.what))
                .why("\"Configure buffering hints\"");
        }
        whole_seconds(given.interval, given.places.of("interval"), "interval", problems);
        let (shortest, longest) = (self.shortest, Span::from_seconds(self.longest_seconds));
        if span(given.interval) < shortest || span(given.interval) > longest {
            problems
                .error(
                    given.places.of("interval"),
                    format!("the buffer of {} is delivered after {shortest} to {longest}", self.what),
                )
                .why("\"Configure buffering hints\"");
        }
        hints.bytes = given.size.as_u64();
        hints.interval = span(given.interval);
        hints
    }
}

impl FirehoseOutageConfig {
    fn outage(&self) -> Outage {
        let from = Time::ZERO + span(self.from);
        Outage {
            from,
            until: from.saturating_add(span(self.lasts)),
            status: self.status,
            data_arrives: self.data_arrives,
        }
    }
}

pub(super) fn outages(configs: &[FirehoseOutageConfig]) -> Vec<Outage> {
    configs.iter().map(FirehoseOutageConfig::outage).collect()
}

/// Outages of what has no statuses.
pub(super) fn check_plain(configs: &[FirehoseOutageConfig], what: &str, problems: &mut Problems) {
    for outage in configs {
        if let Some(place) = outage.places.key("status").or(outage.places.key("data_arrives")) {
            problems.error(place, format!("an outage of {what} has only a beginning and an end"));
        }
    }
}

impl CompressionFormatConfig {
    /// Share of its size that text keeps: an assumption.
    fn usual_size(self) -> f64 {
        match self {
            CompressionFormatConfig::Uncompressed => 1.0,
            CompressionFormatConfig::Gzip | CompressionFormatConfig::Zip => 0.25,
            CompressionFormatConfig::Snappy | CompressionFormatConfig::HadoopSnappy => 0.5,
        }
    }

    pub(super) fn compressed(
        self,
        given: Option<Ratio>,
        place: Option<Place>,
        problems: &mut Problems,
    ) -> f64 {
        if self == CompressionFormatConfig::Uncompressed && given.is_some() {
            problems
                .error(place, "`compressed_size` without compression says nothing")
                .help("give a `compression_format`");
        }
        given.map_or(self.usual_size(), Ratio::as_f64)
    }
}

/// Finds a bucket by its reference; a problem is told when there is none.
pub(super) type FindBucket<'a> = &'a mut dyn FnMut(&Reference, &mut Problems) -> Option<PayloadStore>;

impl BucketConfig {
    pub(super) fn build(
        &self,
        range: &HintRange,
        find: FindBucket<'_>,
        problems: &mut Problems,
    ) -> Option<Bucket> {
        check_plain(&self.outages, "a bucket", problems);
        let place = self.places.of("compressed_size");
        Some(Bucket {
            hints: range.hints(self.buffering_hints.as_ref(), problems),
            compressed_size: self.compression_format.compressed(self.compressed_size, place, problems),
            outages: outages(&self.outages),
            store: find(&self.bucket, problems)?,
        })
    }
}

impl S3BackupConfig {
    pub(super) fn build(&self, find: FindBucket<'_>, problems: &mut Problems) -> Option<Bucket> {
        check_plain(&self.outages, "a bucket", problems);
        let place = self.places.of("compressed_size");
        Some(Bucket {
            hints: HintRange::backup().hints(self.buffering_hints.as_ref(), problems),
            compressed_size: self.compression_format.compressed(self.compressed_size, place, problems),
            outages: outages(&self.outages),
            store: find(&self.bucket, problems)?,
        })
    }

    /// The bucket, and once more for everything that comes in, if it gets that.
    pub(super) fn both(
        &self,
        find: FindBucket<'_>,
        problems: &mut Problems,
    ) -> Option<(Bucket, Option<Bucket>)> {
        let bucket = self.build(find, problems)?;
        let all = (self.mode == S3BackupModeConfig::AllData).then(|| bucket.clone());
        Some((bucket, all))
    }
}
