//! A platform asks about an access token (RFC 7662), hands one back (RFC 7009), or comes with one. A token that is unknown, another
//! platform's, expired or revoked is one and the same to whoever asks: nothing is learnt about it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{App, Error};
use crate::domain::digest::{self, SecretKind};
use crate::domain::time::Timestamp;
use crate::ports::signer::KeyPurpose;
use crate::store::applications::{self, ApplicationRow};
use crate::store::codes::{self, TokenRow};
use crate::store::platforms::{self, PlatformRow};
use crate::store::{StoreError, Tx};

fn live(tx: &mut Tx<'_>, digest: &str, now: Timestamp) -> Result<Option<TokenRow>, StoreError> {
    Ok(codes::token(tx, digest)?.filter(|t| t.revoked_at.is_none() && t.expires_at > now.millis()))
}

fn named(token: Option<String>) -> Result<String, Error> {
    let token = token.ok_or_else(|| Error::InvalidRequest("token is missing".to_owned()))?;
    Ok(digest::of_secret(SecretKind::AccessToken, &token))
}

/// What is said of a token: RFC 7662 §2.2.
///
/// # Errors
/// [`Error::InvalidRequest`] without a token.
pub async fn introspect_token(app: &Arc<App>, platform: &PlatformRow, token: Option<String>) -> Result<Value, Error> {
    let (digest, now, id) = (named(token)?, app.clock.now(), platform.id.clone());
    let found = app
        .db
        .read("introspect_token", move |tx| -> Result<_, StoreError> {
            let Some(token) = live(tx, &digest, now)?.filter(|t| t.platform_id == id) else { return Ok(None) };
            let application = applications::by_id(tx, &token.application_id)?.ok_or(StoreError::Corrupt("access token"))?;
            Ok(Some((token, application)))
        })
        .await
        .map_err(Error::from)?;
    let Some((token, application)) = found else { return Ok(json!({ "active": false })) };
    let details: Value = serde_json::from_str(&application.details).map_err(|_| super::damaged("authorization details"))?;
    let mut answer = json!({
        "active": true,
        "iss": app.settings.issuer,
        "client_id": platform.client_id,
        "token_type": "Bearer",
        "exp": Timestamp::from_millis(token.expires_at).secs(),
        "application": token.application_id,
        "authorization_details": [details],
    });
    if let Some(at) = token.issued_at {
        answer["iat"] = Timestamp::from_millis(at).secs().into();
    }
    if let Some(certificate) = token.certificate {
        // RFC 8705 §3.2.
        answer["cnf"] = json!({ "x5t#S256": certificate });
    }
    Ok(answer)
}

/// The same, signed for the platform that asks (RFC 9701 §5): neither `sub` nor `exp` stands beside the answer, so that it cannot
/// pass for an access token.
///
/// # Errors
/// As [`introspect_token`].
pub async fn introspect_token_signed(app: &Arc<App>, platform: &PlatformRow, token: Option<String>) -> Result<String, Error> {
    let answer = introspect_token(app, platform, token).await?;
    let claims = json!({
        "iss": app.settings.issuer,
        "aud": platform.client_id,
        "iat": app.clock.now().secs(),
        "token_introspection": answer,
    });
    Ok(app.keys.sign_jwt(KeyPurpose::Status, "token-introspection+jwt", &claims.to_string())?.token)
}

/// Revokes a token of this platform. Any other is left alone, and the caller hears no difference (RFC 7009 §2.2).
///
/// # Errors
/// [`Error::InvalidRequest`] without a token.
pub async fn revoke_token(app: &Arc<App>, platform: &PlatformRow, token: Option<String>) -> Result<(), Error> {
    let (digest, now, id) = (named(token)?, app.clock.now(), platform.id.clone());
    // Guesses cost a read and never the one writer.
    let asked = digest.clone();
    let found = app.db.read("token_to_revoke", move |tx| codes::token(tx, &asked)).await.map_err(Error::from)?;
    if found.is_some_and(|t| t.platform_id == id) {
        app.db.write("revoke_token", move |tx| codes::revoke_token(tx, &digest, now)).await.map_err(Error::from)?;
    }
    Ok(())
}

/// The application, for whoever comes with the access token its code gave. `certificate` is the thumbprint of the client certificate
/// the request came with.
///
/// # Errors
/// [`Error::InvalidToken`] for a token that is not good, or is bound to another certificate; [`Error::NotFound`] for any other
/// application.
pub async fn application_of_token(app: &Arc<App>, id: String, token: &str, certificate: Option<&str>) -> Result<ApplicationRow, Error> {
    let (digest, now) = (digest::of_secret(SecretKind::AccessToken, token), app.clock.now());
    let certificate = certificate.map(str::to_owned);
    let found = app.db.read("application_of_token", move |tx| -> Result<_, Error> {
        let token = live(tx, &digest, now)?.ok_or(Error::InvalidToken)?;
        platforms::by_id(tx, &token.platform_id)?.filter(|p| p.state == "active").ok_or(Error::InvalidToken)?;
        // RFC 8705 §3: whoever stole the token has not the key.
        if token.certificate.is_some() && token.certificate != certificate {
            return Err(Error::InvalidToken);
        }
        if token.application_id != id {
            return Err(Error::NotFound("application"));
        }
        applications::by_id(tx, &id)?.ok_or(Error::NotFound("application"))
    });
    found.await
}
