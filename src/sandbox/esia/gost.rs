//! Russian algorithms as far as this process has them: GOST R 34.11-2012 (Streebog) digests and raw GOST R 34.10-2012 signatures,
//! through the OpenSSL engine that `certs/openssl-gost.cnf` loads. Without it everything here says "not available".

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private};
use openssl::sign::Verifier;
use openssl::x509::X509Ref;

use crate::ports::Entropy;

/// NID_id_GostR3410_2012_256, the key type the engine registers.
const GOST_2012_256_KEY: i32 = 979;

/// A raw signature is r and s, 32 bytes each.
const RAW_SIGNATURE_BYTES: usize = 64;

/// PKCS#8 PrivateKeyInfo of a GOST R 34.10-2012-256 key (parameter set CryptoPro-A, digest Streebog-256) up to the 32 bytes of the
/// key itself. The `openssl` crate cannot name a parameter set when it generates a key, so the key is written down instead.
const PKCS8_BEFORE_KEY: [u8; 40] = [
    0x30, 0x46, 0x02, 0x01, 0x00, 0x30, 0x1f, 0x06, 0x08, 0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x01, 0x01, 0x30, 0x13, 0x06, 0x07, 0x2a,
    0x85, 0x03, 0x02, 0x02, 0x23, 0x01, 0x06, 0x08, 0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x02, 0x02, 0x04, 0x20,
];

/// Whether this process can compute and check Russian signatures.
pub fn gost_available() -> bool {
    streebog().is_some()
}

/// Streebog-256, where the engine is loaded.
pub(super) fn streebog() -> Option<MessageDigest> {
    MessageDigest::from_name("md_gost12_256")
}

/// Upper-case hex of Streebog-256 over the DER of a certificate: ESIA's `client_certificate_hash` and `x5t#St256`.
pub(super) fn certificate_hash(certificate: &X509Ref) -> Option<String> {
    let digest = openssl::hash::hash(streebog()?, &certificate.to_der().ok()?).ok()?;
    Some(digest.iter().map(|byte| format!("{byte:02X}")).collect())
}

/// Whether `signature` is a raw signature of `text` under a GOST key.
pub(super) fn verify_raw<T: HasPublic>(key: &PKeyRef<T>, text: &[u8], signature: &[u8]) -> bool {
    let Some(digest) = streebog() else { return false };
    if signature.len() != RAW_SIGNATURE_BYTES || key.id() != Id::from_raw(GOST_2012_256_KEY) {
        return false;
    }
    let checked = Verifier::new(digest, key).and_then(|mut verifier| {
        verifier.update(text)?;
        verifier.verify(signature)
    });
    matches!(checked, Ok(true))
}

/// A new signing key.
pub(super) fn generate_key(entropy: &dyn Entropy) -> Result<PKey<Private>, ErrorStack> {
    let mut key = [0; 32];
    entropy.fill(&mut key);
    // The key must be below the order of the group, which begins with a one bit; which end is the high one is the engine's affair.
    key[0] &= 0x7f;
    key[31] &= 0x7f;
    PKey::private_key_from_der(&[&PKCS8_BEFORE_KEY[..], &key[..]].concat())
}
