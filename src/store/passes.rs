//! Passes through a platform's own sign-in: bound to a proof and a browser, used once, with a deadline.

use diesel::prelude::*;

use super::schema::platform_passes;
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// One pass that was begun.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = platform_passes)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct PassRow {
    pub state_digest: String,
    pub proof_id: String,
    pub application_id: String,
    pub platform_id: String,
    pub browser_digest: String,
    pub sealed: Vec<u8>,
    pub expires_at: i64,
    pub used_at: Option<i64>,
}

/// Records a pass.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &PassRow) -> Result<(), StoreError> {
    diesel::insert_into(platform_passes::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// How many passes of an application were begun that have not run out, used or not.
///
/// # Errors
/// [`StoreError`].
pub fn recent_of(tx: &mut Tx<'_>, application: &str, now: Timestamp) -> Result<i64, StoreError> {
    use platform_passes as p;
    Ok(p::table.filter(p::application_id.eq(application).and(p::expires_at.gt(now.millis()))).count().get_result(tx.conn)?)
}

/// Whether a pass with this `state` was ever begun.
///
/// # Errors
/// [`StoreError`].
pub fn exists(tx: &mut Tx<'_>, state_digest: &str) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(platform_passes::table.find(state_digest))).get_result(tx.conn)?)
}

/// Consumes the pass of this `state` in this browser and at this platform's address: `None` when unknown, used, expired or another's.
/// A foreign browser consumes nothing.
///
/// # Errors
/// [`StoreError`].
pub fn consume(
    tx: &mut Tx<'_>,
    state_digest: &str,
    browser_digest: &str,
    platform: &str,
    now: Timestamp,
) -> Result<Option<PassRow>, StoreError> {
    use platform_passes as p;
    let ours = p::browser_digest.eq(browser_digest).and(p::platform_id.eq(platform));
    let changed = diesel::update(p::table.find(state_digest))
        .filter(ours.and(p::used_at.is_null()).and(p::expires_at.gt(now.millis())))
        .set(p::used_at.eq(Some(now.millis())))
        .execute(tx.conn)?;
    if changed == 0 {
        return Ok(None);
    }
    Ok(p::table.find(state_digest).select(PassRow::as_select()).first(tx.conn).optional()?)
}
