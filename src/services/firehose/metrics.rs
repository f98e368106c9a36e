//! What a delivery stream measures ("Monitor Amazon Data Firehose with CloudWatch Metrics").

use crate::record::MetricDefinition;

crate::metrics! {
    /// The metrics of one delivery stream, besides those of its destination and its backup.
    pub struct DeliveryStreamMetrics in "AWS/Firehose", by "DeliveryStreamName" {
        /// Records accepted; user records, where a data stream brings aggregated ones.
        pub incoming_records: Counter [Count] as "IncomingRecords",
        /// Their bytes.
        pub incoming_bytes: Counter [Bytes] as "IncomingBytes",
        /// Calls that were not throttled, `PutRecord` and `PutRecordBatch`.
        pub incoming_put_requests: Counter [Count] as "IncomingPutRequests",
        /// Of them, those of `PutRecord`.
        pub put_record_requests: Counter [Count] as "PutRecord.Requests",
        /// Of them, those of `PutRecordBatch`.
        pub put_record_batch_requests: Counter [Count] as "PutRecordBatch.Requests",
        /// Records of these.
        pub put_record_batch_records: Counter [Count] as "PutRecordBatch.Records",
        /// Records that were throttled: the stream takes no more for now.
        pub throttled_records: Counter [Count] as "ThrottledRecords",
        /// Records refused for good: too large, too many in a call, or a stream that reads a data stream.
        pub records_refused: Counter [Count],
        /// Bytes a second that it takes with Direct PUT.
        pub bytes_per_second_limit: Level [Count] as "BytesPerSecondLimit",
        /// Records a second that it takes.
        pub records_per_second_limit: Level [Count] as "RecordsPerSecondLimit",
        /// Calls a second that it takes.
        pub put_requests_per_second_limit: Level [Count] as "PutRequestsPerSecondLimit",
        /// Records read from the data stream; an aggregated one counts once.
        pub records_read: Counter [Count] as "DataReadFromKinesisStream.Records",
        /// Their bytes.
        pub bytes_read: Counter [Bytes] as "DataReadFromKinesisStream.Bytes",
        /// How far reading is behind the newest record of a shard, at each read.
        pub kinesis_milliseconds_behind_latest: Distribution [Milliseconds] as "KinesisMillisBehindLatest",
        /// `GetRecords` calls that the data stream throttled.
        pub throttled_get_records: Counter [Count] as "ThrottledGetRecords",
        /// How long invocations of the transformation took.
        pub execute_processing_duration: Distribution [Milliseconds] as "ExecuteProcessing.Duration",
        /// 1 for each invocation that succeeded, 0 for each that did not: its mean is the share.
        pub execute_processing_success: Distribution [Count] as "ExecuteProcessing.Success",
        /// Records transformed, those that the code dropped included.
        pub succeed_processing_records: Counter [Count] as "SucceedProcessing.Records",
        /// Bytes of what came out.
        pub succeed_processing_bytes: Counter [Bytes] as "SucceedProcessing.Bytes",
        /// Records whose transformation failed.
        pub records_processing_failed: Counter [Count],
        /// Records that the code dropped.
        pub records_dropped: Counter [Count],
        /// Records converted to a columnar format.
        pub succeed_conversion_records: Counter [Count] as "SucceedConversion.Records",
        /// Their bytes, before.
        pub succeed_conversion_bytes: Counter [Bytes] as "SucceedConversion.Bytes",
        /// Records that could not be converted.
        pub failed_conversion_records: Counter [Count] as "FailedConversion.Records",
        /// Their bytes.
        pub failed_conversion_bytes: Counter [Bytes] as "FailedConversion.Bytes",
        /// Active partitions.
        pub partition_count: Level [Count] as "PartitionCount",
        /// 1 for each record that would have needed a partition too many, 0 for each partition that began.
        pub partition_count_exceeded: Distribution [Count] as "PartitionCountExceeded",
        /// Records that went to the error prefix because there were too many partitions.
        pub records_over_partition_limit: Counter [Count],
        /// Records whose partition keys could not be read.
        pub records_without_partition: Counter [Count],
        /// Records of partitions that got more bytes in a second than one takes; they are delivered all the same.
        pub records_over_partition_throughput: Counter [Count],
        /// Bytes a second that each active partition got, of the last minute or what it was active of it.
        pub per_partition_throughput: Distribution [Bytes] as "PerPartitionThroughput",
        /// Records that came in as part of another one.
        pub records_split_off: Counter [Count],
        /// Records at their destination.
        pub records_delivered: Counter [Count],
        /// Records that a destination got once more, because nobody knew that it had them.
        pub duplicates: Counter [Count],
        /// Records that could not be processed, at the error prefix of the bucket.
        pub records_failed: Counter [Count],
        /// Records that an endpoint rejected one by one, while it took the others of their delivery.
        pub records_rejected: Counter [Count],
        /// Records that the endpoint did not take, in the bucket instead.
        pub records_backed_up: Counter [Count],
        /// Records in the bucket that Amazon Redshift did not copy in time.
        pub records_not_copied: Counter [Count],
        /// Records that are nowhere: kept too long, or refused by an endpoint for good.
        pub records_lost: Counter [Count],
        /// `COPY` commands.
        pub copies: Counter [Count],
        /// Objects, or requests to an endpoint, that brought records to their destination.
        pub objects_delivered: Counter [Count] as "DeliveryToS3.ObjectCount",
        /// Their sizes, as they are written.
        pub object_size: Distribution [Bytes],
        /// Their records.
        pub records_per_object: Distribution [Count],
        /// From the acceptance of the oldest record of a delivery to its end.
        pub object_latency: Distribution [Seconds],
        /// From the acceptance of a record to the end of its delivery.
        pub delivery_latency: Distribution [Seconds],
        /// From first publish to the end of the delivery.
        pub end_to_end_latency: Distribution [Seconds],
        /// Records in buffers of deliveries.
        pub records_buffered: Level [Count],
    }
}

crate::metrics! {
    /// The metrics of deliveries to a destination; those of other destinations than S3 have its name in theirs.
    pub struct DeliveryMetrics in "AWS/Firehose", by "DeliveryStreamName" {
        /// Bytes delivered, as they are written.
        pub bytes: Counter [Bytes] as "DeliveryToS3.Bytes",
        /// Records delivered.
        pub records: Counter [Count] as "DeliveryToS3.Records",
        /// 1 for each attempt that succeeded, 0 for each that did not: its mean is the share.
        pub success: Distribution [Count] as "DeliveryToS3.Success",
        /// Age of the oldest record that is not delivered yet; any older one is.
        pub data_freshness: Level [Seconds] as "DeliveryToS3.DataFreshness",
        /// From an attempt to the answer that the destination has its records.
        pub answer_latency: Distribution [Seconds],
        /// Records of all attempts, repetitions included.
        pub processed_records: Counter [Count],
        /// Bytes of all attempts, repetitions included.
        pub processed_bytes: Counter [Bytes],
    }
}

crate::metrics! {
    /// The metrics of the bucket that takes what came in, or what could not be delivered or processed.
    pub struct BackupMetrics in "AWS/Firehose", by "DeliveryStreamName" {
        /// Bytes written to it.
        pub backup_bytes: Counter [Bytes] as "BackupToS3.Bytes",
        /// Records written to it.
        pub backup_records: Counter [Count] as "BackupToS3.Records",
        /// 1 for each attempt that succeeded, 0 for each that did not: its mean is the share.
        pub backup_success: Distribution [Count] as "BackupToS3.Success",
        /// Age of the oldest record of the source backup that is not written yet.
        pub backup_data_freshness: Level [Seconds] as "BackupToS3.DataFreshness",
        /// Objects written to it.
        pub backup_objects: Counter [Count],
    }
}

/// The first of the same metrics under the names of another destination.
const fn named<const COUNT: usize>(
    names: [(&'static str, &'static str); COUNT],
) -> [MetricDefinition; COUNT] {
    let mut named = [DeliveryMetrics::DEFINITIONS[0]; COUNT];
    let mut position = 0;
    while position < COUNT {
        let (name, cloudwatch_name) = names[position];
        named[position] = MetricDefinition {
            name,
            cloudwatch_name: if cloudwatch_name.is_empty() { None } else { Some(cloudwatch_name) },
            ..DeliveryMetrics::DEFINITIONS[position]
        };
        position += 1;
    }
    named
}

impl DeliveryMetrics {
    /// Those of deliveries to Amazon S3.
    pub const S3: &'static [MetricDefinition] = &named([
        ("delivery_to_s3_bytes", "DeliveryToS3.Bytes"),
        ("delivery_to_s3_records", "DeliveryToS3.Records"),
        ("delivery_to_s3_success", "DeliveryToS3.Success"),
        ("delivery_to_s3_data_freshness", "DeliveryToS3.DataFreshness"),
    ]);
    /// Those of deliveries to Amazon Redshift; the freshness of its data is that of the objects it copies.
    pub const REDSHIFT: &'static [MetricDefinition] = &named([
        ("delivery_to_redshift_bytes", "DeliveryToRedshift.Bytes"),
        ("delivery_to_redshift_records", "DeliveryToRedshift.Records"),
        ("delivery_to_redshift_success", "DeliveryToRedshift.Success"),
    ]);
    /// Those of deliveries to Amazon OpenSearch Service.
    pub const OPENSEARCH: &'static [MetricDefinition] = &named([
        ("delivery_to_opensearch_bytes", "DeliveryToAmazonOpenSearchService.Bytes"),
        ("delivery_to_opensearch_records", "DeliveryToAmazonOpenSearchService.Records"),
        ("delivery_to_opensearch_success", "DeliveryToAmazonOpenSearchService.Success"),
        ("delivery_to_opensearch_data_freshness", "DeliveryToAmazonOpenSearchService.DataFreshness"),
    ]);
    /// Those of deliveries to Amazon OpenSearch Serverless.
    pub const OPENSEARCH_SERVERLESS: &'static [MetricDefinition] = &named([
        ("delivery_to_opensearch_serverless_bytes", "DeliveryToAmazonOpenSearchServerless.Bytes"),
        ("delivery_to_opensearch_serverless_records", "DeliveryToAmazonOpenSearchServerless.Records"),
        ("delivery_to_opensearch_serverless_success", "DeliveryToAmazonOpenSearchServerless.Success"),
        (
            "delivery_to_opensearch_serverless_data_freshness",
            "DeliveryToAmazonOpenSearchServerless.DataFreshness",
        ),
    ]);
    /// Those of deliveries to an HTTP endpoint.
    pub const HTTP: &'static [MetricDefinition] = &named([
        ("delivery_to_http_endpoint_bytes", "DeliveryToHttpEndpoint.Bytes"),
        ("delivery_to_http_endpoint_records", "DeliveryToHttpEndpoint.Records"),
        ("delivery_to_http_endpoint_success", "DeliveryToHttpEndpoint.Success"),
        ("delivery_to_http_endpoint_data_freshness", "DeliveryToHttpEndpoint.DataFreshness"),
        ("delivery_to_http_endpoint_answer_latency", ""),
        ("delivery_to_http_endpoint_processed_records", "DeliveryToHttpEndpoint.ProcessedRecords"),
        ("delivery_to_http_endpoint_processed_bytes", "DeliveryToHttpEndpoint.ProcessedBytes"),
    ]);
    /// Those of deliveries to Splunk.
    pub const SPLUNK: &'static [MetricDefinition] = &named([
        ("delivery_to_splunk_bytes", "DeliveryToSplunk.Bytes"),
        ("delivery_to_splunk_records", "DeliveryToSplunk.Records"),
        ("delivery_to_splunk_success", "DeliveryToSplunk.Success"),
        ("delivery_to_splunk_data_freshness", "DeliveryToSplunk.DataFreshness"),
        ("delivery_to_splunk_data_ack_latency", "DeliveryToSplunk.DataAckLatency"),
    ]);
    /// Those of deliveries to tables of Apache Iceberg.
    pub const ICEBERG: &'static [MetricDefinition] = &named([
        ("delivery_to_iceberg_bytes", "DeliveryToIceberg.Bytes"),
        ("delivery_to_iceberg_records", "DeliveryToIceberg.SuccessfulRowCount"),
        ("delivery_to_iceberg_success", "DeliveryToIceberg.Success"),
        ("delivery_to_iceberg_data_freshness", "DeliveryToIceberg.DataFreshness"),
    ]);
    /// Those of deliveries to Snowflake.
    pub const SNOWFLAKE: &'static [MetricDefinition] = &named([
        ("delivery_to_snowflake_bytes", "DeliveryToSnowflake.Bytes"),
        ("delivery_to_snowflake_records", "DeliveryToSnowflake.Records"),
        ("delivery_to_snowflake_success", "DeliveryToSnowflake.Success"),
        ("delivery_to_snowflake_data_freshness", "DeliveryToSnowflake.DataFreshness"),
        ("delivery_to_snowflake_data_commit_latency", "DeliveryToSnowflake.DataCommitLatency"),
    ]);
}
