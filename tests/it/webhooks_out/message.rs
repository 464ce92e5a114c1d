//! What a message says and how it is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gosbadge::domain::webhook_signature::WebhookSecret;
use gosbadge::ports::Clock as _;
use gosbadge::verifier::{KeyUse, Verifier};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::{Value, json};

use super::receiver::Got;
use super::{BY_HAND, attempts, change, start};
use crate::harness::Harness;

/// Standard Webhooks by hand, with another library's HMAC.
fn by_hand(secret: &str, got: &Got) -> String {
    let key = PKey::hmac(&STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap()).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
    signer.update(format!("{}.{}.{}", got.id, got.timestamp, got.body).as_bytes()).unwrap();
    format!("v1,{}", STANDARD.encode(signer.sign_to_vec().unwrap()))
}

fn check_signature(h: &Harness, got: &Got) {
    let secret = &h.ready().platform.outgoing_webhook_secret;
    assert_eq!(got.signature, by_hand(secret, got));
    let parsed = WebhookSecret::parse(secret).unwrap();
    parsed.verify(&got.id, &got.timestamp, got.body.as_bytes(), &got.signature, h.clock.now()).unwrap();
    assert_eq!(got.timestamp, h.clock.now().secs().to_string());
}

async fn check_set(h: &Harness, data: &Value, change_type: &str) {
    let keys = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().bytes().await.unwrap();
    let verifier = Verifier::new(&h.ready().public_url, &keys).unwrap();
    let token = data["set"].as_str().unwrap();
    assert!(verifier.jwt::<Value>(token, "secevent+jwt", KeyUse::Badge).is_err(), "not signed with the badge key");
    let set: Value = verifier.jwt(token, "secevent+jwt", KeyUse::Status).unwrap();
    assert!(set["sub"].is_null() && set["exp"].is_null(), "SSF 1.0 has neither: {set}");
    assert_eq!((set["iss"].as_str(), set["aud"].as_str()), (Some(&*h.ready().public_url), Some(&*h.ready().platform_url)));
    assert!(set["jti"].as_str().unwrap().starts_with("evt_") && set["iat"].is_i64(), "{set}");
    assert_eq!(set["sub_id"]["format"], "jwt_id");
    let event = &set["events"]["https://schemas.openid.net/secevent/caep/event-type/credential-change"];
    assert_eq!(event["change_type"], change_type, "{set}");
    assert_eq!((&event["version"], &event["status"], &event["reason"]), (&data["version"], &data["status"], &data["reason"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_of_a_badge() {
    let (h, receiver) = start(&[BY_HAND]).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let steps = [
        ("", "badge.issued", "active", "create"),
        ("suspend", "badge.suspended", "suspended", "update"),
        ("reinstate", "badge.reinstated", "active", "update"),
        ("revoke", "badge.revoked", "revoked", "revoke"),
    ];
    for (version, (action, kind, status, change_type)) in steps.into_iter().enumerate() {
        if !action.is_empty() {
            change(&h, &issued.badge, action).await;
        }
        assert_eq!((attempts(&h).await, attempts(&h).await), (1, 0), "once");
        let got = receiver.got();
        assert_eq!(got.len(), version + 1);
        let got = got.last().unwrap();
        assert_eq!(got.content_type, "application/json");
        assert!(!got.body.contains("\\u04"), "Cyrillic is not escaped");
        check_signature(&h, got);
        let body = got.json();
        assert_eq!(body["type"], kind);
        assert_eq!(body["timestamp"], json!(h.clock.now()));
        let data = &body["data"];
        assert_eq!((data["badge"].as_str(), data["version"].as_u64()), (Some(&*issued.badge), Some(version as u64 + 1)));
        assert_eq!(data["status"], status);
        assert_eq!(data["reason"].as_str(), (!action.is_empty()).then_some("operator_decision"));
        assert_eq!(data["community"]["id"], "218000001");
        assert!(data["authority"]["ogrn"].is_string());
        let carried = (status == "active").then_some(&*issued.attestation);
        assert_eq!(data["attestation"].as_str(), carried, "{kind}");
        check_set(&h, data, change_type).await;
    }
    receiver.stop().await;
    h.stop().await;
}
