//! Status lists over the years: grouped by the month in which attestations end, opened when full, retired when all is over,
//! and recalled as they were. How one list is served is in `checking/lists.rs`.

mod past;
mod retiring;

use std::time::Duration;

use gosbadge::domain::status::ListValue;
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::Clock as _;
use gosbadge::service::sequence_log::sequence_log;
use gosbadge::verifier::{StatusList, Verifier};
use serde_json::{Value, json};

use crate::database::Database;
use crate::harness::{Harness, Issued};

/// Nobody sweeps or writes the log but the test.
const BY_HAND: (&str, &str) = ("GOSBADGE__JOBS__IN_PROCESS", "false");

const DAY: Duration = Duration::from_secs(24 * 3600);

/// At least as long as any month.
const MONTH: Duration = Duration::from_secs(31 * 24 * 3600);

/// List and place of an attestation.
fn place(attestation: &str) -> (i64, u32) {
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(attestation).unwrap().claims;
    let place = &claims["status"]["status_list"];
    let list = place["uri"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
    (list, u32::try_from(place["idx"].as_u64().unwrap()).unwrap())
}

async fn issue(h: &Harness, community: &str) -> Issued {
    h.issue(community, "kindergarten-head").await
}

async fn change(h: &Harness, badge: &str, action: &str) {
    let (status, answer) = h.admin(badge, action, json!({ "reason": "operator_decision" })).await;
    assert_eq!((status, answer["changed"].as_bool()), (200, Some(true)), "{answer}");
}

async fn get(h: &Harness, path: &str) -> reqwest::Response {
    h.http.get(h.url(path)).send().await.unwrap()
}

/// Status and stable code of a refusal.
async fn refusal(h: &Harness, path: &str) -> (u16, String) {
    let answer = get(h, path).await;
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}: {status}");
    assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    (status, answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
}

/// A list as somebody outside reads and checks it, at an instant.
async fn read(h: &Harness, path: &str, at: Timestamp) -> StatusList {
    let keys = get(h, "/.well-known/jwks.json").await.bytes().await.unwrap();
    let verifier = Verifier::new(&h.ready().public_url, &keys).unwrap();
    let answer = get(h, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    let uri = h.url(path.split('?').next().unwrap());
    verifier.status_list(&answer.text().await.unwrap(), &uri, at).unwrap_or_else(|e| panic!("{path}: {e}"))
}

async fn lists(h: &Harness) -> Vec<String> {
    h.app().view.refresh(h.app()).await.unwrap();
    let all: Value = get(h, "/status").await.json().await.unwrap();
    let text = |v: &Value| v.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    all["status_lists"].as_array().unwrap().iter().map(text).collect()
}

async fn etag(h: &Harness, list: i64) -> String {
    get(h, &format!("/status/{list}")).await.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn attestations_that_end_in_one_month_share_a_list() {
    let h = Harness::start().await;
    // A list of the time before lists had months: it stays, and gets no new entries.
    let far = h.clock.now().plus(DAY * 80).millis();
    let legacy = format!("INSERT INTO status_lists (id, size, next_idx, created_at, ends_before) VALUES (7, 1024, 3, 0, {far})");
    Database::open(&h.database).run(&legacy);
    let first = issue(&h, "218000001").await;
    h.clock.advance(MONTH);
    let (second, third) = (issue(&h, "218000002").await, issue(&h, "218000003").await);
    assert_eq!([&first, &second, &third].map(|i| place(&i.attestation)), [(8, 0), (9, 0), (9, 1)]);
    assert_eq!(lists(&h).await, ["7", "8", "9"]);

    // A change signs the list anew that it changes, and no other.
    let before = (etag(&h, 8).await, etag(&h, 9).await);
    change(&h, &third.badge, "revoke").await;
    assert_eq!(read(&h, "/status/9", h.clock.now()).await.get(1), Some(ListValue::Invalid));
    assert_eq!(read(&h, "/status/8", h.clock.now()).await.get(0), Some(ListValue::Valid));
    assert_eq!(etag(&h, 8).await, before.0);
    assert_ne!(etag(&h, 9).await, before.1);
    let statuses = [&first, &second, &third].map(|i| json!({ "attestation": i.attestation }));
    let (_, answer) = h.verify(json!({ "items": statuses })).await;
    let said: Vec<&str> = answer["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!(said, ["active", "active", "revoked"]);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_list_is_followed_by_another_of_its_month() {
    let h = Harness::start_with(&[("GOSBADGE__STATUS__LIST_SIZE", "1024")]).await;
    let first = issue(&h, "218000001").await;
    let mut db = Database::open(&h.database);
    db.run("UPDATE status_lists SET next_idx = 1023");
    let (last, next) = (issue(&h, "218000002").await, issue(&h, "218000003").await);
    assert_eq!([&first, &last, &next].map(|i| place(&i.attestation)), [(1, 0), (1, 1023), (2, 0)]);
    assert_eq!(db.count("status_lists WHERE month = (SELECT MIN(month) FROM status_lists)"), 2);
    assert_eq!(lists(&h).await, ["1", "2"]);
    for (n, issued) in [(1, &last), (2, &next)] {
        change(&h, &issued.badge, "suspend").await;
        let idx = place(&issued.attestation).1;
        assert_eq!(read(&h, &format!("/status/{n}"), h.clock.now()).await.get(idx), Some(ListValue::Suspended));
    }
    // Everything is found again by a service that begins with what is recorded.
    let h = h.restart(&[]).await;
    for (n, issued) in [(1, &last), (2, &next)] {
        let idx = place(&issued.attestation).1;
        assert_eq!(read(&h, &format!("/status/{n}"), h.clock.now()).await.get(idx), Some(ListValue::Suspended));
    }
    h.stop().await;
}

/// The answer to a change comes after the list is signed: nobody has to wait for a refresh in the background.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_stands_in_the_served_list_when_its_answer_comes() {
    let rarely = [("GOSBADGE__STATUS__REFRESH_INTERVAL", "60s"), ("GOSBADGE__STATUS__MAX_VIEW_AGE", "90s")];
    let h = Harness::start_with(&rarely).await;
    let issued = issue(&h, "218000001").await;
    for (action, value) in [("suspend", ListValue::Suspended), ("reinstate", ListValue::Valid), ("revoke", ListValue::Invalid)] {
        let begun = std::time::Instant::now();
        change(&h, &issued.badge, action).await;
        assert_eq!(read(&h, "/status/1", h.clock.now()).await.get(0), Some(value), "{action}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{action} took {:?}", begun.elapsed());
    }
    h.stop().await;
}

/// Logs what happened, as the background does a moment later.
async fn log(h: &Harness) {
    sequence_log(h.app()).await.unwrap();
}
