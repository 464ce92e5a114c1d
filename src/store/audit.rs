//! The audit trail: who did or tried what, when, why and from where. Append-only.

use diesel::prelude::*;

use super::schema::audit;
use super::{StoreError, Tx};

/// One entry.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct AuditRow {
    pub id: String,
    pub at: i64,
    pub actor_kind: String,
    pub actor: Option<String>,
    pub role: Option<String>,
    pub action: String,
    pub target: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub note: Option<Vec<u8>>,
    pub remote: Option<String>,
    pub request_id: Option<String>,
}

/// Adds an entry.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &AuditRow) -> Result<(), StoreError> {
    diesel::insert_into(audit::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// One page of all entries, newest first, before `cursor`.
///
/// # Errors
/// [`StoreError`].
pub fn page(tx: &mut Tx<'_>, cursor: Option<&str>, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
    let mut q = audit::table.order(audit::id.desc()).limit(limit).select(AuditRow::as_select()).into_boxed();
    if let Some(c) = cursor {
        q = q.filter(audit::id.lt(c.to_owned()));
    }
    Ok(q.load(tx.conn)?)
}
