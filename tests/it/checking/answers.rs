//! Every status word, by attestation and by community, with the offline library beside it.

use std::time::Duration;

use gosbadge::domain::attestation::TYP;
use gosbadge::ports::signer::KeyPurpose;
use gosbadge::service::sweep;
use serde_json::{Value, json};

use super::{COMMUNITY, both_say, change, community, issue};
use crate::harness::Harness;
use crate::test_issuer::{TestIssuer, tampered};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn by_community(h: &Harness, id: &str) -> Value {
    let (code, answer) = h.verify(json!({ "community": { "platform": "demo", "id": id } })).await;
    assert_eq!(code, 200, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn active_suspended_reinstated_revoked() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    let own = community(COMMUNITY);
    for (version, (action, status)) in
        [("", "active"), ("suspend", "suspended"), ("reinstate", "active"), ("revoke", "revoked")].into_iter().enumerate()
    {
        if !action.is_empty() {
            change(&h, &issued.badge, action).await;
        }
        for shown_for in [None, Some(&own)] {
            let answer = both_say(&h, &issued.attestation, shown_for, status).await;
            assert_eq!(answer["version"], version + 1, "{answer}");
            assert_eq!((&answer["badge"], &answer["community"]["id"]), (&json!(issued.badge), &json!(COMMUNITY)));
            assert_eq!(answer["reason"].as_str(), (status != "active").then_some("operator_decision"), "{answer}");
            assert!(["ogrn", "name", "kind"].iter().all(|m| answer["authority"][m].is_string()), "{answer}");
            assert!(answer["issued_at"].is_string() && answer["expires_at"].is_string());
        }
        let answer = by_community(&h, COMMUNITY).await;
        assert_eq!((answer["status"].as_str(), answer["version"].as_u64()), (Some(status), Some(version as u64 + 1)), "{answer}");
        assert_eq!((&answer["badge"], answer["verdict"] == "valid"), (&json!(issued.badge), status == "active"));
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_by_time_and_then_by_the_sweep() {
    let h = Harness::start().await;
    let (issued, suspended) = (issue(&h).await, h.issue("218000002", "kindergarten-head").await);
    change(&h, &suspended.badge, "suspend").await;
    // A message on its way while the clock leaps is refused as too old, and would hold up what comes after it.
    h.until("all is told", async || {
        let ready: Value = h.http.get(h.url("/health/ready")).send().await.unwrap().json().await.unwrap();
        (ready["deliveries_pending"] == 0).then_some(())
    })
    .await;
    h.clock.advance(90 * DAY - Duration::from_secs(1));
    both_say(&h, &issued.attestation, None, "active").await;
    h.clock.advance(Duration::from_secs(1));
    both_say(&h, &issued.attestation, None, "expired").await;
    assert_eq!(by_community(&h, COMMUNITY).await["status"], "expired", "before any sweep");

    h.clock.advance(DAY);
    sweep::sweep(h.app()).await.unwrap();
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM badges WHERE state = 'expired'"), 2);
    assert_eq!(sweep::sweep(h.app()).await.unwrap().expired, 0, "once only");
    for (badge, versions) in [(&issued, 2), (&suspended, 3)] {
        both_say(&h, &badge.attestation, None, "expired").await;
        let shown: Value = h.http.get(h.url(&format!("/v1/badges/{}", badge.badge))).send().await.unwrap().json().await.unwrap();
        assert_eq!((shown["state"].as_str(), shown["version"].as_u64()), (Some("expired"), Some(versions)), "{shown}");
        assert_eq!(shown["history"].as_array().unwrap().last().unwrap()["type"], "expired");
        assert!(shown["ended_at"].is_string());
    }
    assert_eq!(by_community(&h, "218000002").await["status"], "expired");
    let deliveries = format!("{}/api/deliveries", h.ready().platform_url);
    h.until("badge.expired is told", async || {
        let told: Value = h.http.get(&deliveries).send().await.unwrap().json().await.unwrap();
        let expired = told.as_array().unwrap().iter().filter(|d| d["type"] == "badge.expired" && d["signature_ok"] == true);
        (expired.count() == 2).then_some(())
    })
    .await;
    let (code, _) = h.admin(&issued.badge, "revoke", json!({ "reason": "court_decision" })).await;
    assert_eq!(code, 409, "what has expired cannot be revoked any more");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_badge_runs_out_like_any_other() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    change(&h, &issued.badge, "revoke").await;
    h.clock.advance(91 * DAY);
    assert_eq!(sweep::sweep(h.app()).await.unwrap().expired, 0);
    both_say(&h, &issued.attestation, None, "expired").await;
    let (answer, elsewhere) = (by_community(&h, COMMUNITY).await, community("218000002"));
    assert_eq!(answer["status"], "revoked", "the badge itself stays revoked: {answer}");
    both_say(&h, &issued.attestation, Some(&elsewhere), "wrong_community").await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_for_what_they_are() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    let elsewhere = community("218000002");
    let answer = both_say(&h, &issued.attestation, Some(&elsewhere), "wrong_community").await;
    assert_eq!(answer["community"]["id"], "218000002");
    assert!(answer["badge"].is_null() && answer["authority"].is_null(), "says nothing about the other one: {answer}");

    let stranger = TestIssuer::new("https://badge.example.ru");
    both_say(&h, &stranger.attestation(stranger.now + 3600), None, "wrong_issuer").await;
    let forger = TestIssuer::new(&h.ready().public_url);
    both_say(&h, &forger.attestation(forger.now + 3600), None, "wrong_signature").await;
    both_say(&h, &tampered(&issued.attestation), None, "wrong_signature").await;
    let list = h.http.get(h.url("/status/1")).send().await.unwrap().text().await.unwrap();
    for bad in ["", "x", "a.b.c", "..", "Детский сад", &list, &issued.attestation[..issued.attestation.len() - 90], &"x".repeat(20_000)]
    {
        both_say(&h, bad, None, "malformed").await;
    }
    // Signed with the right key about an attestation nobody recorded.
    let mut claims = jsonwebtoken::dangerous::insecure_decode::<Value>(&issued.attestation).unwrap().claims;
    claims["jti"] = json!("att_01KAR4TB3K6S0P7F2QG8RNV4XW");
    let unrecorded = h.app().keys.sign_jwt(KeyPurpose::Badge, TYP, &claims.to_string()).unwrap().token;
    let (_, answer) = h.verify(json!({ "attestation": unrecorded })).await;
    assert_eq!((answer["verdict"].as_str(), answer["status"].as_str()), (Some("invalid"), Some("unknown")), "{answer}");
    assert_eq!(by_community(&h, "218000002").await["status"], "unknown");
    let (_, answer) = h.verify(json!({ "community": { "platform": "nowhere", "id": "1" } })).await;
    assert_eq!(answer["status"], "unknown");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_yet_valid_where_the_clock_is_behind() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    h.clock.turn_back(Duration::from_secs(59));
    // Until the view has been refreshed by the new clock, nobody can tell how old it is.
    h.app().view.refresh(h.app()).await.unwrap();
    assert_eq!(h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "active", "within the leeway");
    h.clock.turn_back(Duration::from_secs(3600));
    let (_, answer) = h.verify(json!({ "attestation": issued.attestation })).await;
    assert_eq!((answer["verdict"].as_str(), answer["status"].as_str()), (Some("invalid"), Some("not_yet_valid")), "{answer}");
    h.clock.advance(Duration::from_secs(3659));
    h.stop().await;
}
