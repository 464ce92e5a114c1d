//! Deliveries listed and sent again, by the platform and by operators.

use std::time::Duration;

use gosbadge::ports::Clock as _;
use serde_json::{Value, json};

use super::endpoints::{Endpoint, Reaction};
use super::{BY_HAND, attempts, call, change, live};
use crate::harness::Harness;

const GIVEN_UP_SOON: (&str, &str) = ("GOSBADGE__WEBHOOKS__RETRY_SCHEDULE", "1s");

async fn operator(h: &Harness, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let url = format!("{}/admin/v1{path}", h.ready().admin_url);
    let mut request = h.http.request(method.parse().unwrap(), url).bearer_auth(&h.ready().operator_token);
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_listed_and_goes_out_again() {
    let h = Harness::start_with(&[BY_HAND, GIVEN_UP_SOON]).await;
    let endpoint = Endpoint::start(Reaction::Takes);
    live(&h, "push_webhook", &endpoint.url).await;
    endpoint.react(Reaction::Says(500, ""));
    let since = h.clock.now();
    for n in 1..=5 {
        h.clock.advance(Duration::from_millis(10));
        h.issue(&format!("21800000{n}"), "kindergarten-head").await;
    }
    assert_eq!(attempts(&h).await, 5);
    h.clock.advance(Duration::from_secs(2));
    assert_eq!(attempts(&h).await, 5);
    // Pages, newest first, by cursor.
    let (mut cursor, mut ids) = (String::new(), Vec::new());
    for expected in [2, 2, 1] {
        let more = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
        let (status, page) = call(&h, "GET", &format!("/v1/deliveries?state=dead&limit=2{more}"), None).await;
        let rows = page["deliveries"].as_array().unwrap();
        assert_eq!((status, rows.len()), (200, expected), "{page}");
        for row in rows {
            assert_eq!((&row["attempts"], &row["note"], &row["type"]), (&json!(2), &json!("status 500"), &json!("badge.issued")), "{row}");
            ids.push(row["id"].as_str().unwrap().to_owned());
        }
        page["next"].as_str().unwrap_or_default().clone_into(&mut cursor);
    }
    assert!(ids.len() == 5 && ids.is_sorted_by(|a, b| a > b) && cursor.is_empty(), "{ids:?}");
    endpoint.react(Reaction::Takes);
    // One.
    let (status, row) = call(&h, "POST", &format!("/v1/deliveries/{}/redeliver", ids[0]), None).await;
    assert_eq!((status, &row["state"], &row["attempts"]), (200, &json!("pending"), &json!(0)), "{row}");
    assert_eq!(attempts(&h).await, 1);
    // The rest of the time, and nothing twice.
    let range = json!({ "since": since, "state": "dead" });
    let (status, answer) = call(&h, "POST", "/v1/deliveries/redeliver", Some(range.clone())).await;
    assert_eq!((status, answer), (200, json!({ "redelivered": 4 })));
    assert_eq!((attempts(&h).await, attempts(&h).await), (4, 0));
    assert_eq!(call(&h, "POST", "/v1/deliveries/redeliver", Some(range)).await.1, json!({ "redelivered": 0 }));
    // Delivered ones too, for whoever lost them.
    let (_, answer) = call(&h, "POST", "/v1/deliveries/redeliver", Some(json!({ "since": since }))).await;
    assert_eq!((answer, attempts(&h).await), (json!({ "redelivered": 5 }), 5));
    endpoint.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_are_sent_again_in_many_short_transactions() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Takes);
    live(&h, "push_webhook", &endpoint.url).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    assert_eq!(attempts(&h).await, 1);
    // The same event for platforms of the past: rows are what is counted here, not what they say.
    let mut db = crate::database::Database::open(&h.database);
    db.run(&format!(
        "INSERT INTO deliveries (id, event_seq, platform_id, badge_id, version, state, attempts, next_at, lease_until, created_at)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
         SELECT 'msg_old' || CAST(100000 + i AS TEXT), 1, 'demo', '{}', 1000 + i, 'dead', 10, 0, 0, {} + i FROM n",
        issued.badge,
        h.clock.now().millis()
    ));
    let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), String::new());
    loop {
        let (_, page) = call(&h, "GET", &format!("/v1/deliveries?state=dead&limit=1000{cursor}"), None).await;
        seen.extend(page["deliveries"].as_array().unwrap().iter().map(|d| d["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 2500);
    let until = h.clock.now().plus(Duration::from_secs(60));
    let (status, answer) =
        call(&h, "POST", "/v1/deliveries/redeliver", Some(json!({ "since": h.clock.now(), "until": until, "state": "dead" }))).await;
    assert_eq!((status, answer), (200, json!({ "redelivered": 2500 })));
    assert_eq!(db.count("deliveries WHERE state = 'pending' AND attempts = 0"), 2500);
    endpoint.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_listed_or_sent_again() {
    let h = Harness::start_with(&[BY_HAND]).await;
    for bad in ["state=lost", "since=yesterday", "until=1", "limit=0"] {
        let (status, answer) = call(&h, "GET", &format!("/v1/deliveries?{bad}"), None).await;
        assert_eq!((status, &answer["code"]), (400, &json!("invalid-request")), "{bad} {answer}");
    }
    let now = h.clock.now();
    for bad in [
        json!({}),
        json!({ "since": "x" }),
        json!({ "since": now, "until": now }),
        json!({ "since": now, "state": "pending" }),
        json!({ "since": now, "platform": "other" }),
    ] {
        let (status, answer) = call(&h, "POST", "/v1/deliveries/redeliver", Some(bad.clone())).await;
        assert_eq!((status, &answer["code"]), (400, &json!("invalid-request")), "{bad} {answer}");
    }
    let (status, answer) = call(&h, "POST", "/v1/deliveries/msg_x/redeliver", None).await;
    assert_eq!((status, &answer["code"]), (404, &json!("not-found")), "{answer}");
    assert_eq!(h.http.get(h.url("/v1/deliveries")).send().await.unwrap().status(), 401);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_and_do_the_same_for_every_platform_and_leave_a_trace() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Takes);
    live(&h, "push_webhook", &endpoint.url).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    change(&h, &issued.badge, "revoke").await;
    assert_eq!((attempts(&h).await, attempts(&h).await), (1, 1));
    let (status, page) = operator(&h, "GET", "/deliveries?platform=demo&state=delivered", None).await;
    assert_eq!((status, page["deliveries"].as_array().unwrap().len()), (200, 2), "{page}");
    assert_eq!(operator(&h, "GET", "/deliveries?platform=other", None).await.1, json!({ "deliveries": [], "next": null }));
    let id = page["deliveries"][1]["id"].as_str().unwrap();
    let (status, row) = operator(&h, "POST", &format!("/deliveries/{id}/redeliver"), None).await;
    assert_eq!((status, &row["state"]), (200, &json!("pending")), "{row}");
    let (status, answer) = operator(&h, "POST", "/deliveries/redeliver", Some(json!({ "platform": "demo", "since": h.clock.now() }))).await;
    assert_eq!((status, answer), (200, json!({ "redelivered": 1 })), "the other one is pending already");
    assert_eq!(operator(&h, "POST", "/deliveries/redeliver", Some(json!({ "since": h.clock.now() }))).await.0, 400);
    assert_eq!(operator(&h, "POST", "/deliveries/msg_x/redeliver", None).await.0, 404);
    let url = format!("{}/admin/v1/deliveries", h.ready().admin_url);
    assert_eq!(h.http.get(url).send().await.unwrap().status(), 401);
    let (_, audit) = operator(&h, "GET", "/audit", None).await;
    // The clock stands still, so their order is not that of the calls.
    let entries = audit["entries"].as_array().unwrap().iter().filter(|e| e["action"] == "delivery.redeliver");
    let mut outcomes: Vec<_> = entries.map(|e| e["outcome"].as_str().unwrap()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["invalid", "not_found", "ok"], "{audit}");
    endpoint.stop().await;
    h.stop().await;
}
