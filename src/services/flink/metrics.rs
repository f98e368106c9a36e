//! What an application measures.

crate::metrics! {
    /// The metrics of one application. Those with a CloudWatch name follow "Metrics and dimensions in Managed Service for Apache Flink".
    pub struct FlinkMetrics in "AWS/KinesisAnalytics", by "Application" {
        /// Records processed, each as often as it was read.
        pub records_in: Counter [Count] as "numRecordsIn",
        /// Records and results given to sinks.
        pub records_out: Counter [Count] as "numRecordsOut",
        /// Records that were too late for all their windows, and dropped.
        pub records_late_dropped: Counter [Count] as "numLateRecordsDropped",
        /// Records that were too late and went to the side output.
        pub records_late_side_output: Counter [Count],
        /// Records that a filter stopped.
        pub records_filtered: Counter [Count],
        /// Records that went into a window.
        pub records_aggregated: Counter [Count],
        /// Records that fell between windows.
        pub records_outside_windows: Counter [Count],
        /// Records whose processing failed: dropped, or sent to the error stream.
        pub records_failed: Counter [Count],
        /// Records that went through to the sinks.
        pub records_passed: Counter [Count],
        /// Records that were processed once more after a restart.
        pub records_replayed: Counter [Count],
        /// Records that were read, and dropped unprocessed by a failure or a stop.
        pub records_abandoned: Counter [Count],
        /// Records that expired before they were read.
        pub records_missed: Counter [Count],
        /// Results of windows, corrections included.
        pub window_results: Counter [Count],
        /// Results that correct an earlier one, because of a late record.
        pub window_corrections: Counter [Count],
        /// Results of windows that came too late for the windows behind them.
        pub window_results_late: Counter [Count],
        /// Results and records given to sinks that had been given to them before a failure: duplicates for whoever is behind.
        pub results_repeated: Counter [Count],
        /// Results and records that sinks sent.
        pub results_sent: Counter [Count],
        /// Of those, the ones that came back and are sent again.
        pub results_sent_again: Counter [Count],
        /// Results and records that were refused for good.
        pub results_rejected: Counter [Count],
        /// From the publish of the newest record in it to the time a result is given to the sinks.
        pub end_to_end_latency: Distribution [Seconds],
        /// How far the answer to a read was behind the newest record.
        pub milliseconds_behind_latest: Distribution [Milliseconds] as "millisBehindLatest",
        /// `GetRecords` calls.
        pub get_records_calls: Counter [Count],
        /// `GetRecords` calls that were refused.
        pub get_records_errors: Counter [Count],
        /// Processor time of the slots, in percent of what the KPUs have; of the last whole minute.
        pub cpu_utilization: Level [Percent] as "containerCPUUtilization",
        /// Milliseconds of a second that slots are busy, of the last whole minute.
        pub busy_time: Level [Milliseconds] as "busyTimeMsPerSecond",
        /// Milliseconds of a second that sources are held back by what is behind them, of the last whole minute.
        pub back_pressured_time: Level [Milliseconds] as "backPressuredTimeMsPerSecond",
        /// KPUs that process.
        pub kpus: Level [Count] as "KPUs",
        /// Slots that process.
        pub parallelism: Level [Count],
        /// How long the job has been running without interruption.
        pub uptime: Level [Milliseconds] as "uptime",
        /// How long the job has been down now; zero while it runs.
        pub downtime: Level [Milliseconds] as "downtime",
        /// Restarts of the whole job since the beginning, after failures and for scaling.
        pub full_restarts: Level [Count] as "fullRestarts",
        /// Checkpoints completed.
        pub checkpoints: Counter [Count],
        /// Checkpoints that took too long or were cut off by a failure, since the beginning.
        pub failed_checkpoints: Level [Count] as "numberOfFailedCheckpoints",
        /// How long the last checkpoint took.
        pub last_checkpoint_duration: Level [Milliseconds] as "lastCheckpointDuration",
        /// State in the last checkpoint.
        pub last_checkpoint_size: Level [Bytes] as "lastCheckpointSize",
        /// Windows in state, by key.
        pub state_entries: Level [Count],
        /// The last watermark, milliseconds since 1970; absent before the first.
        pub current_output_watermark: Level [Milliseconds] as "currentOutputWatermark",
        /// How far the watermark is behind the clock; absent before the first.
        pub watermark_lag: Level [Seconds],
        /// The same watermark where it comes in: there is one chain of operators.
        pub current_input_watermark: Level [Milliseconds] as "currentInputWatermark",
        /// Processor time of the slots as the task managers see it, the same here.
        pub task_manager_cpu_utilization: Level [Percent] as "cpuUtilization",
        /// Milliseconds of a second that slots are neither busy nor held back, of the last whole minute.
        pub idle_time: Level [Milliseconds] as "idleTimeMsPerSecond",
        /// Records processed a second in the last whole minute, rounded.
        pub records_in_per_second: Level [Count] as "numRecordsInPerSecond",
        /// Records and results given to sinks a second in the last whole minute, rounded.
        pub records_out_per_second: Level [Count] as "numRecordsOutPerSecond",
    }
}

crate::metrics! {
    /// More metrics of a SQL application, after "Monitoring Kinesis Data Analytics with Amazon CloudWatch".
    pub struct SqlMetrics in "AWS/KinesisAnalytics", by "Application" {
        /// Rows that were read.
        pub rows_read: Counter [Count] as "Records",
        /// Their bytes.
        pub bytes_read: Counter [Bytes] as "Bytes",
        /// How far the answer to a read was behind the newest record.
        pub input_behind_latest: Distribution [Milliseconds] as "MillisBehindLatest",
    }
}
