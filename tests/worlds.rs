//! Random worlds of all services at once: whoever hands messages to whom, the books balance.

mod services;

use super::properties::{general_faults, hold_worlds};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Numbers that choices are made with. Once they are used up every choice is the first one.
struct Dice<'a>(std::slice::Iter<'a, u16>);

impl Dice<'_> {
    fn below(&mut self, number: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % number
    }

    fn maybe(&mut self) -> bool {
        self.below(2) == 1
    }

    /// One of some texts; the first is the simplest.
    fn one(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.below(texts.len())]
    }
}

/// A scenario in the making: the entries of each section.
#[derive(Default)]
struct World {
    sections: BTreeMap<&'static str, String>,
    /// What a consumer of the last queue line may forward to; nothing may lead back.
    targets: Vec<&'static str>,
}

impl World {
    fn add(&mut self, section: &'static str, entry: &str) {
        let entries = self.sections.entry(section).or_default();
        entries.push_str("  ");
        entries.push_str(entry);
        entries.push('\n');
    }

    /// A producer with so many messages a second for some of the time.
    fn produces(&mut self, name: &str, to: &str, keys: &str, dice: &mut Dice<'_>) {
        let rate = dice.one(&["1/s", "5/s", "20/min", "30/s"]);
        let arrivals = match dice.below(3) {
            0 => format!("{{ constant: {{ rate: {rate} }} }}"),
            1 => format!("{{ poisson: {{ rate: {rate} }} }}"),
            _ => format!(
                "{{ spikes: {{ base_rate: {rate}, spikes: [{{ at: 20s, rate: 60/s, duration: 10s }}] }} }}"
            ),
        };
        self.add("producers", &format!("{name}: {{ publishes_to: {{ {to} }}, arrivals: {arrivals}{keys} }}"));
    }

    fn yaml(&self, head: &str) -> String {
        let mut text = head.to_owned();
        for (section, entries) in &self.sections {
            text.push_str(section);
            text.push_str(":\n");
            text.push_str(entries);
        }
        text
    }
}

/// YAML of a world with some of the services.
fn world(numbers: &[u16]) -> String {
    let mut dice = Dice(numbers.iter());
    let seconds = [15, 45, 120][dice.below(3)];
    let head = format!(
        "name: world\nduration: {seconds}s\nwarm_up: {}\napi_latency: {}\nassumptions: {{ duplicate_probability: {}, \
         sns_duplicate_probability: {} }}\n",
        dice.one(&["0s", "10s"]),
        dice.one(&["none", "fixed", "realistic"]),
        dice.one(&["0%", "5%"]),
        dice.one(&["0%", "5%"]),
    );
    let mut world = World::default();
    services::always(&mut world, &mut dice);
    for service in services::ALL {
        if dice.maybe() {
            service(&mut world, &mut dice);
        }
    }
    world.yaml(&head)
}

fn worlds() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<u16>(), 0..160).prop_map(|numbers| world(&numbers))
}

fn hold(cases: u32, seed: u64) {
    hold_worlds(cases, seed, &worlds(), |_, tape| general_faults(tape));
}

#[test]
fn books_balance_in_worlds_of_all_services() {
    hold(200, 11);
}

#[test]
#[ignore = "minutes: run it before a release"]
fn books_balance_in_thousands_of_worlds_of_all_services() {
    // More by hand: QUEUELAB_WORLDS=100000 cargo test --test main -- --ignored worlds
    let cases = std::env::var_os("QUEUELAB_WORLDS").and_then(|cases| cases.to_str()?.parse().ok());
    let half = cases.unwrap_or(4_000) / 2;
    std::thread::scope(|scope| {
        for seed in [12, 13] {
            scope.spawn(move || hold(half, seed));
        }
    });
}
