//! Badges: every change of state names the state and version it expects.

use std::collections::HashMap;

use diesel::prelude::*;

use super::schema::{authorities, badges, communities};
use super::{StoreError, Tx};
use crate::domain::badge::BadgeState;
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;
use crate::store::authorities::AuthorityRow;
use crate::store::communities::CommunityRow;

/// One badge.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = badges)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct BadgeRow {
    pub id: String,
    pub community_id: String,
    pub authority_id: String,
    pub branch_name: Option<String>,
    pub branch_kpp: Option<String>,
    pub application_id: String,
    pub state: String,
    pub reason: Option<String>,
    pub version: i64,
    pub issued_at: Option<i64>,
    pub expires_at: i64,
    pub ended_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
}

impl BadgeRow {
    /// The state, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn state(&self) -> Result<BadgeState, StoreError> {
        self.state.parse().map_err(|_| StoreError::Corrupt("badge state"))
    }
}

/// A badge with what it binds.
pub type BadgeFacts = (BadgeRow, CommunityRow, AuthorityRow);

/// Records a prepared badge.
///
/// # Errors
/// [`StoreError::Duplicate`] when another badge of the community is being issued.
pub fn insert(tx: &mut Tx<'_>, row: &BadgeRow) -> Result<(), StoreError> {
    diesel::insert_into(badges::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The badge with this id.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<BadgeRow>, StoreError> {
    Ok(badges::table.find(id).select(BadgeRow::as_select()).first(tx.conn).optional()?)
}

/// Holds a badge until the transaction ends, so that changes asked for at the same moment are decided one after the other
/// instead of failing. Holds nothing when there is no such badge.
///
/// # Errors
/// [`StoreError`].
pub fn lock(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    // An update instead of FOR UPDATE, which SQLite does not have (and, with one writer, does not need).
    diesel::update(badges::table.find(id)).set(badges::updated_by.eq(tx.name)).execute(tx.conn)?;
    Ok(())
}

/// The current (active or suspended) badge of a community.
///
/// # Errors
/// [`StoreError`].
pub fn current_of(tx: &mut Tx<'_>, community: &str) -> Result<Option<BadgeRow>, StoreError> {
    Ok(badges::table
        .filter(badges::community_id.eq(community).and(badges::state.eq_any(["active", "suspended"])))
        .select(BadgeRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// The badge of a community that is being issued.
///
/// # Errors
/// [`StoreError`].
pub fn prepared_of(tx: &mut Tx<'_>, community: &str) -> Result<Option<BadgeRow>, StoreError> {
    Ok(badges::table
        .filter(badges::community_id.eq(community).and(badges::state.eq("prepared")))
        .select(BadgeRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// Every badge a community ever had that was in force, newest first.
///
/// # Errors
/// [`StoreError`].
pub fn history_of(tx: &mut Tx<'_>, community: &str) -> Result<Vec<BadgeRow>, StoreError> {
    Ok(badges::table
        .filter(badges::community_id.eq(community).and(badges::issued_at.is_not_null()))
        .order((badges::issued_at.desc(), badges::id.desc()))
        .select(BadgeRow::as_select())
        .load(tx.conn)?)
}

/// A badge with community and authority.
///
/// # Errors
/// [`StoreError`].
pub fn facts(tx: &mut Tx<'_>, id: &str) -> Result<Option<BadgeFacts>, StoreError> {
    let Some(badge) = by_id(tx, id)? else { return Ok(None) };
    let community = communities::table.find(&badge.community_id).select(CommunityRow::as_select()).first(tx.conn)?;
    let authority = authorities::table.find(&badge.authority_id).select(AuthorityRow::as_select()).first(tx.conn)?;
    Ok(Some((badge, community, authority)))
}

/// These badges, each with community and authority, by id.
///
/// # Errors
/// [`StoreError`].
pub fn facts_of(tx: &mut Tx<'_>, ids: Vec<String>) -> Result<HashMap<String, BadgeFacts>, StoreError> {
    // Community and authority are foreign keys: none is missing.
    let all: Vec<BadgeFacts> = badges::table
        .inner_join(communities::table.on(communities::id.eq(badges::community_id)))
        .inner_join(authorities::table.on(authorities::id.eq(badges::authority_id)))
        .filter(badges::id.eq_any(ids))
        .select((BadgeRow::as_select(), CommunityRow::as_select(), AuthorityRow::as_select()))
        .load(tx.conn)?;
    Ok(all.into_iter().map(|facts| (facts.0.id.clone(), facts)).collect())
}

/// Moves a badge on: from exactly the given row's state and version, to `to` and the next version, which is returned.
///
/// # Errors
/// [`StoreError::Stale`] when the row changed meanwhile.
pub fn advance(tx: &mut Tx<'_>, old: &BadgeRow, to: BadgeState, reason: Option<ReasonCode>, now: Timestamp) -> Result<i64, StoreError> {
    let version = old.version + 1;
    // What has ended stays ended on its day, also when a later event raises the version.
    let ended = to.is_final().then(|| old.ended_at.unwrap_or(now.millis()));
    let issued = if to == BadgeState::Active { old.issued_at.or(Some(now.millis())) } else { old.issued_at };
    let n = diesel::update(badges::table.find(&old.id))
        .filter(badges::state.eq(&old.state).and(badges::version.eq(old.version)))
        .set((
            badges::state.eq(to.as_str()),
            badges::reason.eq(reason.map(ReasonCode::as_str)),
            badges::version.eq(version),
            badges::issued_at.eq(issued),
            badges::ended_at.eq(ended),
            badges::updated_at.eq(now.millis()),
            badges::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "badge").map(|()| version)
}

/// Lengthens a badge's life to cover a further attestation.
///
/// # Errors
/// [`StoreError`].
pub fn extend(tx: &mut Tx<'_>, id: &str, expires: Timestamp) -> Result<(), StoreError> {
    diesel::update(badges::table.find(id).filter(badges::expires_at.lt(expires.millis())))
        .set(badges::expires_at.eq(expires.millis()))
        .execute(tx.conn)?;
    Ok(())
}

/// Badges in `state` whose `expires_at` (or, for prepared ones, creation) lies before `before`; at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn due(tx: &mut Tx<'_>, state: BadgeState, before: Timestamp, limit: i64) -> Result<Vec<BadgeRow>, StoreError> {
    let q =
        badges::table.filter(badges::state.eq(state.as_str())).order(badges::id).limit(limit).select(BadgeRow::as_select()).into_boxed();
    let q = if state == BadgeState::Prepared {
        q.filter(badges::created_at.lt(before.millis()))
    } else {
        q.filter(badges::expires_at.le(before.millis()))
    };
    Ok(q.load(tx.conn)?)
}

/// The badges with these ids.
///
/// # Errors
/// [`StoreError`].
pub fn by_ids(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<BadgeRow>, StoreError> {
    Ok(badges::table.filter(badges::id.eq_any(ids.to_vec())).select(BadgeRow::as_select()).load(tx.conn)?)
}

/// Badges after `id` in the order of ids, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn page(tx: &mut Tx<'_>, after: &str, limit: i64) -> Result<Vec<BadgeRow>, StoreError> {
    Ok(badges::table.filter(badges::id.gt(after)).order(badges::id).limit(limit).select(BadgeRow::as_select()).load(tx.conn)?)
}

/// What a listing needs to know of one badge.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct Stand {
    pub community_id: String,
    pub state: String,
    pub issued_at: Option<i64>,
    pub expires_at: i64,
}

/// Every badge of the communities with ids after `after` up to `last`, in the order of communities.
///
/// # Errors
/// [`StoreError`].
pub fn stands_between(tx: &mut Tx<'_>, after: &str, last: &str) -> Result<Vec<Stand>, StoreError> {
    use badges as b;
    // No filter by state: with one, a planner may walk all badges in that state for each page instead of this range.
    Ok(b::table
        .filter(b::community_id.gt(after).and(b::community_id.le(last)))
        .order(b::community_id)
        .select((b::community_id, b::state, b::issued_at, b::expires_at))
        .load(tx.conn)?)
}
