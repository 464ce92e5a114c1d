//! Authorization codes and access tokens of platforms; only digests are kept.

use diesel::prelude::*;

use super::schema::{access_tokens, authorization_codes};
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

/// One authorization code.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = authorization_codes)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct CodeRow {
    pub digest: String,
    pub application_id: String,
    pub platform_id: String,
    pub expires_at: i64,
    pub used_at: Option<i64>,
    pub token_digest: Option<String>,
}

/// Records a code. Unused ones of the same application are void from now on: they stand for an earlier sign-in.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &CodeRow) -> Result<(), StoreError> {
    use authorization_codes as c;
    diesel::delete(c::table.filter(c::application_id.eq(&row.application_id).and(c::used_at.is_null()))).execute(tx.conn)?;
    diesel::insert_into(authorization_codes::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The code with this digest.
///
/// # Errors
/// [`StoreError`].
pub fn by_digest(tx: &mut Tx<'_>, digest: &str) -> Result<Option<CodeRow>, StoreError> {
    Ok(authorization_codes::table.find(digest).select(CodeRow::as_select()).first(tx.conn).optional()?)
}

/// Whether a code of this application could be redeemed now.
///
/// # Errors
/// [`StoreError`].
pub fn any_live(tx: &mut Tx<'_>, application: &str, now: Timestamp) -> Result<bool, StoreError> {
    use authorization_codes as c;
    let live = c::table.filter(c::application_id.eq(application).and(c::used_at.is_null()).and(c::expires_at.gt(now.millis())));
    Ok(diesel::select(diesel::dsl::exists(live)).get_result(tx.conn)?)
}

/// An access token a code gives.
pub struct NewToken {
    /// Digest of the token.
    pub digest: String,
    /// Its end.
    pub expires: Timestamp,
    /// `x5t#S256` of the certificate it is bound to.
    pub certificate: Option<String>,
}

/// Marks a code used and records the access token it gave, if it gave one.
///
/// # Errors
/// [`StoreError::Stale`] when it was used already.
pub fn consume(tx: &mut Tx<'_>, code: &CodeRow, token: Option<&NewToken>, now: Timestamp) -> Result<(), StoreError> {
    use {access_tokens as t, authorization_codes as c};
    let n = diesel::update(c::table.find(&code.digest).filter(c::used_at.is_null()))
        .set((c::used_at.eq(Some(now.millis())), c::token_digest.eq(token.map(|t| t.digest.as_str()))))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "authorization code")?;
    let Some(token) = token else { return Ok(()) };
    diesel::insert_into(t::table)
        .values((
            t::digest.eq(&token.digest),
            t::application_id.eq(&code.application_id),
            t::platform_id.eq(&code.platform_id),
            t::expires_at.eq(token.expires.millis()),
            t::issued_at.eq(Some(now.millis())),
            t::certificate.eq(token.certificate.as_deref()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Revokes the access token a code gave (RFC 6749 §4.1.2, after a second use of the code).
///
/// # Errors
/// [`StoreError`].
pub fn revoke_token(tx: &mut Tx<'_>, token_digest: &str, now: Timestamp) -> Result<(), StoreError> {
    use access_tokens as t;
    diesel::update(t::table.find(token_digest).filter(t::revoked_at.is_null()))
        .set(t::revoked_at.eq(Some(now.millis())))
        .execute(tx.conn)?;
    Ok(())
}
