//! What a script publishes to a topic, and attributes of what it sends elsewhere.

use super::script::{Lookup, Send, send};
use super::show::{Cell, text};
use super::topic_config::{MessageStructureConfig, PublishEntryConfig};
use crate::filter::JsonConfig;
use crate::language::{Bytes, Place, Problems};
use crate::wire::Content;

impl Send {
    /// The same with attributes, which count towards the size unless that is given.
    pub(super) fn with_attributes(
        mut self,
        body: &str,
        attributes: Option<&JsonConfig>,
        (size, place): (Option<Bytes>, Place),
        lookup: &mut Lookup<'_>,
        problems: &mut Problems,
    ) -> Self {
        let body = lookup.texts.number(body);
        let attributes = attributes.map(|attributes| &attributes.0);
        self.attributes =
            attributes.and_then(|attributes| attributes.as_object()).map_or(0, |all| all.len() as u16);
        let (attributes, bytes) = lookup.topics.message(body, attributes, place, lookup.texts, problems);
        self.detail.attributes = attributes;
        if size.is_none() {
            self.bytes += bytes;
        }
        self
    }
}

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
        let send = send(self.message, (None, self.size), self.ids, lookup.texts);
        let size = (self.size, self.place);
        let mut send = send.with_attributes(self.message, self.attributes, size, lookup, problems);
        if self.structure.is_some() {
            let body = lookup.texts.number(self.message);
            lookup.topics.structure(body, lookup.texts);
            send.detail.content = Content::Structured(body);
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
