//! Authorities: the confirmed legal entities.

use diesel::prelude::*;

use super::schema::authorities;
use super::{StoreError, Tx};

/// One authority.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = authorities)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct AuthorityRow {
    pub id: String,
    pub ogrn: String,
    pub inn: Option<String>,
    pub kpp: Option<String>,
    pub oktmo: Option<String>,
    pub okopf: Option<String>,
    pub full_name: String,
    pub short_name: String,
    pub kind: String,
    pub region: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
}

/// Records what was confirmed of the legal entity with this OGRN, or updates it; returns its id. A member that was not
/// confirmed this time keeps its earlier value.
///
/// # Errors
/// [`StoreError`].
pub fn upsert(tx: &mut Tx<'_>, row: AuthorityRow) -> Result<String, StoreError> {
    let known = by_ogrn(tx, &row.ogrn)?;
    if let Some(old) = known {
        let id = old.id.clone();
        // AsChangeset skips None, which is what "keeps its earlier value" needs.
        let change = AuthorityRow { id: id.clone(), created_at: old.created_at, ..row };
        diesel::update(authorities::table.find(&id)).set(&change).execute(tx.conn)?;
        return Ok(id);
    }
    let inserted = tx.savepoint(|tx| {
        diesel::insert_into(authorities::table).values(&row).execute(tx.conn)?;
        Ok(())
    });
    match inserted {
        Ok(()) => Ok(row.id),
        // Another transaction confirmed the same body at the same moment.
        Err(StoreError::Duplicate) => by_ogrn(tx, &row.ogrn)?.map(|r| r.id).ok_or(StoreError::Stale("authority")),
        Err(e) => Err(e),
    }
}

/// The authority with this OGRN.
///
/// # Errors
/// [`StoreError`].
pub fn by_ogrn(tx: &mut Tx<'_>, ogrn: &str) -> Result<Option<AuthorityRow>, StoreError> {
    Ok(authorities::table.filter(authorities::ogrn.eq(ogrn)).select(AuthorityRow::as_select()).first(tx.conn).optional()?)
}

/// The authority with this id.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<AuthorityRow, StoreError> {
    Ok(authorities::table.find(id).select(AuthorityRow::as_select()).first(tx.conn)?)
}
