//! Whole runs, through the library and through the command line. One binary, one module a subject.

mod alarms;
mod architecture;
mod calls;
mod command_line;
mod determinism;
mod documentation;
mod experiments;
mod firehose;
mod fleet;
mod flink;
mod kinesis;
mod lambda;
mod life;
mod policy_tests;
mod properties;
mod reference;
mod scenarios;
mod sns;
mod sqs_calls;
mod sqs_rules;
mod sqs_time;
mod step_reference;
mod theory;
mod world_of_yaml;
