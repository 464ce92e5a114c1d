//! Servers registered at platforms' callback APIs: what we answer to their handshake, and the secret their messages carry.

use diesel::prelude::*;

use super::schema::callback_servers;
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// One registered server.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = callback_servers)]
pub struct CallbackServerRow {
    /// Row id; also the context of the seal.
    pub id: String,
    /// Platform.
    pub platform_id: String,
    /// The one community it speaks for; empty: all of the platform's.
    pub community_number: String,
    /// The answer to the handshake.
    pub confirmation: String,
    /// The secret in each message, sealed.
    pub sealed: Vec<u8>,
    /// Registered.
    pub created_at: i64,
    /// Not believed from here on.
    pub expires_at: Option<i64>,
}

/// Registers a server; earlier ones for the same communities are believed until `others_until`.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &CallbackServerRow, others_until: Timestamp) -> Result<(), StoreError> {
    use callback_servers as s;
    diesel::update(s::table.filter(s::platform_id.eq(&row.platform_id).and(s::community_number.eq(&row.community_number))))
        .filter(s::expires_at.is_null().or(s::expires_at.gt(others_until.millis())))
        .set(s::expires_at.eq(Some(others_until.millis())))
        .execute(tx.conn)?;
    diesel::insert_into(s::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The servers that may speak for a community now, newest first, its own before the platform's.
///
/// # Errors
/// [`StoreError`].
pub fn live(tx: &mut Tx<'_>, platform: &str, community: &str, now: Timestamp) -> Result<Vec<CallbackServerRow>, StoreError> {
    use callback_servers as s;
    Ok(s::table
        .filter(s::platform_id.eq(platform).and(s::community_number.eq_any([community, ""])))
        .filter(s::expires_at.is_null().or(s::expires_at.gt(now.millis())))
        .order((s::community_number.desc(), s::created_at.desc(), s::id.desc()))
        .select(CallbackServerRow::as_select())
        .load(tx.conn)?)
}
