//! Encrypted evidence records: the only place where personal data is kept. Opening one leaves an audit entry (the callers
//! see to it), and each has a day on which it is deleted.

use diesel::prelude::*;

use super::schema::evidence;
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// One sealed record.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = evidence)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct EvidenceRow {
    pub id: String,
    pub application_id: String,
    pub login_id: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub delete_after: i64,
}

/// Records evidence.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &EvidenceRow) -> Result<(), StoreError> {
    diesel::insert_into(evidence::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The newest record of an application.
///
/// # Errors
/// [`StoreError`].
pub fn latest(tx: &mut Tx<'_>, application: &str) -> Result<Option<EvidenceRow>, StoreError> {
    Ok(evidence::table
        .filter(evidence::application_id.eq(application))
        .order((evidence::created_at.desc(), evidence::id.desc()))
        .select(EvidenceRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// The sign-in a record is of.
///
/// # Errors
/// [`StoreError`].
pub fn login_of(tx: &mut Tx<'_>, id: &str) -> Result<Option<String>, StoreError> {
    Ok(evidence::table.find(id).select(evidence::login_id).first(tx.conn).optional()?)
}

/// Replaces the content of one record and deletes the application's others.
///
/// # Errors
/// [`StoreError::Stale`] when it is gone.
pub fn keep_only(tx: &mut Tx<'_>, application: &str, id: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let n = diesel::update(evidence::table.find(id)).set(evidence::sealed.eq(sealed)).execute(tx.conn)?;
    StoreError::expect_one(n, "evidence record")?;
    diesel::delete(evidence::table.filter(evidence::application_id.eq(application).and(evidence::id.ne(id)))).execute(tx.conn)?;
    Ok(())
}

/// Deletes an application's records: nothing came of it.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Tx<'_>, application: &str) -> Result<(), StoreError> {
    diesel::delete(evidence::table.filter(evidence::application_id.eq(application))).execute(tx.conn)?;
    Ok(())
}

/// Lengthens the life of an application's records: the badge they stand behind came to be.
///
/// # Errors
/// [`StoreError`].
pub fn keep_until(tx: &mut Tx<'_>, application: &str, until: Timestamp) -> Result<(), StoreError> {
    diesel::update(evidence::table.filter(evidence::application_id.eq(application)))
        .set(evidence::delete_after.eq(until.millis()))
        .execute(tx.conn)?;
    Ok(())
}
