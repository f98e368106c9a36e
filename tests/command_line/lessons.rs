//! `queuelab lessons`: the bundled scenarios, listed, shown and run.

use super::Desk;

#[test]
fn lessons_are_listed_shown_and_run() {
    let desk = Desk::new();
    let all = desk.run(&["lessons"]);
    assert_eq!((all.code, all.err.as_str()), (Some(0), ""));
    assert!(all.out.starts_with("quickstart ") && all.out.lines().count() > 100, "{}", all.out);
    let some = desk.run(&["lessons", "FIFO", "order"]);
    assert!(some.out.contains("fifo-order-per-group") && !some.out.contains("quickstart"), "{}", some.out);
    let shown = desk.run(&["lessons", "message-life-cycle"]);
    let file = crate::scenarios::folder().join("message-life-cycle.yaml");
    assert_eq!(shown.out, std::fs::read_to_string(file).unwrap());
    let run = desk.run(&["lessons", "message-life-cycle", "--run"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let page = std::fs::read_to_string(desk.path("reports/message-life-cycle/report.html")).unwrap();
    assert!(page.ends_with("</html>\n") && page.contains("<h2>Ledger</h2>"), "{page}");
}

#[test]
fn there_is_no_such_lesson() {
    let desk = Desk::new();
    let ended = desk.run(&["lessons", "fifo-grup-lock"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("did you mean `fifo-group-lock`?"), "{}", ended.err);
    assert_eq!(desk.run(&["lessons", "fifo", "--run"]).code, Some(2), "several are meant");
    assert_eq!(desk.run(&["lessons", "--run"]).code, Some(2), "none is meant");
}
