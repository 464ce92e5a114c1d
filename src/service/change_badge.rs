//! Suspends, reinstates or revokes a badge: one rule for operators, platforms and the shell. Idempotent, audited, and
//! visible to `verify` before the answer is given.

use std::sync::Arc;

use super::record_event::{self, Happening};
use super::{Actor, App, Error, reprove};
use crate::domain::badge::{BadgeChange, BadgeState, EventKind, Transition};
use crate::domain::ids::AuditId;
use crate::domain::reason::ReasonCode;
use crate::domain::status::ListValue;
use crate::domain::time::Timestamp;
use crate::ports::vault::SealFor;
use crate::store::audit::{self, AuditRow};
use crate::store::badges::{self, BadgeFacts, BadgeRow};
use crate::store::{Tx, attestations};

/// Longest private note, in characters.
pub const NOTE_MAX: usize = 2000;

/// Looks at a badge that others change at the same time.
const TRIES: u32 = 5;

/// The badge after the change.
pub struct Changed {
    /// The badge, its community and authority.
    pub facts: BadgeFacts,
    /// Whether this call moved it, or it stood there already.
    pub moved: bool,
}

/// Applies `change` to the badge.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when no rule leads from the badge's state there. Both leave an audit entry.
pub async fn change_badge(
    app: &Arc<App>,
    badge: String,
    change: BadgeChange,
    note: Option<String>,
    actor: Actor,
) -> Result<Changed, Error> {
    let note = note.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
    if note.as_ref().is_some_and(|n| n.chars().count() > NOTE_MAX) {
        return Err(Error::InvalidRequest(format!("note must not be longer than {NOTE_MAX} characters")));
    }
    let now = app.clock.now();
    let mut tries = 1;
    let outcome = loop {
        let (inner, badge, note, actor) = (Arc::clone(app), badge.clone(), note.clone(), actor.clone());
        let write = app.db.write("change_badge", move |tx| change_in(&inner, tx, &badge, change, note.as_deref(), &actor, now));
        match write.await {
            // Somebody else changed the badge between our look and our step (PostgreSQL): a second look decides anew, so that
            // a repeated request stays idempotent even when both arrive at once.
            Err(Error::Conflict(_)) if tries < TRIES => tries += 1,
            other => break other?,
        }
    };
    let changed = outcome?;
    if changed.moved {
        app.after_commit().await;
    }
    Ok(changed)
}

/// The change inside a transaction. The outer result is the transaction's; a refusal is inside, so that its audit entry is
/// committed.
pub(super) fn change_in(
    app: &App,
    tx: &mut Tx<'_>,
    badge: &str,
    change: BadgeChange,
    note: Option<&str>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Result<Changed, Error>, Error> {
    let action = match change {
        BadgeChange::Suspend(_) => "badge.suspend",
        BadgeChange::Reinstate(_) => "badge.reinstate",
        BadgeChange::Revoke(_) => "badge.revoke",
    };
    let entry = |outcome: &str| entry(app, badge, action, change, outcome, note, actor, now);
    badges::lock(tx, badge)?;
    let Some((row, community, authority)) = badges::facts(tx, badge)? else {
        audit::insert(tx, &entry("not_found"))?;
        return Ok(Err(Error::NotFound("badge")));
    };
    let (to, kind) = match change.apply(row.state()?) {
        Ok(Transition::To(to, kind)) => (to, kind),
        Ok(Transition::Already) if stiffens(tx, change, &row, actor)? => (BadgeState::Suspended, EventKind::Updated),
        Ok(Transition::Already) => {
            audit::insert(tx, &entry("already"))?;
            return Ok(Ok(Changed { facts: (row, community, authority), moved: false }));
        }
        Err(impossible) => {
            audit::insert(tx, &entry("refused"))?;
            return Ok(Err(Error::Conflict(impossible.to_string())));
        }
    };
    // A badge in force again carries no reason; its history does.
    let reason = (to != BadgeState::Active).then(|| change.reason());
    let version = badges::advance(tx, &row, to, reason, now)?;
    if kind == EventKind::Reinstated {
        reprove::give_time(app, tx, &row.id, now)?;
    }
    attestations::set_status(tx, &row.id, ListValue::of(to))?;
    audit::insert(tx, &entry("ok"))?;
    let carried = attestations::newest_active(tx, &row.id)?.map(|a| a.id);
    let what = Happening {
        badge: &row,
        version,
        kind,
        state: to.as_str(),
        reason: Some(change.reason().as_str()),
        attestation: carried,
        platform: &community.platform_id,
    };
    record_event::record(app, tx, &what, actor, now)?;
    let row: BadgeRow = badges::by_id(tx, &row.id)?.ok_or(Error::NotFound("badge"))?;
    Ok(Ok(Changed { facts: (row, community, authority), moved: true }))
}

/// Whether a badge that is suspended already is so for a further reason from now on: one that ends by itself must not hide one
/// that a person has to settle. What an operator says always stands.
fn stiffens(tx: &mut Tx<'_>, change: BadgeChange, badge: &BadgeRow, actor: &Actor) -> Result<bool, Error> {
    let BadgeChange::Suspend(reason) = change else { return Ok(false) };
    let (watched, passes) = (reprove::is_watched(tx, badge)?, reprove::passes(tx, badge)?);
    if !watched && !passes {
        return Ok(false);
    }
    let by_a_person = !matches!(actor.kind, "platform" | "system");
    let other = badge.reason.as_deref() != Some(reason.as_str());
    Ok(by_a_person || (other && (watched || reason != ReasonCode::CommunityRenamed)))
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename the arguments")]
fn entry(
    app: &App,
    badge: &str,
    action: &str,
    change: BadgeChange,
    outcome: &str,
    note: Option<&str>,
    actor: &Actor,
    now: Timestamp,
) -> AuditRow {
    let id = AuditId::new(now, app.entropy.bytes()).to_string();
    AuditRow {
        note: note.map(|n| app.vault.seal(SealFor::Note, &id, n.as_bytes())),
        id,
        at: now.millis(),
        actor_kind: actor.kind.to_owned(),
        actor: actor.id.clone(),
        role: actor.role.clone(),
        action: action.to_owned(),
        target: badge.to_owned(),
        outcome: outcome.to_owned(),
        reason: Some(change.reason().as_str().to_owned()),
        remote: actor.remote.clone(),
        request_id: actor.request_id.clone(),
    }
}
