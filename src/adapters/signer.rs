//! Signing keys in memory: ES256 through `jsonwebtoken`, made and encoded by `openssl`. One key of each purpose.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::ports::Signer;
use crate::ports::signer::{KeyPurpose, PublicJwk, SignedJwt, SignerError};

/// A private key as it is sealed at rest (PKCS#8, DER) and its public half. No `Debug`.
pub struct KeyPair {
    /// Private half.
    pub pkcs8: Vec<u8>,
    /// Public half.
    pub jwk: PublicJwk,
}

/// Makes a new P-256 key.
///
/// # Errors
/// OpenSSL's errors.
pub fn generate(purpose: KeyPurpose) -> Result<KeyPair, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = EcKey::generate(&group)?;
    let jwk = public_jwk(&key, purpose)?;
    Ok(KeyPair { pkcs8: PKey::from_ec_key(key)?.private_key_to_pkcs8()?, jwk })
}

fn public_jwk(key: &EcKey<Private>, purpose: KeyPurpose) -> Result<PublicJwk, ErrorStack> {
    let (mut x, mut y, mut ctx) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
    key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut ctx)?;
    let (x, y) = (URL_SAFE_NO_PAD.encode(x.to_vec_padded(32)?), URL_SAFE_NO_PAD.encode(y.to_vec_padded(32)?));
    // RFC 7638 §3: the required members in lexicographic order, without white space.
    let canonical = format!("{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"{x}\",\"y\":\"{y}\"}}");
    let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()));
    Ok(PublicJwk { kty: "EC".into(), crv: "P-256".into(), x, y, kid, alg: "ES256".into(), usage: "sig".into(), purpose })
}

struct Held {
    key: EncodingKey,
    jwk: PublicJwk,
}

/// Keys held in memory.
pub struct Keyring {
    held: Vec<Held>,
}

impl Keyring {
    /// From unsealed private keys.
    ///
    /// # Errors
    /// [`SignerError`] naming a key that cannot be read.
    pub fn new(keys: Vec<(KeyPurpose, Vec<u8>)>) -> Result<Self, SignerError> {
        let read = |(purpose, der): (KeyPurpose, Vec<u8>)| {
            let bad = |e: ErrorStack| SignerError(format!("a {} key cannot be read: {e}", purpose.as_str()));
            let private = PKey::private_key_from_der(&der).map_err(bad)?;
            let jwk = public_jwk(&private.ec_key().map_err(bad)?, purpose).map_err(bad)?;
            let pem = private.private_key_to_pem_pkcs8().map_err(bad)?;
            let key = EncodingKey::from_ec_pem(&pem).map_err(|e| SignerError(e.to_string()))?;
            Ok(Held { key, jwk })
        };
        Ok(Self { held: keys.into_iter().map(read).collect::<Result<_, SignerError>>()? })
    }
}

impl Signer for Keyring {
    fn sign_jwt(&self, purpose: KeyPurpose, typ: &str, claims: &str) -> Result<SignedJwt, SignerError> {
        let held = self.held.iter().find(|h| h.jwk.purpose == purpose);
        let held = held.ok_or_else(|| SignerError(format!("no {} key in force", purpose.as_str())))?;
        let header = json!({ "typ": typ, "alg": "ES256", "kid": held.jwk.kid }).to_string();
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature =
            jsonwebtoken::crypto::sign(input.as_bytes(), &held.key, Algorithm::ES256).map_err(|e| SignerError(e.to_string()))?;
        Ok(SignedJwt { token: format!("{input}.{signature}"), kid: held.jwk.kid.clone() })
    }

    fn public_keys(&self) -> Vec<PublicJwk> {
        self.held.iter().map(|h| h.jwk.clone()).collect()
    }
}
