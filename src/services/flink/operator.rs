//! The operators of an application, and elements on their way through them. A pipeline knows no slots, streams or clocks:
//! it is told elements and how far time has come, and says what comes out.

use super::aggregate::Aggregate;
use super::operator_config::AggregateConfig;
use super::rows::RowWindows;
use super::says::Reader;
use super::window::{Assigner, Fired, Outcome, WindowKey, Windows};
use crate::engine::{Span, Time};
use crate::wire::GroupId;

/// Which time a window goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeCharacteristic {
    /// When events happened, as watermarks tell.
    Event,
    /// When records are processed.
    Processing,
}

/// Which elements a filter lets through.
#[derive(Debug, Clone)]
pub struct FilterBy {
    /// This share of them.
    pub share: Option<f64>,
    /// Those with one of these keys, sorted; all when there is none.
    pub keys: Vec<GroupId>,
    /// Those with at least this value.
    pub minimum: Option<f64>,
    /// Those with at most this value.
    pub maximum: Option<f64>,
    /// Those that satisfy this pattern, by its number.
    pub pattern: Option<usize>,
}

/// What elements are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Nothing: all are one group.
    Nothing,
    /// Their partition key.
    PartitionKey,
    /// The value of a key of their JSON, by its number.
    Body(usize),
}

/// A window operator.
#[derive(Debug, Clone, Copy)]
pub struct WindowOperator {
    /// Its windows.
    pub assigner: Assigner,
    /// Which time they go by.
    pub time: TimeCharacteristic,
    /// `allowedLateness`, milliseconds.
    pub lateness: i64,
    /// What a result says.
    pub aggregate: AggregateConfig,
    /// The number it says that of: the value of a key of their JSON, by its number; without one what an element says.
    pub value: Option<usize>,
    /// Size of a result.
    pub result_bytes: u32,
    /// Elements are grouped by this step of event time too, milliseconds (SQL).
    pub event_step: Option<i64>,
}

/// What an operator does.
#[derive(Debug, Clone)]
pub enum OperatorKind {
    /// Lets some through.
    Filter(FilterBy),
    /// Changes the size.
    Map {
        /// New size by old size.
        size_ratio: f64,
    },
    /// Groups, for the windows that follow.
    KeyBy(Grouping),
    /// Gathers in windows.
    Window(WindowOperator),
    /// Looks at the rows of the last while whenever one comes ("Sliding Windows", SQL).
    Rows {
        /// How far back, milliseconds.
        range: i64,
        /// What a result says.
        aggregate: AggregateConfig,
        /// The number it says that of, as in a window.
        value: Option<usize>,
        /// Size of a result.
        result_bytes: u32,
    },
}

/// An operator.
#[derive(Debug, Clone)]
pub struct Operator {
    /// What it does.
    pub kind: OperatorKind,
    /// How long a slot needs for an element.
    pub time: Span,
}

/// A record, or a result of a window, on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    /// Its time in milliseconds since 1970: of the event; in processing time, when it is processed.
    pub(super) time: i64,
    /// Its partition key.
    pub(super) key: GroupId,
    /// Its size.
    pub(super) bytes: u32,
    /// What it says: its bytes, the result of a window, or the number that a window is about.
    pub(super) value: f64,
    /// When it was published, or the newest of what it was made of.
    pub(super) published: Time,
    /// What tells it from others, the same when it is read again.
    pub(super) identity: u64,
    /// Whether windows group it by its key.
    pub(super) is_keyed: bool,
}

/// What came of an element that was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// A filter stopped it.
    Filtered,
    /// It is in a window.
    Aggregated,
    /// It was too late for its windows.
    Late,
    /// It falls between windows.
    Outside,
    /// It went through.
    Passed,
}

/// Something that comes out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// The element.
    pub(super) element: Element,
    /// The window whose result it is, and of which operator; `None` for a record.
    pub(super) window: Option<(usize, Fired)>,
}

/// State of one operator.
#[derive(Debug, Clone)]
enum State {
    None,
    Windows(Windows),
    Rows(RowWindows),
}

/// What came of everything that was put in.
#[derive(Debug, Default)]
pub(super) struct Yield {
    /// What comes out at the end.
    pub(super) outputs: Vec<Output>,
    /// What was too late.
    pub(super) late: Vec<Element>,
    /// Every result of a window, also those that operators behind it use up.
    pub(super) results: Vec<(usize, Fired)>,
    /// Results of windows that came too late for windows behind them.
    pub(super) late_results: u64,
    fired: Vec<Fired>,
}

/// The operators with their state.
#[derive(Debug, Clone)]
pub(super) struct Pipeline {
    operators: Vec<Operator>,
    states: Vec<State>,
    /// Decides which elements filters let through: drawn once.
    salt: u64,
}

/// A number in 0..1 that depends on nothing but its arguments ("SplitMix64").
fn draw(salt: u64, identity: u64) -> f64 {
    let mut mixed = (salt ^ identity).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

impl Pipeline {
    /// Operators without state.
    pub(super) fn new(operators: Vec<Operator>, salt: u64) -> Self {
        let state = |operator: &Operator| match operator.kind {
            OperatorKind::Window(window) => State::Windows(Windows::new(window.assigner, window.lateness)),
            OperatorKind::Rows { range, .. } => State::Rows(RowWindows::new(range)),
            _ => State::None,
        };
        Self { states: operators.iter().map(state).collect(), operators, salt }
    }

    fn windows(&self) -> impl Iterator<Item = (&WindowOperator, &Windows)> {
        self.operators.iter().zip(&self.states).filter_map(|(operator, state)| {
            match (&operator.kind, state) {
                (OperatorKind::Window(window), State::Windows(windows)) => Some((window, windows)),
                _ => None,
            }
        })
    }

    /// Windows (and rows) in state.
    pub(super) fn state_entries(&self) -> u64 {
        let of = |state: &State| match state {
            State::None => 0,
            State::Windows(windows) => windows.len() as u64,
            State::Rows(rows) => rows.len() as u64,
        };
        self.states.iter().map(of).sum()
    }

    /// A restart: what was state stays, time begins anew.
    pub(super) fn forget_time(&mut self) {
        for state in &mut self.states {
            if let State::Windows(windows) = state {
                windows.forget_time();
            }
        }
    }

    /// When the next window of processing time ends, in milliseconds.
    pub(super) fn next_processing_end(&self) -> Option<i64> {
        let theirs = self.windows().filter(|(window, _)| window.time == TimeCharacteristic::Processing);
        theirs.filter_map(|(_, windows)| windows.next_end()).min()
    }

    /// Whether any window goes by this time.
    pub(super) fn uses(&self, time: TimeCharacteristic) -> bool {
        self.windows().any(|(window, _)| window.time == time)
    }

    /// An element comes in at the front, with what it says if anybody asks. `now` is the time of processing, milliseconds.
    #[inline]
    pub(super) fn put(
        &mut self,
        element: Element,
        says: Option<&mut Reader>,
        now: i64,
        out: &mut Yield,
    ) -> Fate {
        let fate = self.feed(0, (element, None), says, now, out);
        if fate == Fate::Late {
            out.late.push(element);
        }
        fate
    }

    /// Time has come so far: windows that are over fire, and their results go on before the windows behind them look.
    pub(super) fn advance(&mut self, time: TimeCharacteristic, clock: i64, now: i64, out: &mut Yield) {
        for place in 0..self.operators.len() {
            let OperatorKind::Window(window) = self.operators[place].kind else { continue };
            if window.time != time {
                continue;
            }
            let mut fired = std::mem::take(&mut out.fired);
            if let State::Windows(windows) = &mut self.states[place] {
                windows.advance(clock, &mut fired);
            }
            self.emit(place, (window.aggregate, window.result_bytes), fired, now, out);
        }
    }

    /// Results of windows go on behind their operator.
    fn emit(
        &mut self,
        place: usize,
        (aggregate, bytes): (AggregateConfig, u32),
        mut fired: Vec<Fired>,
        now: i64,
        out: &mut Yield,
    ) {
        for one in fired.drain(..) {
            out.results.push((place, one));
            let element = Element {
                // "Windows": a result has the last millisecond of its window.
                time: one.end - 1,
                key: one.key.group,
                bytes,
                value: value(aggregate, &one.aggregate),
                published: one.aggregate.newest,
                identity: identity(&one),
                is_keyed: false,
            };
            let fate = self.feed(place + 1, (element, Some((place, one))), None, now, out);
            out.late_results += u64::from(fate == Fate::Late);
        }
        out.fired = fired;
    }

    /// An element goes on from an operator.
    fn feed(
        &mut self,
        from: usize,
        (mut element, window): (Element, Option<(usize, Fired)>),
        mut says: Option<&mut Reader>,
        now: i64,
        out: &mut Yield,
    ) -> Fate {
        for place in from..self.operators.len() {
            match &self.operators[place].kind {
                OperatorKind::Filter(filter) => {
                    if !filter.lets(&element, says.as_deref_mut(), self.salt.wrapping_add(place as u64)) {
                        return Fate::Filtered;
                    }
                }
                OperatorKind::Map { size_ratio } => {
                    element.shrink(*size_ratio);
                    if window.is_none() {
                        element.value = f64::from(element.bytes);
                    }
                }
                OperatorKind::KeyBy(grouping) => element.group_by(*grouping, says.as_deref()),
                OperatorKind::Window(operator) => {
                    let operator = *operator;
                    if !element.takes_value(operator.value, says.as_deref()) {
                        return Fate::Filtered;
                    }
                    let mut fired = std::mem::take(&mut out.fired);
                    let outcome = self.enter(place, &operator, &element, now, &mut fired);
                    self.emit(place, (operator.aggregate, operator.result_bytes), fired, now, out);
                    return match outcome {
                        Outcome::Taken => Fate::Aggregated,
                        Outcome::Late => Fate::Late,
                        Outcome::Outside => Fate::Outside,
                    };
                }
                OperatorKind::Rows { aggregate, value, result_bytes, .. } => {
                    let said = (*aggregate, *result_bytes);
                    if !element.takes_value(*value, says.as_deref()) {
                        return Fate::Filtered;
                    }
                    let mut fired = std::mem::take(&mut out.fired);
                    if let State::Rows(rows) = &mut self.states[place] {
                        let group = if element.is_keyed { element.key } else { GroupId::NONE };
                        let key = WindowKey { group, step: 0 };
                        rows.add(key, now, (element.value, element.published), &mut fired);
                    }
                    self.emit(place, said, fired, now, out);
                    return Fate::Aggregated;
                }
            }
        }
        out.outputs.push(Output { element, window });
        Fate::Passed
    }

    fn enter(
        &mut self,
        place: usize,
        operator: &WindowOperator,
        element: &Element,
        now: i64,
        fired: &mut Vec<Fired>,
    ) -> Outcome {
        let State::Windows(windows) = &mut self.states[place] else { return Outcome::Outside };
        let time = match operator.time {
            TimeCharacteristic::Event => element.time,
            TimeCharacteristic::Processing => now,
        };
        let key = WindowKey {
            group: if element.is_keyed { element.key } else { GroupId::NONE },
            step: operator.event_step.map_or(0, |step| element.time - element.time.rem_euclid(step)),
        };
        windows.add(key, time, (element.value, element.published), fired)
    }

    /// The rows of one instant are all there: each gives its result ("Sliding Windows", SQL: rows of one time are peers).
    pub(super) fn end_instant(&mut self, now: i64, out: &mut Yield) {
        for place in 0..self.operators.len() {
            let OperatorKind::Rows { aggregate, result_bytes, .. } = self.operators[place].kind else {
                continue;
            };
            let mut fired = std::mem::take(&mut out.fired);
            if let State::Rows(rows) = &mut self.states[place] {
                rows.end_instant(&mut fired);
            }
            self.emit(place, (aggregate, result_bytes), fired, now, out);
        }
    }

    /// Whether an element gets past the filters among the first operators.
    pub(super) fn reaches(&self, place: usize, element: &Element, mut says: Option<&mut Reader>) -> bool {
        let mut element = *element;
        (0..).zip(&self.operators[..place]).all(|(place, operator)| match &operator.kind {
            OperatorKind::Filter(filter) => {
                filter.lets(&element, says.as_deref_mut(), self.salt.wrapping_add(place))
            }
            OperatorKind::Map { size_ratio } => {
                element.shrink(*size_ratio);
                element.value = f64::from(element.bytes);
                true
            }
            _ => true,
        })
    }

    /// Rows that no window reaches any more are forgotten.
    pub(super) fn trim(&mut self, now: i64) {
        for state in &mut self.states {
            if let State::Rows(rows) = state {
                rows.trim(now);
            }
        }
    }
}

impl Element {
    fn group_by(&mut self, grouping: Grouping, says: Option<&Reader>) {
        self.is_keyed = grouping != Grouping::Nothing;
        if let Grouping::Body(key) = grouping {
            self.key = says.map_or(GroupId::NONE, |says| says.group(key));
        }
    }

    /// The number that a window is about; tells whether there is one.
    fn takes_value(&mut self, value: Option<usize>, says: Option<&Reader>) -> bool {
        let Some(key) = value else { return true };
        let found = says.and_then(|says| says.number(key));
        self.value = found.unwrap_or(self.value);
        found.is_some()
    }

    fn shrink(&mut self, ratio: f64) {
        self.bytes = ((f64::from(self.bytes) * ratio + 0.5) as u32).max(1);
    }
}

impl FilterBy {
    fn lets(&self, element: &Element, says: Option<&mut Reader>, salt: u64) -> bool {
        self.share.is_none_or(|share| draw(salt, element.identity) < share)
            && (self.keys.is_empty() || self.keys.binary_search(&element.key).is_ok())
            && self.minimum.is_none_or(|minimum| element.value >= minimum)
            && self.maximum.is_none_or(|maximum| element.value <= maximum)
            && self.pattern.is_none_or(|pattern| says.is_some_and(|says| says.satisfies(pattern)))
    }
}

/// What the result of a window says.
pub(super) fn value(aggregate: AggregateConfig, of: &Aggregate) -> f64 {
    match aggregate {
        AggregateConfig::Count => of.count as f64,
        AggregateConfig::Sum => of.sum,
        AggregateConfig::Minimum => of.minimum,
        AggregateConfig::Maximum => of.maximum,
        AggregateConfig::Average => of.average(),
    }
}

fn identity(one: &Fired) -> u64 {
    (one.start as u64).rotate_left(32) ^ (one.end as u64) ^ (u64::from(one.key.group.0) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: FilterBy =
        FilterBy { share: None, keys: Vec::new(), minimum: None, maximum: None, pattern: None };

    fn window(size: i64, aggregate: AggregateConfig) -> Operator {
        let kind = OperatorKind::Window(WindowOperator {
            assigner: Assigner::Sliding { size, slide: size, offset: 0 },
            time: TimeCharacteristic::Event,
            lateness: 0,
            aggregate,
            value: None,
            result_bytes: 10,
            event_step: None,
        });
        Operator { kind, time: Span::ZERO }
    }

    fn element(time: i64, key: u32) -> Element {
        Element {
            time,
            key: GroupId(key),
            bytes: 100,
            value: 100.0,
            published: Time::ZERO,
            identity: (time as u64) << 8 | u64::from(key),
            is_keyed: false,
        }
    }

    #[test]
    fn a_window_may_follow_a_window() {
        let by_key = Operator { kind: OperatorKind::KeyBy(Grouping::PartitionKey), time: Span::ZERO };
        let largest = window(120, AggregateConfig::Maximum);
        let mut pipeline = Pipeline::new(vec![by_key, window(60, AggregateConfig::Count), largest], 0);
        let mut out = Yield::default();
        for (time, key) in [(1, 1), (2, 1), (3, 2), (70, 1), (71, 2), (72, 2), (73, 2)] {
            assert_eq!(pipeline.put(element(time, key), None, time, &mut out), Fate::Aggregated);
        }
        pipeline.advance(TimeCharacteristic::Event, 119, 200, &mut out);
        // The results of the second minute are in time for the window that ends with it.
        let values: Vec<f64> = out.outputs.iter().map(|one| one.element.value).collect();
        assert_eq!(values, [3.0]);
        assert_eq!((out.results.len(), out.late_results), (5, 0));
    }

    #[test]
    fn filters_let_the_same_records_through_whenever_they_are_read() {
        let share = FilterBy { share: Some(0.3), ..ALL };
        let operator = Operator { kind: OperatorKind::Filter(share), time: Span::ZERO };
        let mut pipeline = Pipeline::new(vec![operator], 77);
        let mut passed = |out: &mut Yield| -> Vec<Fate> {
            (0..10_000).map(|time| pipeline.put(element(time, 1), None, 0, out)).collect()
        };
        let mut out = Yield::default();
        let (first, second) = (passed(&mut out), passed(&mut out));
        assert_eq!(first, second);
        let through = first.iter().filter(|fate| **fate == Fate::Passed).count();
        assert!((2_800..3_200).contains(&through), "{through}");
    }

    #[test]
    fn filters_know_keys_and_values_and_maps_change_sizes() {
        let keys = FilterBy { keys: vec![GroupId(1), GroupId(5)], maximum: Some(60.0), ..ALL };
        let operators = vec![
            Operator { kind: OperatorKind::Map { size_ratio: 0.5 }, time: Span::ZERO },
            Operator { kind: OperatorKind::Filter(keys), time: Span::ZERO },
        ];
        let mut pipeline = Pipeline::new(operators, 0);
        let mut out = Yield::default();
        let fates = [1, 2, 5].map(|key| pipeline.put(element(0, key), None, 0, &mut out));
        assert_eq!(fates, [Fate::Passed, Fate::Filtered, Fate::Passed]);
        let big = Element { bytes: 200, value: 200.0, ..element(0, 1) };
        assert_eq!(pipeline.put(big, None, 0, &mut out), Fate::Filtered);
        assert_eq!(out.outputs[0].element.bytes, 50);
    }
}
