//! Communities.

use diesel::prelude::*;

use super::schema::communities;
use super::{StoreError, Tx};
use crate::domain::community::CommunitySnapshot;
use crate::domain::community_event::Names;
use crate::domain::time::Timestamp;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Lower case, of ASCII letters at least; screen names have no others.
    fn lower(x: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

/// One community.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = communities)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct CommunityRow {
    pub id: String,
    pub platform_id: String,
    pub number: String,
    pub uri: String,
    pub name: String,
    pub screen_name: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
}

/// Records a community that is not known yet; returns its id, which never changes. What is known of one stays as it is.
///
/// # Errors
/// [`StoreError`].
pub fn ensure(tx: &mut Tx<'_>, row: CommunityRow) -> Result<String, StoreError> {
    if by_number(tx, &row.platform_id, &row.number)?.is_none() {
        let inserted = tx.savepoint(|tx| {
            diesel::insert_into(communities::table).values(&row).execute(tx.conn)?;
            Ok(())
        });
        match inserted {
            Ok(()) => return Ok(row.id),
            Err(StoreError::Duplicate) => {}
            Err(e) => return Err(e),
        }
    }
    by_number(tx, &row.platform_id, &row.number)?.map(|c| c.id).ok_or(StoreError::Stale("community"))
}

/// Takes what was confirmed of a community for what it is from now on.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such community.
pub fn confirm(tx: &mut Tx<'_>, id: &str, now_called: &CommunitySnapshot, now: Timestamp) -> Result<(), StoreError> {
    use communities as c;
    let n = diesel::update(c::table.find(id))
        .set((
            c::uri.eq(&now_called.uri),
            c::name.eq(&now_called.name),
            c::screen_name.eq(&now_called.screen_name),
            c::seen_name.eq(None::<String>),
            c::seen_screen_name.eq(None::<String>),
            c::updated_at.eq(now.millis()),
            c::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "community")
}

/// The community with this number on this platform.
///
/// # Errors
/// [`StoreError`].
pub fn by_number(tx: &mut Tx<'_>, platform: &str, number: &str) -> Result<Option<CommunityRow>, StoreError> {
    use communities as c;
    Ok(c::table
        .filter(c::platform_id.eq(platform).and(c::number.eq(number)))
        .select(CommunityRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// The one community with this screen name on this platform, in whatever case it is written: platforms ignore it. Screen names
/// move between communities, so two that were recorded with the same one are no answer.
///
/// # Errors
/// [`StoreError`].
pub fn by_screen_name(tx: &mut Tx<'_>, platform: &str, screen_name: &str) -> Result<Option<CommunityRow>, StoreError> {
    use communities as c;
    Ok(c::table
        .filter(c::platform_id.eq(platform).and(lower(c::screen_name).eq(screen_name.to_ascii_lowercase())))
        .select(CommunityRow::as_select())
        .limit(2)
        .load(tx.conn)
        .map(only)?)
}

fn only(rows: Vec<CommunityRow>) -> Option<CommunityRow> {
    <[CommunityRow; 1]>::try_from(rows).ok().map(|[row]| row)
}

/// The one community recorded with exactly this address.
///
/// # Errors
/// [`StoreError`].
pub fn by_uri(tx: &mut Tx<'_>, uri: &str) -> Result<Option<CommunityRow>, StoreError> {
    use communities as c;
    Ok(c::table.filter(c::uri.eq(uri)).select(CommunityRow::as_select()).limit(2).load(tx.conn).map(only)?)
}

/// The community with this id.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<CommunityRow>, StoreError> {
    Ok(communities::table.find(id).select(CommunityRow::as_select()).first(tx.conn).optional()?)
}

/// Ids of communities after `id` in the order of ids, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn ids_after(tx: &mut Tx<'_>, id: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    use communities as c;
    Ok(c::table.filter(c::id.gt(id)).order(c::id).limit(limit).select(c::id).load(tx.conn)?)
}

/// What the platform says the community is called, where that was heard since it was confirmed.
///
/// # Errors
/// [`StoreError`].
pub fn seen(tx: &mut Tx<'_>, id: &str) -> Result<Names, StoreError> {
    use communities as c;
    let (name, screen_name) = c::table.find(id).select((c::seen_name, c::seen_screen_name)).first(tx.conn)?;
    Ok(Names { name, screen_name })
}

/// Remembers what the platform says the community is called; the confirmed names stay.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such community.
pub fn see(tx: &mut Tx<'_>, id: &str, names: &Names) -> Result<(), StoreError> {
    use communities as c;
    let n = diesel::update(c::table.find(id))
        .set((c::seen_name.eq(&names.name), c::seen_screen_name.eq(&names.screen_name), c::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "community")
}
