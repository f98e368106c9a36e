//! The formulas of queueing theory: c servers, a load below one, first come, first served.

/// A station: arrivals and services, by their means and how much they vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Station {
    /// Arrivals a second.
    pub(super) rate: f64,
    /// Squared coefficient of variation of the times between arrivals: 1 for Poisson, 0 for a clock.
    pub(super) arrival_variation: f64,
    /// Mean service time, seconds.
    pub(super) service: f64,
    /// Squared coefficient of variation of the service time: 1 for exponential, 0 for constant.
    pub(super) service_variation: f64,
    /// Servers.
    pub(super) servers: u32,
}

impl Station {
    /// The share of time a server is busy, if there is a steady state.
    pub(super) fn load(&self) -> f64 {
        self.rate * self.service / f64::from(self.servers)
    }

    /// The name of the model, and whether its mean wait is exact.
    pub(super) fn model(&self) -> (String, bool) {
        let letter = |variation: f64| match variation {
            1.0 => 'M',
            0.0 => 'D',
            _ => 'G',
        };
        let (arrivals, service) = (letter(self.arrival_variation), letter(self.service_variation));
        let is_exact = match (arrivals, service) {
            ('M', 'M') | ('D', 'D') => true,
            ('M', _) => self.servers == 1,
            _ => false,
        };
        (format!("{arrivals}/{service}/{}", self.servers), is_exact)
    }

    /// Probability of having to wait in M/M/c: Erlang's C, from Erlang's B, which is worked out server by server.
    pub(super) fn erlang_c(&self) -> f64 {
        let offered = self.rate * self.service;
        let blocked = (1..=self.servers).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
        let load = self.load();
        blocked / (1.0 - load + load * blocked)
    }

    /// The mean wait in seconds: exact for M/M/c and M/G/1 (Pollaczek and Khinchine), for others the approximation of
    /// Allen and Cunneen.
    pub(super) fn wait(&self) -> f64 {
        if self.arrival_variation == 0.0 && self.service_variation == 0.0 {
            return 0.0;
        }
        let capacity = f64::from(self.servers) / self.service;
        let markovian = self.erlang_c() / (capacity - self.rate);
        markovian * f64::midpoint(self.arrival_variation, self.service_variation)
    }
}

/// A backlog as a fluid: what comes at `rate` (messages a second at a time in seconds) flows in, `capacity` flows out.
/// The highest level, when that is, and when it is gone again, if it is before `end`.
pub(super) fn fluid(rate: impl Fn(f64) -> f64, capacity: f64, end: f64) -> (f64, f64, Option<f64>) {
    const STEPS: u32 = 20_000;
    let step = end / f64::from(STEPS);
    let (mut level, mut highest) = (0.0_f64, (0.0_f64, 0.0_f64));
    let mut gone = None;
    for index in 0..STEPS {
        let begin = f64::from(index) * step;
        let change = (rate(begin + step / 2.0) - capacity) * step;
        let before = level;
        level = (level + change).max(0.0);
        let now = begin + step;
        if level > highest.0 {
            highest = (level, now);
            gone = None;
        } else if before > 0.0 && level == 0.0 && gone.is_none() {
            gone = Some(now);
        }
    }
    (highest.0, highest.1, gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(rate: f64, variations: (f64, f64), servers: u32) -> Station {
        Station {
            rate,
            arrival_variation: variations.0,
            service: 0.1,
            service_variation: variations.1,
            servers,
        }
    }

    #[test]
    fn waits_are_those_of_the_books() {
        let near = |value: f64, wanted: f64| (value - wanted).abs() < 1e-9 * wanted.max(1.0);
        assert!(near(station(8.0, (1.0, 1.0), 1).wait(), 0.4), "M/M/1: load by (mu - lambda)");
        assert!(near(station(8.0, (1.0, 0.0), 1).wait(), 0.2), "M/D/1: half of it");
        assert!(near(station(8.0, (1.0, 1.0), 1).erlang_c(), 0.8), "one server: the load");
        // Two servers: C = 2 rho^2 / (1 + rho).
        assert!(near(station(16.0, (1.0, 1.0), 2).erlang_c(), 2.0 * 0.64 / 1.8));
        // Erlang's table: 10 servers, 8 erlangs: 0.4092.
        assert!((station(80.0, (1.0, 1.0), 10).erlang_c() - 0.409_18).abs() < 1e-5);
        assert_eq!(station(8.0, (0.0, 0.0), 1).wait(), 0.0);
        let models = [(1.0, 1.0, 3), (1.0, 0.25, 1), (1.0, 0.0, 2), (0.0, 1.0, 1)];
        let told = models.map(|(a, s, c)| station(1.0, (a, s), c).model());
        let told: Vec<(&str, bool)> = told.iter().map(|(name, exact)| (name.as_str(), *exact)).collect();
        assert_eq!(told, [("M/M/3", true), ("M/G/1", true), ("M/D/2", false), ("D/M/1", false)]);
    }

    #[test]
    fn a_spike_drains_as_a_fluid() {
        // 60 more a second than go out, for 10 minutes; then 40 more go out than come.
        let rate = |time: f64| if (600.0..1200.0).contains(&time) { 160.0 } else { 60.0 };
        let (level, when, gone) = fluid(rate, 100.0, 7200.0);
        assert!((level - 36_000.0).abs() < 20.0, "{level}");
        assert!((when - 1200.0).abs() < 1.0, "{when}");
        assert!(gone.is_some_and(|gone| (gone - 2100.0).abs() < 2.0), "{gone:?}");
        assert_eq!(fluid(|_| 2.0, 1.0, 10.0).2, None);
    }
}
