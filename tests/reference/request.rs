//! What the column `request` of `api_calls.csv` says of a call.

use super::script::{Attribute, Call, Handle, Message, Setup};
use queuelab::language::{Bytes, Duration};

fn seconds(seconds: u64) -> String {
    Duration::from_seconds(seconds).to_string()
}

fn handle(handle: Handle) -> String {
    handle.map_or("unknown".to_owned(), |(step, position)| format!("r{step}[{position}]"))
}

/// Those parameters that are given, each as `key=value`.
fn parameters(all: &[(&str, Option<String>)]) -> String {
    let given = all.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?)));
    given.collect::<Vec<_>>().join(" ")
}

fn message(id: Option<String>, message: &Message) -> String {
    let body = if message.body.is_empty() { "\"\"".to_owned() } else { message.body.clone() };
    parameters(&[
        ("id", id),
        ("body", Some(body)),
        ("delay", message.delay.map(seconds)),
        ("message_group_id", message.group.clone()),
        ("message_deduplication_id", message.deduplication.clone()),
        ("size", message.size.map(|size| Bytes::new(size).to_string())),
    ])
}

fn bracketed(entries: impl Iterator<Item = String>) -> String {
    entries.map(|entry| format!("[{entry}]")).collect::<Vec<_>>().join(" ")
}

pub(crate) fn request(setup: &Setup, call: &Call) -> String {
    let change = |(one, timeout): &(Handle, u64)| {
        parameters(&[("handle", Some(handle(*one))), ("visibility_timeout", Some(seconds(*timeout)))])
    };
    match call {
        Call::Send(_, one) => message(None, one),
        Call::SendBatch(_, many) => bracketed(many.iter().map(|one| message(Some(one.id.clone()), one))),
        Call::Receive { maximum, wait, visibility, attempt, .. } => parameters(&[
            ("max_number_of_messages", maximum.map(|maximum| maximum.to_string())),
            ("wait_time", wait.map(seconds)),
            ("visibility_timeout", visibility.map(seconds)),
            ("receive_request_attempt_id", attempt.map(|attempt| format!("a{attempt}"))),
        ]),
        Call::Delete(_, one) => parameters(&[("handle", Some(handle(*one)))]),
        Call::DeleteBatch(_, many) => bracketed(many.iter().map(|one| handle(*one))),
        Call::Change(_, one, timeout) => change(&(*one, *timeout)),
        Call::ChangeBatch(_, many) => bracketed(many.iter().map(change)),
        Call::Set(_, attribute) => match *attribute {
            Attribute::Visibility(time) => parameters(&[("visibility_timeout", Some(seconds(time)))]),
            Attribute::Delay(time) => parameters(&[("delay", Some(seconds(time)))]),
            Attribute::Retention(time) => parameters(&[("message_retention_period", Some(seconds(time)))]),
            Attribute::Wait(time) => parameters(&[("receive_message_wait_time", Some(seconds(time)))]),
            Attribute::MaximumSize(size) => {
                parameters(&[("maximum_message_size", Some(Bytes::new(size).to_string()))])
            }
            Attribute::MaxReceiveCount(count) => parameters(&[
                ("dead_letter_queue", Some(setup.name(1).to_owned())),
                ("max_receive_count", Some(count.to_string())),
            ]),
        },
        Call::Start { to_main, rate } => parameters(&[
            ("destination", to_main.then(|| setup.name(0).to_owned())),
            ("max_number_of_messages_per_second", rate.map(|rate| rate.to_string())),
        ]),
        Call::Cancel(step) => format!("task=t{step}"),
        Call::Purge(_) | Call::Get(_) | Call::List => String::new(),
    }
}
