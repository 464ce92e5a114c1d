//! What platforms tell us of communities, in the form of VK's Callback API: who is believed, and in which state, event and page each
//! message ends.

mod doors;
mod endings;

use gosbadge::service::Actor;
use gosbadge::service::add_callback_server::{NewCallbackServer, add_callback_server};
use gosbadge::service::audit_log::audit_log;
use gosbadge::service::sequence_log::sequence_log;
use serde_json::{Value, json};
use std::time::Duration;

use crate::flow::Page;
use crate::harness::{Harness, Person};

const COMMUNITY: &str = "218000001";
const NAME: &str = "Детский сад № 12 «Ромашка»";
const CODE: &str = "a1b2c3d4";

/// A set-up whose platform `demo` calls back, and the secret it was given.
struct Stand {
    h: Harness,
    secret: String,
}

impl Stand {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let h = Harness::start_with(settings).await;
        let secret = register(&h, None, CODE).await;
        Self { h, secret }
    }

    /// One of VK's messages about [`COMMUNITY`].
    fn message(&self, event_id: &str, kind: &str, object: &Value) -> Value {
        let group: u64 = COMMUNITY.parse().unwrap();
        json!({ "type": kind, "group_id": group, "event_id": event_id, "v": "5.199", "secret": self.secret, "object": object })
    }

    async fn call(&self, message: &Value) -> (u16, String) {
        call(&self.h, "demo", message).await
    }

    /// Sends a message that must be taken.
    async fn tell(&self, event_id: &str, kind: &str, object: Value) {
        assert_eq!(self.call(&self.message(event_id, kind, &object)).await, (200, "ok".to_owned()));
    }

    async fn renamed(&self, event_id: &str, to: &str) {
        let changes = json!({ "title": { "old_value": "…", "new_value": to } });
        self.tell(event_id, "group_change_settings", json!({ "user_id": 1, "changes": changes })).await;
    }

    async fn administrator_came(&self, event_id: &str) {
        let object = json!({ "admin_id": 1, "user_id": 2, "level_old": 0, "level_new": 3 });
        self.tell(event_id, "group_officers_edit", object).await;
    }

    /// State, reason and version of a badge, and the types of its events.
    async fn badge(&self, badge: &str) -> (String, Option<String>, u64, Vec<String>) {
        let b = self.json(&format!("/v1/badges/{badge}")).await;
        let history = b["history"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap().to_owned()).collect();
        (b["state"].as_str().unwrap().to_owned(), b["reason"].as_str().map(str::to_owned), b["version"].as_u64().unwrap(), history)
    }

    async fn json(&self, path: &str) -> Value {
        self.h.http.get(self.h.url(path)).send().await.unwrap().json().await.unwrap()
    }

    /// The public page of a badge.
    async fn page(&self, badge: &str) -> String {
        let page = self.json(&format!("/v1/badges/{badge}")).await["page"].as_str().unwrap().to_owned();
        self.h.http.get(page).header("accept", "text/html").send().await.unwrap().text().await.unwrap()
    }

    /// The head of a badge's public page, and the history on it.
    async fn shown(&self, badge: &str) -> (String, String) {
        let page = self.json(&format!("/v1/badges/{badge}")).await["page"].as_str().unwrap().to_owned();
        let page = Page::of(&Person::new().get(&page, None).await);
        (page.text(".plaque"), page.text(".history"))
    }

    /// Waits until the platform was told of this version, by an event of this type whose signature held; its data.
    async fn told(&self, kind: &str, version: u64) -> Value {
        let url = format!("{}/api/deliveries", self.h.ready().platform_url);
        self.h
            .until(&format!("the platform hears {kind}, version {version}"), async || {
                let told: Value = self.h.http.get(&url).send().await.unwrap().json().await.unwrap();
                let found =
                    told.as_array().unwrap().iter().find(|d| d["type"] == kind && d["version"] == version && d["signature_ok"] == true)?;
                let body: Value = serde_json::from_str(found["body"].as_str().unwrap()).unwrap();
                Some(body["data"].clone())
            })
            .await
    }

    /// The transparency log holds what happened, and nobody could find fault with it.
    async fn stop(self) {
        sequence_log(self.h.app()).await.unwrap();
        assert_eq!(audit_log(self.h.app(), Vec::new()).await.unwrap().findings, Vec::new());
        self.h.stop().await;
    }
}

async fn register(h: &Harness, community: Option<&str>, confirmation: &str) -> String {
    let new = NewCallbackServer {
        platform: "demo".to_owned(),
        community: community.map(|c| c.parse().unwrap()),
        confirmation: confirmation.to_owned(),
        overlap: Duration::from_secs(3600),
    };
    add_callback_server(h.app(), new, &Actor::system()).await.unwrap()
}

async fn call(h: &Harness, platform: &str, message: &Value) -> (u16, String) {
    let request = h.http.post(h.url(&format!("/v1/webhooks/{platform}/callback"))).body(message.to_string());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
