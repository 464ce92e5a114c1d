//! Signing keys in memory: ES256 through `jsonwebtoken` and Ed25519 through `openssl`, made and encoded by `openssl`.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::log_key::LogKey;
use crate::ports::Signer;
use crate::ports::signer::{HeldKey, KeyPurpose, NewKey, NoteSignature, SignedJwt, SignerError};

/// Keys held in memory.
#[derive(Default)]
pub struct Keyring(RwLock<Arc<Ring>>);

#[derive(Default)]
struct Ring {
    tokens: Vec<TokenKey>,
    notes: Vec<LogKey>,
}

struct TokenKey {
    kid: String,
    purpose: KeyPurpose,
    key: EncodingKey,
}

impl Keyring {
    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn failed(e: impl std::fmt::Display) -> SignerError {
    SignerError(e.to_string())
}

/// RFC 7638 §3: SHA-256 over the required members in lexicographic order, without white space.
fn thumbprint(canonical: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}

fn published(mut jwk: Value, kid: &str, purpose: KeyPurpose) -> String {
    jwk["kid"] = json!(kid);
    jwk["use"] = json!("sig");
    // Ours: what the key may sign. Other software ignores it, as RFC 7517 §4 asks.
    jwk["purpose"] = json!(purpose);
    jwk.to_string()
}

fn p256(purpose: KeyPurpose) -> Result<NewKey, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = EcKey::generate(&group)?;
    let (mut x, mut y, mut ctx) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
    key.public_key().affine_coordinates(&group, &mut x, &mut y, &mut ctx)?;
    let (x, y) = (URL_SAFE_NO_PAD.encode(x.to_vec_padded(32)?), URL_SAFE_NO_PAD.encode(y.to_vec_padded(32)?));
    let kid = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
    let public_jwk = published(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256" }), &kid, purpose);
    Ok(NewKey { kid, public_jwk, private: PKey::from_ec_key(key)?.private_key_to_pkcs8()? })
}

fn ed25519() -> Result<NewKey, SignerError> {
    let private = LogKey::generate().map_err(failed)?;
    let x = URL_SAFE_NO_PAD.encode(LogKey::new(&private)?.public_key());
    let kid = thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
    let public_jwk = published(json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA" }), &kid, KeyPurpose::Log);
    Ok(NewKey { kid, public_jwk, private })
}

fn token_key(held: &HeldKey) -> Result<TokenKey, SignerError> {
    let bad = |e: &dyn std::fmt::Display| SignerError(format!("the {} key {} cannot be read: {e}", held.purpose, held.kid));
    let private = PKey::private_key_from_der(&held.private).map_err(|e| bad(&e))?;
    let pem = private.private_key_to_pem_pkcs8().map_err(|e| bad(&e))?;
    let key = EncodingKey::from_ec_pem(&pem).map_err(|e| bad(&e))?;
    Ok(TokenKey { kid: held.kid.clone(), purpose: held.purpose, key })
}

impl Signer for Keyring {
    fn generate(&self, purpose: KeyPurpose) -> Result<NewKey, SignerError> {
        if purpose == KeyPurpose::Log { ed25519() } else { p256(purpose).map_err(failed) }
    }

    fn hold(&self, keys: Vec<HeldKey>) -> Result<(), SignerError> {
        let mut ring = Ring::default();
        for held in &keys {
            match held.purpose {
                KeyPurpose::Log => ring.notes.push(LogKey::new(&held.private)?),
                _ => ring.tokens.push(token_key(held)?),
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }

    fn sign_jwt(&self, purpose: KeyPurpose, typ: &str, claims: &str) -> Result<SignedJwt, SignerError> {
        let ring = self.ring();
        let held = ring.tokens.iter().find(|k| k.purpose == purpose).ok_or_else(|| SignerError(format!("no {purpose} key in force")))?;
        let header = json!({ "typ": typ, "alg": "ES256", "kid": held.kid }).to_string();
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &held.key, Algorithm::ES256).map_err(failed)?;
        Ok(SignedJwt { token: format!("{input}.{signature}"), kid: held.kid.clone() })
    }

    fn sign_note(&self, message: &[u8]) -> Result<Vec<NoteSignature>, SignerError> {
        let ring = self.ring();
        if ring.notes.is_empty() {
            return Err(SignerError("no log key in force".to_owned()));
        }
        ring.notes.iter().map(|k| Ok(NoteSignature { public: k.public_key(), signature: k.sign(message)? })).collect()
    }
}
