//! Passes through the identity provider: bound to application and browser, used once, with a deadline.

use diesel::prelude::*;

use super::schema::logins;
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// One login that was begun.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = logins)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct LoginRow {
    pub id: String,
    pub application_id: String,
    pub idp: String,
    pub state_digest: String,
    pub browser_digest: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
    pub outcome: Option<String>,
}

/// Records a login.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &LoginRow) -> Result<(), StoreError> {
    diesel::insert_into(logins::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Whether a login with this `state` was ever begun.
///
/// # Errors
/// [`StoreError`].
pub fn exists(tx: &mut Tx<'_>, state_digest: &str) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(logins::table.filter(logins::state_digest.eq(state_digest)))).get_result(tx.conn)?)
}

/// Consumes the login of this `state` in this browser: `None` when unknown, used, expired or begun in another browser.
/// A foreign browser consumes nothing, nor does an answer at another provider's address.
///
/// # Errors
/// [`StoreError`].
pub fn consume(
    tx: &mut Tx<'_>,
    state_digest: &str,
    browser_digest: &str,
    idp: &str,
    now: Timestamp,
) -> Result<Option<LoginRow>, StoreError> {
    let changed = diesel::update(logins::table.filter(logins::state_digest.eq(state_digest)))
        .filter(
            logins::browser_digest
                .eq(browser_digest)
                .and(logins::idp.eq(idp))
                .and(logins::used_at.is_null())
                .and(logins::expires_at.gt(now.millis())),
        )
        .set(logins::used_at.eq(Some(now.millis())))
        .execute(tx.conn)?;
    if changed == 0 {
        return Ok(None);
    }
    Ok(logins::table.filter(logins::state_digest.eq(state_digest)).select(LoginRow::as_select()).first(tx.conn).optional()?)
}

/// The application whose login of this `state` this browser began and used already.
///
/// # Errors
/// [`StoreError`].
pub fn used_before(tx: &mut Tx<'_>, state_digest: &str, browser_digest: &str) -> Result<Option<String>, StoreError> {
    let used = logins::table
        .filter(logins::state_digest.eq(state_digest).and(logins::browser_digest.eq(browser_digest)).and(logins::used_at.is_not_null()))
        .select(logins::application_id);
    Ok(used.first(tx.conn).optional()?)
}

/// Whether this browser began a login of this application.
///
/// # Errors
/// [`StoreError`].
pub fn browser_began(tx: &mut Tx<'_>, application: &str, browser_digest: &str) -> Result<bool, StoreError> {
    let n: i64 = logins::table
        .filter(logins::application_id.eq(application).and(logins::browser_digest.eq(browser_digest)))
        .count()
        .get_result(tx.conn)?;
    Ok(n > 0)
}

/// Whether this browser began exactly this login.
///
/// # Errors
/// [`StoreError`].
pub fn is_of_browser(tx: &mut Tx<'_>, login: &str, browser_digest: &str) -> Result<bool, StoreError> {
    let found = logins::table.find(login).filter(logins::browser_digest.eq(browser_digest));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(tx.conn)?)
}

/// The newest login this browser began for this application.
///
/// # Errors
/// [`StoreError`].
pub fn last_of(tx: &mut Tx<'_>, application: &str, browser_digest: &str) -> Result<Option<LoginRow>, StoreError> {
    Ok(logins::table
        .filter(logins::application_id.eq(application).and(logins::browser_digest.eq(browser_digest)))
        .order((logins::created_at.desc(), logins::id.desc()))
        .select(LoginRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// Notes how a login ended, `ok` or a refusal code.
///
/// # Errors
/// [`StoreError`].
pub fn set_outcome(tx: &mut Tx<'_>, id: &str, outcome: &str) -> Result<(), StoreError> {
    diesel::update(logins::table.find(id)).set(logins::outcome.eq(Some(outcome))).execute(tx.conn)?;
    Ok(())
}
