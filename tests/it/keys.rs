//! Drills with signing keys while verifications go on: rotation and retirement leave no gap, on the running service, from a
//! shell and by time; what each key was is told afterwards.

mod compromised;
mod onlookers;

use std::time::Duration;

use gosbadge::domain::signing_key::{KeyPurpose, KeyState};
use gosbadge::ports::Clock as _;
use gosbadge::service::retire_key::retire_key;
use gosbadge::service::rotate_key::rotate_key;
use gosbadge::service::sequence_log::sequence_log;
use gosbadge::service::turn_keys::turn_keys;
use gosbadge::service::{Actor, Error};
use serde_json::{Value, json};

use self::onlookers::Onlookers;
use crate::database::Database;
use crate::harness::{Harness, Issued};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Time goes on, and the service with it.
async fn pass(h: &Harness, time: Duration) {
    h.clock.advance(time);
    h.app().view.refresh(h.app()).await.unwrap();
    turn_keys(h.app()).await.unwrap();
    h.app().view.refresh(h.app()).await.unwrap();
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

fn active(h: &Harness, purpose: KeyPurpose) -> String {
    h.app().keys.known().active(purpose).unwrap().to_owned()
}

/// Names of the published badge and status keys.
async fn key_set(h: &Harness) -> Vec<String> {
    let set: Value = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
    set["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap().to_owned()).collect()
}

/// The signed set of past keys, its signature checked.
async fn past(h: &Harness) -> Vec<Value> {
    let answer = h.http.get(h.url("/federation/historical-keys")).send().await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (200.try_into().unwrap(), &"application/jwk-set+jwt".parse().unwrap())
    );
    let jwt = answer.text().await.unwrap();
    let keys = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().bytes().await.unwrap();
    let verifier = gosbadge::verifier::Verifier::new(&h.ready().public_url, &keys).unwrap();
    let claims: Value = verifier.jwt(&jwt, "jwk-set+jwt", gosbadge::verifier::KeyUse::Badge).unwrap();
    assert_eq!(claims["iss"], h.ready().public_url);
    claims["keys"].as_array().unwrap().clone()
}

async fn json_of(h: &Harness, args: &[&str]) -> Value {
    let out = h.gosbadge(args).await;
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// One badge in force and one revoked.
async fn two(h: &Harness) -> (Issued, Issued) {
    let good = h.issue("218000001", "kindergarten-head").await;
    let revoked = h.issue("218000002", "kindergarten-head").await;
    let (status, _) = h.admin(&revoked.badge, "revoke", json!({ "reason": "court_decision" })).await;
    assert_eq!(status, 200);
    (good, revoked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_noticed_by_nobody() {
    let h = Harness::start().await;
    let (good, revoked) = two(&h).await;
    pass(&h, DAY).await;
    let onlookers = Onlookers::start(&h, &[(&good, "active"), (&revoked, "revoked")]).await;
    for purpose in [KeyPurpose::Badge, KeyPurpose::Status, KeyPurpose::Community] {
        let before = active(&h, purpose);
        let announced = h.app().keys.known().published(purpose).nth(1).unwrap()["kid"].as_str().unwrap().to_owned();
        let r = rotate_key(h.app(), purpose, false, Actor::system()).await.unwrap();
        assert!(r.done && r.kid == announced, "{purpose}: {r:?}");
        assert_eq!(active(&h, purpose), announced, "{purpose}: the key that was announced signs");
        let now = h.app().keys.known();
        let names: Vec<&str> = now.published(purpose).map(|k| k["kid"].as_str().unwrap()).collect();
        assert_eq!((names.len(), names[0], names[2]), (3, announced.as_str(), before.as_str()), "{purpose}: with the next one announced");
        onlookers.look_around().await;
    }
    // Signed by the new key, read by platforms that fetched the keys before it signed anything.
    let fresh = h.issue("218000003", "kindergarten-head").await;
    assert_ne!(kid(&fresh.attestation), kid(&good.attestation));
    onlookers.add(&fresh, "active");
    onlookers.look_around().await;
    onlookers.end().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_nobody_knows_yet_waits_until_everybody_can() {
    let h = Harness::start().await;
    let (good, _) = two(&h).await;
    let first = active(&h, KeyPurpose::Badge);
    let r = rotate_key(h.app(), KeyPurpose::Badge, false, Actor::system()).await.unwrap();
    assert!(!r.done && r.at.since(h.clock.now()) > DAY - Duration::from_secs(600), "{r:?}");
    turn_keys(h.app()).await.unwrap();
    assert_eq!(active(&h, KeyPurpose::Badge), first, "not yet");
    let refused = retire_key(h.app(), first.clone(), Actor::system()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "nothing would sign");
    let onlookers = Onlookers::start(&h, &[(&good, "active")]).await;
    pass(&h, DAY).await;
    assert_eq!(active(&h, KeyPurpose::Badge), r.kid, "by time alone");
    onlookers.look_around().await;
    onlookers.end().await;
    // In an emergency nobody waits.
    let r = rotate_key(h.app(), KeyPurpose::Badge, true, Actor::system()).await.unwrap();
    assert!(r.done && active(&h, KeyPurpose::Badge) == r.kid);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_key_stays_while_something_it_signed_holds() {
    let h = Harness::start_with(&[("GOSBADGE__KEYS__PUBLISH_BEFORE", "0s")]).await;
    let (good, _) = two(&h).await;
    let (badge, status) = (active(&h, KeyPurpose::Badge), active(&h, KeyPurpose::Status));
    let onlookers = Onlookers::start(&h, &[(&good, "active")]).await;
    // `retire` hands over to the announced key.
    for key in [&badge, &status] {
        assert_eq!(retire_key(h.app(), key.clone(), Actor::system()).await.unwrap(), KeyState::Retired);
        let again = retire_key(h.app(), key.clone(), Actor::system()).await;
        assert!(matches!(&again, Err(Error::Conflict(why)) if why.contains("holds until")), "what it signed holds");
    }
    onlookers.look_around().await;
    let announced = h.app().keys.known().published(KeyPurpose::Badge).nth(1).unwrap()["kid"].as_str().unwrap().to_owned();
    assert_eq!(retire_key(h.app(), announced.clone(), Actor::system()).await.unwrap(), KeyState::Withdrawn, "taken back");
    assert_eq!(retire_key(h.app(), announced.clone(), Actor::system()).await.unwrap(), KeyState::Withdrawn, "once and for all");
    assert!(matches!(retire_key(h.app(), "nobody".to_owned(), Actor::system()).await, Err(Error::NotFound(_))));

    pass(&h, 2 * DAY).await;
    onlookers.look_around().await;
    assert!(key_set(&h).await.contains(&badge) && !key_set(&h).await.contains(&status), "lists hold a day, attestations ninety");
    onlookers.end().await;
    pass(&h, 89 * DAY).await;
    assert!(!key_set(&h).await.contains(&badge), "nothing it signed holds any more");
    let past = past(&h).await;
    let of = |kid: &str| past.iter().find(|k| k["kid"] == kid).unwrap_or_else(|| panic!("{kid}: {past:?}")).clone();
    for kid in [&badge, &status, &announced] {
        assert_eq!(of(kid)["revoked"]["reason"], "superseded");
    }
    assert!(of(&badge)["exp"].as_i64() < of(&badge)["revoked"]["revoked_at"].as_i64());
    let mut db = Database::open(&h.database);
    assert_eq!(db.count("signing_keys WHERE state NOT IN ('active', 'next') AND length(sealed) > 0"), 0, "private halves are destroyed");
    assert_eq!(db.count("signing_keys WHERE state IN ('active', 'next')"), 8);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_s_key_rotates_too() {
    // The shell's clock is the real one, so this test's stands still.
    let quiet = [("GOSBADGE__TRANSPARENCY__INTERVAL", "1h"), ("GOSBADGE__KEYS__PUBLISH_BEFORE", "0s")];
    let h = Harness::start_with(&quiet).await;
    let (good, _) = two(&h).await;
    sequence_log(h.app()).await.unwrap();
    let keys = async || h.http.get(h.url("/log/key")).send().await.unwrap().text().await.unwrap();
    let before: Vec<String> = keys().await.lines().map(str::to_owned).collect();
    assert!(rotate_key(h.app(), KeyPurpose::Log, false, Actor::system()).await.unwrap().done);
    let after: Vec<String> = keys().await.lines().map(str::to_owned).collect();
    assert_eq!((after.len(), &after[0]), (2, &before[1]));
    h.admin(&good.badge, "suspend", json!({ "reason": "court_decision" })).await;
    sequence_log(h.app()).await.unwrap();
    // Whoever kept both keys before the rotation reads the new checkpoint.
    let url = &h.ready().public_url;
    for (key, holds) in [(&before[1], true), (&after[1], true), (&before[0], false)] {
        let out = h.gosbadge(&["log", "verify", "--url", url, "--key", key]).await;
        assert_eq!(out.status.success(), holds, "{out:?}");
    }
    let whole = h.gosbadge(&["log", "verify"]).await;
    assert!(whole.status.success(), "old checkpoints hold with the old key: {}", String::from_utf8_lossy(&whole.stdout));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_follows_the_shell() {
    let h = Harness::start().await;
    let (good, revoked) = two(&h).await;
    pass(&h, DAY).await;
    let onlookers = Onlookers::start(&h, &[(&good, "active"), (&revoked, "revoked")]).await;
    let listed = json_of(&h, &["keys", "list", "--json"]).await;
    let of = |purpose: &str, state: &str| {
        let found = listed.as_array().unwrap().iter().find(|k| k["purpose"] == purpose && k["state"] == state).unwrap().clone();
        found["kid"].as_str().unwrap().to_owned()
    };
    assert_eq!(listed.as_array().unwrap().len(), 8);
    let signer = listed.as_array().unwrap().iter().find(|k| k["kid"] == kid(&good.attestation)).unwrap();
    assert_eq!((&signer["attestations"], &signer["state"]), (&json!(2), &json!("active")));

    // The shell's clock is the real one, a day behind: it must say `--now`.
    let told = json_of(&h, &["keys", "rotate", "status", "--json"]).await;
    assert_eq!((told["done"].as_bool(), told["kid"].as_str()), (Some(false), Some(of("status", "next").as_str())));
    for purpose in ["badge", "status"] {
        let told = json_of(&h, &["keys", "rotate", purpose, "--now", "--json"]).await;
        assert_eq!((&told["done"], &told["kid"]), (&json!(true), &json!(of(purpose, "next"))));
    }
    let (badge, status) = (of("badge", "next"), of("status", "next"));
    h.until("the service follows", async || {
        (active(&h, KeyPurpose::Status) == status && active(&h, KeyPurpose::Badge) == badge).then_some(())
    })
    .await;
    let fresh = h.issue("218000003", "kindergarten-head").await;
    assert_eq!(kid(&fresh.attestation), badge);
    let list = async || h.http.get(h.url("/status/1")).send().await.unwrap().text().await.unwrap();
    h.until("lists are signed anew", async || (kid(&list().await) == status).then_some(())).await;
    onlookers.look_around().await;
    onlookers.end().await;

    for (args, code, says) in [
        (&["keys", "retire", "nobody"][..], 1, "not found"),
        (&["keys", "rotate", "whim"], 2, "badge, status, community or log"),
        (&["keys", "compromise"], 2, "KID"),
    ] {
        let out = h.gosbadge(args).await;
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.code() == Some(code) && told.contains(says), "{args:?}: {told}");
    }
    let mut db = Database::open(&h.database);
    assert_eq!(db.count("audit WHERE action = 'key.activate' AND actor_kind = 'cli'"), 2);
    assert_eq!(db.count("audit WHERE action = 'key.retire'"), 2);
    h.stop().await;
}

/// Whoever turns a key that is due turns that one, once, however many processes do it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_due_is_turned_once() {
    let h = Harness::start_with(&[("GOSBADGE__JOBS__IN_PROCESS", "false")]).await;
    let r = rotate_key(h.app(), KeyPurpose::Status, false, Actor::system()).await.unwrap();
    h.clock.advance(DAY);
    let all = futures_util::future::join_all((0..6).map(|_| turn_keys(h.app()))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(active(&h, KeyPurpose::Status), r.kid);
    let mut db = Database::open(&h.database);
    assert_eq!(db.count("signing_keys WHERE purpose = 'status' AND state = 'active'"), 1);
    assert_eq!(db.count("signing_keys WHERE purpose = 'status'"), 3, "the first, this one, and the next");
    h.stop().await;
}

/// Verifiers take 64 keys; nobody can rotate us beyond that.
#[tokio::test(flavor = "multi_thread")]
async fn rotations_end_before_verifiers_do() {
    let h = Harness::start_with(&[("GOSBADGE__JOBS__IN_PROCESS", "false")]).await;
    let refused = loop {
        if let Err(e) = rotate_key(h.app(), KeyPurpose::Badge, true, Actor::system()).await {
            break e;
        }
    };
    assert!(matches!(&refused, Error::Conflict(why) if why.contains("withdrawn")), "{refused}");
    let published = key_set(&h).await.len();
    assert!((40..=60).contains(&published), "{published}");
    h.issue("218000001", "kindergarten-head").await;
    h.stop().await;
}
