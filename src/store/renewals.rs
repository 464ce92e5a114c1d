//! Which badges are due for a new attestation, and what stood in the way of one.

use diesel::prelude::*;

use super::schema::{attestations, badges, signing_keys};
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// Badges in force whose time ends by `until` and that come after `after` (end, id), in the order in which they end; at most
/// `limit`, with their ends.
///
/// # Errors
/// [`StoreError`].
pub fn ending(
    tx: &mut Tx<'_>,
    until: Timestamp,
    now: Timestamp,
    after: &(i64, String),
    limit: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    let (end, id) = (after.0, after.1.clone());
    Ok(badges::table
        .filter(badges::state.eq("active").and(badges::expires_at.gt(now.millis())).and(badges::expires_at.le(until.millis())))
        .filter(badges::renew_at.is_null().or(badges::renew_at.le(now.millis())))
        .filter(badges::expires_at.gt(end).or(badges::expires_at.eq(end).and(badges::id.gt(id))))
        .order((badges::expires_at, badges::id))
        .limit(limit)
        .select((badges::expires_at, badges::id))
        .load(tx.conn)?)
}

/// Badges in force after `after`, in the order of ids, with any attestation in force that a compromised key signed; at most
/// `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn signed_by_compromised(tx: &mut Tx<'_>, now: Timestamp, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let kids = compromised(tx)?;
    if kids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(attestations::table
        .inner_join(badges::table)
        .filter(attestations::state.eq("active").and(attestations::kid.eq_any(kids)).and(attestations::badge_id.gt(after)))
        .filter(attestations::expires_at.gt(now.millis()).and(badges::state.eq("active")))
        .filter(badges::renew_at.is_null().or(badges::renew_at.le(now.millis())))
        .select(attestations::badge_id)
        .distinct()
        .order(attestations::badge_id)
        .limit(limit)
        .load(tx.conn)?)
}

fn compromised(tx: &mut Tx<'_>) -> Result<Vec<Option<String>>, StoreError> {
    let theirs = signing_keys::state.eq("compromised").and(signing_keys::purpose.eq("badge"));
    let kids: Vec<String> = signing_keys::table.filter(theirs).select(signing_keys::kid).load(tx.conn)?;
    Ok(kids.into_iter().map(Some).collect())
}

/// Whether a badge has an attestation in force that a compromised key signed.
///
/// # Errors
/// [`StoreError`].
pub fn has_compromised(tx: &mut Tx<'_>, badge: &str, now: Timestamp) -> Result<bool, StoreError> {
    let kids = compromised(tx)?;
    let theirs = attestations::badge_id.eq(badge).and(attestations::state.eq("active"));
    let theirs = attestations::table.filter(theirs.and(attestations::expires_at.gt(now.millis())).and(attestations::kid.eq_any(kids)));
    Ok(theirs.count().get_result::<i64>(tx.conn)? > 0)
}

/// Notes why a badge was not renewed and when to look again; `None` after a renewal.
///
/// # Errors
/// [`StoreError`].
pub fn note(tx: &mut Tx<'_>, badge: &str, obstacle: Option<(&str, Timestamp)>) -> Result<(), StoreError> {
    diesel::update(badges::table.find(badge))
        .set((
            badges::renewal_obstacle.eq(obstacle.map(|(code, _)| code)),
            badges::renew_at.eq(obstacle.map(|(_, at)| at.millis())),
            badges::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Why a badge was not renewed at the last look.
///
/// # Errors
/// [`StoreError`].
pub fn obstacle(tx: &mut Tx<'_>, badge: &str) -> Result<Option<String>, StoreError> {
    Ok(badges::table.find(badge).select(badges::renewal_obstacle).first(tx.conn)?)
}
