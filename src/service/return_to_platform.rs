//! The way back to the platform: `code` or `error` on the redirect address (RFC 6749 §4.1.2), with `iss` (RFC 9207).

use std::sync::Arc;

use url::Url;

use super::{App, Error};
use crate::domain::application::{ApplicationState, StartKind};
use crate::domain::digest::{self, SecretKind};
use crate::domain::refusal::RefusalCode;
use crate::store::applications::{self, ApplicationRow};
use crate::store::{evidence, logins};

fn address(app: &App, application: &ApplicationRow, parameters: &[(&str, &str)]) -> Result<String, Error> {
    // The registered address is kept byte for byte; only parameters are appended.
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    // Plain REST has no `request_uri` to know the application by.
    if application.start()? == StartKind::Rest {
        pairs.append_pair("application", &application.id);
    }
    pairs.extend_pairs(parameters);
    if let Some(state) = &application.platform_state {
        pairs.append_pair("state", state);
    }
    pairs.append_pair("iss", &app.settings.issuer);
    let joint = match Url::parse(&application.redirect_uri) {
        Ok(u) if u.query().is_some() => '&',
        _ => '?',
    };
    Ok(format!("{}{joint}{}", application.redirect_uri, pairs.finish()))
}

pub(super) fn with_code(app: &App, application: &ApplicationRow, code: &str) -> Result<String, Error> {
    address(app, application, &[("code", code)])
}

/// The address that tells the platform of a refusal. `description` is ASCII, as RFC 6749 §4.1.2.1 wants.
fn with_error(app: &App, application: &ApplicationRow, code: RefusalCode) -> Result<String, Error> {
    let page = format!("{}/applications/{}", app.settings.issuer, application.id);
    let description = format!("{code}: {}", code.ascii_summary());
    let parameters = [
        ("error", "access_denied"),
        ("error_description", description.as_str()),
        ("error_uri", page.as_str()),
        ("gosbadge_code", code.as_str()),
    ];
    address(app, application, &parameters)
}

/// The person goes back to the platform without a badge, or gives an application up that the authority itself started: ends it if
/// it has not ended, and returns the address.
///
/// # Errors
/// [`Error::NotFound`] for another browser's application; [`Error::ApplicationEnded`] when it expired or was issued.
pub async fn give_up(app: &Arc<App>, application: String, browser: &str) -> Result<String, Error> {
    let now = app.clock.now();
    let browser_digest = digest::of_secret(SecretKind::Browser, browser);
    let (row, code) = app
        .db
        .write("give_up", move |tx| {
            let row = applications::by_id(tx, &application)?.ok_or(Error::NotFound("application"))?;
            if !logins::browser_began(tx, &row.id, &browser_digest)? {
                return Err(Error::NotFound("application"));
            }
            // Leaving without a named obstacle is a refusal to pass the data on.
            let code = row.refusal().unwrap_or(RefusalCode::F01);
            match row.state()? {
                ApplicationState::Refused => {}
                ApplicationState::Issued | ApplicationState::Expired => return Err(Error::ApplicationEnded),
                _ => {
                    // Whoever does not want the data passed on does not want it kept either.
                    evidence::forget(tx, &row.id)?;
                    applications::refuse(tx, &row.id, code, now)?;
                }
            }
            Ok((row, code))
        })
        .await?;
    // Where no platform sent the person, there is none to go back to.
    if row.start()? == StartKind::Portal {
        return Ok(format!("/applications/{}", row.id));
    }
    with_error(app, &row, code)
}
