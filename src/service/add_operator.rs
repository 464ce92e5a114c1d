//! Operators come and go. A token is shown once; only its digest is kept.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use super::{Actor, App, Error};
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::{AuditId, OperatorId};
use crate::store::audit::{self, AuditRow};
use crate::store::operators::{self, OperatorRow};

/// What an operator may do; each role includes the ones before it, except that a curator's territory comes with a later release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Suspends.
    Curator,
    /// Suspends, reinstates, revokes.
    Operator,
    /// As operator; keys come with a later release.
    Security,
    /// Everything.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Curator, Self::Operator, Self::Security, Self::Admin];

    /// The word in the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Curator => "curator",
            Self::Operator => "operator",
            Self::Security => "security",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|r| r.as_str() == s)
            .ok_or_else(|| "role must be viewer, curator, operator, security or admin".to_owned())
    }
}

/// A new operator and the token to hand over.
pub struct NewOperator {
    /// Id.
    pub id: String,
    /// The token, shown this once.
    pub token: String,
}

/// Registers an operator.
///
/// # Errors
/// [`Error::InvalidRequest`] for a bad name, [`Error::Conflict`] when it is taken.
pub async fn add_operator(app: &Arc<App>, name: &str, role: Role, actor: &Actor) -> Result<NewOperator, Error> {
    let name_ok = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control) && name.trim() == name;
    if !name_ok {
        return Err(Error::InvalidRequest("the name must be 1 to 64 characters without control characters or outer blanks".to_owned()));
    }
    let now = app.clock.now();
    let token = format!("gbo_{}", app.entropy.token());
    let id = OperatorId::new(now, app.entropy.bytes()).to_string();
    let row = OperatorRow {
        id: id.clone(),
        name: name.to_owned(),
        role: role.as_str().to_owned(),
        token_digest: digest::of_secret(SecretKind::OperatorToken, &token),
        state: "active".to_owned(),
        created_at: now.millis(),
        updated_at: now.millis(),
        updated_by: "add_operator".to_owned(),
    };
    let entry = entry(app, "operator.add", &id, actor);
    app.db
        .write("add_operator", move |tx| {
            operators::insert(tx, &row)?;
            audit::insert(tx, &entry)
        })
        .await
        .map_err(|e| match e {
            crate::store::StoreError::Duplicate => Error::Conflict(format!("an operator named {name:?} exists already")),
            other => other.into(),
        })?;
    Ok(NewOperator { id, token })
}

/// Takes an operator's access away at once.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn disable_operator(app: &Arc<App>, name: String, actor: &Actor) -> Result<(), Error> {
    let now = app.clock.now();
    let entry = entry(app, "operator.disable", &name, actor);
    app.db
        .write("disable_operator", move |tx| {
            operators::disable(tx, &name, now)?;
            audit::insert(tx, &entry)
        })
        .await
        .map_err(|e| match e {
            crate::store::StoreError::Stale(_) => Error::NotFound("operator"),
            other => other.into(),
        })
}

/// Gives an operator a new token; the old one stops working at once.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn replace_token(app: &Arc<App>, name: String, actor: &Actor) -> Result<String, Error> {
    let now = app.clock.now();
    let token = format!("gbo_{}", app.entropy.token());
    let token_digest = digest::of_secret(SecretKind::OperatorToken, &token);
    let entry = entry(app, "operator.replace_token", &name, actor);
    app.db
        .write("replace_operator_token", move |tx| {
            operators::replace_token(tx, &name, &token_digest, now)?;
            audit::insert(tx, &entry)
        })
        .await
        .map_err(|e| match e {
            crate::store::StoreError::Stale(_) => Error::NotFound("operator"),
            other => other.into(),
        })?;
    Ok(token)
}

/// Every operator, by name.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn list_operators(app: &Arc<App>) -> Result<Vec<OperatorRow>, Error> {
    app.db.read("list_operators", operators::list).await.map_err(Error::from)
}

pub(super) fn entry(app: &App, action: &str, target: &str, actor: &Actor) -> AuditRow {
    let now = app.clock.now();
    AuditRow {
        id: AuditId::new(now, app.entropy.bytes()).to_string(),
        at: now.millis(),
        actor_kind: actor.kind.to_owned(),
        actor: actor.id.clone(),
        role: actor.role.clone(),
        action: action.to_owned(),
        // Names and paths from outside are cut: a stranger must not fill the trail.
        target: target.chars().take(64).collect(),
        outcome: "ok".to_owned(),
        reason: None,
        note: None,
        remote: actor.remote.clone(),
        request_id: actor.request_id.clone(),
    }
}
