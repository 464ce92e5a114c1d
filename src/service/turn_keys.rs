//! What time does to keys: an announced key takes over when it is due, a key nothing of which holds any more is withdrawn, and
//! each purpose gets its next key announced. Idempotent and safe in several processes.

use std::sync::Arc;
use std::time::Duration;

use super::add_operator::entry;
use super::{Actor, App, Error};
use crate::domain::signing_key::{KeyPurpose, KeyState};
use crate::domain::time::Timestamp;
use crate::store::keys::{self, KeyRow};
use crate::store::{StoreError, Tx, audit};

/// Most keys in the published set before another rotation: verifiers take 64, and a compromise adds one.
const PUBLISHED_MAX: usize = 48;

/// Whether the published set has room for another rotation.
///
/// # Errors
/// [`Error::Conflict`] saying what to do.
pub(super) fn room(app: &App, purpose: KeyPurpose) -> Result<(), Error> {
    let known = app.keys.known();
    let in_set: usize = KeyPurpose::ALL.into_iter().filter(|p| p.is_in_key_set()).map(|p| known.published(p).count()).sum();
    if purpose.is_in_key_set() && in_set >= PUBLISHED_MAX {
        return Err(Error::Conflict(format!(
            "{in_set} keys are published already, because what they signed still holds; verifiers take 64: wait until some are withdrawn"
        )));
    }
    Ok(())
}

/// Statements and answers signed by a badge or community key carry at most a day of life; a little more for clocks.
const STATEMENTS_HOLD: Duration = Duration::from_secs(25 * 3600);

/// Does what is due.
///
/// # Errors
/// [`Error`] when the database is away; the next round continues.
pub async fn turn_keys(app: &Arc<App>) -> Result<(), Error> {
    let now = app.clock.now();
    let rows = app.db.read("list_keys", keys::list).await.map_err(Error::from)?;
    for row in rows {
        let (purpose, state) = (row.purpose()?, row.state()?);
        let due = row.due_at.is_some_and(|at| at <= now.millis());
        let kid = row.kid.clone();
        let outcome = match state {
            KeyState::Next if due => {
                let inner = Arc::clone(app);
                app.db.write("turn_key", move |tx| take_over(&inner, tx, purpose, Some(&kid), &Actor::system(), now)).await.map(|_| ())
            }
            KeyState::Retired if still_needed_until(app, &row).await? <= now => {
                let entry = entry(app, "key.withdraw", &row.kid, &Actor::system());
                let write = app.db.write("withdraw_key", move |tx| -> Result<(), Error> {
                    keys::advance(tx, &row, KeyState::Withdrawn, now)?;
                    Ok(audit::insert(tx, &entry)?)
                });
                write.await
            }
            _ => Ok(()),
        };
        match outcome {
            // Another process, or somebody at a shell, was faster.
            Ok(()) | Err(Error::Conflict(_)) => {}
            Err(e) => return Err(e),
        }
    }
    app.keys.complete(now).await
}

/// When nothing a retired key signed holds any more.
pub(super) async fn still_needed_until(app: &Arc<App>, row: &KeyRow) -> Result<Timestamp, Error> {
    let retired = Timestamp::from_millis(row.retired_at.unwrap_or(row.created_at));
    let hold = match row.purpose()? {
        // A list may be served, and kept by whoever fetched it, for its whole life; one of the past for a day.
        KeyPurpose::Status => app.settings.status_lifetime.saturating_add(Duration::from_secs(3600)).max(STATEMENTS_HOLD),
        _ => STATEMENTS_HOLD,
    };
    let kid = row.kid.clone();
    let last = app.db.read("last_expiry", move |tx| keys::last_expiry(tx, &kid)).await.map_err(Error::from)?;
    let attestations = last.map_or(Timestamp::EPOCH, |at| Timestamp::from_millis(at).plus(Duration::from_secs(3600)));
    Ok(retired.plus(hold).max(attestations))
}

/// The announced key takes the place of the active one, whose private half is destroyed; returns the new key's name. With
/// `expected`, only if that is the announced key still: another process may have turned it already and announced one that nobody
/// knows yet.
pub(super) fn take_over(
    app: &App,
    tx: &mut Tx<'_>,
    purpose: KeyPurpose,
    expected: Option<&str>,
    actor: &Actor,
    now: Timestamp,
) -> Result<String, Error> {
    let next = keys::in_state(tx, purpose, KeyState::Next)?.ok_or(StoreError::Stale("key"))?;
    if expected.is_some_and(|kid| kid != next.kid) {
        return Err(StoreError::Stale("key").into());
    }
    // Two active keys of one purpose cannot be recorded, so the old one goes first.
    if let Some(old) = keys::in_state(tx, purpose, KeyState::Active)? {
        keys::advance(tx, &old, KeyState::Retired, now)?;
        audit::insert(tx, &entry(app, "key.retire", &old.kid, actor))?;
    }
    keys::advance(tx, &next, KeyState::Active, now)?;
    audit::insert(tx, &entry(app, "key.activate", &next.kid, actor))?;
    Ok(next.kid)
}
