//! The audit trail: paging without gaps, and private notes that stay private.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{audit_page, audited};
use crate::harness::Harness;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_and_fifty_entries_in_pages() {
    let h = Harness::start().await;
    let url = format!("{}/admin/v1/badges/bdg_x/revoke", h.ready().admin_url);
    for n in 0..250 {
        h.clock.advance(Duration::from_millis(1));
        let answer = h.http.post(&url).header("x-request-id", format!("probe-{n}")).body("{}").send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["x-request-id"].to_str().unwrap()), (401, format!("probe-{n}").as_str()));
    }
    let (mut seen, mut ids, mut query, mut pages) = (Vec::new(), HashSet::new(), "limit=40".to_owned(), 0);
    loop {
        let (status, page) = audit_page(&h, &query).await;
        assert_eq!(status, 200, "{page}");
        let entries = page["entries"].as_array().unwrap();
        assert!(entries.len() <= 40);
        for e in entries {
            assert!(ids.insert(e["id"].as_str().unwrap().to_owned()), "twice: {e}");
            if let Some(n) = e["request_id"].as_str().and_then(|r| r.strip_prefix("probe-")) {
                assert_eq!((e["outcome"].as_str(), e["actor_kind"].as_str()), (Some("unauthenticated"), Some("unknown")), "{e}");
                assert_eq!(e["remote"], "127.0.0.1");
                seen.push(n.parse::<u32>().unwrap());
            }
        }
        pages += 1;
        match page["next"].as_str() {
            Some(next) => {
                assert_eq!(entries.len(), 40, "only the last page may be short");
                query = format!("limit=40&cursor={next}");
            }
            None => break,
        }
    }
    assert_eq!(seen, (0..250).rev().collect::<Vec<_>>(), "newest first, none twice, none left out");
    assert!(pages >= 7);
    assert_eq!(audit_page(&h, "cursor=aud_00000000000000000000000000").await.1["entries"], json!([]));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_is_recorded_and_limits_are_checked() {
    let h = Harness::start().await;
    for bad in ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit="] {
        let (status, answer) = audit_page(&h, bad).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("invalid-request")), "{bad} {answer}");
    }
    let (_, page) = audit_page(&h, "limit=1").await;
    assert_eq!(page["entries"].as_array().unwrap().len(), 1);
    let reads = audited(&h, "audit").await;
    let count = |o: &str| reads.iter().filter(|e| e["action"] == "audit.read" && e["outcome"] == o).count();
    assert_eq!((count("invalid"), count("ok")), (5, 1), "{reads:?}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_stay_private() {
    const NOTE: &str = "СЕКРЕТНАЯ-ПОМЕТКА-7391";
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let (_, answer) = h.admin(&issued.badge, "suspend", json!({ "reason": "court_decision", "note": NOTE })).await;
    let mut texts = vec![answer.to_string()];
    let entries = audited(&h, &issued.badge).await;
    assert!(entries.iter().any(|e| e["has_note"] == true), "{entries:?}");
    texts.push(json!(entries).to_string());

    let question = json!({ "attestation": issued.attestation, "community": { "platform": "demo", "id": "218000001" } });
    texts.push(h.verify(question).await.1.to_string());
    let badge: Value = h.http.get(h.url(&format!("/v1/badges/{}", issued.badge))).send().await.unwrap().json().await.unwrap();
    let page = badge["page"].as_str().unwrap().to_owned();
    texts.push(badge.to_string());
    for url in [page, h.url(&format!("/check?link={}/club218000001", h.ready().platform_url)), h.url("/status/1")] {
        texts.push(h.http.get(url).send().await.unwrap().text().await.unwrap());
    }
    let deliveries = format!("{}/api/deliveries", h.ready().platform_url);
    let told = h
        .until("the platform is told", async || {
            let text = h.http.get(&deliveries).send().await.unwrap().text().await.unwrap();
            text.contains("badge.suspended").then_some(text)
        })
        .await;
    texts.push(told);
    for text in texts {
        assert!(!text.contains(NOTE), "{text}");
    }
    h.stop().await;
}
