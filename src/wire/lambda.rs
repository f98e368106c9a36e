//! What all Lambda functions of an account share: limits, prices, and the concurrency that is left.

use super::{Budget, PriceList, QuotaProfile, Region};
use crate::engine::{Span, Time};

/// The limits of Lambda. A scenario may change each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LambdaQuotas {
    /// Executions at once, of all functions together ("Lambda quotas"): 1,000 by default, more on request.
    pub concurrent_executions: u32,
    /// What must stay unreserved ("Configuring reserved concurrency for a function").
    pub least_unreserved: u32,
    /// How fast new execution environments come.
    pub scaling: ScalingRate,
    /// Synchronous requests a second for each unit of concurrency ("Lambda quotas").
    pub requests_per_concurrency: u32,
    /// Largest payload of an invocation, bytes ("Lambda quotas").
    pub maximum_payload_bytes: u64,
    /// Largest payload of an asynchronous invocation, bytes (same page): 1 MB since October 2025, 256 KB before.
    pub maximum_event_bytes: u64,
    /// Batches that an event source mapping for SQS processes at once when messages appear ("Configuring scaling behavior
    /// for SQS event source mappings").
    pub mapping_initial_concurrency: u32,
    /// How many more it processes at once after each minute with messages (same page): 300, and 60 until November 2023.
    pub mapping_ramp_per_minute: u32,
    /// The most it processes at once (same page): 1,250, and 1,000 before.
    pub mapping_maximum_concurrency: u32,
    /// Most filters of an event source mapping ("Control which events Lambda sends to your function"): 5, up to 10 on
    /// request.
    pub filters_of_mapping: u32,
    /// Whether the time of initialisation is billed ("AWS Lambda pricing"): since August 2025.
    pub init_is_billed: bool,
}

/// How fast new execution environments come ("Lambda scaling behavior").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalingRate {
    /// Each function by itself: this many in ten seconds. What is not used is not kept for later.
    PerFunction {
        /// New environments in ten seconds.
        per_ten_seconds: u32,
    },
    /// All functions of the Region together, until November 2023: a burst, then so many more each minute.
    PerRegion {
        /// The burst: 3,000, 1,000 or 500, by Region.
        burst: u32,
        /// New environments in each further minute.
        per_minute: u32,
    },
}

impl ScalingRate {
    fn bucket(self) -> Budget {
        match self {
            ScalingRate::PerFunction { per_ten_seconds } => {
                Budget::new(per_ten_seconds, Span::from_seconds(10) / u64::from(per_ten_seconds.max(1)))
            }
            ScalingRate::PerRegion { burst, per_minute } => {
                Budget::new(burst, Span::from_minutes(1) / u64::from(per_minute.max(1)))
            }
        }
    }

    /// The environments one function may still begin; `None` when all functions share one bucket.
    pub fn of_function(self) -> Option<Budget> {
        matches!(self, ScalingRate::PerFunction { .. }).then(|| self.bucket())
    }
}

impl LambdaQuotas {
    /// The same in a Region: the burst of 2022 differs ("Lambda function scaling").
    #[must_use]
    pub fn in_region(self, region: Region) -> Self {
        let ScalingRate::PerRegion { per_minute, .. } = self.scaling else { return self };
        let burst = match region {
            Region::UsEast1 | Region::UsWest2 | Region::EuWest1 => 3_000,
            Region::UsEast2 | Region::EuCentral1 | Region::ApNortheast1 => 1_000,
            _ => 500,
        };
        Self { scaling: ScalingRate::PerRegion { burst, per_minute }, ..self }
    }

    /// The limits of a profile.
    pub fn of(profile: QuotaProfile) -> Self {
        let current = Self {
            concurrent_executions: 1_000,
            least_unreserved: 100,
            scaling: ScalingRate::PerFunction { per_ten_seconds: 1_000 },
            requests_per_concurrency: 10,
            maximum_payload_bytes: 6_291_456,
            maximum_event_bytes: 1_048_576,
            mapping_initial_concurrency: 5,
            mapping_ramp_per_minute: 300,
            mapping_maximum_concurrency: 1_250,
            filters_of_mapping: 5,
            init_is_billed: true,
        };
        match profile {
            QuotaProfile::Current => current,
            QuotaProfile::Exam2022 => Self {
                scaling: ScalingRate::PerRegion { burst: 3_000, per_minute: 500 },
                maximum_event_bytes: 262_144,
                mapping_ramp_per_minute: 60,
                mapping_maximum_concurrency: 1_000,
                init_is_billed: false,
                ..current
            },
        }
    }
}

/// Whose concurrency an execution uses ("Understanding Lambda function scaling").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// What no function has reserved, shared by the others.
    Unreserved,
    /// What its function has reserved.
    Reserved,
    /// Environments that its function keeps ready.
    Provisioned,
}

/// The concurrency of an account in a Region, as its functions use it.
#[derive(Debug)]
pub struct LambdaAccount {
    /// Executions at once of functions without a reservation, outside their provisioned environments.
    unreserved_limit: u32,
    unreserved: u32,
    total: u32,
    /// New environments of all functions together, where they share one rate.
    scaling: Option<Budget>,
    /// Requests of functions without a reservation.
    requests: Budget,
}

impl LambdaAccount {
    /// An account whose functions reserve or provision `set_aside` executions in all.
    pub fn new(quotas: &LambdaQuotas, set_aside: u32) -> Self {
        let shared = matches!(quotas.scaling, ScalingRate::PerRegion { .. });
        Self {
            unreserved_limit: quotas.concurrent_executions.saturating_sub(set_aside),
            unreserved: 0,
            total: 0,
            scaling: shared.then(|| quotas.scaling.bucket()),
            requests: request_bucket(quotas.concurrent_executions, quotas.requests_per_concurrency),
        }
    }

    /// A function sets aside another number of executions.
    pub fn set_aside_instead(&mut self, before: u32, now: u32) {
        self.unreserved_limit = self.unreserved_limit.saturating_add(before).saturating_sub(now);
    }

    /// Whether an execution may begin in what nobody reserved.
    pub fn has_room(&self) -> bool {
        self.unreserved < self.unreserved_limit
    }

    /// Whether one more synchronous request of a function without a reservation fits into this second.
    pub fn take_request(&mut self, now: Time) -> bool {
        self.requests.take_one(now)
    }

    /// Whether one more environment may come now, as far as all functions together are concerned.
    pub fn may_scale(&mut self, now: Time) -> bool {
        self.scaling.as_mut().is_none_or(|bucket| bucket.take_one(now))
    }

    /// An execution begins.
    pub fn begin(&mut self, pool: Pool) {
        self.total += 1;
        self.unreserved += u32::from(pool == Pool::Unreserved);
    }

    /// An execution ends.
    pub fn end(&mut self, pool: Pool) {
        self.total -= 1;
        self.unreserved -= u32::from(pool == Pool::Unreserved);
    }

    /// Executions now: in what nobody reserved, and in all.
    pub fn executions(&self) -> (u32, u32) {
        (self.unreserved, self.total)
    }
}

/// The requests a second that go with a concurrency.
pub fn request_bucket(concurrency: u32, per_concurrency: u32) -> Budget {
    let rate = concurrency.saturating_mul(per_concurrency).max(1);
    Budget::new(rate, Span::from_seconds(1) / u64::from(rate))
}

/// What functions cost, in dollars ("AWS Lambda pricing", first tier).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LambdaPrices {
    /// A request.
    pub request: f64,
    /// A gigabyte-second on x86.
    pub gb_second: f64,
    /// A gigabyte-second on Arm.
    pub gb_second_arm: f64,
    /// A gigabyte-second of provisioned concurrency, whether used or not.
    pub provisioned_gb_second: f64,
    /// A gigabyte-second of execution in provisioned concurrency.
    pub provisioned_duration_gb_second: f64,
    /// An hour of an event poller unit of a mapping in provisioned mode.
    pub event_poller_unit_hour: f64,
}

impl LambdaPrices {
    /// Those of a list.
    pub fn of(list: &PriceList) -> Self {
        Self {
            request: list.dollars("lambda_per_million_requests") / 1e6,
            gb_second: list.dollars("lambda_per_gb_second"),
            gb_second_arm: list.dollars("lambda_per_gb_second_arm"),
            provisioned_gb_second: list.dollars("lambda_provisioned_per_gb_second"),
            provisioned_duration_gb_second: list.dollars("lambda_provisioned_duration_per_gb_second"),
            event_poller_unit_hour: list.dollars("lambda_per_event_poller_unit_hour"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_is_not_shared() {
        let mut account = LambdaAccount::new(&LambdaQuotas::of(QuotaProfile::Current), 998);
        account.begin(Pool::Unreserved);
        account.begin(Pool::Reserved);
        assert!(account.has_room());
        account.begin(Pool::Unreserved);
        assert!(!account.has_room());
        assert_eq!(account.executions(), (2, 3));
        account.end(Pool::Unreserved);
        assert!(account.has_room());
    }

    #[test]
    fn in_2022_all_functions_shared_one_burst() {
        let mut quotas = LambdaQuotas::of(QuotaProfile::Exam2022);
        quotas.concurrent_executions = 10_000;
        assert!(quotas.scaling.of_function().is_none());
        let mut account = LambdaAccount::new(&quotas, 0);
        let start = Time::ZERO;
        assert_eq!((0..9_000).filter(|_| account.may_scale(start)).count(), 3_000);
        let minute = start + Span::from_minutes(1);
        assert_eq!((0..9_000).filter(|_| account.may_scale(minute)).count(), 500);
    }
}
