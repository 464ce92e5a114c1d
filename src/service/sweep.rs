//! What time does by itself: unfinished issues are closed, badges and applications run out, badges nobody proved control for again
//! are suspended, status lists are retired, short-lived records and old evidence are forgotten. Each step is idempotent and safe to run in several processes.

use std::sync::Arc;
use std::time::Duration;

use super::record_event::{self, Happening};
use super::retire_lists::retire_lists;
use super::{Actor, App, Error, reprove};
use crate::domain::badge::{BadgeState, EventKind};
use crate::domain::time::Timestamp;
use crate::store::badges::BadgeRow;
use crate::store::{StoreError, Tx, attestations, badges, deliveries, platforms, sweep as rows};

/// An issue takes milliseconds; after this long nobody is finishing it any more.
pub const UNFINISHED_AFTER: Duration = Duration::from_secs(10 * 60);

/// One-time records are kept this long after they ran out, so that a late replay is still told apart from an unknown one.
const KEEP_ONE_TIME: Duration = Duration::from_secs(24 * 3600);

/// Messages are remembered longer than any sender retries: a late copy must not act again.
const KEEP_MESSAGES: Duration = Duration::from_secs(7 * 24 * 3600);

/// Badges handled in one sweep.
const BATCH: i64 = 200;

/// What a sweep did.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Unfinished issues closed.
    pub abandoned: usize,
    /// Badges run out.
    pub expired: usize,
    /// Badges suspended whose control was not proven again in time.
    pub unproven: usize,
    /// Status lists retired.
    pub retired: usize,
    /// Applications run out.
    pub applications: usize,
    /// Records forgotten.
    pub forgotten: usize,
}

/// Does everything that is due.
///
/// # Errors
/// [`Error`] when the database is away; the next sweep continues.
pub async fn sweep(app: &Arc<App>) -> Result<Swept, Error> {
    let now = app.clock.now();
    let abandoned = close_unfinished(app, now).await?;
    let expired = expire(app, now).await?;
    let unproven = reprove::suspend_overdue(app, now).await?;
    let retired = retire_lists(app, now).await?;
    let (applications, forgotten) = app
        .db
        .write("forget", move |tx| -> Result<_, StoreError> {
            let applications = rows::expire_applications(tx, now)?;
            let one_time = rows::forget_one_time(tx, now.minus(KEEP_ONE_TIME), now.minus(KEEP_MESSAGES), now)?;
            let evidence = rows::delete_evidence(tx, now)?;
            let proofs = rows::end_proofs(tx, now)?;
            Ok((applications, one_time + evidence + proofs + rows::delete_unclaimed(tx, now.minus(KEEP_ONE_TIME))?))
        })
        .await
        .map_err(Error::from)?;
    wake_deliveries(app, now).await?;
    let swept = Swept { abandoned, expired, unproven, retired, applications, forgotten };
    if swept.abandoned + swept.expired + swept.unproven + swept.retired > 0 {
        app.after_commit().await;
    }
    if swept != Swept::default() {
        tracing::info!(?swept, "sweep");
    }
    Ok(swept)
}

/// What was settled by a process that knows of nothing behind it, during an update say, leaves that behind: it goes on here.
async fn wake_deliveries(app: &Arc<App>, now: Timestamp) -> Result<(), Error> {
    let free = app.db.read("deliveries_left_behind", |tx| -> Result<_, StoreError> {
        let mut free = Vec::new();
        for platform in platforms::list(tx)? {
            free.extend(deliveries::free(tx, &platform.id)?);
        }
        Ok(free)
    });
    let free = free.await.map_err(Error::from)?;
    if free.is_empty() {
        return Ok(());
    }
    app.db.write("wake_deliveries", move |tx| deliveries::wake(tx, free, now)).await.map_err(Error::from)
}

/// Closes issues nobody finishes any more. One transaction each: the ledger's lock is taken last and let go at once.
async fn close_unfinished(app: &Arc<App>, now: Timestamp) -> Result<usize, Error> {
    let before = now.minus(UNFINISHED_AFTER);
    let stuck = app.db.read("unfinished", move |tx| attestations::stuck(tx, before, BATCH)).await.map_err(Error::from)?;
    let mut closed = 0;
    for id in stuck {
        let inner = Arc::clone(app);
        let one = app.db.write("close_unfinished", move |tx| -> Result<usize, Error> {
            // Somebody may be finishing it this very moment: who comes first holds the badge.
            badges::lock(tx, &id)?;
            let badge = badges::by_id(tx, &id)?.ok_or(StoreError::Stale("badge"))?;
            let given_up = attestations::abandon_prepared(tx, &id)?;
            // A badge that was in force keeps its state; only its unfinished further attestation ends, and nobody ever had that.
            if given_up > 0 && badge.state()? == BadgeState::Prepared {
                move_on(&inner, tx, &badge, BadgeState::Abandoned, EventKind::Abandoned, now)?;
            }
            Ok(given_up)
        });
        closed += settled(one.await)?;
    }
    Ok(closed)
}

async fn expire(app: &Arc<App>, now: Timestamp) -> Result<usize, Error> {
    let due = app
        .db
        .read("due_to_expire", move |tx| -> Result<_, StoreError> {
            let mut due = badges::due(tx, BadgeState::Active, now, BATCH)?;
            due.extend(badges::due(tx, BadgeState::Suspended, now, BATCH)?);
            Ok(due)
        })
        .await
        .map_err(Error::from)?;
    let mut expired = 0;
    for badge in due {
        let inner = Arc::clone(app);
        let one = app.db.write("expire_badge", move |tx| -> Result<usize, Error> {
            move_on(&inner, tx, &badge, BadgeState::Expired, EventKind::Expired, now)?;
            Ok(1)
        });
        expired += settled(one.await)?;
    }
    Ok(expired)
}

/// Somebody else moved the badge between our look and our step: nothing is left to do.
fn settled(outcome: Result<usize, Error>) -> Result<usize, Error> {
    match outcome {
        Err(Error::Conflict(_)) => Ok(0),
        other => other,
    }
}

fn move_on(app: &App, tx: &mut Tx<'_>, badge: &BadgeRow, to: BadgeState, kind: EventKind, now: Timestamp) -> Result<(), Error> {
    let reason = badge.reason.as_deref().and_then(|r| r.parse().ok());
    let (_, community, _) = badges::facts(tx, &badge.id)?.ok_or(StoreError::Stale("badge"))?;
    let version = badges::advance(tx, badge, to, reason, now)?;
    let attestation = attestations::newest_active(tx, &badge.id)?.map(|a| a.id);
    let what = Happening {
        badge,
        version,
        kind,
        state: to.as_str(),
        reason: badge.reason.as_deref(),
        attestation,
        platform: &community.platform_id,
    };
    record_event::record(app, tx, &what, &Actor::system(), now)
}
