//! Who calls the admin surface, and whether their role allows it. Refusals leave an audit entry too.

use std::sync::Arc;

use super::add_operator::{self, Role};
use super::{Actor, App, Error};
use crate::domain::digest::{self, SecretKind};
use crate::store::audit;
use crate::store::operators;

/// The caller of an admin request.
pub struct Caller {
    /// Bearer token, untrusted.
    pub token: Option<String>,
    /// Address.
    pub remote: Option<String>,
    /// `X-Request-Id`
    pub request_id: Option<String>,
}

/// The operator behind a token, if the role is at least `needed`.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::Forbidden`].
pub async fn authenticate_operator(app: &Arc<App>, caller: Caller, needed: Role, action: &str, target: &str) -> Result<Actor, Error> {
    let mut actor = Actor { kind: "unknown", id: None, role: None, remote: caller.remote, request_id: caller.request_id };
    let token_digest = caller.token.map(|t| digest::of_secret(SecretKind::OperatorToken, &t));
    let found = match token_digest {
        Some(d) => app.db.read("authenticate_operator", move |tx| operators::by_token(tx, &d)).await.map_err(Error::from)?,
        None => None,
    };
    let refusal = match found.filter(|o| o.state == "active") {
        None => Error::Unauthenticated("send a valid operator token: Authorization: Bearer gbo_…"),
        Some(o) => {
            let role: Role = o.role.parse().map_err(|_| super::damaged("operator role"))?;
            actor = Actor { kind: "operator", id: Some(o.id), role: Some(o.role), ..actor };
            if role >= needed {
                return Ok(actor);
            }
            Error::Forbidden("your role does not allow this")
        }
    };
    let outcome = if matches!(refusal, Error::Forbidden(_)) { "forbidden" } else { "unauthenticated" };
    note_call(app, &actor, action, target, outcome).await?;
    Err(refusal)
}

/// Leaves an audit entry about a call that leaves none by itself: one that only reads, or one refused before anything was
/// tried (outcome `invalid`).
///
/// # Errors
/// [`Error`] when the database is away; the call must fail then, so that none goes unrecorded.
pub async fn note_call(app: &Arc<App>, actor: &Actor, action: &str, target: &str, outcome: &str) -> Result<(), Error> {
    let mut entry = add_operator::entry(app, action, target, actor);
    entry.outcome = outcome.to_owned();
    app.db.write("audit_call", move |tx| audit::insert(tx, &entry)).await.map_err(Error::from)
}
