//! A scenario of one queue, its dead-letter queue and two clients: as plain data, and as YAML.

use std::fmt::Write as _;

/// Which queue: the one most calls go to, or its dead-letter queue.
pub(crate) const MAIN: usize = 0;

#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) is_2022: bool,
    pub(crate) fifo: bool,
    /// Whether standard queues take message groups.
    pub(crate) fair: bool,
    pub(crate) content_based: bool,
    pub(crate) by_group: bool,
    /// Most messages in flight.
    pub(crate) quota: Option<u64>,
    pub(crate) max_receive_count: Option<u32>,
    pub(crate) queues: [QueueSetup; 2],
    pub(crate) steps: Vec<Step>,
}

/// All in seconds.
#[derive(Debug, Clone)]
pub(crate) struct QueueSetup {
    pub(crate) visibility: u64,
    pub(crate) delay: u64,
    pub(crate) retention: u64,
    pub(crate) wait: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Milliseconds.
    pub(crate) at: u64,
    pub(crate) client: usize,
    pub(crate) call: Call,
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) delay: Option<u64>,
    pub(crate) group: Option<String>,
    pub(crate) deduplication: Option<String>,
    pub(crate) size: Option<u64>,
}

/// A handle: the number of the step that received, and which of its messages; `None` is one that SQS never gave.
pub(crate) type Handle = Option<(usize, usize)>;

#[derive(Debug, Clone)]
pub(crate) enum Call {
    Send(usize, Message),
    SendBatch(usize, Vec<Message>),
    Receive {
        queue: usize,
        maximum: Option<i64>,
        wait: Option<u64>,
        visibility: Option<u64>,
        attempt: Option<u8>,
    },
    Delete(usize, Handle),
    DeleteBatch(usize, Vec<Handle>),
    Change(usize, Handle, u64),
    ChangeBatch(usize, Vec<(Handle, u64)>),
    Purge(usize),
    Set(usize, Attribute),
    Get(usize),
    /// From the dead-letter queue, to the main queue or to where the messages came from.
    Start {
        to_main: bool,
        rate: Option<i64>,
    },
    List,
    /// The task that this step started.
    Cancel(usize),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Attribute {
    Visibility(u64),
    Delay(u64),
    Retention(u64),
    Wait(u64),
    MaximumSize(u64),
    MaxReceiveCount(i64),
}

impl Setup {
    /// Whether a message may have a group.
    pub(crate) fn takes_groups(&self) -> bool {
        self.fifo || self.fair
    }

    pub(crate) fn name(&self, queue: usize) -> &'static str {
        match (queue, self.fifo) {
            (MAIN, false) => "q",
            (MAIN, true) => "q.fifo",
            (_, false) => "d",
            (_, true) => "d.fifo",
        }
    }

    pub(crate) fn yaml(&self) -> String {
        let mut yaml = String::from("name: script\nduration: 30h\nquotas:\n");
        let _ = writeln!(yaml, "  profile: {}", if self.is_2022 { "2022" } else { "current" });
        if let Some(quota) = self.quota {
            let key = if self.fifo { "sqs_maximum_in_flight_fifo" } else { "sqs_maximum_in_flight" };
            let _ = writeln!(yaml, "  {key}: {quota}");
        }
        if !self.fifo {
            let _ = writeln!(yaml, "  sqs_fair_queues: {}", self.fair);
        }
        // Fairness between tenants is not part of the model: here none is noticed before the run is over.
        yaml += "assumptions: { fair_queue_detection_delay: 40h }\n";
        yaml += "queues:\n";
        for (number, queue) in self.queues.iter().enumerate() {
            let _ = writeln!(yaml, "  {}:", self.name(number));
            let _ = writeln!(yaml, "    visibility_timeout: {}s", queue.visibility);
            let _ = writeln!(yaml, "    delay: {}s", queue.delay);
            let _ = writeln!(yaml, "    message_retention_period: {}s", queue.retention);
            let _ = writeln!(yaml, "    receive_message_wait_time: {}s", queue.wait);
            let _ = writeln!(yaml, "    maximum_message_size: 2KiB");
            if self.fifo {
                let _ = writeln!(yaml, "    content_based_deduplication: {}", self.content_based);
                let scope = if self.by_group { "message_group" } else { "queue" };
                let _ = writeln!(yaml, "    deduplication_scope: {scope}");
            }
            if let (MAIN, Some(count)) = (number, self.max_receive_count) {
                let queue = self.name(1);
                let _ = writeln!(
                    yaml,
                    "    redrive_policy: {{ dead_letter_queue: {queue}, max_receive_count: {count} }}"
                );
            }
        }
        yaml += "clients:\n";
        for client in 0..2 {
            if self.steps.iter().all(|step| step.client != client) {
                continue;
            }
            let _ = writeln!(yaml, "  c{client}:\n    script:");
            for (number, step) in self.steps.iter().enumerate().filter(|(_, step)| step.client == client) {
                let _ = writeln!(yaml, "      - at: {}ms", step.at);
                let _ = writeln!(yaml, "        {}", self.call(number, &step.call));
            }
        }
        yaml
    }

    fn call(&self, number: usize, call: &Call) -> String {
        let queue = |queue: &usize| format!("queue: {}", self.name(*queue));
        match call {
            Call::Send(to, message) => format!("send_message: {{ {}{} }}", queue(to), message.yaml()),
            Call::SendBatch(to, messages) => {
                let entries: Vec<String> = messages
                    .iter()
                    .map(|message| format!("{{ id: {:?}{} }}", message.id, message.yaml()))
                    .collect();
                format!("send_message_batch: {{ {}, entries: [{}] }}", queue(to), entries.join(", "))
            }
            Call::Receive { queue: from, maximum, wait, visibility, attempt } => {
                let mut text = format!("receive_message: {{ {}, as: r{number}", queue(from));
                option(&mut text, "max_number_of_messages", maximum.map(|n| n.to_string()));
                option(&mut text, "wait_time", wait.map(|s| format!("{s}s")));
                option(&mut text, "visibility_timeout", visibility.map(|s| format!("{s}s")));
                option(&mut text, "receive_request_attempt_id", attempt.map(|id| format!("\"a{id}\"")));
                text + " }"
            }
            Call::Delete(from, one) => {
                format!("delete_message: {{ {}, handle: {:?} }}", queue(from), handle(*one))
            }
            Call::DeleteBatch(from, many) => {
                let many: Vec<String> = many.iter().map(|one| format!("{:?}", handle(*one))).collect();
                format!("delete_message_batch: {{ {}, handles: [{}] }}", queue(from), many.join(", "))
            }
            Call::Change(of, one, timeout) => format!(
                "change_message_visibility: {{ {}, handle: {:?}, visibility_timeout: {timeout}s }}",
                queue(of),
                handle(*one)
            ),
            Call::ChangeBatch(of, many) => {
                let many: Vec<String> = many
                    .iter()
                    .map(|(one, timeout)| {
                        format!("{{ handle: {:?}, visibility_timeout: {timeout}s }}", handle(*one))
                    })
                    .collect();
                format!(
                    "change_message_visibility_batch: {{ {}, entries: [{}] }}",
                    queue(of),
                    many.join(", ")
                )
            }
            Call::Purge(of) => format!("purge_queue: {{ {} }}", queue(of)),
            Call::Get(of) => format!("get_queue_attributes: {{ {} }}", queue(of)),
            Call::Set(of, attribute) => {
                let attribute = match attribute {
                    Attribute::Visibility(s) => format!("visibility_timeout: {s}s"),
                    Attribute::Delay(s) => format!("delay: {s}s"),
                    Attribute::Retention(s) => format!("message_retention_period: {s}s"),
                    Attribute::Wait(s) => format!("receive_message_wait_time: {s}s"),
                    Attribute::MaximumSize(bytes) => format!("maximum_message_size: {bytes}B"),
                    Attribute::MaxReceiveCount(count) => format!(
                        "redrive_policy: {{ dead_letter_queue: {}, max_receive_count: {count} }}",
                        self.name(1)
                    ),
                };
                format!("set_queue_attributes: {{ {}, {attribute} }}", queue(of))
            }
            Call::Start { to_main, rate } => {
                let mut text = format!("start_message_move_task: {{ source: {}, as: t{number}", self.name(1));
                option(&mut text, "destination", to_main.then(|| self.name(MAIN).to_owned()));
                option(&mut text, "max_number_of_messages_per_second", rate.map(|rate| rate.to_string()));
                text + " }"
            }
            Call::List => format!("list_message_move_tasks: {{ source: {} }}", self.name(1)),
            Call::Cancel(task) => format!("cancel_message_move_task: {{ task: t{task} }}"),
        }
    }
}

fn handle(handle: Handle) -> String {
    handle.map_or("unknown".to_owned(), |(step, index)| format!("r{step}[{index}]"))
}

fn option(text: &mut String, key: &str, value: Option<String>) {
    if let Some(value) = value {
        let _ = write!(text, ", {key}: {value}");
    }
}

impl Message {
    fn yaml(&self) -> String {
        let mut text = format!(", body: {:?}", self.body);
        option(&mut text, "delay", self.delay.map(|s| format!("{s}s")));
        option(&mut text, "message_group_id", self.group.as_ref().map(|group| format!("{group:?}")));
        option(
            &mut text,
            "message_deduplication_id",
            self.deduplication.as_ref().map(|id| format!("{id:?}")),
        );
        option(&mut text, "size", self.size.map(|bytes| format!("{bytes}B")));
        text
    }

    /// Its size in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.size.unwrap_or(self.body.len() as u64)
    }
}
