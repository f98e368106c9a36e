//! An object store in a scenario.

use super::notification::{NotificationConfig, Notifications, check_overlap, default_event_latency};
use crate::language::{Bytes, DistributionOf, DistributionSpec, Duration, Files, Problems, section};
use crate::wire::{EntityId, PayloadStore, PriceList};

section! {
    /// A store for payloads that are too large for messages: a bucket of Amazon S3. Its prices are keys of `prices`. AWS speaks of 100 to 200 ms until the first
    /// byte and of 85 to 90 MB/s for each request ("Best practices design patterns: optimizing Amazon S3 performance").
    pub struct ObjectStoreConfig {
        /// How long an upload takes before its bytes flow.
        pub put_latency: DistributionOf<Duration> = first_byte();
        /// How long a download takes before its bytes flow.
        pub get_latency: DistributionOf<Duration> = first_byte();
        /// How long a delete takes. An assumption.
        pub delete_latency: DistributionOf<Duration> = DistributionOf::constant(Duration::from_milliseconds(50));
        /// Bytes of an object that flow in a second.
        pub bytes_per_second: Bytes = Bytes::new(85_000_000), at_least (Bytes::new(1));
        /// Who is told of its events.
        pub notifications: Vec<NotificationConfig> = Vec::new();
        /// How long after an event its notification is published. An assumption: AWS says seconds, sometimes a minute or longer.
        pub event_latency: DistributionOf<Duration> = default_event_latency();
    }
    check ObjectStoreConfig::check;
}

fn first_byte() -> DistributionOf<Duration> {
    let milliseconds = |number| Duration::from_milliseconds(number).as_nanos() as f64;
    let spec = DistributionSpec::Uniform { minimum: milliseconds(100), maximum: milliseconds(200) };
    DistributionOf::from_spec(spec, None)
}

/// What an object store costs, in dollars.
#[derive(Debug, Clone, Copy)]
pub struct StorePrices {
    /// A thousand PUT requests.
    pub put_per_thousand_requests: f64,
    /// A thousand GET requests.
    pub get_per_thousand_requests: f64,
    /// A GiB stored for a month.
    pub storage_per_gib_month: f64,
}

/// Everything that is fixed about an object store during a run.
#[derive(Debug, Clone)]
pub struct ObjectStoreSettings {
    /// Its name.
    pub name: String,
    /// Which entity it is.
    pub id: EntityId,
    /// What it costs.
    pub prices: StorePrices,
    /// What it publishes.
    pub notifications: Option<Notifications>,
}

impl ObjectStoreConfig {
    fn check(&self, problems: &mut Problems) {
        check_overlap(&self.notifications, problems);
    }

    /// The store as its callers see it; `None` when a problem was told.
    pub fn store(&self, id: EntityId, files: &dyn Files, problems: &mut Problems) -> Option<PayloadStore> {
        let put_latency = self.put_latency.build(files, problems);
        let get_latency = self.get_latency.build(files, problems);
        let delete_latency = self.delete_latency.build(files, problems);
        Some(PayloadStore {
            id,
            put_latency: put_latency?,
            get_latency: get_latency?,
            delete_latency: delete_latency?,
            bytes_per_second: self.bytes_per_second.as_u64() as f64,
        })
    }

    /// The store's own settings.
    pub fn settings(name: &str, id: EntityId, prices: &PriceList) -> ObjectStoreSettings {
        ObjectStoreSettings {
            notifications: None,
            name: name.to_owned(),
            id,
            prices: StorePrices {
                put_per_thousand_requests: prices.dollars("s3_put_per_thousand_requests"),
                get_per_thousand_requests: prices.dollars("s3_get_per_thousand_requests"),
                storage_per_gib_month: prices.dollars("s3_storage_per_gib_month"),
            },
        }
    }
}
