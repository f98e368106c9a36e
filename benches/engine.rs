//! What an event and a draw cost, as ratios to the barest alternative in the same process.
//!
//!     cargo bench --bench engine               the tables
//!     cargo bench --bench engine -- --check    exit status 1 when the calendar is slower than a
//!                                              bare heap by more than a fifth at 1000 pending
//!
//! The hold model keeps n events pending: take the earliest, post it again after an exponential
//! delay. The delays come from a table, so that drawing them is not in the figure. Figures of one
//! machine do not travel; the ratio within one run does. Rounds of both contestants alternate, and
//! medians are shown.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

use cpu_time::ProcessTime;
use queuelab::engine::{Calendar, Distribution, Span, Stream, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::process::ExitCode;

/// As large as the events of a real model.
type Event = [u64; 4];

const DELAYS: usize = 1 << 15;
const HOLDS: usize = 1_000_000;
const ROUNDS: usize = 7;
/// How much slower than the bare heap the calendar may be, at 1000 pending.
const LIMIT: f64 = 1.2;

/// A future event list under the hold model.
trait List {
    fn post(&mut self, delay: u64, event: Event);
    fn pop(&mut self) -> Event;
}

impl List for Calendar<Event> {
    #[inline]
    fn post(&mut self, delay: u64, event: Event) {
        let at = self.now() + Span::from_nanos(delay);
        Calendar::post(self, at, event);
    }

    #[inline]
    fn pop(&mut self) -> Event {
        self.pop_until(Time::MAX).expect("the hold model never runs dry")
    }
}

/// The least that gives a total order: the standard heap of (time, order, index of the event), with
/// the events beside it. It reuses the index just freed and can do nothing else.
#[derive(Default)]
struct BareHeap {
    now: u64,
    order: u64,
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    events: Vec<Event>,
    free: Vec<u32>,
}

impl List for BareHeap {
    #[inline]
    fn post(&mut self, delay: u64, event: Event) {
        let index = if let Some(index) = self.free.pop() {
            self.events[index as usize] = event;
            index
        } else {
            self.events.push(event);
            self.events.len() as u32 - 1
        };
        self.heap.push(Reverse((self.now + delay, self.order, index)));
        self.order += 1;
    }

    #[inline]
    fn pop(&mut self) -> Event {
        let Reverse((at, _, index)) = self.heap.pop().expect("the hold model never runs dry");
        self.now = at;
        self.free.push(index);
        self.events[index as usize]
    }
}

/// A list kept at `n` pending events.
struct Hold<L> {
    list: L,
    place: usize,
    sum: u64,
}

impl<L: List> Hold<L> {
    fn new(mut list: L, n: usize, delays: &[u64]) -> Self {
        for number in 0..n {
            let spread = delays[number % DELAYS] + (number / DELAYS) as u64;
            list.post(spread, [number as u64, spread, 0, 0]);
        }
        let mut hold = Self { list, place: 7, sum: 0 };
        hold.nanos_per_hold((3 * n).max(100_000), delays);
        hold
    }

    /// Processor nanoseconds of one pop and post, over `holds` of them.
    fn nanos_per_hold(&mut self, holds: usize, delays: &[u64]) -> f64 {
        let start = ProcessTime::now();
        for _ in 0..holds {
            // An odd stride keeps the table's period from lining up with n.
            self.place = (self.place + 12_345) % DELAYS;
            let mut event = self.list.pop();
            event[2] += 1;
            self.sum = self.sum.wrapping_mul(31).wrapping_add(event[0]);
            self.list.post(delays[self.place], event);
        }
        start.elapsed().as_secs_f64() * 1e9 / holds as f64
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Medians in nanoseconds per hold: calendar, bare heap, and the ratio of a round.
fn contest(n: usize, rounds: usize, delays: &[u64]) -> (f64, f64, f64) {
    let mut calendar = Hold::new(Calendar::new(), n, delays);
    let mut bare = Hold::new(BareHeap::default(), n, delays);
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (our, their) = (calendar.nanos_per_hold(HOLDS, delays), bare.nanos_per_hold(HOLDS, delays));
        ours.push(our);
        theirs.push(their);
        ratios.push(our / their);
    }
    assert_eq!(calendar.sum, bare.sum, "calendar and heap took different events at n = {n}");
    (median(ours), median(theirs), median(ratios))
}

fn nanos_per_draw<R>(mut draw: impl FnMut() -> R) -> f64 {
    const DRAWS: u32 = 1_000_000;
    let once = || {
        let start = ProcessTime::now();
        for _ in 0..DRAWS {
            black_box(draw());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(DRAWS)
    };
    median(std::iter::repeat_with(once).take(ROUNDS).collect())
}

fn draws() {
    let mut stream = Stream::new(1, 0, "bench", "draws");
    let word = nanos_per_draw(|| stream.next_u64());
    let print = |name: &str, nanos: f64| println!("{name:<28} {nanos:>8.1} {:>8.1}", nanos / word);
    println!("{:<28} {:>8} {:>8}", "draw", "ns", "x word");
    print("word", word);
    print("unit", nanos_per_draw(|| stream.unit()));
    print("below 10", nanos_per_draw(|| stream.below(10)));
    print("chance 0.3", nanos_per_draw(|| stream.chance(0.3)));
    print("exponential", nanos_per_draw(|| stream.exponential()));
    print("exponential by logarithm", nanos_per_draw(|| -libm::log(stream.open_unit())));
    print("normal", nanos_per_draw(|| stream.normal()));
    let table: Vec<(f64, f64)> = (1..=1000).map(|value| (f64::from(value), 1.0 / f64::from(value))).collect();
    let parts = [Distribution::exponential(0.1), Distribution::lognormal_mean_p95(0.2, 0.5)];
    let parts = parts.map(|part| (1.0, part.expect("valid parameters")));
    for (name, distribution) in [
        ("constant", Distribution::constant(0.1)),
        ("uniform", Distribution::uniform(0.1, 0.2)),
        ("exponential distribution", Distribution::exponential(0.1)),
        ("normal, low 0", Distribution::normal_truncated(1.0, 0.3, 0.0, f64::INFINITY)),
        ("normal, tail from 3", Distribution::normal_truncated(0.0, 1.0, 3.0, f64::INFINITY)),
        ("lognormal", Distribution::lognormal_mean_p95(0.2, 0.5)),
        ("lognormal, cut", Distribution::lognormal_median_sigma(0.2, 0.5, Some(1.0))),
        ("gamma 2.5", Distribution::gamma(2.5, 0.1)),
        ("gamma 0.5", Distribution::gamma(0.5, 0.1)),
        ("erlang 4", Distribution::erlang(4, 0.1)),
        ("weibull 1.5", Distribution::weibull(1.5, 0.1)),
        ("pareto 1.5", Distribution::pareto(1.5, 0.1)),
        ("triangular", Distribution::triangular(0.1, 0.2, 0.4)),
        ("empirical, 1000 values", Distribution::empirical(&table)),
        ("mixture of two", Distribution::mixture(parts.to_vec())),
    ] {
        let distribution = distribution.expect("valid parameters");
        print(name, nanos_per_draw(|| distribution.sample(&mut stream)));
    }
}

fn main() -> ExitCode {
    let mut stream = Stream::new(1, 0, "bench", "delays");
    let delays: Vec<u64> = (0..DELAYS).map(|_| 1 + (stream.exponential() * 1e8) as u64).collect();
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    if !asked("--bench") {
        // Built and started by `cargo test --all-targets`: only see that both lists agree.
        contest(100, 1, &delays);
        return ExitCode::SUCCESS;
    }
    if asked("--check") {
        let (ours, theirs, ratio) = contest(1000, 15, &delays);
        println!("hold at 1000 pending: calendar {ours:.1} ns, bare heap {theirs:.1} ns, ratio {ratio:.2}");
        if ratio > LIMIT {
            eprintln!("the calendar is slower than a bare heap by more than {LIMIT} times");
            return ExitCode::FAILURE;
        }
        return ExitCode::SUCCESS;
    }
    let scales: Vec<u64> =
        delays.iter().map(|delay| if stream.chance(0.1) { delay * 1000 } else { *delay }).collect();
    let same = vec![100_000_000; DELAYS];
    for (name, delays) in
        [("exponential", &delays), ("one in ten 1000 times longer", &scales), ("all the same", &same)]
    {
        println!("delays: {name}");
        println!(
            "{:<10} {:>12} {:>12} {:>12} {:>8}",
            "pending", "calendar ns", "bare ns", "M holds/s", "ratio"
        );
        for n in [10, 100, 1_000, 10_000, 100_000, 1_000_000] {
            let (ours, theirs, ratio) = contest(n, ROUNDS, delays);
            println!("{n:<10} {ours:>12.1} {theirs:>12.1} {:>12.1} {ratio:>8.2}", 1e3 / ours);
        }
        println!();
    }
    draws();
    ExitCode::SUCCESS
}
