//! What time does by itself: unfinished issues are closed, badges and applications run out, short-lived records and old
//! evidence are forgotten. Each step is idempotent and safe to run in several processes.

use std::sync::Arc;
use std::time::Duration;

use super::record_event::{self, Happening};
use super::{Actor, App, Error};
use crate::domain::badge::{BadgeState, EventKind};
use crate::domain::time::Timestamp;
use crate::store::badges::BadgeRow;
use crate::store::{StoreError, Tx, attestations, badges, sweep as rows};

/// An issue takes milliseconds; after this long nobody is finishing it any more.
pub const UNFINISHED_AFTER: Duration = Duration::from_secs(10 * 60);

/// One-time records are kept this long after they ran out, so that a late replay is still told apart from an unknown one.
const KEEP_ONE_TIME: Duration = Duration::from_secs(24 * 3600);

/// Rows handled in one transaction.
const BATCH: i64 = 200;

/// What a sweep did.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Unfinished issues closed.
    pub abandoned: usize,
    /// Badges run out.
    pub expired: usize,
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
    let inner = Arc::clone(app);
    let abandoned = app.db.write("close_unfinished", move |tx| close_unfinished(&inner, tx, now)).await?;
    let inner = Arc::clone(app);
    let expired = app.db.write("expire_badges", move |tx| expire(&inner, tx, now)).await?;
    let (applications, forgotten) = app
        .db
        .write("forget", move |tx| -> Result<_, StoreError> {
            let applications = rows::expire_applications(tx, now)?;
            let forgotten = rows::forget_one_time(tx, now.minus(KEEP_ONE_TIME))? + rows::delete_evidence(tx, now)?;
            Ok((applications, forgotten))
        })
        .await
        .map_err(Error::from)?;
    let swept = Swept { abandoned, expired, applications, forgotten };
    if swept.abandoned + swept.expired > 0 {
        app.view.refresh(app).await?;
        app.delivery_bell.notify_one();
    }
    if swept != Swept::default() {
        tracing::info!(?swept, "sweep");
    }
    Ok(swept)
}

fn close_unfinished(app: &App, tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, Error> {
    let stuck = attestations::stuck(tx, now.minus(UNFINISHED_AFTER), BATCH)?;
    for id in &stuck {
        attestations::abandon_prepared(tx, id)?;
        let badge = badges::by_id(tx, id)?.ok_or(StoreError::Stale("badge"))?;
        // A badge in force stays so; only its unfinished further attestation ends.
        let to = if badge.state()? == BadgeState::Prepared { BadgeState::Abandoned } else { badge.state()? };
        move_on(app, tx, &badge, to, EventKind::Abandoned, now)?;
    }
    Ok(stuck.len())
}

fn expire(app: &App, tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, Error> {
    let mut due = badges::due(tx, BadgeState::Active, now, BATCH)?;
    due.extend(badges::due(tx, BadgeState::Suspended, now, BATCH)?);
    for badge in &due {
        move_on(app, tx, badge, BadgeState::Expired, EventKind::Expired, now)?;
    }
    Ok(due.len())
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
