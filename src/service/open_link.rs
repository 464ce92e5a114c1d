//! The person opens the link a platform started an application with. Whoever holds the link may begin to sign in, on any machine,
//! as long as the application is open; what a sign-in leads to is still collected by the platform alone.

use std::sync::Arc;

use super::begin_login::begin;
use super::{App, Error};
use crate::domain::application::ApplicationState;
use crate::domain::digest::{self, SecretKind};
use crate::store::applications::ApplicationRow;
use crate::store::platforms::PlatformRow;
use crate::store::{StoreError, applications, codes, platforms};

/// The application that a link leads to, and its platform; nothing is begun by looking.
///
/// # Errors
/// [`Error::NotFound`] for a wrong link.
pub async fn linked(app: &Arc<App>, application: &str, link: &str) -> Result<(ApplicationRow, PlatformRow), Error> {
    let presented = digest::of_secret(SecretKind::ApplicationLink, link);
    let id = application.to_owned();
    let known = app.db.read("link_of_application", move |tx| -> Result<_, StoreError> {
        let Some(row) = applications::by_id(tx, &id)? else { return Ok(None) };
        let platform = platforms::by_id(tx, &row.platform_id)?.ok_or(StoreError::Stale("platform"))?;
        Ok(Some((row, platform)))
    });
    let known = known.await.map_err(Error::from)?;
    known.filter(|(row, _)| is_of(row, &presented)).ok_or(Error::NotFound("application"))
}

fn is_of(row: &ApplicationRow, presented: &str) -> bool {
    row.link_digest.as_deref().is_some_and(|d| digest::equal(d, presented))
}

/// Binds this browser to the application and returns the address at the identity provider.
///
/// # Errors
/// [`Error::NotFound`] for a wrong link, [`Error::ApplicationEnded`], [`Error::Conflict`] while the platform is about to collect
/// the badge, [`Error::Refused`] when the provider cannot be asked.
pub async fn open_link(app: &Arc<App>, application: String, link: &str, browser: &str) -> Result<String, Error> {
    let now = app.clock.now();
    // Guesses cost a read and never the one writer.
    linked(app, &application, link).await?;
    let row = app.db.write("open_link", move |tx| -> Result<_, Error> {
        applications::lock(tx, &application)?;
        let row = applications::by_id(tx, &application)?.ok_or(Error::NotFound("application"))?;
        platforms::by_id(tx, &row.platform_id)?.filter(|p| p.state == "active").ok_or(Error::NotFound("application"))?;
        let state = row.state()?;
        if state.is_final() || row.expires_at <= now.millis() {
            return Err(Error::ApplicationEnded);
        }
        // Opening a link is what previews and scanners do too: they must not take the badge from somebody who is just done.
        if state == ApplicationState::ControlProven && codes::any_live(tx, &row.id, now)? {
            return Err(Error::Conflict("the confirmation is just being passed to the platform; look there".to_owned()));
        }
        if state != ApplicationState::Started {
            applications::advance(tx, &row.id, ApplicationState::Started, now)?;
        }
        Ok(row)
    });
    begin(app, app.idps.first(), &row.await?, browser, now).await
}
