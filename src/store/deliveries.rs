//! The outbox: one row for each event a platform must hear of, written with the event, worked off under leases.

use diesel::dsl::{count_star, exists, min, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

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

/// `next_at` of what stands behind an earlier version of its badge that failed: it becomes due when that one is settled.
pub const BEHIND: i64 = 253_402_300_799_000; // the end of the year 9999

/// Queues a delivery.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &DeliveryRow) -> Result<(), StoreError> {
    diesel::insert_into(deliveries::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The oldest version of the same badge that waits: a subquery of its own for each row looked at, in the order of an index, and not a
/// join. A planner that knows nothing yet of a sudden backlog would compare every row of it with every other.
macro_rules! oldest_of_badge {
    () => {{
        let same = diesel::alias!(deliveries as same);
        same.filter(same.field(deliveries::platform_id).eq(deliveries::platform_id))
            .filter(same.field(deliveries::badge_id).eq(deliveries::badge_id))
            .filter(sql::<Bool>("same.state = 'pending'"))
            .order(same.field(deliveries::version))
            .select(same.field(deliveries::version))
            .single_value()
    }};
}

/// The words of the partial indexes over what waits: a bound parameter would not let SQLite use them.
fn waits() -> SqlLiteral<Bool> {
    sql("deliveries.state = 'pending'")
}

/// Whether anything of a platform is due: free, at its time, and not behind an earlier version of its badge.
///
/// # Errors
/// [`StoreError`].
pub fn any_due(tx: &mut Tx<'_>, platform: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(!due(tx, platform, 1, now)?.is_empty())
}

/// Ids of due deliveries, by the time they became so. Order per badge: a delivery waits until every earlier version of its badge is
/// delivered or dead. What waits for a later time is not even looked at, however much of it there is.
fn due(tx: &mut Tx<'_>, platform: &str, limit: i64, now: Timestamp) -> Result<Vec<String>, StoreError> {
    use deliveries as d;
    tx.order_by_index()?;
    Ok(d::table
        .filter(d::platform_id.eq(platform).and(waits()))
        .filter(d::next_at.le(now.millis()).and(d::lease_until.le(now.millis())))
        .filter(d::version.nullable().eq(oldest_of_badge!()))
        .order((d::next_at, d::event_seq))
        .limit(limit)
        .select(d::id)
        .load(tx.conn)?)
}

/// Leases up to `limit` due deliveries of a platform until `until`.
///
/// # Errors
/// [`StoreError`].
pub fn lease(
    tx: &mut Tx<'_>,
    platform: &str,
    token: &str,
    limit: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<DeliveryRow>, StoreError> {
    use deliveries as d;
    let due = due(tx, platform, limit, now)?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    // The free-lease predicate is repeated: selecting first and updating then claims twice under concurrency.
    let free = d::table.filter(d::id.eq_any(due)).filter(d::state.eq("pending").and(d::lease_until.le(now.millis())));
    Ok(diesel::update(free)
        .set((d::lease_token.eq(Some(token)), d::lease_until.eq(until.millis())))
        .returning(d::all_columns)
        .get_results(tx.conn)?)
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

impl Settled {
    /// One word, for metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Again(_) => "failed",
            Self::Waits(_) => "waits",
            Self::Dead => "dead",
        }
    }
}

/// Settles leased deliveries that arrived at the first attempt, all at once; the ids of those whose lease still held.
///
/// # Errors
/// [`StoreError`].
pub fn settle_arrived(tx: &mut Tx<'_>, ids: Vec<String>, token: &str, now: Timestamp) -> Result<Vec<String>, StoreError> {
    use deliveries as d;
    Ok(diesel::update(d::table.filter(d::id.eq_any(ids)).filter(d::lease_token.eq(token).and(d::state.eq("pending"))))
        .set((
            d::state.eq("delivered"),
            d::next_at.eq(now.millis()),
            d::delivered_at.eq(Some(now.millis())),
            d::attempts.eq(d::attempts + 1),
            d::lease_token.eq(None::<String>),
            d::lease_until.eq(0),
            d::last_note.eq(None::<String>),
        ))
        .returning(d::id)
        .get_results(tx.conn)?)
}

/// Settles a leased delivery; a lost lease settles nothing.
///
/// # Errors
/// [`StoreError::Stale`] when the lease is another's by now.
pub fn settle(
    tx: &mut Tx<'_>,
    row: &DeliveryRow,
    token: &str,
    how: &Settled,
    note: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    use deliveries as d;
    let (state, next_at, delivered_at) = match how {
        Settled::Delivered => ("delivered", now.millis(), Some(now.millis())),
        Settled::Again(at) | Settled::Waits(at) => ("pending", at.millis(), None),
        Settled::Dead => ("dead", now.millis(), None),
    };
    let n = diesel::update(d::table.find(&row.id).filter(d::lease_token.eq(token).and(d::state.eq("pending"))))
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
    StoreError::expect_one(n, "delivery")?;
    if state == "pending" {
        // Nobody needs to look at what stands behind it until it is gone; see [`wake`].
        tx.order_by_index()?;
        let of_badge = d::table.filter(d::platform_id.eq(&row.platform_id).and(d::badge_id.eq(&row.badge_id))).filter(waits());
        let next = of_badge.filter(d::version.gt(row.version).and(d::next_at.lt(BEHIND))).order(d::version);
        let next: Vec<String> = next.select(d::id).load(tx.conn)?;
        if !next.is_empty() {
            diesel::update(d::table.filter(d::id.eq_any(next))).filter(waits()).set(d::next_at.eq(BEHIND)).execute(tx.conn)?;
        }
    }
    Ok(())
}

/// What of a platform stood behind something else and has nothing before it any more. Looks at all that stands behind.
///
/// # Errors
/// [`StoreError`].
pub fn free(tx: &mut Tx<'_>, platform: &str) -> Result<Vec<String>, StoreError> {
    use deliveries as d;
    tx.order_by_index()?;
    let behind = d::table.filter(d::platform_id.eq(platform).and(d::next_at.eq(BEHIND))).filter(waits());
    Ok(behind.filter(d::version.nullable().eq(oldest_of_badge!())).select(d::id).load(tx.conn)?)
}

/// The same of these badges alone, where something went: one look at each, and none where nothing stands behind anything.
///
/// # Errors
/// [`StoreError`].
pub fn free_of(tx: &mut Tx<'_>, platform: &str, badges: &[String]) -> Result<Vec<String>, StoreError> {
    use deliveries as d;
    let behind = d::table.filter(d::platform_id.eq(platform).and(d::next_at.eq(BEHIND))).filter(waits());
    if !diesel::select(exists(behind)).get_result(tx.conn)? {
        return Ok(Vec::new());
    }
    tx.order_by_index()?;
    let mut free = Vec::new();
    for badge in badges {
        let first = d::table.filter(d::platform_id.eq(platform).and(d::badge_id.eq(badge))).filter(waits()).order(d::version);
        let first: Option<(String, i64)> = first.select((d::id, d::next_at)).first(tx.conn).optional()?;
        free.extend(first.filter(|(_, next_at)| *next_at == BEHIND).map(|(id, _)| id));
    }
    Ok(free)
}

/// Makes these due that stood behind something else.
///
/// # Errors
/// [`StoreError`].
pub fn wake(tx: &mut Tx<'_>, ids: Vec<String>, now: Timestamp) -> Result<(), StoreError> {
    use deliveries as d;
    if !ids.is_empty() {
        let behind = d::table.filter(d::id.eq_any(ids).and(d::next_at.eq(BEHIND)));
        diesel::update(behind).set(d::next_at.eq(now.millis())).execute(tx.conn)?;
    }
    Ok(())
}

/// Makes everything of a platform that waits for another attempt due now: its endpoint is well again. What stands
/// behind goes when that has gone.
///
/// # Errors
/// [`StoreError`].
pub fn hurry(tx: &mut Tx<'_>, platform: &str, now: Timestamp) -> Result<(), StoreError> {
    use deliveries as d;
    diesel::update(
        d::table
            .filter(d::platform_id.eq(platform).and(waits()))
            .filter(d::next_at.gt(now.millis()).and(d::next_at.lt(BEHIND)))
            .filter(d::lease_until.le(now.millis())),
    )
    .set(d::next_at.eq(now.millis()))
    .execute(tx.conn)?;
    Ok(())
}

/// How many deliveries are pending, and the oldest one's creation; of one platform or of all.
///
/// # Errors
/// [`StoreError`].
pub fn backlog(tx: &mut Tx<'_>, platform: Option<&str>) -> Result<(i64, Option<i64>), StoreError> {
    use deliveries as d;
    let mut q = d::table.filter(waits()).select((count_star(), min(d::created_at))).into_boxed();
    if let Some(p) = platform {
        q = q.filter(d::platform_id.eq(p.to_owned()));
    }
    Ok(q.get_result(tx.conn)?)
}

/// How many deliveries to a platform were given up.
///
/// # Errors
/// [`StoreError`].
pub fn given_up(tx: &mut Tx<'_>, platform: &str) -> Result<i64, StoreError> {
    use deliveries as d;
    Ok(d::table.filter(d::platform_id.eq(platform).and(d::state.eq("dead"))).count().get_result(tx.conn)?)
}

/// What a platform that fetches its events says of one.
pub enum Answered<'a> {
    /// It took it.
    Taken,
    /// It cannot take it; what is known of why.
    Refused(&'a str),
}

/// Settles what a platform answers for by itself; returns how many deliveries that changed.
///
/// # Errors
/// [`StoreError`].
pub fn answer(tx: &mut Tx<'_>, platform: &str, seqs: &[i64], how: &Answered<'_>, now: Timestamp) -> Result<usize, StoreError> {
    use deliveries as d;
    let (state, delivered_at, note) = match how {
        Answered::Taken => ("delivered", Some(now.millis()), None),
        Answered::Refused(note) => ("dead", None, Some(*note)),
    };
    Ok(diesel::update(d::table.filter(d::platform_id.eq(platform).and(d::event_seq.eq_any(seqs.to_vec()))).filter(d::state.eq("pending")))
        .set((
            d::state.eq(state),
            d::delivered_at.eq(delivered_at),
            d::attempts.eq(d::attempts + 1),
            d::last_note.eq(note),
            d::lease_token.eq(None::<String>),
            d::lease_until.eq(0),
        ))
        .execute(tx.conn)?)
}

/// Deliveries to a platform that wait, of events after `seq`, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn waiting(tx: &mut Tx<'_>, platform: &str, seq: i64, limit: i64) -> Result<Vec<DeliveryRow>, StoreError> {
    use deliveries as d;
    let after = d::table.filter(d::platform_id.eq(platform).and(waits())).filter(d::event_seq.gt(seq));
    Ok(after.order(d::event_seq).limit(limit).select(DeliveryRow::as_select()).load(tx.conn)?)
}

/// Counts a failed attempt at a delivery that nobody leased, because its platform fetches: to be tried `again`, or given up; false
/// when it changed since it was read.
///
/// # Errors
/// [`StoreError`].
pub fn count_failure(tx: &mut Tx<'_>, row: &DeliveryRow, again: Option<Timestamp>, note: &str, now: Timestamp) -> Result<bool, StoreError> {
    use deliveries as d;
    let (state, next_at) = again.map_or(("dead", now.millis()), |at| ("pending", at.millis()));
    let as_read = d::table.find(&row.id).filter(d::state.eq("pending").and(d::attempts.eq(row.attempts)).and(d::next_at.eq(row.next_at)));
    let n = diesel::update(as_read)
        .set((d::state.eq(state), d::next_at.eq(next_at), d::attempts.eq(d::attempts + 1), d::last_note.eq(Some(note))))
        .execute(tx.conn)?;
    Ok(n == 1)
}

/// The delivery with this id.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<DeliveryRow>, StoreError> {
    Ok(deliveries::table.find(id).select(DeliveryRow::as_select()).first(tx.conn).optional()?)
}

/// Which deliveries to list.
pub struct DeliveryFilter {
    /// Of one platform.
    pub platform: Option<String>,
    /// In one state.
    pub state: Option<String>,
    /// Queued from here on.
    pub since: Option<Timestamp>,
    /// Queued before.
    pub until: Option<Timestamp>,
}

/// One page of deliveries, newest first, before `cursor`.
///
/// # Errors
/// [`StoreError`].
pub fn page(tx: &mut Tx<'_>, wanted: &DeliveryFilter, cursor: Option<&str>, limit: i64) -> Result<Vec<DeliveryRow>, StoreError> {
    use deliveries as d;
    let mut q = d::table.order(d::id.desc()).limit(limit).select(DeliveryRow::as_select()).into_boxed();
    if let Some(platform) = &wanted.platform {
        q = q.filter(d::platform_id.eq(platform.clone()));
    }
    if let Some(state) = &wanted.state {
        q = q.filter(d::state.eq(state.clone()));
    }
    if let Some(since) = wanted.since {
        q = q.filter(d::created_at.ge(since.millis()));
    }
    if let Some(until) = wanted.until {
        q = q.filter(d::created_at.lt(until.millis()));
    }
    if let Some(cursor) = cursor {
        q = q.filter(d::id.lt(cursor.to_owned()));
    }
    Ok(q.load(tx.conn)?)
}

/// Makes deliveries due now, as if they had never been tried; those on their way are left alone. Returns how many.
///
/// # Errors
/// [`StoreError`].
pub fn again(tx: &mut Tx<'_>, ids: &[String], now: Timestamp) -> Result<usize, StoreError> {
    use deliveries as d;
    Ok(diesel::update(d::table.filter(d::id.eq_any(ids.to_vec()).and(d::lease_until.le(now.millis()))))
        .set((d::state.eq("pending"), d::attempts.eq(0), d::next_at.eq(now.millis()), d::delivered_at.eq(None::<i64>)))
        .execute(tx.conn)?)
}
