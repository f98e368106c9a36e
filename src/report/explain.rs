//! Why capacity changed, and why it did not: alarms and scaling activities as one story for the terminal.

use crate::engine::Time;
use crate::record::{ScalingActivity, Tape};
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;

const ALARM: Style = AnsiColor::Red.on_default().bold();
const CHANGE: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// One thing that happened.
struct Event<'a> {
    time: Time,
    headline: String,
    style: Style,
    details: Vec<&'a str>,
}

/// The story of each group, and of the alarms that no group's activity names; each in the order of time. Lines are
/// wrapped to `width` columns.
pub fn explain_scaling(tape: &Tape, width: usize) -> String {
    let mut text = String::new();
    let mut groups: Vec<&str> = Vec::new();
    for activity in &tape.activities {
        if !groups.contains(&activity.group.as_str()) {
            groups.push(&activity.group);
        }
    }
    let mut told = vec![false; tape.alarms.len()];
    for group in groups {
        let activities: Vec<&ScalingActivity> =
            tape.activities.iter().filter(|activity| activity.group == group).collect();
        let mut events: Vec<Event<'_>> = activities.iter().map(|activity| activity_event(activity)).collect();
        for (index, change) in tape.alarms.iter().enumerate() {
            let is_named = activities.iter().any(|activity| names(&activity.cause, &change.alarm));
            if is_named {
                told[index] = true;
                events.push(alarm_event(tape, index));
            }
        }
        // Alarms come before what they invoke at the same instant.
        events.sort_by_key(|event| (event.time, event.headline.starts_with("desired")));
        tell(&format!("Scaling of {group}"), &events, width, &mut text);
    }
    let others: Vec<Event<'_>> =
        (0..tape.alarms.len()).filter(|index| !told[*index]).map(|index| alarm_event(tape, index)).collect();
    if !others.is_empty() {
        tell("Alarms that changed no capacity", &others, width, &mut text);
    }
    if text.is_empty() {
        text.push_str("\nScaling: no alarm changed its state, and no capacity changed\n");
    }
    text
}

/// Whether a cause names an alarm, and not only one whose name begins so.
fn names(cause: &str, alarm: &str) -> bool {
    cause.match_indices(alarm).any(|(at, _)| {
        !cause[at + alarm.len()..]
            .starts_with(|next: char| next.is_alphanumeric() || matches!(next, '-' | '_'))
    })
}

fn activity_event(activity: &ScalingActivity) -> Event<'_> {
    let ScalingActivity { old_desired, new_desired, status, .. } = activity;
    let (headline, style) = if old_desired == new_desired && activity.policy.is_empty() {
        // What the group does by itself, such as an instance refresh.
        let what = activity.cause.split([':', '.']).next().unwrap_or_default();
        (format!("{what} ({status})"), DIM)
    } else if old_desired == new_desired {
        (format!("desired capacity stays {old_desired} ({status})"), DIM)
    } else {
        (format!("desired capacity {old_desired} → {new_desired}"), CHANGE)
    };
    Event { time: activity.time, headline, style, details: activity.cause.split("; ").collect() }
}

fn alarm_event(tape: &Tape, index: usize) -> Event<'_> {
    let change = &tape.alarms[index];
    Event {
        time: change.time,
        headline: format!("alarm {} {} → {}", change.alarm, change.old_state, change.new_state),
        style: if change.new_state == "ALARM" { ALARM } else { Style::new() },
        details: vec![&change.reason],
    }
}

fn tell(title: &str, events: &[Event<'_>], width: usize, text: &mut String) {
    let _ = writeln!(text, "\n{title}");
    for event in events {
        let style = event.style;
        let _ = writeln!(text, "  {}  {style}{}{style:#}", clock(event.time), event.headline);
        for detail in &event.details {
            for line in wrapped(detail, width.saturating_sub(14)) {
                let _ = writeln!(text, "              {DIM}{line}{DIM:#}");
            }
        }
    }
}

/// `2:03:07`, since the start of the run.
fn clock(time: Time) -> String {
    let seconds = time.since_start().as_nanos() / 1_000_000_000;
    format!("{:>4}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The text in lines that are not longer than `width`, as far as its words allow.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_not_its_beginning() {
        assert!(names("a monitor alarm backlog in state ALARM", "backlog"));
        assert!(!names("a monitor alarm backlog-high in state ALARM", "backlog"));
    }

    #[test]
    fn lines_are_wrapped_at_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable", 3), ["unbreakable"]);
    }
}
