//! A platform's certificate is exchanged: what its certificates must be like from now on.

use std::sync::Arc;

use super::{Actor, App, Error};
use crate::domain::client_certificate::CertificateRule;
use crate::store::{audit, platforms};

/// Sets what the certificates of a platform must be like; what was demanded before counts no more.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] for a platform that authenticates otherwise.
pub async fn set_certificate(app: &Arc<App>, platform: String, rule: &CertificateRule, actor: &Actor) -> Result<(), Error> {
    let now = app.clock.now();
    let method = rule.method();
    let text = serde_json::to_string(rule).map_err(|e| Error::Internal(e.to_string()))?;
    let entry = super::add_operator::entry(app, "platform.set_certificate", &platform, actor);
    let set = app.db.write("set_certificate", move |tx| -> Result<(), Error> {
        let known = platforms::by_id(tx, &platform)?.ok_or(Error::NotFound("platform"))?;
        if known.certificate.is_none() {
            return Err(Error::Conflict(format!("this platform authenticates with {} and has no certificate", known.auth_method)));
        }
        platforms::set_certificate(tx, &platform, method, &text, now)?;
        Ok(audit::insert(tx, &entry)?)
    });
    set.await
}
