//! Charts: what a person would want to look at, each as SVG and as PNG.
//!
//! A chart is a [`picture::Picture`], a list of shapes laid out once and drawn twice. Nothing in it depends on
//! the machine: fonts are embedded, and arithmetic is exact or goes through `libm`.

mod age;
mod axis;
mod backlog;
mod concurrency;
mod deliveries;
mod distribution;
mod font;
mod latency;
mod panel;
mod picture;
mod plot;
mod raster;
mod scaling;
mod source;
mod throughput;
mod trace;
mod work;

pub(super) use picture::escaped;
pub use plot::{Drawing, HeatMap, Line, LineChart, LinePoint, Mark, Positions, Scatter};

use super::ReportError;
use super::staging::Staging;
use crate::record::Tape;
use picture::Picture;
use std::collections::BTreeSet;

/// A chart that was drawn.
pub(super) struct Chart {
    /// Its file name, without extension.
    pub(super) name: String,
    /// Its SVG element.
    pub(super) svg: String,
}

/// Draws every chart of the tape.
pub(super) fn write(tape: &Tape, staging: &mut Staging) -> Result<Vec<Chart>, ReportError> {
    let mut drawn = Vec::new();
    each(tape, &mut |name, picture| {
        let svg = picture.svg();
        staging.write(&format!("charts/{name}.svg"), svg.as_bytes())?;
        drawn.push(Chart { name: name.to_owned(), svg });
        staging.write(&format!("charts/{name}.png"), &picture.png())
    })?;
    Ok(drawn)
}

/// Draws a chart of an experiment.
pub(super) fn write_drawing(name: &str, drawing: &Drawing, staging: &mut Staging) -> Result<(), ReportError> {
    let picture = drawing.draw();
    staging.write(&format!("charts/{name}.svg"), picture.svg().as_bytes())?;
    staging.write(&format!("charts/{name}.png"), &picture.png())
}

/// Hands out every chart with its file name, without extension.
fn each(
    tape: &Tape,
    hand_out: &mut dyn FnMut(&str, &Picture) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let mut names = Names::default();
    for consumer in source::consumers(tape) {
        let queues = source::queues_of(tape, consumer);
        hand_out(&names.of("backlog-and-capacity", consumer), &backlog::draw(tape, consumer, &queues))?;
        let alarms = source::alarms_of(tape, consumer);
        if !alarms.is_empty() {
            hand_out(&names.of("scaling", consumer), &scaling::draw(tape, consumer, &alarms, &queues))?;
        }
        hand_out(&names.of("latency", consumer), &latency::draw(tape, "consumer", consumer))?;
        hand_out(
            &names.of("latency-distribution", consumer),
            &distribution::draw(tape, "consumer", consumer),
        )?;
    }
    for function in source::functions(tape) {
        let queues = source::queues_of(tape, function);
        hand_out(
            &names.of("backlog-and-concurrency", function),
            &concurrency::draw(tape, function, &queues),
        )?;
        hand_out(&names.of("latency", function), &latency::draw(tape, "function", function))?;
        hand_out(
            &names.of("latency-distribution", function),
            &distribution::draw(tape, "function", function),
        )?;
    }
    for topic in source::topics(tape) {
        if let Some(picture) = deliveries::draw(tape, topic) {
            hand_out(&names.of("deliveries", topic), &picture)?;
        }
    }
    for kind in
        ["stream_consumer", "delivery_stream", "flink_application", "sql_application", "video_consumer"]
    {
        for name in source::named(tape, kind) {
            hand_out(&names.of("latency", name), &latency::draw(tape, kind, name))?;
            hand_out(&names.of("latency-distribution", name), &distribution::draw(tape, kind, name))?;
        }
    }
    for kind in ["flink_application", "sql_application"] {
        for name in source::named(tape, kind) {
            hand_out(&names.of("work", name), &work::draw(tape, kind, name))?;
        }
    }
    if let Some(picture) = age::draw_freshness(tape) {
        hand_out("data-freshness", &picture)?;
    }
    let queues = source::queues(tape);
    for queue in &queues {
        hand_out(&names.of("throughput", queue), &throughput::draw(tape, queue))?;
    }
    if queues.is_empty() { Ok(()) } else { hand_out("age-of-oldest-message", &age::draw(tape)) }
}

/// File names already given away, in small letters: some file systems do not tell the difference.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// `what-thing`, with what file systems dislike replaced, and a number where that is taken.
    fn of(&mut self, what: &str, thing: &str) -> String {
        let safe = |letter: char| {
            if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' }
        };
        // File names end at 255 bytes on most systems.
        let thing: String = thing.chars().map(safe).take(150).collect();
        let base = format!("{what}-{thing}");
        let mut name = base.clone();
        let mut number = 1;
        while !self.0.insert(name.to_lowercase()) {
            number += 1;
            name = format!("{base}-{number}");
        }
        name
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
