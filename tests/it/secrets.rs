//! Secrets of a platform: two of a kind are good while they change hands, never three, and an ended one stops at once. The secret of
//! outgoing messages is in `webhooks_out/secrets.rs`.

use std::time::Duration;

use futures_util::future::join_all;
use gosbadge::domain::webhook_signature::WebhookSecret;
use gosbadge::ports::Clock as _;
use gosbadge::service::add_platform::{SecretPurpose, rotate_secret};
use gosbadge::service::{Actor, Error};
use serde_json::Value;

use crate::harness::{Harness, VERIFIER};

const DAY: Duration = Duration::from_secs(86_400);

async fn rotate(h: &Harness, purpose: SecretPurpose, overlap: Duration) -> Result<String, Error> {
    rotate_secret(h.app(), "demo".to_owned(), purpose, overlap, &Actor::system()).await
}

/// Whether the client secret opens.
async fn opens(h: &Harness, secret: &str) -> bool {
    let form = h.push_parameters("218000001", VERIFIER);
    let answer = h.http.post(h.url("/oauth/par")).basic_auth("demo", Some(secret)).form(&form).send().await.unwrap();
    match answer.status().as_u16() {
        201 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

/// Whether a message signed with the secret is taken.
async fn is_taken(h: &Harness, secret: &str, id: &str) -> bool {
    let body = r#"{"type":"community.verify","timestamp":"2026-11-23T10:00:00Z","data":{"community":{"id":"218000001"}}}"#;
    let now = h.clock.now();
    let signature = WebhookSecret::parse(secret).unwrap().sign(id, now, body.as_bytes());
    let request = h.http.post(h.url("/v1/webhooks/demo")).header("webhook-id", id).header("webhook-signature", signature);
    let answer = request.header("webhook-timestamp", now.secs().to_string()).body(body).send().await.unwrap();
    match answer.status().as_u16() {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

fn assert_conflict(outcome: Result<String, Error>) {
    match outcome {
        Err(Error::Conflict(why)) => assert!(why.contains("two secrets are good already"), "{why}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a third secret"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_secret_changes_hands_without_a_gap() {
    let h = Harness::start().await;
    let first = h.ready().platform.client_secret.clone();
    let second = rotate(&h, SecretPurpose::Client, DAY).await.unwrap();
    assert!(opens(&h, &first).await && opens(&h, &second).await, "both");
    assert_conflict(rotate(&h, SecretPurpose::Client, DAY).await);
    h.clock.advance(DAY - Duration::from_millis(1));
    assert!(opens(&h, &first).await && opens(&h, &second).await, "both until the last moment");
    assert_conflict(rotate(&h, SecretPurpose::Client, DAY).await);
    h.clock.advance(Duration::from_millis(1));
    assert!(!opens(&h, &first).await, "stopped at once");
    assert!(opens(&h, &second).await);
    // A stolen pair is ended together.
    let third = rotate(&h, SecretPurpose::Client, DAY).await.unwrap();
    let fourth = rotate(&h, SecretPurpose::Client, Duration::ZERO).await.unwrap();
    for (secret, good) in [(&first, false), (&second, false), (&third, false), (&fourth, true)] {
        assert_eq!(opens(&h, secret).await, good);
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbound_secret_changes_hands_without_a_gap() {
    let h = Harness::start().await;
    let first = h.ready().platform.inbound_webhook_secret.clone();
    let second = rotate(&h, SecretPurpose::WebhookIn, DAY).await.unwrap();
    assert!(is_taken(&h, &first, "m1").await && is_taken(&h, &second, "m2").await);
    assert_conflict(rotate(&h, SecretPurpose::WebhookIn, DAY).await);
    h.clock.advance(DAY);
    assert!(!is_taken(&h, &first, "m3").await, "stopped at once");
    assert!(is_taken(&h, &second, "m4").await);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_at_once_never_leave_three() {
    let h = Harness::start().await;
    for purpose in SecretPurpose::ALL {
        let outcomes = join_all((0..8).map(|_| rotate(&h, purpose, DAY))).await;
        let word = purpose.as_str();
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1, "{word}");
        let now = h.clock.now().millis();
        let live = format!("purpose = '{word}' AND platform_id = 'demo' AND (expires_at IS NULL OR expires_at > {now})");
        assert_eq!(h.count(&format!("SELECT COUNT(*) AS n FROM platform_secrets WHERE {live}")), 2, "{word}");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_rotates_and_shows() {
    let h = Harness::start().await;
    let first = h.ready().platform.client_secret.clone();
    let out = h.gosbadge(&["platform", "rotate-secret", "demo", "--overlap", "2"]).await;
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let second = String::from_utf8(out.stdout).unwrap().trim().to_owned();
    assert!(opens(&h, &first).await && opens(&h, &second).await);
    let out = h.gosbadge(&["platform", "rotate-secret", "demo"]).await;
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(1) && said.contains("two secrets are good already"), "{said}");
    let out = h.gosbadge(&["platform", "show", "demo", "--json"]).await;
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(!text.contains(&first) && !text.contains(&second), "{text}");
    let shown: Value = serde_json::from_str(&text).unwrap();
    let secrets = shown["secrets"].as_array().unwrap();
    let ends: Vec<bool> = secrets.iter().filter(|s| s["purpose"] == "client").map(|s| s["expires_at"].is_string()).collect();
    assert_eq!(ends, [false, true], "the new one first: {shown}");
    let out = h.gosbadge(&["platform", "show", "nobody"]).await;
    assert_eq!(out.status.code(), Some(1));
    h.stop().await;
}
