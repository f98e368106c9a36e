//! What a script publishes to a topic.

use super::script::{Lookup, Send, send};
use super::show::{Cell, text};
use super::topic_config::{MessageStructureConfig, PublishEntryConfig};
use crate::filter::JsonConfig;
use crate::language::{Bytes, Place, Problems};
use crate::wire::Content;

/// A message of a script to a topic.
pub(super) struct Publishing<'a> {
    pub(super) message: &'a str,
    pub(super) structure: Option<MessageStructureConfig>,
    pub(super) attributes: Option<&'a JsonConfig>,
    pub(super) ids: (Option<&'a String>, Option<&'a String>),
    pub(super) size: Option<Bytes>,
    pub(super) place: Place,
}

impl<'a> Publishing<'a> {
    pub(super) fn of_entry(entry: &'a PublishEntryConfig) -> Self {
        Self {
            message: &entry.message,
            structure: entry.message_structure,
            attributes: entry.attributes.as_ref(),
            ids: (entry.message_group_id.as_ref(), entry.message_deduplication_id.as_ref()),
            size: entry.size,
            place: entry.place,
        }
    }

    pub(super) fn send(&self, lookup: &mut Lookup<'_>, problems: &mut Problems) -> Send {
        let mut send = send(self.message, (None, self.size), self.ids, lookup.texts);
        let body = lookup.texts.number(self.message);
        let attributes = self.attributes.map(|attributes| &attributes.0);
        let (attributes, bytes) = lookup.topics.message(body, attributes, self.place, lookup.texts, problems);
        send.detail.attributes = attributes;
        if self.structure.is_some() {
            lookup.topics.structure(body, lookup.texts);
            send.detail.content = Content::Structured(body);
        }
        if self.size.is_none() {
            send.bytes += bytes;
        }
        send
    }

    pub(super) fn cell(&self) -> Cell {
        Cell::default()
            .with("message", Some(text(self.message)))
            .with("message_structure", self.structure.map(|_| "json"))
            .with("attributes", self.attributes.map(|attributes| text(&attributes.0.to_string())))
            .with("message_group_id", self.ids.0.map(|id| text(id)))
            .with("message_deduplication_id", self.ids.1.map(|id| text(id)))
            .with("size", self.size)
    }
}
