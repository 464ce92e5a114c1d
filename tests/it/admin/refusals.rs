//! What the admin surface refuses: callers, bodies, moves that no rule allows, and the wrong listener.

use gosbadge::domain::reason::ReasonCode;
use gosbadge::service::Actor;
use gosbadge::service::add_operator::{Role, disable_operator};
use serde_json::json;

use super::{ACTIONS, audited, because, call, token_of};
use crate::harness::Harness;

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_alike() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let disabled = token_of(&h, Role::Admin).await;
    disable_operator(h.app(), "a admin".to_owned(), &Actor::system()).await.unwrap();
    let secret = h.ready().platform.client_secret.clone();
    let mut details = Vec::new();
    for token in [None, Some("gbo_wrong"), Some(""), Some(disabled.as_str()), Some(secret.as_str())] {
        for action in ACTIONS {
            let (status, answer) = call(&h, token, &issued.badge, action, because("operator_decision")).await;
            assert_eq!((status, answer["code"].as_str()), (401, Some("unauthenticated")), "{token:?} {answer}");
            details.push(answer["detail"].clone());
        }
    }
    details.dedup();
    assert_eq!(details.len(), 1, "a refusal must not tell a disabled operator from nobody: {details:?}");
    let entries = audited(&h, &issued.badge).await;
    assert_eq!(entries.iter().filter(|e| e["outcome"] == "unauthenticated" && e["actor"].is_null()).count(), 15, "{entries:?}");
    let basic = h.http.post(format!("{}/admin/v1/badges/{}/revoke", h.ready().admin_url, issued.badge));
    let basic = basic.basic_auth("dev", Some(&h.ready().operator_token)).body(because("operator_decision"));
    assert_eq!(basic.send().await.unwrap().status(), 401);
    assert_eq!(h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "active");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_out_of_form() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let token = h.ready().operator_token.clone();
    let post = async |body: String| call(&h, Some(&token), &issued.badge, "suspend", body).await;

    let (status, answer) = post(because("because")).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("invalid-request")));
    for code in ReasonCode::ALL {
        assert!(answer["detail"].as_str().unwrap().contains(code.as_str()), "{answer}");
    }
    let (status, answer) = post(json!({ "reason": "operator_decision", "remark": "x" }).to_string()).await;
    assert_eq!(status, 400);
    assert!(answer["detail"].as_str().unwrap().contains("remark"), "{answer}");
    let (status, answer) = post(json!({ "reason": "operator_decision", "note": "я".repeat(2001) }).to_string()).await;
    assert_eq!(status, 400);
    assert!(answer["detail"].as_str().unwrap().contains("2000"), "{answer}");
    for body in ["", "reason=operator_decision", "{", "[]", "null", "{}", r#"{"reason":1}"#, "\u{0}"] {
        let (status, answer) = post(body.to_owned()).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("invalid-request")), "{body:?} {answer}");
    }
    let (status, answer) = post(json!({ "reason": "operator_decision", "note": "n".repeat(65 * 1024) }).to_string()).await;
    assert_eq!((status, answer["code"].as_str()), (413, Some("too-large")), "{answer}");

    let entries = audited(&h, &issued.badge).await;
    assert_eq!(entries.iter().filter(|e| e["outcome"] == "invalid" && e["action"] == "badge.suspend").count(), 12, "{entries:?}");
    assert_eq!(h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "active");
    let (status, _) = post(json!({ "reason": "operator_decision", "note": "я".repeat(2000) }).to_string()).await;
    assert_eq!(status, 200, "the longest note is accepted");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_badges() {
    let h = Harness::start().await;
    let token = h.ready().operator_token.clone();
    for badge in ["bdg_01KAR4T7Q2M9XVB3H5NDW8YJZE", "x", "%27%20OR%201=1"] {
        for action in ACTIONS {
            let (status, answer) = call(&h, Some(&token), badge, action, because("operator_decision")).await;
            assert_eq!((status, answer["code"].as_str()), (404, Some("not-found")), "{badge} {answer}");
        }
    }
    assert_eq!(audited(&h, "bdg_01KAR4T7Q2M9XVB3H5NDW8YJZE").await.iter().filter(|e| e["outcome"] == "not_found").count(), 3);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_and_impossible_moves() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    // (action, status, changed, state, version, reason)
    let steps = [
        ("reinstate", 200, false, "active", 1, None),
        ("suspend", 200, true, "suspended", 2, Some("court_decision")),
        ("suspend", 200, false, "suspended", 2, Some("court_decision")),
        ("reinstate", 200, true, "active", 3, None),
        ("revoke", 200, true, "revoked", 4, Some("court_decision")),
        ("revoke", 200, false, "revoked", 4, Some("court_decision")),
    ];
    for (action, status, changed, state, version, reason) in steps {
        let (got, answer) = h.admin(&issued.badge, action, json!({ "reason": "court_decision", "note": " " })).await;
        assert_eq!((got, answer["changed"].as_bool()), (status, Some(changed)), "{action} {answer}");
        assert_eq!((answer["state"].as_str(), answer["version"].as_i64()), (Some(state), Some(version)), "{answer}");
        assert_eq!(answer["reason"].as_str(), reason, "{answer}");
    }
    let (got, answer) = h.admin(&issued.badge, "revoke", json!({ "reason": "key_compromise" })).await;
    assert_eq!((got, answer["reason"].as_str()), (200, Some("court_decision")), "the first reason stays: {answer}");
    for action in ["suspend", "reinstate"] {
        let (got, answer) = h.admin(&issued.badge, action, json!({ "reason": "court_decision" })).await;
        assert_eq!((got, answer["code"].as_str()), (409, Some("conflict")), "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains("revoked"), "{answer}");
    }
    let outcomes: Vec<_> = audited(&h, &issued.badge).await.iter().map(|e| e["outcome"].as_str().unwrap().to_owned()).collect();
    let count = |what: &str| outcomes.iter().filter(|o| *o == what).count();
    assert_eq!((count("ok"), count("already"), count("refused")), (3, 4, 2), "{outcomes:?}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_revocation_eight_times_at_once() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let calls = (0..8).map(|_| h.admin(&issued.badge, "revoke", json!({ "reason": "authority_request" })));
    let answers = futures_util::future::join_all(calls).await;
    for (status, answer) in &answers {
        assert_eq!((*status, answer["version"].as_i64()), (200, Some(2)), "{answer}");
    }
    assert_eq!(answers.iter().filter(|(_, a)| a["changed"] == true).count(), 1);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_listener_has_its_own_routes() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let token = &h.ready().operator_token;
    let (public, admin) = (&h.ready().public_url, &h.ready().admin_url);
    for action in ACTIONS {
        let url = format!("{public}/admin/v1/badges/{}/{action}", issued.badge);
        assert_eq!(h.http.post(url).bearer_auth(token).body(because("court_decision")).send().await.unwrap().status(), 404);
    }
    assert_eq!(h.http.get(format!("{public}/admin/v1/audit")).bearer_auth(token).send().await.unwrap().status(), 404);
    for path in ["/", "/check?link=x", "/.well-known/jwks.json", "/status/1", "/oauth/authorize", &format!("/v1/badges/{}", issued.badge)] {
        assert_eq!(h.http.get(format!("{admin}{path}")).send().await.unwrap().status(), 404, "{path}");
    }
    for path in ["/v1/verify", "/oauth/par", "/oauth/token", "/v1/webhooks/demo"] {
        assert_eq!(h.http.post(format!("{admin}{path}")).body("{}").send().await.unwrap().status(), 404, "{path}");
    }
    for base in [public, admin] {
        assert_eq!(h.http.get(format!("{base}/health/live")).send().await.unwrap().status(), 200);
    }
    h.stop().await;
}
