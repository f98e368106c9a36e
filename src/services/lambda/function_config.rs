//! A function in a scenario.

use super::scaling::ProvisionedScalingConfig;
use super::settings::{AsynchronousSettings, Destination, FunctionSettings, OnMessageFailure};
use crate::engine::{Distribution, Span};
use crate::language::{
    DistributionOf, DistributionSpec, Duration, Files, Probability, Problems, Reference, choice, keyword,
    section,
};
use crate::wire::{
    EntityId, ForwardConfig, ForwardTarget, IdentityConfig, LambdaPrices, LambdaQuotas, ProcessingConfig,
    Texts, span, whole_seconds,
};

section! {
    /// A Lambda function. It is invoked by an event source mapping, or by whoever names it as a target.
    pub struct FunctionConfig {
        /// Who it is to queues: its execution role; by default a role of their account.
        pub identity: Option<IdentityConfig>;
        /// How long its code takes, without the initialisation of a new environment.
        pub processing_time: DistributionOf<Duration>;
        /// What a processing time is drawn for.
        pub processing: ProcessingConfig = ProcessingConfig::PerMessage;
        /// Probability that a processing fails.
        pub failure_rate: Probability = Probability::ZERO;
        /// What the code does with a message whose processing failed.
        pub on_message_failure: OnMessageFailureConfig = OnMessageFailureConfig::RaiseError;
        /// How long an invocation may run (`Timeout`), in whole seconds.
        pub timeout: Duration = Duration::from_seconds(3), within (Duration::from_seconds(1), Duration::from_seconds(900));
        /// Memory in MB (`MemorySize`); the price depends on it.
        pub memory_size: u32 = 128, within (128, 10_240);
        /// The processor; the price depends on it.
        pub architecture: ArchitectureConfig = ArchitectureConfig::X86;
        /// How long a new environment initialises: a cold start. AWS says from under 100 ms to over a second.
        pub init_duration: DistributionOf<Duration> = default_init_duration();
        /// Concurrency that only this function has, and its limit (`ReservedConcurrentExecutions`). 0 throttles every
        /// invocation.
        pub reserved_concurrent_executions: Option<u32>;
        /// Environments that are always ready (`ProvisionedConcurrentExecutions`); what goes beyond runs in others.
        pub provisioned_concurrent_executions: u32 = 0;
        /// Application Auto Scaling of `provisioned_concurrent_executions`, which is then what there is at the start, its
        /// minimum if not given.
        pub application_auto_scaling: Option<ProvisionedScalingConfig>;
        /// What Lambda does with asynchronous invocations.
        pub event_invoke_config: Option<EventInvokeConfig>;
        /// The queue for asynchronous events that are given up (`DeadLetterConfig`).
        pub dead_letter_queue: Option<Reference>;
        /// Send a message on for each one that was processed; the code's time includes it.
        pub forwards_to: Option<ForwardConfig>;
    }
    check FunctionConfig::check;
}

keyword! {
    /// What a function's code does with a message whose processing failed.
    pub enum OnMessageFailureConfig {
        /// It stops and raises an error: the invocation fails, whatever was processed before.
        RaiseError = "raise_error",
        /// It goes on, and names the message in its answer (`batchItemFailures`). With messages of a FIFO queue it stops,
        /// and names all that are left.
        ReportBatchItemFailures = "report_batch_item_failures",
    }
}

keyword! {
    /// The processor of a function.
    pub enum ArchitectureConfig {
        /// x86.
        X86 = "x86_64",
        /// Graviton.
        Arm = "arm64",
    }
}

section! {
    /// Asynchronous invocations (`PutFunctionEventInvokeConfig`).
    pub struct EventInvokeConfig {
        /// How often an event is tried again after an error of the function (`MaximumRetryAttempts`).
        pub maximum_retry_attempts: u32 = 2, within (0, 2);
        /// How old an event may become (`MaximumEventAgeInSeconds`).
        pub maximum_event_age: Duration = Duration::from_hours(6), within (Duration::from_seconds(60), Duration::from_hours(6));
        /// Where events go that are given up (`OnFailure`).
        pub on_failure: Option<DestinationConfig>;
    }
}

choice! {
    /// Where an event goes.
    pub enum DestinationConfig {
        /// A standard queue.
        Queue(Reference) = "queue",
    }
}

fn default_init_duration() -> DistributionOf<Duration> {
    let milliseconds = |value: u64| Duration::from_milliseconds(value).as_nanos() as f64;
    let spec = DistributionSpec::LognormalMeanP95 { mean: milliseconds(400), p95: milliseconds(900) };
    DistributionOf::from_spec(spec, None)
}

/// What a scenario says once for all functions.
#[derive(Debug, Clone)]
pub struct FunctionDefaults {
    /// The limits in force.
    pub quotas: LambdaQuotas,
    /// What functions cost.
    pub prices: LambdaPrices,
    /// How long an environment waits for work before it is shut down.
    pub environment_idle_time: Span,
    /// From the request for more provisioned concurrency to its being ready, in nanoseconds.
    pub allocation_delay: Distribution,
    /// The account.
    pub account: EntityId,
}

/// The queues a function sends to, looked up.
#[derive(Debug, Clone, Default)]
pub struct FunctionQueues {
    /// `forwards_to`.
    pub forward: Option<ForwardTarget>,
    /// `dead_letter_queue`.
    pub dead_letter_queue: Option<EntityId>,
    /// The on-failure destination.
    pub on_failure: Option<EntityId>,
}

impl FunctionConfig {
    fn check(&self, problems: &mut Problems) {
        whole_seconds(self.timeout, self.places.of("timeout"), "timeout", problems);
        if let Some(config) = &self.event_invoke_config {
            let place = config.places.of("maximum_event_age");
            whole_seconds(config.maximum_event_age, place, "maximum_event_age", problems);
        }
        if let DistributionSpec::Constant(time) = &self.processing_time.spec
            && *time > self.timeout.as_nanos() as f64
        {
            problems
                .warning(self.places.of("processing_time"), "every invocation runs out of time")
                .why(format!("`timeout` is {}", self.timeout))
                .help("give a longer `timeout`, 900s at most");
        }
        if let Some(scaling) = &self.application_auto_scaling
            && !(scaling.minimum_capacity..=scaling.maximum_capacity).contains(&self.provisioned())
        {
            problems.error(
                self.places.of("provisioned_concurrent_executions"),
                "`provisioned_concurrent_executions` is outside of the bounds of `application_auto_scaling`",
            );
        }
        if let Some(reserved) = self.reserved_concurrent_executions
            && self.most_provisioned() > reserved
        {
            problems
                .error(
                    self.places.of("provisioned_concurrent_executions"),
                    "provisioned concurrency cannot exceed `reserved_concurrent_executions`",
                )
                .why(format!("{reserved} are reserved"));
        }
        let on_failure = self.on_failure();
        if let (Some(_), Some(queue)) = (on_failure, &self.dead_letter_queue) {
            problems
                .error(
                    queue.place,
                    "a function has either a `dead_letter_queue` or an `on_failure` destination",
                )
                .why("AWS takes both and sends each event twice; a message of a scenario goes one way");
        }
    }

    /// The queue of the on-failure destination.
    pub fn on_failure(&self) -> Option<&Reference> {
        let DestinationConfig::Queue(queue) = self.event_invoke_config.as_ref()?.on_failure.as_ref()?;
        Some(queue)
    }

    /// Provisioned concurrency at the start.
    fn provisioned(&self) -> u32 {
        let least = self.application_auto_scaling.as_ref().map(|scaling| scaling.minimum_capacity);
        match least {
            Some(least) if self.places.key("provisioned_concurrent_executions").is_none() => least,
            _ => self.provisioned_concurrent_executions,
        }
    }

    /// The most provisioned concurrency that it may get.
    fn most_provisioned(&self) -> u32 {
        let scaling = self.application_auto_scaling.as_ref();
        scaling.map_or(self.provisioned_concurrent_executions, |scaling| scaling.maximum_capacity)
    }

    /// The most that it may take out of the concurrency that all functions share.
    pub fn set_aside(&self) -> u32 {
        self.reserved_concurrent_executions.unwrap_or(self.most_provisioned())
    }

    /// The function's settings; `None` when a problem was told.
    #[allow(clippy::too_many_arguments, reason = "each comes from another part of the scenario")]
    pub fn settings(
        &self,
        name: &str,
        queues: FunctionQueues,
        defaults: &FunctionDefaults,
        texts: &mut Texts,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<FunctionSettings> {
        let processing_time = self.processing_time.build(files, problems);
        let init_duration = self.init_duration.build(files, problems);
        let forward = self.forwards_to.as_ref().zip(queues.forward);
        let forward = forward.map(|(config, target)| config.settings(target, texts, files, problems));
        let config = self.event_invoke_config.as_ref();
        let destination = queues
            .on_failure
            .map(Destination::OnFailure)
            .or(queues.dead_letter_queue.map(Destination::DeadLetterQueue));
        Some(FunctionSettings {
            name: name.to_owned(),
            memory_megabytes: self.memory_size,
            is_arm: self.architecture == ArchitectureConfig::Arm,
            timeout: span(self.timeout),
            processing_time: processing_time?,
            processing_mode: self.processing.into(),
            failure_rate: self.failure_rate.as_f64(),
            on_message_failure: match self.on_message_failure {
                OnMessageFailureConfig::RaiseError => OnMessageFailure::Raise,
                OnMessageFailureConfig::ReportBatchItemFailures => OnMessageFailure::Report,
            },
            init_duration: init_duration?,
            environment_idle_time: defaults.environment_idle_time,
            reserved: self.reserved_concurrent_executions,
            provisioned: self.provisioned(),
            scaling: None,
            allocation_delay: defaults.allocation_delay.clone(),
            asynchronous: AsynchronousSettings {
                maximum_retry_attempts: config.map_or(2, |config| config.maximum_retry_attempts),
                maximum_event_age: config
                    .map_or(Span::from_hours(6), |config| span(config.maximum_event_age)),
                destination,
            },
            forward: forward.map_or(Some(None), |forward| forward.map(Some))?,
            quotas: defaults.quotas,
            prices: defaults.prices,
            account: defaults.account,
        })
    }
}
