//! When the community of each badge in force is looked at next, and what the last looks found.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::schema::{badges, communities, community_looks};
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// A badge whose community is to be looked at, claimed for this process.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct DueLook {
    pub badge_id: String,
    pub number: String,
    pub next_at: i64,
}

/// What is noted of the looks at a badge's community.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = community_looks)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct LookRow {
    pub badge_id: String,
    pub next_at: i64,
    pub lost_since: Option<i64>,
    pub suspended_version: Option<i64>,
}

/// Badges in force of this platform after `after`, in the order of ids, whose community nobody looks at yet.
///
/// # Errors
/// [`StoreError`].
pub fn unplanned(tx: &mut Tx<'_>, platform: &str, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    use {badges as b, communities as c, community_looks as l};
    Ok(b::table
        .inner_join(c::table.on(c::id.eq(b::community_id)))
        .filter(c::platform_id.eq(platform).and(b::state.eq_any(["active", "suspended"])).and(b::id.gt(after)))
        .filter(not(exists(l::table.filter(l::badge_id.eq(b::id)))))
        .order(b::id)
        .limit(limit)
        .select(b::id)
        .load(tx.conn)?)
}

/// Notes the first look at the communities of these badges.
///
/// # Errors
/// [`StoreError::Duplicate`] when another process did the same.
pub fn plan(tx: &mut Tx<'_>, badges: &[String], first: Timestamp) -> Result<(), StoreError> {
    use community_looks as l;
    for badge in badges {
        diesel::insert_into(l::table).values((l::badge_id.eq(badge), l::next_at.eq(first.millis()))).execute(tx.conn)?;
    }
    Ok(())
}

/// Claims what is due of a platform until `lease`: nobody else looks at it meanwhile.
///
/// # Errors
/// [`StoreError`].
pub fn claim(tx: &mut Tx<'_>, platform: &str, now: Timestamp, lease: Timestamp, limit: i64) -> Result<Vec<DueLook>, StoreError> {
    use {badges as b, communities as c, community_looks as l};
    let due: Vec<DueLook> = l::table
        .inner_join(b::table.on(b::id.eq(l::badge_id)))
        .inner_join(c::table.on(c::id.eq(b::community_id)))
        .filter(c::platform_id.eq(platform).and(l::next_at.le(now.millis())))
        .order((l::next_at, l::badge_id))
        .limit(limit)
        .select((l::badge_id, c::number, l::next_at))
        .load(tx.conn)?;
    let mut claimed = Vec::with_capacity(due.len());
    for look in due {
        let free = l::table.find(&look.badge_id).filter(l::next_at.eq(look.next_at));
        if diesel::update(free).set(l::next_at.eq(lease.millis())).execute(tx.conn)? == 1 {
            claimed.push(look);
        }
    }
    Ok(claimed)
}

/// What is noted of a badge.
///
/// # Errors
/// [`StoreError`].
pub fn of_badge(tx: &mut Tx<'_>, badge: &str) -> Result<Option<LookRow>, StoreError> {
    Ok(community_looks::table.find(badge).select(LookRow::as_select()).first(tx.conn).optional()?)
}

/// Puts off looks that came to nothing; what was noted stays.
///
/// # Errors
/// [`StoreError`].
pub fn put_off(tx: &mut Tx<'_>, badges: &[String], next: Timestamp) -> Result<(), StoreError> {
    use community_looks as l;
    diesel::update(l::table.filter(l::badge_id.eq_any(badges))).set(l::next_at.eq(next.millis())).execute(tx.conn)?;
    Ok(())
}

/// Notes what a look found, and when the next one is due.
///
/// # Errors
/// [`StoreError::Stale`] when the badge is not looked at any more.
pub fn note(
    tx: &mut Tx<'_>,
    badge: &str,
    next: Timestamp,
    lost_since: Option<Timestamp>,
    suspended_version: Option<i64>,
) -> Result<(), StoreError> {
    use community_looks as l;
    let n = diesel::update(l::table.find(badge))
        .set((
            l::next_at.eq(next.millis()),
            l::lost_since.eq(lost_since.map(Timestamp::millis)),
            l::suspended_version.eq(suspended_version),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "look at a community")
}

/// Looks no more: the badge has ended.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Tx<'_>, badge: &str) -> Result<(), StoreError> {
    diesel::delete(community_looks::table.find(badge)).execute(tx.conn)?;
    Ok(())
}
