//! Authenticates a platform: `client_secret_basic`, `private_key_jwt` (RFC 7523, audience = the issuer and nothing else), or by its
//! certificate (RFC 8705).

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::{App, Error};
use crate::domain::client_certificate::ClientCertificate;
use crate::domain::digest::{self, SecretKind};
use crate::domain::time::Timestamp;
use crate::store::platforms::{self, PlatformRow};
use crate::store::{StoreError, Tx};

/// How the request identifies its client, as extracted from it.
pub enum PresentedClient {
    /// `Authorization: Basic`
    Basic {
        /// Client id.
        id: String,
        /// Secret.
        secret: String,
    },
    /// `client_assertion` of type `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    Assertion {
        /// `client_id` parameter, where sent.
        client_id: Option<String>,
        /// The JWT.
        jwt: String,
    },
    /// The client certificate of the connection.
    Certificate {
        /// `client_id` parameter; requests without parameters have none.
        client_id: Option<String>,
        /// The certificate.
        certificate: Box<ClientCertificate>,
    },
    /// Nothing usable.
    None,
}

/// Longest life of a client assertion: a stolen one must die soon, and each is remembered until then.
const ASSERTION_MAX: Duration = Duration::from_secs(10 * 60);
/// Allowed clock difference.
const LEEWAY: i64 = 60;

/// RFC 7523 §3. Strict types: a claim of another JSON type is an error, not an absent claim.
#[derive(Deserialize)]
struct AssertionClaims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    jti: String,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
}

/// The platform that sent the request.
///
/// # Errors
/// [`Error::InvalidClient`] for anything that does not prove who it is; the text never tells a wrong id from a wrong secret.
pub async fn authenticate_client(app: &Arc<App>, presented: PresentedClient) -> Result<PlatformRow, Error> {
    let now = app.clock.now();
    match presented {
        PresentedClient::Basic { id, secret } => {
            let row = app.db.read("authenticate_client", move |tx| check_secret(tx, &id, &secret, now)).await?;
            row.ok_or(Error::InvalidClient("unknown client or wrong secret"))
        }
        PresentedClient::Assertion { client_id, jwt } => by_assertion(app, client_id, jwt, now).await,
        PresentedClient::Certificate { client_id, certificate } => {
            let row = app.db.read("authenticate_client", move |tx| by_certificate(tx, client_id, &certificate)).await?;
            row.ok_or(Error::InvalidClient("unknown client or another certificate"))
        }
        PresentedClient::None => Err(Error::InvalidClient("send HTTP Basic credentials or a client_assertion")),
    }
}

fn check_secret(tx: &mut Tx<'_>, client_id: &str, secret: &str, now: Timestamp) -> Result<Option<PlatformRow>, Error> {
    let Some(row) = platforms::by_client_id(tx, client_id)? else { return Ok(None) };
    let presented = digest::of_secret(SecretKind::ClientSecret, secret);
    let live = platforms::live_secrets(tx, &row.id, "client", now)?;
    let good = live.iter().filter_map(|s| s.digest.as_deref()).any(|d| digest::equal(d, &presented));
    Ok((good && row.state == "active" && row.auth_method == "client_secret_basic").then_some(row))
}

/// The one platform whose registration admits the certificate. Where several do and the request names none, nobody is meant.
fn by_certificate(tx: &mut Tx<'_>, client_id: Option<String>, certificate: &ClientCertificate) -> Result<Option<PlatformRow>, Error> {
    let candidates = match client_id {
        Some(id) => platforms::by_client_id(tx, &id)?.into_iter().collect(),
        None => platforms::list(tx)?,
    };
    let mut found = None;
    for row in candidates {
        let Some(rule) = row.certificate_rule()? else { continue };
        if row.state != "active" || row.auth_method != rule.method() || !rule.admits(certificate) {
            continue;
        }
        if found.replace(row).is_some() {
            return Ok(None);
        }
    }
    Ok(found)
}

async fn by_assertion(app: &Arc<App>, client_id: Option<String>, jwt: String, now: Timestamp) -> Result<PlatformRow, Error> {
    const BAD: Error = Error::InvalidClient("the client assertion does not hold");
    // The unverified `iss` only selects whose keys to try.
    let hint = unverified_issuer(&jwt).ok_or(BAD)?;
    if client_id.as_deref().is_some_and(|c| c != hint) {
        return Err(BAD);
    }
    let row = app.db.read("authenticate_client", move |tx| platforms::by_client_id(tx, &hint)).await.map_err(Error::from)?;
    let row = row.filter(|r| r.state == "active" && r.auth_method == "private_key_jwt").ok_or(BAD)?;
    let jwks: JwkSet = serde_json::from_str(row.jwks.as_deref().unwrap_or("{\"keys\":[]}")).map_err(|_| super::damaged("platform keys"))?;
    let claims = verify_signature(&jwt, &jwks).ok_or(BAD)?;
    let in_time = claims.exp > now.secs() - LEEWAY
        && claims.exp <= now.secs() + LEEWAY + i64::try_from(ASSERTION_MAX.as_secs()).unwrap_or(600)
        && claims.nbf.is_none_or(|t| t <= now.secs() + LEEWAY)
        && claims.iat.is_none_or(|t| t <= now.secs() + LEEWAY);
    if !in_time {
        return Err(Error::InvalidClient("the client assertion is expired, lives longer than 10 minutes, or is from the future"));
    }
    if claims.iss != row.client_id || claims.sub != row.client_id || claims.aud != app.settings.issuer || claims.jti.is_empty() {
        return Err(Error::InvalidClient("the client assertion needs iss = sub = client_id, aud = the issuer, exp and jti"));
    }
    let used = digest::of_secret(SecretKind::ClientAssertion, &format!("{}|{}", row.id, claims.jti));
    let forget_at = Timestamp::from_secs(claims.exp + LEEWAY + 1);
    let remembered = app.db.write("remember_assertion", move |tx| platforms::remember_assertion(tx, &used, forget_at)).await;
    match remembered {
        Ok(()) => Ok(row),
        Err(StoreError::Duplicate) => Err(Error::InvalidClient("this client assertion was used already")),
        Err(e) => Err(e.into()),
    }
}

fn unverified_issuer(jwt: &str) -> Option<String> {
    use base64::Engine as _;
    #[derive(Deserialize)]
    struct Hint {
        iss: String,
    }
    if jwt.len() > 16 * 1024 {
        return None;
    }
    let payload = jwt.split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Hint>(&bytes).ok().map(|h| h.iss).filter(|iss| !iss.contains('\0'))
}

fn verify_signature(jwt: &str, jwks: &JwkSet) -> Option<AssertionClaims> {
    let header = jsonwebtoken::decode_header(jwt).ok()?;
    // FAPI 2.0 §5.4: these and no others; symmetric algorithms would turn our copy of the public key into a secret.
    if !matches!(header.alg, Algorithm::ES256 | Algorithm::PS256 | Algorithm::EdDSA | Algorithm::RS256) {
        return None;
    }
    let mut validation = Validation::new(header.alg);
    // Times and audience are checked by the caller against our clock; here only the signature counts.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let candidates = jwks.keys.iter().filter(|k| header.kid.is_none() || k.common.key_id == header.kid);
    candidates
        .filter_map(|k| DecodingKey::from_jwk(k).ok())
        .find_map(|key| jsonwebtoken::decode::<AssertionClaims>(jwt, &key, &validation).ok())
        .map(|data| data.claims)
}
