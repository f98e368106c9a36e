//! The instants of all attempts, of each protocol's own policy and of policies of one's own, in a topic that is driven timer by
//! timer; held against the phases as AWS's page gives them.

use super::super::config::TopicDefaults;
use super::super::settings::{Protocol, SubscriptionSettings};
use super::super::{Backoff, Endpoint, Outage, RetryPolicy, SnsPrices, Timer, Topic};
use crate::engine::{Distribution, Span, Time};
use crate::filter::Dialect;
use crate::wire::{
    ActivitySettings, Batches, Contents, Context, Detail, EntityId, Journal, LambdaAccount, LambdaQuotas,
    Messages, NewMessage, Outbox, PriceList, QuotaProfile, Region, Requests, Service, Signal, SmsType,
    SnsAccount, SnsQuotas,
};
use std::sync::Arc;

/// Keeps timers; an endpoint that fails is told nothing.
#[derive(Default)]
struct Desk(Vec<(Time, Timer)>);

impl Outbox<Timer> for Desk {
    fn send(&mut self, _to: EntityId, _delay: Span, signal: Signal) {
        unreachable!("nothing is handed over, not {signal:?}");
    }

    fn wake(&mut self, at: Time, timer: Timer) {
        self.0.push((at, timer));
    }
}

fn nothing() -> Distribution {
    Distribution::constant(0.0).expect("zero is a distribution")
}

/// An endpoint that answers 503 at once.
fn failing() -> Endpoint {
    Endpoint { latency: nothing(), failure_rate: 1.0, failure_status: 503 }
}

fn topic(protocol: Protocol, retries: RetryPolicy) -> Topic {
    let defaults = TopicDefaults {
        quotas: SnsQuotas::of(QuotaProfile::Current, Region::UsEast1),
        dialect: Dialect::Sns,
        delivery_latency: nothing(),
        envelope_bytes: 1_000,
        duplicate_probability: 0.0,
        duplicate_delay: nothing(),
        retry_jitter: false,
        policy_change_time: nothing(),
        prices: SnsPrices::of(PriceList::published()),
        sms_spend_limit: 1.0,
        contents: Arc::new(Contents::default()),
        is_read: false,
        delivery_streams: Arc::default(),
        activity: ActivitySettings { is_active_at_start: true, wake_up_delay: nothing() },
    };
    let subscription = SubscriptionSettings {
        name: "s".to_owned(),
        protocol,
        protocol_name: "s",
        active_from: Some(Time::ZERO),
        filter: None,
        is_raw: true,
        retries,
        gap: Span::ZERO,
        disabled_at: Time::MAX,
        dead_letter_queue: None,
        latency: nothing(),
        outages: vec![Outage { from: Time::ZERO, until: Time::MAX, status: Some(503) }],
        is_read: false,
        replay: None,
    };
    Topic::new(defaults.topic("t", vec![subscription]), 1, 0)
}

/// When a message that is published at second 7 is tried, in nanoseconds after the publish.
fn attempts(protocol: Protocol, retries: RetryPolicy) -> Vec<u64> {
    let mut topic = topic(protocol, retries);
    let (mut messages, mut batches) = (Messages::new(0), Batches::default());
    let (mut requests, mut journal) = (Requests::default(), Journal::default());
    let mut sns = SnsAccount::new(&SnsQuotas::of(QuotaProfile::Current, Region::UsEast1));
    let mut lambda = LambdaAccount::new(&LambdaQuotas::of(QuotaProfile::Current), 0);
    let mut desk = Desk::default();
    let published = Time::ZERO + Span::from_seconds(7);
    let message = messages.create(NewMessage {
        published_at: published,
        producer: EntityId(1),
        sequence: 0,
        bytes: 100,
        poison: false,
        detail: Detail::NONE,
    });
    let batch = batches.open();
    batches.entries_mut(batch).push(crate::wire::Entry::new(message));
    let mut found = Vec::new();
    let mut now = published;
    let mut due = None;
    loop {
        let before = topic.metrics.delivery_attempts.total();
        let mut cx = Context {
            now,
            me: EntityId(0),
            unobserved_until: Time::MAX,
            outbox: &mut desk,
            messages: &mut messages,
            batches: &mut batches,
            requests: &mut requests,
            journal: &mut journal,
            sns: &mut sns,
            lambda: &mut lambda,
        };
        match due {
            None => {
                topic.start(&mut cx);
                topic.receive(EntityId(1), Signal::Put { batch }, &mut cx);
            }
            Some(timer) => topic.wake(timer, &mut cx),
        }
        if topic.metrics.delivery_attempts.total() > before {
            found.push((now - published).as_nanos());
        }
        // One delivery has one timer at a time.
        let Some((at, timer)) = desk.0.pop() else { break };
        assert!(desk.0.is_empty());
        (now, due) = (at, Some(timer));
    }
    assert_eq!(topic.subscriptions[0].counts.discarded, 1, "given up in the end");
    found
}

/// The sums of these pauses, each so many times in a row: in milliseconds, given out in nanoseconds.
fn sums(phases: &[(usize, u64)]) -> Vec<u64> {
    let pauses = phases.iter().flat_map(|(times, pause)| std::iter::repeat_n(*pause, *times));
    let mut at = 0;
    let mut all = vec![0];
    all.extend(pauses.map(|pause| {
        at += pause * 1_000_000;
        at
    }));
    all
}

#[test]
fn queues_and_functions_are_tried_100_016_times() {
    let phases = [
        (3, 0),
        (2, 1_000),
        // Exponentially from 1 to 20 seconds, ten times.
        (1, 1_000),
        (1, 2_000),
        (1, 4_000),
        (1, 8_000),
        (1, 16_000),
        (5, 20_000),
        (100_000, 20_000),
    ];
    let wanted = sums(&phases);
    assert_eq!(wanted.len(), 100_016);
    let queue = Protocol::Sqs { queue: EntityId(2), is_fifo: false, takes_up_to: Some(262_144) };
    assert_eq!(attempts(queue, RetryPolicy::AWS_MANAGED), wanted);
    let function = Protocol::Lambda { function: EntityId(2), is_permitted: true, takes_up_to: 262_144 };
    assert_eq!(attempts(function, RetryPolicy::AWS_MANAGED), wanted);
}

#[test]
fn mail_sms_and_push_are_tried_51_times() {
    let phases = [
        (2, 10_000),
        // Exponentially from 10 to 600 seconds, ten times.
        (1, 10_000),
        (1, 20_000),
        (1, 40_000),
        (1, 80_000),
        (1, 160_000),
        (1, 320_000),
        (4, 600_000),
        (38, 600_000),
    ];
    let wanted = sums(&phases);
    assert_eq!(wanted.len(), 51);
    let protocols = [
        Protocol::Email(failing()),
        Protocol::Sms(failing(), SmsType::Promotional),
        Protocol::Sms(failing(), SmsType::Transactional),
        Protocol::Application(failing(), None),
    ];
    for protocol in protocols {
        assert_eq!(attempts(protocol.clone(), RetryPolicy::CUSTOMER_MANAGED), wanted, "{protocol:?}");
    }
}

#[test]
fn http_is_tried_four_times_and_as_its_policy_says() {
    let http = |retries| attempts(Protocol::Http(failing()), retries);
    assert_eq!(http(RetryPolicy::HTTP), sums(&[(3, 20_000)]));
    let policy = |function| RetryPolicy {
        immediate: 2,
        before_backoff: 1,
        backoff: 4,
        after_backoff: 2,
        shortest: Span::from_seconds(5),
        longest: Span::from_seconds(40),
        function,
    };
    let of = |backoff: [u64; 4]| {
        let mut phases = vec![(2, 0), (1, 5_000)];
        phases.extend(backoff.map(|pause| (1, pause)));
        phases.push((2, 40_000));
        sums(&phases)
    };
    assert_eq!(http(policy(Backoff::Exponential)), of([5_000, 10_000, 20_000, 40_000]));
    // 35 seconds in sixths: 0, 1, 3, 6 of them; and in thirds: to the nanosecond.
    let backoff = |function| -> Vec<u64> {
        let instants = http(policy(function));
        assert_eq!(instants.len(), 10);
        instants.windows(2).map(|pair| pair[1] - pair[0]).skip(3).take(4).collect()
    };
    let seconds = 1_000_000_000;
    assert_eq!(backoff(Backoff::Arithmetic), [5 * seconds, 10_833_333_333, 22_500_000_000, 40 * seconds]);
    assert_eq!(backoff(Backoff::Linear), [5 * seconds, 16_666_666_666, 28_333_333_333, 40 * seconds]);
    let geometric = backoff(Backoff::Geometric);
    let wanted = [5 * seconds, 10 * seconds, 20 * seconds, 40 * seconds];
    assert!(geometric.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) <= 1), "{geometric:?}");
    let none =
        RetryPolicy { immediate: 0, before_backoff: 0, backoff: 0, after_backoff: 0, ..RetryPolicy::HTTP };
    assert_eq!(http(none), [0], "no retry");
    let all_at_once = RetryPolicy { immediate: 100, ..none };
    assert_eq!(http(all_at_once), vec![0; 101]);
}
