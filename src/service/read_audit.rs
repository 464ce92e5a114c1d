//! Reading the audit trail, newest first.

use std::sync::Arc;

use serde::Serialize;

use super::{App, Error};
use crate::domain::time::Timestamp;
use crate::store::audit;

/// One entry, without its private note.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Id; also the cursor.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Kind of actor.
    pub actor_kind: String,
    /// Operator or platform id.
    pub actor: Option<String>,
    /// Role at that time.
    pub role: Option<String>,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// `ok`, `already`, `refused`, `invalid`, `forbidden`, `unauthenticated`, `not_found`.
    pub outcome: String,
    /// Reason code.
    pub reason: Option<String>,
    /// Whether a private note is kept.
    pub has_note: bool,
    /// From where.
    pub remote: Option<String>,
    /// Request id.
    pub request_id: Option<String>,
}

/// A page of entries and the cursor of the next one.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn page(app: &Arc<App>, cursor: Option<String>, limit: i64) -> Result<(Vec<Entry>, Option<String>), Error> {
    let mut rows = app.db.read("read_audit", move |tx| audit::page(tx, cursor.as_deref(), limit + 1)).await.map_err(Error::from)?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let next = more.then(|| rows.last().map(|r| r.id.clone())).flatten();
    let entries = rows.into_iter().map(|r| Entry {
        id: r.id,
        at: Timestamp::from_millis(r.at),
        actor_kind: r.actor_kind,
        actor: r.actor,
        role: r.role,
        action: r.action,
        target: r.target,
        outcome: r.outcome,
        reason: r.reason,
        has_note: r.note.is_some(),
        remote: r.remote,
        request_id: r.request_id,
    });
    Ok((entries.collect(), next))
}
