//! The load that forecasts are made from: a metric of somebody, by hour of the run.

use super::Seat;
use crate::engine::{Span, Time};
use crate::record::Instrument;
use crate::wire::{EntityId, Signal};

/// A metric whose sum over each hour a predictive scaling policy is told.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Whose metric, and its name in `summary.csv`.
    pub source: (EntityId, &'static str),
    /// The group.
    pub group: EntityId,
    /// The policy, as the group numbers them.
    pub policy: u32,
}

/// All loads, and what this hour has brought so far.
#[derive(Debug, Default)]
pub(super) struct Loads {
    loads: Vec<Load>,
    sums: Vec<f64>,
}

impl Loads {
    pub(super) fn new(loads: Vec<Load>) -> Self {
        Self { sums: vec![0.0; loads.len()], loads }
    }

    /// A minute ends: its datapoint is added.
    pub(super) fn read(&mut self, seats: &mut [Seat]) {
        for (load, sum) in self.loads.iter().zip(&mut self.sums) {
            let (entity, metric) = load.source;
            seats[entity.index()].entity.visit_metrics(&mut |definition, instrument| {
                if definition.name != metric {
                    return;
                }
                let parts = definition.unit.parts();
                *sum += match instrument {
                    Instrument::Counter(counter) => counter.minute() as f64,
                    Instrument::Level(level) => level.value().map_or(0.0, |value| value as f64 / parts),
                    Instrument::Distribution(_) => 0.0,
                };
            });
        }
    }

    /// Who is to be told what, when an hour ends now.
    pub(super) fn due(&mut self, now: Time) -> Vec<(EntityId, Signal)> {
        const HOUR: Span = Span::from_hours(1);
        if self.loads.is_empty() || now.floor_to(HOUR) != now {
            return Vec::new();
        }
        let hour = (now.since_start().as_nanos() / HOUR.as_nanos() - 1) as u32;
        let told = self.loads.iter().zip(&mut self.sums).map(|(load, sum)| {
            let load_of_hour = std::mem::take(sum);
            (load.group, Signal::Load { policy: load.policy, hour, load: load_of_hour })
        });
        told.collect()
    }
}
