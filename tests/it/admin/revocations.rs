//! Mass revocations: what lies in a scope, two people, and everything that is refused.

use std::time::Duration;

use gosbadge::service::add_operator::Role;
use gosbadge::service::revoke_many::carry_out;
use serde_json::{Value, json};

use super::token_of;
use crate::harness::{Harness, Issued};

async fn post(h: &Harness, token: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/admin/v1/revocations{path}", h.ready().admin_url);
    let answer = h.http.post(url).bearer_auth(token).body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn state(h: &Harness, issued: &Issued) -> String {
    let badge: Value = h.http.get(h.url(&format!("/v1/badges/{}", issued.badge))).send().await.unwrap().json().await.unwrap();
    badge["state"].as_str().unwrap_or_else(|| panic!("{badge}")).to_owned()
}

async fn done(h: &Harness, token: &str, id: &str) -> Value {
    let url = format!("{}/admin/v1/revocations/{id}", h.ready().admin_url);
    let look = async || {
        let now: Value = h.http.get(&url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        (now["state"] == "done").then_some(now)
    };
    h.until("carried out", look).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_prepares_another_approves() {
    let h = Harness::start().await;
    let (first, second) = (token_of(&h, Role::Operator).await, h.ready().operator_token.clone());
    let mut theirs = Vec::new();
    for n in 0..3 {
        theirs.push(h.issue(&format!("21800001{n}"), "kindergarten-head").await);
    }
    let other = h.issue("218000020", "ministry-head").await;
    h.admin(&theirs[1].badge, "suspend", json!({ "reason": "community_renamed" })).await;
    h.admin(&theirs[2].badge, "revoke", json!({ "reason": "mandate_lost" })).await;
    let badge: Value = h.http.get(h.url(&format!("/v1/badges/{}", theirs[0].badge))).send().await.unwrap().json().await.unwrap();
    let ogrn = badge["authority"]["ogrn"].as_str().unwrap();
    let body =
        |dry_run: bool| json!({ "scope": { "ogrn": ogrn }, "reason": "authority_liquidated", "note": "ликвидация", "dry_run": dry_run });
    assert_eq!(post(&h, &first, "", body(true)).await, (200, json!({ "dry_run": true, "affected": 2 })));
    let (code, prepared) = post(&h, &first, "", body(false)).await;
    assert_eq!((code, &prepared["affected"], &prepared["state"]), (201, &json!(2), &json!("prepared")), "{prepared}");
    assert_eq!(state(&h, &theirs[0]).await, "active", "nothing happens yet");
    let id = prepared["id"].as_str().unwrap().to_owned();
    let approve = format!("/{id}/approve");
    let (code, refused) = post(&h, &first, &approve, json!({})).await;
    assert!(code == 403 && refused["detail"].as_str().unwrap().contains("second operator"), "{refused}");
    let (code, approved) = post(&h, &second, &approve, json!({})).await;
    assert_eq!((code, &approved["state"]), (200, &json!("approved")), "{approved}");
    let end = done(&h, &second, &id).await;
    assert_eq!((&end["revoked"], &end["affected"]), (&json!(2), &json!(2)));
    assert_ne!(end["prepared_by"], end["approved_by"]);
    for issued in &theirs {
        assert_eq!(state(&h, issued).await, "revoked");
        assert_eq!(h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "revoked");
    }
    assert_eq!(state(&h, &other).await, "active");
    assert_eq!(post(&h, &second, &approve, json!({})).await.1["state"], "done", "again changes nothing");
    assert_eq!(carry_out(h.app()).await.unwrap(), 0);
    assert!(!end.to_string().contains("ликвидация"), "notes stay sealed");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scope() {
    let h = Harness::start().await;
    let token = h.ready().operator_token.clone();
    let early = h.issue("218000001", "kindergarten-head").await;
    let between = gosbadge::ports::Clock::now(&*h.clock).plus(Duration::from_secs(30));
    h.clock.advance(Duration::from_secs(60));
    h.app().view.refresh(h.app()).await.unwrap();
    h.issue("218000002", "ministry-head").await;
    let count = async |scope: Value| {
        let (code, answer) = post(&h, &token, "", json!({ "scope": scope, "reason": "operator_decision", "dry_run": true })).await;
        assert_eq!(code, 200, "{answer}");
        answer["affected"].as_i64().unwrap()
    };
    let kid = jsonwebtoken::decode_header(&early.attestation).unwrap().kid.unwrap();
    assert_eq!(count(json!({ "platform": "demo" })).await, 2);
    assert_eq!(count(json!({ "platform": "vk" })).await, 0);
    assert_eq!(count(json!({ "key": kid })).await, 2);
    assert_eq!(count(json!({ "key": "nobody" })).await, 0);
    assert_eq!(count(json!({ "issued_between": ["2020-01-01T00:00:00Z", between.to_string()] })).await, 1);
    assert_eq!(count(json!({ "issued_between": [between.to_string(), "2099-01-01T00:00:00Z"] })).await, 1);
    assert_eq!(count(json!({ "ogrn": "1029900000019" })).await, 0);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused() {
    let h = Harness::start().await;
    let token = h.ready().operator_token.clone();
    let good = json!({ "scope": { "platform": "demo" }, "reason": "operator_decision" });
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for body in [
        json!({}),
        with("scope", json!({})),
        with("scope", json!({ "platform": "demo", "key": "x" })),
        with("scope", json!({ "ogrn": "1029900000018" })),
        with("scope", json!({ "issued_between": ["2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"] })),
        with("reason", json!("whim")),
        with("note", json!("я".repeat(2001))),
        with("everything", json!(true)),
    ] {
        let (code, answer) = post(&h, &token, "", body.clone()).await;
        assert_eq!((code, answer["code"].as_str()), (400, Some("invalid-request")), "{body} {answer}");
    }
    for role in [Role::Viewer, Role::Curator] {
        let weak = token_of(&h, role).await;
        assert_eq!(post(&h, &weak, "", good.clone()).await.0, 403);
        assert_eq!(post(&h, &weak, "/rvk_x/approve", json!({})).await.0, 403);
    }
    assert_eq!(post(&h, "gbo_nobody", "", good.clone()).await.0, 401);
    assert_eq!(post(&h, &token, "/rvk_x/approve", json!({})).await.0, 404);
    // One that lay about for too long hits what nobody looked at.
    let (_, prepared) = post(&h, &token, "", good).await;
    let other = token_of(&h, Role::Admin).await;
    h.clock.advance(Duration::from_secs(8 * 24 * 3600));
    let (code, answer) = post(&h, &other, &format!("/{}/approve", prepared["id"].as_str().unwrap()), json!({})).await;
    assert!(code == 409 && answer["detail"].as_str().unwrap().contains("anew"), "{answer}");
    h.stop().await;
}
