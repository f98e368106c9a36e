//! The floor as its users see it: declarations, and what becomes of good and bad texts.
#![allow(unreachable_pub, dead_code)] // the macros declare public types, and not all is looked at

mod distributions;
mod mangled;
mod messages;
mod places;
mod schemas;
mod setting;

use super::*;

section! {
    /// Where messages go that were received too often.
    pub struct RedrivePolicy {
        /// The queue they go to.
        pub dead_letter_queue: Reference;
        /// After how many receives.
        pub max_receive_count: u32 = 3, within (1, 1_000);
    }
}

section! {
    /// An SQS queue.
    ///
    /// It keeps messages until somebody deletes them.
    pub struct QueueConfig {
        /// How long a received message stays hidden
        /// from other consumers.
        pub visibility_timeout: Duration = Duration::from_seconds(30),
            within (Duration::ZERO, Duration::from_hours(12));
        /// How long a receive call waits for messages.
        pub receive_message_wait_time: Duration = Duration::ZERO, at_most (Duration::from_seconds(20));
        /// Where messages go that were received too often.
        pub redrive_policy: Option<RedrivePolicy>;
        /// How messages arrive.
        pub arrivals: Option<Arrivals>;
        /// How long handling takes.
        pub processing_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_seconds(1));
        /// A share.
        pub failure_rate: Probability = Probability::ZERO;
        /// How many.
        pub weights: Vec<f64> = Vec::new(), above (0.0);
        /// Whether order is kept.
        pub r#type: Kind = Kind::Standard;
    }
    check QueueConfig::check;
}

impl QueueConfig {
    fn check(&self, problems: &mut Problems) {
        if self.receive_message_wait_time > self.visibility_timeout {
            problems
                .error(self.places.of("receive_message_wait_time"), "waits longer than messages stay hidden");
        }
    }
}

choice! {
    /// When messages arrive.
    pub enum Arrivals {
        /// Independently.
        Poisson(Poisson) = "poisson",
        /// At a fixed distance.
        Every(Located<Duration>) = "every",
        /// Never.
        Nothing = "none",
    }
}

section! {
    /// Independent arrivals.
    pub struct Poisson {
        /// How many.
        pub rate: Rate;
    }
}

keyword! {
    /// A kind of queue.
    pub enum Kind {
        /// Any order.
        Standard = "standard",
        /// First in, first out.
        Fifo = "fifo",
    }
}

section! {
    /// A whole file.
    pub struct Root {
        /// What it is called.
        pub name: Name;
        /// The queues.
        pub queues: Named<QueueConfig>;
    }
}

/// The rendered problems of a text that must have some.
fn problems_of(text: &str) -> String {
    match decode_text::<Root>("scenario.yaml", text) {
        Ok(root) => panic!("decoded: {root:#?}"),
        Err(problems) => problems,
    }
}

/// The only queue of a scenario with these properties.
fn queue(properties: &str) -> Result<QueueConfig, String> {
    let text = format!("name: test\nqueues: {{ q: {properties} }}\n");
    let root = decode_text::<Root>("scenario.yaml", &text)?;
    Ok(root.queues.entries.into_iter().next().expect("a queue").1)
}
