//! `[federation]` from the configuration, with the owner's delegation read and accepted.

use std::fs;
use std::path::Path;

use super::WireError;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::service::federation::FederationSettings;
use crate::service::federation::delegation::{self, Delegation};

/// What is said of this service in the federation.
///
/// # Errors
/// [`WireError`] naming the setting and what to do.
pub(super) fn settings(config: &Config, now: Timestamp) -> Result<FederationSettings, WireError> {
    Ok(FederationSettings {
        organization_name: config.federation.organization_name.clone(),
        contacts: config.federation.contacts.clone(),
        delegation: delegation(config, now)?,
    })
}

/// The configured delegation, read and accepted.
///
/// # Errors
/// [`WireError`] naming the setting and what to do.
pub fn delegation(config: &Config, now: Timestamp) -> Result<Option<Delegation>, WireError> {
    let Some(files) = &config.federation.delegation else { return Ok(None) };
    let read = |setting: &str, path: &Path| {
        fs::read_to_string(path).map_err(|e| WireError(format!("federation.{setting}: {} cannot be read: {e}", path.display())))
    };
    let token = read("delegation_file", &files.delegation_file)?;
    let keys = read("owner_jwks_file", &files.owner_jwks_file)?;
    delegation::accept(&config.public_url, &token, &files.owner, &keys, now).map(Some).map_err(WireError::new)
}
