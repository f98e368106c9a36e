//! The operators of an application in a scenario.

use super::operator::{FilterBy, Grouping, Operator, OperatorKind, TimeCharacteristic, WindowOperator};
use super::says::Questions;
use super::window::Assigner;
use crate::engine::Span;
use crate::filter::{Dialect, Policy, PolicyConfig, Scope};
use crate::language::{Bytes, Duration, Located, Place, Probability, Problems, choice, keyword, section};
use crate::wire::{Texts, span};

choice! {
    /// An operator.
    pub enum OperatorConfig {
        /// Lets only some records through.
        Filter(FilterConfig) = "filter",
        /// Makes another record of each.
        Map(MapConfig) = "map",
        /// Groups what comes, for the windows that follow.
        KeyBy(KeyByConfig) = "key_by",
        /// Gathers what comes in windows, and emits a result for each.
        Window(WindowConfig) = "window",
    }
}

section! {
    /// Which records go on. Each condition that is given must hold.
    pub struct FilterConfig {
        /// This share of them. Which ones does not change when they are read again.
        pub share: Option<Probability>;
        /// Those with one of these partition keys.
        pub partition_keys: Vec<String> = Vec::new();
        /// Those whose value is at least so much: bytes of a record, or the result of a window.
        pub minimum: Option<f64>;
        /// Those whose value is at most so much.
        pub maximum: Option<f64>;
        /// Those whose JSON says so, in the language of Lambda's filter patterns; not behind a window, whose results say no more than
        /// their number.
        pub pattern: Option<PolicyConfig>;
        /// Time of a slot for each record; by default as `assumptions` say.
        pub time: Option<Duration>;
    }
    check FilterConfig::check;
}

section! {
    /// What becomes of each record.
    pub struct MapConfig {
        /// Size of the new record as a share of the old one's; at least a byte.
        pub size_ratio: f64 = 1.0, within (0.0, 1_000.0);
        /// Time of a slot for each record; by default as `assumptions` say.
        pub time: Option<Duration>;
    }
}

choice! {
    /// What records are grouped by.
    pub enum KeyByConfig {
        /// Their partition key.
        PartitionKey = "partition_key",
        /// Nothing: all of them are one group, in one slot.
        Nothing = "nothing",
        /// The value of this key of their JSON, nested keys joined by dots. Those without it are one group. Results go on with it as
        /// their partition key.
        Body(Located<String>) = "body",
    }
}

keyword! {
    /// What a result says.
    pub enum AggregateConfig {
        /// How many records there were.
        Count = "count",
        /// The sum of their values: bytes of a record, results of a window before.
        Sum = "sum",
        /// The smallest value.
        Minimum = "minimum",
        /// The largest value.
        Maximum = "maximum",
        /// The mean of the values.
        Average = "average",
    }
}

keyword! {
    /// Which time windows go by.
    pub enum TimeConfig {
        /// When events happened: `event_time` of a script, or `event_delay` before a producer's publish.
        Event = "event_time",
        /// When records are processed.
        Processing = "processing_time",
    }
}

section! {
    /// Windows. Exactly one of `tumbling`, `sliding` and `session` is given.
    pub struct WindowConfig {
        /// Windows one after another.
        pub tumbling: Option<TumblingConfig>;
        /// Windows that overlap.
        pub sliding: Option<SlidingConfig>;
        /// Windows that end when nothing comes for a while.
        pub session: Option<SessionConfig>;
        /// Which time they go by.
        pub time: TimeConfig = TimeConfig::Event;
        /// How long behind their end windows take late records (`allowedLateness`); each gives a corrected result.
        pub allowed_lateness: Duration = Duration::ZERO;
        /// What a result says.
        pub aggregate: AggregateConfig = AggregateConfig::Count;
        /// The key of the JSON of records whose number `aggregate` is about, nested keys joined by dots; records without it are left
        /// out. By default their bytes, or the results of a window before.
        pub value: Option<Located<String>>;
        /// Size of a result.
        pub result_size: Bytes = Bytes::new(100), within (Bytes::new(1), Bytes::from_kib(1000));
        /// Time of a slot for each record; by default as `assumptions` say.
        pub operator_time: Option<Duration>;
    }
    check WindowConfig::check;
}

section! {
    /// Tumbling windows.
    pub struct TumblingConfig {
        /// How long each is.
        pub size: Duration, at_least (Duration::from_milliseconds(1));
        /// What their starts are moved by; without it they start at whole multiples since 1970 in UTC.
        pub offset: Duration = Duration::ZERO;
    }
}

section! {
    /// Sliding windows.
    pub struct SlidingConfig {
        /// How long each is.
        pub size: Duration, at_least (Duration::from_milliseconds(1));
        /// From the start of one to that of the next.
        pub slide: Duration, at_least (Duration::from_milliseconds(1));
        /// What their starts are moved by.
        pub offset: Duration = Duration::ZERO;
    }
}

section! {
    /// Session windows.
    pub struct SessionConfig {
        /// After so long without records a session is over.
        pub gap: Duration, at_least (Duration::from_milliseconds(1));
    }
}

/// A length in milliseconds. Flink's times are whole ones.
pub(super) fn milliseconds(duration: Duration) -> i64 {
    (duration.as_nanos() / 1_000_000) as i64
}

impl FilterConfig {
    fn check(&self, problems: &mut Problems) {
        let is_empty = self.share.is_none() && self.minimum.is_none() && self.maximum.is_none();
        if let Some(pattern) = &self.pattern {
            let _ = Policy::read(&pattern.0, Scope::MessageBody, Dialect::Lambda, problems);
        }
        if is_empty && self.partition_keys.is_empty() && self.pattern.is_none() {
            problems
                .error(self.place, "a filter needs a condition")
                .help("give `share`, `partition_keys`, `minimum`, `maximum` or `pattern`");
        }
    }
}

impl FilterConfig {
    /// What the JSON of records must say; problems were told by the check.
    fn policy(&self) -> Option<Policy> {
        let pattern = self.pattern.as_ref()?;
        Policy::read(&pattern.0, Scope::MessageBody, Dialect::Lambda, &mut Problems::new())
    }
}

impl WindowConfig {
    fn check(&self, problems: &mut Problems) {
        let given = [self.tumbling.is_some(), self.sliding.is_some(), self.session.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            problems.error(
                self.place,
                "a window is `tumbling`, `sliding` or a `session`: give exactly one of them",
            );
        }
        let offsets = self
            .tumbling
            .iter()
            .map(|one| (one.offset, one.size, one.places.of("offset")))
            .chain(self.sliding.iter().map(|one| (one.offset, one.slide, one.places.of("offset"))));
        for (offset, step, place) in offsets {
            if offset >= step {
                problems
                    .error(place, format!("an `offset` is shorter than a step of the windows, {step}"))
                    .why("Windows (Flink): abs(offset) < size");
            }
        }
        if self.time == TimeConfig::Processing && self.allowed_lateness > Duration::ZERO {
            problems.error(
                self.places.of("allowed_lateness"),
                "nothing is late in processing time: `allowed_lateness` is for event time",
            );
        }
    }

    fn assigner(&self) -> Assigner {
        if let Some(one) = &self.sliding {
            return Assigner::Sliding {
                size: milliseconds(one.size),
                slide: milliseconds(one.slide),
                offset: milliseconds(one.offset),
            };
        }
        if let Some(one) = &self.session {
            return Assigner::Session { gap: milliseconds(one.gap) };
        }
        let (size, offset) =
            self.tumbling.as_ref().map_or((1, 0), |one| (milliseconds(one.size), milliseconds(one.offset)));
        Assigner::Sliding { size, slide: size, offset }
    }
}

impl OperatorConfig {
    /// Where it asks for the JSON of records, if it does.
    pub(super) fn reads_body(&self) -> Option<Place> {
        match self {
            OperatorConfig::Filter(filter) => filter.pattern.as_ref().map(|pattern| pattern.0.place),
            OperatorConfig::KeyBy(KeyByConfig::Body(key)) => Some(key.place),
            OperatorConfig::Window(window) => window.value.as_ref().map(|key| key.place),
            OperatorConfig::KeyBy(_) | OperatorConfig::Map(_) => None,
        }
    }

    /// The operator. `texts` number the names of keys, `questions` what it asks of records.
    pub(super) fn build(&self, default_time: Span, texts: &mut Texts, questions: &mut Questions) -> Operator {
        let time = |given: Option<Duration>| given.map_or(default_time, span);
        match self {
            OperatorConfig::Filter(filter) => {
                let mut keys: Vec<_> = filter.partition_keys.iter().map(|key| texts.group(key)).collect();
                keys.sort_unstable();
                Operator {
                    kind: OperatorKind::Filter(FilterBy {
                        share: filter.share.map(Probability::as_f64),
                        keys,
                        minimum: filter.minimum,
                        maximum: filter.maximum,
                        pattern: filter.policy().map(|policy| questions.pattern(policy)),
                    }),
                    time: time(filter.time),
                }
            }
            OperatorConfig::Map(map) => {
                Operator { kind: OperatorKind::Map { size_ratio: map.size_ratio }, time: time(map.time) }
            }
            OperatorConfig::KeyBy(key) => Operator {
                kind: OperatorKind::KeyBy(match key {
                    KeyByConfig::PartitionKey => Grouping::PartitionKey,
                    KeyByConfig::Nothing => Grouping::Nothing,
                    KeyByConfig::Body(key) => Grouping::Body(questions.key(&key.value)),
                }),
                time: Span::ZERO,
            },
            OperatorConfig::Window(window) => Operator {
                kind: OperatorKind::Window(WindowOperator {
                    assigner: window.assigner(),
                    time: match window.time {
                        TimeConfig::Event => TimeCharacteristic::Event,
                        TimeConfig::Processing => TimeCharacteristic::Processing,
                    },
                    lateness: milliseconds(window.allowed_lateness),
                    aggregate: window.aggregate,
                    value: window.value.as_ref().map(|key| questions.key(&key.value)),
                    result_bytes: window.result_size.as_u64() as u32,
                    event_step: None,
                }),
                time: time(window.operator_time),
            },
        }
    }
}
