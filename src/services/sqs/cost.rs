//! What the calls to a queue cost.

use crate::wire::PriceList;

/// Prices of calls to a queue, in dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueuePrices {
    /// A request to a standard queue.
    standard: f64,
    /// A request to a FIFO queue.
    fifo: f64,
    /// On top for a request to a standard queue with message groups.
    fair: f64,
    /// A request to AWS KMS.
    key: f64,
}

impl QueuePrices {
    /// Those of a list.
    pub fn of(list: &PriceList) -> Self {
        Self {
            standard: list.dollars("sqs_standard_per_million_requests") / 1e6,
            fifo: list.dollars("sqs_fifo_per_million_requests") / 1e6,
            fair: list.dollars("sqs_fair_queue_per_million_requests") / 1e6,
            key: list.dollars("kms_per_ten_thousand_requests") / 1e4,
        }
    }

    /// What this many billed requests cost, and requests to AWS KMS. Which requests of a standard queue the surcharge for
    /// groups is for depends on their messages; queuelab takes all of a queue that has had any.
    pub(super) fn cost(&self, is_fifo: bool, has_groups: bool, requests: u64, key_requests: u64) -> f64 {
        let request = match (is_fifo, has_groups) {
            (true, _) => self.fifo,
            (false, true) => self.standard + self.fair,
            (false, false) => self.standard,
        };
        requests as f64 * request + key_requests as f64 * self.key
    }
}
