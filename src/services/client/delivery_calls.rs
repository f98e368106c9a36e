//! Calls of a script to delivery streams of Amazon Data Firehose, as they are written and with their names looked up.

use super::config::StepConfig;
use super::script::{Built, Call, Lookup, Send, send};
use super::show::{Cell, entries, text};
use crate::language::{Bytes, Problems, Reference, section};
use crate::wire::Texts;

section! {
    /// A record to put to a delivery stream.
    pub struct FirehosePutRecordConfig {
        /// The delivery stream.
        pub delivery_stream: Reference;
        /// What it says.
        pub data: String;
        /// Its size; by default that of the data.
        pub size: Option<Bytes>;
    }
}

section! {
    /// Records to put to a delivery stream in one call.
    pub struct FirehosePutRecordBatchConfig {
        /// The delivery stream.
        pub delivery_stream: Reference;
        /// The records.
        pub records: Vec<FirehoseRecordConfig>;
    }
}

section! {
    /// One record of a batch to put.
    pub struct FirehoseRecordConfig {
        /// What it says.
        pub data: String;
        /// Its size; by default that of the data.
        pub size: Option<Bytes>;
    }
}

fn record(data: &str, size: Option<Bytes>, texts: &mut Texts) -> Send {
    send(data, (None, size), (None, None), texts)
}

fn cell(data: &str, size: Option<Bytes>) -> Cell {
    Cell::default().with("data", Some(text(data))).with("size", size)
}

impl StepConfig {
    /// The delivery stream it calls.
    pub fn delivery_stream(&self) -> Option<&Reference> {
        let single = self.firehose_put_record.as_ref().map(|call| &call.delivery_stream);
        single.or(self.firehose_put_record_batch.as_ref().map(|call| &call.delivery_stream))
    }

    /// Calls to delivery streams.
    pub(super) fn delivery_call(&self, lookup: &mut Lookup<'_>, problems: &mut Problems) -> Option<Built> {
        let reference = self.delivery_stream()?;
        let called = (lookup.delivery_stream)(reference, problems).map(|id| (id, reference.text.clone()));
        if let Some(config) = &self.firehose_put_record {
            let sends = vec![record(&config.data, config.size, lookup.texts)];
            let call = Call::PutToDeliveryStream(sends, true);
            return Some((called, Some(call), cell(&config.data, config.size), None));
        }
        let config = self.firehose_put_record_batch.as_ref()?;
        let records = config.records.iter();
        let sends = records.clone().map(|one| record(&one.data, one.size, lookup.texts)).collect();
        let cell = entries(records.map(|one| cell(&one.data, one.size)));
        Some((called, Some(Call::PutToDeliveryStream(sends, false)), cell, None))
    }
}
