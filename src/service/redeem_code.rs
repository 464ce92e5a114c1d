//! A platform redeems its authorization code: only now is the badge issued. Until then the person's own browser has to
//! come back to the platform session that began it, so a link sent to a stranger leads to nothing.

use std::sync::Arc;

use serde_json::Value;

use super::issue::{self, Issued, Redemption};
use super::{App, Error};
use crate::domain::application::StartKind;
use crate::domain::digest::{self, SecretKind};
use crate::domain::time::Timestamp;
use crate::store::applications::{self, ApplicationRow};
use crate::store::codes::{self, CodeRow, NewToken};
use crate::store::platforms::PlatformRow;

/// Parameters of the token request, as sent.
pub struct TokenRequest {
    /// Must be `authorization_code`.
    pub grant_type: Option<String>,
    /// The code.
    pub code: Option<String>,
    /// Where sent, must equal the pushed one.
    pub redirect_uri: Option<String>,
    /// PKCE verifier.
    pub code_verifier: Option<String>,
    /// Thumbprint of the certificate the platform authenticated with: the token is bound to it (RFC 8705 §3).
    pub certificate: Option<String>,
}

/// The token response's content.
pub struct Redeemed {
    /// Bearer token for the platform's own application.
    pub access_token: String,
    /// Seconds.
    pub expires_in: u64,
    /// `authorization_details` element as pushed, enriched with `badge`, `attestation` and `status`.
    pub details: Value,
}

/// Redeems a code.
///
/// # Errors
/// [`Error::InvalidGrant`] for a code that is unknown, foreign, expired, used, or does not fit verifier or redirect address.
pub async fn redeem_code(app: &Arc<App>, platform: &PlatformRow, request: TokenRequest) -> Result<Redeemed, Error> {
    if request.grant_type.as_deref() != Some("authorization_code") {
        return Err(match request.grant_type {
            None => Error::InvalidRequest("grant_type is missing".to_owned()),
            Some(_) => Error::UnsupportedGrantType,
        });
    }
    let code = request.code.ok_or_else(|| Error::InvalidRequest("code is missing".to_owned()))?;
    let verifier = request.code_verifier.ok_or_else(|| Error::InvalidRequest("code_verifier is missing".to_owned()))?;
    let now = app.clock.now();
    let (code, application) = find(app, &code, &platform.id, now).await?;
    // Without a challenge there would be nothing to bind the code to; such a start redeems by the application's id instead.
    if application.start()? != StartKind::Par {
        return Err(Error::InvalidGrant("this application was not pushed: redeem its code at /v1/applications/{id}/redeem"));
    }
    if request.redirect_uri.is_some_and(|r| r != application.redirect_uri) {
        return Err(Error::InvalidGrant("redirect_uri differs from the one of the authorization request"));
    }
    let verifier_ok = (43..=128).contains(&verifier.len()) && digest::equal(&digest::pkce_s256(&verifier), &application.code_challenge);
    if !verifier_ok {
        return Err(Error::InvalidGrant("code_verifier does not match the code_challenge"));
    }

    let access_token = app.entropy.token();
    let lifetime = app.settings.access_token_lifetime;
    let token = NewToken {
        digest: digest::of_secret(SecretKind::AccessToken, &access_token),
        expires: now.plus(lifetime),
        certificate: request.certificate,
    };
    let issued = collect(app, &application, platform, Redemption { code: Some(code), token: Some(token), keep: None }).await?;
    let mut details: Value = serde_json::from_str(&application.details).map_err(|_| super::damaged("authorization details"))?;
    if let Value::Object(o) = &mut details {
        o.insert("badge".to_owned(), issued.badge.into());
        o.insert("attestation".to_owned(), issued.token.into());
        o.insert("status".to_owned(), "active".into());
    }
    Ok(Redeemed { access_token, expires_in: lifetime.as_secs(), details })
}

/// Issues what a code stands for. Whatever ends that is the code's end too (RFC 6749 §5.2).
///
/// Of two requests with one code both may find it unused; whoever issues second learns here that it is not. That was a second use
/// like one that comes later, so the code is looked at once more: what the first request got is revoked, and the answer is the same.
/// By then the winner has committed, because the loser waited for its lock on the application or the badge. Where the code is
/// still unused something else was in the way (another confirmation of the community, say): nobody used the code twice, nothing is
/// revoked, and it is good a moment later. There is no grace for an immediate repeat at the token endpoint, where nothing tells the
/// owner's second try from a thief's; a platform that wants to repeat safely redeems with an `Idempotency-Key` at
/// `/v1/applications/{id}/redeem`, where no access token is given and the kept answer stands before this refusal.
pub(super) async fn collect(
    app: &Arc<App>,
    application: &ApplicationRow,
    platform: &PlatformRow,
    redemption: Redemption,
) -> Result<Issued, Error> {
    let code = redemption.code.as_ref().map(|c| c.digest.clone());
    let refusal = match issue::issue(app, application, platform, redemption).await {
        Err(Error::Conflict(why)) => {
            tracing::warn!(application = %application.id, why, "code not redeemed");
            "the code was redeemed by another request, or the badge changed meanwhile; start again"
        }
        // Also where the winner was done before the loser began to issue: the application ends by being issued.
        Err(Error::ApplicationEnded) => "the application of this code has ended; start again on the platform",
        other => return other,
    };
    if let Some(code) = code {
        look(app, code, &platform.id, app.clock.now()).await?;
    }
    Err(Error::InvalidGrant(refusal))
}

/// Looks the code up. A second use revokes the access token the first one gave (RFC 6749 §4.1.2).
pub(super) async fn find(app: &Arc<App>, code: &str, platform: &str, now: Timestamp) -> Result<(CodeRow, ApplicationRow), Error> {
    look(app, digest::of_secret(SecretKind::AuthorizationCode, code), platform, now).await
}

async fn look(app: &Arc<App>, code_digest: String, platform: &str, now: Timestamp) -> Result<(CodeRow, ApplicationRow), Error> {
    let platform = platform.to_owned();
    let found = app.db.write("find_code", move |tx| -> Result<_, Error> {
        // A foreign client learns nothing and spoils nothing.
        let Some(code) = codes::by_digest(tx, &code_digest)?.filter(|c| c.platform_id == platform) else {
            return Ok(Err("the code is unknown"));
        };
        if code.used_at.is_some() {
            if let Some(token) = &code.token_digest {
                codes::revoke_token(tx, token, now)?;
            }
            return Ok(Err("the code was used already; the access token it gave is revoked"));
        }
        if code.expires_at <= now.millis() {
            return Ok(Err("the code has expired"));
        }
        let application = applications::by_id(tx, &code.application_id)?.ok_or_else(|| super::damaged("application"))?;
        Ok(Ok((code, application)))
    });
    found.await?.map_err(Error::InvalidGrant)
}
