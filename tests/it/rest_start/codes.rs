//! Codes of applications started in plain JSON: bound to their application, to its platform, and to the way it began.

use serde_json::json;

use super::problem;
use crate::harness::{Harness, VERIFIER};

const COMMUNITY: &str = "218000001";

async fn assert_refused(h: &Harness, application: &str, code: &str, case: &str) {
    let (status, answer) = h.rest_redeem(application, None, code).await;
    assert_eq!((status, problem(&answer).as_str()), (400, "invalid-grant"), "{case}: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_fits_its_application_only() {
    let h = Harness::start().await;
    let (mine, my_code) = h.rest_code(COMMUNITY).await;
    let (other, other_code) = h.rest_code("218000002").await;
    // Code injection: a code from another session of the same platform (RFC 9700 §4.5).
    assert_refused(&h, &mine, &other_code, "another application's").await;
    assert_refused(&h, &other, &my_code, "another application's").await;
    for wrong in ["", "x", &my_code[1..], &my_code.to_uppercase(), &format!("{my_code}\u{0}")] {
        assert_refused(&h, &mine, wrong, "no code").await;
    }
    for wrong in [String::new(), "{}".to_owned(), json!({ "code": 7 }).to_string(), json!({ "code": my_code, "x": 1 }).to_string()] {
        let path = format!("/v1/applications/{mine}/redeem");
        assert_eq!(h.post_json(&path, h.basic(), None, &wrong).await.0, 400, "{wrong}");
    }
    // None of it spent a code.
    assert_eq!(h.rest_redeem(&mine, None, &my_code).await.0, 200);
    assert_eq!(h.rest_redeem(&other, None, &other_code).await.0, 200);
    assert_refused(&h, &mine, &my_code, "used").await;
    h.stop().await;
}

/// The verifier of a pushed request cannot be gone around by the other endpoint, nor the id by the token endpoint.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_the_way_its_application_began() {
    let h = Harness::start().await;
    let pushed = h.walk(COMMUNITY, "kindergarten-head").await;
    assert_refused(&h, &pushed.application, &pushed.code(), "pushed").await;
    h.assert_no_badge(COMMUNITY).await;
    assert_eq!(h.redeem(&pushed.code(), VERIFIER).await.0, 200);

    let (id, code) = h.rest_code("218000002").await;
    for verifier in [VERIFIER, ""] {
        let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", verifier)];
        let (status, body) = h.post_form("/oauth/token", h.basic(), &form).await;
        assert!(status == 400 && body.get("access_token").is_none(), "{body}");
    }
    let (_, body) = h.redeem(&code, VERIFIER).await;
    assert_eq!(body["error"], "invalid_grant", "{body}");
    h.assert_no_badge("218000002").await;
    assert_eq!(h.rest_redeem(&id, None, &code).await.0, 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_platform_finds_nothing_to_redeem() {
    let h = Harness::start().await;
    let other = h.second_platform(None).await;
    let stranger = Some((other.client_id.as_str(), other.client_secret.as_deref().unwrap()));
    let (id, code) = h.rest_code(COMMUNITY).await;
    let body = json!({ "code": code }).to_string();
    let path = format!("/v1/applications/{id}/redeem");
    let unknown = h.post_json("/v1/applications/app_unknown/redeem", stranger, None, &body).await;
    let foreign = h.post_json(&path, stranger, Some("r"), &body).await;
    let strip = |text: &str| {
        let mut body: serde_json::Value = serde_json::from_str(text).unwrap();
        body.as_object_mut().unwrap().remove("request_id");
        body
    };
    assert_eq!((foreign.0, strip(&foreign.1)), (404, strip(&unknown.1)), "told apart from one that does not exist");
    assert_eq!(h.post_json(&path, None, None, &body).await.0, 401);
    h.assert_no_badge(COMMUNITY).await;
    assert_eq!(h.post_json(&path, h.basic(), Some("r"), &body).await.0, 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_code_is_refused() {
    let h = Harness::start().await;
    let (id, code) = h.rest_code(COMMUNITY).await;
    h.clock.advance(h.dev.config.oauth.code_lifetime);
    assert_refused(&h, &id, &code, "expired").await;
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}
