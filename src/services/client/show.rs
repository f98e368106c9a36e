//! The cells of `api_calls.csv`: parameters, outcome, and what came back, for people and for scripts.

use crate::engine::Span;
use crate::language::Duration;
use crate::wire::{
    Answer, ApiError, Content, EntryAnswer, FragmentRead, FragmentRefused, FragmentTaken, GroupId, Received,
    RecordPlace, RecordRead, RecordsRead, Texts, VideoReply,
};
use std::fmt::{self, Display, Write as _};

/// `key=value`, separated by spaces.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell(String);

impl Cell {
    /// A cell of one text.
    pub(super) fn of(value: impl Display) -> Self {
        Self(value.to_string())
    }

    /// A parameter, if it is given.
    pub(super) fn with(mut self, key: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            if !self.0.is_empty() {
                self.0.push(' ');
            }
            let _ = write!(self.0, "{key}={value}");
        }
        self
    }
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Several entries, each in brackets.
pub(super) fn entries(cells: impl Iterator<Item = Cell>) -> Cell {
    let cells: Vec<String> = cells.map(|cell| format!("[{cell}]")).collect();
    Cell(cells.join(" "))
}

/// A text of the scenario; in quotes when it could be taken for something else.
pub(super) fn text(text: &str) -> String {
    let is_plain = !text.is_empty() && !text.contains([' ', ';', '[', ']', '=', '"', '\n']);
    if is_plain { text.to_owned() } else { format!("{text:?}") }
}

/// What a client needs to know to call things by their names.
#[derive(Debug, Clone)]
pub struct Names {
    /// The texts of the scenario.
    pub texts: Texts,
    /// The entities, by position.
    pub entities: Vec<String>,
}

impl Names {
    /// What a message says; one without a text is called by its producer and its number there.
    pub(super) fn body(&self, message: &Received) -> String {
        if let Content::Text(text) | Content::Structured(text) = message.content {
            return self.texts.get(text).to_owned();
        }
        if let Content::Number(number) = message.content {
            return number.get().to_string();
        }
        let (producer, number) = message.origin;
        format!("{}/{number}", self.entities.get(producer.index()).map_or("", String::as_str))
    }

    /// The data of a record; one without a text is called by its producer and its number there.
    pub(super) fn data(&self, record: &RecordRead) -> String {
        if let Content::Text(text) = record.content {
            return self.texts.get(text).to_owned();
        }
        if let Content::Number(number) = record.content {
            return number.get().to_string();
        }
        let (producer, number) = record.origin;
        format!("{}/{number}", self.entities.get(producer.index()).map_or("", String::as_str))
    }

    /// What a fragment of video is called: as its script says, or by its camera and its number there.
    pub(super) fn fragment(&self, fragment: &FragmentRead) -> String {
        if let Content::Text(text) = fragment.content {
            return self.texts.get(text).to_owned();
        }
        let (producer, number) = fragment.origin;
        format!("{}/{number}", self.entities.get(producer.index()).map_or("", String::as_str))
    }

    fn fragments(&self, fragments: &[FragmentRead]) -> String {
        let tell = |fragment: &FragmentRead| {
            let at = |time: crate::engine::Time| Duration::from_nanos(time.since_start().as_nanos());
            format!(
                "{} fragment={} producer={} server={} length={}ms bytes={}",
                text(&self.fragment(fragment)),
                fragment.number,
                at(fragment.produced_at),
                at(fragment.received_at),
                fragment.milliseconds,
                fragment.bytes
            )
        };
        fragments.iter().map(tell).collect::<Vec<_>>().join("; ")
    }

    fn read(&self, read: &RecordsRead) -> String {
        let mut told: Vec<String> = read
            .records
            .iter()
            .map(|record| {
                format!(
                    "{} key={} sequence={} arrived={}",
                    text(&self.data(record)),
                    text(&record.key.name(&self.texts)),
                    record.place.sequence_number(),
                    Duration::from_nanos(record.arrived_at.since_start().as_nanos())
                )
            })
            .collect();
        let next = if read.next.is_some() { "" } else { " NextShardIterator=null" };
        told.push(format!("MillisBehindLatest={}{next}", read.milliseconds_behind));
        told.join("; ")
    }

    fn received(&self, message: &Received) -> String {
        let mut told = text(&self.body(message));
        let first = message.first_received_at.since_start();
        let _ = write!(told, " receive_count={} first_receive=", message.receive_count);
        let _ = write!(told, "{}", Duration::from_nanos(first.as_nanos()));
        if let Some(sequence) = message.sequence {
            let _ = write!(told, " sequence={sequence}");
        }
        if message.group != GroupId::NONE {
            let _ = write!(told, " group={}", text(&message.group.name(&self.texts)));
        }
        told
    }
}

/// Outcome and messages of an answer. `ids` are the names of a batch's entries.
pub(super) fn answer(answer: &Answer, ids: &[String], names: &Names) -> (String, String) {
    const SUCCESS: &str = "Success";
    let told = match answer {
        Answer::Failed(error) => return (error.code().to_owned(), String::new()),
        Answer::Entries(answers) => return entry_answers(answers, ids),
        Answer::Messages(messages) => {
            let told: Vec<String> = messages.iter().map(|message| names.received(message)).collect();
            told.join("; ")
        }
        Answer::Counts(counts) => format!(
            "ApproximateNumberOfMessages={} ApproximateNumberOfMessagesNotVisible={} ApproximateNumberOfMessagesDelayed={}",
            counts.visible, counts.in_flight, counts.delayed
        ),
        Answer::Task(number) => format!("task={number}"),
        Answer::Tasks(tasks) => {
            let told: Vec<String> = tasks
                .iter()
                .map(|task| format!("{} moved={} to_move={}", task.state.name(), task.moved, task.to_move))
                .collect();
            told.join("; ")
        }
        Answer::Moved(moved) => format!("moved={moved}"),
        Answer::Done => String::new(),
        Answer::Shards(shards) => {
            let told: Vec<String> = shards
                .iter()
                .map(|info| {
                    let mut cell = Cell::of(info.shard)
                        .with("first", Some(info.range.first))
                        .with("last", Some(info.range.last))
                        .with("parent", info.parent)
                        .with("adjacent_parent", info.adjacent_parent);
                    if info.closed {
                        cell = cell.with("closed", Some(true));
                    }
                    cell.to_string()
                })
                .collect();
            told.join("; ")
        }
        Answer::Put(places) => return put_answers(places),
        Answer::Video(VideoReply::Put(taken)) => return acknowledgements(taken),
        Answer::Video(VideoReply::Fragments(fragments)) => names.fragments(fragments),
        Answer::Video(VideoReply::Described(hours)) => format!("Status=ACTIVE DataRetentionInHours={hours}"),
        Answer::Iterator(iterator) => format!("ShardIterator={}", iterator.shard),
        Answer::Records(read) => names.read(read),
        Answer::Stream(stream) => format!(
            "StreamStatus={} StreamMode={} OpenShardCount={} RetentionPeriodHours={}{}",
            stream.status.name(),
            if stream.on_demand { "ON_DEMAND" } else { "PROVISIONED" },
            stream.open_shards,
            stream.retention / Span::from_hours(1),
            if stream.distributes_records { " RecordDistributionStrategy=AUTO" } else { "" }
        ),
    };
    (SUCCESS.to_owned(), told)
}

/// One outcome for all records when all is well, else one for each; and where each lies.
fn put_answers(places: &[Result<RecordPlace, ApiError>]) -> (String, String) {
    let all_well = places.iter().all(Result::is_ok);
    let outcomes: Vec<&str> =
        places.iter().map(|place| place.err().map_or("Success", ApiError::code)).collect();
    let outcome = if all_well { "Success".to_owned() } else { outcomes.join(", ") };
    let told: Vec<String> = places
        .iter()
        .flatten()
        .map(|place| format!("{} sequence={}", place.shard, place.sequence_number()))
        .collect();
    (outcome, told.join("; "))
}

/// One outcome for all fragments when all is well, else one for each; and the acknowledgements of each.
fn acknowledgements(taken: &[Result<FragmentTaken, FragmentRefused>]) -> (String, String) {
    let code = |one: &Result<FragmentTaken, FragmentRefused>| match one {
        Ok(_) => "Success",
        Err(FragmentRefused::Error(error)) => error.code(),
        Err(FragmentRefused::Closed) => "ConnectionClosed",
    };
    let outcomes: Vec<&str> = taken.iter().map(code).collect();
    let all_well = taken.iter().all(Result::is_ok);
    let outcome = if all_well { "Success".to_owned() } else { outcomes.join(", ") };
    let tell = |one: &Result<FragmentTaken, FragmentRefused>| {
        let span = |span: Span| Duration::from_nanos(span.as_nanos());
        match one {
            Ok(taken) => {
                let received = span(taken.received_after);
                let told = format!("fragment={} BUFFERING RECEIVED+{received}", taken.number);
                taken
                    .persisted_after
                    .map_or(told.clone(), |after| format!("{told} PERSISTED+{}", span(after)))
            }
            Err(FragmentRefused::Error(error)) => match error.id() {
                Some(id) => format!("BUFFERING ERROR {id}"),
                None => "BUFFERING ERROR".to_owned(),
            },
            Err(FragmentRefused::Closed) => "no acknowledgement".to_owned(),
        }
    };
    (outcome, taken.iter().map(tell).collect::<Vec<_>>().join("; "))
}

/// One outcome for all entries when they agree that all is well, else one for each.
fn entry_answers(answers: &[EntryAnswer], ids: &[String]) -> (String, String) {
    let outcomes: Vec<&str> =
        answers.iter().map(|answer| answer.err().map_or("Success", crate::wire::ApiError::code)).collect();
    let outcome =
        if outcomes.iter().all(|one| *one == "Success") { "Success".to_owned() } else { outcomes.join(", ") };
    let mut told = Vec::new();
    for (position, answer) in answers.iter().enumerate() {
        if let Ok(Some(sequence)) = answer {
            let id = ids.get(position).map_or(String::new(), |id| format!("{} ", text(id)));
            told.push(format!("{id}sequence={sequence}"));
        }
    }
    (outcome, told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_when_they_must_be() {
        let shown = ["A", "", "a b", "x;y", "f[0]", "k=v"].map(text);
        assert_eq!(shown, ["A", "\"\"", "\"a b\"", "\"x;y\"", "\"f[0]\"", "\"k=v\""]);
    }

    #[test]
    fn a_batch_tells_its_outcomes_when_one_is_bad() {
        let ids = ["a".to_owned(), "b".to_owned()];
        let mixed = [Ok(Some(7)), Err(ApiError::InvalidParameterValue)];
        assert_eq!(
            entry_answers(&mixed, &ids),
            ("Success, InvalidParameterValue".to_owned(), "a sequence=7".to_owned())
        );
        assert_eq!(entry_answers(&[Ok(Some(7)), Ok(Some(8))], &ids).1, "a sequence=7; b sequence=8");
        assert_eq!(entry_answers(&[Ok(None), Ok(None)], &ids), ("Success".to_owned(), String::new()));
        assert_eq!(entry_answers(&[Ok(Some(9))], &[]).1, "sequence=9");
    }
}
