//! A subscription in a scenario.

use super::endpoint::{Endpoint, Outage};
use super::retry::{Backoff, RetryPolicy};
use super::settings::Replay;
use crate::engine::{Span, Time};
use crate::filter::{PolicyConfig, ScopeConfig};
use crate::language::{
    DistributionOf, Duration, Files, Name, Probability, Problems, Rate, Reference, keyword, section,
};
use crate::wire::{SmsType, span};

section! {
    /// A subscription: one endpoint, and what it wants.
    pub struct SubscriptionConfig {
        /// Its name; by default that of the queue or function, or of the protocol.
        pub name: Option<Name>;
        /// A queue.
        pub queue: Option<Reference>;
        /// A Lambda function.
        pub function: Option<Reference>;
        /// A delivery stream of Amazon Data Firehose.
        pub firehose: Option<Reference>;
        /// An HTTP endpoint.
        pub http: Option<EndpointConfig>;
        /// An HTTPS endpoint.
        pub https: Option<EndpointConfig>;
        /// A mail address.
        pub email: Option<EndpointConfig>;
        /// A telephone number.
        pub sms: Option<EndpointConfig>;
        /// An app on a mobile device (mobile push).
        pub application: Option<EndpointConfig>;
        /// Which messages it wants (`FilterPolicy`); by default all.
        pub filter_policy: Option<PolicyConfig>;
        /// What the policy is about (`FilterPolicyScope`).
        pub filter_policy_scope: ScopeConfig = ScopeConfig::MessageAttributes;
        /// The message as it is instead of a JSON envelope around it (`RawMessageDelivery`).
        pub raw_message_delivery: bool = false;
        /// Where messages go that cannot be delivered (`RedrivePolicy`); by default nowhere.
        pub redrive_policy: Option<SubscriptionRedriveConfig>;
        /// When failed deliveries are tried again, of HTTP and HTTPS (`DeliveryPolicy`).
        pub delivery_policy: Option<DeliveryPolicyConfig>;
        /// When the endpoint does not work.
        pub outages: Vec<OutageConfig> = Vec::new();
        /// Of a queue: whether its policy lets the topic in.
        pub queue_policy: QueuePolicyConfig = QueuePolicyConfig::Automatic;
        /// Of a function: whether its policy lets the topic invoke it.
        pub function_policy: FunctionPolicyConfig = FunctionPolicyConfig::Automatic;
        /// From when on its endpoint is gone (a function or queue deleted, a device's app removed): a client-side error, never
        /// tried again.
        pub endpoint_deleted_at: Option<Duration>;
        /// When the subscription is confirmed; until then it gets nothing.
        pub confirmed_at: Duration = Duration::ZERO;
        /// Whether it is there from the start, or only once a script subscribes it.
        pub subscribed: bool = true;
        /// Of SMS: what its messages are for (`AWS.SNS.SMS.SMSType`).
        pub sms_type: SmsTypeConfig = SmsTypeConfig::Promotional;
        /// How long after a publish a device still wants a push (TTL); then it is dropped.
        pub time_to_live: Option<Duration>;
        /// Archived messages to deliver once more (`ReplayPolicy`), of FIFO topics.
        pub replay_policy: Option<ReplayPolicyConfig>;
        /// How long SNS takes until its first attempt; by default as the scenario's assumptions say.
        pub delivery_latency: Option<DistributionOf<Duration>>;
    }
    check SubscriptionConfig::check;
}

section! {
    /// An endpoint outside of AWS.
    pub struct EndpointConfig {
        /// How long it takes to answer; 15s and more is no answer.
        pub latency: DistributionOf<Duration> = DistributionOf::constant(Duration::from_milliseconds(100));
        /// Probability that it answers with an error.
        pub failure_rate: Probability = Probability::ZERO;
        /// The HTTP status of such an answer: 5xx and 429 are tried again, others never.
        pub failure_status: u32 = 503, within (100, 599);
    }
}

section! {
    /// A time in which an endpoint does not work.
    pub struct OutageConfig {
        /// When it begins.
        pub from: Duration;
        /// How long it lasts.
        pub lasts: Duration;
        /// What the endpoint answers, as an HTTP status: 5xx and 429 are tried again, others never; by default nothing.
        pub status: Option<u32>, within (100, 599);
    }
}

section! {
    /// A redrive policy of a subscription.
    pub struct SubscriptionRedriveConfig {
        /// The dead-letter queue.
        pub dead_letter_queue: Reference;
    }
}

section! {
    /// A replay of archived messages.
    pub struct ReplayPolicyConfig {
        /// When it is set.
        pub at: Duration;
        /// Messages published from this time on.
        pub starting_point: Duration = Duration::ZERO;
        /// Messages published before this time; then the subscription gets no more. By default all, and those that follow.
        pub ending_point: Option<Duration>;
    }
}

section! {
    /// When a failed delivery to an HTTP endpoint is tried again ("Creating an HTTP/S delivery policy").
    pub struct DeliveryPolicyConfig {
        /// The shortest pause (`minDelayTarget`).
        pub min_delay_target: Duration = Duration::from_seconds(20),
            within (Duration::from_seconds(1), Duration::from_hours(1));
        /// The longest pause (`maxDelayTarget`).
        pub max_delay_target: Duration = Duration::from_seconds(20),
            within (Duration::from_seconds(1), Duration::from_hours(1));
        /// Retries in all (`numRetries`).
        pub num_retries: u32 = 3, at_most (100);
        /// Of these, at once (`numNoDelayRetries`).
        pub num_no_delay_retries: u32 = 0;
        /// Of these, after the shortest pause, before the backoff phase (`numMinDelayRetries`).
        pub num_min_delay_retries: u32 = 0;
        /// Of these, after the longest pause, after the backoff phase (`numMaxDelayRetries`).
        pub num_max_delay_retries: u32 = 0;
        /// How pauses grow in the backoff phase (`backoffFunction`).
        pub backoff_function: BackoffConfig = BackoffConfig::Linear;
        /// Most attempts a second, on average (`maxReceivesPerSecond`); by default any number.
        pub max_receives_per_second: Option<Rate>;
    }
    check DeliveryPolicyConfig::check;
}

keyword! {
    /// How pauses grow.
    pub enum BackoffConfig {
        /// By more each time.
        Arithmetic = "arithmetic",
        /// Twice as long each time, until the longest.
        Exponential = "exponential",
        /// By the same factor each time.
        Geometric = "geometric",
        /// Evenly.
        Linear = "linear",
    }
}

keyword! {
    /// Whether a queue's policy lets a topic in.
    pub enum QueuePolicyConfig {
        /// A statement that lets this topic in is added to the policy, as `Subscribe` in the console does it.
        Automatic = "automatic",
        /// Nothing is added: what the queue's `policy` says counts.
        AsGiven = "as_given",
    }
}

keyword! {
    /// What SMS messages are for. The account has a rate for each kind.
    pub enum SmsTypeConfig {
        /// Marketing and the like.
        Promotional = "promotional",
        /// Passwords for one time, alarms: what must come.
        Transactional = "transactional",
    }
}

impl From<SmsTypeConfig> for SmsType {
    fn from(config: SmsTypeConfig) -> Self {
        match config {
            SmsTypeConfig::Promotional => SmsType::Promotional,
            SmsTypeConfig::Transactional => SmsType::Transactional,
        }
    }
}

keyword! {
    /// Whether a function's policy lets a topic invoke it ("Using AWS Lambda with Amazon SNS").
    pub enum FunctionPolicyConfig {
        /// It does: the statement that the console adds when the function is subscribed.
        Automatic = "automatic",
        /// It does not: every delivery is a client-side error.
        Missing = "missing",
    }
}

/// The longest time that a policy may take in all ("Creating an HTTP/S delivery policy"): a hard limit.
const LONGEST_POLICY: Span = Span::from_seconds(3_600);

impl DeliveryPolicyConfig {
    fn check(&self, problems: &mut Problems) {
        if self.min_delay_target > self.max_delay_target {
            problems.error(
                self.places.of("min_delay_target").or(self.places.of("max_delay_target")),
                format!(
                    "`min_delay_target` ({}) is above `max_delay_target` ({})",
                    self.min_delay_target, self.max_delay_target
                ),
            );
        }
        let phases = u64::from(self.num_no_delay_retries)
            + u64::from(self.num_min_delay_retries)
            + u64::from(self.num_max_delay_retries);
        if phases > u64::from(self.num_retries) {
            problems
                .error(
                    self.place,
                    format!("the phases have {phases} retries, `num_retries` is {}", self.num_retries),
                )
                .why("the backoff phase has what the other phases leave");
            return;
        }
        let total = self.policy().total();
        if total > LONGEST_POLICY {
            problems
                .error(self.place, format!("the pauses of this policy take {total} in all"))
                .why("the retries of an HTTP endpoint take 3,600 seconds at most, a hard limit");
        }
        if self.max_receives_per_second.is_some_and(|rate| rate.as_per_second() < 1.0) {
            problems.error(
                self.places.of("max_receives_per_second"),
                "`max_receives_per_second` must be at least 1/s",
            );
        }
    }

    /// The policy.
    pub(super) fn policy(&self) -> RetryPolicy {
        let others = self.num_no_delay_retries + self.num_min_delay_retries + self.num_max_delay_retries;
        RetryPolicy {
            immediate: self.num_no_delay_retries,
            before_backoff: self.num_min_delay_retries,
            backoff: self.num_retries.saturating_sub(others),
            after_backoff: self.num_max_delay_retries,
            shortest: span(self.min_delay_target),
            longest: span(self.max_delay_target),
            function: match self.backoff_function {
                BackoffConfig::Arithmetic => Backoff::Arithmetic,
                BackoffConfig::Exponential => Backoff::Exponential,
                BackoffConfig::Geometric => Backoff::Geometric,
                BackoffConfig::Linear => Backoff::Linear,
            },
        }
    }

    /// The least time between two attempts.
    pub(super) fn gap(&self) -> Span {
        self.max_receives_per_second
            .map_or(Span::ZERO, |rate| Span::from_seconds_f64(1.0 / rate.as_per_second()))
    }
}

impl EndpointConfig {
    pub(super) fn build(&self, files: &dyn Files, problems: &mut Problems) -> Option<Endpoint> {
        Some(Endpoint {
            latency: self.latency.build(files, problems)?,
            failure_rate: self.failure_rate.as_f64(),
            failure_status: self.failure_status,
        })
    }
}

impl OutageConfig {
    pub(super) fn outage(&self) -> Outage {
        let from = Time::ZERO + span(self.from);
        Outage { from, until: from.saturating_add(span(self.lasts)), status: self.status }
    }
}

impl ReplayPolicyConfig {
    pub(super) fn replay(&self) -> Replay {
        let at = |duration: Duration| Time::ZERO + span(duration);
        Replay { at: at(self.at), from: at(self.starting_point), until: self.ending_point.map(at) }
    }
}

impl SubscriptionConfig {
    /// The protocols that are given.
    fn protocols(&self) -> Vec<&'static str> {
        let given = [
            ("queue", self.queue.is_some()),
            ("function", self.function.is_some()),
            ("firehose", self.firehose.is_some()),
            ("http", self.http.is_some()),
            ("https", self.https.is_some()),
            ("email", self.email.is_some()),
            ("sms", self.sms.is_some()),
            ("application", self.application.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect()
    }

    /// Its protocol, as SNS calls it.
    pub(super) fn protocol_name(&self) -> &'static str {
        match self.protocol() {
            "queue" => "sqs",
            "function" => "lambda",
            other => other,
        }
    }

    /// Its protocol, as the scenario calls it.
    pub(super) fn protocol(&self) -> &'static str {
        self.protocols().first().copied().unwrap_or("queue")
    }

    /// When its endpoint does not work. One that is gone answers as one that is not found.
    pub(super) fn outages(&self) -> Vec<Outage> {
        let gone = self.endpoint_deleted_at.map(|at| Outage {
            from: Time::ZERO + span(at),
            until: Time::MAX,
            status: Some(404),
        });
        gone.into_iter().chain(self.outages.iter().map(OutageConfig::outage)).collect()
    }

    fn check(&self, problems: &mut Problems) {
        match self.protocols()[..] {
            [_] => {}
            [] => {
                problems
                    .error(self.place, "a subscription needs an endpoint")
                    .help("give one of `queue`, `function`, `http`, `https`, `email`, `sms`, `application`");
            }
            [_, second, ..] => {
                problems
                    .error(self.places.key(second), "a subscription has one endpoint")
                    .help("write a subscription of its own for it");
            }
        }
        let protocol = self.protocol();
        let is_http = matches!(protocol, "http" | "https");
        if let Some(place) = self.places.key("delivery_policy").filter(|_| !is_http) {
            problems
                .error(place, "a `delivery_policy` is for HTTP and HTTPS")
                .why("the retries of all other protocols are AWS's own and cannot be changed");
        }
        if let Some(place) = self
            .places
            .key("raw_message_delivery")
            .filter(|_| !is_http && !matches!(protocol, "queue" | "firehose"))
        {
            problems
                .error(place, format!("raw message delivery is for queues and HTTP, not for `{protocol}`"));
        }
        if let Some(place) = self.places.key("queue_policy").filter(|_| protocol != "queue") {
            problems.error(place, "`queue_policy` is for queues");
        }
        if let Some(place) = self.places.key("function_policy").filter(|_| protocol != "function") {
            problems.error(place, "`function_policy` is for functions");
        }
        if let Some(place) = self.places.key("sms_type").filter(|_| protocol != "sms") {
            problems.error(place, "`sms_type` is for SMS");
        }
        if let Some(place) = self.places.key("time_to_live").filter(|_| protocol != "application") {
            problems.error(place, "`time_to_live` is for mobile push (`application`)");
        }
        if let Some(place) = self.places.key("filter_policy_scope").filter(|_| self.filter_policy.is_none()) {
            problems.warning(place, "`filter_policy_scope` without a `filter_policy` says nothing");
        }
        let needs_confirmation = is_http || protocol == "email" || protocol == "queue";
        if let Some(place) = self.places.key("confirmed_at").filter(|_| !needs_confirmation) {
            problems.error(place, format!("a subscription of `{protocol}` needs no confirmation"));
        }
        if span(self.confirmed_at) > Span::from_days(2) {
            problems
                .error(self.places.of("confirmed_at"), "a subscription is confirmed within 2 days, or never")
                .why("the token of a subscription is valid for two days (\"`Subscribe`\")")
                .help("`subscribed: false` is a subscription that is never confirmed");
        }
    }
}
