//! Keys that are of use no more, with the reason and the day, signed: whoever kept an old attestation, list or checkpoint can
//! tell a key that ended in good order from one that was called compromised (OpenID Federation 1.1, historical keys endpoint).

use std::sync::Arc;

use serde_json::{Value, json};

use super::{App, Error};
use crate::domain::signing_key::{KeyPurpose, KeyState};
use crate::store::keys::{self, KeyRow};

/// `typ` of the answer, and its media type after `application/`.
pub const TYP: &str = "jwk-set+jwt";

/// The signed set.
///
/// # Errors
/// [`Error`] when the database or the key is away.
pub async fn historical_keys(app: &Arc<App>) -> Result<String, Error> {
    let known = app.keys.known();
    if let Some(signed) = known.past.get() {
        return Ok(signed.clone());
    }
    let rows = app.db.read("list_keys", keys::list).await.map_err(Error::from)?;
    let now = app.clock.now();
    let past: Vec<Value> = rows.iter().map(past_key).collect::<Result<Vec<_>, Error>>()?.into_iter().flatten().collect();
    let iss = &app.settings.issuer;
    let claims = json!({ "iss": iss, "sub": iss, "iat": now.secs(), "keys": past });
    let signed = app.keys.sign_jwt(KeyPurpose::Badge, TYP, &claims.to_string())?.token;
    Ok(known.past.get_or_init(|| signed).clone())
}

fn past_key(row: &KeyRow) -> Result<Option<Value>, Error> {
    let state = row.state()?;
    let over = match state {
        KeyState::Next | KeyState::Active => return Ok(None),
        KeyState::Retired | KeyState::Withdrawn => row.retired_at.or(row.withdrawn_at),
        KeyState::Compromised => row.retired_at.or(row.withdrawn_at).or(row.compromised_at),
    };
    let mut jwk: Value = serde_json::from_str(&row.public_jwk).map_err(|_| super::damaged("public key"))?;
    jwk["iat"] = json!(row.activated_at.unwrap_or(row.created_at) / 1000);
    // The member is required, and says from when on the key signed nothing more.
    jwk["exp"] = json!(over.unwrap_or(row.created_at) / 1000);
    if let (KeyState::Compromised, Some(at)) = (state, row.compromised_at) {
        jwk["revoked"] = json!({ "revoked_at": at / 1000, "reason": "compromised" });
    } else if state == KeyState::Withdrawn {
        jwk["revoked"] = json!({ "revoked_at": row.withdrawn_at.unwrap_or(row.created_at) / 1000, "reason": "superseded" });
    }
    Ok(Some(jwk))
}
