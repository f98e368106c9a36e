//! The floor as its users see it: declarations, and what becomes of good and bad texts.
#![allow(unreachable_pub, dead_code)] // the macros declare public types, and not all is looked at

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

fn fails(text: &str) -> String {
    match decode_text::<Root>("scenario.yaml", text) {
        Ok(root) => format!("decoded: {root:#?}"),
        Err(problems) => problems,
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let problems = fails("queues:\n  orders:\n    VisibilityTimeout: 30\n    type: fif\n");
    assert!(problems.contains("did you mean `visibility_timeout`?"), "{problems}");
    assert!(problems.ends_with("3 problems in scenario.yaml\n"), "{problems}");
}
