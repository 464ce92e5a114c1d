//! Begins a pass through the identity provider for an application: from the platform's authorization request, or again
//! from the application's own page.

use std::sync::Arc;

use super::identity_providers::callback_path;
use super::metrics::Step;
use super::push_request::REQUEST_URI_PREFIX;
use super::{App, Error, WayOn};
use crate::domain::application::ApplicationState;
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::LoginId;
use crate::domain::time::Timestamp;
use crate::ports::IdentityProvider;
use crate::ports::identity_provider::LoginSecrets;
use crate::ports::vault::SealFor;
use crate::store::applications::{self, ApplicationRow};
use crate::store::logins::{self, LoginRow};
use crate::store::platforms;

/// What `/oauth/authorize` was asked.
pub struct Authorization {
    /// `client_id`
    pub client_id: String,
    /// `request_uri`
    pub request_uri: String,
    /// The secret of this browser's cookie.
    pub browser: String,
}

/// Consumes the pushed request and returns the address at the identity provider.
///
/// # Errors
/// [`Error::InvalidRequestUri`]; [`Error::Refused`] when the provider cannot be asked.
pub async fn authorize(app: &Arc<App>, request: Authorization) -> Result<String, Error> {
    let now = app.clock.now();
    let reference = request.request_uri.strip_prefix(REQUEST_URI_PREFIX).ok_or(Error::InvalidRequestUri)?;
    let request_digest = digest::of_secret(SecretKind::RequestUri, reference);
    // Guesses cost a read and never the one writer.
    let guessed = request_digest.clone();
    if !app.db.read("request_exists", move |tx| applications::request_exists(tx, &guessed)).await.map_err(Error::from)? {
        return Err(Error::InvalidRequestUri);
    }
    let client_id = request.client_id;
    let found = app.db.write("consume_request_uri", move |tx| -> Result<_, Error> {
        let platform = platforms::by_client_id(tx, &client_id)?.filter(|p| p.state == "active").ok_or(Error::InvalidRequestUri)?;
        Ok(applications::consume_request(tx, &request_digest, &platform.id, now)?)
    });
    let application = found.await?.ok_or(Error::InvalidRequestUri)?;
    begin(app, app.idps.first(), &application, &request.browser, now).await
}

/// The open application that this browser began with this `request_uri` before: somebody who went back from a provider that
/// did not answer must not lose it.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn begun_before(app: &Arc<App>, request_uri: &str, browser: &str) -> Result<Option<String>, Error> {
    let Some(reference) = request_uri.strip_prefix(REQUEST_URI_PREFIX) else { return Ok(None) };
    let (request, browser) = (digest::of_secret(SecretKind::RequestUri, reference), digest::of_secret(SecretKind::Browser, browser));
    let now = app.clock.now();
    let found = app.db.read("begun_before", move |tx| -> Result<_, Error> {
        let Some(row) = applications::of_request(tx, &request)? else { return Ok(None) };
        let open = !row.state()?.is_final() && row.expires_at > now.millis();
        Ok((open && logins::browser_began(tx, &row.id, &browser)?).then_some(row.id))
    });
    found.await
}

/// Begins another pass for an application this browser began before (after an obstacle, or to choose anew), with the
/// provider of this id or the usual one.
///
/// # Errors
/// [`Error::NotFound`] for another browser's application or an unknown provider, [`Error::ApplicationEnded`].
pub async fn sign_in_again(app: &Arc<App>, application: String, browser: &str, with: Option<&str>) -> Result<String, Error> {
    let now = app.clock.now();
    let idp = match with {
        None => app.idps.first(),
        Some(id) => app.idps.get(id).ok_or(Error::NotFound("identity provider"))?,
    };
    let browser_digest = digest::of_secret(SecretKind::Browser, browser);
    let row = app.db.write("sign_in_again", move |tx| -> Result<_, Error> {
        let row = applications::by_id(tx, &application)?.ok_or(Error::NotFound("application"))?;
        if !logins::browser_began(tx, &row.id, &browser_digest)? {
            return Err(Error::NotFound("application"));
        }
        let state = row.state()?;
        if state.is_final() || row.expires_at <= now.millis() {
            return Err(Error::ApplicationEnded);
        }
        if state != ApplicationState::Started {
            applications::advance(tx, &row.id, ApplicationState::Started, now)?;
        }
        Ok(row)
    });
    let row = row.await?;
    begin(app, idp, &row, browser, now).await
}

pub(super) async fn begin(
    app: &Arc<App>,
    idp: &Arc<dyn IdentityProvider>,
    application: &ApplicationRow,
    browser: &str,
    now: Timestamp,
) -> Result<String, Error> {
    let secrets = LoginSecrets {
        state: app.entropy.uuid(),
        nonce: app.entropy.token(),
        pkce_verifier: app.entropy.token(),
        redirect_uri: format!("{}{}", app.settings.issuer, callback_path(idp.id())),
    };
    let application_id = application.id()?;
    let url = idp.begin(&secrets, now).await.map_err(|e| {
        app.metrics.idp_error(idp.id(), Step::Begin, &e);
        app.metrics.login(idp.id(), Err(e.code));
        tracing::error!(idp = idp.id(), code = %e.code, upstream = e.upstream, detail = %e.detail, try_again = e.try_again.as_str(), application = %application.id, "login request cannot be made");
        e.code
    });
    let obstacle = url.as_ref().err().copied();
    let id = LoginId::new(now, app.entropy.bytes()).to_string();
    let plain = serde_json::to_vec(&secrets).map_err(|e| Error::Internal(e.to_string()))?;
    let row = LoginRow {
        sealed: app.vault.seal(SealFor::Login, &id, &plain),
        id,
        application_id: application.id.clone(),
        idp: idp.id().to_owned(),
        state_digest: digest::of_secret(SecretKind::LoginState, &secrets.state),
        browser_digest: digest::of_secret(SecretKind::Browser, browser),
        created_at: now.millis(),
        expires_at: now.plus(app.settings.login_lifetime).millis(),
        // One that never left counts as used.
        used_at: obstacle.map(|_| now.millis()),
        outcome: obstacle.map(|code| code.as_str().to_owned()),
    };
    // A login that could not begin is recorded too: it binds the application to this browser, which may try again.
    let recorded = app.db.write("begin_login", move |tx| {
        if obstacle.is_some() {
            applications::note_obstacle(tx, &row.application_id, obstacle)?;
        }
        logins::insert(tx, &row)
    });
    recorded.await.map_err(Error::from)?;
    url.map_err(|code| Error::Refused { application: application_id, code, way_on: WayOn::SignIn })
}
