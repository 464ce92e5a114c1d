//! The issuer's public keys: read once from a JWK set (RFC 7517), used by name only. A key never comes out of a token.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::jwk::ThumbprintHash;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::json;

/// Most bytes of a JWK set.
pub const KEY_SET_MAX: usize = 64 * 1024;

/// Most keys in a JWK set.
pub const KEYS_MAX: usize = 64;

/// What a key may sign: its published `purpose` member.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyUse {
    /// Attestations and answers about one attestation.
    Badge,
    /// Status lists and security event tokens.
    Status,
}

/// A JWK set (or the issuer's name) is not usable.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeySetError {
    /// Issuer out of form.
    #[error("the issuer must be an origin like https://badge.example.ru, without path or trailing slash")]
    Issuer,
    /// More bytes or keys than allowed.
    #[error("the key set is larger than {KEY_SET_MAX} bytes or {KEYS_MAX} keys")]
    TooLarge,
    /// Not JSON of the expected shape, or a member twice.
    #[error("not a JWK set: {0}")]
    NotAKeySet(String),
    /// Two keys of one name.
    #[error("two keys share the kid {0}")]
    DuplicateKid(String),
    /// A name that is not the key's thumbprint.
    #[error("the kid {0} is not the RFC 7638 thumbprint of its key")]
    WrongKid(String),
    /// An elliptic curve key out of form.
    #[error("a P-256 key of the set is out of form: {0}")]
    BadKey(&'static str),
    /// A private key was published.
    #[error("the key set contains a private key: do not use it, and tell the issuer")]
    PrivateKey,
    /// Nothing to verify with.
    #[error("the key set contains no P-256 key with the purpose badge or status")]
    Empty,
}

/// Keys by name.
#[derive(Clone, Debug)]
pub(super) struct KeySet(HashMap<String, (KeyUse, DecodingKey)>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Map<String, Value>>,
}

impl KeySet {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, KeySetError> {
        if bytes.len() > KEY_SET_MAX {
            return Err(KeySetError::TooLarge);
        }
        let document: Document = json::object(json::trimmed(bytes)).map_err(|e| KeySetError::NotAKeySet(e.to_string()))?;
        if document.keys.len() > KEYS_MAX {
            return Err(KeySetError::TooLarge);
        }
        let mut keys = HashMap::new();
        for jwk in &document.keys {
            // `d` and `k` are secret in every key type that has them (RFC 7518 §6).
            if jwk.contains_key("d") || jwk.contains_key("k") {
                return Err(KeySetError::PrivateKey);
            }
            let Some(purpose) = usable(jwk) else { continue };
            let (kid, key) = read(jwk)?;
            if keys.insert(kid.clone(), (purpose, key)).is_some() {
                return Err(KeySetError::DuplicateKid(kid));
            }
        }
        if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(Self(keys)) }
    }

    /// The key of that name, if it may sign such tokens.
    pub(super) fn get(&self, kid: &str, purpose: KeyUse) -> Option<&DecodingKey> {
        self.0.get(kid).filter(|(p, _)| *p == purpose).map(|(_, key)| key)
    }

    /// Whether a key of that name exists, whatever it may sign.
    pub(super) fn knows(&self, kid: &str) -> bool {
        self.0.contains_key(kid)
    }
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    jwk.get(name).and_then(Value::as_str)
}

/// The purpose of a key we can use. Others are ignored (RFC 7517 §5), so that the issuer can publish new kinds beside ours.
fn usable(jwk: &Map<String, Value>) -> Option<KeyUse> {
    let is_or_absent = |name: &str, word: &str| jwk.get(name).is_none_or(|v| v.as_str() == Some(word));
    let ours =
        text(jwk, "kty") == Some("EC") && text(jwk, "crv") == Some("P-256") && is_or_absent("alg", "ES256") && is_or_absent("use", "sig");
    if ours { KeyUse::deserialize(jwk.get("purpose")?).ok() } else { None }
}

fn read(jwk: &Map<String, Value>) -> Result<(String, DecodingKey), KeySetError> {
    let (Some(x), Some(y), Some(kid)) = (text(jwk, "x"), text(jwk, "y"), text(jwk, "kid")) else {
        return Err(KeySetError::BadKey("x, y and kid must be strings"));
    };
    for coordinate in [x, y] {
        // RFC 7518 §6.2.1.2: exactly the size of a coordinate. Checked before x and y go into the thumbprint's text.
        if URL_SAFE_NO_PAD.decode(coordinate).map(|b| b.len()) != Ok(32) {
            return Err(KeySetError::BadKey("x and y must be 32 bytes of unpadded base64url"));
        }
    }
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let digest = (aws_lc::DEFAULT_PROVIDER.key_utils.compute_digest)(canonical.as_bytes(), ThumbprintHash::SHA256);
    let thumbprint = digest.map(|d| URL_SAFE_NO_PAD.encode(d)).map_err(|_| KeySetError::BadKey("no SHA-256"))?;
    if thumbprint != kid {
        return Err(KeySetError::WrongKid(kid.chars().take(64).collect()));
    }
    let key = DecodingKey::from_ec_components(x, y).map_err(|_| KeySetError::BadKey("not a public key"))?;
    Ok((thumbprint, key))
}

/// Whether `signature` over `message` is `key`'s, as ES256.
///
/// The provider is named instead of taken from the process, so that neither another crate's choice of backend nor the
/// order of start-up can change (or break) what is checked here. `jsonwebtoken::Validation` is not used at all: its claim
/// rules read the ambient clock and take an absent or wrongly typed claim for a fitting one.
pub(super) fn holds(key: &DecodingKey, message: &[u8], signature: &[u8]) -> bool {
    (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&Algorithm::ES256, key)
        .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
}
