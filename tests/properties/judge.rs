//! What must hold of every run, computed from its tape alone.

use queuelab::record::{InstrumentKind, MetricSeries, Tape};
use std::collections::BTreeMap;

/// Everything that does not hold of a world of queues, in sentences.
pub(crate) fn faults(tape: &Tape) -> Vec<String> {
    let mut faults = Faults(general_faults(tape));
    faults.hand_overs(tape);
    faults.consumers(tape);
    faults.mappings(tape);
    faults.whole_run(tape);
    faults.activities(tape);
    faults.0
}

/// What does not hold, of the things that hold in any world.
pub(crate) fn general_faults(tape: &Tape) -> Vec<String> {
    let mut faults = Faults(Vec::new());
    faults.queues(tape);
    faults.datapoints(tape);
    faults.summary(tape);
    faults.charts(tape);
    faults.alarms(tape);
    faults.0
}

struct Faults(Vec<String>);

/// A row of the ledger; that it exists is part of what is tested.
fn fate(tape: &Tape, kind: &str, name: &str, fate: &str) -> u64 {
    let row = tape.ledger.rows().iter().find(|row| row.kind == kind && row.name == name && row.fate == fate);
    row.unwrap_or_else(|| panic!("the ledger has no `{fate}` of the {kind} `{name}`")).messages
}

/// Names of all things of a kind, in the order of the ledger.
fn names(tape: &Tape, kind: &str) -> Vec<String> {
    let mut names: Vec<String> =
        tape.ledger.rows().iter().filter(|row| row.kind == kind).map(|row| row.name.clone()).collect();
    names.dedup();
    names
}

/// Names of those who hand messages of this kind of flow to `to`.
fn givers<'a>(
    tape: &'a Tape,
    from_kind: &'a str,
    to_kind: &'a str,
    to: &'a str,
) -> impl Iterator<Item = &'a str> {
    tape.flows
        .iter()
        .filter(move |flow| flow.from_kind == from_kind && flow.to_kind == to_kind && flow.to == to)
        .map(|flow| flow.from.as_str())
}

fn sum_of_minutes(tape: &Tape, kind: &str, name: &str, metric: &str) -> Option<f64> {
    let series = tape.metrics.iter().find(|series| {
        series.kind == kind && series.name == name && series.definition.cloudwatch_name == Some(metric)
    })?;
    Some(series.datapoints.iter().map(|point| point.sum).sum())
}

impl Faults {
    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    fn equal(&mut self, one: u64, other: u64, what: &str) {
        self.check(one == other, || format!("{what}: {one} is not {other}"));
    }

    /// What came into each queue left it or is still there, and CloudWatch counted the same.
    fn queues(&mut self, tape: &Tape) {
        for name in names(tape, "queue") {
            let of = |what: &str| fate(tape, "queue", &name, what);
            let came = of("sent") + of("dead_letters_in") + of("copies_returned");
            let there = of("visible") + of("in_flight") + of("delayed") + of("copies_away");
            let left = of("deleted") + of("expired") + of("dead_lettered");
            self.equal(came, left + there, &format!("queue {name}: came and left or there"));
            for (metric, fate) in [("NumberOfMessagesSent", "sent"), ("NumberOfMessagesReceived", "received")]
            {
                let minutes = sum_of_minutes(tape, "queue", &name, metric);
                let wanted = of(fate) as f64;
                self.check(minutes == Some(wanted), || {
                    format!("queue {name}: {metric} {minutes:?}, {fate} {wanted}")
                });
            }
            let calls = sum_of_minutes(tape, "queue", &name, "NumberOfMessagesDeleted").unwrap_or(-1.0);
            let deleted = of("deleted") as f64;
            self.check(calls >= deleted, || format!("queue {name}: {calls} deletes deleted {deleted}"));
            let last = |metric: &str| tape.value(&name, metric, "last");
            for (metric, fate) in [
                ("messages_visible", "visible"),
                ("messages_in_flight", "in_flight"),
                ("messages_delayed", "delayed"),
            ] {
                let (level, ledger) = (last(metric), of(fate) as f64);
                self.check(level == Some(ledger), || {
                    format!("queue {name}: {metric} ends at {level:?}, {ledger} {fate}")
                });
            }
        }
    }

    /// What one thing hands over another takes in, but for what is in a call at the end.
    fn hand_overs(&mut self, tape: &Tape) {
        let mut refused_in_all = 0;
        for name in names(tape, "queue") {
            let handed: u64 = givers(tape, "producer", "queue", &name)
                .map(|producer| fate(tape, "producer", producer, "handed_over"))
                .sum();
            let forwarded: u64 = givers(tape, "consumer", "queue", &name)
                .map(|consumer| fate(tape, "consumer", consumer, "forwarded"))
                .sum();
            let asked: u64 = givers(tape, "requester", "queue", &name)
                .map(|requester| fate(tape, "requester", requester, "handed_over"))
                .sum();
            // Replies go wherever the requests want them.
            let replied: u64 =
                names(tape, "consumer").iter().map(|name| fate(tape, "consumer", name, "replied")).sum();
            let by_functions: u64 = givers(tape, "function", "queue", &name)
                .map(|function| fate(tape, "function", function, "forwarded"))
                .sum();
            let by_viewers: u64 = givers(tape, "video_consumer", "queue", &name)
                .map(|viewer| fate(tape, "video_consumer", viewer, "forwarded"))
                .sum();
            let handed = handed + asked + replied + by_functions + by_viewers;
            let refused = fate(tape, "queue", &name, "refused");
            refused_in_all += refused;
            let taken = fate(tape, "queue", &name, "sent") + refused;
            self.check(taken <= handed + forwarded, || {
                format!("queue {name}: {handed} handed over and {forwarded} forwarded, but {taken} taken or refused")
            });
            let dead: u64 = givers(tape, "queue", "queue", &name)
                .map(|queue| fate(tape, "queue", queue, "dead_lettered"))
                .sum();
            self.equal(
                fate(tape, "queue", &name, "dead_letters_in"),
                dead,
                &format!("queue {name}: dead letters"),
            );
            let consumed: u64 = tape
                .flows
                .iter()
                .filter(|flow| flow.from_kind == "queue" && flow.from == name && flow.to_kind == "consumer")
                .map(|flow| fate(tape, "consumer", &flow.to, "received"))
                .sum();
            let received = fate(tape, "queue", &name, "received");
            self.check(consumed <= received, || {
                format!("queue {name}: {received} received, {consumed} by consumers")
            });
        }
        let told: u64 = ["producer", "consumer", "requester", "function", "video_consumer"]
            .iter()
            .flat_map(|kind| names(tape, kind).into_iter().map(|name| fate(tape, kind, &name, "rejected")))
            .sum();
        // A temporary queue that is gone refuses replies as well.
        let has_temporary = names(tape, "requester")
            .iter()
            .any(|name| givers(tape, "queue", "requester", name).next().is_none());
        self.check(told == refused_in_all || (has_temporary && told > refused_in_all), || {
            format!("rejections told {told}, refusals {refused_in_all}")
        });
        for name in names(tape, "producer") {
            let of = |what: &str| fate(tape, "producer", &name, what);
            self.equal(
                of("produced"),
                of("handed_over") + of("waiting_for_batch"),
                &format!("producer {name}"),
            );
            let minutes = sum_of_minutes(tape, "producer", &name, "MessagesProduced");
            self.check(minutes == Some(of("produced") as f64), || {
                format!("producer {name}: minutes {minutes:?}")
            });
        }
    }

    /// What mappings poll is passed on, filtered out, left behind or in hand; CloudWatch counts the same.
    fn mappings(&mut self, tape: &Tape) {
        let mut polled = 0;
        for name in names(tape, "event_source_mapping") {
            let of = |what: &str| fate(tape, "event_source_mapping", &name, what);
            let done = of("deleted") + of("filtered_out") + of("failed") + of("given_up") + of("in_hand");
            self.equal(of("polled"), done, &format!("mapping {name}: polled and done"));
            polled += of("polled");
            for (metric, fate) in [
                ("PolledEventCount", "polled"),
                ("FilteredOutEventCount", "filtered_out"),
                ("DeletedEventCount", "deleted"),
            ] {
                let minutes = sum_of_minutes(tape, "event_source_mapping", &name, metric);
                let wanted = of(fate) as f64;
                self.check(minutes == Some(wanted), || {
                    format!("mapping {name}: {metric} {minutes:?}, {fate} {wanted}")
                });
            }
        }
        let total = |kind: &str, what: &str| -> u64 {
            names(tape, kind).iter().map(|name| fate(tape, kind, name, what)).sum()
        };
        let (received, consumed) = (total("queue", "received"), total("consumer", "received"));
        self.check(polled + consumed <= received, || {
            format!("{received} received, {consumed} by consumers and {polled} by mappings")
        });
        for name in names(tape, "function") {
            let of = |what: &str| fate(tape, "function", &name, what);
            let done = of("processed") + of("processed_again") + of("failed") + of("executing");
            self.equal(of("invoked"), done, &format!("function {name}: invoked and done"));
        }
        let filtered = fate(tape, "run", &tape.header.scenario, "filtered");
        let by_mappings = total("event_source_mapping", "filtered_out");
        self.check(filtered <= by_mappings, || format!("{filtered} filtered, {by_mappings} by mappings"));
    }

    fn consumers(&mut self, tape: &Tape) {
        for name in names(tape, "consumer") {
            let of = |what: &str| fate(tape, "consumer", &name, what);
            let done =
                of("processed") + of("processed_again") + of("failed") + of("abandoned") + of("in_hand");
            self.equal(of("received"), done, &format!("consumer {name}: received and done"));
            for (metric, fate) in [
                ("MessagesProcessed", "processed"),
                ("DuplicatesProcessed", "processed_again"),
                ("ProcessingFailures", "failed"),
                ("MessagesForwarded", "forwarded"),
            ] {
                let minutes = sum_of_minutes(tape, "consumer", &name, metric);
                let wanted = of(fate) as f64;
                self.check(minutes == Some(wanted), || {
                    format!("consumer {name}: {metric} {minutes:?}, {fate} {wanted}")
                });
            }
            let of = |metric: &str, statistic: &str| tape.value(&name, metric, statistic).unwrap_or(f64::NAN);
            let (busy, threads) = (of("busy_threads", "max"), of("threads", "max"));
            self.check(busy >= 0.0 && threads >= 0.0, || {
                format!("consumer {name}: {busy} of {threads} threads")
            });
        }
    }

    /// Every message of the run has one fate.
    fn whole_run(&mut self, tape: &Tape) {
        let name = &tape.header.scenario;
        let of = |what: &str| fate(tape, "run", name, what);
        let total = |kind: &str, what: &str| -> u64 {
            names(tape, kind).iter().map(|name| fate(tape, kind, name, what)).sum()
        };
        let produced =
            total("producer", "produced") + total("requester", "produced") + total("camera", "produced");
        self.equal(of("produced"), produced, "run: produced");
        self.equal(of("replied"), total("consumer", "replied"), "run: replied");
        let forwarded = total("consumer", "forwarded")
            + total("function", "forwarded")
            + total("video_consumer", "forwarded");
        self.equal(of("forwarded"), forwarded, "run: forwarded");
        let processed = total("consumer", "processed")
            + total("requester", "replies_matched")
            + total("function", "processed")
            + total("delivery_stream", "delivered");
        // Every session watches a fragment for itself; the fragment is processed once.
        let watched = total("video_consumer", "processed");
        self.check((processed..=processed + watched).contains(&of("processed")), || {
            format!("run: {} processed, of {processed} and {watched} watched", of("processed"))
        });
        let rejected: u64 = ["producer", "consumer", "requester", "function", "video_consumer"]
            .iter()
            .map(|kind| total(kind, "rejected"))
            .sum::<u64>()
            + total("camera", "refused");
        self.equal(of("rejected"), rejected, "run: rejected");
        let expired =
            total("queue", "expired") + total("delivery_stream", "lost") + total("video_stream", "expired");
        self.check(of("expired") <= expired, || {
            format!("run: {} expired, in queues {expired}", of("expired"))
        });
        let fates =
            ["processed", "dead_lettered", "expired", "filtered", "rejected", "discarded", "still_there"];
        let accounted: u64 = fates.iter().map(|fate| of(fate)).sum();
        self.equal(of("produced") + of("forwarded") + of("replied"), accounted, "run: messages and fates");
    }

    fn datapoints(&mut self, tape: &Tape) {
        let end = tape.header.duration.as_nanos();
        let minutes = end.div_ceil(60_000_000_000) as usize;
        for series in &tape.metrics {
            let what = format!("{} {} {}", series.kind, series.name, series.definition.name);
            let times: Vec<u64> = series.datapoints.iter().map(|point| point.time.as_nanos()).collect();
            self.check(times.windows(2).all(|pair| pair[0] < pair[1]), || format!("{what}: times {times:?}"));
            self.check(times.iter().all(|time| *time < end && time % 60_000_000_000 == 0), || {
                format!("{what}: not at full minutes of the run: {times:?}")
            });
            if series.definition.kind == InstrumentKind::Counter {
                self.equal(times.len() as u64, minutes as u64, &format!("{what}: minutes"));
            }
            self.values(series, &what);
        }
    }

    fn values(&mut self, series: &MetricSeries, what: &str) {
        for point in &series.datapoints {
            let average = point.average();
            let near = 1e-9 * point.maximum.abs();
            let ordered = point.minimum >= 0.0
                && point.minimum <= average + near
                && average <= point.maximum + near
                && point.sample_count >= 1.0;
            // Watermarks are milliseconds since 1970.
            let plausible = point.maximum < 1e13;
            self.check(ordered && plausible, || format!("{what}: {point:?}"));
        }
    }

    fn summary(&mut self, tape: &Tape) {
        let mut by_metric: BTreeMap<(&str, &str, &str), BTreeMap<&str, f64>> = BTreeMap::new();
        for row in &tape.summary {
            self.check(row.value.is_finite() && row.value >= 0.0, || format!("{row:?}"));
            let statistics = by_metric.entry((row.kind, &row.name, &row.metric)).or_default();
            let twice = statistics.insert(row.statistic, row.value);
            self.check(twice.is_none(), || format!("twice: {row:?}"));
        }
        for (metric, statistics) in by_metric {
            let order = ["min", "p50", "p90", "p95", "p99", "p99.9", "max"];
            let values: Vec<f64> = order.iter().filter_map(|name| statistics.get(name)).copied().collect();
            // Quantiles come from buckets and so may be off by their width.
            self.check(values.windows(2).all(|pair| pair[0] <= pair[1] * 1.01), || {
                format!("{metric:?}: {statistics:?}")
            });
            if let (Some(least), Some(mean), Some(most)) =
                (statistics.get("min"), statistics.get("mean"), statistics.get("max"))
            {
                let between = *least <= mean * (1.0 + 1e-9) && *mean <= most * (1.0 + 1e-9);
                self.check(between, || format!("{metric:?}: the mean is outside: {statistics:?}"));
            }
            if metric.2 == "utilization" {
                self.check(statistics["mean"] <= 1.0 + 1e-9, || format!("{metric:?}: {statistics:?}"));
            }
        }
    }

    fn charts(&mut self, tape: &Tape) {
        let end = tape.header.duration.as_nanos();
        for series in &tape.series {
            let points = &series.points;
            let what = format!("{} {} {}", series.kind, series.name, series.definition.name);
            let forward = points.windows(2).all(|pair| pair[0].time < pair[1].time);
            let inside = points.iter().all(|point| point.time.as_nanos() <= end);
            self.check(forward && inside, || format!("{what}: the chart's times go back or beyond the end"));
            for point in points {
                let ordered =
                    0.0 <= point.minimum && point.minimum <= point.value && point.value <= point.maximum;
                self.check(ordered, || format!("{what}: {point:?}"));
            }
        }
        for series in &tape.quantiles {
            for point in &series.points {
                let ordered =
                    point.p50 <= point.p90 && point.p90 <= point.p99 && point.p99 <= point.maximum * 1.05;
                self.check(ordered && point.count > 0, || format!("{} {point:?}", series.name));
            }
        }
    }

    fn alarms(&mut self, tape: &Tape) {
        let mut states: BTreeMap<&str, &str> = BTreeMap::new();
        let times: Vec<u64> = tape.alarms.iter().map(|change| change.time.as_nanos()).collect();
        self.check(times.windows(2).all(|pair| pair[0] <= pair[1]), || {
            format!("alarms go back in time: {times:?}")
        });
        for change in &tape.alarms {
            let before = states.insert(&change.alarm, change.new_state).unwrap_or("INSUFFICIENT_DATA");
            self.check(before == change.old_state && change.old_state != change.new_state, || {
                format!("alarm was {before}: {change:?}")
            });
        }
    }

    fn activities(&mut self, tape: &Tape) {
        let mut desired: BTreeMap<&str, u32> = BTreeMap::new();
        let times: Vec<u64> = tape.activities.iter().map(|activity| activity.time.as_nanos()).collect();
        self.check(times.windows(2).all(|pair| pair[0] <= pair[1]), || {
            format!("activities go back: {times:?}")
        });
        // What an instance refresh tells changes nothing of the desired capacity.
        for activity in tape.activities.iter().filter(|activity| !activity.policy.is_empty()) {
            let before =
                desired.insert(&activity.group, activity.new_desired).unwrap_or(activity.old_desired);
            let changed = activity.old_desired != activity.new_desired;
            self.check(
                before == activity.old_desired && changed == (activity.status == "Successful"),
                || format!("desired was {before}: {activity:?}"),
            );
        }
    }
}
