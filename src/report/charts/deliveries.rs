//! What became of the messages of each subscription of a topic.

use super::axis::{Axis, Scale};
use super::font;
use super::panel::{BELOW_TITLE, BOTTOM, LEFT, Panel, RIGHT, Sample, begin, legend};
use super::picture::{Align, Ink, Picture, Type, ink};
use crate::record::{LedgerRow, Tape, Unit};
use crate::report::human;

/// Fates of a subscription's messages, in the order in which they stand in a bar.
const FATES: [(&str, &str, Ink); 5] = [
    ("delivered", "Delivered", ink::GREEN),
    ("filtered_out", "Filtered out", ink::SKY),
    ("in_delivery", "In delivery or waiting for a retry", ink::YELLOW),
    ("redriven_to_dlq", "Moved to the dead-letter queue", ink::ORANGE),
    ("discarded", "Failed and lost", ink::VERMILION),
];
/// More bars cannot be told apart.
const MOST: usize = 14;

/// The subscriptions of a topic, each with the numbers of its messages by fate.
fn subscriptions<'a>(tape: &'a Tape, topic: &str) -> Vec<(&'a str, [u64; FATES.len()])> {
    let mut all: Vec<(&str, [u64; FATES.len()])> = Vec::new();
    let is_of_topic = |row: &&LedgerRow| {
        row.kind == "subscription" && row.name.strip_prefix(topic).is_some_and(|rest| rest.starts_with('.'))
    };
    for row in tape.ledger.rows().iter().filter(is_of_topic) {
        let name = &row.name[topic.len() + 1..];
        if all.last().is_none_or(|(last, _)| *last != name) {
            all.push((name, [0; FATES.len()]));
        }
        let fate = FATES.iter().position(|(fate, ..)| *fate == row.fate);
        if let (Some(fate), Some((_, counts))) = (fate, all.last_mut()) {
            counts[fate] += row.messages;
        }
    }
    all
}

/// The chart of one topic; `None` when nobody subscribes.
pub(super) fn draw(tape: &Tape, topic: &str) -> Option<Picture> {
    let mut bars = subscriptions(tape, topic);
    if bars.is_empty() {
        return None;
    }
    let all = bars.len();
    bars.truncate(MOST);
    let shown = if all > MOST { format!(", the first {MOST} of {all} subscriptions") } else { String::new() };
    let remark = format!("messages by subscription over the whole run{shown}");
    let mut picture = begin(tape, &format!("Deliveries: {topic}"), &remark);
    let met = |fate: usize| bars.iter().any(|(_, counts)| counts[fate] > 0);
    let entries: Vec<_> = (0..FATES.len())
        .filter(|fate| met(*fate))
        .map(|fate| (Sample::Area(FATES[fate].2), FATES[fate].1.to_owned()))
        .collect();
    let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
    let most = bars.iter().map(|(_, counts)| counts.iter().sum::<u64>()).max().unwrap_or(0);
    let x = Axis::from_zero("Messages", most as f64, Unit::Count, 10.0);
    let y = Axis {
        scale: Scale::Linear { low: 0.0, high: 1.0 },
        ticks: Vec::new(),
        title: "Subscription".to_owned(),
    };
    let panel = Panel::draw(&mut picture, (top, BOTTOM), x, y, true);
    let height = (BOTTOM - top) / bars.len() as f64;
    for (place, (name, counts)) in bars.iter().enumerate() {
        bar(&mut picture, &panel, (top + height * place as f64, height.min(92.0)), name, counts);
    }
    panel.finish(&mut picture);
    Some(picture)
}

/// One subscription: its name and its numbers, and below them the bar.
fn bar(
    picture: &mut Picture,
    panel: &Panel,
    (top, height): (f64, f64),
    name: &str,
    counts: &[u64; FATES.len()],
) {
    let told: Vec<String> = FATES
        .iter()
        .zip(counts)
        .filter(|(_, count)| **count > 0)
        .map(|((_, fate, _), count)| format!("{} {}", human::count(*count as f64), fate.to_lowercase()))
        .collect();
    let told = if told.is_empty() { "no messages".to_owned() } else { told.join(", ") };
    let size = (height * 0.3).clamp(10.0, 14.0);
    let middle = top + height * 0.3;
    let face = Type::new(size, ink::BLACK, Align::Left);
    let name = font::shortened(name, size, true, 420.0);
    let (left, room) = (LEFT + 10.0, RIGHT - LEFT - 30.0);
    picture.label((left, middle), &name, Type { bold: true, ..face });
    let beside = left + font::width(&name, size, true) + 14.0;
    let told = font::shortened(&told, size, false, room - (beside - left));
    picture.label((beside, middle), &told, Type { ink: ink::GREY, ..face });
    let (mut from, rows) = (0, (top + height * 0.5, top + height * 0.85));
    for ((_, _, ink), count) in FATES.iter().zip(counts) {
        let (low, high) = (panel.x_at(from as f64), panel.x_at((from + count) as f64));
        if *count > 0 {
            // A few among many can still be seen.
            picture.rectangle((low, rows.0), (high.max(low + 2.0).min(RIGHT), rows.1), *ink);
        }
        from += count;
    }
}
