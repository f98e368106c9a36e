//! An event source mapping in a scenario.

use super::event_filter::{EventKey, FilterCriteriaConfig};
use super::function_config::{FunctionConfig, OnMessageFailureConfig};
use super::mapping_settings::{BATCHES_PER_POLLER, MappingAssumptions, MappingConcurrency, MappingSettings};
use crate::engine::{Span, Time};
use crate::language::{DistributionSpec, Duration, Problems, Reference, keyword, section};
use crate::wire::{ApiLatency, EntityId, LambdaPrices, LambdaQuotas, ProcessingConfig, span, whole_seconds};

section! {
    /// An event source mapping: Lambda polls a queue and invokes a function with what it finds.
    pub struct MappingConfig {
        /// The queue.
        pub queue: Reference;
        /// The function.
        pub function: Reference;
        /// Most messages of an invocation (`BatchSize`): up to 10,000, 10 of a FIFO queue. Above 10 it needs a window.
        pub batch_size: u32 = 10, within (1, 10_000);
        /// How long messages are gathered before the function is invoked (`MaximumBatchingWindowInSeconds`), for standard
        /// queues.
        pub maximum_batching_window: Duration = Duration::ZERO, within (Duration::ZERO, Duration::from_seconds(300));
        /// Most batches at once (`MaximumConcurrency`).
        pub maximum_concurrency: Option<u32>, within (2, 1_000);
        /// What of the function's answers counts.
        pub function_response_types: Vec<ResponseTypeConfig> = Vec::new();
        /// Which messages the function gets; all others are deleted.
        pub filter_criteria: Option<FilterCriteriaConfig>;
        /// Provisioned mode.
        pub provisioned_poller_config: Option<ProvisionedPollerConfig>;
        /// Whether it polls at the beginning.
        pub enabled: bool = true;
        /// When it is disabled and enabled again.
        pub disabled: Vec<DisabledConfig> = Vec::new();
    }
    check MappingConfig::check;
}

keyword! {
    /// What of a function's answers counts.
    pub enum ResponseTypeConfig {
        /// The messages named in the answer come back, the others are deleted.
        ReportBatchItemFailures = "ReportBatchItemFailures",
    }
}

section! {
    /// Pollers that are always there. One of them processes ten batches at once and makes ten receive calls a second.
    pub struct ProvisionedPollerConfig {
        /// Fewest pollers.
        pub minimum_pollers: u32 = 2, within (2, 200);
        /// Most pollers.
        pub maximum_pollers: u32 = 200, within (2, 10_000);
    }
}

section! {
    /// A time without polls.
    pub struct DisabledConfig {
        /// When it is disabled, from the start of the run.
        pub from: Duration;
        /// When it is enabled again.
        pub until: Duration;
    }
}

/// What a scenario says once for all mappings.
#[derive(Debug, Clone, Copy)]
pub struct MappingDefaults {
    /// The limits in force.
    pub quotas: LambdaQuotas,
    /// What pollers cost.
    pub prices: LambdaPrices,
    /// What AWS does not say.
    pub assumptions: MappingAssumptions,
}

/// The queue and the function of a mapping, looked up.
#[derive(Debug)]
pub struct MappingEnds<'a> {
    /// The queue.
    pub queue: EntityId,
    /// Whether it is a FIFO queue.
    pub is_fifo: bool,
    /// How long it hides received messages.
    pub visibility_timeout: Duration,
    /// How long its calls take.
    pub latency: &'a ApiLatency,
    /// The function.
    pub function: EntityId,
    /// What is said about it.
    pub function_config: &'a FunctionConfig,
}

impl DisabledConfig {
    /// When it begins and ends.
    pub(super) fn times(&self) -> (Time, Time) {
        (Time::ZERO + span(self.from), Time::ZERO + span(self.until))
    }
}

/// Times without polls have a length and follow each other.
pub(super) fn check_disabled(disabled: &[DisabledConfig], problems: &mut Problems) {
    let mut last = Duration::ZERO;
    for time in disabled {
        if time.until <= time.from || time.from < last {
            problems.error(time.place, "times without polls have a length and follow each other");
        }
        last = time.until;
    }
}

impl MappingConfig {
    fn check(&self, problems: &mut Problems) {
        let window = self.maximum_batching_window;
        let place = self.places.of("maximum_batching_window");
        let seconds = whole_seconds(window, place, "maximum_batching_window", problems);
        if self.batch_size > 10 && seconds < 1 && window < Duration::from_seconds(1) {
            problems
                .error(
                    self.places.of("batch_size"),
                    "a `batch_size` above 10 needs a `maximum_batching_window`",
                )
                .why("a receive call returns ten messages at most, so that more must be gathered")
                .help("give a `maximum_batching_window` of 1s or more");
        }
        if let (Some(_), Some(_)) = (self.maximum_concurrency, &self.provisioned_poller_config) {
            problems.error(
                self.places.key("maximum_concurrency"),
                "`maximum_concurrency` and `provisioned_poller_config` exclude each other",
            );
        }
        if let Some(pollers) = &self.provisioned_poller_config
            && pollers.minimum_pollers > pollers.maximum_pollers
        {
            problems.error(
                pollers.places.of("minimum_pollers"),
                format!("`minimum_pollers` cannot exceed `maximum_pollers` ({})", pollers.maximum_pollers),
            );
        }
        check_disabled(&self.disabled, problems);
    }

    /// What AWS refuses, and what it warns of, about a queue and a function together.
    fn check_ends(&self, ends: &MappingEnds<'_>, problems: &mut Problems) {
        let (visibility, timeout) = (ends.visibility_timeout, ends.function_config.timeout);
        if ends.is_fifo && self.batch_size > 10 {
            problems.error(self.places.of("batch_size"), "a FIFO queue has a `batch_size` of 10 at most");
        }
        if ends.is_fifo && !self.maximum_batching_window.is_zero() {
            problems.error(
                self.places.of("maximum_batching_window"),
                "a FIFO queue has no `maximum_batching_window`",
            );
        }
        let advised = Duration::from_nanos(6 * timeout.as_nanos() + self.maximum_batching_window.as_nanos());
        if visibility < timeout {
            problems
                .error(
                    self.queue.place,
                    format!("the visibility timeout of `{}` ({visibility}) is less than the timeout of `{}` ({timeout})", self.queue, self.function),
                )
                .why("Lambda refuses such a mapping: messages would come back while they are processed")
                .help(format!("give the queue a `visibility_timeout` of {advised}, six times the timeout"));
        } else if visibility < advised {
            problems
                .warning(
                    self.queue.place,
                    format!("the visibility timeout of `{}` ({visibility}) is short for `{}`", self.queue, self.function),
                )
                .why("AWS advises six times the function's timeout, plus the batching window, to leave time for retries after throttles")
                .help(format!("give the queue a `visibility_timeout` of {advised}"));
        }
        let reports = !self.function_response_types.is_empty();
        let names =
            ends.function_config.on_message_failure == OnMessageFailureConfig::ReportBatchItemFailures;
        if names && !reports {
            problems
                .warning(
                    self.function.place,
                    format!(
                        "failures that `{}` reports are ignored, and their messages deleted",
                        self.function
                    ),
                )
                .help("add `function_response_types: [ReportBatchItemFailures]`");
        }
        self.check_time(ends.function_config, problems);
    }

    /// A full batch that cannot be done in time is a mistake, most of the time.
    fn check_time(&self, function: &FunctionConfig, problems: &mut Problems) {
        let DistributionSpec::Constant(each) = function.processing_time.spec else { return };
        let all = each * f64::from(self.batch_size);
        let timeout = function.timeout.as_nanos() as f64;
        if function.processing == ProcessingConfig::PerMessage && each <= timeout && all > timeout {
            problems
                .warning(
                    self.function.place,
                    format!(
                        "`{}` cannot process a full batch of {} in its timeout of {}",
                        self.function, self.batch_size, function.timeout
                    ),
                )
                .why(format!("that takes {}", Duration::from_nanos(all as u64)))
                .help("give a smaller `batch_size` or a longer `timeout`");
        }
    }

    fn concurrency(&self, quotas: &LambdaQuotas) -> MappingConcurrency {
        const PROVISIONED_RAMP: u32 = 1_000;
        const IDLE: u32 = 2;
        let initial = quotas.mapping_initial_concurrency;
        if let Some(pollers) = &self.provisioned_poller_config {
            let least = pollers.minimum_pollers * BATCHES_PER_POLLER;
            return MappingConcurrency {
                idle: least,
                initial: least,
                maximum: pollers.maximum_pollers * BATCHES_PER_POLLER,
                ramp_per_minute: PROVISIONED_RAMP,
            };
        }
        let ceiling = quotas.mapping_maximum_concurrency;
        let maximum = self.maximum_concurrency.unwrap_or(ceiling).min(ceiling);
        let initial = initial.min(maximum);
        MappingConcurrency {
            // With a maximum concurrency idle mappings keep what they begin with.
            idle: if self.maximum_concurrency.is_some() { initial } else { IDLE.min(initial) },
            initial,
            maximum,
            ramp_per_minute: quotas.mapping_ramp_per_minute,
        }
    }

    /// The mapping's settings. Where window and timeout are longer than the queue hides its messages, Lambda hides them
    /// for both and 30 seconds more ("Using Lambda with Amazon SQS").
    pub fn settings(
        &self,
        name: &str,
        ends: &MappingEnds<'_>,
        defaults: &MappingDefaults,
        problems: &mut Problems,
    ) -> MappingSettings {
        const MARGIN: Span = Span::from_seconds(30);
        self.check_ends(ends, problems);
        let window = span(self.maximum_batching_window);
        let needed = window + span(ends.function_config.timeout);
        let own = span(ends.visibility_timeout);
        let longer = (window > Span::ZERO && needed > own).then_some(needed + MARGIN);
        let filter = self.filter_criteria.as_ref().and_then(|criteria| {
            criteria.read(EventKey::Body, defaults.quotas.filters_of_mapping as usize, problems)
        });
        MappingSettings {
            name: name.to_owned(),
            queue: ends.queue,
            is_fifo: ends.is_fifo,
            function: ends.function,
            batch_size: self.batch_size,
            window,
            visibility_seconds: longer.map(|timeout| (timeout / Span::from_seconds(1)) as u16),
            visibility_timeout: longer.unwrap_or(own),
            reports_failures: !self.function_response_types.is_empty(),
            concurrency: self.concurrency(&defaults.quotas),
            is_provisioned: self.provisioned_poller_config.is_some(),
            filter,
            enabled: self.enabled,
            disabled: self.disabled.iter().map(DisabledConfig::times).collect(),
            delete_latency: ends.latency.delete.clone(),
            maximum_payload_bytes: defaults.quotas.maximum_payload_bytes,
            event_poller_unit_hour: defaults.prices.event_poller_unit_hour,
            assumptions: defaults.assumptions,
        }
    }
}
