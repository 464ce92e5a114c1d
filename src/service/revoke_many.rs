//! Ends many badges by one decision, which two people take: one prepares it and sees how many it would hit, another approves
//! it. Which badges lie in the scope is worked out when it is carried out; what is not to be hit has to be out of it by then.

use std::sync::Arc;
use std::time::Duration;

use super::add_operator::entry;
use super::change_badge::{NOTE_MAX, change_in};
use super::{Actor, App, Error};
use crate::domain::badge::BadgeChange;
use crate::domain::ids::RevocationId;
use crate::domain::reason::ReasonCode;
use crate::domain::revocation::{RevocationState, Scope};
use crate::domain::time::Timestamp;
use crate::ports::vault::SealFor;
use crate::store::revocations;
pub use crate::store::revocations::RevocationRow;
use crate::store::{StoreError, Tx, audit, operators};

/// A prepared revocation nobody approved in this time has to be prepared anew: what it hits has changed by then.
pub const APPROVE_WITHIN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Badges read at once.
const BATCH: i64 = 50;

/// Prepares one; nothing happens to any badge. With `dry_run` only counts.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub async fn prepare(
    app: &Arc<App>,
    scope: Scope,
    reason: ReasonCode,
    note: Option<String>,
    dry_run: bool,
    actor: Actor,
) -> Result<RevocationRow, Error> {
    let note = note.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
    if note.as_ref().is_some_and(|n| n.chars().count() > NOTE_MAX) {
        return Err(Error::InvalidRequest(format!("note must not be longer than {NOTE_MAX} characters")));
    }
    if matches!(&scope, Scope::IssuedBetween(from, to) if from >= to) {
        return Err(Error::InvalidRequest("issued_between must name two instants, the earlier first".to_owned()));
    }
    let now = app.clock.now();
    let id = RevocationId::new(now, app.entropy.bytes()).to_string();
    let mut row = RevocationRow {
        scope: serde_json::to_string(&scope).map_err(|e| Error::Internal(e.to_string()))?,
        reason: reason.as_str().to_owned(),
        note: note.map(|n| app.vault.seal(SealFor::Note, &id, n.as_bytes())),
        state: RevocationState::Prepared.as_str().to_owned(),
        affected: 0,
        revoked: 0,
        prepared_by: who(&actor),
        approved_by: None,
        created_at: now.millis(),
        approved_at: None,
        updated_at: now.millis(),
        updated_by: "prepare_revocation".to_owned(),
        id,
    };
    let inner = Arc::clone(app);
    app.db
        .write("prepare_revocation", move |tx| -> Result<_, StoreError> {
            row.affected = revocations::count(tx, &scope, now)?;
            // A count leaves nothing behind that an id could name.
            let target = if dry_run { &row.scope } else { &row.id };
            let mut entry = entry(&inner, "revocation.prepare", target, &actor);
            entry.reason = Some(row.reason.clone());
            if dry_run {
                entry.outcome = "dry_run".to_owned();
            } else {
                revocations::insert(tx, &row)?;
            }
            audit::insert(tx, &entry)?;
            Ok(row)
        })
        .await
        .map_err(Error::from)
}

/// Who an actor is, as kept with the decision.
fn who(actor: &Actor) -> String {
    actor.id.clone().unwrap_or_else(|| actor.kind.to_owned())
}

/// Approves a prepared one; the badges end in the background, or by [`carry_out`].
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Forbidden`] for whoever prepared it; [`Error::Conflict`] when it is too old.
pub async fn approve(app: &Arc<App>, id: String, actor: Actor) -> Result<RevocationRow, Error> {
    let now = app.clock.now();
    let inner = Arc::clone(app);
    app.db
        .write("approve_revocation", move |tx| -> Result<_, Error> {
            let mut entry = entry(&inner, "revocation.approve", &id, &actor);
            let decided = match revocations::by_id(tx, &id)? {
                None => Err(Error::NotFound("revocation")),
                Some(row) if row.state != RevocationState::Prepared.as_str() => {
                    entry.outcome = "already".to_owned();
                    Ok(row)
                }
                Some(row) if row.prepared_by == who(&actor) => {
                    Err(Error::Forbidden("whoever prepared a mass revocation cannot approve it: ask a second operator"))
                }
                Some(row) if !still_with_us(tx, &row.prepared_by)? => {
                    Err(Error::Conflict("the operator who prepared it was shut out since; look at it anew and prepare it again".to_owned()))
                }
                Some(row) if now.since(Timestamp::from_millis(row.created_at)) > APPROVE_WITHIN => {
                    Err(Error::Conflict("it was prepared more than 7 days ago; prepare it anew to see what it hits today".to_owned()))
                }
                Some(_) => {
                    revocations::approve(tx, &id, &who(&actor), now)?;
                    revocations::by_id(tx, &id)?.ok_or(Error::NotFound("revocation"))
                }
            };
            if decided.is_err() {
                entry.outcome = "refused".to_owned();
            }
            audit::insert(tx, &entry)?;
            Ok(decided)
        })
        .await?
}

/// Whether whoever prepared something may still act; a shell may.
fn still_with_us(tx: &mut Tx<'_>, who: &str) -> Result<bool, StoreError> {
    Ok(!who.starts_with("opr_") || operators::list(tx)?.iter().any(|o| o.id == who && o.state == "active"))
}

/// One, as it stands.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(app: &Arc<App>, id: String) -> Result<RevocationRow, Error> {
    app.db.read("revocation", move |tx| revocations::by_id(tx, &id)).await.map_err(Error::from)?.ok_or(Error::NotFound("revocation"))
}

/// Ends the badges of everything that was approved. Safe to repeat and to do in several processes: a badge that has ended is not
/// in any scope.
///
/// # Errors
/// [`Error`] when the database is away; the next run continues.
pub async fn carry_out(app: &Arc<App>) -> Result<usize, Error> {
    let under_way = app.db.read("revocations_under_way", revocations::under_way).await.map_err(Error::from)?;
    let mut ended = 0;
    for row in under_way {
        ended += carry_out_one(app, &row).await?;
    }
    Ok(ended)
}

async fn carry_out_one(app: &Arc<App>, row: &RevocationRow) -> Result<usize, Error> {
    let scope: Scope = serde_json::from_str(&row.scope).map_err(|_| super::damaged("scope of a revocation"))?;
    let reason: ReasonCode = row.reason.parse().map_err(|_| super::damaged("reason code"))?;
    let actor = Actor { kind: "operator", id: row.approved_by.clone(), role: None, remote: None, request_id: None };
    let (mut ended, mut after) = (0, String::new());
    loop {
        let (wanted, from, now) = (scope.clone(), after.clone(), app.clock.now());
        let read = app.db.read("badges_to_revoke", move |tx| revocations::some(tx, &wanted, now, &from, BATCH));
        let page = read.await.map_err(Error::from)?;
        let Some(last) = page.last() else { break };
        after = last.clone();
        let mut moved = 0;
        for badge in page {
            moved += i64::from(end_one(app, badge, reason, &actor).await?);
        }
        let (id, now) = (row.id.clone(), app.clock.now());
        app.db.write("revocation_progress", move |tx| revocations::progress(tx, &id, moved, false, now)).await.map_err(Error::from)?;
        ended += usize::try_from(moved).unwrap_or(0);
        app.after_commit().await;
    }
    // What could not be ended now, or came back meanwhile, is for the next round.
    let (wanted, id, now) = (scope, row.id.clone(), app.clock.now());
    let left = app
        .db
        .write("close_revocation", move |tx| -> Result<bool, StoreError> {
            let left = !revocations::some(tx, &wanted, now, "", 1)?.is_empty();
            revocations::progress(tx, &id, 0, !left, now)?;
            Ok(left)
        })
        .await
        .map_err(Error::from)?;
    tracing::warn!(revocation = row.id, reason = row.reason, ended, done = !left, "mass revocation");
    Ok(ended)
}

/// Ends one badge in a transaction of its own, since the ledger's lock is taken last and let go at once; whether it moved. One
/// that cannot be ended must not hold up the others.
async fn end_one(app: &Arc<App>, badge: String, reason: ReasonCode, actor: &Actor) -> Result<bool, Error> {
    let (inner, id, actor, now) = (Arc::clone(app), badge.clone(), actor.clone(), app.clock.now());
    let one = app.db.write("revoke_one_of_many", move |tx| change_in(&inner, tx, &id, BadgeChange::Revoke(reason), None, &actor, now));
    match one.await {
        Ok(Ok(changed)) => Ok(changed.moved),
        Err(e @ Error::Unavailable(_)) => Err(e),
        Ok(Err(e)) | Err(e) => {
            tracing::error!(badge, error = %e, detail = e.operator_detail(), "a badge could not be ended");
            Ok(false)
        }
    }
}
