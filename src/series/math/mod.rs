//! Metric math: expressions over time series, read, checked and evaluated ("Using metric math").
//!
//! An expression is read into a tree ([`read`]), its parts are checked against the kinds of value the functions take
//! (`check.rs`), and it is evaluated over the slots of a [`Grid`], all of them at once: some functions look at the points
//! before.

mod check;
mod evaluate;
mod function;
mod read;
mod reduce;
mod token;

#[cfg(test)]
mod tests;

pub use function::Function;
pub use read::read;

use crate::engine::{Span, Time};
use std::fmt;

/// A value of every slot of a grid; `None` where there is no datapoint.
pub type Points = Vec<Option<f64>>;

/// The slots an expression is evaluated over: periods of one length, one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Milliseconds since 1970 at which the first slot begins; the run may begin later than the slot.
    pub start_unix_millis: i64,
    /// Length of a slot.
    pub period: Span,
    /// How many slots there are.
    pub slots: usize,
}

/// What a part of an expression is: the abbreviations of "Metric math syntax and functions".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// S
    Scalar,
    /// TS
    Series,
    /// TS[]
    Array,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Scalar => "a single number",
            Kind::Series => "a time series",
            Kind::Array => "an array of time series",
        })
    }
}

/// What a part of an expression comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number; `None` where there is none, such as the average of nothing.
    Scalar(Option<f64>),
    /// A time series.
    Series(Points),
    /// Several of them.
    Array(Vec<Points>),
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `AND`, `&&`
    And,
    /// `OR`, `||`
    Or,
}

/// An upper-case word without parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// FILL with the value before.
    Repeat,
    /// FILL along a line.
    Linear,
    /// SORT the lowest first.
    Ascending,
    /// SORT the highest first.
    Descending,
    /// SORT by what this function makes of each series.
    By(Function),
}

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A number.
    Number(f64),
    /// The id of a query.
    Id(String),
    /// A text.
    Text(String),
    /// A word.
    Word(Word),
    /// `-x`
    Negate(Box<Term>),
    /// `x + y`
    Binary(Operator, Box<Term>, Box<Term>),
    /// `[x, y]`
    List(Vec<Term>),
    /// `MAX(x)`
    Call(Function, Vec<Term>),
}

/// A part of an expression and where it stands in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Byte offset of its beginning.
    pub start: usize,
    /// Byte offset behind its end.
    pub end: usize,
    /// What it is.
    pub node: Node,
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MathError {
    /// Byte offset of the beginning.
    pub start: usize,
    /// Byte offset behind the end.
    pub end: usize,
    /// One sentence without a full stop.
    pub what: String,
    /// What to try; possibly empty.
    pub help: String,
}

impl MathError {
    fn at(term: &Term, what: impl Into<String>) -> Self {
        Self { start: term.start, end: term.end, what: what.into(), help: String::new() }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// One query that expressions may name.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Its id.
    pub id: String,
    /// What it is computed by; `None` for a metric, whose points are given.
    pub expression: Option<Term>,
}

/// Metric math: queries that name each other, in an order in which each can be evaluated, and the one that is returned.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricMath {
    queries: Vec<Query>,
    /// Positions of expressions, those first that others need.
    order: Vec<usize>,
    returned: usize,
}

/// Where checking found what is wrong: in the expression of this query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The query's position.
    pub query: usize,
    /// What is wrong.
    pub error: MathError,
}

impl MetricMath {
    /// Checks queries of which `returned` is asked for: names, cycles, kinds of value.
    ///
    /// # Errors
    ///
    /// Everything that is wrong.
    pub fn new(queries: Vec<Query>, returned: usize) -> Result<Self, Vec<QueryError>> {
        let order = check::check(&queries, returned)?;
        Ok(Self { queries, order, returned })
    }

    /// The points of the returned query. `points` gives those of a metric, by the query's position.
    pub fn evaluate(&self, grid: &Grid, points: &mut dyn FnMut(usize) -> Points) -> Points {
        let mut values: Vec<Value> = (0..self.queries.len())
            .map(|query| match self.queries[query].expression {
                None => Value::Series(points(query)),
                Some(_) => Value::Scalar(None),
            })
            .collect();
        for &query in &self.order {
            let Some(term) = &self.queries[query].expression else { continue };
            values[query] =
                evaluate::Evaluation { grid, queries: &self.queries, values: &values }.value(term);
        }
        match values.swap_remove(self.returned) {
            Value::Series(points) => points,
            Value::Scalar(_) | Value::Array(_) => vec![None; grid.slots],
        }
    }
}

impl Grid {
    /// Seconds since 1970 at the beginning of a slot.
    fn unix_seconds(&self, slot: usize) -> i64 {
        (self.start_unix_millis + millis(self.period, slot)).div_euclid(1000)
    }

    /// The grid of `slots` periods that end at `end`, in a run that began at `start_unix_millis`.
    pub fn ending(end: Time, period: Span, slots: usize, start_unix_millis: i64) -> Self {
        let end = start_unix_millis + millis(end.since_start(), 1);
        Self { start_unix_millis: end - millis(period, slots), period, slots }
    }
}

/// So many spans, in milliseconds.
fn millis(span: Span, number: usize) -> i64 {
    (span.as_nanos() / 1_000_000 * number as u64).cast_signed()
}

/// CloudWatch keeps values within ±2^360 and none that are not finite ("CloudWatch service quotas", "PutMetricData"):
/// others are dropped.
pub fn kept(value: f64) -> Option<f64> {
    const LARGEST: f64 = 2.348_542_582_773_833_2e108;
    (value.abs() <= LARGEST).then_some(value)
}
