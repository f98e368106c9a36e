//! Sweeps: the same bytes from one machine, from seven tasks, and after a kill.

use super::Bench;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SWEEP: [&str; 9] = [
    "sweep",
    "station.yaml",
    "--vary",
    "workers.threads=1..3:1",
    "--vary",
    "line.visibility_timeout=30s,1h",
    "--replications",
    "3",
    "--set=shop.arrivals.poisson.rate=7/s",
];

fn sweep(bench: &Bench, more: &[&str]) -> String {
    bench.well(&[&SWEEP, more].concat())
}

#[test]
fn a_sweep_that_is_shared_or_killed_comes_to_the_same() {
    let bench = Bench::new();
    sweep(&bench, &["-o", "whole", "--threads", "1"]);
    let whole = bench.contents("whole");
    assert!(!bench.path("whole.parts").exists(), "parts are not needed any more");
    let table = bench.read("whole/sweep.csv");
    let head = "point,consumers.workers.threads,queues.line.visibility_timeout,replication,kind,name,metric,statistic,value,unit";
    assert_eq!(table.lines().next(), Some(head));
    assert!(table.contains("\n5,3,1h,2,consumer,workers,messages_processed,sum,"), "the last run is there");
    for chart in [
        "line-workers.end_to_end_latency.p99",
        "map-workers.end_to_end_latency.p99",
        "cost-against-workers.end_to_end_latency.p99",
    ] {
        assert!(whole.contains_key(std::path::Path::new(&format!("charts/{chart}.svg"))), "{chart}");
    }

    // More tasks than points: one of them has nothing to do.
    for index in 0..7 {
        let index = index.to_string();
        sweep(&bench, &["-o", "shared", "--task-index", &index, "--task-count", "7"]);
    }
    let (code, _, err) = bench.run(&["sweep", "merge", "nowhere.parts"]);
    assert!(code == 2 && err.contains("nowhere.parts"), "{err}");
    bench.well(&["sweep", "merge", "shared.parts"]);
    assert_eq!(bench.contents("shared"), whole);

    // A killed sweep leaves parts, and the same command goes on from them.
    let mut child = Command::new(env!("CARGO_BIN_EXE_queuelab"))
        .args(SWEEP)
        .args(["-o", "killed", "--threads", "1"])
        .current_dir(bench.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let began = Instant::now();
    let parts = || {
        std::fs::read_dir(bench.path("killed.parts")).map_or(0, |entries| {
            entries
                .flatten()
                .filter(|entry| entry.file_name().to_string_lossy().starts_with("point-"))
                .count()
        })
    };
    while parts() < 2 && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    assert!(parts() >= 2 && !bench.path("killed").exists(), "it was in the middle");
    // What a kill may leave behind is no part.
    bench.write("killed.parts/.queuelab-half", "# queuelab sweep part {");
    bench.write("killed.parts/point-000000.csv", "# queuelab sweep part {\"exp");
    sweep(&bench, &["-o", "killed"]);
    assert_eq!(bench.contents("killed"), whole);
}

#[test]
fn an_experiment_is_a_file() {
    let bench = Bench::new();
    let experiment =
        |body: &str| format!("experiment: sizes\nscenario: station.yaml\nreplications: 2\n{body}");
    bench.write(
        "grid.yaml",
        &experiment("vary: { workers.threads: 1..2:1 }\nmetrics: [line.messages_visible.mean]\n"),
    );
    bench.well(&["sweep", "grid.yaml"]);
    let charts = bench.contents("reports/sweep-sizes");
    assert!(
        charts.keys().any(|name| name.ends_with("line-line.messages_visible.mean.svg")),
        "{:?}",
        charts.keys()
    );
    bench.write(
        "list.yaml",
        &experiment("points:\n  - { workers.threads: 1, line.visibility_timeout: 30s }\n  - { workers.threads: 4, line.visibility_timeout: 1m }\n"),
    );
    bench.well(&["sweep", "list.yaml", "-o", "list"]);
    assert!(bench.read("list/intervals.csv").contains("\n1,4,1m,"));
    for (body, wanted) in [
        ("", "either `vary` or `points`"),
        ("vary: { workers.threads: 5..1:1 }\n", "is no range"),
        ("vary: { workers.thread: 1..2:1 }\n", "threads"),
        ("vary: { workers.threads: 0..2:1 }\n", "1 of 3 points cannot be run"),
        ("points: [{ workers.threads: 1 }, { workers.instances: 1 }]\n", "all points have the same settings"),
    ] {
        bench.write("wrong.yaml", &experiment(body));
        let (code, out, err) = bench.run(&["sweep", "wrong.yaml"]);
        assert!(code == 2 && err.contains(wanted), "{body}: {code}\n{out}\n{err}");
    }
}

#[test]
fn two_scenarios_meet_the_same_traffic() {
    let bench = Bench::new();
    let out = bench.well(&[
        "compare",
        "station.yaml",
        "--with",
        "workers.threads=2",
        "--replications",
        "4",
        "-o",
        "compared",
    ]);
    assert!(out.contains("workers.threads=2 lowers p99 by ") && out.contains("4 replications each"), "{out}");
    let table = bench.read("compared/differences.csv");
    // Nothing that was sent differs, not even in the last place.
    let sent =
        table.lines().find(|line| line.contains(",queue,line,messages_sent,sum,")).expect("it has a row");
    let cells: Vec<&str> = sent.split(',').collect();
    assert_eq!((cells[8] == cells[9], cells[10], cells[11]), (true, "0", "0"), "{sent}");
    assert!(bench.path("compared/charts/queue-line-messages_visible.svg").exists());
    let (code, _, err) = bench.run(&["compare", "station.yaml"]);
    assert!(code == 2 && err.contains("nothing to compare with"), "{err}");
}

#[test]
fn the_cheapest_setting_that_is_enough_is_found() {
    let bench = Bench::new();
    let tune = ["tune", "station.yaml", "--vary", "workers.instances=1..4:1", "-o", "tuned", "--set"];
    let out =
        bench.well(&[&tune[..], &["expect={ workers.end_to_end_latency: [\"mean < 200ms\"] }"]].concat());
    assert!(
        out.contains("instances=2 is the cheapest that meets all expectations with 95% confidence"),
        "{out}"
    );
    assert!(out.contains("the only cheaper one misses them"), "{out}");
    let table = bench.read("tuned/tune.csv");
    let verdicts: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split(',').nth(2)).collect();
    assert_eq!(verdicts, ["missed", "met", "dearer", "dearer"]);
    let (code, out, _) =
        bench.run(&[&tune[..], &["expect={ workers.end_to_end_latency: [\"mean < 1ms\"] }"]].concat());
    assert!(code == 1 && out.contains("No setting meets all expectations"), "{out}");
}
