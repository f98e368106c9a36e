//! Checks: baselines, JUnit, annotations, names.

use super::Bench;

#[test]
fn a_shift_is_told_and_noise_is_not() {
    let bench = Bench::new();
    let check =
        |more: &[&str]| bench.run(&[&["check", "station.yaml", "--baseline", "accepted"], more].concat());
    let (code, out, _) = check(&[]);
    assert!(code == 1 && out.contains("write it with `--accept`"), "{out}");
    let (code, out, _) = check(&["--accept"]);
    assert!(code == 0 && out.contains("accepted as baseline"), "{out}");
    let written = bench.read("accepted/station.csv");
    assert!(written.starts_with("# queuelab ") && written.lines().count() < 40, "{written}");
    assert!(written.contains("\nconsumer,workers,end_to_end_latency,p99,s,"), "{written}");
    let (code, out, _) = check(&[]);
    assert!(code == 0 && out.contains("statistics as their baseline"), "{out}");
    let (code, out, _) = check(&["--seed", "7"]);
    assert_eq!(code, 0, "other luck is no change: {out}");
    let slower =
        "workers.processing_time={ exponential: { mean: 115ms } }".replace("workers", "consumers.workers");
    let (code, out, _) = check(&["--set", &slower]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("the scenario has changed since its baseline"), "{out}");
    assert!(
        out.contains("workers utilization mean: ") && out.contains("1 scenario differs from the baseline"),
        "{out}"
    );
    let (code, _, _) = check(&["--set", &slower, "--accept"]);
    assert_eq!(code, 0);
    assert_eq!(check(&["--set", &slower]).0, 0);
    assert_eq!(check(&[]).0, 1, "the other way round it is a change too");
    bench.write("accepted/station.csv", "kind,name\n");
    let (code, _, err) = check(&[]);
    assert!(code == 2 && err.contains("is no baseline: line 1"), "{err}");
}

#[test]
fn results_are_told_to_machines() {
    let bench = Bench::new();
    let expect = "expect:\n  workers.messages_processed: [\"sum > 1000\"]";
    bench.write(
        "failing.yaml",
        &super::STATION.replace("name: station", "name: failing").replace(
            expect,
            "expect:\n  workers.messages_processed:\n    - \"sum > 1000\"\n    - \"sum == 7\"",
        ),
    );
    bench.write("broken.yaml", "name: broken\nduration: 1 parsec\n");
    let (code, out, _) = bench.run(&["check", ".", "--junit", "results/junit.xml", "--format", "github"]);
    assert_eq!(code, 2, "{out}");
    let line = super::STATION.lines().count() + 2;
    assert!(out.contains(&format!("::error file=./failing.yaml,line={line},title=failing::expected workers.messages_processed sum == 7, observed 2,")), "{out}");
    assert!(out.contains("::error file=./broken.yaml,title=cannot be run::"), "{out}");
    let junit = bench.read("results/junit.xml");
    assert!(junit.contains("tests=\"4\" failures=\"1\" errors=\"1\""), "{junit}");
    assert!(
        junit.contains(&format!(
            "name=\"workers.messages_processed sum == 7\" file=\"./failing.yaml\" line=\"{line}\">"
        )),
        "{junit}"
    );
    assert!(junit.contains("<property name=\"seed\" value=\"42\"/>"), "{junit}");
    let (code, out, _) = bench.run(&["check", ".", "--only", "stat"]);
    assert!(code == 0 && !out.contains("failing"), "{out}");
    let (code, _, err) = bench.run(&["check", ".", "--only", "nothing-like-it"]);
    assert!(
        code == 2 && err.contains("no scenario or policy test has `nothing-like-it` in its name"),
        "{err}"
    );
}
