//! Evaluating an expression, with AWS's rules for missing points ("Metric math syntax and functions", "Using IF
//! expressions").

use super::function::{Function, Shape};
use super::reduce::{reduce_across, reduce_along};
use super::{Grid, Node, Operator, Points, Query, Term, Value, Word, kept};

/// An expression in the middle of its queries.
pub(super) struct Evaluation<'a> {
    pub(super) grid: &'a Grid,
    pub(super) queries: &'a [Query],
    /// What the queries came to, as far as they are evaluated.
    pub(super) values: &'a [Value],
}

impl Evaluation<'_> {
    pub(super) fn value(&self, term: &Term) -> Value {
        match &term.node {
            Node::Number(number) => Value::Scalar(kept(*number)),
            Node::Id(name) => {
                let query = self.queries.iter().position(|query| query.id == *name);
                query.map_or(Value::Scalar(None), |query| self.values[query].clone())
            }
            Node::Text(_) | Node::Word(_) => Value::Scalar(None),
            Node::Negate(inner) => each(self.value(inner), &|value| -value),
            Node::Binary(operator, left, right) => binary(*operator, self.value(left), self.value(right)),
            Node::List(items) => Value::Array(items.iter().flat_map(|item| self.array(item)).collect()),
            Node::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    /// The series of an argument, however many.
    fn array(&self, term: &Term) -> Vec<Points> {
        match self.value(term) {
            Value::Array(array) => array,
            Value::Series(points) => vec![points],
            Value::Scalar(_) => Vec::new(),
        }
    }

    fn scalar(&self, term: Option<&Term>) -> Option<f64> {
        match self.value(term?) {
            Value::Scalar(number) => number,
            Value::Series(_) | Value::Array(_) => None,
        }
    }

    fn call(&self, function: Function, arguments: &[Term]) -> Value {
        match (function.shape(), function) {
            (Shape::Reducer, _) => match self.value(&arguments[0]) {
                Value::Series(points) => Value::Scalar(reduce_along(function, &points)),
                Value::Array(array) => Value::Series(reduce_across(function, &array, self.grid.slots)),
                scalar @ Value::Scalar(_) => scalar,
            },
            (Shape::Pointwise, _) => match self.value(&arguments[0]) {
                Value::Series(points) => Value::Series(self.pointwise(function, &points)),
                Value::Array(array) => {
                    Value::Array(array.iter().map(|points| self.pointwise(function, points)).collect())
                }
                scalar @ Value::Scalar(_) => scalar,
            },
            (Shape::Calendar, _) => Value::Series(self.calendar(function)),
            (Shape::Special, Function::Metrics) => Value::Array(self.metrics(arguments)),
            (Shape::Special, Function::Fill) => self.fill(&arguments[0], &arguments[1]),
            (Shape::Special, Function::If) => self.choose(arguments),
            (Shape::Special, Function::Period) => Value::Scalar(Some(self.grid.period.as_seconds_f64())),
            (Shape::Special, Function::TimeSeries) => {
                Value::Series(vec![self.scalar(arguments.first()); self.grid.slots])
            }
            (Shape::Special, Function::Sort) => Value::Array(self.sort(arguments)),
            (Shape::Special, _) => {
                of_array(function, self.array(&arguments[0]), self.grid.slots, |argument| {
                    self.scalar(arguments.get(argument))
                })
            }
        }
    }

    fn metrics(&self, arguments: &[Term]) -> Vec<Points> {
        let part = match arguments.first().map(|argument| &argument.node) {
            Some(Node::Text(text)) => text.as_str(),
            _ => "",
        };
        let queries = self.queries.iter().zip(self.values);
        queries
            .filter(|(query, _)| query.expression.is_none() && query.id.contains(part))
            .filter_map(|(_, value)| match value {
                Value::Series(points) => Some(points.clone()),
                _ => None,
            })
            .collect()
    }

    fn pointwise(&self, function: Function, points: &[Option<f64>]) -> Points {
        let seconds = self.grid.period.as_seconds_f64();
        let map = |f: &dyn Fn(f64) -> f64| points.iter().map(|point| point.map(f).and_then(kept)).collect();
        // What a point and the one before it come to, with the seconds between them.
        let pairs = |f: &dyn Fn(f64, f64) -> f64| {
            let mut before: Option<(usize, f64)> = None;
            let pair = |(slot, point): (usize, &Option<f64>)| {
                let value = (*point)?;
                let (earlier, old) = before.replace((slot, value))?;
                kept(f(value - old, (slot - earlier) as f64 * seconds))
            };
            points.iter().enumerate().map(pair).collect()
        };
        match function {
            Function::Abs => map(&f64::abs),
            Function::Ceil => map(&f64::ceil),
            Function::Floor => map(&f64::floor),
            Function::Log => map(&libm::log),
            Function::Log10 => map(&libm::log10),
            Function::Diff => pairs(&|change, _| change),
            Function::DiffTime => pairs(&|_, seconds| seconds),
            Function::Rate => pairs(&|change, seconds| change / seconds),
            Function::RunningSum => {
                let mut sum = 0.0;
                let add = |point: &Option<f64>| {
                    sum += (*point)?;
                    kept(sum)
                };
                points.iter().map(add).collect()
            }
            _ => points.to_vec(),
        }
    }

    /// Parts of the time at which each slot begins, in UTC; Monday is day 1.
    fn calendar(&self, function: Function) -> Points {
        let part = |slot| {
            let seconds = self.grid.unix_seconds(slot);
            if function == Function::Epoch {
                return Some(seconds as f64);
            }
            let time = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
            Some(match function {
                Function::Minute => f64::from(time.minute()),
                Function::Hour => f64::from(time.hour()),
                Function::Day => f64::from(time.weekday().to_monday_one_offset()),
                Function::Date => f64::from(time.day()),
                Function::Month => f64::from(time.month()),
                _ => f64::from(time.year()),
            })
        };
        (0..self.grid.slots).map(part).collect()
    }

    fn fill(&self, what: &Term, with: &Term) -> Value {
        let fill: Box<dyn Fn(Points) -> Points> = match &with.node {
            Node::Word(Word::Repeat) => Box::new(repeat),
            Node::Word(Word::Linear) => Box::new(linear),
            _ => match self.value(with) {
                Value::Scalar(number) => {
                    Box::new(move |points| points.into_iter().map(|point| point.or(number)).collect())
                }
                Value::Series(others) => Box::new(move |points| {
                    points.into_iter().zip(&others).map(|(point, other)| point.or(*other)).collect()
                }),
                Value::Array(_) => Box::new(|points| points),
            },
        };
        match self.value(what) {
            Value::Series(points) => Value::Series(fill(points)),
            Value::Array(array) => Value::Array(array.into_iter().map(fill).collect()),
            scalar @ Value::Scalar(_) => scalar,
        }
    }

    /// A missing condition drops the point; true with a missing value gives 0; false with a missing one, or with none
    /// given, drops the point.
    fn choose(&self, arguments: &[Term]) -> Value {
        let slots = self.grid.slots;
        let (yes, no) = (self.value(&arguments[1]), arguments.get(2).map(|argument| self.value(argument)));
        match self.value(&arguments[0]) {
            Value::Series(condition) => {
                let choose = |(slot, condition): (usize, Option<f64>)| {
                    if condition? == 0.0 {
                        no.as_ref().and_then(|no| at(no, slot))
                    } else {
                        at(&yes, slot).or(Some(0.0))
                    }
                };
                Value::Series(condition.into_iter().enumerate().map(choose).collect())
            }
            Value::Scalar(Some(number)) if number != 0.0 => yes,
            Value::Scalar(Some(_)) => no.unwrap_or_else(|| Value::Series(vec![None; slots])),
            _ => Value::Series(vec![None; slots]),
        }
    }

    fn sort(&self, arguments: &[Term]) -> Vec<Points> {
        let Node::Word(Word::By(by)) = arguments[1].node else { return Vec::new() };
        let descending = arguments[2].node == Node::Word(Word::Descending);
        let mut keyed: Vec<(Option<f64>, Points)> =
            self.array(&arguments[0]).into_iter().map(|points| (reduce_along(by, &points), points)).collect();
        // Series without points come last, whatever the order.
        keyed.sort_by(|(left, _), (right, _)| match (left, right) {
            (Some(left), Some(right)) if descending => right.total_cmp(left),
            (Some(left), Some(right)) => left.total_cmp(right),
            (left, right) => right.is_some().cmp(&left.is_some()),
        });
        let limit = self.scalar(arguments.get(3)).map_or(usize::MAX, |limit| limit.max(0.0) as usize);
        keyed.into_iter().take(limit).map(|(_, points)| points).collect()
    }
}

/// Functions of an array: its ends, its length, parts of it.
fn of_array(
    function: Function,
    mut array: Vec<Points>,
    slots: usize,
    number: impl Fn(usize) -> Option<f64>,
) -> Value {
    let index =
        |argument, otherwise: usize| number(argument).map_or(otherwise, |at: f64| at.max(0.0) as usize);
    match function {
        Function::First => Value::Series(array.into_iter().next().unwrap_or_else(|| vec![None; slots])),
        Function::Last => Value::Series(array.pop().unwrap_or_else(|| vec![None; slots])),
        Function::MetricCount => Value::Scalar(Some(array.len() as f64)),
        Function::RemoveEmpty => {
            array.retain(|points| points.iter().any(Option::is_some));
            Value::Array(array)
        }
        _ => {
            let end = index(2, array.len()).min(array.len());
            let start = index(1, 0).min(end);
            Value::Array(array.drain(start..end).collect())
        }
    }
}

/// What a value has in a slot.
fn at(value: &Value, slot: usize) -> Option<f64> {
    match value {
        Value::Scalar(number) => *number,
        Value::Series(points) => points[slot],
        Value::Array(_) => None,
    }
}

fn each(value: Value, f: &dyn Fn(f64) -> f64) -> Value {
    let map = |points: Points| points.into_iter().map(|point| point.map(f)).collect();
    match value {
        Value::Scalar(number) => Value::Scalar(number.map(f)),
        Value::Series(points) => Value::Series(map(points)),
        Value::Array(array) => Value::Array(array.into_iter().map(map).collect()),
    }
}

/// Two time series have a point wherever one of them has: the missing one counts as 0. With a number there is a point
/// where the series has one.
fn binary(operator: Operator, left: Value, right: Value) -> Value {
    let apply = |left: f64, right: f64| compute(operator, left, right);
    match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => {
            Value::Scalar(left.zip(right).and_then(|(left, right)| apply(left, right)))
        }
        (Value::Series(points), Value::Scalar(number)) => Value::Series(
            points
                .into_iter()
                .map(|point| point.zip(number).and_then(|(left, right)| apply(left, right)))
                .collect(),
        ),
        (Value::Scalar(number), Value::Series(points)) => Value::Series(
            points
                .into_iter()
                .map(|point| number.zip(point).and_then(|(left, right)| apply(left, right)))
                .collect(),
        ),
        (Value::Series(left), Value::Series(right)) => {
            let join = |(left, right): (Option<f64>, Option<f64>)| {
                if left.is_none() && right.is_none() {
                    return None;
                }
                apply(left.unwrap_or(0.0), right.unwrap_or(0.0))
            };
            Value::Series(left.into_iter().zip(right).map(join).collect())
        }
        (Value::Array(array), other) => Value::Array(
            array
                .into_iter()
                .filter_map(|points| match binary(operator, Value::Series(points), other.clone()) {
                    Value::Series(points) => Some(points),
                    _ => None,
                })
                .collect(),
        ),
        (other, Value::Array(array)) => Value::Array(
            array
                .into_iter()
                .filter_map(|points| match binary(operator, other.clone(), Value::Series(points)) {
                    Value::Series(points) => Some(points),
                    _ => None,
                })
                .collect(),
        ),
    }
}

/// What becomes of two numbers; a division by zero, and what is no number or too large, drops the point.
fn compute(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let truth = |holds: bool| Some(if holds { 1.0 } else { 0.0 });
    // The difference of two finite numbers is zero exactly when they are equal.
    let equal = left - right == 0.0;
    match operator {
        Operator::Add => kept(left + right),
        Operator::Subtract => kept(left - right),
        Operator::Multiply => kept(left * right),
        Operator::Divide if right == 0.0 => None,
        Operator::Divide => kept(left / right),
        Operator::Power => kept(libm::pow(left, right)),
        Operator::Equal => truth(equal),
        Operator::NotEqual => truth(!equal),
        Operator::Less => truth(left < right),
        Operator::LessOrEqual => truth(left <= right),
        Operator::Greater => truth(left > right),
        Operator::GreaterOrEqual => truth(left >= right),
        Operator::And => truth(left != 0.0 && right != 0.0),
        Operator::Or => truth(left != 0.0 || right != 0.0),
    }
}

/// FILL with the newest value before; nothing before the first.
fn repeat(points: Points) -> Points {
    let mut newest = None;
    let fill = |point: Option<f64>| {
        newest = point.or(newest);
        newest
    };
    points.into_iter().map(fill).collect()
}

/// FILL along a line between the values at both ends of a gap; gaps at an end of the series stay.
fn linear(mut points: Points) -> Points {
    let known: Vec<(usize, f64)> =
        points.iter().enumerate().filter_map(|(slot, point)| point.map(|value| (slot, value))).collect();
    for pair in known.windows(2) {
        let [(start, from), (end, to)] = [pair[0], pair[1]];
        for (step, point) in points[start + 1..end].iter_mut().enumerate() {
            let share = (step + 1) as f64 / (end - start) as f64;
            *point = kept(from + (to - from) * share);
        }
    }
    points
}
