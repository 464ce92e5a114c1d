//! Signing keys, private halves sealed.

use diesel::prelude::*;

use super::schema::signing_keys;
use super::{StoreError, Tx};

/// One key.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct KeyRow {
    pub kid: String,
    pub purpose: String,
    pub state: String,
    pub public_jwk: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
}

/// Every key, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<KeyRow>, StoreError> {
    Ok(signing_keys::table.order((signing_keys::created_at, signing_keys::kid)).select(KeyRow::as_select()).load(tx.conn)?)
}

/// Records a key.
///
/// # Errors
/// [`StoreError::Duplicate`] when its purpose has an active key already.
pub fn insert(tx: &mut Tx<'_>, row: &KeyRow) -> Result<(), StoreError> {
    diesel::insert_into(signing_keys::table).values(row).execute(tx.conn)?;
    Ok(())
}
