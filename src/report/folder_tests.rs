//! Whole or absent, and nothing of anybody else's is touched.

use super::*;
use crate::report::sample;

const TABLES: Options = Options { charts: false };

fn names(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    list(folder, "", &mut found).unwrap();
    found
}

#[test]
fn a_report_is_written_with_its_missing_parents() {
    let room = tempfile::tempdir().unwrap();
    let place = room.path().join("a/b/report");
    let files = write(&sample::judged(), &place, &TABLES).unwrap();
    assert_eq!(
        names(&place),
        [
            "alarms.csv",
            "expectations.csv",
            "ledger.csv",
            "manifest.json",
            "metrics.csv",
            "scaling_activities.csv",
            "summary.csv"
        ]
    );
    assert_eq!(files.last(), Some(&place.join("manifest.json")));
    assert_eq!(names(&room.path().join("a/b")).len(), 7, "nothing temporary is left");
}

#[test]
fn the_same_tape_gives_the_same_bytes() {
    let room = tempfile::tempdir().unwrap();
    let (one, two) = (room.path().join("one"), room.path().join("two"));
    let files = write(&sample::small(), &one, &Options::default()).unwrap();
    write(&sample::small(), &two, &Options::default()).unwrap();
    for file in files {
        let other = two.join(file.strip_prefix(&one).unwrap());
        assert!(fs::read(&file).unwrap() == fs::read(other).unwrap(), "{} differs", file.display());
    }
}

#[test]
fn an_earlier_report_is_replaced_as_a_whole() {
    let room = tempfile::tempdir().unwrap();
    let place = room.path().join("report");
    write(&sample::judged(), &place, &TABLES).unwrap();
    fs::write(place.join(".DS_Store"), "").unwrap();
    write(&sample::small(), &place, &TABLES).unwrap();
    assert!(!place.join("expectations.csv").exists() && !place.join(".DS_Store").exists());
    assert_eq!(fs::read_dir(room.path()).unwrap().count(), 1);
}

#[test]
fn an_empty_folder_is_replaced_and_a_foreign_one_refused() {
    let room = tempfile::tempdir().unwrap();
    let place = room.path().join("thesis");
    fs::create_dir(&place).unwrap();
    write(&sample::small(), &place, &TABLES).unwrap();

    fs::create_dir(place.join("my")).unwrap();
    fs::write(place.join("my/notes.txt"), "precious").unwrap();
    let error = write(&sample::small(), &place, &TABLES).unwrap_err().to_string();
    assert!(error.contains("`my/notes.txt`, which is no part of the report there"), "{error}");

    fs::remove_file(place.join("manifest.json")).unwrap();
    let error = write(&sample::small(), &place, &TABLES).unwrap_err().to_string();
    assert!(error.contains("it is not a report"), "{error}");
    fs::write(place.join("manifest.json"), "{\"program\": \"another\", \"files\": []}").unwrap();
    assert!(matches!(write(&sample::small(), &place, &TABLES), Err(ReportError::Occupied { .. })));
    assert_eq!(fs::read_to_string(place.join("my/notes.txt")).unwrap(), "precious");
}

#[test]
fn a_file_is_not_replaced() {
    let room = tempfile::tempdir().unwrap();
    let place = room.path().join("data.csv");
    fs::write(&place, "1,2").unwrap();
    let error = write(&sample::small(), &place, &TABLES).unwrap_err().to_string();
    assert!(error.contains("is a file, not a folder"), "{error}");
    let below = place.join("report");
    let error = write(&sample::small(), &below, &TABLES).unwrap_err().to_string();
    assert!(error.contains("a part of the path is a file"), "{error}");
    assert_eq!(fs::read_to_string(&place).unwrap(), "1,2");
}

/// Fails after the first file, as on a disk that fills up.
fn interrupted(staging: &mut Staging) -> Result<(), ReportError> {
    staging.write("summary.csv", b"half")?;
    Err(ReportError::machine(
        &staging.path_of("metrics.csv"),
        "write",
        io::Error::from(io::ErrorKind::StorageFull),
    ))
}

#[test]
fn an_interrupted_report_leaves_the_old_one() {
    let room = tempfile::tempdir().unwrap();
    let place = room.path().join("report");
    write(&sample::small(), &place, &TABLES).unwrap();
    let before = fs::read(place.join("summary.csv")).unwrap();
    let error = replace(&place, interrupted).unwrap_err().to_string();
    let expected =
        format!("cannot write `{}`: no space left on the device", place.join("metrics.csv").display());
    assert_eq!(error, expected);
    assert_eq!(fs::read(place.join("summary.csv")).unwrap(), before);
    assert_eq!(fs::read_dir(room.path()).unwrap().count(), 1, "nothing temporary is left");
}

#[test]
fn an_interrupted_first_report_leaves_nothing() {
    let room = tempfile::tempdir().unwrap();
    replace(&room.path().join("a/b/report"), interrupted).unwrap_err();
    assert_eq!(fs::read_dir(room.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_parent_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let room = tempfile::tempdir().unwrap();
    let parent = room.path().join("closed");
    fs::create_dir(&parent).unwrap();
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(parent.join("probe"), "").is_ok() {
        return; // the superuser may write everywhere
    }
    let error = write(&sample::small(), &parent.join("report"), &TABLES).unwrap_err().to_string();
    assert!(error.ends_with("permission denied"), "{error}");
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_full_is_told() {
    // Every write to it fails like a full disk; a report of one file is enough to see the words.
    let error = fs::write("/dev/full", "x").unwrap_err();
    let error = ReportError::machine(Path::new("report/summary.csv"), "write", error);
    assert_eq!(error.to_string(), "cannot write `report/summary.csv`: no space left on the device");
}
