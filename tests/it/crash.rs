//! Killing the process between any two steps of issuing leaves no attestation that verifies without a record, and no
//! duplicate. Each test dies in a process of its own and looks, after a restart on the same data, at what is left.

use std::time::Duration;

use gosbadge::domain::attestation::AttestationClaims;
use gosbadge::service::status_view::CLOSED_WHILE_UNFINISHED_AFTER;
use gosbadge::service::sweep;
use gosbadge::verifier::Verdict;
use serde_json::{Value, json};

use crate::crash_child::{COMMUNITY, Remains, Stop, code_for, crash};
use crate::database::Database;
use crate::harness::{Harness, VERIFIER};

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_is_prepared() {
    let left = crash("crash::before_anything_is_prepared", Stop::BeforePrepare).await;
    let (h, mut db) = reopen(&left).await;
    assert_eq!((db.count("attestations"), db.count("badges"), db.count("status_lists")), (0, 0, 0));
    finish(&h, &mut db, &left.code).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_signing_then_finished() {
    finished_after(&crash("crash::before_signing_then_finished", Stop::BeforeSigning).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_then_finished() {
    finished_after(&crash("crash::after_signing_then_finished", Stop::AfterSigning).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_recording_then_finished() {
    finished_after(&crash("crash::while_recording_then_finished", Stop::BeforeEvent).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn last_write_missing_then_finished() {
    finished_after(&crash("crash::last_write_missing_then_finished", Stop::BeforeDelivery).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_signing_then_given_up() {
    given_up_after(&crash("crash::before_signing_then_given_up", Stop::BeforeSigning).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_then_given_up() {
    given_up_after(&crash("crash::after_signing_then_given_up", Stop::AfterSigning).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn last_write_missing_then_given_up() {
    given_up_after(&crash("crash::last_write_missing_then_given_up", Stop::BeforeDelivery).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_before_the_view_knows() {
    recorded_after(&crash("crash::recorded_before_the_view_knows", Stop::BeforeView).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_before_the_list_is_signed() {
    recorded_after(&crash("crash::recorded_before_the_list_is_signed", Stop::BeforeList).await).await;
}

/// The issue was prepared and not recorded; the platform asks again with the same code.
async fn finished_after(left: &Remains) {
    let (h, mut db) = reopen(left).await;
    let prepared = assert_unrecorded(&h, &mut db, left).await;
    let token = finish(&h, &mut db, &left.code).await;
    let claims = h.app().keys.known().verifier.attestation(&token, h.app().clock.now()).unwrap().claims;
    let place = &claims.status.status_list;
    assert!(place.uri.ends_with(&format!("/status/{}", prepared[1])));
    assert_eq!((claims.jti.to_string(), place.idx.to_string()), (prepared[0].clone(), prepared[2].clone()), "the same id and place");
    assert_eq!(db.count("attestations"), 1);
    h.stop().await;
}

/// The issue was prepared and not recorded; nobody asks again.
async fn given_up_after(left: &Remains) {
    let (h, mut db) = reopen(left).await;
    let prepared = assert_unrecorded(&h, &mut db, left).await;
    let (jti, place) = (prepared[0].clone(), (prepared[1].clone(), prepared[2].clone()));

    h.clock.advance(sweep::UNFINISHED_AFTER + Duration::from_secs(1));
    h.app().view.refresh(h.app()).await.unwrap();
    sweep::sweep(h.app()).await.unwrap();
    assert_eq!(db.lines("SELECT state || ' ' || CAST(status AS TEXT) AS v FROM attestations"), ["abandoned 1"]);
    assert_eq!(db.lines("SELECT state AS v FROM badges"), ["abandoned"]);
    assert_eq!(db.lines("SELECT kind AS v FROM events"), ["abandoned"]);
    assert_eq!(db.count("deliveries"), 0, "nobody is told of a badge that never was");
    if let Some(token) = &left.leaked {
        assert_eq!(online(&h, token).await["status"], "unknown");
        assert_eq!(offline(&h, token).await.status.as_str(), "revoked", "its place says INVALID for good");
    }
    let (status, body) = h.redeem(&left.code, VERIFIER).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")), "the code has run out meanwhile: {body}");

    let token = finish(&h, &mut db, &code_for(&h, COMMUNITY).await).await;
    let claims = h.app().keys.known().verifier.attestation(&token, h.app().clock.now()).unwrap().claims;
    assert_ne!(claims.jti.to_string(), jti);
    let status = claims.status.status_list;
    assert_ne!((status.uri.rsplit('/').next().unwrap().to_owned(), status.idx.to_string()), place, "a place is never given twice");
    if let Some(token) = &left.leaked {
        assert_eq!(online(&h, token).await["verdict"], "invalid", "the new badge does not bring the old token to life");
        assert_eq!(offline(&h, token).await.status.as_str(), "revoked");
    }
    h.stop().await;
}

/// The issue was recorded, and the platform never got its answer.
async fn recorded_after(left: &Remains) {
    let (h, mut db) = reopen(left).await;
    assert_eq!(db.lines("SELECT state AS v FROM attestations"), ["active"], "it died after the commit");
    db.assert_consistent();
    let token = left.leaked.clone().expect("it was signed");
    assert_eq!(db.lines("SELECT token AS v FROM attestations"), std::slice::from_ref(&token), "only what is on record was signed");
    assert_valid(&h, &token).await;
    let (status, body) = h.redeem(&left.code, VERIFIER).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")), "{body}");

    // What the answer would have brought comes by the webhook.
    let url = format!("{}/api/deliveries", h.ready().platform_url);
    let told = h.until("the issued event reaches the platform", async || {
        let all: Value = h.http.get(&url).send().await.unwrap().json().await.unwrap();
        all.to_string().contains(&token).then_some(all)
    });
    told.await;

    // Or the platform begins again: a further attestation of the same badge.
    finish_with(&h, &mut db, &code_for(&h, COMMUNITY).await, 2).await;
    assert_eq!(db.count("badges"), 1);
    assert_eq!(db.lines("SELECT kind AS v FROM events ORDER BY seq"), ["issued", "renewed"]);
    h.stop().await;
}

async fn reopen(left: &Remains) -> (Harness, Database) {
    let h = left.place.open().await;
    let mut db = Database::open(&left.place.database);
    db.assert_consistent();
    (h, db)
}

/// One prepared attestation, no event; a leaked token is refused online at once, and offline as soon as no issue could still
/// be under way. Returns id, list and index.
async fn assert_unrecorded(h: &Harness, db: &mut Database, left: &Remains) -> Vec<String> {
    let rows = db.lines("SELECT state || ' ' || id || ' ' || CAST(list_id AS TEXT) || ' ' || CAST(idx AS TEXT) AS v FROM attestations");
    assert_eq!(rows.len(), 1, "{rows:?}");
    let (state, place) = rows[0].split_once(' ').unwrap();
    assert_eq!(state, "prepared");
    assert_eq!((db.count("events"), db.count("deliveries"), db.count("access_tokens")), (0, 0, 0));
    assert_eq!(db.count("authorization_codes WHERE used_at IS NOT NULL"), 0);

    if let Some(token) = &left.leaked {
        let answer = online(h, token).await;
        assert_eq!((answer["verdict"].as_str(), answer["status"].as_str()), (Some("invalid"), Some("unknown")), "{answer}");
        h.clock.advance(CLOSED_WHILE_UNFINISHED_AFTER + Duration::from_millis(1));
        let closed = async || (offline(h, token).await.status.as_str() == "suspended").then_some(());
        h.until("the place of the unfinished attestation is closed", closed).await;
        assert_eq!(online(h, token).await["status"], "unknown");
    }
    place.split(' ').map(str::to_owned).collect()
}

/// Redeems and checks that exactly one attestation came of it, in force at once.
async fn finish(h: &Harness, db: &mut Database, code: &str) -> String {
    finish_with(h, db, code, 1).await
}

async fn finish_with(h: &Harness, db: &mut Database, code: &str, active: i64) -> String {
    let (status, body) = h.redeem(code, VERIFIER).await;
    assert_eq!(status, 200, "{body}");
    let token = body["authorization_details"][0]["attestation"].as_str().unwrap().to_owned();
    assert_valid(h, &token).await;
    assert_eq!(db.count("attestations WHERE state = 'active'"), active);
    assert_eq!(db.count("events WHERE kind = 'issued'"), 1);
    db.assert_consistent();
    token
}

async fn assert_valid(h: &Harness, token: &str) {
    let answer = online(h, token).await;
    assert_eq!(answer["verdict"], "valid", "{answer}");
    let verdict = offline(h, token).await;
    assert!(verdict.status.is_valid(), "{verdict:?}");
}

async fn online(h: &Harness, token: &str) -> Value {
    let (status, answer) = h.verify(json!({ "attestation": token })).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// As a platform does it: with the status list published now.
async fn offline(h: &Harness, token: &str) -> Verdict {
    let (verifier, now) = (&h.app().keys.known().verifier, h.app().clock.now());
    let claims: AttestationClaims = verifier.attestation(token, now).unwrap().claims;
    let uri = claims.status.status_list.uri;
    let list = h.http.get(&uri).send().await.unwrap().text().await.unwrap();
    let list = verifier.status_list(&list, &uri, now).unwrap();
    verifier.verify(token, &list, None, now)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_write_records_nothing_and_the_code_stays_good() {
    for (action, table, condition) in [
        ("UPDATE", "attestations", "NEW.state = 'active'"),
        ("UPDATE", "badges", "NEW.state = 'active'"),
        ("INSERT", "events", "NEW.seq > 0"),
        ("INSERT", "deliveries", "NEW.version > 0"),
    ] {
        let h = Harness::start().await;
        let mut db = Database::open(&h.database);
        let code = code_for(&h, COMMUNITY).await;
        db.break_writes(action, table, condition);
        let (status, body) = h.redeem(&code, VERIFIER).await;
        assert!((500..600).contains(&status), "{table}: {status} {body}");
        assert!(!body.to_string().contains("broken on purpose"), "nothing internal is told: {body}");
        assert_eq!(db.lines("SELECT state AS v FROM attestations"), ["prepared"], "{table}");
        assert_eq!((db.count("events"), db.count("deliveries"), db.count("access_tokens")), (0, 0, 0), "{table}");
        let jti = db.lines("SELECT id AS v FROM attestations");

        db.repair(table);
        let token = finish(&h, &mut db, &code).await;
        let claims = h.app().keys.known().verifier.attestation(&token, h.app().clock.now()).unwrap().claims;
        assert_eq!([claims.jti.to_string()], jti[..], "{table}");
        h.stop().await;
    }
}
