//! Attestations and the places they take in status lists.

use std::collections::HashMap;

use diesel::prelude::*;

use super::schema::{attestations, badges};
pub use super::status_lists::allocate_index;
use super::{StoreError, Tx};
use crate::domain::status::ListValue;
use crate::domain::time::Timestamp;

/// One attestation: prepared (claims fixed, nothing signed), active (token recorded), abandoned (never signed for anybody), or
/// withdrawn (replaced because its key was compromised).
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = attestations)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct AttestationRow {
    pub id: String,
    pub badge_id: String,
    pub application_id: String,
    pub list_id: i64,
    pub idx: i64,
    pub state: String,
    pub status: i64,
    pub claims: String,
    pub token: Option<String>,
    pub kid: Option<String>,
    pub issued_at: i64,
    pub expires_at: i64,
    pub created_at: i64,
    pub updated_by: String,
}

/// What the in-memory status view holds of one attestation.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct ViewRow {
    pub id: String,
    pub badge_id: String,
    pub list_id: i64,
    pub idx: i64,
    pub attestation_state: String,
    pub status: i64,
    pub badge_state: String,
    pub reason: Option<String>,
    pub version: i64,
}

/// Records a prepared attestation.
///
/// # Errors
/// [`StoreError::Duplicate`] when its place is taken.
pub fn insert(tx: &mut Tx<'_>, row: &AttestationRow) -> Result<(), StoreError> {
    diesel::insert_into(attestations::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The attestation an application prepared and did not finish.
///
/// # Errors
/// [`StoreError`].
pub fn prepared_by(tx: &mut Tx<'_>, application: &str) -> Result<Option<AttestationRow>, StoreError> {
    Ok(attestations::table
        .filter(attestations::application_id.eq(application).and(attestations::state.eq("prepared")))
        .select(AttestationRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// The newest active attestation of a badge.
///
/// # Errors
/// [`StoreError`].
pub fn newest_active(tx: &mut Tx<'_>, badge: &str) -> Result<Option<AttestationRow>, StoreError> {
    Ok(attestations::table
        .filter(attestations::badge_id.eq(badge).and(attestations::state.eq("active")))
        .order((attestations::issued_at.desc(), attestations::id.desc()))
        .select(AttestationRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// The newest attestation in force of each of these badges, by badge.
///
/// # Errors
/// [`StoreError`].
pub fn newest_active_of(tx: &mut Tx<'_>, badges: Vec<String>) -> Result<HashMap<String, AttestationRow>, StoreError> {
    let all: Vec<AttestationRow> = attestations::table
        .filter(attestations::badge_id.eq_any(badges).and(attestations::state.eq("active")))
        .order((attestations::issued_at, attestations::id))
        .select(AttestationRow::as_select())
        .load(tx.conn)?;
    // The last one of a badge stays.
    Ok(all.into_iter().map(|row| (row.badge_id.clone(), row)).collect())
}

/// Records the signed token of a prepared attestation.
///
/// # Errors
/// [`StoreError::Stale`] when it is not prepared any more.
pub fn activate(tx: &mut Tx<'_>, id: &str, token: &str, kid: &str) -> Result<(), StoreError> {
    let n = diesel::update(attestations::table.find(id).filter(attestations::state.eq("prepared")))
        .set((
            attestations::state.eq("active"),
            attestations::token.eq(Some(token)),
            attestations::kid.eq(Some(kid)),
            attestations::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "attestation")
}

/// Takes every recorded attestation of a badge but `except` out for good: their places say INVALID whatever the badge does later.
///
/// # Errors
/// [`StoreError`].
pub fn withdraw_others(tx: &mut Tx<'_>, badge: &str, except: &str) -> Result<(), StoreError> {
    let others = attestations::badge_id.eq(badge).and(attestations::state.eq("active")).and(attestations::id.ne(except));
    diesel::update(attestations::table.filter(others))
        .set((
            attestations::state.eq("withdrawn"),
            attestations::status.eq(ListValue::Invalid as i64),
            attestations::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether an attestation of the badge is being issued.
///
/// # Errors
/// [`StoreError`].
pub fn has_prepared(tx: &mut Tx<'_>, badge: &str) -> Result<bool, StoreError> {
    let prepared = attestations::table.filter(attestations::badge_id.eq(badge).and(attestations::state.eq("prepared")));
    Ok(prepared.count().get_result::<i64>(tx.conn)? > 0)
}

/// Gives up the prepared attestations of a badge: their places say INVALID for ever.
///
/// # Errors
/// [`StoreError`].
pub fn abandon_prepared(tx: &mut Tx<'_>, badge: &str) -> Result<usize, StoreError> {
    Ok(diesel::update(attestations::table.filter(attestations::badge_id.eq(badge).and(attestations::state.eq("prepared"))))
        .set((
            attestations::state.eq("abandoned"),
            attestations::status.eq(ListValue::Invalid as i64),
            attestations::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?)
}

/// Badges with attestations prepared before `before` and never finished.
///
/// # Errors
/// [`StoreError`].
pub fn stuck(tx: &mut Tx<'_>, before: Timestamp, limit: i64) -> Result<Vec<String>, StoreError> {
    Ok(attestations::table
        .filter(attestations::state.eq("prepared").and(attestations::created_at.lt(before.millis())))
        .select(attestations::badge_id)
        .distinct()
        .limit(limit)
        .load(tx.conn)?)
}

/// Places of attestations prepared before `before` and not finished (yet).
///
/// # Errors
/// [`StoreError`].
pub fn unfinished_places(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<(i64, i64)>, StoreError> {
    Ok(attestations::table
        .filter(attestations::state.eq("prepared").and(attestations::created_at.lt(before.millis())))
        .select((attestations::list_id, attestations::idx))
        .load(tx.conn)?)
}

/// Sets what the lists say of every recorded attestation of a badge.
///
/// # Errors
/// [`StoreError`].
pub fn set_status(tx: &mut Tx<'_>, badge: &str, value: ListValue) -> Result<(), StoreError> {
    diesel::update(attestations::table.filter(attestations::badge_id.eq(badge).and(attestations::state.eq("active"))))
        .set((attestations::status.eq(value as i64), attestations::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    Ok(())
}

/// Which attestations are asked for.
pub enum Of<'a> {
    /// Those at places `from..to` of a list.
    #[expect(missing_docs, reason = "said above")]
    Places { list: i64, from: i64, to: i64 },
    /// Those of these badges.
    Badges(&'a [String]),
}

/// View rows: only columns that stand in an index, because what lies behind a row's claims and token costs reading them.
///
/// # Errors
/// [`StoreError`].
pub fn view(tx: &mut Tx<'_>, of: Of<'_>) -> Result<Vec<ViewRow>, StoreError> {
    use {attestations as a, badges as b};
    let q = a::table
        .inner_join(b::table)
        .filter(a::state.ne("prepared"))
        .select((a::id, a::badge_id, a::list_id, a::idx, a::state, a::status, b::state, b::reason, b::version))
        .into_boxed();
    let q = match of {
        Of::Places { list, from, to } => q.filter(a::list_id.eq(list).and(a::idx.ge(from)).and(a::idx.lt(to))),
        Of::Badges(ids) => q.filter(a::badge_id.eq_any(ids.to_vec())),
    };
    Ok(q.load(tx.conn)?)
}

/// Where the attestations of these badges stand: id, list, index.
///
/// # Errors
/// [`StoreError`].
pub fn places(tx: &mut Tx<'_>, badges: &[String]) -> Result<Vec<(String, i64, i64)>, StoreError> {
    use attestations as a;
    Ok(a::table.filter(a::badge_id.eq_any(badges.to_vec())).select((a::id, a::list_id, a::idx)).load(tx.conn)?)
}

/// Whether an attestation of the list ends at `instant` or later.
///
/// # Errors
/// [`StoreError`].
pub fn any_ends_from(tx: &mut Tx<'_>, list: i64, instant: Timestamp) -> Result<bool, StoreError> {
    use attestations as a;
    let one: Option<String> =
        a::table.filter(a::list_id.eq(list).and(a::expires_at.ge(instant.millis()))).select(a::id).first(tx.conn).optional()?;
    Ok(one.is_some())
}

/// The attestations with these ids.
///
/// # Errors
/// [`StoreError`].
pub fn by_ids(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<AttestationRow>, StoreError> {
    Ok(attestations::table.filter(attestations::id.eq_any(ids.to_vec())).select(AttestationRow::as_select()).load(tx.conn)?)
}

/// Places of recorded attestations of a list that do not say VALID: index, value.
///
/// # Errors
/// [`StoreError`].
pub fn marked_places(tx: &mut Tx<'_>, list: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    use attestations as a;
    Ok(a::table
        .filter(a::list_id.eq(list).and(a::state.eq_any(["active", "withdrawn"])).and(a::status.ne(0)))
        .order(a::idx)
        .select((a::idx, a::status))
        .load(tx.conn)?)
}

/// Every attestation after `id` in the order of ids, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn page(tx: &mut Tx<'_>, after: &str, limit: i64) -> Result<Vec<AttestationRow>, StoreError> {
    Ok(attestations::table
        .filter(attestations::id.gt(after))
        .order(attestations::id)
        .limit(limit)
        .select(AttestationRow::as_select())
        .load(tx.conn)?)
}
