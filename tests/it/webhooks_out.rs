//! Events to platforms, seen by a receiver of our own that answers as the test says. Background work is off: each test makes the
//! attempts itself, so that "not yet" can be told from "not at all".

mod message;
mod order;
mod receiver;
mod retries;
mod secrets;
mod workers;

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::{NewPlatform, replace_platform};
use gosbadge::service::deliver::deliver_due;
use gosbadge::service::verify_stream::verify_streams;
use serde_json::json;

use self::receiver::Receiver;
use crate::harness::Harness;

const BY_HAND: (&str, &str) = ("GOSBADGE__JOBS__IN_PROCESS", "false");

/// A set-up whose platform listens at the returned receiver.
async fn start(settings: &[(&str, &str)]) -> (Harness, Receiver) {
    let mut h = Harness::start_with(settings).await;
    let receiver = Receiver::start();
    subscribe(&mut h, &receiver.url).await;
    (h, receiver)
}

/// Points the platform's webhook at `url`, which answers its verification event; its secrets change with that.
async fn subscribe(h: &mut Harness, url: &str) {
    let base = h.ready().platform_url.clone();
    let new = NewPlatform {
        id: "demo".parse().unwrap(),
        name: "Площадка".to_owned(),
        base_url: base.clone(),
        redirect_uris: vec![h.ready().platform.redirect_uri.clone()],
        community_prefixes: vec![format!("{base}/")],
        jwks: None,
        webhook_url: Some(url.to_owned()),
        certificate: None,
        communities: None,
    };
    let secrets = replace_platform(h.app(), new, &Actor::system()).await.unwrap();
    let platform = &mut h.dev.ready.platform;
    platform.client_secret = secrets.client_secret.unwrap();
    platform.inbound_webhook_secret = secrets.inbound_webhook_secret;
    platform.outgoing_webhook_secret = secrets.outgoing_webhook_secret;
    assert_eq!(verify_streams(h.app()).await.unwrap(), 1);
}

/// One round of attempts; how many were made.
async fn attempts(h: &Harness) -> usize {
    deliver_due(h.app()).await.unwrap()
}

async fn attempts_after(h: &Harness, secs: u64) -> usize {
    h.clock.advance(Duration::from_secs(secs));
    attempts(h).await
}

async fn pending(h: &Harness) -> u64 {
    let ready: serde_json::Value = h.http.get(h.url("/health/ready")).send().await.unwrap().json().await.unwrap();
    ready["deliveries_pending"].as_u64().unwrap()
}

async fn change(h: &Harness, badge: &str, action: &str) {
    let (status, answer) = h.admin(badge, action, json!({ "reason": "operator_decision" })).await;
    assert_eq!((status, answer["changed"].as_bool()), (200, Some(true)), "{answer}");
}
