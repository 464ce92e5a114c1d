//! Mass revocations, and the badges in their scope.

use diesel::prelude::*;

use super::schema::{attestations, authorities, badges, communities, revocations, signing_keys};
use super::{StoreError, Tx};
use crate::domain::revocation::{RevocationState, Scope};
use crate::domain::time::Timestamp;

/// One mass revocation.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = revocations)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct RevocationRow {
    pub id: String,
    pub scope: String,
    pub reason: String,
    pub note: Option<Vec<u8>>,
    pub state: String,
    pub affected: i64,
    pub revoked: i64,
    pub prepared_by: String,
    pub approved_by: Option<String>,
    pub created_at: i64,
    pub approved_at: Option<i64>,
    pub updated_at: i64,
    pub updated_by: String,
}

/// Records one.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &RevocationRow) -> Result<(), StoreError> {
    diesel::insert_into(revocations::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The one with this id.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<RevocationRow>, StoreError> {
    Ok(revocations::table.find(id).select(RevocationRow::as_select()).first(tx.conn).optional()?)
}

/// Those that were approved and are not done.
///
/// # Errors
/// [`StoreError`].
pub fn under_way(tx: &mut Tx<'_>) -> Result<Vec<RevocationRow>, StoreError> {
    Ok(revocations::table
        .filter(revocations::state.eq(RevocationState::Approved.as_str()))
        .order(revocations::id)
        .select(RevocationRow::as_select())
        .load(tx.conn)?)
}

/// Approves a prepared one.
///
/// # Errors
/// [`StoreError::Stale`] when it is not prepared any more.
pub fn approve(tx: &mut Tx<'_>, id: &str, by: &str, now: Timestamp) -> Result<(), StoreError> {
    let prepared = revocations::state.eq(RevocationState::Prepared.as_str());
    let n = diesel::update(revocations::table.find(id).filter(prepared))
        .set((
            revocations::state.eq(RevocationState::Approved.as_str()),
            revocations::approved_by.eq(Some(by)),
            revocations::approved_at.eq(Some(now.millis())),
            revocations::updated_at.eq(now.millis()),
            revocations::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "revocation")
}

/// Counts badges ended, and closes it when none is left.
///
/// # Errors
/// [`StoreError`].
pub fn progress(tx: &mut Tx<'_>, id: &str, more: i64, done: bool, now: Timestamp) -> Result<(), StoreError> {
    let state = if done { RevocationState::Done } else { RevocationState::Approved };
    let approved = revocations::state.eq(RevocationState::Approved.as_str());
    diesel::update(revocations::table.find(id).filter(approved))
        .set((
            revocations::revoked.eq(revocations::revoked + more),
            revocations::state.eq(state.as_str()),
            revocations::updated_at.eq(now.millis()),
            revocations::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    Ok(())
}

type Badges<'a> = badges::BoxedQuery<'a, <super::conn::AnyConnection as diesel::Connection>::Backend>;

/// Badges in force or suspended that lie in the scope. Of a key: those whose only attestations in force are its own.
fn in_scope(scope: &Scope, now: Timestamp) -> Badges<'static> {
    let all = badges::table.filter(badges::state.eq_any(["active", "suspended"])).into_boxed();
    match scope {
        Scope::Ogrn(ogrn) => {
            let theirs = authorities::table.filter(authorities::ogrn.eq(ogrn.as_str().to_owned())).select(authorities::id);
            all.filter(badges::authority_id.eq_any(theirs))
        }
        Scope::Platform(platform) => {
            let theirs = communities::table.filter(communities::platform_id.eq(platform.as_str().to_owned())).select(communities::id);
            all.filter(badges::community_id.eq_any(theirs))
        }
        Scope::Key(kid) => {
            let holds = || attestations::table.filter(attestations::state.eq("active").and(attestations::expires_at.gt(now.millis())));
            let signed = holds().filter(attestations::kid.eq(kid.clone())).select(attestations::badge_id);
            let others = holds().filter(attestations::kid.ne(kid.clone())).select(attestations::badge_id);
            all.filter(badges::id.eq_any(signed).and(badges::id.ne_all(others)))
        }
        Scope::IssuedBetween(from, to) => all.filter(badges::issued_at.ge(from.millis()).and(badges::issued_at.lt(to.millis()))),
    }
}

/// How many badges lie in the scope now.
///
/// # Errors
/// [`StoreError`].
pub fn count(tx: &mut Tx<'_>, scope: &Scope, now: Timestamp) -> Result<i64, StoreError> {
    Ok(in_scope(scope, now).count().get_result(tx.conn)?)
}

/// Ids of badges in the scope after `after`, in order, at most `limit`. Of a compromised key only those that renewal could not
/// give another attestation: the suspended, and those with an obstacle on record.
///
/// # Errors
/// [`StoreError`].
pub fn some(tx: &mut Tx<'_>, scope: &Scope, now: Timestamp, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let mut q = in_scope(scope, now).filter(badges::id.gt(after.to_owned()));
    if let Scope::Key(kid) = scope {
        let compromised = signing_keys::table.filter(signing_keys::kid.eq(kid).and(signing_keys::state.eq("compromised")));
        if compromised.count().get_result::<i64>(tx.conn)? > 0 {
            q = q.filter(badges::renewal_obstacle.is_not_null().or(badges::state.eq("suspended")));
        }
    }
    Ok(q.order(badges::id).limit(limit).select(badges::id).load(tx.conn)?)
}
