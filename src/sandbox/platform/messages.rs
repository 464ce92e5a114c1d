//! What the platform tells gosbadge: `community.*` messages, signed as Standard Webhooks with the inbound secret.

use serde_json::{Value, json};

use super::communities::Answer;
use super::gosbadge::read_capped;
use super::state::Platform;
use super::words;

/// Largest answer kept, bytes.
const ANSWER_MAX: usize = 16 * 1024;

impl Platform {
    /// Sends one message about `community` and remembers the answer. `extra` are further members of `data`.
    pub(super) async fn tell(&self, community: &str, kind: &'static str, extra: Value) {
        let Some(mut data) = self.describe(community) else { return };
        if let (Some(data), Value::Object(extra)) = (data.as_object_mut(), extra) {
            data.extend(extra);
        }
        let now = self.now();
        let body = json!({ "type": kind, "timestamp": now, "data": data }).to_string();
        let id = format!("msg_{}", self.entropy.uuid());
        let (accepted, text) = self.post(&id, body).await.unwrap_or_default();
        let answer = Answer { kind, at: now, summary: summary(kind, accepted, &text), body: text, accepted };
        if let Some(c) = self.state().communities.get_mut(community) {
            c.last_answer = Some(answer);
        }
    }

    fn describe(&self, community: &str) -> Option<Value> {
        let state = self.state();
        let c = state.communities.get(community)?;
        Some(json!({ "community": {
            "platform": self.id, "id": c.id, "uri": self.club_url(&c.id), "name": c.name, "screen_name": c.screen_name,
        }}))
    }

    async fn post(&self, id: &str, body: String) -> Result<(bool, String), ()> {
        let now = self.now();
        let response = self
            .trust
            .http
            .post(format!("{}/v1/webhooks/{}", self.issuer, self.id))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.secs().to_string())
            .header("webhook-signature", self.inbound.sign(id, now, body.as_bytes()))
            .body(body)
            .send()
            .await
            .map_err(drop)?;
        let accepted = response.status().is_success();
        let body = read_capped(response, ANSWER_MAX).await.map_err(drop)?;
        Ok((accepted, String::from_utf8_lossy(&body).into_owned()))
    }
}

fn summary(kind: &str, accepted: bool, body: &str) -> String {
    if !accepted && body.is_empty() {
        return "gosbadge не ответил. Повторите чуть позже.".into();
    }
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let member = |name: &str| value.get(name).and_then(Value::as_str);
    if !accepted {
        let why = member("detail").or(member("title")).unwrap_or("причина не названа");
        return format!("gosbadge не принял сообщение: {why}");
    }
    match (kind, member("status")) {
        ("community.verify", Some(status)) => {
            let reason = member("reason").map(|r| format!(" ({})", words::reason(r))).unwrap_or_default();
            format!("Ответ gosbadge: {}{reason}.", words::status(status))
        }
        ("community.verify", None) => "gosbadge ответил, но не назвал состояние отметки.".into(),
        _ => "gosbadge принял сообщение.".into(),
    }
}
