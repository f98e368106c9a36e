//! Retry schedules, attempt by attempt.
