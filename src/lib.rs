//! queuelab: a deterministic discrete-event simulator for AWS messaging architectures.
//!
//! A scenario (YAML) describes producers, SQS queues, the consumers that work on them, their Auto Scaling groups, and
//! the CloudWatch alarms between them. A run plays it with a seeded event loop and leaves a [`Tape`](record::Tape):
//! statistics, metrics as CloudWatch would have them, a ledger of every message, and what is needed to draw it. The
//! same scenario and seed give the same tape on every machine.
//!
//! # In ten lines
//!
//! ```
//! use queuelab::language::NoFiles;
//! use queuelab::scenario::Scenario;
//!
//! let text = "
//! name: hello
//! duration: 10m
//! queues: { jobs: { receive_message_wait_time: 20s } }
//! producers:
//!   client: { publishes_to: { queue: jobs }, arrivals: { poisson: { rate: 5/s } } }
//! consumers:
//!   workers: { receives_from: { queue: jobs }, instances: 2, processing_time: 300ms }
//! ";
//! let sets = ["consumers.workers.instances=3".to_owned()];
//! let scenario = Scenario::load("hello.yaml", text.as_bytes(), &sets, &NoFiles)?;
//! let tape = scenario.run()?;
//! let p99 = tape.value("workers", "end_to_end_latency", "p99").expect("messages were processed");
//! assert!(p99 < 5.0, "in seconds");
//! assert_eq!(tape.ledger.get("run", "hello", "expired"), Some(0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`report::write`] writes a tape's folder of tables and charts, [`report::summary`] what a terminal shows. A scenario
//! that names files (recordings, measured values) is loaded with an implementation of [`language::Files`].
//!
//! # The house
//!
//! Imports go down the floors, never up, and no service imports another.
//!
//! | floor | modules |
//! |---|---|
//! | 8 | [`cli`] |
//! | 7 | [`experiment`]: many runs that answer one question |
//! | 6 | [`scenario`]: from a file to worlds |
//! | 5 | [`world`]: all entities and their run; [`expect`] and [`report`]: what is made of a tape |
//! | 4 | [`services`]: queues, consumers, producers, CloudWatch |
//! | 3 | [`wire`]: what services say to each other; [`scaling`]: scaling policies; [`traffic`]: when things come; [`filter`]: filter policies and selectors; [`series`]: statistics and metric math |
//! | 2 | [`language`]: how scenarios are declared and read; [`record`]: instruments, ledger, tape |
//! | 1 | [`engine`]: time, calendar, loop, randomness |
//!
//! `docs/architecture.md` says why.

pub mod cli;
pub mod engine;
pub mod expect;
pub mod experiment;
pub mod filter;
pub mod language;
pub mod record;
pub mod report;
pub mod scaling;
pub mod scenario;
pub mod series;
pub mod services;
pub mod traffic;
pub mod wire;
pub mod world;
