//! Messages received from platforms, remembered so that a repeated one is answered alike and acted on once.

use diesel::prelude::*;

use super::schema::inbound_webhooks;
use super::{StoreError, Tx};

/// One received message and our answer.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = inbound_webhooks)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct InboundRow {
    pub platform_id: String,
    pub webhook_id: String,
    pub kind: String,
    pub body_digest: String,
    pub response: String,
    pub received_at: i64,
}

/// The message with this id, if it came before.
///
/// # Errors
/// [`StoreError`].
pub fn find(tx: &mut Tx<'_>, platform: &str, webhook_id: &str) -> Result<Option<InboundRow>, StoreError> {
    Ok(inbound_webhooks::table.find((platform, webhook_id)).select(InboundRow::as_select()).first(tx.conn).optional()?)
}

/// Records a message.
///
/// # Errors
/// [`StoreError::Duplicate`] when it came before.
pub fn insert(tx: &mut Tx<'_>, row: &InboundRow) -> Result<(), StoreError> {
    // In a savepoint: PostgreSQL gives a transaction up at its first error, and the caller goes on after a duplicate.
    tx.savepoint(|tx| {
        diesel::insert_into(inbound_webhooks::table).values(row).execute(tx.conn)?;
        Ok(())
    })
}

/// Completes a message recorded in this transaction with our answer.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such message.
pub fn set_response(tx: &mut Tx<'_>, platform: &str, webhook_id: &str, response: &str) -> Result<(), StoreError> {
    let message = inbound_webhooks::table.find((platform, webhook_id));
    let n = diesel::update(message).set(inbound_webhooks::response.eq(response)).execute(tx.conn)?;
    StoreError::expect_one(n, "inbound webhook")
}
