//! A service that has lost sight of the ledger gives no verdict. The view is refreshed once a minute here, so that advancing the
//! clock makes it old.

use std::time::Duration;

use serde_json::{Value, json};

use super::{COMMUNITY, issue};
use crate::harness::Harness;

const RARELY: [(&str, &str); 2] = [("GOSBADGE__STATUS__REFRESH_INTERVAL", "60s"), ("GOSBADGE__STATUS__MAX_VIEW_AGE", "90s")];

#[tokio::test(flavor = "multi_thread")]
async fn no_verdict_from_an_old_view() {
    let h = Harness::start_with(&RARELY).await;
    let issued = issue(&h).await;
    h.clock.advance(Duration::from_secs(90));
    assert_eq!(h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "active", "just young enough");
    h.clock.advance(Duration::from_secs(1));
    let item = json!({ "attestation": issued.attestation });
    for question in [item.clone(), json!({ "items": [{ "attestation": "x" }, item] })] {
        let answer = h.http.post(h.url("/v1/verify")).body(question.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        let answer: Value = answer.json().await.unwrap();
        assert_eq!((answer["code"].as_str(), &answer["verdict"]), (Some("status-stale"), &Value::Null), "{answer}");
    }
    // What needs no view is still answered: a forgery is one on any day, and the database knows communities.
    assert_eq!(h.verify(json!({ "attestation": "x" })).await.1["status"], "malformed");
    assert_eq!(h.verify(json!({ "community": { "platform": "demo", "id": COMMUNITY } })).await.1["status"], "active");
    let mark = h.http.post(h.url("/federation/trust-mark-status")).form(&[("trust_mark", &issued.attestation)]).send().await.unwrap();
    assert_eq!(mark.status(), 503);
    assert_eq!(mark.json::<Value>().await.unwrap()["error"], "temporarily_unavailable");
    let ready = h.http.get(h.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!((ready["status"].as_str(), ready["database"].as_bool()), (Some("unready"), Some(true)), "{ready}");
    assert_eq!(ready["status_view_age_seconds"], 91);
    assert_eq!(h.http.get(h.url("/health/live")).send().await.unwrap().status(), 200);

    h.app().view.refresh(h.app()).await.unwrap();
    let (status, answer) = h.verify(json!({ "attestation": issued.attestation })).await;
    assert_eq!((status, answer["status"].as_str()), (200, Some("active")));
    assert_eq!(h.http.get(h.url("/health/ready")).send().await.unwrap().status(), 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_has_run_out_is_not_handed_out() {
    let h = Harness::start_with(&RARELY).await;
    issue(&h).await;
    h.clock.advance(Duration::from_secs(24 * 3600 - 1));
    assert_eq!(h.http.get(h.url("/status/1")).send().await.unwrap().status(), 200);
    h.clock.advance(Duration::from_secs(1));
    let answer = h.http.get(h.url("/status/1")).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "status-stale");
    h.stop().await;
}
