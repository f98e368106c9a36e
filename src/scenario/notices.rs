//! What services publish by themselves: events of object stores and of Auto Scaling groups.

use super::access::Principals;
use super::resolve::Resolver;
use super::topics::Topics;
use crate::language::{Problems, Reference};
use crate::services::compute::{ConsumerSettings, Fleet};
use crate::services::lambda::Function;
use crate::services::object_store::{
    NotificationConfig, Notifications, ObjectEventConfig, ObjectStore, ObjectStoreConfig, ObjectStoreSettings,
};
use crate::services::sns::{Topic, is_fifo_topic};
use crate::services::sqs::{Queue, QueueSettings, is_fifo};
use crate::wire::{AccessAction, EntityId, Notice, Service};

impl Resolver<'_> {
    /// The settings of all object stores, with what they publish.
    pub(super) fn object_stores(
        &mut self,
        topics: &mut Topics<'_>,
        queues: &[Option<QueueSettings>],
        problems: &mut Problems,
    ) -> Vec<Option<ObjectStoreSettings>> {
        let config = self.config;
        let mut all = Vec::new();
        for (name, store) in config.object_stores.iter() {
            let Some(id) = self.directory.object_stores.entity(name.as_str()) else { continue };
            let settings = ObjectStoreConfig::settings(name.as_str(), id, self.prices);
            if store.notifications.is_empty() {
                all.push(Some(settings));
                continue;
            }
            let latency = store.event_latency.build(self.files, problems);
            let mut notifications =
                latency.map(|latency| Notifications { created: None, removed: None, latency });
            for notification in &store.notifications {
                let target = self.destination(name.as_str(), id, notification, queues, problems);
                for event in &notification.events {
                    let body = serde_json::json!({ "Records": [{
                        "eventSource": "aws:s3",
                        "awsRegion": config.region.as_str(),
                        "eventName": event.event_name(),
                        "s3": { "bucket": { "name": name.text } },
                    }] });
                    let (text, bytes) = topics.notice(&body, &mut self.texts);
                    let notice = target.map(|target| Notice { target, text, bytes });
                    if let Some(notifications) = &mut notifications {
                        match event {
                            ObjectEventConfig::Created => notifications.created = notice,
                            ObjectEventConfig::Removed => notifications.removed = notice,
                        }
                    }
                }
            }
            let settings = ObjectStoreSettings { notifications, ..settings };
            all.push(settings.notifications.is_some().then_some(settings));
        }
        all
    }

    /// Where the events of a store go. S3 looks whether it may, when the notification is set up ("Granting permissions to
    /// publish event notification messages to a destination").
    fn destination(
        &mut self,
        store: &str,
        id: EntityId,
        notification: &NotificationConfig,
        queues: &[Option<QueueSettings>],
        problems: &mut Problems,
    ) -> Option<EntityId> {
        let config = self.config;
        let refuse = |reference: &Reference, action: &str, problems: &mut Problems| {
            problems
                .error(reference.place, format!("`{store}` cannot publish its events to `{reference}`"))
                .why("S3 validates the destination of a notification when it is set up, and this one's policy does not let it in")
                .help(format!(
                    "`policy: [{{ principals: [s3.amazonaws.com], actions: [{action}], source: {store} }}]`"
                ));
        };
        let refuse_fifo = |reference: &Reference, problems: &mut Problems| {
            problems
                .error(reference.place, format!("`{store}` cannot publish its events to `{reference}`"))
                .why("S3 Event Notifications go to standard queues and topics only");
        };
        if let Some(reference) = &notification.topic {
            let (position, target) = self.directory.topics.find(reference, problems)?;
            self.flow(ObjectStore::KIND, store, Topic::KIND, reference.as_str());
            let topic = &config.topics.entries[position].1;
            let mut quiet = Problems::new();
            let principals = Principals::new(config, &self.directory, &mut quiet);
            if is_fifo_topic(reference.as_str()) {
                refuse_fifo(reference, problems);
            } else if principals.topic_access(topic, &[], &mut quiet).publish.contains(&id) {
                refuse(reference, "publish", problems);
            }
            return Some(target);
        }
        if let Some(reference) = &notification.queue {
            let (position, target) = self.directory.queues.find(reference, problems)?;
            self.flow(ObjectStore::KIND, store, Queue::KIND, reference.as_str());
            let settings = queues.get(position).and_then(Option::as_ref);
            if is_fifo(reference.as_str()) {
                refuse_fifo(reference, problems);
            } else if settings.is_some_and(|queue| queue.access.refuses(id, AccessAction::SendMessage)) {
                refuse(reference, "send_message", problems);
            }
            return Some(target);
        }
        let reference = notification.function.as_ref()?;
        self.flow(ObjectStore::KIND, store, Function::KIND, reference.as_str());
        Some(self.directory.functions.find(reference, problems)?.1)
    }

    /// What groups publish of their instances.
    pub(super) fn group_notices(
        &mut self,
        topics: &mut Topics<'_>,
        consumers: &mut [Option<ConsumerSettings>],
        problems: &mut Problems,
    ) {
        let config = self.config;
        for ((name, consumer), settings) in config.consumers.iter().zip(consumers) {
            let Some(group) = &consumer.auto_scaling_group else { continue };
            for notification in &group.notifications {
                let topic = &notification.topic;
                let Some((_, target)) = self.directory.topics.find(topic, problems) else { continue };
                if is_fifo_topic(topic.as_str()) {
                    problems
                        .error(topic.place, format!("a group cannot publish to the FIFO topic `{topic}`"))
                        .why("its messages have no group");
                }
                self.flow(Fleet::KIND, name.as_str(), Topic::KIND, topic.as_str());
                for event in notification.events() {
                    let body = serde_json::json!({
                        "Event": event.event_name(),
                        "Service": "AWS Auto Scaling",
                        "AccountId": config.account,
                        "AutoScalingGroupName": name.text,
                    });
                    let (text, bytes) = topics.notice(&body, &mut self.texts);
                    if let Some(settings) = settings {
                        settings.group.notices.push((event, Notice { target, text, bytes }));
                    }
                }
            }
        }
    }
}
