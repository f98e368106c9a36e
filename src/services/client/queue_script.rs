//! Steps of a script about a queue as a whole.

use super::config::StepConfig;
use super::script::{Built, Call, Lookup, ResultKind, Results, seconds};
use super::show::Cell;
use crate::language::{Problems, Reference};
use crate::wire::QueueAttribute;

impl StepConfig {
    /// Calls about a queue as a whole.
    pub(super) fn queue_call(
        &self,
        lookup: &mut Lookup<'_>,
        results: &mut Results,
        problems: &mut Problems,
    ) -> Option<Built> {
        let mut queue = |reference: &Reference, problems: &mut Problems| {
            (lookup.queue)(reference, problems).map(|id| (id, reference.text.clone()))
        };
        let nothing = Cell::default;
        if let Some(config) = &self.purge_queue {
            return Some((queue(&config.queue, problems), Some(Call::Purge), nothing(), None));
        }
        if let Some(config) = &self.get_queue_attributes {
            return Some((queue(&config.queue, problems), Some(Call::GetAttributes), nothing(), None));
        }
        if let Some(config) = &self.list_message_move_tasks {
            return Some((queue(&config.source, problems), Some(Call::ListTasks), nothing(), None));
        }
        if let Some(config) = &self.cancel_message_move_task {
            let task = results.find(&config.task.value, ResultKind::Task, &config.task, problems);
            let queue = task.and_then(|task| results.called(task));
            let cell = nothing().with("task", Some(&config.task.value));
            return Some((queue, task.map(Call::CancelTask), cell, None));
        }
        if let Some(config) = &self.start_message_move_task {
            let source = queue(&config.source, problems);
            let destination = config.destination.as_ref().map(|reference| queue(reference, problems));
            let is_known = destination.as_ref().is_none_or(Option::is_some);
            let call = is_known.then(|| Call::StartTask {
                destination: destination.flatten().map(|(id, _)| id),
                maximum_per_second: config.max_number_of_messages_per_second,
            });
            let cell = nothing()
                .with("destination", config.destination.as_ref())
                .with("max_number_of_messages_per_second", config.max_number_of_messages_per_second);
            let name = results.define(config.r#as.as_ref(), ResultKind::Task, source.clone(), problems);
            return Some((source, call, cell, name));
        }
        let config = self.set_queue_attributes.as_ref()?;
        let policy = config.redrive_policy.as_ref();
        let dead_letter_queue = policy.map(|policy| queue(&policy.dead_letter_queue, problems));
        let redrive = match (policy, dead_letter_queue) {
            (Some(policy), Some(queue)) => {
                let Some((id, _)) = queue else { return Some((None, None, nothing(), None)) };
                Some(QueueAttribute::RedrivePolicy(Some((id, policy.max_receive_count))))
            }
            _ => None,
        };
        let size = config.maximum_message_size.map(|size| i64::try_from(size.as_u64()).unwrap_or(i64::MAX));
        let attributes = [
            config.visibility_timeout.map(|value| QueueAttribute::VisibilityTimeout(seconds(value))),
            config.delay.map(|value| QueueAttribute::Delay(seconds(value))),
            config
                .message_retention_period
                .map(|value| QueueAttribute::MessageRetentionPeriod(seconds(value))),
            config
                .receive_message_wait_time
                .map(|value| QueueAttribute::ReceiveMessageWaitTime(seconds(value))),
            size.map(QueueAttribute::MaximumMessageSize),
            redrive,
        ];
        let cell = nothing()
            .with("visibility_timeout", config.visibility_timeout)
            .with("delay", config.delay)
            .with("message_retention_period", config.message_retention_period)
            .with("receive_message_wait_time", config.receive_message_wait_time)
            .with("maximum_message_size", config.maximum_message_size)
            .with("dead_letter_queue", policy.map(|policy| &policy.dead_letter_queue))
            .with("max_receive_count", policy.map(|policy| policy.max_receive_count));
        let call = Call::SetAttributes(attributes.into_iter().flatten().collect());
        Some((queue(&config.queue, problems), Some(call), cell, None))
    }
}
