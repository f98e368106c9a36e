//! A broker as a whole: its outages and its bill.

use super::machine::SharedMachine;
use super::settings::{Outage, OutageKind};
use crate::engine::{Stream, Time};
use crate::record::{Instrument, MetricDefinition, SummaryRow, Unit};
use crate::wire::{BrokerEvent, Context, EntityId, Messages, Outbox, Purpose, Service, Signal, draw_span};

/// Why a broker wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerTimer {
    /// An outage begins.
    Fails(u32),
    /// An outage is over.
    Recovers(u32),
}

/// A broker.
#[derive(Debug)]
pub struct Broker {
    machine: SharedMachine,
    durations: Stream,
    /// Outages under way, by node: an outage within another one of the node makes it no shorter.
    down_until: [Time; 3],
}

const HOUR_SECONDS: f64 = 3_600.0;
/// Seconds of the 30 days that a price a month is reckoned with.
const MONTH_HOURS: f64 = 30.0 * 24.0;
const GB: f64 = 1e9;

impl Broker {
    /// A broker that is there.
    pub fn new(machine: SharedMachine, seed: u64, replication: u32) -> Self {
        let durations = Purpose::Outage.stream(seed, replication, Self::KIND, &machine.broker.name);
        Self { machine, durations, down_until: [Time::ZERO; 3] }
    }

    fn outage(&self, number: u32) -> &Outage {
        &self.machine.broker.outages[number as usize]
    }

    fn tell<O: Outbox<BrokerTimer>>(&self, event: BrokerEvent, cx: &mut Context<'_, O>) {
        for destination in &self.machine.broker.destinations {
            cx.outbox.send(*destination, crate::engine::Span::ZERO, Signal::Broker { event });
        }
    }

    fn fail<O: Outbox<BrokerTimer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let outage = self.outage(number).clone();
        let until = cx.now + draw_span(&outage.lasts, &mut self.durations);
        let node = usize::from(outage.node);
        let was_down = self.down_until[node] > cx.now;
        self.down_until[node] = self.down_until[node].max(until);
        cx.outbox.wake(until, BrokerTimer::Recovers(number));
        if was_down {
            return;
        }
        {
            let mut machine = self.machine.get();
            machine.set_up(outage.node, false, cx.now);
            machine.metrics.outages.add(1);
        }
        let is_planned = outage.kind == OutageKind::Planned;
        self.tell(BrokerEvent::Down { node: outage.node, is_planned }, cx);
    }

    fn recover<O: Outbox<BrokerTimer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let node = self.outage(number).node;
        if self.down_until[usize::from(node)] > cx.now || self.machine.get().is_up(node) {
            return;
        }
        self.machine.get().set_up(node, true, cx.now);
        self.tell(BrokerEvent::Up { node }, cx);
    }
}

impl Service for Broker {
    type Timer = BrokerTimer;
    const KIND: &'static str = "broker";

    fn start<O: Outbox<BrokerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        for (number, outage) in (0..).zip(&self.machine.broker.outages) {
            cx.outbox.wake(outage.at, BrokerTimer::Fails(number));
        }
    }

    fn receive<O: Outbox<BrokerTimer>>(&mut self, _from: EntityId, signal: Signal, _cx: &mut Context<'_, O>) {
        unreachable!("a broker is never told {signal:?}")
    }

    fn wake<O: Outbox<BrokerTimer>>(&mut self, timer: BrokerTimer, cx: &mut Context<'_, O>) {
        match timer {
            BrokerTimer::Fails(number) => self.fail(number, cx),
            BrokerTimer::Recovers(number) => self.recover(number, cx),
        }
    }

    fn sample(&mut self, now: Time, _messages: &mut Messages) {
        self.machine.get().sample(now);
    }

    fn end_warm_up(&mut self, now: Time) {
        self.machine.get().end_warm_up(now);
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        let is_rabbitmq = self.machine.broker.is_rabbitmq();
        self.machine.get().metrics.visit_engine(is_rabbitmq, visitor);
    }

    fn summarise(&mut self, now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let prices = self.machine.broker.prices;
        let stored = self.machine.get().stored_byte_seconds(now) / GB / HOUR_SECONDS / MONTH_HOURS;
        let hours = seconds / HOUR_SECONDS * f64::from(prices.instances);
        let mut row = |metric, value, unit| {
            rows.push(SummaryRow::sum(Self::KIND, &self.machine.broker.name, metric, value, unit));
        };
        row("broker_instance_hours", hours, Unit::Hours);
        row("estimated_cost", hours * prices.instance_hour + stored * prices.storage_gb_month, Unit::Dollars);
    }
}
