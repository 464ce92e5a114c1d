//! Encrypted evidence records: the only place where personal data is kept. Opening one leaves an audit entry (the callers
//! see to it), and each has a day on which it is deleted.

use diesel::prelude::*;

use super::schema::evidence;
use super::{StoreError, Tx};

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

/// Replaces a record's content.
///
/// # Errors
/// [`StoreError::Stale`] when it is gone.
pub fn reseal(tx: &mut Tx<'_>, id: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let n = diesel::update(evidence::table.find(id)).set(evidence::sealed.eq(sealed)).execute(tx.conn)?;
    StoreError::expect_one(n, "evidence record")
}
