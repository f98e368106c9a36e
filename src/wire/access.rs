//! Permissions (placeholder until the access module is merged).
use super::EntityId;
/// An action that a policy allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessAction {
    /// .
    SendMessage,
    /// .
    ReceiveMessage,
    /// .
    DeleteMessage,
    /// .
    ChangeMessageVisibility,
    /// .
    PurgeQueue,
    /// .
    GetQueueAttributes,
    /// .
    Manage,
}
/// Who may not do what.
#[derive(Debug, Clone, Default)]
pub struct Access;
impl Access {
    /// .
    pub fn refuses(&self, _who: EntityId, _action: AccessAction) -> bool {
        false
    }
    /// .
    pub fn is_empty(&self) -> bool {
        true
    }
}
