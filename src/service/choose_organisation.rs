//! The person chooses which of their organisations the community belongs to. Only the browser that signed in may choose.

use std::sync::Arc;

use super::confirm_authority;
use super::{Actor, App, Error, WayOn};
use crate::domain::application::ApplicationState;
use crate::domain::digest::{self, SecretKind};
use crate::domain::eligibility::{self, Candidate};
use crate::domain::ids::AuditId;
use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::Login;
use crate::ports::vault::SealFor;
use crate::store::applications::{self, ApplicationRow};
use crate::store::audit::{self, AuditRow};
use crate::store::{evidence, logins};

/// What the choice page shows.
pub struct Choice {
    /// The application.
    pub application: ApplicationRow,
    /// The organisations the person may act for.
    pub candidates: Vec<Candidate>,
}

/// The open choice of an application.
///
/// # Errors
/// [`Error::NotFound`] for another browser; [`Error::ApplicationEnded`] when no choice is due.
pub async fn open_choice(app: &Arc<App>, application: String, browser: &str) -> Result<Choice, Error> {
    let (application, login, _) = load(app, application, browser, &Actor::system()).await?;
    let (person, roles) = confirm_authority::facts_of(&login);
    let candidates = eligibility::eligible(&person, &roles).map_err(|_| super::damaged("candidates"))?;
    Ok(Choice { application, candidates })
}

/// Chooses; returns where to send the browser.
///
/// # Errors
/// [`Error::InvalidRequest`] when `oid` is not one of the organisations offered; else as [`open_choice`] and
/// [`Error::Refused`] when the organisation does not pass.
pub async fn choose_organisation(app: &Arc<App>, application: String, browser: &str, oid: &str) -> Result<String, Error> {
    let now = app.clock.now();
    let (application, login, evidence) = load(app, application, browser, &Actor::system()).await?;
    let (person, roles) = confirm_authority::facts_of(&login);
    let candidates = eligibility::eligible(&person, &roles).map_err(|_| super::damaged("candidates"))?;
    let chosen = candidates.iter().find(|c| c.oid == oid);
    let chosen = chosen.ok_or_else(|| Error::InvalidRequest("choose one of the organisations in the list".to_owned()))?;
    confirm_authority::confirm(app, application, &login, chosen, evidence, now).await
}

async fn load(app: &Arc<App>, application: String, browser: &str, actor: &Actor) -> Result<(ApplicationRow, Login, String), Error> {
    let now = app.clock.now();
    let browser_digest = digest::of_secret(SecretKind::Browser, browser);
    let sitting = app.settings.login_lifetime;
    let access = access_entry(app, &application, actor, now);
    let (row, sealed) = app
        .db
        .write("open_choice", move |tx| {
            let row = applications::by_id(tx, &application)?.ok_or(Error::NotFound("application"))?;
            if !logins::browser_began(tx, &row.id, &browser_digest)? {
                return Err(Error::NotFound("application"));
            }
            if row.state()? != ApplicationState::IdentityConfirmed || row.expires_at <= now.millis() {
                return Err(Error::ApplicationEnded);
            }
            let sealed = evidence::latest(tx, &row.id)?.ok_or(Error::ApplicationEnded)?;
            // A link may have been opened in several browsers: each sees what it signed in with, and nothing of the others.
            if !logins::is_of_browser(tx, &sealed.login_id, &browser_digest)? {
                return Err(Error::Refused { application: row.id()?, code: RefusalCode::F19, way_on: WayOn::SignIn });
            }
            // A sign-in is good for one sitting: whoever uses this browser tomorrow must sign in anew.
            if now.since(Timestamp::from_millis(sealed.created_at)) > sitting {
                return Err(Error::Refused { application: row.id()?, code: RefusalCode::F19, way_on: WayOn::SignIn });
            }
            audit::insert(tx, &access)?;
            Ok((row, sealed))
        })
        .await?;
    let plain = app.vault.open(SealFor::Evidence, &sealed.id, &sealed.sealed).map_err(|_| super::damaged("evidence"))?;
    let login = serde_json::from_slice(&plain).map_err(|_| super::damaged("evidence"))?;
    Ok((row, login, sealed.id))
}

/// Every opening of evidence leaves a trace, our own too.
fn access_entry(app: &Arc<App>, application: &str, actor: &Actor, now: Timestamp) -> AuditRow {
    AuditRow {
        id: AuditId::new(now, app.entropy.bytes()).to_string(),
        at: now.millis(),
        actor_kind: actor.kind.to_owned(),
        actor: actor.id.clone(),
        role: None,
        action: "evidence.open".to_owned(),
        target: application.to_owned(),
        outcome: "ok".to_owned(),
        reason: Some("organisation choice".to_owned()),
        note: None,
        remote: None,
        request_id: None,
    }
}
