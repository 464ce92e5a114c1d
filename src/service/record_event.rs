//! The one way a badge event is written: ledger entry and, for events platforms hear of, a delivery in the same transaction.

use super::{Actor, App, Error};
use crate::domain::badge::EventKind;
use crate::domain::ids::{DeliveryId, EventId};
use crate::domain::time::Timestamp;
use crate::store::badges::BadgeRow;
use crate::store::deliveries::{self, DeliveryRow};
use crate::store::ledger::{self, EventRow};
use crate::store::{Tx, streams};

/// What happened to a badge.
pub(super) struct Happening<'a> {
    pub badge: &'a BadgeRow,
    /// The badge's version after the event.
    pub version: i64,
    pub kind: EventKind,
    /// The badge's state after the event.
    pub state: &'a str,
    pub reason: Option<&'a str>,
    pub attestation: Option<String>,
    pub platform: &'a str,
}

/// Writes the event. Call it last in a transaction: the ledger row orders all writers.
pub(super) fn record(app: &App, tx: &mut Tx<'_>, what: &Happening<'_>, actor: &Actor, now: Timestamp) -> Result<(), Error> {
    let told = is_told(tx, what)?;
    let seq = ledger::append(
        tx,
        EventRow {
            seq: 0,
            id: EventId::new(now, app.entropy.bytes()).to_string(),
            badge_id: what.badge.id.clone(),
            version: what.version,
            kind: what.kind.as_str().to_owned(),
            state: what.state.to_owned(),
            reason: what.reason.map(str::to_owned),
            actor_kind: actor.kind.to_owned(),
            actor: actor.id.clone(),
            attestation_id: what.attestation.clone(),
            at: now.millis(),
        },
    )?;
    if told {
        let row = DeliveryRow {
            id: DeliveryId::new(now, app.entropy.bytes()).to_string(),
            event_seq: seq,
            platform_id: what.platform.to_owned(),
            badge_id: what.badge.id.clone(),
            version: what.version,
            state: "pending".to_owned(),
            attempts: 0,
            next_at: now.millis(),
            lease_token: None,
            lease_until: 0,
            last_note: None,
            created_at: now.millis(),
            delivered_at: None,
        };
        deliveries::insert(tx, &row)?;
    }
    Ok(())
}

/// Whether the platform has a stream that carries events of this type; one that is paused, or still has to prove itself, keeps
/// them until then.
fn is_told(tx: &mut Tx<'_>, what: &Happening<'_>) -> Result<bool, Error> {
    let Some(kind) = what.kind.webhook_type() else { return Ok(false) };
    let Some(stream) = streams::of_platform(tx, what.platform)? else { return Ok(false) };
    Ok(stream.types()?.is_none_or(|types| types.iter().any(|t| t == kind)))
}
