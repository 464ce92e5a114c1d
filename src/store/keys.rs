//! Signing keys, private halves sealed. Every change of state names the state it expects.

use diesel::prelude::*;

use super::schema::{attestations, signing_keys};
use super::{StoreError, Tx};
use crate::domain::signing_key::{KeyPurpose, KeyState};
use crate::domain::time::Timestamp;

/// One key.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct KeyRow {
    pub kid: String,
    pub purpose: String,
    pub state: String,
    pub public_jwk: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub due_at: Option<i64>,
    pub activated_at: Option<i64>,
    pub retired_at: Option<i64>,
    pub withdrawn_at: Option<i64>,
    pub compromised_at: Option<i64>,
    pub updated_by: String,
}

impl KeyRow {
    /// The state, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn state(&self) -> Result<KeyState, StoreError> {
        self.state.parse().map_err(|_| StoreError::Corrupt("key state"))
    }

    /// The purpose, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn purpose(&self) -> Result<KeyPurpose, StoreError> {
        self.purpose.parse().map_err(|_| StoreError::Corrupt("key purpose"))
    }
}

/// Every key, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<KeyRow>, StoreError> {
    Ok(signing_keys::table.order((signing_keys::created_at, signing_keys::kid)).select(KeyRow::as_select()).load(tx.conn)?)
}

/// Name and state of every key: what tells a process that something changed.
///
/// # Errors
/// [`StoreError`].
pub fn states(tx: &mut Tx<'_>) -> Result<Vec<(String, String)>, StoreError> {
    Ok(signing_keys::table.select((signing_keys::kid, signing_keys::state)).load(tx.conn)?)
}

/// The key of that name.
///
/// # Errors
/// [`StoreError`].
pub fn by_kid(tx: &mut Tx<'_>, kid: &str) -> Result<Option<KeyRow>, StoreError> {
    Ok(signing_keys::table.find(kid).select(KeyRow::as_select()).first(tx.conn).optional()?)
}

/// The one key of that purpose in that state; of states that several keys can be in, the oldest.
///
/// # Errors
/// [`StoreError`].
pub fn in_state(tx: &mut Tx<'_>, purpose: KeyPurpose, state: KeyState) -> Result<Option<KeyRow>, StoreError> {
    Ok(signing_keys::table
        .filter(signing_keys::purpose.eq(purpose.as_str()).and(signing_keys::state.eq(state.as_str())))
        .order(signing_keys::created_at)
        .select(KeyRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// Records a key.
///
/// # Errors
/// [`StoreError::Duplicate`] when its purpose has an active (or announced) key already.
pub fn insert(tx: &mut Tx<'_>, row: &KeyRow) -> Result<(), StoreError> {
    diesel::insert_into(signing_keys::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Says when an announced key takes over.
///
/// # Errors
/// [`StoreError::Stale`] when it is not announced any more.
pub fn set_due(tx: &mut Tx<'_>, kid: &str, due: Timestamp) -> Result<(), StoreError> {
    let n = diesel::update(signing_keys::table.find(kid).filter(signing_keys::state.eq(KeyState::Next.as_str())))
        .set((signing_keys::due_at.eq(Some(due.millis())), signing_keys::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "key")
}

/// Moves a key on, and destroys its private half where it is of no use any more.
///
/// # Errors
/// [`StoreError::Stale`] when it is not where `row` says, or no rule leads there.
pub fn advance(tx: &mut Tx<'_>, row: &KeyRow, to: KeyState, now: Timestamp) -> Result<(), StoreError> {
    if !row.state()?.may_become(to) {
        return Err(StoreError::Stale("key"));
    }
    let mut new = KeyRow { state: to.as_str().to_owned(), due_at: None, updated_by: tx.name.to_owned(), ..row.clone() };
    let at = Some(now.millis());
    match to {
        KeyState::Next => {}
        KeyState::Active => new.activated_at = at,
        KeyState::Retired => new.retired_at = at,
        KeyState::Withdrawn => new.withdrawn_at = at,
        KeyState::Compromised => new.compromised_at = at,
    }
    if !to.has_private_half() {
        new.sealed.clear();
    }
    let n = diesel::update(signing_keys::table.find(&row.kid).filter(signing_keys::state.eq(&row.state)))
        .set((
            (signing_keys::state.eq(new.state), signing_keys::sealed.eq(new.sealed), signing_keys::due_at.eq(new.due_at)),
            (signing_keys::activated_at.eq(new.activated_at), signing_keys::retired_at.eq(new.retired_at)),
            (signing_keys::withdrawn_at.eq(new.withdrawn_at), signing_keys::compromised_at.eq(new.compromised_at)),
            signing_keys::updated_by.eq(new.updated_by),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "key")
}

/// When the last attestation a key signed runs out.
///
/// # Errors
/// [`StoreError`].
pub fn last_expiry(tx: &mut Tx<'_>, kid: &str) -> Result<Option<i64>, StoreError> {
    Ok(attestations::table.filter(attestations::kid.eq(kid)).select(diesel::dsl::max(attestations::expires_at)).first(tx.conn)?)
}

/// Attestations a key signed that hold at `now`, after `after` in the order of ids: attestation, badge.
///
/// # Errors
/// [`StoreError`].
pub fn signed_by(tx: &mut Tx<'_>, kid: &str, now: Timestamp, after: &str, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
    Ok(attestations::table
        .filter(attestations::kid.eq(kid).and(attestations::expires_at.gt(now.millis())).and(attestations::id.gt(after)))
        .order(attestations::id)
        .limit(limit)
        .select((attestations::id, attestations::badge_id))
        .load(tx.conn)?)
}

/// How many attestations a key signed that hold at `now`.
///
/// # Errors
/// [`StoreError`].
pub fn count_signed(tx: &mut Tx<'_>, kid: &str, now: Timestamp) -> Result<i64, StoreError> {
    let theirs = attestations::kid.eq(kid).and(attestations::expires_at.gt(now.millis()));
    Ok(attestations::table.filter(theirs).count().get_result(tx.conn)?)
}
