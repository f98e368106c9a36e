//! The values of a distribution: quantities of some unit, as numbers in that unit's base.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use serde_json::Value as Json;

use crate::language::decode::Decode;
use crate::language::node::Node;
use crate::language::place::Place;
use crate::language::problem::Problems;
use crate::language::schema::Definitions;
use crate::language::units::{Bytes, Duration, Rate};

/// A unit whose quantities can be drawn.
pub trait Unit: Decode + Debug + Display + Clone + Copy + PartialEq + 'static {
    /// The name in schema and reference.
    const NAME: &'static str;
    /// The name in prose.
    const NOUN: &'static str;
    /// A quantity as a scenario writes it.
    const EXAMPLE: &'static str;
    /// What the number 1 in a file of plain numbers stands for, in base units.
    const FILE_UNIT: f64;

    /// The quantity in base units: nanoseconds, bytes, events per second, or itself.
    fn base(self) -> f64;

    /// The nearest quantity of that many base units.
    fn from_base(base: f64) -> Self;
}

impl Unit for Duration {
    const NAME: &'static str = "Duration";
    const NOUN: &'static str = "duration";
    const EXAMPLE: &'static str = "400ms";
    const FILE_UNIT: f64 = 1e9;

    fn base(self) -> f64 {
        self.as_nanos() as f64
    }

    fn from_base(base: f64) -> Self {
        Duration::from_nanos(base.round() as u64)
    }
}

impl Unit for Bytes {
    const NAME: &'static str = "Bytes";
    const NOUN: &'static str = "size";
    const EXAMPLE: &'static str = "2KiB";
    const FILE_UNIT: f64 = 1.0;

    fn base(self) -> f64 {
        self.as_u64() as f64
    }

    fn from_base(base: f64) -> Self {
        Bytes::new(base.round() as u64)
    }
}

impl Unit for Rate {
    const NAME: &'static str = "Rate";
    const NOUN: &'static str = "rate";
    const EXAMPLE: &'static str = "120/s";
    const FILE_UNIT: f64 = 1.0;

    fn base(self) -> f64 {
        self.as_per_second()
    }

    fn from_base(base: f64) -> Self {
        Rate::per_second(base)
    }
}

impl Unit for f64 {
    const NAME: &'static str = "Number";
    const NOUN: &'static str = "number";
    const EXAMPLE: &'static str = "10";
    const FILE_UNIT: f64 = 1.0;

    fn base(self) -> f64 {
        self
    }

    fn from_base(base: f64) -> Self {
        base
    }
}

/// One quantity inside a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount<U: Unit> {
    /// In base units.
    pub base: f64,
    /// Where it stands.
    pub place: Place,
    unit: PhantomData<U>,
}

impl<U: Unit> Amount<U> {
    /// The quantity as a scenario would write it.
    pub fn show(&self) -> String {
        U::from_base(self.base).to_string()
    }
}

impl<U: Unit> Decode for Amount<U> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let base = U::decode(node, problems)?.base();
        Some(Amount { base, place: node.place, unit: PhantomData })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        U::schema(definitions)
    }

    fn type_name() -> String {
        U::NOUN.to_owned()
    }
}
