//! A platform that started in plain JSON redeems its code: only now is the badge issued, as at the token endpoint.
//!
//! The path names the application. A platform takes that id from its own session and not from the address the person came back
//! to; so a code slipped into another session meets another application and is refused, which is what PKCE does for a pushed request.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::issue::{Issued, Redemption};
use super::redeem_code::{collect, find};
use super::repeatable::Repeatable;
use super::{App, Error, look_up};
use crate::domain::application::StartKind;
use crate::domain::idempotency_key::IdempotencyKey;
use crate::domain::time::Timestamp;
use crate::store::applications::ApplicationRow;
use crate::store::platforms::PlatformRow;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedeemRequest {
    code: String,
}

/// Redeems the code of this application and returns the answer's JSON. With a key, the same request gets the same answer for as
/// long as the code would have lived.
///
/// # Errors
/// [`Error::NotFound`] for an application that is not this platform's; [`Error::InvalidGrant`] for a code that is not this
/// application's, or used, or expired; [`Error::IdempotencyKeyReused`].
pub async fn redeem_application(
    app: &Arc<App>,
    platform: &PlatformRow,
    application: String,
    key: Option<&IdempotencyKey>,
    body: &[u8],
) -> Result<String, Error> {
    let (row, _) = look_up::application_of_platform(app, application, &platform.id).await?;
    let repeatable = key.map(|key| Arc::new(Repeatable::new(platform, key, &format!("redeem {}", row.id), body)));
    if let Some(repeatable) = &repeatable
        && let Some(answer) = repeatable.answer(app).await?
    {
        return Ok(answer);
    }
    let request: RedeemRequest = serde_json::from_slice(body).map_err(|e| Error::InvalidRequest(format!("body: {e}")))?;
    match (redeem(app, platform, &row, &request.code, repeatable.clone()).await, repeatable) {
        // An equal request may have been faster by a moment: then its answer is ours.
        (Err(e @ Error::InvalidGrant(_)), Some(repeatable)) => repeatable.answer(app).await?.ok_or(e),
        (outcome, _) => outcome,
    }
}

async fn redeem(
    app: &Arc<App>,
    platform: &PlatformRow,
    row: &ApplicationRow,
    code: &str,
    repeatable: Option<Arc<Repeatable>>,
) -> Result<String, Error> {
    let (code, application) = find(app, code, &platform.id, app.clock.now()).await?;
    // A pushed request has a verifier, which is asked for at the token endpoint only.
    if application.id != row.id || application.start()? != StartKind::Rest {
        return Err(Error::InvalidGrant("the code is not of this application"));
    }
    let kept_until = Timestamp::from_millis(code.expires_at);
    let (inner, id) = (Arc::clone(app), application.id.clone());
    let redemption = Redemption {
        code: Some(code),
        token: None,
        keep: repeatable.map(|r| -> super::issue::KeepAnswer { Box::new(move |issued| r.kept(&inner, &answer(&id, issued), kept_until)) }),
    };
    let issued = collect(app, &application, platform, redemption).await?;
    Ok(answer(&application.id, &issued))
}

fn answer(application: &str, issued: &Issued) -> String {
    json!({ "application": application, "badge": issued.badge, "attestation": issued.token, "status": "active" }).to_string()
}
