//! A list in which everything has ended: gone from what is served and signed, still in the log and to be recalled.

use std::process::Command;
use std::time::Duration;

use gosbadge::domain::expiry_month::ExpiryMonth;
use gosbadge::domain::status::ListValue;
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::Clock as _;
use gosbadge::service::audit_log::audit_log;
use gosbadge::service::sweep::sweep;
use serde_json::{Value, json};

use super::{BY_HAND, DAY, MONTH, change, issue, lists, log, place, read, refusal};
use crate::database::Database;
use crate::harness::{Harness, Issued};

const LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

/// A day after this the list with what was issued at `issued` is due.
fn end_of_month(issued: Timestamp) -> Timestamp {
    ExpiryMonth::of(issued.plus(LIFE)).ends()
}

async fn says(h: &Harness, issued: &Issued) -> String {
    h.app().view.refresh(h.app()).await.unwrap();
    let (status, answer) = h.verify(json!({ "attestation": issued.attestation })).await;
    assert_eq!(status, 200, "{answer}");
    answer["status"].as_str().unwrap().to_owned()
}

async fn retired(h: &Harness) -> usize {
    sweep(h.app()).await.unwrap().retired
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_retired_when_all_in_it_is_over() {
    let h = Harness::start_with(&[BY_HAND]).await;
    // What happens here ends today, so that commands with a clock of their own can look at it.
    let today = h.clock.now();
    h.clock.turn_back(LIFE + MONTH + DAY * 3);
    h.app().view.refresh(h.app()).await.unwrap();
    let begun = h.clock.now();
    let (one, two) = (issue(&h, "218000001").await, issue(&h, "218000002").await);
    log(&h).await;
    h.clock.advance(DAY);
    change(&h, &two.badge, "revoke").await;
    log(&h).await;
    let revoked_at = h.clock.now().secs();
    // The first badge goes on with an attestation in another list.
    h.clock.advance(DAY * 59);
    let renewed = issue(&h, "218000001").await;
    assert_eq!((renewed.badge == one.badge, place(&renewed.attestation).0), (true, 2));
    log(&h).await;

    let due = end_of_month(begun).plus(DAY);
    h.clock.advance(due.since(h.clock.now()));
    assert_eq!(retired(&h).await, 0, "clocks differ");
    assert_eq!(lists(&h).await, ["1", "2"]);
    h.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!((retired(&h).await, retired(&h).await), (1, 0), "once");
    assert_eq!(lists(&h).await, ["2"]);
    assert_eq!(refusal(&h, "/status/1").await, (410, "status-list-retired".to_owned()));
    assert_eq!((says(&h, &one).await, says(&h, &two).await), ("expired".to_owned(), "expired".to_owned()));
    assert_eq!(says(&h, &renewed).await, "active");
    let retired_at = h.clock.now();

    // A change of the badge that goes on touches its old place too; the log must not mind.
    h.clock.advance(Duration::from_secs(10));
    change(&h, &renewed.badge, "revoke").await;
    log(&h).await;
    assert_eq!(says(&h, &renewed).await, "revoked");
    assert_eq!(read(&h, "/status/2", h.clock.now()).await.get(0), Some(ListValue::Invalid));

    // The past of the retired list, up to its end.
    for (second, value) in
        [(revoked_at - 10, ListValue::Valid), (revoked_at + 1, ListValue::Invalid), (retired_at.secs() - 1, ListValue::Invalid)]
    {
        let list = read(&h, &format!("/status/1?time={second}"), Timestamp::from_secs(second)).await;
        assert_eq!((list.get(0), list.get(1)), (Some(ListValue::Valid), Some(value)), "at {second}");
    }
    assert_eq!(refusal(&h, &format!("/status/1?time={}", retired_at.secs())).await.0, 404);

    h.clock.advance(today.since(h.clock.now()));
    assert_eq!(lists(&h).await, ["2"]);
    holds(&h).await;
    let h = h.restart(&[BY_HAND]).await;
    assert_eq!(refusal(&h, "/status/1").await, (410, "status-list-retired".to_owned()), "after a start too");
    assert_eq!(lists(&h).await, ["2"]);

    // Whoever retires a list too early is found.
    Database::open(&h.database).run("UPDATE status_lists SET retired_at = 5 WHERE id = 2");
    let findings = audit_log(h.app(), Vec::new()).await.unwrap().findings;
    assert!(findings.iter().any(|f| f.place == "status list 2" && f.what.starts_with("was retired before")), "{findings:?}");
    h.stop().await;
}

/// The audits, from inside and from outside.
async fn holds(h: &Harness) {
    let report = audit_log(h.app(), Vec::new()).await.unwrap();
    assert_eq!((report.findings, report.lists), (Vec::new(), 2));
    let mut command = Command::new(env!("CARGO_BIN_EXE_gosbadge"));
    command.args(["log", "verify", "--json", "--url", &h.ready().public_url]).current_dir(h.dir.path());
    let out = command.env("GOSBADGE__DEV", "true").output().unwrap();
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {out:?}"));
    assert_eq!((out.status.code(), &report["findings"], &report["lists"]), (Some(0), &json!([]), &json!(2)));
}

/// A list of the time before lists had months is over with the last of its entries, whichever month that is in.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_before_is_retired_too() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let issued = issue(&h, "218000001").await;
    let mut db = Database::open(&h.database);
    let end = h.clock.now().plus(LIFE);
    db.run(&format!("UPDATE status_lists SET month = NULL, ends_before = {}", end.millis() + 1));
    let next = issue(&h, "218000002").await;
    assert_eq!(place(&next.attestation), (2, 0), "it gets no new entries");
    h.clock.advance(LIFE + DAY + Duration::from_secs(15 * 60));
    assert_eq!(retired(&h).await, 0, "its last version is not in the log yet");
    log(&h).await;
    assert_eq!(retired(&h).await, 0, "the last of it ended at this very moment");
    h.clock.advance(Duration::from_secs(1));
    assert_eq!(retired(&h).await, 0, "its last version has to last for a while, or it could not be recalled");
    h.clock.advance(Duration::from_secs(1));
    assert_eq!(retired(&h).await, 1);
    assert_eq!(says(&h, &issued).await, "expired");
    assert_eq!(refusal(&h, "/status/1").await.0, 410);
    h.stop().await;
}
