//! The identity provider sends the browser back. The answer is bound to a login begun in this very browser, used once;
//! then the code is redeemed, the person's organisations are read, and the application moves on or ends with a code.

use std::sync::Arc;

use super::confirm_authority::{self, evidence_of};
use super::metrics::Step;
use super::{App, Error, WayOn};
use crate::domain::application::{ApplicationState, StartKind};
use crate::domain::digest::{self, SecretKind};
use crate::domain::eligibility::{self, Candidate};
use crate::domain::ids::{ApplicationId, EvidenceId};
use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{IdpError, Login, LoginCallback, LoginSecrets};
use crate::ports::vault::SealFor;
use crate::store::Tx;
use crate::store::applications::{self, ApplicationRow};
use crate::store::evidence::{self, EvidenceRow};
use crate::store::logins::{self, LoginRow};

/// The callback's parameters, untrusted.
pub struct Callback {
    /// Whose callback address was called.
    pub idp: String,
    /// `state`
    pub state: String,
    /// `code`
    pub code: Option<String>,
    /// `error`
    pub error: Option<String>,
    /// `error_description`
    pub error_description: Option<String>,
    /// `iss` (RFC 9207)
    pub iss: Option<String>,
    /// The secret of this browser's cookie.
    pub browser: String,
}

/// What comes next.
pub enum Next {
    /// The person may act for several organisations and chooses one.
    Choose(ApplicationId),
    /// Send the browser back to the platform.
    Redirect(String),
}

/// Completes a login.
///
/// # Errors
/// [`Error::LoginLost`] when the answer fits no login of this browser; [`Error::Refused`] with the code otherwise.
pub async fn complete_login(app: &Arc<App>, callback: Callback) -> Result<Next, Error> {
    let now = app.clock.now();
    let idp = app.idps.get(&callback.idp).ok_or(Error::LoginLost)?;
    let (login, application) = consume(app, &callback, now).await?;
    let plain = app.vault.open(SealFor::Login, &login.id, &login.sealed).map_err(|_| super::damaged("sealed login"))?;
    let secrets: LoginSecrets = serde_json::from_slice(&plain).map_err(|_| super::damaged("sealed login"))?;

    let answer = match (callback.error, callback.code) {
        (Some(error), _) => Err(idp.explain_error(&error, callback.error_description.as_deref(), callback.iss.as_deref())),
        (None, Some(code)) => idp.complete(LoginCallback { code, iss: callback.iss, secrets }, now).await,
        (None, None) => Err(IdpError::new(RefusalCode::F19, "callback without code and error")),
    };
    let identity = match answer {
        Ok(identity) => identity,
        Err(e) => {
            app.metrics.idp_error(idp.id(), Step::Complete, &e);
            app.metrics.login(idp.id(), Err(e.code));
            tracing::warn!(idp = idp.id(), code = %e.code, upstream = e.upstream, detail = %e.detail, try_again = e.try_again.as_str(), application = %application.id, "login failed");
            return Err(confirm_authority::end_with(app, &application, Some(&login.id), e.code).await?);
        }
    };
    let (person, roles) = confirm_authority::facts_of(&identity);
    let outcome = eligibility::eligible(&person, &roles);
    app.metrics.login(idp.id(), outcome.as_ref().map(|_| ()).map_err(|code| *code));
    // The provider's session is needed until an organisation's record has been read.
    let evidence = keep_evidence(app, &application, &login, evidence_of(&identity, outcome.is_ok())?, now).await?;
    let candidates = match outcome {
        Ok(candidates) => candidates,
        Err(code) => return Err(confirm_authority::end_with(app, &application, Some(&login.id), code).await?),
    };
    proceed(app, application, &identity, &candidates, evidence, now).await
}

async fn consume(app: &Arc<App>, callback: &Callback, now: Timestamp) -> Result<(LoginRow, ApplicationRow), Error> {
    let state_digest = digest::of_secret(SecretKind::LoginState, &callback.state);
    let browser_digest = digest::of_secret(SecretKind::Browser, &callback.browser);
    let idp = callback.idp.clone();
    // Guesses cost a read and never the one writer.
    let guessed = state_digest.clone();
    if !app.db.read("login_exists", move |tx| logins::exists(tx, &guessed)).await.map_err(Error::from)? {
        return Err(Error::LoginLost);
    }
    app.db
        .write("consume_login", move |tx| {
            let Some(login) = logins::consume(tx, &state_digest, &browser_digest, &idp, now)? else {
                return Err(answered_before(tx, &state_digest, &browser_digest)?);
            };
            let application = applications::by_id(tx, &login.application_id)?.ok_or(Error::LoginLost)?;
            if application.state()? != ApplicationState::Started || application.expires_at <= now.millis() {
                return Err(Error::ApplicationEnded);
            }
            Ok((login, application))
        })
        .await
}

/// The refusal page stands at the callback's address: reloading it, or reading it in the other language, shows the same
/// refusal with its way back. All other repeated answers are lost.
fn answered_before(tx: &mut Tx<'_>, state_digest: &str, browser_digest: &str) -> Result<Error, Error> {
    let Some(id) = logins::used_before(tx, state_digest, browser_digest)? else { return Ok(Error::LoginLost) };
    let application = applications::by_id(tx, &id)?.ok_or(Error::LoginLost)?;
    let Some(code) = application.refusal() else { return Ok(Error::LoginLost) };
    Ok(Error::Refused { application: application.id()?, code, way_on: WayOn::after(code, application.state()?) })
}

async fn keep_evidence(
    app: &Arc<App>,
    application: &ApplicationRow,
    login: &LoginRow,
    plain: Vec<u8>,
    now: Timestamp,
) -> Result<String, Error> {
    let id = EvidenceId::new(now, app.entropy.bytes()).to_string();
    let portal = application.start()? == StartKind::Portal;
    let row = EvidenceRow {
        sealed: app.vault.seal(SealFor::Evidence, &id, &plain),
        id,
        application_id: application.id.clone(),
        login_id: login.id.clone(),
        created_at: now.millis(),
        // What comes to nothing is forgotten with the application, or as soon as nothing can come of it; issuing lengthens this.
        delete_after: if portal { now.plus(app.settings.portal_sign_in_lifetime).millis() } else { application.expires_at },
    };
    let id = row.id.clone();
    // An application that an authority started by itself gets its whole time once somebody has signed in.
    let until = Timestamp::from_millis(application.created_at).plus(app.settings.portal_lifetime);
    let lengthened = portal && until.millis() > application.expires_at;
    let kept = app.db.write("keep_evidence", move |tx| {
        if lengthened {
            applications::live_until(tx, &row.application_id, until)?;
        }
        evidence::insert(tx, &row)
    });
    kept.await.map_err(Error::from)?;
    Ok(id)
}

async fn proceed(
    app: &Arc<App>,
    application: ApplicationRow,
    identity: &Login,
    candidates: &[Candidate],
    evidence: String,
    now: Timestamp,
) -> Result<Next, Error> {
    if let [only] = candidates {
        return confirm_authority::confirm(app, application, identity, only, evidence, now).await.map(Next::Redirect);
    }
    let id = application.id()?;
    app.db
        .write("identity_confirmed", move |tx| {
            applications::note_obstacle(tx, &application.id, None)?;
            applications::advance(tx, &application.id, ApplicationState::IdentityConfirmed, now)
        })
        .await
        .map_err(Error::from)?;
    Ok(Next::Choose(id))
}
