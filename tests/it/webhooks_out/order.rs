//! In order per badge, and no badge holds up another; nothing is lost when the service restarts.

use std::time::Duration;

use serde_json::Value;

use super::receiver::Answer;
use super::{BY_HAND, attempts, attempts_after, change, pending, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_next_version_waits_for_the_last() {
    let (h, receiver) = start(&[BY_HAND]).await;
    let (stuck, free) = (h.issue("218000001", "kindergarten-head").await, h.issue("218000002", "kindergarten-head").await);
    change(&h, &stuck.badge, "suspend").await;
    let bad = stuck.badge.clone();
    receiver.answer_by(move |got| Answer::Status(if got.what().0 == bad { 500 } else { 200 }));
    assert_eq!(attempts(&h).await, 2, "one of each badge");
    assert_eq!(attempts(&h).await, 0);
    change(&h, &free.badge, "revoke").await;
    assert_eq!(attempts(&h).await, 1);
    assert_eq!(attempts_after(&h, 7).await, 1, "version 1 again, and still not version 2");
    assert_eq!(pending(&h).await, 2);
    receiver.answer(Answer::Status(200));
    assert_eq!((attempts_after(&h, 400).await, attempts(&h).await, attempts(&h).await), (1, 1, 0));
    let of =
        |badge: &str| receiver.got().iter().map(super::receiver::Got::what).filter(|(b, _)| b == badge).map(|(_, v)| v).collect::<Vec<_>>();
    assert_eq!(of(&stuck.badge), [1, 1, 1, 2]);
    assert_eq!(of(&free.badge), [1, 2]);
    receiver.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_continues_the_backlog() {
    let (h, receiver) = start(&[BY_HAND]).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    change(&h, &issued.badge, "revoke").await;
    receiver.answer(Answer::Status(500));
    assert_eq!(attempts(&h).await, 1);
    // Started again with background work, and the platform's endpoint well again (at the stand-in's new address).
    let h = h.restart(&[]).await;
    // Until the new one is verified messages go to the old one, which still refuses them.
    let stand_in = format!("SELECT COUNT(*) AS n FROM streams WHERE endpoint_url LIKE '{}/%'", h.ready().platform_url);
    h.until("the stand-in's endpoint is live", async || (h.count(&stand_in) == 1).then_some(())).await;
    h.clock.advance(Duration::from_secs(7));
    let url = format!("{}/api/deliveries", h.ready().platform_url);
    let told = h
        .until("both events arrive", async || {
            let told: Value = h.http.get(&url).send().await.unwrap().json().await.unwrap();
            (told.as_array().unwrap().len() == 2).then_some(told)
        })
        .await;
    let mut seen: Vec<_> = told.as_array().unwrap().iter().collect();
    seen.sort_by_key(|d| d["version"].as_u64());
    assert_eq!((&seen[0]["type"], &seen[1]["type"]), (&Value::from("badge.issued"), &Value::from("badge.revoked")));
    assert!(seen.iter().all(|d| d["signature_ok"] == true), "{told}");
    assert_eq!(seen[0]["id"], receiver.got()[0].id, "the same message as before the restart");
    h.until("settled", async || (pending(&h).await == 0).then_some(())).await;
    let (_, answer) = h.verify(serde_json::json!({ "community": { "platform": "demo", "id": "218000001" } })).await;
    assert_eq!(answer["status"], "revoked", "what was revoked before is revoked after");
    receiver.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stays_behind_what_was_sent_again_or_was_settled_by_an_older_program() {
    let (h, receiver) = start(&[BY_HAND]).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    assert_eq!(attempts(&h).await, 1);
    let first = receiver.got()[0].id.clone();
    change(&h, &issued.badge, "suspend").await;
    change(&h, &issued.badge, "reinstate").await;
    let platform = &h.ready().platform;
    let again = h.http.post(h.url(&format!("/v1/deliveries/{first}/redeliver")));
    assert_eq!(again.basic_auth(&platform.client_id, Some(&platform.client_secret)).send().await.unwrap().status(), 200);
    receiver.answer(Answer::Status(500));
    assert_eq!((attempts(&h).await, attempts(&h).await), (1, 0), "what stands behind it waits");
    let list = h.http.get(h.url("/v1/deliveries?state=pending")).basic_auth(&platform.client_id, Some(&platform.client_secret));
    let list: Value = list.send().await.unwrap().json().await.unwrap();
    let known = list["deliveries"].as_array().unwrap().iter().filter(|d| d["next_attempt_at"].is_string()).count();
    assert_eq!((known, list["deliveries"].as_array().unwrap().len()), (1, 3), "{list}");
    receiver.answer(Answer::Status(200));
    assert_eq!((attempts_after(&h, 7).await, attempts(&h).await, attempts(&h).await, pending(&h).await), (1, 1, 1, 0));
    change(&h, &issued.badge, "revoke").await;
    crate::database::Database::open(&h.database).run("UPDATE deliveries SET next_at = 253402300799000 WHERE state = 'pending'");
    assert_eq!(attempts(&h).await, 0);
    gosbadge::service::sweep::sweep(h.app()).await.unwrap();
    assert_eq!((attempts(&h).await, pending(&h).await), (1, 0));
    receiver.stop().await;
    h.stop().await;
}
