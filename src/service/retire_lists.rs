//! Retires status lists in which everything has ended. Nobody needs them any more, because an attestation that has ended is
//! refused whatever its list says (draft-ietf-oauth-status-list-21 §8.3: expired beats VALID), and lists that were never let go
//! would be signed for ever. Their past stays in the transparency log and can be recalled.

use std::sync::Arc;
use std::time::Duration;

use super::{App, Error, sequence_log};
use crate::domain::time::Timestamp;
use crate::store::status_lists::{self, ListRow};
use crate::store::{StoreError, Tx, attestations};

/// Whose clock is behind by more checks nothing rightly anyway. Fifteen times what the verifier allows.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(15 * 60);

/// Retires what is due; returns how many lists. Idempotent, and safe to run in several processes.
///
/// A list stays for as long after its last end as one of its tokens lives, so that no copy somebody keeps outlives the list,
/// and until its last change is in the transparency log, which gets no further version of it.
///
/// # Errors
/// [`Error`] when the database is away; the next sweep continues.
pub(super) async fn retire_lists(app: &Arc<App>, now: Timestamp) -> Result<usize, Error> {
    let before = now.minus(app.settings.status_lifetime).minus(CLOCKS_DIFFER_BY);
    let due = app
        .db
        .read("lists_to_retire", move |tx| -> Result<_, Error> {
            let mut due = Vec::new();
            for row in status_lists::ended(tx, before)? {
                if over(tx, &row, before, now)? {
                    due.push(row);
                }
            }
            Ok(due)
        })
        .await?;
    let mut retired = 0;
    for row in due {
        match app.db.write("retire_status_list", move |tx| status_lists::retire(tx, &row, now)).await {
            Ok(()) => retired += 1,
            // Another process did it, or gave a place out after our look.
            Err(StoreError::Stale(_)) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(retired)
}

/// Whether everything in the list has ended, by the attestations themselves, and the log knows its last content.
fn over(tx: &mut Tx<'_>, row: &ListRow, before: Timestamp, now: Timestamp) -> Result<bool, Error> {
    let (content, logged) = sequence_log::contents(tx, row)?;
    // A version that lasts for less than a second could not be recalled.
    let settled = now.minus(Duration::from_secs(2)).millis();
    if logged.is_none_or(|l| l.sha256 != content.sha256 || l.t > settled) {
        return Ok(false);
    }
    let holds = attestations::any_ends_from(tx, row.id, before)?;
    if holds {
        tracing::error!(list = row.id, "an attestation ends later than its status list says: the list is not retired");
    }
    Ok(!holds)
}
