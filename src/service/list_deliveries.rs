//! What became of messages to platforms, newest first: for the platform itself, and for operators.

use std::sync::Arc;

use serde::Serialize;

use super::{App, Error};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::deliveries::{self, DeliveryFilter, DeliveryRow};
use crate::store::ledger::{self, EventRow};

/// What to list.
#[derive(Default)]
pub struct Wanted {
    /// Of one platform.
    pub platform: Option<String>,
    /// `pending`, `delivered` or `dead`.
    pub state: Option<String>,
    /// Queued from here on.
    pub since: Option<Timestamp>,
    /// Queued before.
    pub until: Option<Timestamp>,
    /// The last id of the page before.
    pub cursor: Option<String>,
    /// Rows.
    pub limit: i64,
}

/// One delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Its id; also the `webhook-id` and the cursor.
    pub id: String,
    /// Whose.
    pub platform: String,
    /// `jti` of the event.
    pub event: String,
    /// `badge.revoked` and the like.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// Which badge.
    pub badge: String,
    /// The badge's version.
    pub version: i64,
    /// `pending`, `delivered` or `dead`.
    pub state: String,
    /// Attempts made.
    pub attempts: i64,
    /// What was wrong with the last one.
    pub note: Option<String>,
    /// Queued.
    pub created_at: Timestamp,
    /// When it is tried next; unknown while an earlier version of its badge is being tried.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was taken.
    pub delivered_at: Option<Timestamp>,
}

pub(super) fn shown(row: DeliveryRow, event: EventRow) -> Delivery {
    let pending = row.state == "pending";
    Delivery {
        id: row.id,
        platform: row.platform_id,
        kind: event.kind.parse().ok().and_then(crate::domain::badge::EventKind::webhook_type),
        event: event.id,
        badge: row.badge_id,
        version: row.version,
        state: row.state,
        attempts: row.attempts,
        note: row.last_note,
        created_at: Timestamp::from_millis(row.created_at),
        next_attempt_at: (pending && row.next_at < deliveries::BEHIND).then(|| Timestamp::from_millis(row.next_at)),
        delivered_at: row.delivered_at.map(Timestamp::from_millis),
    }
}

/// A page of deliveries and the cursor of the next one.
///
/// # Errors
/// [`Error::InvalidRequest`] for an unknown state.
pub async fn list_deliveries(app: &Arc<App>, wanted: Wanted) -> Result<(Vec<Delivery>, Option<String>), Error> {
    if wanted.state.as_deref().is_some_and(|s| !["pending", "delivered", "dead"].contains(&s)) {
        return Err(Error::InvalidRequest("state must be pending, delivered or dead".to_owned()));
    }
    let limit = wanted.limit;
    let filter = DeliveryFilter { platform: wanted.platform, state: wanted.state, since: wanted.since, until: wanted.until };
    let mut rows = app
        .db
        .read("list_deliveries", move |tx| -> Result<_, StoreError> {
            let rows = deliveries::page(tx, &filter, wanted.cursor.as_deref(), limit + 1)?;
            rows.into_iter().map(|row| ledger::by_seq(tx, row.event_seq).map(|event| shown(row, event))).collect::<Result<Vec<_>, _>>()
        })
        .await
        .map_err(Error::from)?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|r| r.id.clone());
    Ok((rows, next))
}
