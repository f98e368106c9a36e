//! The end of a run: statistics, ledger, tape; and the proof that no message was lost or invented.

use super::statistics::{About, summarise};
use super::{Entity, Event, Stimulus, World};
use crate::engine::{Calendar, Time};
use crate::record::{Flow, Ledger, MetricDefinition, RunHeader, Side, SummaryRow, Tape, Unit};
use crate::wire::{Fate, PollOutcome, SentFragment, Signal, VideoAnswer};

use super::RunError;

impl World {
    /// Reads everything, balances the books and leaves the tape.
    pub(super) fn finish(
        mut self,
        calendar: Calendar<Event>,
        header: RunHeader,
        flows: Vec<Flow>,
        notes: Vec<String>,
    ) -> Result<Tape, RunError> {
        let now = self.end;
        for seat in &mut self.seats {
            seat.entity.sample(now, &mut self.messages);
        }
        self.sampler.take_minute(now, &mut self.seats);
        self.sampler.take_chart_step(now, &mut self.seats);
        self.windows.turn(now, &mut self.seats);
        let seconds = (header.duration - header.warm_up).as_seconds_f64();
        let mut summary = Vec::new();
        for seat in &mut self.seats {
            let (kind, name) = (seat.entity.kind(), seat.name.clone());
            seat.entity.visit_metrics(&mut |definition, instrument| {
                let about = About { kind, name: &name, definition };
                summarise(about, instrument, now, seconds, &mut summary);
            });
            seat.entity.summarise(now, seconds, &mut summary);
        }
        summarise_run(&header.scenario, &mut summary);
        let ledger = self.ledger(&header.scenario);
        let mut wrong = ledger.imbalances();
        wrong.extend(self.check_holders(calendar));
        if !wrong.is_empty() {
            return Err(RunError::Unbalanced(wrong));
        }
        // Calls are told when they are answered, and ordered by when they were made.
        let mut api_calls = self.journal.api_calls;
        let position = |name: &str| self.seats.iter().position(|seat| seat.name == name);
        api_calls.sort_by_cached_key(|call| (call.time, position(&call.client), call.step));
        let readings = self.sampler.into_readings(&mut self.seats);
        let cloudwatch = self.seats.iter_mut().find_map(|seat| match &mut seat.entity {
            Entity::CloudWatch(cloudwatch) => Some(cloudwatch.take_series()),
            _ => None,
        });
        let (alarm_series, custom_metrics) = cloudwatch.unwrap_or_default();
        Ok(Tape {
            header,
            summary,
            metrics: readings.metrics,
            ledger,
            alarms: self.journal.alarms,
            alarm_series,
            custom_metrics,
            activities: self.journal.activities,
            api_calls,
            instances: self.journal.instances,
            window_results: self.journal.window_results,
            series: readings.series,
            quantiles: readings.quantiles,
            distributions: readings.distributions,
            expectations: Vec::new(),
            probes: self.probed,
            windows: self.windows.into_readings(),
            theory: Vec::new(),
            flows,
            notes,
        })
    }

    fn ledger(&self, scenario: &str) -> Ledger {
        let mut ledger = Ledger::default();
        let sum = |fate: &str, ledger: &Ledger, kind: &str| -> u64 {
            ledger
                .rows()
                .iter()
                .filter(|row| row.kind == kind && row.fate == fate)
                .map(|row| row.messages)
                .sum()
        };
        for seat in &self.seats {
            let balance = seat.entity.balance();
            ledger.enter(seat.entity.kind(), &seat.name, &balance);
            for account in seat.entity.accounts() {
                ledger.enter(account.kind, &account.name, &account.balance);
            }
        }
        let produced: u64 =
            ["producer", "client", "requester", "cloudwatch", "stream_mapping", "object_store", "camera"]
                .iter()
                .map(|kind| sum("produced", &ledger, kind))
                .sum::<u64>()
                + sum("notified", &ledger, "consumer");
        let replied = sum("replied", &ledger, "consumer");
        let forwarded = [
            "consumer",
            "function",
            "stream_consumer",
            "video_consumer",
            "flink_application",
            "sql_application",
        ]
        .iter()
        .map(|kind| sum("forwarded", &ledger, kind))
        .sum();
        let (processed, dead_lettered, rest) = self.messages.still_there();
        let counts = [
            produced,
            forwarded,
            replied,
            self.messages.fated(Fate::Processed) + processed,
            dead_lettered,
            self.messages.fated(Fate::Expired),
            self.messages.fated(Fate::Deduplicated),
            self.messages.fated(Fate::Filtered),
            self.messages.fated(Fate::Rejected),
            self.messages.fated(Fate::Discarded),
            rest,
            ["topic", "delivery_stream", "broker_topic", "broker_subscription"]
                .iter()
                .map(|kind| sum("copied", &ledger, kind))
                .sum(),
        ];
        let side = |fate: &str| {
            if matches!(fate, "produced" | "forwarded" | "replied" | "copied") { Side::In } else { Side::Out }
        };
        let fates: Vec<_> =
            RUN_FATES.iter().zip(counts).map(|(fate, count)| (side(fate), *fate, count)).collect();
        ledger.enter("run", scenario, &fates);
        ledger
    }

    /// Every hold on a message must belong to somebody: to an entity, or to a signal on its way.
    fn check_holders(&self, mut calendar: Calendar<Event>) -> Option<String> {
        let mut holders = self.messages.holders();
        let mut unknown = 0_u64;
        let mut mark = |message: crate::wire::MessageId| match holders.get_mut(message.index()) {
            Some(left) if *left > 0 => *left -= 1,
            _ => unknown += 1,
        };
        for seat in &self.seats {
            seat.entity.holdings(&self.batches, &mut mark);
        }
        self.requests.holdings(&mut mark);
        while let Some(event) = calendar.pop_until(Time::MAX) {
            let Stimulus::Signal(signal) = event.stimulus else { continue };
            if let Signal::PutFragment { fragment: SentFragment { message, .. } }
            | Signal::VideoAnswered { answer: VideoAnswer::Media { message, .. }, .. } = signal
            {
                mark(message);
            }
            if let Signal::Put { batch }
            | Signal::Refused { batch, .. }
            | Signal::Redrive { batch }
            | Signal::DeadLetter { batch }
            | Signal::Invoke { batch, .. }
            | Signal::Returned { batch, .. }
            | Signal::PutRecords { batch, .. }
            | Signal::Routed { batch, .. }
            | Signal::Records { outcome: PollOutcome::Messages(batch), .. }
            | Signal::Delivery { outcome: PollOutcome::Messages(batch), .. } = signal
            {
                self.batches.entries(batch).iter().for_each(|entry| mark(entry.message));
            }
        }
        let lost: u64 = holders.iter().map(|left| u64::from(*left)).sum();
        (lost > 0 || unknown > 0).then(|| {
            format!(
                "messages: {lost} holds belong to nobody, {unknown} holders have no hold on their message"
            )
        })
    }
}

/// The rows that summary and ledger of a run will have, whatever happens in it; their values mean nothing.
pub fn rows(plan: super::Plan) -> Vec<SummaryRow> {
    let scenario = plan.header.scenario.clone();
    let mut rows = Vec::new();
    let row = |kind, name: &str, metric: &str, statistic, unit| SummaryRow {
        kind,
        name: name.to_owned(),
        metric: metric.to_owned(),
        statistic,
        value: 0.0,
        unit,
    };
    for mut seat in plan.seats {
        let (kind, name) = (seat.entity.kind(), seat.name);
        seat.entity.visit_metrics(&mut |definition, _| {
            rows.extend(definition.kind.statistics().iter().map(|statistic| {
                let unit = match *statistic {
                    "rate" => Unit::PerSecond,
                    "count" => Unit::Count,
                    "share_above_zero" => Unit::Ratio,
                    _ => definition.unit,
                };
                row(kind, &name, definition.name, *statistic, unit)
            }));
        });
        seat.entity.summarise(Time::ZERO, 0.0, &mut rows);
        for account in seat.entity.accounts() {
            let fates = account.balance.into_iter();
            rows.extend(
                fates.map(|(_, fate, _)| row(account.kind, &account.name, fate, "messages", Unit::Count)),
            );
        }
        let fates = seat.entity.balance();
        rows.extend(fates.into_iter().map(|(_, fate, _)| row(kind, &name, fate, "messages", Unit::Count)));
    }
    summarise_run(&scenario, &mut rows);
    rows.extend(RUN_FATES.iter().map(|fate| row("run", &scenario, fate, "messages", Unit::Count)));
    rows
}

/// The instruments that a run will have: whose, which, and whether CloudWatch gets their datapoints.
pub fn instruments(plan: super::Plan) -> Vec<(&'static str, String, &'static MetricDefinition, bool)> {
    let mut found = Vec::new();
    for mut seat in plan.seats {
        let (kind, name) = (seat.entity.kind(), seat.name);
        let mut own = Vec::new();
        seat.entity.visit_metrics(&mut |definition, _| own.push(definition));
        for definition in own {
            let is_published = definition.cloudwatch_name.is_some() && seat.entity.publishes(definition);
            found.push((kind, name.clone(), definition, is_published));
        }
    }
    found
}

/// The fates of messages over the whole run, in the order of the ledger.
const RUN_FATES: [&str; 12] = [
    "produced",
    "forwarded",
    "replied",
    "processed",
    "dead_lettered",
    "expired",
    "deduplicated",
    "filtered",
    "rejected",
    "discarded",
    "still_there",
    "copied",
];

/// Totals over all entities, under the scenario's name.
fn summarise_run(scenario: &str, rows: &mut Vec<SummaryRow>) {
    let total = |kinds: &[&str], metrics: &[&str]| -> f64 {
        rows.iter()
            .filter(|row| {
                kinds.contains(&row.kind) && row.statistic == "sum" && metrics.contains(&row.metric.as_str())
            })
            .map(|row| row.value)
            .sum()
    };
    let workers = &["consumer", "function", "stream_consumer", "video_consumer"];
    let calling = &["queue", "requester", "stream", "delivery_stream", "video_stream"];
    let senders = &["producer", "client", "camera"];
    let paid = &[
        "queue",
        "consumer",
        "requester",
        "object_store",
        "topic",
        "function",
        "event_source_mapping",
        "cloudwatch",
        "stream",
        "stream_consumer",
        "phone_number",
        "platform_endpoint",
        "delivery_stream",
        "video_stream",
        "flink_application",
        "sql_application",
        "broker",
    ];
    let calls = [
        "send_calls",
        "receive_calls",
        "delete_calls",
        "change_visibility_calls",
        "management_calls",
        "create_queue_calls",
        "delete_queue_calls",
        "tag_queue_calls",
        "list_calls",
        "put_record_calls",
        "put_records_calls",
        "get_records_calls",
        "incoming_put_requests",
        "put_media_requests",
        "get_media_requests",
        "list_fragments_requests",
        "fragment_list_requests",
        "hls_session_requests",
        "dash_session_requests",
        "playlist_requests",
        "manifest_requests",
        "media_fragment_requests",
    ];
    let produced = total(senders, &["messages_produced"]) + total(&["requester"], &["requests_sent"]);
    // What a delivery stream delivers is done with, as far as the scenario goes.
    let processed =
        total(workers, &["messages_processed"]) + total(&["delivery_stream"], &["records_delivered"]);
    let totals = [
        ("messages_produced", produced, Unit::Count),
        ("messages_processed", processed, Unit::Count),
        ("duplicates", total(workers, &["duplicates"]), Unit::Count),
        ("out_of_order", total(workers, &["out_of_order"]), Unit::Count),
        ("api_calls", total(calling, &calls), Unit::Count),
        ("instance_hours", total(&["consumer", "stream_consumer"], &["instance_hours"]), Unit::Hours),
        ("estimated_cost", total(paid, &["estimated_cost"]), Unit::Dollars),
    ];
    rows.extend(totals.map(|(metric, value, unit)| SummaryRow::sum("run", scenario, metric, value, unit)));
}
