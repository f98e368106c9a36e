//! Limits: the range a key's value must lie in, said once for the check, the schema and the reference.

use std::fmt::Display;

use serde_json::{Map, Value as Json};

use super::decode::Decode;
use super::place::Located;

/// The range of a value. All bounds are inclusive except `Above`'s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limits<Bound> {
    /// From the first to the second.
    Within(Bound, Bound),
    /// No less than this.
    AtLeast(Bound),
    /// No more than this.
    AtMost(Bound),
    /// More than this.
    Above(Bound),
}

impl<Bound: PartialOrd + Display + Decode> Limits<Bound> {
    /// From `minimum` to `maximum`, both allowed.
    pub fn within(minimum: Bound, maximum: Bound) -> Self {
        Limits::Within(minimum, maximum)
    }

    /// `minimum` or more.
    pub fn at_least(minimum: Bound) -> Self {
        Limits::AtLeast(minimum)
    }

    /// `maximum` or less.
    pub fn at_most(maximum: Bound) -> Self {
        Limits::AtMost(maximum)
    }

    /// More than `minimum`.
    pub fn above(minimum: Bound) -> Self {
        Limits::Above(minimum)
    }

    /// Whether a value lies in the range.
    pub fn allows(&self, value: &Bound) -> bool {
        match self {
            Limits::Within(minimum, maximum) => value >= minimum && value <= maximum,
            Limits::AtLeast(minimum) => value >= minimum,
            Limits::AtMost(maximum) => value <= maximum,
            Limits::Above(minimum) => value > minimum,
        }
    }

    /// The range in words, as it follows "must be": `from 0s to 12h`, `at least 1`.
    pub fn describe(&self) -> String {
        match self {
            Limits::Within(minimum, maximum) => format!("from {minimum} to {maximum}"),
            Limits::AtLeast(minimum) => format!("at least {minimum}"),
            Limits::AtMost(maximum) => format!("at most {maximum}"),
            Limits::Above(minimum) => format!("more than {minimum}"),
        }
    }

    /// The same as JSON Schema keywords; empty where values are texts with units, which JSON Schema cannot compare.
    pub fn keywords(&self) -> Map<String, Json> {
        let (least, most, above) = match self {
            Limits::Within(minimum, maximum) => (Some(minimum), Some(maximum), None),
            Limits::AtLeast(minimum) => (Some(minimum), None, None),
            Limits::AtMost(maximum) => (None, Some(maximum), None),
            Limits::Above(minimum) => (None, None, Some(minimum)),
        };
        let mut keywords = Map::new();
        for (keyword, bound) in [("minimum", least), ("maximum", most), ("exclusiveMinimum", above)] {
            if let Some(Json::Number(number)) = bound.and_then(Decode::to_json) {
                keywords.insert(keyword.to_owned(), Json::Number(number));
            }
        }
        keywords
    }
}

/// A value, or several, that limits can be put on.
pub trait Ranged {
    /// What the limits are made of.
    type Bound: PartialOrd + Display + Decode;

    /// The first value outside the limits, if any is.
    fn outside(&self, limits: &Limits<Self::Bound>) -> Option<&Self::Bound>;
}

macro_rules! ranged {
    ($($type:ty),* $(,)?) => {
        $(impl Ranged for $type {
            type Bound = $type;
            fn outside(&self, limits: &Limits<$type>) -> Option<&$type> {
                (!limits.allows(self)).then_some(self)
            }
        })*
    };
}

ranged!(
    u32,
    u64,
    i64,
    f64,
    super::units::Duration,
    super::units::Rate,
    super::units::Bytes,
    super::units::Probability,
    super::units::Ratio,
    super::units::Date,
);

impl<T: Ranged> Ranged for Option<T> {
    type Bound = T::Bound;
    fn outside(&self, limits: &Limits<T::Bound>) -> Option<&T::Bound> {
        self.as_ref().and_then(|value| value.outside(limits))
    }
}

impl<T: Ranged> Ranged for Located<T> {
    type Bound = T::Bound;
    fn outside(&self, limits: &Limits<T::Bound>) -> Option<&T::Bound> {
        self.value.outside(limits)
    }
}

impl<T: Ranged> Ranged for Vec<T> {
    type Bound = T::Bound;
    fn outside(&self, limits: &Limits<T::Bound>) -> Option<&T::Bound> {
        self.iter().find_map(|value| value.outside(limits))
    }
}
