//! The platform verification webhook: messages from platforms, signed after Standard Webhooks, answered only when recorded
//! and acted on once.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::change_badge::change_in;
use super::verify::{self, Question};
use super::{Actor, App, Error};
use crate::domain::badge::BadgeChange;
use crate::domain::community::{CommunityNumber, CommunityRef, PlatformId};
use crate::domain::digest;
use crate::domain::reason::ReasonCode;
use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;
use crate::domain::webhook_signature::{BadSignature, WebhookSecret};
use crate::ports::vault::SealFor;
use crate::store::inbound::{self, InboundRow};
use crate::store::platforms::{self, SecretRow};
use crate::store::{StoreError, Tx, applications, badges, communities};

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
            let known = "community.verify, community.compromised, community.renamed, community.deleted";
            if let Some(meaning) = meaning(other) {
                let community = community.ok_or_else(|| Error::InvalidRequest("data.community.id is missing".to_owned()))?;
                return parse(&act(app, row, community, meaning, received.actor, now).await?);
            }
            return Err(Error::InvalidRequest(format!("type {other:?} is not supported; send one of: {known}")));
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

fn earlier(tx: &mut Tx<'_>, row: &InboundRow) -> Result<Option<String>, Error> {
    match inbound::find(tx, &row.platform_id, &row.webhook_id)? {
        Some(old) if old.body_digest == row.body_digest => Ok(Some(old.response)),
        Some(_) => Err(Error::Conflict("this webhook-id came before with another body; use a new id for a new message".to_owned())),
        None => Ok(None),
    }
}

/// Records the message, or returns the answer it got before. Of two copies arriving at once, the second waits here for the
/// first one's commit.
fn claim(tx: &mut Tx<'_>, row: &InboundRow) -> Result<Option<String>, Error> {
    if let Some(answer) = earlier(tx, row)? {
        return Ok(Some(answer));
    }
    match inbound::insert(tx, row) {
        Ok(()) => Ok(None),
        Err(StoreError::Duplicate) => earlier(tx, row)?.map(Some).ok_or_else(|| super::damaged("recorded answer")),
        Err(e) => Err(e.into()),
    }
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

/// What a message about a community means: the change of its badge, and the code open applications for it end with.
type Meaning = (BadgeChange, RefusalCode);

fn meaning(kind: &str) -> Option<Meaning> {
    Some(match kind {
        "community.compromised" => (BadgeChange::Suspend(ReasonCode::CommunityCaptured), RefusalCode::F16),
        // The name was part of what was confirmed; an operator reinstates the badge once it fits again.
        "community.renamed" => (BadgeChange::Suspend(ReasonCode::CommunityRenamed), RefusalCode::F15),
        "community.deleted" => (BadgeChange::Revoke(ReasonCode::CommunityDeleted), RefusalCode::F16),
        _ => return None,
    })
}

async fn act(
    app: &Arc<App>,
    row: InboundRow,
    community: CommunityRef,
    meaning: Meaning,
    actor: Actor,
    now: Timestamp,
) -> Result<String, Error> {
    let inner = Arc::clone(app);
    let (answer, moved) = app
        .db
        .write("community_message", move |tx| -> Result<_, Error> {
            if let Some(answer) = claim(tx, &row)? {
                return Ok((answer, false));
            }
            let (badge, moved) = apply(&inner, tx, &community, meaning, &actor, now)?;
            let response = json!({ "recorded": true, "community": community, "badge": badge }).to_string();
            inbound::set_response(tx, &row.platform_id, &row.webhook_id, &response)?;
            Ok((response, moved))
        })
        .await?;
    if moved {
        app.after_commit().await;
    }
    Ok(answer)
}

/// Changes the community's badge at once; a community without one is only recorded.
fn apply(
    app: &App,
    tx: &mut Tx<'_>,
    community: &CommunityRef,
    (change, code): Meaning,
    actor: &Actor,
    now: Timestamp,
) -> Result<(Value, bool), Error> {
    let c = communities::by_number(tx, community.platform.as_str(), community.id.as_str())?;
    let badge = match &c {
        Some(c) => badges::current_of(tx, &c.id)?,
        None => None,
    };
    // The badge before the applications, as an issue takes them.
    if let Some(badge) = &badge {
        badges::lock(tx, &badge.id)?;
    }
    // Whoever holds the page now must not finish what was begun for it either.
    applications::refuse_open_of(tx, community.platform.as_str(), community.id.as_str(), code, now)?;
    let Some(badge) = badge else { return Ok((Value::Null, false)) };
    let changed = change_in(app, tx, &badge.id, change, None, actor, now)??;
    let b = &changed.facts.0;
    Ok((json!({ "id": b.id, "state": b.state, "reason": b.reason, "version": b.version }), changed.moved))
}
