//! Registers this service as a server of a platform's callback API: what it answers to the handshake, and the secret that the
//! platform's messages will carry.

use std::sync::Arc;
use std::time::Duration;

use super::{Actor, App, Error};
use crate::domain::community::CommunityNumber;
use crate::domain::digest;
use crate::ports::vault::SealFor;
use crate::store::callback_servers::{self, CallbackServerRow};
use crate::store::{audit, platforms};

/// Longest answer to a handshake, bytes. VK's has eight characters.
const CONFIRMATION_MAX: usize = 64;

/// A server to register.
pub struct NewCallbackServer {
    /// Platform.
    pub platform: String,
    /// The one community it speaks for; without it all of the platform's.
    pub community: Option<CommunityNumber>,
    /// What the platform wants to hear at the handshake.
    pub confirmation: String,
    /// How long the secret before this one stays good.
    pub overlap: Duration,
}

/// Registers it; the secret to enter at the platform, shown this once.
///
/// # Errors
/// [`Error::InvalidRequest`] for an answer out of form, [`Error::NotFound`] for an unknown platform.
pub async fn add_callback_server(app: &Arc<App>, new: NewCallbackServer, actor: &Actor) -> Result<String, Error> {
    let good = (1..=CONFIRMATION_MAX).contains(&new.confirmation.len()) && new.confirmation.bytes().all(|b| b.is_ascii_alphanumeric());
    if !good {
        return Err(Error::InvalidRequest(format!(
            "confirmation must be the 1 to {CONFIRMATION_MAX} letters and digits that the platform shows for this server"
        )));
    }
    let now = app.clock.now();
    // VK takes 50 characters at most; letters and digits pass everywhere.
    let secret = digest::hex(&app.entropy.bytes::<24>());
    let id = app.entropy.uuid();
    let row = CallbackServerRow {
        sealed: app.vault.seal(SealFor::WebhookSecret, &id, secret.as_bytes()),
        id,
        platform_id: new.platform.clone(),
        community_number: new.community.map_or_else(String::new, |c| c.to_string()),
        confirmation: new.confirmation,
        created_at: now.millis(),
        expires_at: None,
    };
    let entry = super::add_operator::entry(app, "platform.callback", &new.platform, actor);
    app.db
        .write("add_callback_server", move |tx| -> Result<(), Error> {
            platforms::by_id(tx, &row.platform_id)?.ok_or(Error::NotFound("platform"))?;
            callback_servers::insert(tx, &row, now.plus(new.overlap))?;
            Ok(audit::insert(tx, &entry)?)
        })
        .await?;
    Ok(secret)
}
