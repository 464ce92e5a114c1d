//! The platform verification webhook: messages from platforms, signed after Standard Webhooks, answered only when recorded
//! and acted on once.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::community_events::{Word, act, claim, earlier};
use super::verify::{self, Question};
use super::{Actor, App, Error};
use crate::domain::community::{CommunityNumber, CommunityRef, NAME_MAX, PlatformId};
use crate::domain::community_event::{CommunityEvent, Names};
use crate::domain::digest;
use crate::domain::time::Timestamp;
use crate::domain::webhook_signature::{BadSignature, WebhookSecret};
use crate::ports::vault::SealFor;
use crate::store::StoreError;
use crate::store::inbound::InboundRow;
use crate::store::platforms::{self, SecretRow};

/// A message as received.
pub struct Received {
    /// Platform named in the path.
    pub platform: String,
    /// `webhook-id`
    pub id: String,
    /// `webhook-timestamp`
    pub timestamp: String,
    /// `webhook-signature`
    pub signature: String,
    /// Body, byte for byte.
    pub body: Vec<u8>,
    /// Who sent it, for the audit trail.
    pub actor: Actor,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    data: Value,
}

#[derive(Deserialize)]
struct About {
    #[serde(default)]
    attestation: Option<String>,
    #[serde(default)]
    community: Option<AboutCommunity>,
}

#[derive(Deserialize)]
struct AboutCommunity {
    #[serde(default)]
    platform: Option<PlatformId>,
    id: CommunityNumber,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    screen_name: Option<String>,
}

impl AboutCommunity {
    fn names(&self) -> Result<Names, Error> {
        checked(Names { name: self.name.clone(), screen_name: self.screen_name.clone() })
    }
}

/// Names within the limits of what is kept.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(super) fn checked(names: Names) -> Result<Names, Error> {
    let good = |n: &Option<String>| n.as_ref().is_none_or(|n| n.chars().count() <= NAME_MAX && !n.contains('\0'));
    if good(&names.name) && good(&names.screen_name) {
        return Ok(names);
    }
    Err(Error::InvalidRequest(format!("name and screen_name must be at most {NAME_MAX} characters, none of them NUL")))
}

/// Types of messages, as answers to unknown ones list them.
const TYPES: [&str; 5] =
    ["community.verify", "community.renamed", "community.administrators_changed", "community.compromised", "community.deleted"];

fn event(kind: &str, names: Names) -> Option<CommunityEvent> {
    let all = [CommunityEvent::Renamed(names), CommunityEvent::AdministratorsChanged, CommunityEvent::Captured, CommunityEvent::Deleted];
    all.into_iter().find(|e| e.message_type() == kind)
}

/// Checks, records and answers a message.
///
/// # Errors
/// [`Error::BadWebhook`] when the signature does not hold; [`Error::InvalidRequest`] for a message we do not understand;
/// [`Error::Conflict`] when the same `webhook-id` came before with another body. Nothing is recorded then.
pub async fn receive_webhook(app: &Arc<App>, received: Received) -> Result<Value, Error> {
    let now = app.clock.now();
    let (platform, message) = authenticate(app, &received, now).await?;
    let about: About = serde_json::from_value(message.data).map_err(|e| Error::InvalidRequest(format!("data: {e}")))?;
    let names = about.community.as_ref().map(AboutCommunity::names).transpose()?.unwrap_or_default();
    let community = about.community.map(|c| own_community(&platform, c)).transpose()?;
    if let Some(community) = &community {
        super::new_application::must_speak_for(app, community).await?;
    }
    let row = InboundRow {
        platform_id: received.platform,
        webhook_id: received.id,
        kind: message.kind.clone(),
        body_digest: digest::sha256_hex(&received.body),
        response: String::new(),
        received_at: now.millis(),
    };
    let answer = match message.kind.as_str() {
        "community.verify" => {
            // A repeated question is answered anew: it changes nothing, and the old answer may not hold any more.
            seen_before(app, &row).await?;
            let answer = verify::verify(app, Question { attestation: about.attestation, community }).await?;
            let text = serde_json::to_string(&answer).map_err(|e| Error::Internal(e.to_string()))?;
            record(app, InboundRow { response: text.clone(), ..row }).await?;
            text
        }
        other => {
            let event = event(other, names)
                .ok_or_else(|| Error::InvalidRequest(format!("type {other:?} is not supported; send one of: {}", TYPES.join(", "))))?;
            let community = community.ok_or_else(|| Error::InvalidRequest("data.community.id is missing".to_owned()))?;
            act(app, row, community, event, received.actor, Word::Platform).await?
        }
    };
    parse(&answer)
}

fn parse(answer: &str) -> Result<Value, Error> {
    serde_json::from_str(answer).map_err(|_| super::damaged("recorded answer"))
}

fn own_community(platform: &PlatformId, c: AboutCommunity) -> Result<CommunityRef, Error> {
    if c.platform.is_some_and(|p| p != *platform) {
        return Err(Error::InvalidRequest(format!(
            "data.community.platform must be {platform}: a platform speaks for its own communities only"
        )));
    }
    Ok(CommunityRef { platform: platform.clone(), id: c.id })
}

async fn authenticate(app: &Arc<App>, r: &Received, now: Timestamp) -> Result<(PlatformId, Message), Error> {
    let id_ok = (1..=128).contains(&r.id.len()) && r.id.bytes().all(|b| b.is_ascii_graphic());
    if !id_ok {
        return Err(Error::BadWebhook("webhook-id must be 1 to 128 printable characters".to_owned()));
    }
    let name = r.platform.clone();
    let secrets: Vec<SecretRow> = app
        .db
        .read("webhook_secrets", move |tx| -> Result<_, StoreError> {
            let active = platforms::by_id(tx, &name)?.is_some_and(|p| p.state == "active");
            if active { platforms::live_secrets(tx, &name, "webhook_in", now) } else { Ok(Vec::new()) }
        })
        .await
        .map_err(Error::from)?;
    // Without a secret the message is still measured, with one nobody has: a platform that is unknown or shut out is refused
    // in the same words as a wrong signature.
    let nobodys = WebhookSecret::from_bytes(app.entropy.bytes::<32>().to_vec()).map_err(|e| Error::Internal(e.to_string()))?;
    let mut outcome = nobodys.verify(&r.id, &r.timestamp, &r.body, &r.signature, now);
    for row in secrets {
        let sealed = row.sealed.as_deref().ok_or_else(|| super::damaged("webhook secret"))?;
        let plain = app.vault.open(SealFor::WebhookSecret, &row.id, sealed).map_err(|_| super::damaged("webhook secret"))?;
        let secret = WebhookSecret::from_bytes(plain).map_err(|_| super::damaged("webhook secret"))?;
        outcome = secret.verify(&r.id, &r.timestamp, &r.body, &r.signature, now);
        if outcome != Err(BadSignature::Mismatch) {
            break;
        }
    }
    outcome.map_err(|e| Error::BadWebhook(e.to_string()))?;
    let platform = r.platform.parse().map_err(|_| super::damaged("platform id"))?;
    let message = serde_json::from_slice(&r.body).map_err(|e| Error::InvalidRequest(format!("body: {e}")))?;
    Ok((platform, message))
}

async fn seen_before(app: &Arc<App>, row: &InboundRow) -> Result<Option<String>, Error> {
    let row = row.clone();
    app.db.read("find_inbound", move |tx| earlier(tx, &row)).await
}

async fn record(app: &Arc<App>, row: InboundRow) -> Result<String, Error> {
    app.db
        .write("record_inbound", move |tx| -> Result<String, Error> {
            match claim(tx, &row)? {
                Some(answer) => Ok(answer),
                None => Ok(row.response),
            }
        })
        .await
}
