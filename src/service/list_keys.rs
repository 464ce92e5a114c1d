//! Every signing key, with what depends on it.

use std::sync::Arc;

use serde::Serialize;

use super::turn_keys::still_needed_until;
use super::{App, Error};
use crate::domain::signing_key::{KeyPurpose, KeyState};
use crate::domain::time::Timestamp;
use crate::store::keys;

/// One key.
#[derive(Debug, Serialize)]
pub struct KeyFacts {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it may sign.
    pub purpose: KeyPurpose,
    /// Where it stands.
    pub state: KeyState,
    /// When it was made and published.
    pub created_at: Timestamp,
    /// When it takes over, if somebody asked for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it began to sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<Timestamp>,
    /// When it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Timestamp>,
    /// When it left the published set in good order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Timestamp>,
    /// When it was called compromised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compromised_at: Option<Timestamp>,
    /// Until when a retired key stays published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_until: Option<Timestamp>,
    /// Attestations it signed that have not run out.
    pub attestations: i64,
}

/// Every key, by purpose, oldest first.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn list_keys(app: &Arc<App>) -> Result<Vec<KeyFacts>, Error> {
    let now = app.clock.now();
    let rows = app.db.read("list_keys", keys::list).await.map_err(Error::from)?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let (state, kid) = (row.state()?, row.kid.clone());
        let at = |millis: Option<i64>| millis.map(Timestamp::from_millis);
        facts.push(KeyFacts {
            purpose: row.purpose()?,
            state,
            created_at: Timestamp::from_millis(row.created_at),
            due_at: at(row.due_at),
            activated_at: at(row.activated_at),
            retired_at: at(row.retired_at),
            withdrawn_at: at(row.withdrawn_at),
            compromised_at: at(row.compromised_at),
            needed_until: if state == KeyState::Retired { Some(still_needed_until(app, &row).await?) } else { None },
            attestations: app.db.read("count_signed", move |tx| keys::count_signed(tx, &kid, now)).await.map_err(Error::from)?,
            kid: row.kid,
        });
    }
    facts.sort_by_key(|f| (f.purpose, f.created_at));
    Ok(facts)
}
