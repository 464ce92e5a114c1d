//! The signed envelope: compact serialization (RFC 7515 §7.1), a header with exactly `typ`, `alg` and `kid`, one signature.
//! What the payload says is none of this file's business.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::json;
use super::keys::{self, KeySet, KeyUse};
use super::rejection::Rejection;
use crate::domain::status::VerifyStatus;

/// A payload whose signature held.
pub(super) struct Opened {
    pub(super) kid: String,
    pub(super) payload: Vec<u8>,
}

/// What is wanted of a token.
pub(super) struct Wanted<'a> {
    pub(super) issuer: &'a str,
    pub(super) typ: &'a str,
    pub(super) purpose: KeyUse,
    /// Most characters; measured before anything is read.
    pub(super) max: usize,
}

/// Checks the envelope and hands out the payload.
pub(super) fn open(keys: &KeySet, token: &str, wanted: &Wanted<'_>) -> Result<Opened, Rejection> {
    if token.len() > wanted.max {
        return Err(Rejection::malformed("too-large", format!("the token is longer than {} characters", wanted.max)));
    }
    let mut segments = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (segments.next(), segments.next(), segments.next(), segments.next()) else {
        return Err(Rejection::malformed("not-a-jwt", "the token is not three segments separated by dots"));
    };
    let kid = read_header(&base64url(header)?, wanted.typ)?;
    let message = &token.as_bytes()[..header.len() + 1 + payload.len()];
    let (payload, signature) = (base64url(payload)?, base64url(signature)?);
    let Some(key) = keys.get(&kid, wanted.purpose) else {
        return Err(no_key(keys.knows(&kid), &payload, wanted.issuer));
    };
    if !keys::holds(key, message, &signature) {
        return Err(Rejection::wrong_signature("signature", "the signature does not belong to this token and the issuer's key"));
    }
    Ok(Opened { kid, payload })
}

fn base64url(segment: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| Rejection::malformed("not-base64url", "a segment of the token is not unpadded base64url"))
}

/// Reads the header and returns its `kid`. The algorithm is looked at first: whatever else a token says, one that asks for
/// another algorithm (`none`, an HMAC over our public key, …) is an attack on the signature.
fn read_header(bytes: &[u8], typ: &str) -> Result<String, Rejection> {
    let mut header: Map<String, Value> =
        json::object(bytes).map_err(|_| Rejection::malformed("header", "the token's header is not a JSON object with each member once"))?;
    if header.remove("alg") != Some(Value::from("ES256")) {
        return Err(Rejection::wrong_signature("alg", "the token's algorithm is not ES256"));
    }
    if header.remove("typ") != Some(Value::from(typ)) {
        return Err(Rejection::malformed("typ", format!("the token is not of type {typ}")));
    }
    let Some(Value::String(kid)) = header.remove("kid") else {
        return Err(Rejection::wrong_signature("key-unknown", "the token names no key"));
    };
    // Keys brought along (jwk, jku, x5u, x5c) are how forged tokens vouch for themselves; `crit` demands what we do not do.
    // Our tokens have none of these and nothing else, so everything else is refused.
    if !header.is_empty() {
        return Err(Rejection::wrong_signature("header-member", "the token's header has a member other than typ, alg and kid"));
    }
    Ok(kid)
}

/// Says why there is no key. The unverified `iss` only chooses between two ways of saying no.
fn no_key(known: bool, payload: &[u8], issuer: &str) -> Rejection {
    #[derive(Deserialize)]
    struct UnverifiedIssuer {
        iss: String,
    }
    if known {
        return Rejection::wrong_signature("key-purpose", "the token is signed with a key that may not sign such tokens");
    }
    match json::object::<UnverifiedIssuer>(payload) {
        Ok(claims) if claims.iss != issuer => other_issuer(issuer),
        _ => Rejection::wrong_signature("key-unknown", "the token names a key that is not in the issuer's key set; fetch the set again"),
    }
}

/// The refusal of somebody else's token.
pub(super) fn other_issuer(issuer: &str) -> Rejection {
    Rejection::new(VerifyStatus::WrongIssuer, "issuer", format!("the token was not issued by {issuer}"))
}
