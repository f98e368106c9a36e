//! Encryption at rest with a key of AWS KMS ("Encryption at rest in Amazon SQS", "Amazon SQS key management", "Amazon SNS
//! encryption at rest").
//!
//! SSE-SQS, the default of queues, needs no calls and costs nothing, so there is nothing of it to model. With SSE-KMS every
//! principal that sends or receives uses a data key for the reuse period; then the service calls KMS again. AWS estimates
//! two calls a period for a principal that sends and one for a principal that receives.

use super::{ApiError, EntityId};
use crate::engine::{Span, Time};
use crate::language::keyword;

keyword! {
    /// A key of AWS KMS.
    pub enum KeyConfig {
        /// `alias/aws/sqs` or `alias/aws/sns`: its policy cannot be changed.
        AwsManaged = "aws_managed",
        /// A key whose policy is the customer's.
        CustomerManaged = "customer_managed",
    }
}

/// A queue or topic encrypted with a KMS key.
#[derive(Debug, Clone)]
pub struct KmsSettings {
    /// `KmsDataKeyReusePeriodSeconds`.
    pub data_key_reuse_period: Span,
    /// Who may not use the key.
    pub refused: Vec<EntityId>,
    /// Calls that KMS takes a second from it; `None`: all.
    pub requests_per_second: Option<u32>,
}

/// What a principal does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// `kms:GenerateDataKey` and `kms:Decrypt`.
    Send,
    /// `kms:Decrypt`.
    Receive,
}

impl Use {
    /// Calls to KMS.
    fn calls(self) -> u64 {
        match self {
            Use::Send => 2,
            Use::Receive => 1,
        }
    }
}

/// Who has a data key, and until when.
#[derive(Debug, Default)]
pub struct Keys {
    valid_until: Vec<(EntityId, Use, Time)>,
    second: u64,
    calls: u64,
}

impl Keys {
    /// A principal needs its data key: the calls to KMS it takes, or why it gets none.
    ///
    /// # Errors
    ///
    /// The key is refused, or KMS has no room for another call.
    pub fn need(
        &mut self,
        settings: &KmsSettings,
        who: EntityId,
        purpose: Use,
        now: Time,
    ) -> Result<u64, ApiError> {
        if settings.refused.contains(&who) {
            return Err(ApiError::KmsAccessDenied);
        }
        let known = self.valid_until.iter_mut().find(|(one, other, _)| *one == who && *other == purpose);
        if known.as_ref().is_some_and(|(.., until)| now < *until) {
            return Ok(0);
        }
        let second = now.since_start() / Span::from_seconds(1);
        let calls = if self.second == second { self.calls } else { 0 } + purpose.calls();
        if settings.requests_per_second.is_some_and(|limit| calls > u64::from(limit)) {
            return Err(ApiError::KmsThrottled);
        }
        (self.second, self.calls) = (second, calls);
        let until = now + settings.data_key_reuse_period;
        match known {
            Some((.., end)) => *end = until,
            None => self.valid_until.push((who, purpose, until)),
        }
        Ok(purpose.calls())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_keys_are_used_again_for_the_reuse_period() {
        let settings = KmsSettings {
            data_key_reuse_period: Span::from_seconds(300),
            refused: vec![EntityId(9)],
            requests_per_second: Some(3),
        };
        let mut keys = Keys::default();
        let mut need = |who, purpose, second| {
            keys.need(&settings, EntityId(who), purpose, Time::ZERO + Span::from_seconds(second))
        };
        assert_eq!(need(1, Use::Send, 0), Ok(2));
        assert_eq!(need(1, Use::Send, 299), Ok(0));
        assert_eq!(need(1, Use::Send, 300), Ok(2));
        assert_eq!(need(2, Use::Receive, 300), Ok(1));
        assert_eq!(need(3, Use::Receive, 300), Err(ApiError::KmsThrottled), "the fourth call of a second");
        assert_eq!(need(3, Use::Receive, 301), Ok(1));
        assert_eq!(need(9, Use::Receive, 302), Err(ApiError::KmsAccessDenied));
    }

    /// AWS's own example: a month of 2,678,400 s, one producer and one consumer, 300 s: 26,784 calls.
    #[test]
    fn a_month_costs_what_aws_estimates() {
        let period = Span::from_seconds(300);
        let settings =
            KmsSettings { data_key_reuse_period: period, refused: Vec::new(), requests_per_second: None };
        let mut keys = Keys::default();
        let mut calls = 0;
        for second in (0..2_678_400).step_by(60) {
            let now = Time::ZERO + Span::from_seconds(second);
            for (who, purpose) in [(1, Use::Send), (2, Use::Receive)] {
                calls += keys.need(&settings, EntityId(who), purpose, now).unwrap_or(0);
            }
        }
        assert_eq!(calls, 26_784);
    }
}
