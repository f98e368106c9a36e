//! Replications: intervals, precision, batches, warm-up; the same files with any number of threads.

use super::{Bench, load};
use queuelab::experiment::{Crew, ReplicationPlan, Sample, batch_means, detect};

#[test]
fn files_do_not_depend_on_threads() {
    let bench = Bench::new();
    for (threads, output) in [("1", "one"), ("3", "three")] {
        bench.well(&[
            "run",
            "station.yaml",
            "--replications",
            "5",
            "--threads",
            threads,
            "--no-charts",
            "-o",
            output,
            "-q",
        ]);
    }
    let one = bench.contents("one");
    assert_eq!(one, bench.contents("three"));
    // Replication 0 is the run that there is without replications.
    bench.well(&["run", "station.yaml", "--no-charts", "-o", "plain", "-q"]);
    assert_eq!(bench.read("one/summary.csv"), bench.read("plain/summary.csv"));
    let intervals = bench.read("one/intervals.csv");
    let mean =
        intervals.lines().find(|line| line.starts_with("consumer,workers,end_to_end_latency,mean,s,5,"));
    let cells: Vec<f64> =
        mean.expect("it has a row").split(',').skip(6).map(|cell| cell.parse().expect("a number")).collect();
    let values: Vec<f64> = bench
        .read("one/replications.csv")
        .lines()
        .filter(|line| line.contains(",consumer,workers,end_to_end_latency,mean,"))
        .map(|line| line.split(',').nth(5).and_then(|cell| cell.parse().ok()).expect("a number"))
        .collect();
    let sample = Sample::of(&values).expect("there are five");
    assert_eq!((sample.count, sample.mean, sample.stddev), (5, cells[0], cells[1]));
    assert!(
        (cells[5] - 2.776_445_105 * sample.stddev / 5.0_f64.sqrt()).abs() < 1e-8,
        "t with 4 degrees of freedom"
    );
}

#[test]
fn replications_go_on_until_enough_is_known() {
    let bench = Bench::new();
    let run = |precision: &str, more: &[&str]| {
        let arguments = ["run", "station.yaml", "--no-charts", "--until-precision", precision];
        bench.well(&[&arguments, more].concat())
    };
    let coarse = run("20%", &[]);
    assert!(coarse.contains("Precision: workers end_to_end_latency mean is known to 20% after"), "{coarse}");
    let short = run("0.01%", &["--max-replications", "12", "--metric", "line.messages_sent.sum"]);
    assert!(short.contains("is not known to 0.01% after 12 replications"), "{short}");
    let (code, _, err) = bench.run(&[
        "run",
        "station.yaml",
        "--until-precision",
        "1%",
        "--metric",
        "worker.end_to_end_latency.p99",
    ]);
    assert!(code == 2 && err.contains("did you mean `workers.end_to_end_latency.p99`?"), "{err}");
}

#[test]
fn expectations_are_judged_on_the_mean() {
    let bench = Bench::new();
    let close = "expect={ workers.utilization: [\"mean > 70%\", \"mean > 90%\"] }";
    let (code, out, _) = bench.run(&["check", "station.yaml", "--replications", "6", "--set", close]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("on average, held in 6 of 6") && out.contains("on average, held in 0 of 6"),
        "{out}"
    );
    // The scenario can ask for them itself.
    let (_, out, _) = bench.run(&["check", "station.yaml", "--set", "replications=3"]);
    assert!(out.contains("held in 3 of 3"), "{out}");
}

#[test]
fn parts_of_a_run_add_up_to_it() {
    let scenario = load(super::STATION).with_batches(7);
    let tape = scenario.run().expect("it runs");
    let means = batch_means(&tape, 7, 0.95);
    assert!(means.len() > 20, "{}", means.len());
    for one in means.iter().filter(|one| one.statistic == "rate" || one.metric == "messages_visible") {
        let whole = tape.summary.iter().find(|row| {
            (row.kind, &row.name, &row.metric, row.statistic)
                == (one.kind, &one.name, &one.metric, one.statistic)
        });
        let whole = whole.expect("the whole has it").value;
        assert!(
            (whole - one.sample.mean).abs() <= 1e-9 * whole.abs().max(1.0),
            "{} {}: {whole}",
            one.name,
            one.metric
        );
    }
    let plain = load(super::STATION).run().expect("it runs");
    assert!(plain.summary == tape.summary, "parts change nothing");
}

#[test]
fn the_warm_up_of_a_queue_that_begins_full_is_found() {
    let text = super::STATION
        .replace("warm_up: 1m\n", "")
        .replace("duration: 6m", "duration: 40m")
        .replace("consumers:", "  flood: { publishes_to: { queue: line }, arrivals: { bursts: [{ at: 0s, messages: 600 }] } }\nconsumers:");
    let scenario = load(&text);
    let crew = Crew::new(Some(2)).expect("two threads");
    let runs = ReplicationPlan::exactly(5, 0.95).play(&scenario, 1, &crew, &|| true).expect("it runs");
    let found = detect(&runs.trials.iter().collect::<Vec<_>>()).expect("levels vary");
    // 600 too many, and two a second fewer each second: 300 s.
    let seconds = found.seconds.expect("it settles");
    assert!((150.0..700.0).contains(&seconds), "{found:?}");
    let bench = Bench::new();
    bench.write("full.yaml", &text);
    let out = bench.well(&["run", "full.yaml", "--no-charts", "--warm-up", "auto"]);
    assert!(out.contains("Warm-up: ") && out.contains("MSER-5 over 5 replications"), "{out}");
    let growing = "consumers.workers.processing_time=1s";
    let (code, _, err) =
        bench.run(&["run", "full.yaml", "--no-charts", "--warm-up", "auto", "--set", growing]);
    assert!(code == 2 && err.contains("does not settle"), "{err}");
}
