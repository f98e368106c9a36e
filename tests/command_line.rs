//! `command_line`
