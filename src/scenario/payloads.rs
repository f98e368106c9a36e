//! Object stores, and who can read what lies in them.

use super::resolve::Resolver;
use crate::language::{Name, Problems, Reference};
use crate::services::producer::{ProducerConfig, ProducerTarget};
use crate::wire::{EntityId, PayloadStore};

impl Resolver<'_> {
    /// The object store of this name, as its callers see it.
    pub(super) fn payload_store(
        &self,
        reference: &Reference,
        problems: &mut Problems,
    ) -> Option<PayloadStore> {
        let (position, id): (usize, EntityId) = self.directory.object_stores.find(reference, problems)?;
        self.config.object_stores.entries[position].1.store(id, self.files, problems)
    }

    /// A consumer without the client that reads pointers gets a pointer, and can do nothing with it.
    pub(super) fn check_readers(&self, name: &Name, producer: &ProducerConfig, problems: &mut Problems) {
        let Some(large) = &producer.large_payloads else { return };
        let ProducerTarget::Queue(queue) = &producer.publishes_to else {
            problems
                .error(producer.places.key("large_payloads"), "payloads in an object store are for queues")
                .why("the subscribers of a topic would share one payload, and the first would delete it");
            return;
        };
        for (consumer_name, consumer) in self.config.consumers.iter() {
            let Some(source) = consumer.receives_from.queue() else { continue };
            let reads = consumer.large_payloads.as_ref().map(|reads| reads.object_store.as_str());
            if source.as_str() == queue.as_str() && reads != Some(large.object_store.as_str()) {
                problems
                    .warning(
                        consumer.place,
                        format!("`{consumer_name}` cannot read the large payloads of `{name}`"),
                    )
                    .why("it receives a pointer, and its processing fails")
                    .help(format!("large_payloads: {{ object_store: {} }}", large.object_store));
            }
        }
    }
}
