//! The append-only ledger of events. The single `ledger` row is updated by every writer, so sequence numbers appear in
//! commit order and without gaps: whoever follows them misses nothing.

use diesel::prelude::*;

use super::schema::{events, ledger};
use super::{StoreError, Tx};

/// One event.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = events)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct EventRow {
    pub seq: i64,
    pub id: String,
    pub badge_id: String,
    pub version: i64,
    pub kind: String,
    pub state: String,
    pub reason: Option<String>,
    pub actor_kind: String,
    pub actor: Option<String>,
    pub attestation_id: Option<String>,
    pub at: i64,
}

/// Appends an event; `seq` of the argument is replaced and returned. Take no other lock after this one.
///
/// # Errors
/// [`StoreError::Duplicate`] when the badge has an event of that version.
pub fn append(tx: &mut Tx<'_>, mut event: EventRow) -> Result<i64, StoreError> {
    event.seq = diesel::update(ledger::table.find(1)).set(ledger::seq.eq(ledger::seq + 1)).returning(ledger::seq).get_result(tx.conn)?;
    diesel::insert_into(events::table).values(&event).execute(tx.conn)?;
    Ok(event.seq)
}

/// The newest sequence number; 0 when nothing happened yet.
///
/// # Errors
/// [`StoreError`].
pub fn head(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(ledger::table.find(1).select(ledger::seq).first(tx.conn)?)
}

/// Ids of badges with events after `seq`, and the newest sequence number.
///
/// # Errors
/// [`StoreError`].
pub fn changed_since(tx: &mut Tx<'_>, seq: i64) -> Result<(i64, Vec<String>), StoreError> {
    let head = head(tx)?;
    if head == seq {
        return Ok((head, Vec::new()));
    }
    let badges = events::table.filter(events::seq.gt(seq)).select(events::badge_id).distinct().load(tx.conn)?;
    Ok((head, badges))
}

/// History of a badge, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn of_badge(tx: &mut Tx<'_>, badge: &str) -> Result<Vec<EventRow>, StoreError> {
    Ok(events::table.filter(events::badge_id.eq(badge)).order(events::version).select(EventRow::as_select()).load(tx.conn)?)
}

/// The event with this sequence number.
///
/// # Errors
/// [`StoreError`].
pub fn by_seq(tx: &mut Tx<'_>, seq: i64) -> Result<EventRow, StoreError> {
    Ok(events::table.find(seq).select(EventRow::as_select()).first(tx.conn)?)
}

/// Events after `seq`, oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn after(tx: &mut Tx<'_>, seq: i64, limit: i64) -> Result<Vec<EventRow>, StoreError> {
    Ok(events::table.filter(events::seq.gt(seq)).order(events::seq).limit(limit).select(EventRow::as_select()).load(tx.conn)?)
}

/// The event that recorded an attestation.
///
/// # Errors
/// [`StoreError`].
pub fn recording(tx: &mut Tx<'_>, attestation: &str) -> Result<Option<EventRow>, StoreError> {
    Ok(events::table
        .filter(events::attestation_id.eq(attestation).and(events::kind.eq_any(["issued", "renewed"])))
        .order(events::seq)
        .select(EventRow::as_select())
        .first(tx.conn)
        .optional()?)
}
