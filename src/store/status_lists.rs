//! Status lists: which there are, who gets the next place, which are over. What their places say stands with the attestations.

use diesel::prelude::*;

use super::schema::status_lists;
use super::{StoreError, Tx};
use crate::domain::expiry_month::ExpiryMonth;
use crate::domain::time::Timestamp;

/// One list.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = status_lists)]
#[expect(missing_docs, reason = "columns are documented in the migrations")]
pub struct ListRow {
    pub id: i64,
    pub size: i64,
    pub next_idx: i64,
    pub month: Option<i64>,
    pub ends_before: i64,
    pub retired_at: Option<i64>,
}

/// Takes the next free place among attestations that end in the same month, opening a new list of `size` places when the
/// month has none or its newest is full: (list, index).
///
/// Lists are filled to the last place. Other services open the next one early, because they look for free places at random and
/// find few in a list that is nearly full; ours are handed out in order, so the last costs no more than the first.
///
/// # Errors
/// [`StoreError`].
pub fn allocate_index(tx: &mut Tx<'_>, size: i64, expires: Timestamp, now: Timestamp) -> Result<(i64, i64), StoreError> {
    use status_lists as l;
    let month = ExpiryMonth::of(expires);
    loop {
        // Read before the month's own list: one that somebody else opened after this look has taken the number below, so that
        // two writers never open a list each.
        let highest: Option<i64> = l::table.select(l::id).order(l::id.desc()).first(tx.conn).optional()?;
        let open = l::month.eq(month.starts().millis()).and(l::retired_at.is_null()).and(l::next_idx.lt(l::size));
        let open: Option<(i64, i64)> = l::table.filter(open).order(l::id.desc()).select((l::id, l::next_idx)).first(tx.conn).optional()?;
        if let Some((id, next)) = open {
            // The expected value is part of the condition: two writers on PostgreSQL cannot take one place.
            let expected = l::table.find(id).filter(l::next_idx.eq(next).and(l::retired_at.is_null()));
            if diesel::update(expected).set(l::next_idx.eq(next + 1)).execute(tx.conn)? == 1 {
                return Ok((id, next));
            }
            continue;
        }
        let opened = tx.savepoint(|tx| {
            diesel::insert_into(l::table)
                .values((
                    l::id.eq(highest.unwrap_or(0) + 1),
                    l::size.eq(size),
                    l::next_idx.eq(0),
                    l::created_at.eq(now.millis()),
                    l::month.eq(Some(month.starts().millis())),
                    l::ends_before.eq(month.ends().millis()),
                ))
                .execute(tx.conn)?;
            Ok(())
        });
        match opened {
            Ok(()) | Err(StoreError::Duplicate) => {}
            Err(e) => return Err(e),
        }
    }
}

/// All lists, retired ones too, in the order of their numbers.
///
/// # Errors
/// [`StoreError`].
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<ListRow>, StoreError> {
    Ok(status_lists::table.order(status_lists::id).select(ListRow::as_select()).load(tx.conn)?)
}

/// One list.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(tx: &mut Tx<'_>, id: i64) -> Result<Option<ListRow>, StoreError> {
    Ok(status_lists::table.find(id).select(ListRow::as_select()).first(tx.conn).optional()?)
}

/// Lists in force whose attestations all ended before `before`.
///
/// # Errors
/// [`StoreError`].
pub fn ended(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<ListRow>, StoreError> {
    use status_lists as l;
    Ok(l::table
        .filter(l::retired_at.is_null().and(l::ends_before.le(before.millis())))
        .order(l::id)
        .select(ListRow::as_select())
        .load(tx.conn)?)
}

/// Retires a list that stands exactly as `row` says.
///
/// # Errors
/// [`StoreError::Stale`] when a place was given out meanwhile, or somebody else retired it.
pub fn retire(tx: &mut Tx<'_>, row: &ListRow, now: Timestamp) -> Result<(), StoreError> {
    use status_lists as l;
    let expected = l::table.find(row.id).filter(l::retired_at.is_null().and(l::next_idx.eq(row.next_idx)));
    let n = diesel::update(expected).set(l::retired_at.eq(Some(now.millis()))).execute(tx.conn)?;
    StoreError::expect_one(n, "status list")
}
