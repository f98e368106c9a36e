//! Execution environments: begun cold, kept warm for a while, used again.

use crate::engine::{Span, Time};
use crate::wire::{Budget, LambdaAccount, Pool};
use std::collections::VecDeque;

/// The environments of a function that wait for work, and what it may still begin.
///
/// AWS says neither how long an environment is kept nor which of several takes the next invocation ("Understanding the
/// Lambda execution environment lifecycle"): a time of the scenario, and the one that was used last, are assumptions.
#[derive(Debug)]
pub(super) struct Environments {
    /// Since when each waits, longest first.
    idle: VecDeque<Time>,
    keep: Span,
    /// `None` where all functions share one rate.
    scaling: Option<Budget>,
}

/// How an environment was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// One was waiting.
    Warm,
    /// A new one is begun: it has to initialise.
    Cold,
}

impl Environments {
    pub(super) fn new(keep: Span, scaling: Option<Budget>) -> Self {
        Self { idle: VecDeque::new(), keep, scaling }
    }

    /// An environment for an invocation; `None` when there is none, and no new one may come yet.
    pub(super) fn take(&mut self, now: Time, account: &mut LambdaAccount) -> Option<Start> {
        self.shut_down(now);
        if self.idle.pop_back().is_some() {
            return Some(Start::Warm);
        }
        let may_scale = match &mut self.scaling {
            Some(bucket) => bucket.take_one(now),
            None => account.may_scale(now),
        };
        may_scale.then_some(Start::Cold)
    }

    /// An environment waits again.
    pub(super) fn give_back(&mut self, now: Time) {
        self.shut_down(now);
        self.idle.push_back(now);
    }

    /// Those that waited too long are gone.
    fn shut_down(&mut self, now: Time) {
        while self.idle.front().is_some_and(|since| now - *since >= self.keep) {
            self.idle.pop_front();
        }
    }
}

/// Who may execute: the concurrency a function has for itself, and what it must share.
#[derive(Debug)]
pub(super) struct Concurrency {
    /// `ReservedConcurrentExecutions`.
    reserved: Option<u32>,
    /// `ProvisionedConcurrentExecutions`.
    provisioned: u32,
    /// Executions now, in provisioned environments and outside.
    busy_provisioned: u32,
    busy_on_demand: u32,
    /// Requests of a function with a reservation.
    requests: Option<Budget>,
}

impl Concurrency {
    pub(super) fn new(reserved: Option<u32>, provisioned: u32, requests: Option<Budget>) -> Self {
        Self { reserved, provisioned, busy_provisioned: 0, busy_on_demand: 0, requests }
    }

    /// Whether the function is switched off: it has reserved nothing.
    pub(super) fn is_off(&self) -> bool {
        self.reserved == Some(0)
    }

    pub(super) fn executions(&self) -> u32 {
        self.busy_provisioned + self.busy_on_demand
    }

    /// Provisioned environments that are allocated.
    pub(super) fn provisioned(&self) -> u32 {
        self.provisioned
    }

    /// So many are allocated from now on. Those that run code beyond that end by themselves.
    pub(super) fn provision(&mut self, environments: u32) {
        self.provisioned = environments;
    }

    pub(super) fn in_provisioned(&self) -> u32 {
        self.busy_provisioned
    }

    /// The concurrency the next execution would use, provisioned environments first ("Configuring provisioned
    /// concurrency for a function"); `None` when none is left.
    pub(super) fn free(&self, account: &LambdaAccount) -> Option<Pool> {
        if self.busy_provisioned < self.provisioned {
            return Some(Pool::Provisioned);
        }
        match self.reserved {
            Some(reserved) => (self.executions() < reserved).then_some(Pool::Reserved),
            None => account.has_room().then_some(Pool::Unreserved),
        }
    }

    /// Whether one more synchronous request fits into this second ("Lambda quotas": ten for each unit of concurrency).
    pub(super) fn take_request(&mut self, now: Time, account: &mut LambdaAccount) -> bool {
        match &mut self.requests {
            Some(requests) => requests.take_one(now),
            None => account.take_request(now),
        }
    }

    pub(super) fn begin(&mut self, pool: Pool) {
        match pool {
            Pool::Provisioned => self.busy_provisioned += 1,
            Pool::Unreserved | Pool::Reserved => self.busy_on_demand += 1,
        }
    }

    pub(super) fn end(&mut self, pool: Pool) {
        match pool {
            Pool::Provisioned => self.busy_provisioned -= 1,
            Pool::Unreserved | Pool::Reserved => self.busy_on_demand -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{LambdaQuotas, QuotaProfile};

    #[test]
    fn an_environment_is_kept_for_its_time_and_the_last_used_goes_first() {
        let quotas = LambdaQuotas::of(QuotaProfile::Current);
        let mut account = LambdaAccount::new(&quotas, 0);
        let mut environments = Environments::new(Span::from_minutes(6), quotas.scaling.of_function());
        let at = |seconds| Time::ZERO + Span::from_seconds(seconds);
        assert_eq!(environments.take(at(0), &mut account), Some(Start::Cold));
        environments.give_back(at(10));
        environments.give_back(at(20));
        assert_eq!(environments.take(at(30), &mut account), Some(Start::Warm));
        // The one that was left has waited since second 10.
        assert_eq!(environments.take(at(370), &mut account), Some(Start::Cold));
    }

    #[test]
    fn provisioned_environments_go_first_and_a_reservation_is_a_limit() {
        let account = LambdaAccount::new(&LambdaQuotas::of(QuotaProfile::Current), 3);
        let mut concurrency = Concurrency::new(Some(3), 2, None);
        let mut pools = Vec::new();
        while let Some(pool) = concurrency.free(&account) {
            concurrency.begin(pool);
            pools.push(pool);
        }
        assert_eq!(pools, [Pool::Provisioned, Pool::Provisioned, Pool::Reserved]);
        concurrency.end(Pool::Provisioned);
        assert_eq!(concurrency.free(&account), Some(Pool::Provisioned));
        assert!(Concurrency::new(Some(0), 0, None).is_off());
    }
}
