//! A sweep as a real array job of Slurm, where there is one that takes jobs.

use super::Bench;
use std::process::Command;
use std::time::{Duration, Instant};

fn takes_jobs() -> bool {
    let idle = Command::new("sinfo").args(["--noheader", "--format=%a"]).output();
    idle.is_ok_and(|told| told.status.success() && String::from_utf8_lossy(&told.stdout).contains("up"))
}

#[test]
fn an_array_job_comes_to_the_same_as_one_machine() {
    if !takes_jobs() {
        eprintln!("skipped: there is no Slurm here that takes jobs");
        return;
    }
    let bench = Bench::new();
    let sweep = ["sweep", "station.yaml", "--vary", "workers.threads=1..5:1", "-o"];
    bench.well(&[&sweep[..], &["whole"]].concat());
    let program = env!("CARGO_BIN_EXE_queuelab");
    let command = format!("{} {} shared", program, sweep.join(" "));
    let submitted = Command::new("sbatch")
        .args(["--wait", "--array=0-2", "--output=/dev/null", "--wrap", &command])
        .current_dir(bench.path(""))
        .status()
        .expect("sbatch runs");
    assert!(submitted.success(), "the array job ends well");
    let began = Instant::now();
    // A shared file system may show files late.
    while bench.run(&["sweep", "merge", "shared.parts"]).0 != 0 && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(bench.contents("shared"), bench.contents("whole"));
}
