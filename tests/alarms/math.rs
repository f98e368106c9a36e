//! Metric math against a naive evaluator: random expressions over random series with gaps, computed point by point.

use super::stream;
use queuelab::engine::{Span, Stream};
use queuelab::series::math::{Grid, MetricMath, Query, read};

const SLOTS: usize = 6;
const IDS: [&str; 3] = ["m1", "m2", "m3"];

/// An expression that is a time series.
enum Expression {
    Metric(usize),
    Number(i64),
    Negative(Box<Expression>),
    Operation(&'static str, Box<Expression>, Box<Expression>),
    If(Box<Expression>, Box<Expression>, Option<Box<Expression>>),
    Fill(Box<Expression>, &'static str),
    Function(&'static str, Box<Expression>),
    Across(&'static str, Vec<Expression>),
}

use Expression as E;

const OPERATORS: [&str; 12] = ["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "AND", "OR"];
const POINTWISE: [&str; 6] = ["ABS", "CEIL", "FLOOR", "DIFF", "RATE", "RUNNING_SUM"];
const FILLS: [&str; 3] = ["7", "REPEAT", "LINEAR"];
const ACROSS: [&str; 5] = ["SUM", "AVG", "MIN", "MAX", "DATAPOINT_COUNT"];

fn pick<T: Copy>(from: &[T], draw: &mut Stream) -> T {
    from[draw.below(from.len() as u64) as usize]
}

fn series(draw: &mut Stream, depth: u32) -> Expression {
    if depth == 0 {
        return E::Metric(draw.below(3) as usize);
    }
    let inner = |draw: &mut Stream| Box::new(series(draw, depth - 1));
    match draw.below(7) {
        0 => E::Metric(draw.below(3) as usize),
        1 => E::Negative(inner(draw)),
        2 => {
            let (left, operator) = (inner(draw), pick(&OPERATORS, draw));
            let number = Box::new(E::Number(draw.below(5).cast_signed()));
            if draw.below(2) == 0 {
                E::Operation(operator, left, number)
            } else {
                E::Operation(operator, number, left)
            }
        }
        3 => E::Operation(pick(&OPERATORS, draw), inner(draw), inner(draw)),
        4 => {
            let otherwise = (draw.below(2) == 0).then(|| inner(draw));
            E::If(inner(draw), inner(draw), otherwise)
        }
        5 => E::Fill(inner(draw), pick(&FILLS, draw)),
        _ => {
            if draw.below(2) == 0 {
                return E::Function(pick(&POINTWISE, draw), inner(draw));
            }
            let all = (0..=draw.below(3)).map(|_| series(draw, depth - 1)).collect();
            E::Across(pick(&ACROSS, draw), all)
        }
    }
}

fn text(expression: &Expression) -> String {
    match expression {
        E::Metric(index) => IDS[*index].to_owned(),
        E::Number(number) => number.to_string(),
        E::Negative(inner) => format!("(-{})", text(inner)),
        E::Operation(operator, left, right) => format!("({} {operator} {})", text(left), text(right)),
        E::If(condition, yes, None) => format!("IF({}, {})", text(condition), text(yes)),
        E::If(condition, yes, Some(no)) => format!("IF({}, {}, {})", text(condition), text(yes), text(no)),
        E::Fill(inner, with) => format!("FILL({}, {with})", text(inner)),
        E::Function(name, inner) => format!("{name}({})", text(inner)),
        E::Across(name, all) => {
            format!("{name}([{}])", all.iter().map(text).collect::<Vec<_>>().join(", "))
        }
    }
}

type Metrics = [[Option<f64>; SLOTS]; 3];

/// The point of one slot; whatever it depends on is computed anew.
fn point(expression: &Expression, slot: usize, metrics: &Metrics) -> Option<f64> {
    let at = |expression: &Expression, slot: usize| point(expression, slot, metrics);
    let value = match expression {
        E::Metric(index) => metrics[*index][slot]?,
        E::Number(number) => *number as f64,
        E::Negative(inner) => -at(inner, slot)?,
        E::Operation(operator, left, right) => {
            let (first, second) = (at(left, slot), at(right, slot));
            // A number is no reason for a point where the series has none.
            let is_number = |side: &Expression| matches!(side, E::Number(_));
            let there = (first.is_some() && !is_number(left)) || (second.is_some() && !is_number(right));
            if !there {
                return None;
            }
            operate(operator, first.unwrap_or(0.0), second.unwrap_or(0.0))?
        }
        E::If(condition, yes, no) => {
            if at(condition, slot)? == 0.0 {
                at(no.as_ref()?, slot)?
            } else {
                at(yes, slot).unwrap_or(0.0)
            }
        }
        E::Fill(inner, "7") => at(inner, slot).unwrap_or(7.0),
        E::Fill(inner, "REPEAT") => (0..=slot).rev().find_map(|earlier| at(inner, earlier))?,
        E::Fill(inner, _) => {
            if let Some(there) = at(inner, slot) {
                return Some(there);
            }
            let before = (0..slot).rev().find_map(|s| at(inner, s).map(|v| (s, v)))?;
            let after = (slot..SLOTS).find_map(|s| at(inner, s).map(|v| (s, v)))?;
            before.1 + (after.1 - before.1) * ((slot - before.0) as f64 / (after.0 - before.0) as f64)
        }
        E::Function(name, inner) => {
            let now = at(inner, slot)?;
            let before = (0..slot).rev().find_map(|s| at(inner, s).map(|v| (s, v)));
            match *name {
                "ABS" => now.abs(),
                "CEIL" => now.ceil(),
                "FLOOR" => now.floor(),
                "DIFF" => now - before?.1,
                "RATE" => (now - before?.1) / ((slot - before?.0) as f64 * 60.0),
                _ => (0..=slot).filter_map(|s| at(inner, s)).sum(),
            }
        }
        E::Across(name, all) => {
            let there: Vec<f64> = all.iter().filter_map(|one| at(one, slot)).collect();
            if there.is_empty() {
                return None;
            }
            match *name {
                "SUM" => there.iter().sum(),
                "AVG" => there.iter().sum::<f64>() / all.len() as f64,
                "MIN" => there.iter().copied().fold(f64::INFINITY, f64::min),
                "MAX" => there.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                _ => there.len() as f64,
            }
        }
    };
    value.is_finite().then_some(value)
}

fn operate(operator: &str, left: f64, right: f64) -> Option<f64> {
    let truth = |holds: bool| Some(f64::from(u8::from(holds)));
    match operator {
        "+" => Some(left + right),
        "-" => Some(left - right),
        "*" => Some(left * right),
        "/" => (right != 0.0).then(|| left / right),
        "<" => truth(left < right),
        "<=" => truth(left <= right),
        ">" => truth(left > right),
        ">=" => truth(left >= right),
        "==" => truth(left.total_cmp(&right).is_eq() || (left == 0.0 && right == 0.0)),
        "!=" => operate("==", left, right).map(|equal| 1.0 - equal),
        "AND" => truth(left != 0.0 && right != 0.0),
        _ => truth(left != 0.0 || right != 0.0),
    }
}

#[test]
fn metric_math_agrees_with_a_naive_evaluator() {
    let mut draw = stream("math");
    let grid = Grid { start_unix_millis: 0, period: Span::from_minutes(1), slots: SLOTS };
    for _ in 0..10_000 {
        let mut metrics: Metrics = [[None; SLOTS]; 3];
        for value in metrics.iter_mut().flatten() {
            *value = (draw.below(3) > 0).then(|| draw.below(9) as f64 - 3.0);
        }
        let expression = series(&mut draw, 4);
        let text = text(&expression);
        let query = |id: &str| Query { id: id.to_owned(), expression: None };
        let mut queries: Vec<Query> = IDS.iter().map(|id| query(id)).collect();
        let term = read(&text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        queries.push(Query { id: "e".to_owned(), expression: Some(term) });
        let math = MetricMath::new(queries, 3).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        let found = math.evaluate(&grid, &mut |query| metrics[query].to_vec());
        for (slot, found) in found.into_iter().enumerate() {
            let wanted = point(&expression, slot, &metrics);
            let close = match (found, wanted) {
                (Some(found), Some(wanted)) => (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
                (found, wanted) => found.is_none() && wanted.is_none(),
            };
            assert!(close, "{text} in slot {slot}: {found:?}, not {wanted:?}, of {metrics:?}");
        }
    }
}
