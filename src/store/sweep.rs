//! Forgetting what has run out: short-lived records, expired applications, evidence past its day.

use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::schema::{
    access_tokens, applications, authorization_codes, client_assertions, control_proofs, evidence, idempotent_answers, inbound_webhooks,
    logins, platform_passes, pushed_requests,
};
use super::{StoreError, Tx};
use crate::domain::control_problem::ControlProblem;
use crate::domain::time::Timestamp;

/// Applications deleted in one sweep.
const BATCH: i64 = 500;

/// States of applications that may go on.
const OPEN: [&str; 4] = ["started", "identity_confirmed", "organisation_chosen", "control_proven"];

/// Deletes one-time records that ended before `before`, messages received before `messages_before`, and answers kept for
/// repeated requests whose time is up at `now`; returns how many.
///
/// # Errors
/// [`StoreError`].
pub fn forget_one_time(tx: &mut Tx<'_>, before: Timestamp, messages_before: Timestamp, now: Timestamp) -> Result<usize, StoreError> {
    let t = before.millis();
    let c = &mut *tx.conn;
    let mut n = diesel::delete(client_assertions::table.filter(client_assertions::expires_at.lt(t))).execute(c)?;
    n += diesel::delete(pushed_requests::table.filter(pushed_requests::expires_at.lt(t))).execute(c)?;
    // Which browsers an application belongs to is known by its sign-ins: they stay as long as it may go on.
    let open = applications::table.filter(applications::id.eq(logins::application_id).and(applications::state.eq_any(OPEN)));
    n += diesel::delete(logins::table.filter(logins::expires_at.lt(t).and(not(exists(open))))).execute(c)?;
    n += diesel::delete(platform_passes::table.filter(platform_passes::expires_at.lt(t))).execute(c)?;
    n += diesel::delete(authorization_codes::table.filter(authorization_codes::expires_at.lt(t))).execute(c)?;
    n += diesel::delete(access_tokens::table.filter(access_tokens::expires_at.lt(t))).execute(c)?;
    n += diesel::delete(inbound_webhooks::table.filter(inbound_webhooks::received_at.lt(messages_before.millis()))).execute(c)?;
    n += diesel::delete(idempotent_answers::table.filter(idempotent_answers::expires_at.le(now.millis()))).execute(c)?;
    Ok(n)
}

/// Marks unfinished applications past their time as expired; returns how many.
///
/// # Errors
/// [`StoreError`].
pub fn expire_applications(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    use applications as a;
    Ok(diesel::update(a::table.filter(a::state.eq_any(OPEN)))
        .filter(a::expires_at.le(now.millis()))
        .set((a::state.eq("expired"), a::updated_at.eq(now.millis()), a::updated_by.eq(tx.name)))
        .execute(tx.conn)?)
}

/// Deletes applications that an authority started itself, that ran out before `before` and that nobody ever signed in for: anybody may
/// start one, and nobody will ask for it. Returns how many.
///
/// # Errors
/// [`StoreError`].
pub fn delete_unclaimed(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, StoreError> {
    use applications as a;
    // The words of the index over them: bound parameters would not let SQLite use it.
    let unclaimed = sql::<Bool>("applications.start = 'portal' AND applications.state = 'expired' AND applications.identity_at IS NULL");
    let some: Vec<String> = a::table
        .filter(a::expires_at.lt(before.millis()))
        .filter(unclaimed)
        .order(a::expires_at)
        .limit(BATCH)
        .select(a::id)
        .load(tx.conn)?;
    let left = diesel::delete(
        a::table
            .filter(a::id.eq_any(some))
            .filter(not(exists(logins::table.filter(logins::application_id.eq(a::id)))))
            .filter(not(exists(evidence::table.filter(evidence::application_id.eq(a::id)))))
            .filter(not(exists(control_proofs::table.filter(control_proofs::application_id.eq(a::id))))),
    );
    Ok(left.execute(tx.conn)?)
}

/// Deletes evidence past its retention; returns how many.
///
/// # Errors
/// [`StoreError`].
pub fn delete_evidence(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    Ok(diesel::delete(evidence::table.filter(evidence::delete_after.le(now.millis()))).execute(tx.conn)?)
}

/// Ends proofs whose time is up, which forgets their one-time texts, and forgets what people wrote to operators once the evidence of
/// an application that has ended is gone; returns how many records that changed.
///
/// # Errors
/// [`StoreError`].
pub fn end_proofs(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    use {applications as a, control_proofs as p};
    let open = sql::<Bool>("control_proofs.status IN ('pending', 'processing')");
    let over = p::table.filter(p::expires_at.le(now.millis())).filter(open);
    let ended = (
        p::status.eq("invalid"),
        p::error.eq(Some(ControlProblem::Expired.as_str())),
        p::token.eq(None::<String>),
        p::sealed.eq(None::<Vec<u8>>),
        p::updated_at.eq(now.millis()),
        p::updated_by.eq(tx.name),
    );
    let n = diesel::update(over).set(ended).execute(tx.conn)?;
    let open = exists(a::table.filter(a::id.eq(p::application_id).and(a::state.eq_any(OPEN))));
    let kept = exists(evidence::table.filter(evidence::application_id.eq(p::application_id)));
    let idle = p::table.filter(sql::<Bool>("control_proofs.sealed IS NOT NULL")).filter(not(open)).filter(not(kept));
    Ok(n + diesel::update(idle).set(p::sealed.eq(None::<Vec<u8>>)).execute(tx.conn)?)
}
