//! Forgetting what has run out: short-lived records, expired applications, evidence past its day.

use diesel::prelude::*;

use super::schema::{
    access_tokens, applications, authorization_codes, client_assertions, evidence, idempotent_answers, inbound_webhooks, logins,
    pushed_requests,
};
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;

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
    n += diesel::delete(logins::table.filter(logins::expires_at.lt(t))).execute(c)?;
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
    Ok(diesel::update(a::table.filter(a::state.eq_any(["started", "identity_confirmed", "organisation_chosen", "control_proven"])))
        .filter(a::expires_at.le(now.millis()))
        .set((a::state.eq("expired"), a::updated_at.eq(now.millis()), a::updated_by.eq(tx.name)))
        .execute(tx.conn)?)
}

/// Deletes evidence past its retention; returns how many.
///
/// # Errors
/// [`StoreError`].
pub fn delete_evidence(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    Ok(diesel::delete(evidence::table.filter(evidence::delete_after.le(now.millis()))).execute(tx.conn)?)
}
