//! Which badges are due for a new attestation, and what stood in the way of one.

use diesel::prelude::*;

use super::schema::{attestations, badges, signing_keys};
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// Badges in force whose time ends by `until`, in the order in which they end; at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn ending(tx: &mut Tx<'_>, until: Timestamp, now: Timestamp, limit: i64) -> Result<Vec<String>, StoreError> {
    Ok(badges::table
        .filter(badges::state.eq("active").and(badges::expires_at.gt(now.millis())).and(badges::expires_at.le(until.millis())))
        .filter(badges::renew_at.is_null().or(badges::renew_at.le(now.millis())))
        .order((badges::expires_at, badges::id))
        .limit(limit)
        .select(badges::id)
        .load(tx.conn)?)
}

/// Badges in force with an attestation that a compromised key signed; at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn signed_by_compromised(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<String>, StoreError> {
    let kids: Vec<String> = signing_keys::table
        .filter(signing_keys::state.eq("compromised").and(signing_keys::purpose.eq("badge")))
        .select(signing_keys::kid)
        .load(tx.conn)?;
    if kids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(attestations::table
        .inner_join(badges::table)
        .filter(attestations::kid.eq_any(kids).and(attestations::expires_at.gt(now.millis())).and(attestations::state.eq("active")))
        .filter(badges::state.eq("active"))
        .filter(badges::renew_at.is_null().or(badges::renew_at.le(now.millis())))
        .select(badges::id)
        .distinct()
        .limit(limit)
        .load(tx.conn)?)
}

/// Whether a key is compromised.
///
/// # Errors
/// [`StoreError`].
pub fn is_compromised(tx: &mut Tx<'_>, kid: &str) -> Result<bool, StoreError> {
    let row = signing_keys::table.filter(signing_keys::kid.eq(kid).and(signing_keys::state.eq("compromised")));
    Ok(row.count().get_result::<i64>(tx.conn)? > 0)
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
