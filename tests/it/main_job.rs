//! The main job from end to end: a community gets its badge, a platform checks it, an admin takes it back.

use serde_json::json;

use crate::harness::Harness;

#[tokio::test(flavor = "multi_thread")]
async fn issued_verified_revoked() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;

    let question = json!({ "attestation": issued.attestation, "community": { "platform": "demo", "id": "218000001" } });
    let (status, answer) = h.verify(question.clone()).await;
    assert_eq!((status, answer["verdict"].as_str(), answer["status"].as_str()), (200, Some("valid"), Some("active")), "{answer}");
    assert_eq!(answer["badge"], issued.badge);

    let (status, changed) = h.admin(&issued.badge, "revoke", json!({ "reason": "authority_request" })).await;
    assert_eq!((status, changed["state"].as_str(), changed["version"].as_i64()), (200, Some("revoked"), Some(2)), "{changed}");

    let (_, answer) = h.verify(question).await;
    assert_eq!((answer["verdict"].as_str(), answer["status"].as_str()), (Some("invalid"), Some("revoked")), "{answer}");
    assert_eq!(answer["reason"], "authority_request");
    h.stop().await;
}
