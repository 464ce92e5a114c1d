//! A record that cannot be read, among others that can.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::endpoints::{Endpoint, Reaction};
use super::{BY_HAND, attempts, call, change, live, put, stream};
use crate::database::Database;
use crate::harness::Harness;

/// Two attempts, a second apart.
const GIVEN_UP_SOON: (&str, &str) = ("GOSBADGE__WEBHOOKS__RETRY_SCHEDULE", "1s");

/// Polls and acknowledges what came; ids by badge and version as the ledger has them.
async fn fetch(h: &Harness) -> Vec<(String, i64)> {
    let (status, body) = call(h, "POST", "/v1/events/poll", Some(json!({ "returnImmediately": true, "maxEvents": 2 }))).await;
    assert_eq!(status, 200, "{body}");
    let ids: Vec<&String> = body["sets"].as_object().unwrap().keys().collect();
    let mut db = Database::open(&h.database);
    let mut known =
        |id: &str, column: &str| db.lines(&format!("SELECT CAST({column} AS TEXT) AS v FROM events WHERE id = '{id}'")).remove(0);
    let mut found: Vec<_> = ids.iter().map(|id| (known(id, "badge_id"), known(id, "version").parse().unwrap())).collect();
    found.sort_unstable();
    let (status, body) = call(h, "POST", "/v1/events/poll", Some(json!({ "maxEvents": 0, "ack": ids }))).await;
    assert_eq!(status, 200, "{body}");
    found
}

async fn dead(h: &Harness) -> Vec<Value> {
    let (status, body) = call(h, "GET", "/v1/deliveries?state=dead", None).await;
    assert_eq!(status, 200, "{body}");
    body["deliveries"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_holds_up_a_fetching_platform_no_longer_than_the_schedule() {
    let h = Harness::start_with(&[BY_HAND, GIVEN_UP_SOON]).await;
    put(&h, json!({ "method": "poll" })).await;
    let (a, b) = (h.issue("218000001", "kindergarten-head").await.badge, h.issue("218000002", "kindergarten-head").await.badge);
    for badge in [&a, &b] {
        change(&h, badge, "suspend").await;
        change(&h, badge, "reinstate").await;
    }
    let mut db = Database::open(&h.database);
    db.run(&format!("UPDATE events SET kind = 'nonsense' WHERE badge_id = '{a}' AND version = 2"));
    // However often the platform asks, that is one attempt; and what stands behind the damage waits, as everywhere.
    let mut found = Vec::new();
    for _ in 0..5 {
        found.extend(fetch(&h).await);
    }
    found.sort_unstable();
    let mut expected = vec![(a.clone(), 1), (b.clone(), 1), (b.clone(), 2), (b.clone(), 3)];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(dead(&h).await, Vec::<Value>::new());
    assert_eq!(db.lines("SELECT CAST(attempts AS TEXT) AS v FROM deliveries WHERE state = 'pending' ORDER BY version"), ["1", "0"]);
    let seen = stream(&h).await;
    assert_eq!((&seen["backlog"]["events"], &seen["last_note"]), (&json!(2), &json!("internal error")), "{seen}");
    // At the end of the schedule it is given up, for everybody to see, and the next one comes.
    h.clock.advance(Duration::from_secs(2));
    assert_eq!(fetch(&h).await, []);
    let listed = dead(&h).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let of = (&listed[0]["badge"], &listed[0]["version"], &listed[0]["attempts"], &listed[0]["note"]);
    assert_eq!(of, (&json!(a), &json!(2), &json!(2), &json!("internal error")));
    assert_eq!(fetch(&h).await, [(a.clone(), 3)]);
    // Mended and asked for, it is handed out after all.
    db.run(&format!("UPDATE events SET kind = 'suspended' WHERE badge_id = '{a}' AND version = 2"));
    let again = format!("/v1/deliveries/{}/redeliver", listed[0]["id"].as_str().unwrap());
    assert_eq!(call(&h, "POST", &again, None).await.0, 200);
    assert_eq!(fetch(&h).await, [(a, 2)]);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_sent_does_not_hold_up_those_leased_with_it() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Takes);
    live(&h, "push_webhook", &endpoint.url).await;
    let mut badges = Vec::new();
    for n in 1..=4 {
        badges.push(h.issue(&format!("21800000{n}"), "kindergarten-head").await.badge);
    }
    let mut db = Database::open(&h.database);
    // A kind that does not exist, and one that nobody is told of.
    for (badge, kind) in badges.iter().zip(["nonsense", "abandoned"]) {
        db.run(&format!("UPDATE events SET kind = '{kind}' WHERE badge_id = '{badge}'"));
    }
    assert_eq!(attempts(&h).await, 4);
    let told: BTreeSet<_> = endpoint.events().iter().map(|g| g.json()["data"]["badge"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, badges[2..].iter().cloned().collect());
    let waiting =
        db.lines("SELECT badge_id || ' ' || CAST(attempts AS TEXT) || ' ' || last_note AS v FROM deliveries WHERE state = 'pending'");
    let expected: BTreeSet<_> = badges[..2].iter().map(|badge| format!("{badge} 1 internal error")).collect();
    assert_eq!(waiting.into_iter().collect::<BTreeSet<_>>(), expected);
    endpoint.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_is_passed_over_by_whoever_reads_everything_again() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let mut badges = Vec::new();
    for n in 1..=3 {
        badges.push(h.issue(&format!("21800000{n}"), "kindergarten-head").await.badge);
    }
    let mut db = Database::open(&h.database);
    db.run(match db {
        Database::Sqlite(_) => "PRAGMA foreign_keys=OFF",
        Database::Postgres(_) => "ALTER TABLE badges DROP CONSTRAINT badges_authority_id_fkey",
    });
    // The authority of a badge is nowhere to be found.
    db.run(&format!("UPDATE badges SET authority_id = 'lost' WHERE id = '{}'", badges[1]));
    for limit in [1, 2, 10] {
        let (mut after, mut found) = (String::new(), Vec::new());
        // The cursor goes on past a page that has nothing else on it.
        for _ in 0..4 {
            let (status, page) = call(&h, "GET", &format!("/v1/events?after={after}&limit={limit}"), None).await;
            assert_eq!(status, 200, "{page}");
            found.extend(page["events"].as_array().unwrap().iter().map(|e| e["data"]["badge"].as_str().unwrap().to_owned()));
            page["next"].as_str().unwrap().clone_into(&mut after);
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(found, [badges[0].clone(), badges[2].clone()], "{limit} a page");
    }
    h.stop().await;
}
