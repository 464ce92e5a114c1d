//! The append-only ledger of events. The single `ledger` row is updated by every writer, so sequence numbers appear in
//! commit order and without gaps: whoever follows them misses nothing.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::schema::{attestations, badges, communities, events, ledger};
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

/// Ids of badges with events after `seq`.
///
/// # Errors
/// [`StoreError`].
pub fn changed_since(tx: &mut Tx<'_>, seq: i64) -> Result<Vec<String>, StoreError> {
    Ok(events::table.filter(events::seq.gt(seq)).select(events::badge_id).distinct().load(tx.conn)?)
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

/// The events with these sequence numbers, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn by_seqs(tx: &mut Tx<'_>, seqs: Vec<i64>) -> Result<Vec<EventRow>, StoreError> {
    Ok(events::table.filter(events::seq.eq_any(seqs)).order(events::seq).select(EventRow::as_select()).load(tx.conn)?)
}

/// Events after `seq`, oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn after(tx: &mut Tx<'_>, seq: i64, limit: i64) -> Result<Vec<EventRow>, StoreError> {
    Ok(events::table.filter(events::seq.gt(seq)).order(events::seq).limit(limit).select(EventRow::as_select()).load(tx.conn)?)
}

/// A platform's events after `seq`, oldest first, at most `limit`; only of these kinds.
///
/// # Errors
/// [`StoreError`].
pub fn of_platform_after(tx: &mut Tx<'_>, platform: &str, seq: i64, kinds: &[&str], limit: i64) -> Result<Vec<EventRow>, StoreError> {
    Ok(events::table
        .inner_join(badges::table.on(badges::id.eq(events::badge_id)))
        .inner_join(communities::table.on(communities::id.eq(badges::community_id)))
        .filter(communities::platform_id.eq(platform).and(events::seq.gt(seq)))
        .filter(events::kind.eq_any(kinds.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>()))
        .order(events::seq)
        .limit(limit)
        .select(EventRow::as_select())
        .load(tx.conn)?)
}

/// Sequence numbers of the events with these ids; unknown ids have none.
///
/// # Errors
/// [`StoreError`].
pub fn seqs(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<i64>, StoreError> {
    Ok(events::table.filter(events::id.eq_any(ids.to_vec())).select(events::seq).load(tx.conn)?)
}

/// What the transparency log's rules need of an event.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct Step {
    pub seq: i64,
    pub badge_id: String,
    pub version: i64,
    pub kind: String,
    pub reason: Option<String>,
    pub attestation_id: Option<String>,
}

/// All steps of these badges up to event `seq`, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn steps(tx: &mut Tx<'_>, badges: &[String], seq: i64) -> Result<Vec<Step>, StoreError> {
    Ok(events::table
        .filter(events::badge_id.eq_any(badges.to_vec()).and(events::seq.le(seq)))
        .order(events::seq)
        .select(Step::as_select())
        .load(tx.conn)?)
}

/// Badges with a place in this list whose life was not only issues, ordinary renewals and its end: the only ones that can have made the
/// list say anything. They are few, and have an index of their own, which is used because it is asked for in its own words.
///
/// # Errors
/// [`StoreError`].
pub fn changed_in_list(tx: &mut Tx<'_>, list: i64) -> Result<Vec<String>, StoreError> {
    Ok(events::table
        .inner_join(attestations::table.on(attestations::badge_id.eq(events::badge_id)))
        .filter(attestations::list_id.eq(list).and(marking()))
        .select(events::badge_id)
        .distinct()
        .load(tx.conn)?)
}

/// When the first event after `seq` happened that can have changed what the list says.
///
/// # Errors
/// [`StoreError`].
pub fn first_change_in_list(tx: &mut Tx<'_>, list: i64, seq: i64) -> Result<Option<i64>, StoreError> {
    Ok(events::table
        .inner_join(attestations::table.on(attestations::badge_id.eq(events::badge_id)))
        .filter(attestations::list_id.eq(list).and(events::seq.gt(seq)).and(marking()))
        .order(events::seq)
        .select(events::at)
        .first(tx.conn)
        .optional()?)
}

/// In the words of the index on such events, so that it is used.
fn marking() -> SqlLiteral<Bool> {
    sql("(events.kind NOT IN ('issued', 'renewed', 'expired', 'abandoned', 'updated') OR events.reason = 'key_compromise')")
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

/// The event that took a badge to a version.
///
/// # Errors
/// [`StoreError`].
pub fn of_version(tx: &mut Tx<'_>, badge: &str, version: i64) -> Result<Option<EventRow>, StoreError> {
    Ok(events::table
        .filter(events::badge_id.eq(badge).and(events::version.eq(version)))
        .select(EventRow::as_select())
        .first(tx.conn)
        .optional()?)
}
