//! Drills with a key that somebody stole: what it signed stops counting, for whoever looks online at once and for others as soon
//! as they read the keys or lists anew; true badges come back by themselves; the rest ends by a decision of two people.

use std::time::Duration;

use gosbadge::domain::attestation::TYP;
use gosbadge::domain::signing_key::KeyPurpose;
use gosbadge::ports::Clock as _;
use gosbadge::service::Actor;
use gosbadge::service::add_operator::Role;
use gosbadge::service::audit_log::audit_log;
use gosbadge::service::compromise_key::compromise_key;
use gosbadge::service::renew::renew;
use gosbadge::service::rotate_key::rotate_key;
use gosbadge::service::sequence_log::sequence_log;
use gosbadge::verifier::Verifier;
use serde_json::{Value, json};

use super::onlookers::Onlookers;
use super::{active, json_of, key_set, kid, past};
use crate::database::Database;
use crate::harness::{Harness, Issued};

const BY_HAND: (&str, &str) = ("GOSBADGE__JOBS__IN_PROCESS", "false");

fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

async fn newest(h: &Harness, issued: &Issued) -> String {
    let path = format!("{}/attestation.jwt", claims(&issued.attestation)["sub"].as_str().unwrap());
    h.http.get(path).send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

async fn says(h: &Harness, token: &str) -> String {
    let (code, answer) = h.verify(json!({ "attestation": token })).await;
    assert_eq!(code, 200, "{answer}");
    answer["status"].as_str().unwrap().to_owned()
}

/// What a platform says that has the keys of before, and reads the list anew.
async fn with_old_keys(h: &Harness, old: &Verifier, token: &str) -> String {
    let uri = claims(token)["status"]["status_list"]["uri"].as_str().unwrap().to_owned();
    let list = h.http.get(&uri).send().await.unwrap().text().await.unwrap();
    let list = old.status_list(&list, &uri, h.clock.now()).unwrap_or_else(|e| panic!("{}", e.detail));
    old.verify(token, &list, None, h.clock.now()).status.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_badge_key() {
    let h = Harness::start_with(&[BY_HAND, ("GOSBADGE__KEYS__PUBLISH_BEFORE", "0s")]).await;
    let (good, other) = (h.issue("218000001", "kindergarten-head").await, h.issue("218000002", "ministry-head").await);
    let revoked = h.issue("218000003", "kindergarten-head").await;
    h.admin(&revoked.badge, "revoke", json!({ "reason": "court_decision" })).await;
    let stolen = active(&h, KeyPurpose::Badge);
    // The thief makes badges: one nobody recorded, whose place in the list says VALID.
    let mut forged = claims(&good.attestation);
    forged["jti"] = json!("att_01KAR4TB3K6S0P7F2QG8RNV4XW");
    forged["community"]["id"] = json!("999");
    forged["status"]["status_list"]["idx"] = json!(900);
    forged["sub_id"]["identifiers"][0]["sub"] = json!("999");
    let forged = h.app().keys.sign_jwt(KeyPurpose::Badge, TYP, &forged.to_string()).unwrap().token;
    // Badges signed by another key have nothing to do with it, before, meanwhile and after.
    rotate_key(h.app(), KeyPurpose::Badge, false, Actor::system()).await.unwrap();
    let steady = h.issue("218000004", "kindergarten-head").await;
    let seen = [(&good, "active"), (&other, "active"), (&revoked, "revoked"), (&steady, "active")];
    let onlookers = Onlookers::start(&h, &seen).await;
    let old_keys = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().bytes().await.unwrap();
    let old = Verifier::new(&h.ready().public_url, &old_keys).unwrap();
    assert_eq!((says(&h, &forged).await.as_str(), with_old_keys(&h, &old, &forged).await.as_str()), ("unknown", "active"));

    [&good, &other, &revoked].into_iter().for_each(|i| onlookers.forget(i));
    let found = compromise_key(h.app(), stolen.clone(), Actor::system()).await.unwrap();
    let mut named: Vec<&str> = found.attestations.iter().map(|(_, badge)| badge.as_str()).collect();
    named.sort_unstable();
    let mut all = [good.badge.as_str(), other.badge.as_str(), revoked.badge.as_str()];
    all.sort_unstable();
    assert_eq!(named, all, "everything it signed is named");
    assert!(!key_set(&h).await.contains(&stolen) && active(&h, KeyPurpose::Badge) != stolen);
    for token in [&forged, &good.attestation, &other.attestation] {
        assert_eq!(says(&h, token).await, "wrong_signature", "online at once");
    }
    let condemned = past(&h).await.into_iter().find(|k| k["kid"] == stolen.as_str()).unwrap();
    assert_eq!(condemned["revoked"]["reason"], "compromised");

    // True badges come back, signed by another key; what a platform with the old keys sees of the old ones is INVALID.
    onlookers.look_around().await;
    h.clock.advance(Duration::from_secs(301));
    h.app().view.refresh(h.app()).await.unwrap();
    // Platforms have read the keys anew by now.
    [&good, &other, &revoked].into_iter().for_each(|i| onlookers.add(i, "wrong_signature"));
    onlookers.look_around().await;
    assert_eq!(renew(h.app()).await.unwrap().renewed, 2);
    assert_eq!(renew(h.app()).await.unwrap().renewed, 0);
    for issued in [&good, &other] {
        let fresh = newest(&h, issued).await;
        assert_ne!(kid(&fresh), stolen);
        assert_eq!((says(&h, &fresh).await.as_str(), with_old_keys(&h, &old, &fresh).await.as_str()), ("active", "active"));
        assert_eq!(with_old_keys(&h, &old, &issued.attestation).await, "revoked");
    }
    onlookers.look_around().await;
    onlookers.end().await;
    // Whatever the badge does later, the old places stay closed.
    h.admin(&good.badge, "suspend", json!({ "reason": "community_renamed" })).await;
    h.admin(&good.badge, "reinstate", json!({ "reason": "operator_decision" })).await;
    assert_eq!(with_old_keys(&h, &old, &good.attestation).await, "revoked");
    assert_eq!(with_old_keys(&h, &old, &newest(&h, &good).await).await, "active");
    sequence_log(h.app()).await.unwrap();
    assert_eq!(audit_log(h.app(), Vec::new()).await.unwrap().findings, Vec::new());
    let mut db = Database::open(&h.database);
    assert_eq!(db.count("events WHERE kind = 'renewed' AND reason = 'key_compromise'"), 2);
    h.stop().await;
}

/// The status key signs lists for ever: they are signed anew at once, and verifications by platforms go on.
#[tokio::test(flavor = "multi_thread")]
async fn stolen_status_and_community_keys() {
    let h = Harness::start().await;
    let good = h.issue("218000001", "kindergarten-head").await;
    let revoked = h.issue("218000002", "kindergarten-head").await;
    h.admin(&revoked.badge, "revoke", json!({ "reason": "court_decision" })).await;
    h.clock.advance(Duration::from_secs(24 * 3600));
    h.app().view.refresh(h.app()).await.unwrap();
    let onlookers = Onlookers::start(&h, &[(&good, "active"), (&revoked, "revoked")]).await;
    for purpose in [KeyPurpose::Status, KeyPurpose::Community] {
        let stolen = active(&h, purpose);
        let found = compromise_key(h.app(), stolen.clone(), Actor::system()).await.unwrap();
        assert!(found.attestations.is_empty() && found.revocation.is_none());
        assert_ne!(active(&h, purpose), stolen);
        assert!(!key_set(&h).await.contains(&stolen));
        let list = h.http.get(h.url("/status/1")).send().await.unwrap().text().await.unwrap();
        assert_ne!(kid(&list), stolen);
        onlookers.look_around().await;
    }
    // A key that was only announced may be found out too.
    let next = h.app().keys.known().published(KeyPurpose::Status).nth(1).unwrap()["kid"].as_str().unwrap().to_owned();
    let signing = active(&h, KeyPurpose::Status);
    compromise_key(h.app(), next.clone(), Actor::system()).await.unwrap();
    assert!(active(&h, KeyPurpose::Status) == signing && !key_set(&h).await.contains(&next));
    onlookers.look_around().await;
    onlookers.end().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_shell_and_two_operators() {
    let h = Harness::start_with(&[BY_HAND, ("GOSBADGE__ATTESTATION__CONFIRMATION_LIFETIME", "1d")]).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let stolen = kid(&issued.attestation);
    let told = json_of(&h, &["keys", "compromise", &stolen, "--json"]).await;
    assert_eq!((&told["state"], &told["attestations"][0]["badge"]), (&json!("compromised"), &json!(issued.badge)));
    let id = told["revocation"].as_str().unwrap().to_owned();
    h.until("the service follows", async || (says(&h, &issued.attestation).await == "wrong_signature").then_some(())).await;
    assert!(h.gosbadge(&["keys", "compromise", &stolen]).await.status.success(), "again");

    // Its confirmation is too old for a renewal: it can only be ended.
    h.clock.advance(Duration::from_secs(2 * 24 * 3600));
    h.app().view.refresh(h.app()).await.unwrap();
    assert_eq!(renew(h.app()).await.unwrap().held_up, 1);
    let url = format!("{}/admin/v1/revocations/{id}", h.ready().admin_url);
    let approve = async |token: &str| {
        let answer = h.http.post(format!("{url}/approve")).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let viewer = crate::admin::token_of(&h, Role::Viewer).await;
    assert_eq!(approve(&viewer).await.0, 403);
    let (code, answer) = approve(&h.ready().operator_token).await;
    assert_eq!((code, answer["state"].as_str(), &answer["scope"]), (200, Some("approved"), &json!({ "key": stolen })), "{answer}");
    let shown = async || h.http.get(&url).bearer_auth(&h.ready().operator_token).send().await.unwrap().json::<Value>().await.unwrap();
    let done = h.until("it is carried out", async || Some(shown().await).filter(|v| v["state"] == "done")).await;
    assert_eq!((&done["affected"], &done["revoked"], &done["prepared_by"]), (&json!(1), &json!(1), &json!("cli")));
    let badge: Value = h.http.get(h.url(&format!("/v1/badges/{}", issued.badge))).send().await.unwrap().json().await.unwrap();
    assert_eq!((&badge["state"], &badge["reason"]), (&json!("revoked"), &json!("key_compromise")), "{badge}");
    h.stop().await;
}

/// A badge that another key has signed for since is whole again after one round, holds up no other, and is in no mass revocation.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_attestation_of_a_stolen_key_harms_nobody_else() {
    let h = Harness::start_with(&[BY_HAND, ("GOSBADGE__KEYS__PUBLISH_BEFORE", "0s")]).await;
    let ending = h.issue("218000002", "kindergarten-head").await;
    h.clock.advance(Duration::from_secs(75 * 24 * 3600));
    let both = h.issue("218000001", "kindergarten-head").await;
    let stolen = kid(&both.attestation);
    rotate_key(h.app(), KeyPurpose::Badge, false, Actor::system()).await.unwrap();
    h.clock.advance(Duration::from_secs(1));
    let again = h.issue("218000001", "kindergarten-head").await;
    assert_ne!(kid(&again.attestation), stolen);
    h.clock.advance(Duration::from_secs(2 * 24 * 3600));
    h.app().view.refresh(h.app()).await.unwrap();
    let old_keys = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().bytes().await.unwrap();
    let old = Verifier::new(&h.ready().public_url, &old_keys).unwrap();

    let found = compromise_key(h.app(), stolen.clone(), Actor::system()).await.unwrap();
    assert_eq!(found.attestations.len(), 2, "the one that ends soon, and the old one of the other badge");
    assert_eq!(renew(h.app()).await.unwrap().renewed, 2);
    assert_eq!(renew(h.app()).await.unwrap().renewed, 0);
    for issued in [&ending, &both] {
        assert_eq!(says(&h, &newest(&h, issued).await).await, "active");
        assert_eq!(with_old_keys(&h, &old, &issued.attestation).await, "revoked");
    }
    // Approved after all, the mass revocation finds nothing left to end.
    let id = found.revocation.unwrap();
    let url = format!("{}/admin/v1/revocations/{id}/approve", h.ready().admin_url);
    h.http.post(url).bearer_auth(&h.ready().operator_token).send().await.unwrap().error_for_status().unwrap();
    let mut db = Database::open(&h.database);
    h.until("it is done", async || (db.count("revocations WHERE state = 'done' AND revoked = 0") == 1).then_some(())).await;
    assert_eq!(db.count("badges WHERE state = 'active'"), 2);
    assert!(compromise_key(h.app(), stolen, Actor::system()).await.unwrap().revocation.is_none(), "again prepares nothing");
    sequence_log(h.app()).await.unwrap();
    assert_eq!(audit_log(h.app(), Vec::new()).await.unwrap().findings, Vec::new());
    h.stop().await;
}

/// What is wrong with one key must not keep a stolen one in use.
#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_key_goes_even_where_another_does_not_open() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let mut db = Database::open(&h.database);
    let empty = if crate::harness::on_postgres() { "''::bytea" } else { "x''" };
    db.run(&format!("UPDATE signing_keys SET sealed = {empty} WHERE purpose = 'log' AND state = 'next'"));
    let stolen = kid(&issued.attestation);
    compromise_key(h.app(), stolen.clone(), Actor::system()).await.unwrap();
    assert_eq!(says(&h, &issued.attestation).await, "wrong_signature");
    assert!(!key_set(&h).await.contains(&stolen));
    assert_eq!(renew(h.app()).await.unwrap().renewed, 1, "the other keys sign");
    assert_eq!(h.http.get(h.url("/health/ready")).send().await.unwrap().status(), 503, "and somebody is told");
    h.stop().await;
}

/// History signed by a key of the log that was stolen later stays readable; a thief's does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_log_key() {
    let h = Harness::start_with(&[BY_HAND]).await;
    h.issue("218000001", "kindergarten-head").await;
    sequence_log(h.app()).await.unwrap();
    let mut db = Database::open(&h.database);
    h.clock.advance(Duration::from_secs(60));
    for state in ["active", "next", "active"] {
        let kid = db.lines(&format!("SELECT kid AS v FROM signing_keys WHERE purpose = 'log' AND state = '{state}'")).remove(0);
        compromise_key(h.app(), kid, Actor::system()).await.unwrap();
    }
    assert_eq!(audit_log(h.app(), Vec::new()).await.unwrap().findings, Vec::new(), "from before");
    sequence_log(h.app()).await.unwrap();
    h.app().view.refresh(h.app()).await.unwrap();
    let key = h.http.get(h.url("/log/key")).send().await.unwrap().text().await.unwrap();
    let note = h.http.get(h.url("/log/checkpoint")).send().await.unwrap().text().await.unwrap();
    for line in key.lines() {
        let present = line.parse().unwrap();
        assert!(gosbadge::verifier::log::checkpoint(&note, &[present]).is_ok(), "the quiet log speaks with its present keys: {note}");
    }
    assert_eq!(audit_log(h.app(), Vec::new()).await.unwrap().findings, Vec::new());
    db.run("UPDATE log_checkpoints SET at = at + 3600000");
    assert!(!audit_log(h.app(), Vec::new()).await.unwrap().findings.is_empty(), "dated after the theft");
    h.stop().await;
}
