//! `gosbadge log verify` and `log export`: a true log passes, and every way to change the past is found and named.

use std::process::Output;

use gosbadge::domain::tlog::checkpoint::Checkpoint;
use gosbadge::domain::tlog::note::{KeyKind, SignedNote, VerifierKey};
use gosbadge::service::audit_log::{Finding, Kept, audit_log};
use gosbadge::service::sequence_log::sequence_log;
use serde_json::{Value, json};

use super::reader::PublicLog;
use super::{BY_HAND, COMMUNITY};
use crate::database::Database;
use crate::harness::{Harness, on_postgres};

/// Three badges: one in force, one suspended, one revoked; all of it logged, with several checkpoints.
async fn history() -> Harness {
    let h = Harness::start_with(&[BY_HAND]).await;
    sequence_log(h.app()).await.unwrap();
    for (community, what) in [(COMMUNITY, None), ("218000002", Some("suspend")), ("218000003", Some("revoke"))] {
        let badge = h.issue(community, "kindergarten-head").await.badge;
        sequence_log(h.app()).await.unwrap();
        if let Some(what) = what {
            assert_eq!(h.admin(&badge, what, json!({ "reason": "operator_decision" })).await.0, 200);
        }
        sequence_log(h.app()).await.unwrap();
    }
    assert_eq!(findings(&h).await, Vec::new());
    h
}

async fn findings(h: &Harness) -> Vec<Finding> {
    audit_log(h.app(), Vec::new()).await.unwrap().findings
}

fn gosbadge(h: &Harness, args: &[&str]) -> Output {
    h.command(args).output().unwrap()
}

/// Makes the change, looks at what `log verify` finds, and undoes it.
async fn found(h: &Harness, db: &mut Database, change: &str, undo: &str, place: &str, what: &str) {
    db.run(change);
    let all = findings(h).await;
    assert!(all.iter().any(|f| f.place.starts_with(place) && f.what.contains(what)), "{change}: no «{place}: {what}» in {all:#?}");
    db.run(undo);
    assert_eq!(findings(h).await, Vec::new(), "after {undo}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_altered_row_is_found() {
    let h = history().await;
    let db = &mut Database::open(&h.database);

    // Events: what is public of them, and what is only hashed.
    let undo = "UPDATE events SET reason = 'operator_decision' WHERE seq = 3";
    found(&h, db, "UPDATE events SET reason = 'court_decision' WHERE seq = 3", undo, "event 3", "code is \"court_decision\"").await;
    found(
        &h,
        db,
        "UPDATE events SET actor_kind = 'platform' WHERE seq = 3",
        "UPDATE events SET actor_kind = 'operator' WHERE seq = 3",
        "event 3",
        "the row is not the one that was logged",
    )
    .await;
    found(&h, db, "UPDATE events SET at = at + 1 WHERE seq = 1", "UPDATE events SET at = at - 1 WHERE seq = 1", "event 1", "t is").await;
    let undo = "UPDATE events SET kind = 'revoked' WHERE seq = 5";
    found(&h, db, "UPDATE events SET kind = 'suspended' WHERE seq = 5", undo, "event 5", "ev is \"suspended\"").await;

    // Badges and attestations.
    let undo = "UPDATE badges SET state = 'revoked' WHERE state = 'expired'";
    found(&h, db, "UPDATE badges SET state = 'expired' WHERE state = 'revoked'", undo, "badge bdg_", "by its events").await;
    let change = "UPDATE attestations SET token = token || 'A' WHERE idx = 0";
    let undo = if on_postgres() {
        "UPDATE attestations SET token = left(token, length(token) - 1) WHERE idx = 0"
    } else {
        "UPDATE attestations SET token = substr(token, 1, length(token) - 1) WHERE idx = 0"
    };
    found(&h, db, change, undo, "event 1", "sha256 is").await;
    let undo = "UPDATE attestations SET claims = replace(claims, 'Р0машка', 'Ромашка')";
    let change = "UPDATE attestations SET claims = replace(claims, 'Ромашка', 'Р0машка')";
    found(&h, db, change, undo, "attestation att_", "not those of its token").await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_event_is_found() {
    let h = history().await;
    let mut db = Database::open(&h.database);
    for seq in [5, 3, 1] {
        db.run(&format!("DELETE FROM deliveries WHERE event_seq = {seq}; DELETE FROM events WHERE seq = {seq}"));
        let all = findings(&h).await;
        let named = all.iter().any(|f| f.place == format!("event {seq}") && f.what.contains("is missing"));
        assert!(named, "{seq}: {all:#?}");
    }
    let out = gosbadge(&h, &["log", "verify", "--json"]);
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(report["findings"].as_array().unwrap().iter().any(|f| f["place"] == "event 5"), "{report}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_un_revokes_is_found_before_and_after_it_is_logged() {
    let h = history().await;
    let db = &mut Database::open(&h.database);
    let undo = "UPDATE attestations SET status = 1 WHERE idx = 2";
    found(&h, db, "UPDATE attestations SET status = 0 WHERE idx = 2", undo, "status list 1", "un-revokes: place 2").await;

    // The next version of the list is logged as it is published: the lie is now in the log for good.
    db.run("UPDATE attestations SET status = 0 WHERE idx = 2");
    h.issue("218000004", "kindergarten-head").await;
    sequence_log(h.app()).await.unwrap();
    db.run(undo);
    let all = findings(&h).await;
    assert!(all.iter().any(|f| f.place.starts_with("leaf") && f.what.contains("does not say what the events say")), "{all:#?}");
    h.stop().await;
}

/// A note by the log's own key over another root: what a split view is made of.
async fn forged(h: &Harness, size: u64) -> String {
    let log = PublicLog::open(h).await;
    let text = Checkpoint { origin: log.name.clone(), size, root: [7; 32] }.text();
    let signed = h.app().keys.sign_note(text.as_bytes()).unwrap().remove(0);
    let key = VerifierKey::new(&log.name, KeyKind::Ed25519, signed.public).unwrap();
    SignedNote { signatures: vec![key.line(&signed.signature)], text }.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forked_checkpoint_is_found() {
    let h = history().await;
    let db = &mut Database::open(&h.database);
    let log = PublicLog::open(&h).await;
    let newest = log.checkpoint().await;
    let sizes: Vec<u64> =
        db.lines("SELECT CAST(size AS TEXT) AS v FROM log_checkpoints ORDER BY size").iter().map(|s| s.parse().unwrap()).collect();
    assert!(sizes.len() > 4, "{sizes:?}");
    for size in &sizes[1..] {
        let true_note = db.lines(&format!("SELECT note AS v FROM log_checkpoints WHERE size = {size}")).remove(0);
        let change = format!("UPDATE log_checkpoints SET note = '{}' WHERE size = {size}", forged(&h, *size).await);
        let undo = format!("UPDATE log_checkpoints SET note = '{true_note}' WHERE size = {size}");
        found(&h, db, &change, &undo, &format!("checkpoint {size}"), "forked").await;
        let bent = format!("UPDATE log_checkpoints SET note = replace(note, '\n{size}\n', '\n{}\n') WHERE size = {size}", size + 1);
        found(&h, db, &bent, &undo, &format!("checkpoint {size}"), "no valid signature").await;
    }

    // A checkpoint somebody outside kept: the true one holds, a fork and one of a longer log do not.
    let file = h.dir.path().join("kept");
    let verify = |note: &str| {
        std::fs::write(&file, note).unwrap();
        let out = gosbadge(&h, &["log", "verify", "--checkpoint", file.to_str().unwrap()]);
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, out) = verify(&newest.note);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("Everything holds"), "{out}");
    let (code, out) = verify(&forged(&h, 3).await);
    assert!(code == Some(1) && out.contains("kept: forked"), "{out}");
    let (code, out) = verify(&forged(&h, 1000).await);
    assert!(code == Some(1) && out.contains("covers 1000 leaves"), "{out}");
    let kept = Kept { name: "kept".to_owned(), note: newest.note.replace("— ", "— x") };
    assert_eq!(audit_log(h.app(), vec![kept]).await.unwrap().findings[0].what, "no valid signature of the log's key");
    h.stop().await;
}

/// Whoever can write to the database can rewrite the log too, but not so that nothing shows.
#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_log_is_found() {
    let h = history().await;
    let db = &mut Database::open(&h.database);
    let text = |db: &mut Database, sql: &str| db.lines(sql).remove(0);
    let (cut, back) = ("UPDATE log_state SET size = size - 1", "UPDATE log_state SET size = size + 1");
    found(&h, db, cut, back, "log", "leaves on record").await;
    found(&h, db, "UPDATE log_state SET seq = seq - 1", "UPDATE log_state SET seq = seq + 1", "log", "has its leaf").await;
    let (change, undo) = ("UPDATE log_leaves SET number = 77 WHERE idx = 0", "UPDATE log_leaves SET number = 1 WHERE idx = 0");
    found(&h, db, change, undo, "leaf 0", "about something else").await;
    let badge = text(db, "SELECT subject AS v FROM log_leaves WHERE idx = 0");
    let change = format!("UPDATE log_leaves SET subject = 'x' WHERE subject = '{badge}'");
    found(&h, db, &change, &format!("UPDATE log_leaves SET subject = '{badge}' WHERE subject = 'x'"), "leaf 0", "about something else")
        .await;

    // A checkpoint that the log does not extend any more is not followed by another.
    let size = text(db, "SELECT CAST(checkpoint_size AS TEXT) AS v FROM log_state");
    db.run("DELETE FROM log_leaves WHERE idx = 1");
    let all = findings(&h).await;
    assert!(all.iter().any(|f| f.place == "leaf 1" && f.what.contains("is missing")), "{all:#?}");
    h.issue("218000009", "kindergarten-head").await;
    assert!(sequence_log(h.app()).await.is_err());
    assert_eq!(text(db, "SELECT CAST(checkpoint_size AS TEXT) AS v FROM log_state"), size);
    h.stop().await;
}

/// From outside, with public data alone.
#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_audit_over_http() {
    let h = history().await;
    let url = h.ready().public_url.clone();
    let key = super::reader::text(&h, "/log/key").await.lines().next().unwrap().to_owned();
    let verify = |more: &[&str]| {
        let out = gosbadge(&h, &[&["log", "verify", "--json", "--url", url.as_str()], more].concat());
        let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {out:?}"));
        (out.status.code(), report)
    };
    let (code, report) = verify(&["--key", &key]);
    assert_eq!((code, &report["findings"], &report["events"], &report["lists"]), (Some(0), &json!([]), &json!(5), &json!(1)));
    let kept = h.dir.path().join("fork");
    std::fs::write(&kept, forged(&h, 3).await).unwrap();
    let (code, report) = verify(&["--checkpoint", kept.to_str().unwrap()]);
    assert!(code == Some(1) && report["findings"][0]["what"].as_str().unwrap().starts_with("forked"), "{report}");

    // The served list un-revokes: seen after the view took the altered row in.
    let mut db = Database::open(&h.database);
    db.run("UPDATE attestations SET status = 0 WHERE idx = 2");
    let again = h.restart(&[BY_HAND]).await;
    let out = gosbadge(&again, &["log", "verify", "--json", "--url", &again.ready().public_url]);
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {out:?}"));
    let found = report["findings"].as_array().unwrap();
    assert!(found.iter().any(|f| f["what"].as_str().unwrap().starts_with("un-revokes: place 2")), "{report}");
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_what_is_served() {
    let h = history().await;
    let dir = h.dir.path().join("export");
    let out = gosbadge(&h, &["log", "export", dir.to_str().unwrap(), "--json"]);
    let told: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {out:?}"));
    let size = PublicLog::open(&h).await.checkpoint().await.size;
    assert_eq!((&told["size"], &told["files"]), (&json!(size), &json!(4)));
    for path in ["checkpoint", "key", &format!("tile/0/000.p/{size}"), &format!("tile/entries/000.p/{size}")] {
        let served = super::reader::bytes(&h, &format!("/log/{path}")).await;
        assert_eq!(std::fs::read(dir.join(path)).unwrap(), served, "{path}");
    }
    h.stop().await;
}
