//! Signing out at the identity provider: whoever came with the wrong account would otherwise be signed in with it again.

use std::sync::Arc;

use super::{App, Error};
use crate::domain::digest::{self, SecretKind};
use crate::store::logins;

/// Where this browser signs out of the provider it last used for this application, to come back to the application's page;
/// `None` where the provider offers no such thing.
///
/// # Errors
/// [`Error::NotFound`] for another browser's application.
pub async fn address(app: &Arc<App>, application: &str, browser: &str) -> Result<Option<String>, Error> {
    let (id, browser) = (application.to_owned(), digest::of_secret(SecretKind::Browser, browser));
    let login = app.db.read("last_login", move |tx| logins::last_of(tx, &id, &browser)).await.map_err(Error::from)?;
    let login = login.ok_or(Error::NotFound("application"))?;
    let back = format!("{}/applications/{application}", app.settings.issuer);
    Ok(app.idps.get(&login.idp).and_then(|idp| idp.logout_url(&back)))
}
