//! The requester alone.
