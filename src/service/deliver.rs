//! Tells platforms what happened to their communities' badges: takes due deliveries from the outbox, signs, sends, settles.
//! At least once, in order per badge, retried over a day.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{App, Error};
use crate::domain::backoff;
use crate::domain::badge::{BadgeState, EventKind};
use crate::domain::time::Timestamp;
use crate::domain::webhook_signature::WebhookSecret;
use crate::ports::event_sink::{DeliveryOutcome, OutgoingMessage};
use crate::ports::signer::KeyPurpose;
use crate::ports::vault::SealFor;
use crate::store::attestations::{self, AttestationRow};
use crate::store::badges::{self, BadgeFacts};
use crate::store::deliveries::{self, DeliveryRow, Settled};
use crate::store::ledger::{self, EventRow};
use crate::store::platforms::{self, PlatformRow, SecretRow};
use crate::store::{StoreError, Tx, reproofs};

/// A lease must outlive the slowest attempt, or two workers send the same message at once.
const LEASE: Duration = Duration::from_secs(60);

/// How long the events of a disabled platform rest between looks.
const SHUT_OUT_PAUSE: Duration = Duration::from_secs(600);

struct Material {
    event: EventRow,
    facts: BadgeFacts,
    attestation: Option<AttestationRow>,
    platform: PlatformRow,
    secrets: Vec<SecretRow>,
    /// By when control has to be proven again, for the event that says so.
    reprove_by: Option<Timestamp>,
}

/// Makes one attempt at every delivery that is due; returns how many were attempted.
///
/// # Errors
/// [`Error`] when the database is away; nothing is lost, leases run out by themselves.
pub async fn deliver_due(app: &Arc<App>) -> Result<usize, Error> {
    let now = app.clock.now();
    let token = app.entropy.token();
    let limit = i64::try_from(app.settings.delivery_concurrency).unwrap_or(32);
    let lease = token.clone();
    let rows = app
        .db
        .write("lease_deliveries", move |tx| deliveries::lease(tx, &lease, limit, now, now.plus(LEASE)))
        .await
        .map_err(Error::from)?;
    let n = rows.len();
    let attempts = rows.into_iter().map(|row| attempt(app, row, &token));
    let outcomes: Vec<Result<(), Error>> =
        futures_util::stream::iter(attempts).buffer_unordered(app.settings.delivery_concurrency.max(1)).collect().await;
    outcomes.into_iter().collect::<Result<(), Error>>()?;
    Ok(n)
}

async fn attempt(app: &Arc<App>, row: DeliveryRow, token: &str) -> Result<(), Error> {
    let outcome = match prepare(app, &row).await {
        Ok(Prepared::Message(message)) => app.sink.deliver(message).await,
        Ok(Prepared::NoEndpoint) => DeliveryOutcome::Gone,
        // A platform that is shut out hears everything once it is let in again.
        Ok(Prepared::ShutOut) => {
            let later = app.clock.now().plus(SHUT_OUT_PAUSE);
            return settle(app, row.id, token, Settled::Waits(later), Some("the platform is disabled".to_owned())).await;
        }
        // One damaged row must not hold up the others for ever.
        Err(e @ Error::Internal(_)) => {
            tracing::error!(delivery = %row.id, detail = e.operator_detail(), "event cannot be prepared");
            DeliveryOutcome::Failed { note: "internal error".to_owned(), retry_after: None }
        }
        Err(e) => return Err(e),
    };
    let now = app.clock.now();
    let failures = u32::try_from(row.attempts + 1).unwrap_or(u32::MAX);
    let [jitter] = app.entropy.bytes::<1>();
    let (how, note) = match outcome {
        DeliveryOutcome::Accepted => (Settled::Delivered, None),
        DeliveryOutcome::Gone => (Settled::Dead, Some("the endpoint answered 410, or there is none".to_owned())),
        DeliveryOutcome::Forbidden { note } => (Settled::Dead, Some(note)),
        DeliveryOutcome::Failed { note, retry_after } => match backoff::wait_after(failures, jitter, retry_after) {
            Some(wait) => (Settled::Again(now.plus(wait)), Some(note)),
            None => (Settled::Dead, Some(note)),
        },
    };
    match (&how, &note) {
        (Settled::Delivered, _) => {
            tracing::info!(delivery = %row.id, platform = %row.platform_id, badge = %row.badge_id, version = row.version, "event delivered")
        }
        (Settled::Again(at), note) => {
            tracing::warn!(delivery = %row.id, platform = %row.platform_id, note, next = %at, "event not delivered, will retry")
        }
        (Settled::Waits(_), _) => {}
        (Settled::Dead, note) => tracing::warn!(delivery = %row.id, platform = %row.platform_id, note, "event given up"),
    }
    settle(app, row.id, token, how, note).await
}

async fn settle(app: &Arc<App>, id: String, token: &str, how: Settled, note: Option<String>) -> Result<(), Error> {
    let (token, now) = (token.to_owned(), app.clock.now());
    let settled = app.db.write("settle_delivery", move |tx| deliveries::settle(tx, &id, &token, &how, note.as_deref(), now)).await;
    match settled {
        // The lease ran out and another worker took over; its settlement counts.
        Ok(()) | Err(StoreError::Stale(_)) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

enum Prepared {
    Message(OutgoingMessage),
    NoEndpoint,
    ShutOut,
}

/// The signed message, or why there is none.
async fn prepare(app: &Arc<App>, row: &DeliveryRow) -> Result<Prepared, Error> {
    let (wanted, now) = (row.clone(), app.clock.now());
    let m = app.db.read("delivery_material", move |tx| material(tx, &wanted, now)).await?;
    if m.platform.state != "active" {
        return Ok(Prepared::ShutOut);
    }
    let Some(url) = m.platform.webhook_url.clone() else { return Ok(Prepared::NoEndpoint) };
    let body = body(app, &m)?.to_string();
    let mut signatures = Vec::new();
    for secret in &m.secrets {
        let sealed = secret.sealed.as_deref().ok_or_else(|| super::damaged("webhook secret"))?;
        let plain = app.vault.open(SealFor::WebhookSecret, &secret.id, sealed).map_err(|_| super::damaged("webhook secret"))?;
        let key = WebhookSecret::from_bytes(plain).map_err(|_| super::damaged("webhook secret"))?;
        signatures.push(key.sign(&row.id, now, body.as_bytes()));
    }
    Ok(Prepared::Message(OutgoingMessage {
        url,
        id: row.id.clone(),
        timestamp: now.secs().to_string(),
        signature: signatures.join(" "),
        body,
    }))
}

fn material(tx: &mut Tx<'_>, row: &DeliveryRow, now: Timestamp) -> Result<Material, Error> {
    let event = ledger::by_seq(tx, row.event_seq)?;
    let facts = badges::facts(tx, &row.badge_id)?.ok_or_else(|| super::damaged("delivery"))?;
    let attestation = attestations::newest_active(tx, &row.badge_id)?.filter(|a| Some(&a.id) == event.attestation_id.as_ref());
    let platform = platforms::by_id(tx, &row.platform_id)?.ok_or_else(|| super::damaged("delivery"))?;
    let secrets = platforms::live_secrets(tx, &row.platform_id, "webhook_out", now)?;
    let demanded = event.kind == EventKind::Updated.as_str() && event.state == BadgeState::Active.as_str();
    let term = if demanded { reproofs::term(tx, &row.badge_id)? } else { None };
    Ok(Material { event, facts, attestation, platform, secrets, reprove_by: term.map(|t| t.by) })
}

fn body(app: &App, m: &Material) -> Result<Value, Error> {
    let kind: EventKind = m.event.kind.parse().map_err(|_| super::damaged("event kind"))?;
    let kind_name = kind.webhook_type().ok_or_else(|| super::damaged("event kind"))?;
    let (badge, community, authority) = &m.facts;
    let mut data = json!({
        "badge": badge.id,
        "version": m.event.version,
        // The state right after this event, not whatever it has become since.
        "status": m.event.state,
        "reason": m.event.reason,
        "community": { "platform": community.platform_id, "id": community.number, "uri": community.uri, "name": community.name },
        "authority": { "ogrn": authority.ogrn, "name": authority.short_name, "kind": authority.kind },
        "set": set(app, m, kind)?,
    });
    if let (Some(by), Value::Object(o)) = (m.reprove_by, &mut data) {
        o.insert("reprove_by".to_owned(), json!(by));
    }
    let carries = matches!(kind, EventKind::Issued | EventKind::Renewed | EventKind::Reinstated);
    if let (true, Some(token), Value::Object(o)) = (carries, m.attestation.as_ref().and_then(|a| a.token.as_ref()), &mut data) {
        o.insert("attestation".to_owned(), token.clone().into());
    }
    Ok(json!({ "type": kind_name, "timestamp": Timestamp::from_millis(m.event.at), "data": data }))
}

/// The same event as a Security Event Token (RFC 8417, CAEP credential-change): signed by us, provable offline. A SET has
/// neither `sub` nor `exp` (SSF 1.0).
fn set(app: &App, m: &Material, kind: EventKind) -> Result<String, Error> {
    let change_type = match kind {
        EventKind::Issued => "create",
        EventKind::Revoked | EventKind::Superseded => "revoke",
        EventKind::Expired => "delete",
        _ => "update",
    };
    let at = Timestamp::from_millis(m.event.at).secs();
    let initiating = match m.event.actor_kind.as_str() {
        "operator" | "cli" => "admin",
        "representative" => "user",
        "platform" => "policy",
        _ => "system",
    };
    let claims = json!({
        "iss": app.settings.issuer,
        "aud": m.platform.base_url,
        "iat": at,
        "jti": m.event.id,
        "txn": m.event.id,
        "sub_id": { "format": "jwt_id", "iss": app.settings.issuer, "jti": m.event.attestation_id },
        "events": { "https://schemas.openid.net/secevent/caep/event-type/credential-change": {
            "credential_type": "verifiable-credential",
            "change_type": change_type,
            "event_timestamp": at,
            "initiating_entity": initiating,
            "status": m.event.state,
            "reason": m.event.reason,
            "version": m.event.version,
        } },
    });
    Ok(app.keys.sign_jwt(KeyPurpose::Status, "secevent+jwt", &claims.to_string())?.token)
}
