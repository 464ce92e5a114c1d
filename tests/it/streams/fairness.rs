//! No endpoint holds up another platform's: with one that hangs and one that is dead, a third hears at once. Not a matter of
//! time: the hanging endpoint never answers during the test.

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::{NewPlatform, add_platform};
use serde_json::json;

use super::endpoints::{Endpoint, Reaction};
use super::{change, put};
use crate::harness::Harness;

/// Another platform, whose communities live at an address of its own.
async fn platform(h: &Harness, id: &str, url: &str) {
    let new = NewPlatform {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        base_url: format!("https://{id}.example"),
        redirect_uris: vec![format!("https://{id}.example/callback")],
        community_prefixes: vec![format!("https://{id}.example/")],
        jwks: None,
        webhook_url: Some(url.to_owned()),
        certificate: None,
        communities: None,
    };
    add_platform(h.app(), new, &Actor::system()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_and_a_dead_neighbour_delay_nobody() {
    let h = Harness::start_with(&[("GOSBADGE__WEBHOOKS__CONCURRENCY", "2"), ("GOSBADGE__WEBHOOKS__TIMEOUT", "60s")]).await;
    let (slow, dead, well) = (Endpoint::start(Reaction::Takes), Endpoint::start(Reaction::Takes), Endpoint::start(Reaction::Takes));
    platform(&h, "slow", &slow.url).await;
    platform(&h, "dead", &dead.url).await;
    put(&h, json!({ "method": "push_webhook", "endpoint_url": well.url })).await;
    let mut db = crate::database::Database::open(&h.database);
    h.until("all are live", async || {
        (db.lines("SELECT platform_id AS v FROM streams WHERE state = 'enabled' AND next_method IS NULL").len() == 3).then_some(())
    })
    .await;
    slow.react(Reaction::Hangs);
    dead.stop().await;
    // More than the lane of the slow one holds at once.
    let mut badges = Vec::new();
    for n in 1..=6 {
        badges.push(h.issue(&format!("21800000{n}"), "kindergarten-head").await.badge);
    }
    h.until("what was issued arrives", async || (well.events().len() == 6).then_some(())).await;
    for badge in &badges[..5] {
        change(&h, badge, "suspend").await;
    }
    h.until("and what followed", async || (well.events().len() == 11).then_some(())).await;
    h.until("and is settled", async || (db.count("deliveries WHERE state = 'pending'") == 0).then_some(())).await;
    // Those of five badges are due again, for the neighbours.
    for (n, badge) in badges[..5].iter().enumerate() {
        let to = if n < 3 { "slow" } else { "dead" };
        db.run(&format!("UPDATE deliveries SET platform_id = '{to}', state = 'pending', next_at = 0 WHERE badge_id = '{badge}'"));
    }
    h.until("the slow one is busy", async || (slow.events().len() == 2).then_some(())).await;
    let already = well.events().len();
    change(&h, &badges[5], "suspend").await;
    h.until("the third hears while the slow one hangs", async || (well.events().len() > already).then_some(())).await;
    assert_eq!(slow.events().len(), 2, "its lane is full, and still nobody waited for it");
    // A hanging endpoint would hold up the end of the process for its time-out.
    slow.stop().await;
    well.stop().await;
    tokio::time::timeout(Duration::from_secs(30), h.stop()).await.unwrap();
}
