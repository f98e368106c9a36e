//! What a group publishes to topics when an instance comes or goes ("Amazon SNS notification options for Amazon EC2 Auto
//! Scaling").

use super::fleet::Fleet;
use crate::engine::Span;
use crate::language::{Problems, Reference, keyword, section};
use crate::wire::{Context, Outbox};

section! {
    /// Notifications of a group (`PutNotificationConfiguration`). When they are set up, a test notification is published.
    pub struct GroupNotificationConfig {
        /// The topic.
        pub topic: Reference;
        /// Of what.
        pub notification_types: Vec<GroupEvent> = vec![
            GroupEvent::Launch,
            GroupEvent::LaunchError,
            GroupEvent::Terminate,
            GroupEvent::TerminateError,
        ];
    }
    check GroupNotificationConfig::check;
}

keyword! {
    /// What a group publishes.
    pub enum GroupEvent {
        /// An instance was launched, and is in service.
        Launch = "autoscaling:EC2_INSTANCE_LAUNCH",
        /// An instance could not be launched.
        LaunchError = "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
        /// An instance was terminated.
        Terminate = "autoscaling:EC2_INSTANCE_TERMINATE",
        /// An instance could not be terminated. It does not happen here.
        TerminateError = "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
        /// The notifications were set up.
        Test = "autoscaling:TEST_NOTIFICATION",
    }
}

impl GroupEvent {
    /// AWS's name of it, as messages have it.
    pub fn event_name(self) -> &'static str {
        match self {
            GroupEvent::Launch => "autoscaling:EC2_INSTANCE_LAUNCH",
            GroupEvent::LaunchError => "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
            GroupEvent::Terminate => "autoscaling:EC2_INSTANCE_TERMINATE",
            GroupEvent::TerminateError => "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
            GroupEvent::Test => "autoscaling:TEST_NOTIFICATION",
        }
    }
}

impl GroupNotificationConfig {
    fn check(&self, problems: &mut Problems) {
        if self.notification_types.is_empty() {
            problems.error(self.places.of("notification_types"), "notifications are of one type at least");
        }
    }

    /// What it is about: a topic hears of a test in any case.
    pub fn events(&self) -> impl Iterator<Item = GroupEvent> + '_ {
        let given = self.notification_types.iter().copied().filter(|event| *event != GroupEvent::Test);
        given.chain([GroupEvent::Test])
    }
}

/// Messages that a fleet makes itself are numbered from here: below are the results it sends on.
const FIRST_NUMBER: u64 = 1 << 48;

impl Fleet {
    /// Tells the topics that want to hear of an event.
    pub(super) fn notify<T, O: Outbox<T>>(&mut self, event: GroupEvent, cx: &mut Context<'_, O>) {
        let notices = self.settings.group.notices.iter().filter(|(wanted, _)| *wanted == event);
        for (_, notice) in notices {
            notice.publish(FIRST_NUMBER + self.notified, Span::ZERO, cx);
            self.notified += 1;
        }
    }
}
