//! What is on record about a platform, for operators. Secrets are named, never shown.

use std::sync::Arc;

use super::add_platform::SecretPurpose;
use super::{App, Error};
use crate::domain::time::Timestamp;
use crate::store::platforms::{self, PlatformRow};

/// A secret that is good now.
pub struct LiveSecret {
    /// What it is for.
    pub purpose: SecretPurpose,
    /// Made.
    pub created_at: Timestamp,
    /// Until when it is good; none: until it is exchanged.
    pub expires_at: Option<Timestamp>,
}

/// A platform and the secrets that are good now, newest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn show_platform(app: &Arc<App>, id: String) -> Result<(PlatformRow, Vec<LiveSecret>), Error> {
    let now = app.clock.now();
    let found = app.db.read("show_platform", move |tx| -> Result<_, Error> {
        let platform = platforms::by_id(tx, &id)?.ok_or(Error::NotFound("platform"))?;
        let mut secrets = Vec::new();
        for purpose in SecretPurpose::ALL {
            for row in platforms::live_secrets(tx, &id, purpose.as_str(), now)? {
                let expires_at = row.expires_at.map(Timestamp::from_millis);
                secrets.push(LiveSecret { purpose, created_at: Timestamp::from_millis(row.created_at), expires_at });
            }
        }
        Ok((platform, secrets))
    });
    found.await
}
