//! The life of a badge by time: renewal before the end, the end, and a community that changes hands.

use std::time::Duration;

use futures_util::future::join;
use gosbadge::ports::Clock as _;
use gosbadge::service::audit_log::audit_log;
use gosbadge::service::renew::{Renewed, renew};
use gosbadge::service::sequence_log::sequence_log;
use gosbadge::service::sweep::sweep;
use serde_json::{Value, json};

use crate::database::Database;
use crate::harness::{Harness, Issued, Person, VERIFIER};

const COMMUNITY: &str = "218000001";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Background work is off: each test does by hand what time would do.
const BY_HAND: (&str, &str) = ("GOSBADGE__JOBS__IN_PROCESS", "false");

async fn pass(h: &Harness, days: u32) {
    h.clock.advance(DAY * days);
    h.app().view.refresh(h.app()).await.unwrap();
}

fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

async fn status(h: &Harness, token: &str) -> String {
    let (code, answer) = h.verify(json!({ "attestation": token })).await;
    assert_eq!(code, 200, "{answer}");
    answer["status"].as_str().unwrap().to_owned()
}

/// The newest attestation, as anybody may fetch it.
async fn newest(h: &Harness, issued: &Issued) -> String {
    let path = format!("{}/attestation.jwt", claims(&issued.attestation)["sub"].as_str().unwrap());
    h.http.get(path).send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

async fn history(h: &Harness, badge: &str) -> Vec<String> {
    let badge: Value = h.http.get(h.url(&format!("/v1/badges/{badge}"))).send().await.unwrap().json().await.unwrap();
    badge["history"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap().to_owned()).collect()
}

async fn assert_log_holds(h: &Harness) {
    sequence_log(h.app()).await.unwrap();
    assert_eq!(audit_log(h.app(), Vec::new()).await.unwrap().findings, Vec::new());
}

const NOTHING: Renewed = Renewed { renewed: 0, held_up: 0 };
const ONE: Renewed = Renewed { renewed: 1, held_up: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_is_renewed_two_weeks_before_its_end() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let first = h.issue(COMMUNITY, "kindergarten-head").await;
    pass(&h, 75).await;
    assert_eq!(renew(h.app()).await.unwrap(), NOTHING, "not before its time");
    pass(&h, 1).await;
    assert_eq!(renew(h.app()).await.unwrap(), ONE);
    assert_eq!(renew(h.app()).await.unwrap(), NOTHING, "once");
    let second = newest(&h, &first).await;
    let (a, b) = (claims(&first.attestation), claims(&second));
    assert_ne!(a["jti"], b["jti"]);
    assert_ne!(a["status"], b["status"]);
    assert_eq!((b["iat"].as_i64(), b["exp"].as_i64()), (Some(h.clock.now().secs()), Some(h.clock.now().plus(90 * DAY).secs())));
    for same in ["iss", "sub", "sub_id", "trust_mark_type", "community", "legal_entity", "organization_name", "assurance"] {
        assert_eq!(a[same], b[same], "{same}: nothing was confirmed anew");
    }
    for token in [&first.attestation, &second] {
        assert_eq!(status(&h, token).await, "active", "the old one runs out by itself");
    }
    assert_eq!(history(&h, &first.badge).await, ["issued", "renewed"]);
    pass(&h, 15).await;
    assert_eq!((status(&h, &first.attestation).await.as_str(), status(&h, &second).await.as_str()), ("expired", "active"));
    assert_eq!(sweep(h.app()).await.unwrap().expired, 0, "the badge lives on");
    // Suspended by its badge, whichever attestation is shown.
    h.admin(&first.badge, "suspend", json!({ "reason": "community_captured" })).await;
    assert_eq!(status(&h, &second).await, "suspended");
    assert_log_holds(&h).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn platforms_get_the_new_attestation() {
    let h = Harness::start().await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    let mut db = Database::open(&h.database);
    // A message that is under way when the clock jumps comes too late to be believed.
    h.until("the issue is delivered", async || (db.count("deliveries WHERE state = 'delivered'") == 1).then_some(())).await;
    pass(&h, 80).await;
    // The running service's own round or this one; in either case once.
    renew(h.app()).await.unwrap();
    let second = newest(&h, &issued).await;
    assert_ne!(second, issued.attestation);
    let delivered = async || {
        (db.count("deliveries d JOIN events e ON e.seq = d.event_seq WHERE e.kind = 'renewed' AND d.state = 'delivered'") == 1)
            .then_some(())
    };
    h.until("the renewal is delivered", delivered).await;
    assert_eq!(history(&h, &issued.badge).await, ["issued", "renewed"]);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_force_is_not_renewed() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let (suspended, revoked) = (h.issue(COMMUNITY, "kindergarten-head").await, h.issue("218000002", "kindergarten-head").await);
    h.admin(&suspended.badge, "suspend", json!({ "reason": "community_renamed" })).await;
    h.admin(&revoked.badge, "revoke", json!({ "reason": "mandate_lost" })).await;
    pass(&h, 80).await;
    assert_eq!(renew(h.app()).await.unwrap(), NOTHING);
    h.admin(&suspended.badge, "reinstate", json!({ "reason": "operator_decision" })).await;
    assert_eq!(renew(h.app()).await.unwrap(), ONE, "late, but in time");
    pass(&h, 91).await;
    assert_eq!(renew(h.app()).await.unwrap(), NOTHING, "what has ended stays ended");
    assert_eq!(sweep(h.app()).await.unwrap().expired, 1);
    assert_eq!(history(&h, &suspended.badge).await, ["issued", "suspended", "reinstated", "renewed", "expired"]);
    assert_eq!(sweep(h.app()).await.unwrap().expired, 0, "once");
    assert_log_holds(&h).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_rests_on_a_confirmation_that_is_not_too_old() {
    let h = Harness::start_with(&[BY_HAND, ("GOSBADGE__ATTESTATION__CONFIRMATION_LIFETIME", "100d")]).await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    pass(&h, 80).await;
    assert_eq!(renew(h.app()).await.unwrap(), ONE);
    pass(&h, 80).await;
    assert_eq!(renew(h.app()).await.unwrap(), Renewed { renewed: 0, held_up: 1 });
    assert_eq!(renew(h.app()).await.unwrap(), NOTHING, "looked at again tomorrow");
    let mut db = Database::open(&h.database);
    assert_eq!(db.lines("SELECT renewal_obstacle AS v FROM badges"), ["confirmation_too_old"]);
    let shown: Value = serde_json::from_slice(&h.gosbadge(&["badge", "show", &issued.badge, "--json"]).await.stdout).unwrap();
    assert_eq!(shown["renewal_obstacle"], "confirmation_too_old", "{shown}");
    // Somebody signs in again: the next renewal rests on that.
    h.issue(COMMUNITY, "kindergarten-head").await;
    pass(&h, 80).await;
    assert_eq!(renew(h.app()).await.unwrap(), ONE);
    assert_eq!(db.count("badges WHERE renewal_obstacle IS NULL AND renew_at IS NULL"), 1);
    assert_eq!(history(&h, &issued.badge).await, ["issued", "renewed", "renewed", "renewed"]);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_shut_out_holds_renewal_up() {
    let h = Harness::start_with(&[BY_HAND]).await;
    h.issue(COMMUNITY, "kindergarten-head").await;
    pass(&h, 80).await;
    let mut db = Database::open(&h.database);
    db.run("UPDATE platforms SET state = 'disabled'");
    assert_eq!(renew(h.app()).await.unwrap(), Renewed { renewed: 0, held_up: 1 });
    assert_eq!(db.lines("SELECT renewal_obstacle AS v FROM badges"), ["platform_disabled"]);
    db.run("UPDATE platforms SET state = 'active'");
    pass(&h, 1).await;
    assert_eq!(renew(h.app()).await.unwrap(), ONE);
    h.stop().await;
}

/// Several processes renew at once, more badges than fit into one batch.
#[tokio::test(flavor = "multi_thread")]
async fn two_workers_renew_each_badge_once() {
    let h = Harness::start_with(&[BY_HAND]).await;
    for n in 0..6 {
        h.issue(&format!("21800001{n}"), "kindergarten-head").await;
    }
    pass(&h, 80).await;
    let (a, b) = join(renew(h.app()), renew(h.app())).await;
    let mut renewed = [a, b].into_iter().filter_map(Result::ok).map(|r| r.renewed).sum::<usize>();
    // A worker that lost a race gives up its round and leaves the rest to the next.
    renewed += renew(h.app()).await.unwrap().renewed;
    assert_eq!(renewed, 6);
    let mut db = Database::open(&h.database);
    assert_eq!((db.count("events WHERE kind = 'renewed'"), db.count("attestations WHERE state = 'active'")), (6, 12));
    assert_eq!(db.count("badges WHERE version = 2"), 6);
    h.stop().await;
}

/// A process that dies, or a database that fails, between signing and recording: nothing half-renewed, and it is done later.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_renewal_leaves_nothing_and_is_made_up_for() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    pass(&h, 80).await;
    let mut db = Database::open(&h.database);
    db.break_writes("UPDATE", "attestations", "NEW.state = 'active'");
    assert!(renew(h.app()).await.is_err());
    assert_eq!(db.lines("SELECT state AS v FROM attestations ORDER BY created_at"), ["active", "prepared"]);
    assert_eq!(status(&h, &issued.attestation).await, "active");
    db.repair("attestations");
    assert_eq!(renew(h.app()).await.unwrap(), NOTHING, "somebody may still be at it");
    h.clock.advance(Duration::from_secs(601));
    h.app().view.refresh(h.app()).await.unwrap();
    assert_eq!(sweep(h.app()).await.unwrap().abandoned, 1);
    assert_eq!(renew(h.app()).await.unwrap(), ONE);
    assert_eq!(db.lines("SELECT state AS v FROM attestations ORDER BY created_at"), ["active", "abandoned", "active"]);
    assert_eq!(history(&h, &issued.badge).await, ["issued", "renewed"]);
    assert_log_holds(&h).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn renewal_can_be_turned_off() {
    let h = Harness::start_with(&[BY_HAND, ("GOSBADGE__ATTESTATION__RENEW_BEFORE", "0s")]).await;
    h.issue(COMMUNITY, "kindergarten-head").await;
    pass(&h, 89).await;
    assert_eq!(renew(h.app()).await.unwrap(), NOTHING);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_changes_hands_has_one_badge() {
    let h = Harness::start().await;
    let first = h.issue(COMMUNITY, "kindergarten-head").await;
    // Signing in alone changes nothing: the badge is issued when the platform redeems its code.
    let walk = h.walk(COMMUNITY, "ministry-head").await;
    assert_eq!(status(&h, &first.attestation).await, "active");
    let (code, body) = h.redeem(&walk.code(), VERIFIER).await;
    assert_eq!(code, 200, "{body}");
    let second = body["authorization_details"][0]["attestation"].as_str().unwrap();
    assert_ne!(body["authorization_details"][0]["badge"], first.badge.as_str());
    assert_eq!((status(&h, &first.attestation).await.as_str(), status(&h, second).await.as_str()), ("superseded", "active"));
    assert_eq!(h.status_of(COMMUNITY).await, "active");
    assert_eq!(history(&h, &first.badge).await, ["issued", "superseded"]);
    let mut db = Database::open(&h.database);
    assert_eq!(db.count("attestations WHERE state = 'active' AND status = 1"), 1, "the old place says INVALID");
    let told = async || (db.count("deliveries WHERE state = 'delivered'") == 3).then_some(());
    h.until("issued, superseded, issued are delivered", told).await;
    let page = Person::new().get(claims(second)["sub"].as_str().unwrap(), None).await;
    assert!(
        page.status == 200
            && page.body.contains(claims(second)["legal_entity"]["legal_person_id"].as_str().unwrap().trim_start_matches("NTRRU-"))
    );
    // Final, for the old one; and back again is another badge.
    let (code, answer) = h.admin(&first.badge, "reinstate", json!({ "reason": "operator_decision" })).await;
    assert_eq!((code, answer["code"].as_str()), (409, Some("conflict")), "{answer}");
    let third = h.issue(COMMUNITY, "kindergarten-head").await;
    assert_ne!(third.badge, first.badge);
    assert_eq!((status(&h, second).await.as_str(), status(&h, &third.attestation).await.as_str()), ("superseded", "active"));
    assert_log_holds(&h).await;
    h.stop().await;
}

/// Both have a badge for a moment at most, whoever comes first.
#[tokio::test(flavor = "multi_thread")]
async fn two_authorities_at_once_end_with_one_badge_in_force() {
    let h = Harness::start().await;
    let first = h.issue(COMMUNITY, "city-admin").await;
    let (a, b) = (h.walk(COMMUNITY, "ministry-head").await.code(), h.walk(COMMUNITY, "kindergarten-head").await.code());
    let (a, b) = join(h.redeem(&a, VERIFIER), h.redeem(&b, VERIFIER)).await;
    assert!(a.0 == 200 || b.0 == 200, "{a:?} {b:?}");
    assert!([a.0, b.0].iter().all(|s| matches!(s, 200 | 400 | 409 | 503)), "{a:?} {b:?}");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM badges WHERE state = 'active'"), 1);
    assert_eq!(status(&h, &first.attestation).await, "superseded");
    assert_log_holds(&h).await;
    h.stop().await;
}

/// Suspended between the sign-in and the redemption: no sign-in gets past that.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_badge_passes_to_nobody() {
    let h = Harness::start().await;
    let first = h.issue(COMMUNITY, "kindergarten-head").await;
    let walk = h.walk(COMMUNITY, "ministry-head").await;
    h.admin(&first.badge, "suspend", json!({ "reason": "community_captured" })).await;
    let (code, body) = h.redeem(&walk.code(), VERIFIER).await;
    assert_eq!((code, body["gosbadge_code"].as_str()), (400, Some("B01")), "{body}");
    assert_eq!(status(&h, &first.attestation).await, "suspended");
    h.stop().await;
}
