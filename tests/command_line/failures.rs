//! When the machine, or whoever sits before it, does not play along.

use super::{Desk, SMALL, ended};
use std::fs::{self, File};
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

#[test]
fn a_file_that_is_not_there() {
    let desk = Desk::new();
    let ended = desk.run(&["run", "smal.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ended.err, @r"
    error: cannot read the scenario `smal.yaml`: there is no such file
      help: did you mean `./small.yaml`?
    ");
    let ended = desk.run(&["check", "nowhere/small.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("there is no folder `nowhere`"), "{}", ended.err);
    let ended = desk.run(&["run", "small.yaml/small.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("a part of the path is a file, not a folder"), "{}", ended.err);
}

#[test]
fn a_folder_in_place_of_a_file() {
    let desk = Desk::new();
    let ended = desk.run(&["run", "."]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.err, @"error: cannot read the scenario `.`: it is a folder");
}

#[test]
fn a_recording_that_is_not_there() {
    let desk = Desk::new();
    let text = SMALL.replace("{ constant: { rate: 1/s } }", "{ trace: { file: traffic.csv } }");
    desk.put("deep/small.yaml", &text);
    let ended = desk.run(&["run", "deep/small.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.err.contains("cannot read the recording `traffic.csv`: there is no such file"),
        "{}",
        ended.err
    );
    // Files are looked for beside the scenario, not where the program was started.
    desk.put("deep/traffic.csv", "timestamp,count\n2026-01-01T00:00:00Z,5\n2026-01-01T00:01:00Z,5\n");
    assert_eq!(desk.run(&["validate", "deep/small.yaml"]).code, Some(0));
}

#[test]
fn output_that_cannot_be() {
    let desk = Desk::new();
    let ended = desk.run(&["run", "small.yaml", "-o", "small.yaml"]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(
        ended.err.starts_with("error: will not write a report to `small.yaml`: it is a file"),
        "{}",
        ended.err
    );
    assert_eq!(fs::read_to_string(desk.path("small.yaml")).expect("it is still there"), SMALL);
    let ended = desk.run(&["run", "small.yaml", "-o", "small.yaml/below"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    assert!(ended.err.contains("`small.yaml/below`"), "{}", ended.err);
    desk.put("mine/thesis.txt", "years of work");
    let ended = desk.run(&["run", "small.yaml", "-o", "mine"]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("`thesis.txt`"), "{}", ended.err);
    let left: Vec<String> = desk.tree().into_iter().collect();
    assert_eq!(left, ["mine", "mine/thesis.txt", "small.yaml"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_standard_output() {
    let desk = Desk::new();
    for arguments in
        [&["check", "small.yaml"][..], &["run", "small.yaml"], &["schema"], &["validate", "small.yaml"]]
    {
        let full = File::options().write(true).open("/dev/full").expect("there is a full device");
        let output = Command::new(env!("CARGO_BIN_EXE_queuelab"))
            .current_dir(desk.path(""))
            .args(arguments)
            .stdout(full)
            .output()
            .expect("the program runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {err}");
        assert!(
            err.starts_with("error: cannot write to standard output: No space left"),
            "{arguments:?}: {err}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_the_report() {
    let desk = Desk::new();
    fs::create_dir(desk.path("disk")).expect("a folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"])
        .arg(desk.path("disk"))
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        // Without the right to mount, a limit on the size of files is the nearest to a full disk.
        let mut limited = assert_cmd::Command::new("sh");
        let program = env!("CARGO_BIN_EXE_queuelab");
        limited.current_dir(desk.path("")).args([
            "-c",
            "trap '' XFSZ; ulimit -f 8; exec \"$0\" run small.yaml -o disk/report",
            program,
        ]);
        assert_no_report(&desk, &ended(&mut limited));
        return;
    }
    let ended = desk.run(&["run", "small.yaml", "-o", "disk/report"]);
    let left = desk.tree();
    let unmounted =
        Command::new("umount").arg(desk.path("disk")).status().is_ok_and(|status| status.success());
    assert!(unmounted, "the small disk can be taken away");
    assert!(!left.iter().any(|name| name.starts_with("disk/")), "{left:?}");
    assert_no_report(&desk, &ended);
}

fn assert_no_report(desk: &Desk, ended: &super::Ended) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{}", ended.err);
    assert!(ended.err.starts_with("error: cannot write `disk/report/"), "{}", ended.err);
    let left: Vec<String> = desk.tree().into_iter().collect();
    assert_eq!(left, ["disk", "small.yaml"], "nothing half-written is left");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let desk = Desk::new();
    let script =
        "set -o pipefail; \"$0\" schema | head -n 1 && \"$0\" run small.yaml --set 'expect={}' | true";
    let mut shell = assert_cmd::Command::new("bash");
    shell.current_dir(desk.path("")).args(["-c", script, env!("CARGO_BIN_EXE_queuelab")]);
    let ended = ended(&mut shell);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), "{\n", ""));
}

/// Waits until the program listens for Ctrl-C, as far as the system tells: bit 1 of the signals it catches.
#[cfg(unix)]
fn wait_until_it_listens(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    for _ in 0..1_000 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let Ok(text) = fs::read_to_string(&status) else { break };
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        if caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 2 != 0)
        {
            break;
        }
    }
    // Into the middle of the run, which takes minutes.
    std::thread::sleep(std::time::Duration::from_millis(200));
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal can be sent");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let desk = Desk::new();
    let long = SMALL.replace("10s", "300d").replace("rate: 1/s", "rate: 500/s");
    desk.put("long.yaml", &long);
    for arguments in [&["run", "long.yaml", "-o", "deep/down/report"][..], &["check", "long.yaml"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_queuelab"))
            .current_dir(desk.path(""))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        wait_until_it_listens(&child);
        interrupt(&child);
        let code = child.wait().expect("the program ends").code();
        let mut told = (String::new(), String::new());
        child.stdout.take().expect("piped").read_to_string(&mut told.0).expect("text");
        child.stderr.take().expect("piped").read_to_string(&mut told.1).expect("text");
        assert_eq!(code, Some(130), "{told:?}");
        assert_eq!(told, (String::new(), "interrupted: nothing was written\n".to_owned()), "{arguments:?}");
        let left: Vec<String> = desk.tree().into_iter().collect();
        assert_eq!(left, ["long.yaml", "small.yaml"], "nothing half-written is left");
    }
}

#[cfg(unix)]
#[test]
fn a_scenario_nobody_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let path = desk.path("small.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("permissions can be set");
    let denied = fs::read(&path).is_err();
    let ended = desk.run(&["run", "small.yaml"]);
    if denied {
        assert_eq!(ended.code, Some(3));
        assert!(
            ended.err.contains("cannot read the scenario `small.yaml`: permission denied"),
            "{}",
            ended.err
        );
    } else {
        // The administrator may read everything.
        assert_eq!(ended.code, Some(1), "{}", ended.err);
    }
}
