//! The destinations of a delivery stream in a scenario.

use super::bucket_config::{
    BucketConfig, BufferingHintsConfig, CompressionFormatConfig, FindBucket, FirehoseOutageConfig, HintRange,
    S3BackupConfig, check_plain, outages,
};
use super::settings::{Bucket, Conversion, Destination, Endpoint, EndpointKind, Hints, Warehouse};
use crate::engine::Span;
use crate::language::{
    Bytes, DistributionOf, Duration, Files, Probability, Problems, Ratio, Reference, choice, keyword, section,
};
use crate::wire::{FirehoseQuotas, span};

keyword! {
    /// A columnar format.
    pub enum OutputFormatConfig {
        /// Apache Parquet.
        Parquet = "parquet",
        /// Apache ORC.
        Orc = "orc",
    }
}

section! {
    /// Conversion of JSON to a columnar format (`DataFormatConversionConfiguration`). Poison records cannot be converted.
    pub struct FormatConversionConfig {
        /// The format.
        pub output_format: OutputFormatConfig = OutputFormatConfig::Parquet;
        /// Share of its size that a record keeps. An assumption.
        pub converted_size: Ratio = Ratio::new(0.25), above (Ratio::ZERO);
        /// Probability that a record cannot be converted: it goes to the error prefix.
        pub failure_rate: Probability = Probability::ZERO;
    }
}

section! {
    /// Objects in a bucket of Amazon S3 (`ExtendedS3DestinationConfiguration`).
    pub struct S3DestinationConfig {
        /// The bucket.
        pub bucket: Reference;
        /// When objects are written: 1 to 128 MiB, 0 to 900 s. By default 5 MiB or 300 s, 128 MiB with format conversion.
        pub buffering_hints: Option<BufferingHintsConfig>;
        /// How objects are compressed.
        pub compression_format: CompressionFormatConfig = CompressionFormatConfig::Uncompressed;
        /// Share of its size that an object keeps when it is compressed; by default 25% with GZIP and ZIP, 50% with Snappy. An
        /// assumption.
        pub compressed_size: Option<Ratio>, above (Ratio::ZERO);
        /// Whether a line break follows each record (`AppendDelimiterToRecord`).
        pub append_delimiter: bool = false;
        /// Into what records are converted.
        pub data_format_conversion: Option<FormatConversionConfig>;
        /// Where everything goes as it came in (`S3BackupMode: Enabled`).
        pub source_backup: Option<BucketConfig>;
        /// When the bucket cannot be written to.
        pub outages: Vec<FirehoseOutageConfig> = Vec::new();
    }
}

section! {
    /// A cluster of Amazon Redshift (`RedshiftDestinationConfiguration`): objects in a bucket, copied from there.
    pub struct RedshiftDestinationConfig {
        /// The bucket in between.
        pub s3: BucketConfig;
        /// How long a `COPY` takes. An assumption.
        pub copy_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_seconds(10));
        /// Probability that it fails.
        pub failure_rate: Probability = Probability::ZERO;
        /// How long a failed `COPY` is repeated, every 5 minutes (`RetryOptions`).
        pub retry_duration: Duration = Duration::from_hours(1), at_most (Duration::from_hours(2));
        /// Where everything goes as it came in (`S3BackupMode: Enabled`).
        pub source_backup: Option<BucketConfig>;
        /// When the cluster does not work.
        pub outages: Vec<FirehoseOutageConfig> = Vec::new();
    }
}

section! {
    /// How an endpoint answers.
    pub struct FirehoseEndpointConfig {
        /// How long it takes; of Splunk, until its acknowledgement. An assumption.
        pub latency: DistributionOf<Duration> = DistributionOf::constant(Duration::from_milliseconds(200));
        /// Probability that it answers with an error.
        pub failure_rate: Probability = Probability::ZERO;
        /// The status of such an answer. After 413 an HTTP endpoint is not asked again.
        pub failure_status: u32 = 503, within (201, 599);
        /// Probability that its answer gets lost although the data arrived: it is sent once more.
        pub lost_responses: Probability = Probability::ZERO;
        /// When it does not work.
        pub outages: Vec<FirehoseOutageConfig> = Vec::new();
        /// Probability that a record of a delivery that was taken is rejected by itself: a document that does not fit the index, a
        /// row that does not fit the table. Poison records always are. Not of HTTP endpoints and Splunk.
        pub rejected_records: Probability = Probability::ZERO;
    }
}

section! {
    /// Tables of Apache Iceberg (`IcebergDestinationConfiguration`). What is delivered once more is not stored twice.
    pub struct IcebergDestinationConfig {
        /// When records are committed: 1 to 128 MiB, 0 to 900 s; by default 5 MiB or 300 s.
        pub buffering_hints: Option<BufferingHintsConfig>;
        /// How long failed deliveries are repeated (`RetryOptions`).
        pub retry_duration: Duration = Duration::from_seconds(300), at_most (Duration::from_hours(2));
        /// How the tables take a commit.
        pub endpoint: Option<FirehoseEndpointConfig>;
        /// The bucket for what is not delivered.
        pub s3_backup: S3BackupConfig;
    }
}

section! {
    /// A table of Snowflake (`SnowflakeDestinationConfiguration`). What is delivered once more is not stored twice.
    pub struct SnowflakeDestinationConfig {
        /// When records are delivered: 1 to 128 MiB, 0 to 900 s; by default 1 MiB or 0 s.
        pub buffering_hints: Option<BufferingHintsConfig>;
        /// How long failed deliveries are repeated (`RetryOptions`).
        pub retry_duration: Duration = Duration::from_seconds(60), at_most (Duration::from_hours(2));
        /// How the table takes rows.
        pub endpoint: Option<FirehoseEndpointConfig>;
        /// The bucket for what is not delivered.
        pub s3_backup: S3BackupConfig;
    }
}

section! {
    /// A domain of Amazon OpenSearch Service (`AmazonopensearchserviceDestinationConfiguration`), or a collection of Amazon OpenSearch
    /// Serverless (`AmazonOpenSearchServerlessDestinationConfiguration`).
    pub struct OpenSearchDestinationConfig {
        /// When records are delivered: 1 to 100 MiB, 0 to 900 s; by default 5 MiB or 300 s.
        pub buffering_hints: Option<BufferingHintsConfig>;
        /// How long failed deliveries are repeated (`RetryOptions`).
        pub retry_duration: Duration = Duration::from_seconds(300), at_most (Duration::from_hours(2));
        /// How the domain answers.
        pub endpoint: Option<FirehoseEndpointConfig>;
        /// Availability Zones of the VPC that the domain is in; by default it is in none.
        pub vpc_availability_zones: u32 = 0, at_most (6);
        /// The bucket for what is not delivered.
        pub s3_backup: S3BackupConfig;
    }
}

keyword! {
    /// Whose HTTP endpoint it is: buffering hints differ.
    pub enum HttpProviderConfig {
        /// Anybody's: 1 to 64 MiB, by default 5 MiB.
        Generic = "generic",
        /// Datadog: 1 to 4 MiB, by default 4 MiB.
        Datadog = "datadog",
        /// New Relic: 1 to 64 MiB, by default 5 MiB.
        NewRelic = "new_relic",
        /// MongoDB: 1 to 16 MiB, by default 5 MiB.
        MongoDb = "mongodb",
        /// Sumo Logic: 1 to 64 MiB, by default 1 MiB.
        SumoLogic = "sumo_logic",
        /// Honeycomb: 1 to 64 MiB, by default 15 MiB.
        Honeycomb = "honeycomb",
        /// Elastic: 1 MiB.
        Elastic = "elastic",
    }
}

section! {
    /// An HTTP endpoint (`HttpEndpointDestinationConfiguration`).
    pub struct HttpDestinationConfig {
        /// Whose it is.
        pub provider: HttpProviderConfig = HttpProviderConfig::Generic;
        /// When records are delivered: sizes as the provider has them, 0 to 900 s; by default 60 s.
        pub buffering_hints: Option<BufferingHintsConfig>;
        /// How long failed deliveries are repeated (`RetryOptions`).
        pub retry_duration: Duration = Duration::from_seconds(300), at_most (Duration::from_hours(2));
        /// How the endpoint answers. After 3 minutes without an answer a delivery has failed.
        pub endpoint: Option<FirehoseEndpointConfig>;
        /// The bucket for what is not delivered.
        pub s3_backup: S3BackupConfig;
    }
}

section! {
    /// A Splunk HTTP Event Collector (`SplunkDestinationConfiguration`).
    pub struct SplunkDestinationConfig {
        /// When records are delivered: 1 to 5 MiB, 0 to 60 s; by default 5 MiB or 60 s.
        pub buffering_hints: Option<BufferingHintsConfig>;
        /// How long Firehose waits for an acknowledgement (`HECAcknowledgmentTimeoutInSeconds`).
        pub hec_acknowledgment_timeout: Duration = Duration::from_seconds(180),
            within (Duration::from_seconds(180), Duration::from_seconds(600));
        /// How long failed deliveries are repeated (`RetryOptions`).
        pub retry_duration: Duration = Duration::from_hours(1), at_most (Duration::from_hours(2));
        /// How the collector answers.
        pub endpoint: Option<FirehoseEndpointConfig>;
        /// The bucket for what is not delivered.
        pub s3_backup: S3BackupConfig;
    }
}

choice! {
    /// Where the records of a delivery stream go.
    pub enum DestinationConfig {
        /// A bucket of Amazon S3.
        S3(S3DestinationConfig) = "s3",
        /// A cluster of Amazon Redshift.
        Redshift(RedshiftDestinationConfig) = "redshift",
        /// A domain of Amazon OpenSearch Service.
        OpenSearch(OpenSearchDestinationConfig) = "opensearch",
        /// A collection of Amazon OpenSearch Serverless.
        OpenSearchServerless(OpenSearchDestinationConfig) = "opensearch_serverless",
        /// An HTTP endpoint.
        Http(HttpDestinationConfig) = "http_endpoint",
        /// Splunk.
        Splunk(SplunkDestinationConfig) = "splunk",
        /// Tables of Apache Iceberg.
        Iceberg(IcebergDestinationConfig) = "iceberg",
        /// A table of Snowflake.
        Snowflake(SnowflakeDestinationConfig) = "snowflake",
    }
}

/// Most records of a request to an HTTP endpoint ("HTTP endpoint delivery specifications").
const HTTP_RECORDS: u64 = 10_000;
/// How long Firehose waits for an HTTP endpoint (same page), and, as AWS does not say, for a domain.
const RESPONSE_TIMEOUT: Span = Span::from_minutes(3);

impl S3DestinationConfig {
    fn build(
        &self,
        quotas: &FirehoseQuotas,
        find: FindBucket<'_>,
        problems: &mut Problems,
    ) -> Option<(Bucket, Option<Bucket>)> {
        let mut range = HintRange::objects(quotas);
        if self.data_format_conversion.is_some() {
            range.default_mebibytes = 128;
            self.check_conversion(problems);
        }
        check_plain(&self.outages, "a bucket", problems);
        let hints = range.hints(self.buffering_hints.as_ref(), problems);
        let place = self.places.of("compressed_size");
        let compressed_size = self.compression_format.compressed(self.compressed_size, place, problems);
        let backup = self.source_backup.as_ref().map(|one| one.build(&HintRange::backup(), find, problems));
        let store = find(&self.bucket, problems);
        let bucket = Bucket { store: store?, hints, compressed_size, outages: outages(&self.outages) };
        Some((bucket, backup.map_or(Some(None), |backup| backup.map(Some))?))
    }

    /// "Convert input data format in Amazon Data Firehose".
    fn check_conversion(&self, problems: &mut Problems) {
        if self.compression_format != CompressionFormatConfig::Uncompressed {
            problems
                .error(
                    self.places.of("compression_format"),
                    "converted objects have no compression of their own",
                )
                .why("the columnar format compresses them itself, with Snappy by default")
                .help("leave `compression_format` away");
        }
        if let Some(hints) = &self.buffering_hints
            && hints.size < Bytes::from_mib(64)
        {
            problems
                .error(hints.places.of("size"), "with format conversion a buffer has at least 64MiB")
                .why("\"Convert input data format in Amazon Data Firehose\"");
        }
    }

    pub(super) fn conversion(&self) -> Option<Conversion> {
        self.data_format_conversion.as_ref().map(|conversion| Conversion {
            failure_rate: conversion.failure_rate.as_f64(),
            converted_size: conversion.converted_size.as_f64(),
        })
    }
}

/// What is told of an endpoint beside its answers.
struct EndpointTerms {
    kind: EndpointKind,
    timeout: Span,
    retry_duration: Duration,
    vpc_zones: u32,
}

impl EndpointTerms {
    /// Of one that has no more to say.
    fn new(kind: EndpointKind, retry_duration: Duration) -> Self {
        Self { kind, timeout: RESPONSE_TIMEOUT, retry_duration, vpc_zones: 0 }
    }
}

impl FirehoseEndpointConfig {
    fn build(&self, terms: &EndpointTerms, files: &dyn Files, problems: &mut Problems) -> Option<Endpoint> {
        for outage in &self.outages {
            if outage.data_arrives && outage.status.is_some() {
                problems.error(
                    outage.places.key("data_arrives"),
                    "`data_arrives` is for an endpoint that does not answer",
                );
            }
            if outage.status == Some(200) {
                problems.error(outage.places.of("status"), "an endpoint that answers with 200 works");
            }
        }
        if !terms.kind.checks_records()
            && let Some(place) = self.places.key("rejected_records")
        {
            problems
                .error(place, "this endpoint takes a delivery as a whole or not at all")
                .help("`failure_rate` is the probability that it does not");
        }
        Some(Endpoint {
            kind: terms.kind,
            rejected_records: self.rejected_records.as_f64(),
            latency: self.latency.build(files, problems)?,
            timeout: terms.timeout,
            failure_rate: self.failure_rate.as_f64(),
            failure_status: self.failure_status,
            lost_responses: self.lost_responses.as_f64(),
            retry_duration: span(terms.retry_duration),
            outages: outages(&self.outages),
            vpc_zones: terms.vpc_zones,
        })
    }

    /// What is written nowhere takes the defaults of the section.
    fn or_default(
        given: Option<&Self>,
        terms: &EndpointTerms,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Endpoint> {
        if let Some(given) = given {
            return given.build(terms, files, problems);
        }
        crate::language::decode_text::<Self>("endpoint", "{}").ok()?.build(terms, files, problems)
    }
}

impl HttpProviderConfig {
    /// Default and largest buffer in MiB.
    fn sizes(self) -> (u64, u64) {
        match self {
            HttpProviderConfig::Generic | HttpProviderConfig::NewRelic => (5, 64),
            HttpProviderConfig::Datadog => (4, 4),
            HttpProviderConfig::MongoDb => (5, 16),
            HttpProviderConfig::SumoLogic => (1, 64),
            HttpProviderConfig::Honeycomb => (15, 64),
            HttpProviderConfig::Elastic => (1, 1),
        }
    }
}

/// A destination with everything it needs.
pub(super) struct Built {
    pub(super) destination: Destination,
    pub(super) hints: Hints,
    pub(super) bucket: Bucket,
    pub(super) source_backup: Option<Bucket>,
}

impl DestinationConfig {
    /// The section of Amazon S3, if it is that.
    pub fn s3(&self) -> Option<&S3DestinationConfig> {
        match self {
            DestinationConfig::S3(s3) => Some(s3),
            _ => None,
        }
    }

    /// Since when there is such a destination, if that is after 2022 ("Document history").
    pub(super) fn is_new(&self) -> Option<&'static str> {
        match self {
            DestinationConfig::OpenSearchServerless(_) => Some("November 2022"),
            DestinationConfig::Iceberg(_) | DestinationConfig::Snowflake(_) => Some("2024"),
            _ => None,
        }
    }

    /// The destination's settings; `None` when a problem was told.
    pub(super) fn build(
        &self,
        quotas: &FirehoseQuotas,
        find: FindBucket<'_>,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Built> {
        let range =
            |what, (default_mebibytes, largest_mebibytes), default_seconds, longest_seconds| HintRange {
                what,
                default_mebibytes,
                largest_mebibytes,
                default_seconds,
                shortest: quotas.shortest_interval,
                longest_seconds,
            };
        match self {
            DestinationConfig::S3(s3) => {
                let (bucket, source_backup) = s3.build(quotas, find, problems)?;
                Some(Built { destination: Destination::S3, hints: bucket.hints, bucket, source_backup })
            }
            DestinationConfig::Redshift(redshift) => redshift.build(quotas, find, files, problems),
            DestinationConfig::OpenSearch(domain) | DestinationConfig::OpenSearchServerless(domain) => {
                let is_domain = matches!(self, DestinationConfig::OpenSearch(_));
                let range = range(if is_domain { "a domain" } else { "a collection" }, (5, 100), 300, 900);
                let hints = range.hints(domain.buffering_hints.as_ref(), problems);
                let terms = EndpointTerms {
                    kind: if is_domain {
                        EndpointKind::OpenSearch
                    } else {
                        EndpointKind::OpenSearchServerless
                    },
                    timeout: RESPONSE_TIMEOUT,
                    retry_duration: domain.retry_duration,
                    vpc_zones: domain.vpc_availability_zones,
                };
                finish((hints, &terms), domain.endpoint.as_ref(), &domain.s3_backup, find, (files, problems))
            }
            DestinationConfig::Http(http) => {
                let range = range("this endpoint", http.provider.sizes(), 60, 900);
                let hints = range.hints(http.buffering_hints.as_ref(), problems);
                let hints = Hints { records: HTTP_RECORDS, ..hints };
                let terms = EndpointTerms {
                    kind: EndpointKind::Http,
                    timeout: RESPONSE_TIMEOUT,
                    retry_duration: http.retry_duration,
                    vpc_zones: 0,
                };
                finish((hints, &terms), http.endpoint.as_ref(), &http.s3_backup, find, (files, problems))
            }
            DestinationConfig::Splunk(splunk) => {
                let range = HintRange { shortest: Span::ZERO, ..range("Splunk", (5, 5), 60, 60) };
                let hints = range.hints(splunk.buffering_hints.as_ref(), problems);
                if let Some(given) = splunk.buffering_hints.as_ref().filter(|_| !quotas.splunk_hints) {
                    problems
                        .error(given.place, "the buffer of Splunk is 5 MiB and 60 s with these quotas")
                        .why("its hints can be changed since 2024, after the profile `2022`");
                }
                let terms = EndpointTerms {
                    kind: EndpointKind::Splunk,
                    timeout: span(splunk.hec_acknowledgment_timeout),
                    retry_duration: splunk.retry_duration,
                    vpc_zones: 0,
                };
                finish((hints, &terms), splunk.endpoint.as_ref(), &splunk.s3_backup, find, (files, problems))
            }
            DestinationConfig::Iceberg(tables) => {
                let range = range("a table", (5, 128), 300, 900);
                let hints = range.hints(tables.buffering_hints.as_ref(), problems);
                let terms = EndpointTerms::new(EndpointKind::Iceberg, tables.retry_duration);
                finish((hints, &terms), tables.endpoint.as_ref(), &tables.s3_backup, find, (files, problems))
            }
            DestinationConfig::Snowflake(table) => {
                let range = range("a table", (1, 128), 0, 900);
                let hints = range.hints(table.buffering_hints.as_ref(), problems);
                let terms = EndpointTerms::new(EndpointKind::Snowflake, table.retry_duration);
                finish((hints, &terms), table.endpoint.as_ref(), &table.s3_backup, find, (files, problems))
            }
        }
    }
}

/// An endpoint with its bucket.
fn finish(
    (hints, terms): (Hints, &EndpointTerms),
    endpoint: Option<&FirehoseEndpointConfig>,
    backup: &S3BackupConfig,
    find: FindBucket<'_>,
    (files, problems): (&dyn Files, &mut Problems),
) -> Option<Built> {
    let endpoint = FirehoseEndpointConfig::or_default(endpoint, terms, files, problems);
    let (bucket, source_backup) = backup.both(find, problems)?;
    Some(Built { destination: Destination::Endpoint(endpoint?), hints, bucket, source_backup })
}

impl RedshiftDestinationConfig {
    fn build(
        &self,
        quotas: &FirehoseQuotas,
        find: FindBucket<'_>,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Built> {
        if matches!(
            self.s3.compression_format,
            CompressionFormatConfig::Zip
                | CompressionFormatConfig::Snappy
                | CompressionFormatConfig::HadoopSnappy
        ) {
            problems
                .error(
                    self.s3.places.of("compression_format"),
                    "Amazon Redshift copies objects with GZIP or without compression",
                )
                .why("\"`RedshiftDestinationConfiguration`\": `COPY` does not read ZIP and Snappy");
        }
        check_plain(&self.outages, "a cluster", problems);
        let bucket = self.s3.build(&HintRange::objects(quotas), find, problems);
        let backup = self.source_backup.as_ref().map(|one| one.build(&HintRange::backup(), find, problems));
        let copy_time = self.copy_time.build(files, problems);
        let bucket = bucket?;
        Some(Built {
            destination: Destination::Redshift(Warehouse {
                copy_time: copy_time?,
                failure_rate: self.failure_rate.as_f64(),
                retry_duration: span(self.retry_duration),
                outages: outages(&self.outages),
            }),
            hints: bucket.hints,
            bucket,
            source_backup: backup.map_or(Some(None), |backup| backup.map(Some))?,
        })
    }
}
