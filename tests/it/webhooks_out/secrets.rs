//! While the outgoing secret changes hands each message is signed with both, so that the platform may change at any moment.

use std::time::Duration;

use gosbadge::domain::webhook_signature::WebhookSecret;
use gosbadge::ports::Clock as _;
use gosbadge::service::Actor;
use gosbadge::service::add_platform::{SecretPurpose, rotate_secret};

use super::{BY_HAND, attempts, change, start};

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_sign_until_the_older_ends() {
    const OVERLAP: Duration = Duration::from_secs(3600);
    let (h, receiver) = start(&[BY_HAND]).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let first = h.ready().platform.outgoing_webhook_secret.clone();
    let rotated = rotate_secret(h.app(), "demo".to_owned(), SecretPurpose::WebhookOut, OVERLAP, &Actor::system()).await;
    let second = rotated.unwrap();
    assert_eq!(attempts(&h).await, 1);
    h.clock.advance(OVERLAP);
    change(&h, &issued.badge, "suspend").await;
    assert_eq!(attempts(&h).await, 1);
    let got = receiver.got();
    let fits = |secret: &str, n: usize, at| {
        let got = &got[n];
        WebhookSecret::parse(secret).unwrap().verify(&got.id, &got.timestamp, got.body.as_bytes(), &got.signature, at).is_ok()
    };
    let (before, now) = (h.clock.now().minus(OVERLAP), h.clock.now());
    assert!(fits(&first, 0, before) && fits(&second, 0, before));
    assert_eq!(got[0].signature.split(' ').count(), 2);
    assert!(!fits(&first, 1, now) && fits(&second, 1, now), "the older one has ended");
    receiver.stop().await;
    h.stop().await;
}
