//! Badges that rest on links between a site and their community: which page is looked at, when next, and since when a link is missing.

use diesel::prelude::*;

use super::schema::{badges, communities, site_looks};
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// States of a badge that is looked at.
const IN_FORCE: [&str; 2] = ["active", "suspended"];

/// A badge whose links are to be looked at, claimed for this process.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct DueSite {
    pub badge_id: String,
    pub platform: String,
    pub number: String,
    pub page: String,
    pub next_at: i64,
}

/// Notes the page a badge rests on from now on; `None`: on none.
///
/// # Errors
/// [`StoreError`].
pub fn rest_on(tx: &mut Tx<'_>, badge: &str, page: Option<&str>, first: Timestamp) -> Result<(), StoreError> {
    use site_looks as l;
    forget(tx, badge)?;
    if let Some(page) = page {
        let row = (l::badge_id.eq(badge), l::page.eq(page), l::next_at.eq(first.millis()));
        diesel::insert_into(l::table).values(row).execute(tx.conn)?;
    }
    Ok(())
}

/// Looks no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Tx<'_>, badge: &str) -> Result<(), StoreError> {
    diesel::delete(site_looks::table.find(badge)).execute(tx.conn)?;
    Ok(())
}

/// Claims the page that is due first, with every badge in force that rests on it, until `next`: nobody looks at it before, this process
/// included, whatever comes of the look. Badges that have ended are forgotten.
///
/// # Errors
/// [`StoreError`].
pub fn claim(tx: &mut Tx<'_>, now: Timestamp, next: Timestamp) -> Result<Vec<DueSite>, StoreError> {
    use {badges as b, communities as c, site_looks as l};
    let ended = b::table.filter(b::state.ne_all(IN_FORCE)).select(b::id);
    diesel::delete(l::table.filter(l::next_at.le(now.millis()).and(l::badge_id.eq_any(ended)))).execute(tx.conn)?;
    let first: Option<String> = l::table
        .inner_join(b::table.on(b::id.eq(l::badge_id)))
        .filter(l::next_at.le(now.millis()).and(b::state.eq_any(IN_FORCE)))
        .order((l::next_at, l::badge_id))
        .select(l::page)
        .first(tx.conn)
        .optional()?;
    let Some(page) = first else { return Ok(Vec::new()) };
    let all: Vec<DueSite> = l::table
        .inner_join(b::table.on(b::id.eq(l::badge_id)))
        .inner_join(c::table.on(c::id.eq(b::community_id)))
        .filter(l::page.eq(page).and(b::state.eq_any(IN_FORCE)))
        .order(l::badge_id)
        .select((l::badge_id, c::platform_id, c::number, l::page, l::next_at))
        .load(tx.conn)?;
    // Between the two reads another process may have claimed the page, and with it everything that rests on it.
    if all.iter().all(|look| look.next_at > now.millis()) {
        return Ok(Vec::new());
    }
    let mut claimed = Vec::with_capacity(all.len());
    for look in all {
        let free = l::table.find(&look.badge_id).filter(l::next_at.eq(look.next_at));
        if diesel::update(free).set(l::next_at.eq(next.millis())).execute(tx.conn)? == 1 {
            claimed.push(look);
        }
    }
    Ok(claimed)
}

/// Since when a link is missing, of a badge that still rests on this page.
///
/// # Errors
/// [`StoreError`].
pub fn missed_since(tx: &mut Tx<'_>, badge: &str, page: &str) -> Result<Option<Option<Timestamp>>, StoreError> {
    use site_looks as l;
    let row = l::table.find(badge).filter(l::page.eq(page)).select(l::missed_since);
    let found: Option<Option<i64>> = row.first(tx.conn).optional()?;
    Ok(found.map(|since| since.map(Timestamp::from_millis)))
}

/// Notes since when a link is missing.
///
/// # Errors
/// [`StoreError::Stale`] when the badge rests on no site.
pub fn note(tx: &mut Tx<'_>, badge: &str, missed_since: Option<Timestamp>) -> Result<(), StoreError> {
    use site_looks as l;
    let n = diesel::update(l::table.find(badge)).set(l::missed_since.eq(missed_since.map(Timestamp::millis))).execute(tx.conn)?;
    StoreError::expect_one(n, "look at a site")
}

/// How many badges in force rest on a site, and of how many a link is missing.
///
/// # Errors
/// [`StoreError`].
pub fn extent(tx: &mut Tx<'_>) -> Result<(i64, i64), StoreError> {
    use {badges as b, site_looks as l};
    let in_force = || l::table.inner_join(b::table.on(b::id.eq(l::badge_id))).filter(b::state.eq_any(IN_FORCE));
    let all = in_force().count().get_result(tx.conn)?;
    Ok((all, in_force().filter(l::missed_since.is_not_null()).count().get_result(tx.conn)?))
}
