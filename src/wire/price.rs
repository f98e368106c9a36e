//! List prices, to estimate what a run costs.

/// On-demand Linux prices in us-east-1, dollars an hour ("Amazon EC2 On-Demand Pricing"), read on 2026-07-20. They
/// change: a scenario may state its own.
const INSTANCE_PRICES: &[(&str, f64)] = &[
    ("t3.nano", 0.0052),
    ("t3.micro", 0.0104),
    ("t3.small", 0.0208),
    ("t3.medium", 0.0416),
    ("t3.large", 0.0832),
    ("t4g.small", 0.0168),
    ("t4g.medium", 0.0336),
    ("m5.large", 0.096),
    ("m5.xlarge", 0.192),
    ("m5.2xlarge", 0.384),
    ("m7i.large", 0.1008),
    ("m7g.large", 0.0816),
    ("c5.large", 0.085),
    ("c5.xlarge", 0.17),
    ("c5.2xlarge", 0.34),
    ("c7i.large", 0.08925),
    ("c7g.large", 0.0725),
    ("r5.large", 0.126),
];

/// The on-demand price of an instance type, dollars an hour.
pub fn instance_price_per_hour(instance_type: &str) -> Option<f64> {
    INSTANCE_PRICES.iter().find(|(name, _)| *name == instance_type).map(|(_, price)| *price)
}

/// The instance types whose price is known.
pub fn instance_types() -> impl Iterator<Item = &'static str> {
    INSTANCE_PRICES.iter().map(|(name, _)| *name)
}

/// What calls cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// Dollars for a million requests to a standard queue ("Amazon SQS pricing", the first 100 thousand million a month).
    pub sqs_standard_per_million_requests: f64,
    /// Dollars for a million requests to a FIFO queue (same page).
    pub sqs_fifo_per_million_requests: f64,
    /// Dollars on top for a million requests to a standard queue with message groups (same page).
    pub sqs_fair_queue_per_million_requests: f64,
    /// Dollars for ten thousand requests to AWS KMS ("AWS Key Management Service pricing").
    pub kms_per_ten_thousand_requests: f64,
}

/// What data streams cost, in dollars ("Amazon Kinesis Data Streams pricing", us-east-1). AWS's page shows amounts by
/// Region; these are those of us-east-1 as they are quoted in public.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KinesisPrices {
    /// A shard for an hour.
    pub shard_hour: f64,
    /// A million PUT payload units of 25 KB.
    pub million_payload_units: f64,
    /// On top for an hour of a shard that keeps records for more than 24 hours.
    pub extended_retention_shard_hour: f64,
    /// A consumer with enhanced fan-out, for an hour and shard.
    pub fan_out_shard_hour: f64,
    /// A gigabyte pushed to such a consumer.
    pub fan_out_gigabyte: f64,
    /// A stream on demand for an hour.
    pub on_demand_stream_hour: f64,
    /// A gigabyte into a stream on demand, each record rounded up to 1 KB.
    pub on_demand_gigabyte_in: f64,
    /// A gigabyte out of it.
    pub on_demand_gigabyte_out: f64,
    /// A gigabyte pushed from it.
    pub on_demand_fan_out_gigabyte: f64,
}

impl Default for KinesisPrices {
    fn default() -> Self {
        Self {
            shard_hour: 0.015,
            million_payload_units: 0.014,
            extended_retention_shard_hour: 0.02,
            fan_out_shard_hour: 0.015,
            fan_out_gigabyte: 0.013,
            on_demand_stream_hour: 0.04,
            on_demand_gigabyte_in: 0.08,
            on_demand_gigabyte_out: 0.04,
            on_demand_fan_out_gigabyte: 0.05,
        }
    }
}

impl Default for Prices {
    fn default() -> Self {
        Self {
            sqs_standard_per_million_requests: 0.40,
            sqs_fifo_per_million_requests: 0.50,
            sqs_fair_queue_per_million_requests: 0.10,
            kms_per_ten_thousand_requests: 0.03,
        }
    }
}
