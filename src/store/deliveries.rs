//! The outbox: one row for each event a platform must hear of, written with the event, worked off under leases.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::schema::deliveries;
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// One delivery.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct DeliveryRow {
    pub id: String,
    pub event_seq: i64,
    pub platform_id: String,
    pub badge_id: String,
    pub version: i64,
    pub state: String,
    pub attempts: i64,
    pub next_at: i64,
    pub lease_token: Option<String>,
    pub lease_until: i64,
    pub last_note: Option<String>,
    pub created_at: i64,
    pub delivered_at: Option<i64>,
}

/// Queues a delivery.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &DeliveryRow) -> Result<(), StoreError> {
    diesel::insert_into(deliveries::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Leases up to `limit` due deliveries until `until`. Order per badge: a delivery waits until every earlier version of its
/// badge is delivered or dead.
///
/// # Errors
/// [`StoreError`].
pub fn lease(tx: &mut Tx<'_>, token: &str, limit: i64, now: Timestamp, until: Timestamp) -> Result<Vec<DeliveryRow>, StoreError> {
    use deliveries as d;
    let earlier = diesel::alias!(deliveries as earlier);
    let due: Vec<String> = d::table
        .filter(d::state.eq("pending").and(d::next_at.le(now.millis())).and(d::lease_until.le(now.millis())))
        .filter(not(exists(
            earlier
                .filter(earlier.field(d::platform_id).eq(d::platform_id))
                .filter(earlier.field(d::badge_id).eq(d::badge_id))
                .filter(earlier.field(d::version).lt(d::version))
                .filter(earlier.field(d::state).eq("pending")),
        )))
        .order((d::next_at, d::id))
        .limit(limit)
        .select(d::id)
        .load(tx.conn)?;
    let mut leased = Vec::with_capacity(due.len());
    for id in due {
        // The free-lease predicate is repeated: selecting first and updating then claims twice under concurrency.
        let n = diesel::update(d::table.find(&id).filter(d::state.eq("pending").and(d::lease_until.le(now.millis()))))
            .set((d::lease_token.eq(Some(token)), d::lease_until.eq(until.millis())))
            .execute(tx.conn)?;
        if n == 1 {
            leased.push(d::table.find(&id).select(DeliveryRow::as_select()).first(tx.conn)?);
        }
    }
    Ok(leased)
}

/// How an attempt ended.
pub enum Settled {
    /// Accepted by the platform.
    Delivered,
    /// To be tried again.
    Again(Timestamp),
    /// Not tried: to be looked at later, without counting an attempt.
    Waits(Timestamp),
    /// Given up.
    Dead,
}

/// Settles a leased delivery; a lost lease settles nothing.
///
/// # Errors
/// [`StoreError::Stale`] when the lease is another's by now.
pub fn settle(tx: &mut Tx<'_>, id: &str, token: &str, how: &Settled, note: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    use deliveries as d;
    let (state, next_at, delivered_at) = match how {
        Settled::Delivered => ("delivered", now.millis(), Some(now.millis())),
        Settled::Again(at) | Settled::Waits(at) => ("pending", at.millis(), None),
        Settled::Dead => ("dead", now.millis(), None),
    };
    let n = diesel::update(d::table.find(id).filter(d::lease_token.eq(token).and(d::state.eq("pending"))))
        .set((
            d::state.eq(state),
            d::next_at.eq(next_at),
            d::delivered_at.eq(delivered_at),
            d::attempts.eq(d::attempts + i64::from(!matches!(how, Settled::Waits(_)))),
            d::lease_token.eq(None::<String>),
            d::lease_until.eq(0),
            d::last_note.eq(note),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "delivery")
}

/// How many deliveries are pending, and the oldest one's creation.
///
/// # Errors
/// [`StoreError`].
pub fn backlog(tx: &mut Tx<'_>) -> Result<(i64, Option<i64>), StoreError> {
    use deliveries as d;
    let pending: i64 = d::table.filter(d::state.eq("pending")).count().get_result(tx.conn)?;
    let oldest = d::table.filter(d::state.eq("pending")).order(d::created_at).select(d::created_at).first(tx.conn).optional()?;
    Ok((pending, oldest))
}
