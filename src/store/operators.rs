//! Operators; tokens are kept as digests only.

use diesel::prelude::*;

use super::schema::operators;
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// One operator.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = operators)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct OperatorRow {
    pub id: String,
    pub name: String,
    pub role: String,
    pub token_digest: String,
    pub state: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
}

/// Registers an operator.
///
/// # Errors
/// [`StoreError::Duplicate`] when the name is taken.
pub fn insert(tx: &mut Tx<'_>, row: &OperatorRow) -> Result<(), StoreError> {
    diesel::insert_into(operators::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The operator whose token has this digest, disabled ones included.
///
/// # Errors
/// [`StoreError`].
pub fn by_token(tx: &mut Tx<'_>, digest: &str) -> Result<Option<OperatorRow>, StoreError> {
    Ok(operators::table.filter(operators::token_digest.eq(digest)).select(OperatorRow::as_select()).first(tx.conn).optional()?)
}

/// Every operator, by name.
///
/// # Errors
/// [`StoreError`].
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<OperatorRow>, StoreError> {
    Ok(operators::table.order(operators::name).select(OperatorRow::as_select()).load(tx.conn)?)
}

/// Whether this operator is still one.
///
/// # Errors
/// [`StoreError`].
pub fn is_active(tx: &mut Tx<'_>, id: &str) -> Result<bool, StoreError> {
    let active = operators::table.find(id).filter(operators::state.eq("active"));
    Ok(diesel::select(diesel::dsl::exists(active)).get_result(tx.conn)?)
}

/// Takes an operator's access away.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such operator.
pub fn disable(tx: &mut Tx<'_>, name: &str, now: Timestamp) -> Result<(), StoreError> {
    let n = diesel::update(operators::table.filter(operators::name.eq(name)))
        .set((operators::state.eq("disabled"), operators::updated_at.eq(now.millis()), operators::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "operator")
}

/// Replaces an operator's token.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such operator, or it is disabled.
pub fn replace_token(tx: &mut Tx<'_>, name: &str, digest: &str, now: Timestamp) -> Result<(), StoreError> {
    let n = diesel::update(operators::table.filter(operators::name.eq(name).and(operators::state.eq("active"))))
        .set((operators::token_digest.eq(digest), operators::updated_at.eq(now.millis()), operators::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "operator")
}
