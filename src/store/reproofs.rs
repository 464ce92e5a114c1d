//! Badges whose holders have to prove control of the community again, and by when.

use diesel::prelude::*;

use super::badges::BadgeRow;
use super::schema::badges;
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// From when to when control has to be proven again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term {
    /// Proofs older than this do not count.
    pub since: Timestamp,
    /// After this the badge is suspended.
    pub by: Timestamp,
}

/// The term of a badge that has one.
///
/// # Errors
/// [`StoreError`].
pub fn term(tx: &mut Tx<'_>, badge: &str) -> Result<Option<Term>, StoreError> {
    use badges as b;
    let found: Option<(Option<i64>, Option<i64>)> =
        b::table.find(badge).select((b::reprove_since, b::reprove_by)).first(tx.conn).optional()?;
    Ok(match found {
        Some((Some(since), Some(by))) => Some(Term { since: Timestamp::from_millis(since), by: Timestamp::from_millis(by) }),
        _ => None,
    })
}

/// Sets, or with `None` lifts, the term of a badge.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such badge.
pub fn set(tx: &mut Tx<'_>, badge: &str, term: Option<Term>) -> Result<(), StoreError> {
    use badges as b;
    let n = diesel::update(b::table.find(badge))
        .set((
            b::reprove_since.eq(term.map(|t| t.since.millis())),
            b::reprove_by.eq(term.map(|t| t.by.millis())),
            b::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "badge")
}

/// Badges in force whose term is over, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn overdue(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<BadgeRow>, StoreError> {
    use badges as b;
    Ok(b::table
        .filter(b::reprove_by.is_not_null().and(b::reprove_by.le(now.millis())).and(b::state.eq("active")))
        .order((b::reprove_by, b::id))
        .limit(limit)
        .select(BadgeRow::as_select())
        .load(tx.conn)?)
}
