//! What messages do, and that each does it once.

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::{SecretPurpose, rotate_secret};
use serde_json::{Value, json};

use super::{Message, about};
use crate::harness::{Harness, Person, VERIFIER, parameter};

#[tokio::test(flavor = "multi_thread")]
async fn verify_answers_like_the_endpoint() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let community = json!({ "platform": "demo", "id": "218000001" });
    let questions = [
        json!({ "community": community }),
        json!({ "attestation": issued.attestation }),
        json!({ "attestation": issued.attestation, "community": community }),
        json!({ "attestation": issued.attestation, "community": { "platform": "demo", "id": "218000002" } }),
        json!({ "attestation": "x" }),
        json!({ "community": { "platform": "demo", "id": "5" } }),
    ];
    for round in 0..2 {
        for (n, question) in questions.iter().enumerate() {
            let body = json!({ "type": "community.verify", "data": question });
            let (status, answer) = Message::new(&h, &format!("msg_{round}_{n}"), body).send(&h).await;
            assert_eq!((status, &answer), (200, &h.verify(question.clone()).await.1));
        }
        if round == 0 {
            assert_eq!(h.admin(&issued.badge, "revoke", json!({ "reason": "court_decision" })).await.0, 200);
        }
    }
    let own = json!({ "type": "community.verify", "data": { "community": { "id": "218000001" } } });
    let (_, answer) = Message::new(&h, "own", own).send(&h).await;
    assert_eq!(answer["status"], "revoked", "the platform may leave its own name out");
    let (status, _) = Message::new(&h, "none", json!({ "type": "community.verify", "data": {} })).send(&h).await;
    assert_eq!(status, 400);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compromised_suspends_at_once_and_once() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let community = json!({ "platform": "demo", "id": "218000001" });
    let message = Message::new(&h, "msg_1", about("community.compromised", "218000001"));
    let (status, answer) = message.send(&h).await;
    let badge = json!({ "id": issued.badge, "state": "suspended", "reason": "community_captured", "version": 2 });
    assert_eq!((status, &answer), (200, &json!({ "recorded": true, "community": community, "badge": badge })));
    for question in [json!({ "attestation": issued.attestation }), json!({ "community": community })] {
        let (_, verdict) = h.verify(question).await;
        assert_eq!((verdict["status"].as_str(), verdict["reason"].as_str()), (Some("suspended"), Some("community_captured")), "{verdict}");
    }
    let url = format!("{}/api/deliveries", h.ready().platform_url);
    h.until("the platform is told", async || {
        let told: Value = h.http.get(&url).send().await.unwrap().json().await.unwrap();
        told.as_array().unwrap().iter().any(|d| d["type"] == "badge.suspended" && d["signature_ok"] == true).then_some(())
    })
    .await;

    // A person sorts it out; the platform's late repetition must not undo that.
    assert_eq!(h.admin(&issued.badge, "reinstate", json!({ "reason": "operator_decision" })).await.0, 200);
    h.clock.advance(Duration::from_secs(120));
    assert_eq!(message.send(&h).await, (200, answer), "the same answer as the first time");
    assert_eq!(h.verify(json!({ "community": community })).await.1["status"], "active");
    let (status, answer) = Message::new(&h, "msg_1", about("community.compromised", "218000002")).send(&h).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("conflict")), "{answer}");
    let (status, answer) = Message::new(&h, "msg_1", about("community.verify", "218000001")).send(&h).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("conflict")), "{answer}");
    let (_, answer) = Message::new(&h, "msg_2", about("community.compromised", "218000001")).send(&h).await;
    assert_eq!(answer["badge"]["version"], 4, "a new message acts anew: {answer}");
    let (_, answer) = Message::new(&h, "msg_3", about("community.compromised", "218000001")).send(&h).await;
    assert_eq!(answer["badge"]["version"], 4, "suspended already: {answer}");
    let (status, answer) = Message::new(&h, "msg_4", about("community.compromised", "777")).send(&h).await;
    assert_eq!((status, &answer["recorded"], &answer["badge"]), (200, &json!(true), &Value::Null), "nobody's badge, and recorded");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_copies_at_once_act_once() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    for kind in ["community.verify", "community.compromised"] {
        let message = Message::new(&h, kind, about(kind, "218000001"));
        let answers = futures_util::future::join_all((0..8).map(|_| message.send(&h))).await;
        for (status, answer) in &answers {
            assert_eq!((*status, answer), (200, &answers[0].1), "{answer}");
        }
    }
    let shown: Value = h.http.get(h.url(&format!("/v1/badges/{}", issued.badge))).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["version"], 2, "{shown}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_secrets_live_during_rotation() {
    let h = Harness::start().await;
    let body = about("community.verify", "218000001");
    let overlap = Duration::from_secs(3600);
    let rotate =
        async |overlap| rotate_secret(h.app(), "demo".to_owned(), SecretPurpose::WebhookIn, overlap, &Actor::system()).await.unwrap();
    let old = h.ready().platform.inbound_webhook_secret.clone();
    let new = rotate(overlap).await;
    let send = async |id: &str, secret: &str| Message { secret, ..Message::new(&h, id, &body) }.send(&h).await.0;
    assert_eq!((send("1", &old).await, send("2", &new).await), (200, 200));
    h.clock.advance(overlap);
    assert_eq!((send("3", &old).await, send("4", &new).await), (401, 200));
    let newest = rotate(Duration::ZERO).await;
    assert_eq!((send("5", &new).await, send("6", &newest).await), (401, 200), "without overlap the old one ends at once");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_given_is_not_recorded() {
    let rarely = [("GOSBADGE__STATUS__REFRESH_INTERVAL", "60s"), ("GOSBADGE__STATUS__MAX_VIEW_AGE", "90s")];
    let h = Harness::start_with(&rarely).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    h.clock.advance(Duration::from_secs(91));
    let body = json!({ "type": "community.verify", "data": { "attestation": issued.attestation } });
    let message = Message::new(&h, "msg_1", body);
    let (status, answer) = message.send(&h).await;
    assert_eq!((status, answer["code"].as_str()), (503, Some("status-stale")));
    h.app().view.refresh(h.app()).await.unwrap();
    assert_eq!(message.send(&h).await.1["status"], "active", "the repetition is answered");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_suspends_and_deleted_revokes() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let (status, answer) = Message::new(&h, "msg_1", about("community.renamed", "218000001")).send(&h).await;
    let badge = json!({ "id": issued.badge, "state": "suspended", "reason": "community_renamed", "version": 2 });
    assert_eq!((status, &answer["badge"]), (200, &badge));
    let (_, answer) = Message::new(&h, "msg_2", about("community.deleted", "218000001")).send(&h).await;
    let badge = json!({ "id": issued.badge, "state": "revoked", "reason": "community_deleted", "version": 3 });
    assert_eq!(answer["badge"], badge);
    let (_, answer) = Message::new(&h, "msg_3", about("community.compromised", "218000001")).send(&h).await;
    assert_eq!(answer["badge"], Value::Null, "nothing is left to suspend: {answer}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_for_a_captured_community_ends() {
    let h = Harness::start().await;
    let pushed = h.push("218000001", VERIFIER).await;
    let mut person = Person::new();
    let end = person.walk(&h.authorize_url(pushed["request_uri"].as_str().unwrap()), "kindergarten-head").await;
    let code = parameter(&end.location.unwrap(), "code").unwrap();
    assert_eq!(Message::new(&h, "msg_1", about("community.compromised", "218000001")).send(&h).await.0, 200);
    let (status, body) = h.redeem(&code, VERIFIER).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")), "{body}");
    let (_, verdict) = h.verify(json!({ "community": { "platform": "demo", "id": "218000001" } })).await;
    assert_eq!(verdict["status"], "unknown");
    h.stop().await;
}

/// A sender signs each retry with a fresh time: a verdict given before a capture must not be repeated after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_question_is_answered_anew() {
    let h = Harness::start().await;
    h.issue("218000001", "kindergarten-head").await;
    let question = Message::new(&h, "msg_1", about("community.verify", "218000001"));
    assert_eq!(question.send(&h).await.1["status"], "active");
    assert_eq!(Message::new(&h, "msg_2", about("community.compromised", "218000001")).send(&h).await.0, 200);
    assert_eq!(question.send(&h).await.1["status"], "suspended");
    h.stop().await;
}
