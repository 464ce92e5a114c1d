//! Control of a community that has to be proven again: the demand, what meets it, and what happens when nobody does.

use std::sync::Arc;
use std::time::Duration;

use super::change_badge::change_in;
use super::record_event::{self, Happening};
use super::{Actor, App, Error};
use crate::domain::badge::{BadgeChange, BadgeState, EventKind};
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;
use crate::store::applications::ApplicationRow;
use crate::store::badges::{self, BadgeRow};
use crate::store::reproofs::{self, Term};
use crate::store::{Tx, attestations, community_looks, ledger};

/// Badges handled in one sweep.
const BATCH: i64 = 200;

/// Demands a new proof for a badge, which is locked. One demand at a time: a second one does not move the end of the first. A
/// suspended badge has its term too, for the day it comes back. Whether the badge moved.
pub(super) fn demand(
    app: &App,
    tx: &mut Tx<'_>,
    badge: &BadgeRow,
    platform: &str,
    within: Duration,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, Error> {
    let before = reproofs::term(tx, &badge.id)?;
    // Proofs from between the two demands do not count any more.
    let by = before.map_or(now.plus(within), |t| t.by);
    reproofs::set(tx, &badge.id, Some(Term { since: now, by }))?;
    if before.is_some() || badge.state()? != BadgeState::Active {
        return Ok(false);
    }
    let version = badges::advance(tx, badge, BadgeState::Active, None, now)?;
    let attestation = attestations::newest_active(tx, &badge.id)?.map(|a| a.id);
    let what =
        Happening { badge, version, kind: EventKind::Updated, state: BadgeState::Active.as_str(), reason: None, attestation, platform };
    record_event::record(app, tx, &what, actor, now)?;
    Ok(true)
}

/// A confirmation that was begun after the demand meets it.
pub(super) fn meet(tx: &mut Tx<'_>, badge: &str, application: &ApplicationRow) -> Result<(), Error> {
    match reproofs::term(tx, badge)? {
        Some(term) if application.created_at >= term.since.millis() => Ok(reproofs::set(tx, badge, None)?),
        _ => Ok(()),
    }
}

/// Whether a suspension ends by itself: one that followed from a new name, or from a proof nobody gave in time. What a person of
/// ours decided, or a capture led to, is ended by a person only.
pub(super) fn passes(tx: &mut Tx<'_>, badge: &BadgeRow) -> Result<bool, Error> {
    Ok(passing_since(tx, badge)?.is_some())
}

/// Whether it was suspended because its community was not there, and comes back with it (`watch_communities`).
pub(super) fn is_watched(tx: &mut Tx<'_>, badge: &BadgeRow) -> Result<bool, Error> {
    let noted = community_looks::of_badge(tx, &badge.id)?;
    Ok(badge.state()? == BadgeState::Suspended && noted.is_some_and(|n| n.suspended_version == Some(badge.version)))
}

/// A badge that comes back gets the whole time for what is still demanded: suspended, its body could not meet it.
pub(super) fn give_time(app: &App, tx: &mut Tx<'_>, badge: &str, now: Timestamp) -> Result<(), Error> {
    match reproofs::term(tx, badge)? {
        Some(term) => {
            let by = term.by.max(now.plus(app.settings.platform_events.reprove_within));
            Ok(reproofs::set(tx, badge, Some(Term { by, ..term }))?)
        }
        None => Ok(()),
    }
}

/// Whether this confirmation by the same body ends the suspension: it has to be begun after what led to it.
pub(super) fn lifts(tx: &mut Tx<'_>, badge: &BadgeRow, application: &ApplicationRow) -> Result<bool, Error> {
    let Some(at) = passing_since(tx, badge)? else { return Ok(false) };
    let unproven = badge.reason.as_deref() == Some(ReasonCode::MandateLost.as_str());
    let since = match reproofs::term(tx, &badge.id)? {
        Some(term) if unproven => term.since.millis().min(at),
        _ => at,
    };
    Ok(application.created_at >= since)
}

fn passing_since(tx: &mut Tx<'_>, badge: &BadgeRow) -> Result<Option<i64>, Error> {
    let passing = [ReasonCode::CommunityRenamed, ReasonCode::MandateLost].map(ReasonCode::as_str);
    if badge.state()? != BadgeState::Suspended || !badge.reason.as_deref().is_some_and(|r| passing.contains(&r)) {
        return Ok(None);
    }
    let last = ledger::of_version(tx, &badge.id, badge.version)?;
    Ok(last.filter(|e| matches!(&*e.actor_kind, "platform" | "system")).map(|e| e.at))
}

/// Suspends badges whose control nobody proved again in time; returns how many.
pub(super) async fn suspend_overdue(app: &Arc<App>, now: Timestamp) -> Result<usize, Error> {
    let due = app.db.read("overdue_proofs", move |tx| reproofs::overdue(tx, now, BATCH)).await.map_err(Error::from)?;
    let mut suspended = 0;
    for badge in due {
        let inner = Arc::clone(app);
        let one = app.db.write("suspend_unproven", move |tx| -> Result<bool, Error> {
            badges::lock(tx, &badge.id)?;
            // Proven, or changed, since we looked.
            if reproofs::term(tx, &badge.id)?.is_none_or(|t| t.by > now) {
                return Ok(false);
            }
            // The demand stays: whoever began to meet it before the end may finish.
            let change = BadgeChange::Suspend(ReasonCode::MandateLost);
            Ok(change_in(&inner, tx, &badge.id, change, None, &Actor::system(), now)?.is_ok_and(|c| c.moved))
        });
        match one.await {
            Ok(moved) => suspended += usize::from(moved),
            // Somebody else moved the badge between our look and our step.
            Err(Error::Conflict(_)) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(suspended)
}
