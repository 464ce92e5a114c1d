//! Signing keys as a port, so that an HSM can take the place of keys in memory.

use serde::Serialize;

/// What a key may sign. A verifier refuses a token whose key has another purpose, so that a thief of the busy status key
/// can bend statuses (and be caught by the log) but never issue a badge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Attestations and answers about one attestation (federation entity key).
    Badge,
    /// Status lists and security event tokens.
    Status,
    /// Entity configurations of communities, which we host (OpenID Federation). Vouches for nothing by itself: a subordinate
    /// statement names the key, and the badge inside is signed with the badge key.
    Community,
}

impl KeyPurpose {
    /// The word in the database and in the published key's `purpose` member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Badge => "badge",
            Self::Status => "status",
            Self::Community => "community",
        }
    }
}

/// A signed compact JWT and the key that signed it.
pub struct SignedJwt {
    /// `header.payload.signature`
    pub token: String,
    /// RFC 7638 thumbprint of the key.
    pub kid: String,
}

/// A public key as published in the JWK set.
#[derive(Clone, Debug, Serialize)]
pub struct PublicJwk {
    /// `EC`
    pub kty: String,
    /// `P-256`
    pub crv: String,
    /// x coordinate, base64url.
    pub x: String,
    /// y coordinate, base64url.
    pub y: String,
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// `ES256`
    pub alg: String,
    /// `sig`
    #[serde(rename = "use")]
    pub usage: String,
    /// Ours: what the key may sign. Other software ignores it, as RFC 7517 §4 asks.
    pub purpose: KeyPurpose,
}

/// Signing failed; nothing was signed.
#[derive(Debug, thiserror::Error)]
#[error("signing failed: {0}")]
pub struct SignerError(pub String);

/// Holds private keys and signs with them.
pub trait Signer: Send + Sync {
    /// Signs `claims` (a JSON object, used byte for byte) as a compact ES256 JWT with the given `typ`.
    ///
    /// # Errors
    /// [`SignerError`] when no key of that purpose is in force or the operation fails.
    fn sign_jwt(&self, purpose: KeyPurpose, typ: &str, claims: &str) -> Result<SignedJwt, SignerError>;

    /// The public halves of all keys in force or recently retired.
    fn public_keys(&self) -> Vec<PublicJwk>;
}
