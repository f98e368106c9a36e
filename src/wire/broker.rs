//! What a message broker tells its destinations, and what its scripted clients ask for.

use super::{Receipt, SendEntry};
use crate::engine::Span;

/// Something that happens to a broker as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerEvent {
    /// One of its nodes is down: the connections to it are gone.
    Down {
        /// The node.
        node: u8,
        /// Whether it was shut down in order: then sends under way end first.
        is_planned: bool,
    },
    /// The node, or another in its place, takes connections again.
    Up {
        /// The node.
        node: u8,
    },
    /// There is room again for messages of producers that were held up.
    Room,
}

/// What a program asks of its client library.
#[derive(Debug, Clone, Copy)]
pub enum BrokerAction {
    /// `send`.
    Send(SendEntry),
    /// `receive`.
    Receive {
        /// Most messages.
        maximum: u8,
        /// How long it waits for one.
        wait: Span,
    },
    /// `acknowledge`, or `basic.ack`.
    Acknowledge(Receipt),
    /// `rollback` or `recover`, or `basic.nack`: of everything that the session has delivered.
    RollBack,
    /// `commit`: of everything that the session has delivered.
    Commit,
    /// A session begins, without a receive.
    Connect,
    /// It ends.
    Disconnect,
}

impl BrokerAction {
    /// What `api_calls.csv` calls it.
    pub fn name(self) -> &'static str {
        match self {
            BrokerAction::Send(_) => "Send",
            BrokerAction::Receive { .. } => "Receive",
            BrokerAction::Acknowledge(_) => "Acknowledge",
            BrokerAction::RollBack => "Rollback",
            BrokerAction::Commit => "Commit",
            BrokerAction::Connect => "Connect",
            BrokerAction::Disconnect => "Disconnect",
        }
    }
}
