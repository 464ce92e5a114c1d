//! Checking a badge, online and offline: the same word everywhere, and no word at all when nobody can tell.

mod answers;
mod limits;
mod lists;
mod stale;
mod surface;
mod trust_mark;

use gosbadge::domain::community::CommunityRef;
use gosbadge::domain::status::{ListValue, VerifyStatus};
use gosbadge::ports::Clock as _;
use gosbadge::verifier::{StatusList, Verifier};
use serde_json::{Value, json};

use crate::harness::{Harness, Issued};

const COMMUNITY: &str = "218000001";

/// What a platform embeds, with the keys it would fetch.
async fn verifier(h: &Harness) -> Verifier {
    let keys = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().bytes().await.unwrap();
    Verifier::new(&h.ready().public_url, &keys).unwrap()
}

/// The status list as published now.
async fn list(h: &Harness) -> StatusList {
    let uri = h.url("/status/1");
    let token = h.http.get(&uri).send().await.unwrap().text().await.unwrap();
    verifier(h).await.status_list(&token, &uri, h.clock.now()).unwrap_or_else(|e| panic!("{e}"))
}

/// The entry of an attestation in the published list.
async fn entry(h: &Harness, attestation: &str) -> ListValue {
    let place = jsonwebtoken::dangerous::insecure_decode::<Value>(attestation).unwrap().claims["status"]["status_list"].clone();
    assert_eq!(place["uri"], h.url("/status/1"));
    list(h).await.get(u32::try_from(place["idx"].as_u64().unwrap()).unwrap()).unwrap()
}

/// The offline library's word, with everything fetched anew.
async fn offline(h: &Harness, token: &str, community: Option<&CommunityRef>) -> VerifyStatus {
    verifier(h).await.verify(token, &list(h).await, community, h.clock.now()).status
}

fn community(id: &str) -> CommunityRef {
    CommunityRef { platform: "demo".parse().unwrap(), id: id.parse().unwrap() }
}

/// Asks online and offline, and insists that both say `status`. Waits until the view has followed the clock.
async fn both_say(h: &Harness, token: &str, shown_for: Option<&CommunityRef>, status: &str) -> Value {
    h.app().view.refresh(h.app()).await.unwrap();
    let (code, answer) = h.verify(json!({ "attestation": token, "community": shown_for })).await;
    assert_eq!((code, answer["status"].as_str()), (200, Some(status)), "{answer}");
    assert_eq!(answer["verdict"], if status == "active" { "valid" } else { "invalid" });
    assert!(answer["as_of"].is_string());
    assert_eq!(offline(h, token, shown_for).await.as_str(), status);
    answer
}

async fn issue(h: &Harness) -> Issued {
    h.issue(COMMUNITY, "kindergarten-head").await
}

async fn change(h: &Harness, badge: &str, action: &str) {
    let (status, answer) = h.admin(badge, action, json!({ "reason": "operator_decision" })).await;
    assert_eq!((status, answer["changed"].as_bool()), (200, Some(true)), "{answer}");
}
