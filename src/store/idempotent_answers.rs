//! Answers kept for requests that may be repeated; sealed, because they hold what only their platform may read.

use diesel::prelude::*;

use super::schema::idempotent_answers;
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// One answer.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotent_answers)]
pub struct AnswerRow {
    /// Digest of platform and key; also the context of the seal.
    pub digest: String,
    /// Platform.
    pub platform_id: String,
    /// SHA-256 over what was asked: a key names one request.
    pub request_digest: String,
    /// The body of the answer, sealed.
    pub sealed: Vec<u8>,
    /// Forgotten from here on.
    pub expires_at: i64,
}

/// The answer kept under this digest, while it is kept.
///
/// # Errors
/// [`StoreError`].
pub fn find(tx: &mut Tx<'_>, digest: &str, now: Timestamp) -> Result<Option<AnswerRow>, StoreError> {
    use idempotent_answers as a;
    Ok(a::table.find(digest).filter(a::expires_at.gt(now.millis())).select(AnswerRow::as_select()).first(tx.conn).optional()?)
}

/// Keeps an answer. [`StoreError::Duplicate`], with the transaction still usable, when one is kept already; of two at once the
/// second waits here for the first one's commit.
///
/// # Errors
/// [`StoreError`].
pub fn keep(tx: &mut Tx<'_>, row: &AnswerRow, now: Timestamp) -> Result<(), StoreError> {
    use idempotent_answers as a;
    // One whose time is up counts as forgotten, whether the sweeper came by or not.
    diesel::delete(a::table.find(&row.digest).filter(a::expires_at.le(now.millis()))).execute(tx.conn)?;
    tx.savepoint(|tx| {
        diesel::insert_into(a::table).values(row).execute(tx.conn)?;
        Ok(())
    })
}
