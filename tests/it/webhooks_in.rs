//! The platform verification webhook: messages from platforms.

mod acting;
mod refusals;

use gosbadge::domain::webhook_signature::WebhookSecret;
use gosbadge::ports::Clock as _;
use serde_json::{Value, json};

use crate::harness::Harness;

/// A message, every part of which a test may bend.
struct Message<'a> {
    platform: &'a str,
    id: &'a str,
    secret: &'a str,
    /// Seconds from now.
    shift: i64,
    body: String,
}

impl<'a> Message<'a> {
    fn new(h: &'a Harness, id: &'a str, body: impl ToString) -> Self {
        Self { platform: "demo", id, secret: &h.ready().platform.inbound_webhook_secret, shift: 0, body: body.to_string() }
    }

    fn headers(&self, h: &Harness) -> [(&'static str, String); 3] {
        let at = gosbadge::domain::time::Timestamp::from_secs(h.clock.now().secs() + self.shift);
        let signature = WebhookSecret::parse(self.secret).unwrap().sign(self.id, at, self.body.as_bytes());
        [("webhook-id", self.id.to_owned()), ("webhook-timestamp", at.secs().to_string()), ("webhook-signature", signature)]
    }

    async fn send(&self, h: &Harness) -> (u16, Value) {
        post(h, self.platform, &self.headers(h), &self.body).await
    }
}

async fn post(h: &Harness, platform: &str, headers: &[(&str, String)], body: &str) -> (u16, Value) {
    let mut request = h.http.post(h.url(&format!("/v1/webhooks/{platform}"))).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn about(kind: &str, community: &str) -> Value {
    json!({ "type": kind, "timestamp": "2026-11-23T10:00:00Z", "data": { "community": { "platform": "demo", "id": community } } })
}
