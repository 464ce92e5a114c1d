//! OpenID Federation's trust mark status: a signed answer about one mark.

use std::time::Duration;

use gosbadge::domain::attestation::TYP;
use gosbadge::ports::Clock as _;
use gosbadge::ports::signer::KeyPurpose;
use gosbadge::verifier::KeyUse;
use serde_json::{Value, json};

use super::{change, issue, verifier};
use crate::harness::Harness;
use crate::test_issuer::{TestIssuer, tampered};

async fn ask(h: &Harness, mark: &str) -> reqwest::Response {
    h.http.post(h.url("/federation/trust-mark-status")).form(&[("trust_mark", mark)]).send().await.unwrap()
}

async fn says(h: &Harness, mark: &str, status: &str) {
    h.app().view.refresh(h.app()).await.unwrap();
    let answer = ask(h, mark).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/trust-mark-status-response+jwt");
    let token = answer.text().await.unwrap();
    let claims: Value = verifier(h).await.jwt(&token, "trust-mark-status-response+jwt", KeyUse::Badge).unwrap();
    assert_eq!(claims, json!({ "iss": h.ready().public_url, "iat": h.clock.now().secs(), "trust_mark": mark, "status": status }));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_status() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    says(&h, &issued.attestation, "active").await;
    change(&h, &issued.badge, "suspend").await;
    says(&h, &issued.attestation, "suspended").await;
    change(&h, &issued.badge, "reinstate").await;
    says(&h, &issued.attestation, "active").await;
    change(&h, &issued.badge, "revoke").await;
    says(&h, &issued.attestation, "revoked").await;
    h.clock.advance(Duration::from_secs(91 * 24 * 3600));
    says(&h, &issued.attestation, "expired").await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_nobody_issued() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    let stranger = TestIssuer::new("https://badge.example.ru");
    let mut claims = jsonwebtoken::dangerous::insecure_decode::<Value>(&issued.attestation).unwrap().claims;
    claims["jti"] = json!("att_01KAR4TB3K6S0P7F2QG8RNV4XW");
    let unrecorded = h.app().keys.sign_jwt(KeyPurpose::Badge, TYP, &claims.to_string()).unwrap().token;
    for mark in ["x", &stranger.attestation(stranger.now + 60), &tampered(&issued.attestation), &unrecorded] {
        let answer = ask(&h, mark).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (404, &"application/json".parse().unwrap()), "{mark}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"], "not_found");
    }
    let url = h.url("/federation/trust-mark-status");
    for (form, body) in [
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded", "trust_mark="),
        ("application/x-www-form-urlencoded", "mark=x"),
        ("application/x-www-form-urlencoded", "trust_mark=x&trust_mark=y"),
        ("application/x-www-form-urlencoded", "trust_mark=%ff"),
        ("application/json", "{\"trust_mark\":\"x\"}"),
    ] {
        let answer = h.http.post(&url).header("content-type", form).body(body).send().await.unwrap();
        assert_eq!(answer.status(), if body.contains("%ff") { 404 } else { 400 }, "{body}");
    }
    h.stop().await;
}
