//! Scaling policies at work: alarms speak, and the target gets a desired capacity, or everybody learns why not.
//!
//! The controller knows no host. It is told what the target looks like ([`Facts`]) and what alarms saw
//! ([`AlarmReport`]), and gives the capacity the target is to have ([`Change`]). What it decides, and what keeps
//! it from acting, it writes down as scaling activities.

use super::arithmetic::{Capacity, adjusted, adjusted_from, adjustment, gradual, step_for, tracked};
use super::policy::{Binding, MetricAggregation, Pace, PolicyKind, ScalingService, ScalingSettings};
use super::reason::{Arithmetic, Hold};
use crate::engine::{Span, Time};
use crate::record::ScalingActivity;
use crate::wire::{AlarmReport, AlarmState};
use std::fmt::Write as _;

/// What the target looks like when something is decided.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Its name.
    pub name: String,
    /// Desired capacity.
    pub desired: u32,
    /// Instances in service.
    pub in_service: u32,
    /// Instances being launched.
    pub pending: u32,
    /// Instances being terminated.
    pub terminating: u32,
    /// When those instances in service that were launched during the run came into service.
    pub launched: Vec<Time>,
    /// What simple scaling waits for.
    pub waits_for: Option<SimpleWait>,
    /// Whether a deployment is under way, which keeps a service from scaling in.
    pub is_deploying: bool,
}

/// What simple scaling waits for ("Scaling cooldowns for Amazon EC2 Auto Scaling").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimpleWait {
    /// The last scaling activity.
    Activity,
    /// The cooldown after it.
    Cooldown(Span),
}

/// What the target is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The capacity it is to have from now on.
    pub desired: u32,
    /// The cooldown for simple scaling that begins when the change is done; `None` leaves one that runs as it is.
    pub cooldown: Option<Span>,
}

/// What the controller remembers of a policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct PolicyState {
    high: AlarmState,
    low: AlarmState,
    /// The capacity it asks for as long as its alarm is in ALARM, or its forecast holds.
    pub(super) standing: Option<u32>,
    /// Why it last changed nothing, when that was already told.
    told: Option<std::mem::Discriminant<Hold>>,
    without_data_since: Option<Time>,
    told_of_missing_data: bool,
}

impl Default for PolicyState {
    fn default() -> Self {
        Self {
            high: AlarmState::InsufficientData,
            low: AlarmState::InsufficientData,
            standing: None,
            told: None,
            without_data_since: None,
            told_of_missing_data: false,
        }
    }
}

/// An alarm that invoked a policy, until the decision.
#[derive(Debug, Clone)]
struct Invocation {
    binding: Binding,
    report: AlarmReport,
}

/// What a policy asks for.
struct Wish {
    policy: usize,
    /// Within the sizes.
    desired: u32,
    arithmetic: Arithmetic,
    hold: Option<Hold>,
}

/// Cooldowns of a scalable target ("Step scaling policies for Application Auto Scaling").
#[derive(Debug, Clone, Copy, Default)]
struct Cooldowns {
    /// Until when a scale-out counts as under way, and the capacity before it.
    out: Option<(Time, u32)>,
    in_until: Option<Time>,
}

impl Cooldowns {
    /// The capacity that the next scale-out starts from.
    fn base(&self, desired: u32, now: Time) -> u32 {
        self.out.filter(|(until, _)| *until > now).map_or(desired, |(_, base)| base.min(desired))
    }
}

/// The scaling of one target.
#[derive(Debug)]
pub struct Controller {
    pub(super) settings: ScalingSettings,
    pub(super) min_size: u32,
    pub(super) max_size: u32,
    /// The maximum without what a forecast adds for its hour.
    pub(super) own_max_size: u32,
    pub(super) states: Vec<PolicyState>,
    invocations: Vec<Invocation>,
    cooldowns: Cooldowns,
    /// When target tracking last took capacity away.
    tracked_in_at: Option<Time>,
    /// When each scheduled action runs next.
    pub(super) planned: Vec<Option<jiff::Timestamp>>,
    pub(super) forecasts: Vec<super::forecast::Forecast>,
}

/// Alarms without data are told of after this time: a target whose metric has just begun is nothing to worry about.
const TELL_OF_MISSING_DATA: Span = Span::from_minutes(5);

impl Controller {
    /// A controller whose policies have not been invoked yet.
    pub fn new(settings: ScalingSettings) -> Self {
        let forecasts = super::forecast::forecasts(&settings);
        Self {
            min_size: settings.min_size,
            max_size: settings.max_size,
            own_max_size: settings.max_size,
            states: vec![PolicyState::default(); settings.policies.len()],
            invocations: Vec::new(),
            cooldowns: Cooldowns::default(),
            tracked_in_at: None,
            planned: vec![None; settings.scheduled_actions.len()],
            forecasts,
            settings,
        }
    }

    /// Fewest instances now.
    pub fn min_size(&self) -> u32 {
        self.min_size
    }

    /// Most instances now.
    pub fn max_size(&self) -> u32 {
        self.max_size
    }

    /// What the target is set to.
    pub fn settings(&self) -> &ScalingSettings {
        &self.settings
    }

    /// CloudWatch tells the state of an alarm that a policy is bound to: at each evaluation, since Auto Scaling actions
    /// are repeated while the state lasts ("Using Amazon CloudWatch alarms"). Gives when the host must ask for the
    /// decision, if it must.
    pub fn hear(
        &mut self,
        (binding, state): (Binding, AlarmState),
        report: &AlarmReport,
        facts: &Facts,
        now: Time,
        rows: &mut Vec<ScalingActivity>,
    ) -> Option<Time> {
        let policy = self.states.get_mut(binding.policy)?;
        *(if binding.low { &mut policy.low } else { &mut policy.high }) = state;
        if state != AlarmState::InsufficientData {
            policy.without_data_since = None;
            policy.told_of_missing_data = false;
        }
        match state {
            AlarmState::Alarm => {
                let is_first = self.invocations.is_empty();
                self.invocations.push(Invocation { binding, report: report.clone() });
                is_first.then(|| now + self.settings.assumptions.gathering_time)
            }
            AlarmState::Ok | AlarmState::InsufficientData => {
                if policy.high != AlarmState::Alarm && policy.low != AlarmState::Alarm {
                    policy.told = None;
                    policy.standing = None;
                }
                if state == AlarmState::InsufficientData {
                    self.tell_of_missing_data(binding, report, facts, now, rows);
                }
                None
            }
        }
    }

    fn tell_of_missing_data(
        &mut self,
        binding: Binding,
        report: &AlarmReport,
        facts: &Facts,
        now: Time,
        rows: &mut Vec<ScalingActivity>,
    ) {
        let policy = &mut self.states[binding.policy];
        let since = *policy.without_data_since.get_or_insert(now);
        if policy.told_of_missing_data || since + TELL_OF_MISSING_DATA > now {
            return;
        }
        policy.told_of_missing_data = true;
        let cause = format!(
            "alarm {} is in INSUFFICIENT_DATA: its metric has no datapoints, and without them nothing is scaled",
            report.alarm
        );
        rows.push(self.row(binding.policy, facts, now, facts.desired, cause));
    }

    /// The decision over everything that was invoked since the last one: "the policy that provides the largest capacity"
    /// wins ("Dynamic scaling for Amazon EC2 Auto Scaling"), for scale-out and for scale-in. A policy also holds
    /// what it asked for while its alarm stays in ALARM.
    pub fn decide(&mut self, facts: &Facts, now: Time, rows: &mut Vec<ScalingActivity>) -> Option<Change> {
        let invocations = std::mem::take(&mut self.invocations);
        let wishes: Vec<Wish> =
            invocations.iter().map(|invocation| self.wish(invocation, facts, now)).collect();
        for wish in &wishes {
            self.states[wish.policy].standing = wish.hold.is_none().then_some(wish.desired);
        }
        let winner = self.winner(&wishes, facts);
        let change =
            winner.map(|winner| (winner, self.carry_out(&wishes[winner], &invocations[winner], facts, now)));
        for (index, (wish, invocation)) in wishes.iter().zip(&invocations).enumerate() {
            let done = change.filter(|(winner, _)| *winner == index);
            let hold =
                done.is_none().then(|| self.why_not(wish, winner.map(|winner| &wishes[winner]), facts));
            let told = hold.as_ref().map(std::mem::discriminant);
            let policy = &mut self.states[wish.policy];
            let is_news = told.is_none() || policy.told != told;
            policy.told = told;
            if is_news {
                let cause = self.cause(wish, invocation, hold.as_ref(), facts);
                let desired = done.map_or(facts.desired, |(_, change)| change.desired);
                rows.push(self.row(wish.policy, facts, now, desired, cause));
            }
        }
        change.map(|(_, change)| change)
    }

    /// The wish that is carried out, by its position.
    fn winner(&self, wishes: &[Wish], facts: &Facts) -> Option<usize> {
        let mut winner: Option<usize> = None;
        for (index, wish) in wishes.iter().enumerate().filter(|(_, wish)| wish.hold.is_none()) {
            if winner.is_none_or(|winner| wishes[winner].desired < wish.desired) {
                winner = Some(index);
            }
        }
        let desired = wishes[winner?].desired;
        let held = self.largest_standing().map_or(0, |(_, standing)| standing);
        winner.filter(|_| desired > facts.desired || desired < facts.desired && held <= desired)
    }

    fn largest_standing(&self) -> Option<(usize, u32)> {
        let standing = self.states.iter().enumerate();
        standing
            .filter_map(|(policy, state)| Some((policy, state.standing?)))
            .max_by_key(|(_, desired)| *desired)
    }

    fn carry_out(&mut self, wish: &Wish, invocation: &Invocation, facts: &Facts, now: Time) -> Change {
        if wish.desired < facts.desired && invocation.binding.low {
            self.tracked_in_at = Some(now);
        }
        let cooldown = match &self.settings.policies[wish.policy].kind {
            PolicyKind::Simple { cooldown, .. } => Some(cooldown.unwrap_or(self.settings.default_cooldown)),
            PolicyKind::Step { pace, .. } | PolicyKind::TargetTracking { pace, .. } => {
                if self.settings.service == ScalingService::ApplicationAutoScaling {
                    let pace = *pace;
                    self.begin_cooldown(pace, wish.desired, facts.desired, now);
                }
                None
            }
            PolicyKind::Predictive(_) => None,
        };
        Change { desired: wish.desired, cooldown }
    }

    fn begin_cooldown(&mut self, pace: Pace, desired: u32, before: u32, now: Time) {
        if desired > before {
            let base = self.cooldowns.base(before, now);
            self.cooldowns.out = Some((now + pace.scale_out_cooldown, base));
            // "The scale-in cooldown period stops and doesn't complete."
            self.cooldowns.in_until = None;
        } else {
            self.cooldowns.in_until = Some(now + pace.scale_in_cooldown);
            self.cooldowns.out = None;
        }
    }

    fn why_not(&self, wish: &Wish, winner: Option<&Wish>, facts: &Facts) -> Hold {
        if let Some(hold) = &wish.hold {
            return hold.clone();
        }
        let name = |policy: usize| self.settings.policies[policy].name.clone();
        if let Some(winner) = winner
            && winner.desired >= wish.desired
            && wish.desired != facts.desired
        {
            return Hold::Larger { policy: name(winner.policy), desired: winner.desired };
        }
        if wish.desired != facts.desired
            && let Some((policy, desired)) = self.largest_standing()
        {
            return Hold::Larger { policy: name(policy), desired };
        }
        let wanted = wish.arithmetic.wanted();
        if wanted > f64::from(self.max_size) {
            Hold::Maximum(self.max_size)
        } else if wanted < f64::from(self.min_size) {
            Hold::Minimum(self.min_size)
        } else {
            Hold::NothingToDo
        }
    }

    fn cause(&self, wish: &Wish, invocation: &Invocation, hold: Option<&Hold>, facts: &Facts) -> String {
        let Invocation { report, .. } = invocation;
        let policy = &self.settings.policies[wish.policy].name;
        let mut cause = format!("a monitor alarm {} in state ALARM triggered policy {policy}", report.alarm);
        if hold.is_none() {
            let _ =
                write!(cause, " changing the desired capacity from {} to {}", facts.desired, wish.desired);
        }
        let _ = write!(cause, "; {}; {}", report.sentence(), wish.arithmetic);
        let wanted = wish.arithmetic.wanted();
        match hold {
            Some(hold) => cause + &format!("; not scaled: {hold}"),
            None if wanted > f64::from(self.max_size) => {
                cause + &format!("; the maximum is {}", self.max_size)
            }
            None if wanted < f64::from(self.min_size) => {
                cause + &format!("; the minimum is {}", self.min_size)
            }
            None => cause,
        }
    }

    pub(super) fn row(
        &self,
        policy: usize,
        facts: &Facts,
        now: Time,
        desired: u32,
        cause: String,
    ) -> ScalingActivity {
        ScalingActivity {
            time: now,
            group: facts.name.clone(),
            policy: self.settings.policies[policy].name.clone(),
            cause,
            old_desired: facts.desired,
            new_desired: desired,
            status: if desired == facts.desired { "NotScaled" } else { "Successful" },
        }
    }

    /// The target as a policy with this warm-up sees it.
    fn capacity(&self, instance_warmup: Option<Span>, facts: &Facts, now: Time) -> Capacity {
        let warm_up = instance_warmup.unwrap_or(self.settings.instance_warmup);
        let warming = facts.launched.iter().filter(|since| since.saturating_add(warm_up) > now).count();
        Capacity {
            desired: facts.desired,
            in_service: facts.in_service,
            warming: warming as u32,
            pending: facts.pending,
            terminating: facts.terminating,
            min_size: self.min_size,
            max_size: self.max_size,
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of policy")]
    fn wish(&self, invocation: &Invocation, facts: &Facts, now: Time) -> Wish {
        let Invocation { binding: Binding { policy, low }, report } = invocation;
        let policy = *policy;
        let capacity = self.capacity(None, facts, now);
        let wish = |arithmetic: Arithmetic, hold| {
            let desired = capacity.clamp(arithmetic.wanted());
            Wish { policy, desired, arithmetic, hold }
        };
        match &self.settings.policies[policy].kind {
            PolicyKind::Simple { adjustment_type, scaling_adjustment, min_adjustment_magnitude, .. } => {
                let number = *scaling_adjustment;
                let change = adjustment(*adjustment_type, number, *min_adjustment_magnitude, facts.desired);
                let wanted = f64::from(facts.desired) + change;
                let arithmetic = Arithmetic::Simple {
                    adjustment_type: *adjustment_type,
                    number,
                    desired: facts.desired,
                    wanted,
                };
                wish(arithmetic, facts.waits_for.map(Hold::from))
            }
            PolicyKind::Step {
                adjustment_type,
                steps,
                min_adjustment_magnitude,
                threshold,
                aggregation,
                pace,
            } => {
                let value = aggregate(*aggregation, report);
                let Some(step) = step_for(steps, *threshold, value) else {
                    let desired = f64::from(facts.desired);
                    let arithmetic = Arithmetic::NoStep { value, threshold: *threshold, desired };
                    return wish(arithmetic, Some(Hold::NoStep));
                };
                let number = step.scaling_adjustment;
                let (wanted, from) = match self.settings.service {
                    ScalingService::Ec2AutoScaling => {
                        let capacity = self.capacity(pace.instance_warmup, facts, now);
                        let wanted = adjusted(*adjustment_type, number, *min_adjustment_magnitude, capacity);
                        (wanted, capacity.settled())
                    }
                    ScalingService::ApplicationAutoScaling => {
                        let base = self.cooldowns.base(facts.desired, now);
                        let magnitude = *min_adjustment_magnitude;
                        let wanted = adjusted_from(*adjustment_type, number, magnitude, base, facts.desired);
                        (wanted, base)
                    }
                };
                let arithmetic = Arithmetic::Step {
                    adjustment_type: *adjustment_type,
                    value,
                    threshold: *threshold,
                    number,
                    from,
                    desired: facts.desired,
                    wanted,
                };
                let is_in = capacity.clamp(wanted) < facts.desired;
                wish(arithmetic, is_in.then(|| self.holds_back(*pace, facts, now)).flatten())
            }
            PolicyKind::TargetTracking { target_value, pace, .. } if *low => {
                self.track_in(policy, (*target_value, *pace), report, facts, now)
            }
            PolicyKind::TargetTracking { target_value, pace, .. } => {
                let from = match self.settings.service {
                    ScalingService::Ec2AutoScaling => {
                        self.capacity(pace.instance_warmup, facts, now).settled()
                    }
                    ScalingService::ApplicationAutoScaling => self.cooldowns.base(facts.desired, now),
                };
                let value = report.newest();
                let formula = tracked(value, *target_value, from);
                // Capacity on its way counts: the metric that still shows the time before it does not ask for it again.
                let wanted = formula.max(f64::from(facts.desired));
                let arithmetic = Arithmetic::Tracking { value, target: *target_value, from, formula, wanted };
                wish(arithmetic, (from == 0 && formula < 1.0).then_some(Hold::NothingToMultiply))
            }
            PolicyKind::Predictive(_) => wish(
                Arithmetic::NoStep { value: 0.0, threshold: 0.0, desired: f64::from(facts.desired) },
                None,
            ),
        }
    }

    /// Target tracking's way down.
    fn track_in(
        &self,
        policy: usize,
        (target, pace): (f64, Pace),
        report: &AlarmReport,
        facts: &Facts,
        now: Time,
    ) -> Wish {
        let capacity = self.capacity(pace.instance_warmup, facts, now);
        let value = report.newest();
        let from = match self.settings.service {
            ScalingService::Ec2AutoScaling => facts.in_service,
            ScalingService::ApplicationAutoScaling => facts.desired,
        };
        let formula = tracked(value, target, from);
        let least = gradual(facts.desired, self.settings.assumptions.scale_in_share);
        let wanted = formula.max(f64::from(least)).min(f64::from(facts.desired));
        let assumptions = &self.settings.assumptions;
        let last = self.tracked_in_at.map(|last| last.saturating_add(assumptions.scale_in_interval));
        let hold = if let Some(hold) = self.holds_back(pace, facts, now) {
            Some(hold)
        } else if let Some(other) = self.not_ready_to_scale_in(policy) {
            Some(Hold::Disagrees(other))
        } else {
            last.filter(|next| *next > now && self.settings.service == ScalingService::Ec2AutoScaling)
                .map(|next| Hold::ScaleInInterval(next - now))
        };
        let arithmetic = Arithmetic::Tracking { value, target, from, formula, wanted };
        Wish { policy, desired: capacity.clamp(wanted), arithmetic, hold }
    }

    /// "Scale in only if all of the target tracking policies (with the scale-in portion enabled) are ready to scale in"
    /// ("Target tracking scaling policies"): another one that is not.
    fn not_ready_to_scale_in(&self, me: usize) -> Option<String> {
        let others = self.settings.policies.iter().zip(&self.states).enumerate();
        others
            .filter(|(index, _)| *index != me)
            .find(|(_, (policy, state))| {
                let scales_in =
                    matches!(policy.kind, PolicyKind::TargetTracking { disable_scale_in: false, .. });
                scales_in && state.low != AlarmState::Alarm
            })
            .map(|(_, (policy, _))| policy.name.clone())
    }

    /// What keeps step scaling and target tracking from removing capacity.
    fn holds_back(&self, pace: Pace, facts: &Facts, now: Time) -> Option<Hold> {
        match self.settings.service {
            ScalingService::Ec2AutoScaling => {
                let capacity = self.capacity(pace.instance_warmup, facts, now);
                capacity.is_warming().then_some(Hold::WarmUp(capacity.warming + capacity.pending))
            }
            ScalingService::ApplicationAutoScaling if facts.is_deploying => Some(Hold::Deployment),
            ScalingService::ApplicationAutoScaling => {
                let until = self.cooldowns.in_until.filter(|until| *until > now)?;
                Some(Hold::ScaleInCooldown(until - now))
            }
        }
    }
}

/// The one value that steps are chosen by: of the datapoints that breach, among those the alarm judged. AWS says "the
/// most recent metric data points" ("Step and simple scaling policies"); which these are is an assumption.
fn aggregate(aggregation: MetricAggregation, report: &AlarmReport) -> f64 {
    let breaching = report.datapoints.iter().filter(|point| point.breaches).map(|point| point.value);
    let count = breaching.clone().count();
    if count == 0 {
        return report.newest();
    }
    match aggregation {
        MetricAggregation::Average => breaching.sum::<f64>() / count as f64,
        MetricAggregation::Minimum => breaching.fold(f64::INFINITY, f64::min),
        MetricAggregation::Maximum => breaching.fold(f64::NEG_INFINITY, f64::max),
    }
}
