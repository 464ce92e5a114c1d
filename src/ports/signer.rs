//! Signing keys as a port, so that an HSM can take the place of keys in memory.

pub use crate::domain::signing_key::KeyPurpose;

/// A signed compact JWT and the key that signed it.
pub struct SignedJwt {
    /// `header.payload.signature`
    pub token: String,
    /// RFC 7638 thumbprint of the key.
    pub kid: String,
}

/// A key as it is made. No `Debug`.
pub struct NewKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// The public half as it is published: a JWK with `kid`, `use`, `alg` and our `purpose`.
    pub public_jwk: String,
    /// The private half (PKCS#8, DER), or whatever the signer finds it again by. Kept sealed.
    pub private: Vec<u8>,
}

/// A key that is to sign. No `Debug`.
pub struct HeldKey {
    /// Its name.
    pub kid: String,
    /// What it may sign.
    pub purpose: KeyPurpose,
    /// As in [`NewKey`].
    pub private: Vec<u8>,
}

/// An Ed25519 signature and the key that made it.
pub struct NoteSignature {
    /// Public half.
    pub public: [u8; 32],
    /// Signature.
    pub signature: [u8; 64],
}

/// Signing failed; nothing was signed.
#[derive(Debug, thiserror::Error)]
#[error("signing failed: {0}")]
pub struct SignerError(pub String);

/// Holds private keys and signs with them.
pub trait Signer: Send + Sync {
    /// Makes a key: P-256, and Ed25519 for the log. It signs nothing before it is held.
    ///
    /// # Errors
    /// [`SignerError`].
    fn generate(&self, purpose: KeyPurpose) -> Result<NewKey, SignerError>;

    /// From now on signs with exactly these keys. Of several with one purpose the first signs tokens; notes are signed by all.
    ///
    /// # Errors
    /// [`SignerError`] naming a key that cannot be used; then everything stays as it was.
    fn hold(&self, keys: Vec<HeldKey>) -> Result<(), SignerError>;

    /// Signs `claims` (a JSON object, used byte for byte) as a compact ES256 JWT with the given `typ`.
    ///
    /// # Errors
    /// [`SignerError`] when no key of that purpose is held or the operation fails.
    fn sign_jwt(&self, purpose: KeyPurpose, typ: &str, claims: &str) -> Result<SignedJwt, SignerError>;

    /// Signs a message of the transparency log with every log key held, in the order they were given.
    ///
    /// # Errors
    /// [`SignerError`] when none is held or the operation fails.
    fn sign_note(&self, message: &[u8]) -> Result<Vec<NoteSignature>, SignerError>;
}
